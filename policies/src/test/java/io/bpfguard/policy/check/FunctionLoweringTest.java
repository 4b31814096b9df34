package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FunctionLoweringTest {
    private static final FakeNode NODE = FakeNode.debian13();

    private static Lowering lower(String rule, NodeCapabilities node) throws PolicyException {
        String document = Policies.document("a", "{kernelFunctions: [" + rule + "]}");
        ContainerPolicy policy = Policies.read(document).policies().getFirst();
        Checker.check(Policies.read(document), node);
        return Lowering.of(policy, policy.rules().getFirst(), node);
    }

    private static FunctionSupport support(String kind) {
        return switch (kind) {
            case "absent" -> FunctionSupport.ABSENT;
            case "suffixed" -> new FunctionSupport.Suffixed(List.of("f.isra.0", "f.part.0"));
            case "no types" -> FunctionSupport.WITHOUT_TYPES;
            case "forbidden" -> new FunctionSupport.Forbidden("it is notrace");
            case "in module" -> new FunctionSupport.InModule("nf_tables");
            case "same, forbidden" -> new FunctionSupport.SameAs("g");
            default -> throw new IllegalArgumentException(kind);
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "absent|the kernel of this node (6.12-test) has no function f: it was inlined everywhere, renamed, or is in a module, which the rule then has to name (module: NAME)",
        "suffixed|the function f is in the kernel of this node (6.12-test) only as f.isra.0 and f.part.0, which the compiler made of it",
        "no types|but not in its BTF",
        "forbidden|the kernel of this node (6.12-test) allows no programs at f: it is notrace",
        "in module|the function f is in the module nf_tables; write module: nf_tables into the rule",
        "same, forbidden|allows no programs at g: it is noreturn"})
    void reasonsAreToldApart(String kind, String message) {
        FakeNode node = NODE.with("f", support(kind)).with("g", new FunctionSupport.Forbidden("it is noreturn"));
        for (String action : List.of("deny", "kill", "audit", "deny, fallback: kill")) {
            assertThatThrownBy(() -> lower("{names: [f], action: " + action + "}", node)).isInstanceOf(PolicyException.class)
                    .hasMessageContaining("t.yaml:5:35: ").hasMessageContaining(message);
        }
    }

    @Test
    void theNearestNameIsToldAndTheHookThatIsPassedBefore() {
        assertThatThrownBy(() -> lower("{names: [cgroup_release_agent_writ], action: kill}", NODE))
                .hasMessageContaining("did you mean \"cgroup_release_agent_write\"?");
        assertThatThrownBy(() -> lower("{names: [do_new_mount], action: kill}", NODE))
                .hasMessageContaining("; deny it at the LSM hook sb_mount, which it passes before it has an effect (by a rule in mounts or by lsmHooks)");
        assertThatThrownBy(() -> lower("{names: [path_mount], action: deny}", NODE))
                .hasMessageContaining("cannot deny in path_mount: the function is not error-injectable")
                .hasMessageContaining("fallback: kill or fallback: audit")
                .hasMessageContaining("the LSM hook sb_mount");
        assertThatThrownBy(() -> lower("{names: [path_mount], action: deny}", NODE.without("sb_mount")))
                .hasMessageNotContaining("sb_mount");
    }

    @Test
    void anotherNameOfTheSameCodeIsAttachedTo() throws Exception {
        FakeNode node = NODE.with("__x64_sys_fork", new FunctionSupport.SameAs("__do_sys_fork")).with("__do_sys_fork", FunctionSupport.TRACEABLE);
        assertThat(lower("{names: [__x64_sys_fork], action: audit}", node).enforcements()).extracting(Enforcement::hook)
                .containsExactly(new KernelFunction("__do_sys_fork"));
    }

    @Test
    void whatMayBeSkippedIsNoDeny() throws Exception {
        FakeNode node = NODE.with("f", FunctionSupport.DENIABLE).skipping();
        assertThatThrownBy(() -> lower("{names: [f], action: deny}", node)).hasMessageContaining("it preempts itself");
        assertThat(lower("{names: [f], action: deny, fallback: kill}", node).enforcements())
                .extracting(Enforcement::action, Enforcement::mechanism).containsExactly(tuple(Action.KILL, "fentry/f kill"));
        assertThat(lower("{names: [f], action: kill}", node).enforcements().getFirst().note()).contains("skips programs");
        assertThat(lower("{names: [f], action: kill}", NODE.with("f", FunctionSupport.TRACEABLE)).enforcements().getFirst().note())
                .doesNotContain("skips programs");
    }

    @Test
    void functionsOfTheSecurityLayerAreJudgedAtTheirHooks() throws Exception {
        FakeNode node = NODE.with("security_path_mkdir", FunctionSupport.DENIABLE).with("security_create_user_ns", FunctionSupport.DENIABLE)
                .with("security_task_free", FunctionSupport.TRACEABLE).skipping();
        assertThat(lower("{names: [security_path_mkdir, security_create_user_ns], action: deny}", node).enforcements())
                .extracting(Enforcement::mechanism).containsExactly("lsm/path_mkdir", "lsm/userns_create");
        assertThat(lower("{names: [security_path_mkdir], action: kill}", node).enforcements()).extracting(Enforcement::mechanism)
                .containsExactly("lsm/path_mkdir");
        assertThat(lower("{names: [security_path_mkdir], action: audit}", node).enforcements()).extracting(Enforcement::mechanism)
                .as("calls that another module denies are calls too").containsExactly("fentry/security_path_mkdir audit");
        assertThat(lower("{names: [security_task_free], action: kill}", node).enforcements()).extracting(Enforcement::mechanism)
                .as("a hook that returns nothing").containsExactly("fentry/security_task_free kill");
    }

    @Test
    void aModuleThatComesLaterIsWaitedFor() throws Exception {
        FakeNode node = NODE.with("nf_tables:nf_tables_newrule", new FunctionSupport.Waiting(true));
        Lowering lowering = lower("{names: [nf_tables_newrule], module: nf-tables, action: kill}", node);
        assertThat(lowering.enforcements()).isEmpty();
        assertThat(lowering.waiting()).containsExactly(
                new Lowering.Waiting(new KernelFunction("nf_tables", "nf_tables_newrule"), Action.KILL));
        assertThatThrownBy(() -> lower("{names: [nf_tables_newrule], module: nf_tables, action: deny}", node))
                .hasMessageContaining("deny is not possible in nf_tables:nf_tables_newrule");
        assertThat(lower("{names: [nf_tables_newrule], module: nf_tables, action: deny, fallback: audit}", node).waiting())
                .extracting(Lowering.Waiting::action).containsExactly(Action.AUDIT);
        assertThatThrownBy(() -> lower("{names: [f], module: nf_table, action: kill}", node))
                .hasMessageContaining("this node has no module nf_table").hasMessageContaining("did you mean \"nf_tables\"?");
        assertThatThrownBy(() -> lower("{names: [f], module: nf_tables, action: kill}", node))
                .hasMessageContaining("the module nf_tables of the kernel of this node (6.12-test) has no function f");
    }

    @Test
    void aLoadedModuleIsAttachedTo() throws Exception {
        FakeNode node = NODE.with("nf_tables:nf_tables_newrule", FunctionSupport.DENIABLE);
        assertThat(lower("{names: [nf_tables_newrule], module: nf_tables, action: kill}", node).enforcements())
                .singleElement().satisfies(enforcement -> {
                    assertThat(enforcement.mechanism()).isEqualTo("fentry/nf_tables:nf_tables_newrule kill");
                    assertThat(enforcement.note()).contains("cannot be unloaded");
                });
        assertThatThrownBy(() -> lower("{names: [nf_tables_newrule], module: nf_tables, action: deny}", node))
                .as("what holds only while the module is loaded is no promise").hasMessageContaining("cannot deny in nf_tables:nf_tables_newrule");
    }

    @Test
    void hooksThatCannotBeAnsweredCanBeWatched() throws Exception {
        FakeNode node = NODE.with("security_task_free", FunctionSupport.TRACEABLE);
        String rule = "{lsmHooks: [{names: [task_free], action: %s}]}";
        for (String action : List.of("kill", "audit", "deny, fallback: kill")) {
            String document = Policies.document("a", rule.formatted(action));
            ContainerPolicy policy = Policies.read(document).policies().getFirst();
            Checker.check(Policies.read(document), node);
            assertThat(Lowering.of(policy, policy.rules().getFirst(), node).enforcements()).extracting(Enforcement::hook)
                    .containsExactly(new KernelFunction("security_task_free"));
        }
        assertThatThrownBy(() -> Checker.check(Policies.read(Policies.document("a", rule.formatted("deny"))), node))
                .hasMessageContaining("returns nothing").hasMessageContaining("with fallback: kill or fallback: audit");
    }

    @Test
    void everyHookOfTheTableIsOneThatCanDeny() {
        assertThat(FunctionGates.functions()).hasSizeGreaterThan(50);
        assertThat(FunctionGates.hooks()).allSatisfy(hook -> assertThat(HookRules.isWatchable(hook))
                .isEqualTo(hook.equals("fs_context_parse_param")));
    }
}
