package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import java.util.List;
import org.junit.jupiter.api.Test;

class SystemCallLoweringTest {
    /** A node where functions of system calls can be watched, and nothing more. */
    private static final FakeNode NODE = entries(FakeNode.debian13(), FunctionSupport.TRACEABLE, FunctionSupport.TRACEABLE);

    private static FakeNode entries(FakeNode base, FunctionSupport entry64, FunctionSupport entry32) {
        FakeNode node = base.with("__ia32_sys_read", FunctionSupport.TRACEABLE);
        for (String call : List.of("dup2", "unshare", "newstat", "accept4", "userfaultfd")) {
            node = node.with("__x64_sys_" + call, entry64).with("__ia32_sys_" + call, entry32);
        }
        return node.with("__ia32_compat_sys_newstat", entry32);
    }

    private static List<Enforcement> lower(String rule, NodeCapabilities node) throws PolicyException {
        String document = Policies.document("a", "{systemCalls: [" + rule + "]}");
        ContainerPolicy policy = Policies.read(document).policies().getFirst();
        Checker.check(Policies.read(document), node);
        return Lowering.of(policy, policy.rules().getFirst(), node).enforcements();
    }

    @Test
    void whatNoGateCoversIsRefusedWithEveryReason() {
        assertThatThrownBy(() -> lower("{action: deny, names: [dup2]}", NODE)).hasMessage("t.yaml:5:45: "
                + "the system call dup2 passes no LSM hook that covers every use of it, and modify-return does not cover it on this node (6.12-test): "
                + "the kernel does not accept it at __x64_sys_dup2 and __ia32_sys_dup2; so this node cannot deny it: write fallback: kill or fallback: audit "
                + "to have callers killed or reported, possibly after the effect, or rule on what it does (files, mounts, capabilities, lsmHooks)");
        assertThatThrownBy(() -> lower("{action: deny, names: [dup2]}", entries(NODE, FunctionSupport.DENIABLE, FunctionSupport.TRACEABLE)))
                .as("half of the entries is not enough").hasMessageContaining("does not accept it at __ia32_sys_dup2;");
        assertThatThrownBy(() -> lower("{action: deny, names: [dup2]}",
                entries(NODE, FunctionSupport.DENIABLE, FunctionSupport.DENIABLE).skipping())).hasMessageContaining("preempts itself");
        assertThatThrownBy(() -> lower("{action: deny, names: [accept4]}", entries(NODE, FunctionSupport.DENIABLE, FunctionSupport.DENIABLE)))
                .hasMessageContaining("32-bit programs make it through socketcall too");
        assertThatThrownBy(() -> lower("{action: kill, names: [vserver]}", NODE)).hasMessageContaining("has no function for it");
    }

    @Test
    void theFallbackKillsOrReportsAtEveryEntry() throws Exception {
        for (String action : List.of("kill", "deny, fallback: kill")) {
            assertThat(lower("{names: [dup2], action: " + action + "}", NODE)).extracting(Enforcement::mechanism)
                    .containsExactly("fentry/__x64_sys_dup2 kill", "fentry/__ia32_sys_dup2 kill");
        }
        List<Enforcement> fallen = lower("{action: deny, fallback: audit, names: [stat]}", NODE);
        assertThat(fallen).extracting(Enforcement::mechanism).containsExactly("fentry/__x64_sys_newstat audit",
                "fentry/__ia32_compat_sys_newstat audit", "fentry/__ia32_sys_newstat audit");
        assertThat(fallen).allSatisfy(enforcement -> assertThat(enforcement.note()).contains("cannot deny this call"));
        assertThat(lower("{action: audit, names: [accept4]}", NODE).getFirst().note()).contains("Not seen: 32-bit programs make it through socketcall too.");
        assertThat(lower("{mode: audit, action: deny, names: [dup2]}", NODE)).extracting(Enforcement::action)
                .containsExactly(Action.AUDIT, Action.AUDIT);
    }

    @Test
    void modifyReturnDeniesWhereItCoversAllEntriesAndIsNeverSkipped() throws Exception {
        FakeNode node = entries(NODE, FunctionSupport.DENIABLE, FunctionSupport.DENIABLE);
        assertThat(lower("{action: deny, names: [dup2], fallback: kill}", node)).extracting(Enforcement::mechanism)
                .containsExactly("fmod_ret/__x64_sys_dup2", "fmod_ret/__ia32_sys_dup2");
        assertThat(lower("{action: kill, names: [dup2]}", node)).extracting(Enforcement::mechanism)
                .as("who says kill means kill").containsExactly("fentry/__x64_sys_dup2 kill", "fentry/__ia32_sys_dup2 kill");
    }

    @Test
    void gatesComeFirstAndModifyReturnClosesWhatTheyLeaveOpen() throws Exception {
        FakeNode node = entries(NODE, FunctionSupport.DENIABLE, FunctionSupport.DENIABLE);
        List<Enforcement> both = lower("{action: deny, names: [unshare]}", node);
        assertThat(both).extracting(Enforcement::mechanism).containsExactlyInAnyOrder("lsm/userns_create by system call",
                "lsm/capable by system call", "fmod_ret/__x64_sys_unshare", "fmod_ret/__ia32_sys_unshare");
        assertThat(both).allSatisfy(enforcement -> assertThat(enforcement.note()).isEmpty());
        assertThat(lower("{action: deny, names: [unshare]}", node.skipping())).extracting(Enforcement::mechanism)
                .containsExactly("lsm/userns_create by system call", "lsm/capable by system call");
        assertThat(lower("{action: deny, names: [userfaultfd]}", node)).extracting(Enforcement::mechanism)
                .as("its gate covers every use").containsExactly("lsm/inode_init_security_anon by system call");
    }

    @Test
    void aGateThatIsMissingFallsBackToo() throws Exception {
        FakeNode node = NODE.without("inode_init_security_anon");
        assertThatThrownBy(() -> lower("{action: deny, names: [userfaultfd]}", node))
                .hasMessageContaining("caught in the LSM hook inode_init_security_anon, which the kernel of this node (6.12-test) does not have");
        assertThat(lower("{action: deny, fallback: kill, names: [userfaultfd]}", node)).extracting(Enforcement::mechanism)
                .containsExactly("fentry/__x64_sys_userfaultfd kill", "fentry/__ia32_sys_userfaultfd kill");
    }

    @Test
    void aFunctionThatAnotherNameStandsForIsTakenOnce() throws Exception {
        FakeNode node = NODE.with("__x64_sys_sync", new FunctionSupport.SameAs("__do_sys_sync"))
                .with("__ia32_sys_sync", new FunctionSupport.SameAs("__do_sys_sync")).with("__do_sys_sync", FunctionSupport.TRACEABLE);
        assertThat(lower("{action: audit, names: [sync]}", node)).extracting(Enforcement::mechanism)
                .containsExactly("fentry/__do_sys_sync audit");
    }

    @Test
    void anEntryWhereNothingCanStandIsNotOverlooked() throws Exception {
        FakeNode node = NODE.with("__ia32_sys_dup2", FunctionSupport.WITHOUT_TYPES);
        assertThat(lower("{action: kill, names: [dup2]}", node).getFirst().note())
                .contains("32-bit programs make it through __ia32_sys_dup2, at which no program can stand");
        assertThat(lower("{action: kill, names: [dup2]}", NODE.with("__ia32_sys_dup2", FunctionSupport.ABSENT)).getFirst().note())
                .contains("32-bit programs make it through a function that BPFGuard does not know");
        assertThat(lower("{action: kill, names: [dup2]}", NODE.with("__ia32_sys_dup2", FunctionSupport.ABSENT)
                .with("__ia32_sys_read", FunctionSupport.ABSENT)).getFirst().note()).as("a kernel without 32-bit calls").doesNotContain("32-bit");
    }

    @Test
    void everyNameInTheTableOfFunctionsIsACall() {
        for (String name : SystemCalls.names()) {
            SystemCall call = SystemCalls.named(name).orElseThrow();
            for (String table : List.of("64", "32", "x32")) {
                assertThat(SystemCallEntries.names(call, table)).doesNotContain("-").doesNotHaveDuplicates();
            }
        }
        assertThat(SystemCallEntries.names(SystemCalls.named("umount2").orElseThrow(), "32")).containsExactly("umount");
        assertThat(SystemCallEntries.names(SystemCalls.named("mount").orElseThrow(), "32")).containsExactly("mount");
    }
}
