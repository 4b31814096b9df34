package io.bpfguard.policy.simulate;

import static io.bpfguard.policy.Policies.document;
import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.Signals;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases about whole families, on what the compiler makes of rules on them for each recorded kernel. */
class FamilyCasesTest {
    private static final FakeNode NODE = FakeNode.debian13();

    static Stream<NodeCapabilities> nodes() {
        return Stream.concat(RecordedKernel.NAMES.stream().map(RecordedKernel::of), Stream.of(NODE));
    }

    /** Cases by the rule that is about them and about no other. */
    private static Map<String, String> cases() {
        Map<String, String> cases = new LinkedHashMap<>();
        for (NamespaceKind kind : NamespaceKind.values()) {
            String word = word(kind);
            cases.put("namespaces: [{action: deny, kinds: [" + word + "], operations: [create]}]", "namespace: create, kind: " + word);
            cases.put("namespaces: [{action: deny, kinds: [" + word + "], operations: [enter]}]", "namespace: enter, kind: " + word);
        }
        Arrays.stream(Rule.Tracing.Operation.values()).map(FamilyCasesTest::word)
                .forEach(word -> cases.put("tracing: [{action: deny, operations: [" + word + "]}]", "tracing: " + word));
        Arrays.stream(Rule.KernelModules.Operation.values()).map(FamilyCasesTest::word)
                .forEach(word -> cases.put("kernelModules: [{action: deny, operations: [" + word + "]}]", "kernelModule: " + word));
        cases.put("bpf: [{action: deny}]", "bpf: use");
        cases.put("ioUring: [{action: deny}]", "ioUring: create");
        cases.put("signals: [{action: deny, signals: [KILL], targets: [outside]}]", "signal: SIGKILL, target: outside");
        cases.put("signals: [{action: deny, signals: [KILL], targets: [container]}]", "signal: 9, target: container");
        return cases;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    @ParameterizedTest
    @MethodSource("nodes")
    void everyWayIsDeniedByTheRuleOnItAndByNoOther(NodeCapabilities node) throws PolicyException {
        for (Map.Entry<String, String> rule : cases().entrySet()) {
            String[] lines = cases().values().stream().map(one -> "{" + one + ", expect: " + (one.equals(rule.getValue()) ? "deny" : "allow") + "}")
                    .toArray(String[]::new);
            Cases.pass(document("p", "{" + rule.getKey() + "}"), node, lines);
        }
    }

    /** No hook that the compiler puts a rule at is left out by what a case comes by. */
    @ParameterizedTest
    @MethodSource("nodes")
    void theWaysComeByAllHooksOfTheirRules(NodeCapabilities node) throws PolicyException {
        Map<String, List<NamedAct>> acts = Map.of(
                "{namespaces: [{action: deny}]}", Arrays.stream(NamespaceKind.values()).flatMap(kind -> Arrays.stream(Rule.Namespaces.Operation.values())
                        .<NamedAct>map(operation -> new NamedAct.UseNamespace(operation, kind))).toList(),
                "{tracing: [{action: deny}]}", Arrays.stream(Rule.Tracing.Operation.values()).<NamedAct>map(NamedAct.Trace::new).toList(),
                "{kernelModules: [{action: deny}]}", Arrays.stream(Rule.KernelModules.Operation.values()).<NamedAct>map(NamedAct.UseModule::new).toList(),
                "{bpf: [{action: deny}]}", List.of(new NamedAct.UseBpf()),
                "{keys: [{action: deny}]}", List.of(new NamedAct.UseKey(true), new NamedAct.UseKey(false)),
                "{ioUring: [{action: deny}]}", List.of(new NamedAct.MakeRing()));
        for (Map.Entry<String, List<NamedAct>> entry : acts.entrySet()) {
            CheckedPolicies checked = Checker.check(Policies.read(document("p", entry.getKey())), node);
            Set<HookPoint> hooks = new Compiler(checked, node).route(checked.policies()).chains().keySet();
            Set<HookPoint> passed = entry.getValue().stream().flatMap(act -> NamedWays.of(new Attempt.UseFamily(act, Optional.empty())).stream())
                    .flatMap(way -> way.passages().stream()).map(Passage::point).collect(Collectors.toSet());
            assertThat(passed).as(entry.getKey()).containsAll(hooks);
        }
    }

    @Test
    void everySignalHasItsOwnVerdict() throws PolicyException {
        String policy = document("p", "{signals: [{action: deny, signals: [KILL, 40], targets: [outside]}, {action: audit, signals: [TERM]}]}");
        for (int signal : Signals.ALL) {
            String outside = signal == 9 || signal == 40 ? "deny" : signal == 15 ? "audit" : "allow";
            Cases.pass(policy, NODE, "{signal: " + signal + ", target: outside, expect: " + outside + "}",
                    "{signal: " + signal + ", target: container, expect: " + (signal == 15 ? "audit" : "allow") + "}");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "keys: [{action: deny}]|{key: create, expect: deny}",
        "keys: [{action: deny}]|{key: use, expect: deny}",
        "namespaces: [{action: deny, operations: [create]}]|{namespace: create, kind: net, by: clone3, expect: deny}",
        "namespaces: [{action: deny, operations: [enter]}]|{namespace: enter, kind: net, expect: deny}",
        "systemCalls: [{action: deny, names: [unshare]}]|{namespace: create, kind: net, by: unshare, expect: deny}",
        "systemCalls: [{action: deny, names: [unshare]}]|{namespace: create, kind: net, by: clone, expect: allow}",
        "systemCalls: [{action: deny, names: [clone], conditions: [{argument: 0, mask: CLONE_NEWUSER}]}]|{namespace: create, kind: user, by: clone, expect: deny}",
        "systemCalls: [{action: deny, names: [unshare], conditions: [{argument: 0, equals: CLONE_NEWNET}]}]|{namespace: create, kind: net, by: unshare, expect: deny}",
        "systemCalls: [{action: deny, names: [unshare], conditions: [{argument: 0, equals: CLONE_NEWNET}]}]|{namespace: create, kind: ipc, by: unshare, expect: allow}",
        "lsmHooks: [{action: deny, names: [task_alloc], conditions: [{argument: clone_flags, mask: CLONE_NEWPID}]}]|{namespace: create, kind: pid, by: clone, expect: deny}",
        "lsmHooks: [{action: deny, names: [task_kill], conditions: [{argument: sig, equals: SIGKILL}]}]|{signal: KILL, target: container, expect: deny}",
        "lsmHooks: [{action: deny, names: [task_kill], conditions: [{argument: sig, equals: SIGKILL}]}]|{signal: TERM, target: container, expect: allow}",
        "capabilities: [{action: deny, names: [SYS_MODULE]}]|{kernelModule: load, by: finit_module, expect: deny}",
        "capabilities: [{action: deny, names: [SYS_MODULE]}]|{kernelModule: load, by: kexec_load, expect: allow}",
        "capabilities: [{action: kill, names: [SYS_ADMIN]}]|{namespace: create, kind: net, expect: kill}",
        "bpf: [{action: audit}]|{bpf: use, expect: audit}",
        "tracing: [{action: deny, operations: [attach]}]|{tracing: attach, by: access, expect: deny, errno: EPERM}",
        "tracing: [{action: deny, operations: [attach]}]|{tracing: attach, by: mem, expect: deny, errno: EACCES}",
        "tracing: [{action: deny, operations: [attach]}]|{tracing: read, expect: allow}",
    })
    void comesByTheHooksOfOtherRulesToo(String rule, String one) throws PolicyException {
        Cases.pass(document("p", "{" + rule + "}"), NODE, one);
    }

    @Test
    void theWayThatEndsOtherwiseIsNamed() throws PolicyException {
        String policy = document("p", "{systemCalls: [{action: deny, names: [unshare]}]}");
        Cases.fail(policy, NODE, "{namespace: create, kind: net, expect: deny}", "by clone: allow, no rule is about it");
        Cases.fail(policy, NODE, "{namespace: create, kind: net, expect: allow}", "by unshare: deny with EPERM by policy p, systemCalls[0]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{namespace: create, expect: deny}|t.yaml:8:7: cases[0] has no kind",
        "{namespace: make, kind: net, expect: deny}|t.yaml:8:19: cases[0].namespace cannot be \"make\"",
        "{namespace: create, kind: nett, expect: deny}|t.yaml:8:33: cases[0].kind cannot be \"nett\"; did you mean \"net\"?",
        "{namespace: create, kind: net, by: setns, expect: deny}|t.yaml:8:42: cases[0].by cannot be \"setns\" (known: clone, clone3, unshare)",
        "{namespace: enter, kind: net, by: setns, expect: deny}|t.yaml:8:41: cases[0].by means nothing here: there is one way to do it",
        "{tracing: attach, by: memory, expect: deny}|t.yaml:8:29: cases[0].by cannot be \"memory\"",
        "{kernelModule: install, expect: deny}|t.yaml:8:22: cases[0].kernelModule cannot be \"install\"",
        "{bpf: true, expect: deny}|t.yaml:8:13: cases[0].bpf must be text, but true is",
        "{key: read, expect: deny}|t.yaml:8:13: cases[0].key cannot be \"read\" (known: create, use)",
        "{ioUring: use, expect: deny}|t.yaml:8:17: cases[0].ioUring cannot be \"use\" (known: create)",
        "{signal: KILL, expect: deny}|t.yaml:8:7: cases[0] has no target",
        "{signal: KIL, target: outside, expect: deny}|t.yaml:8:16: \"KIL\" in cases[0] is no signal; did you mean \"KILL\"?",
        "{signal: 65, target: outside, expect: deny}|t.yaml:8:16: cases[0].signal cannot be 65; signals are numbered 1 to 64",
        "{signal: KILL, target: self, expect: deny}|t.yaml:8:30: cases[0].target cannot be \"self\" (known: container, outside)",
    })
    void wrongCasesAreRefused(String one, String message) {
        Cases.refused(document("p", "{bpf: [{action: deny}]}"), NODE, one, message);
    }
}
