package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.FunctionSupport;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compile.Explain.Prevents;
import java.util.List;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

class ExplainTest {
    private static final String ALIASES = ", lsm/path_link for other names, lsm/path_rename for other names, lsm/sb_mount for other names,"
            + " lsm/move_mount for other names, lsm/sb_umount for other names, lsm/sb_pivotroot for other names";

    private static List<Explain.Row> rows(String spec, NodeCapabilities node) throws Exception {
        return Explain.rows(Checker.check(Policies.read(Policies.document("a", spec)), node), node);
    }

    @Test
    void saysForEachRuleHowItIsDeliveredAndWhatIsNotCovered() throws Exception {
        assertThat(rows("""
                defaults: {processes: kill}
                systemCalls: [{name: ns, action: deny, names: [unshare], errno: EACCES}]
                processes: [{action: allow, paths: [/a]}]
                kernelFunctions: [{action: deny, names: [path_mount], fallback: kill}]
                files: [{action: deny, paths: [/a], mode: audit, operations: [read]}]
                """, FakeNode.debian13()))
                .extracting(Explain.Row::policy, Explain.Row::rule, Explain.Row::family, Explain.Row::mechanism, Explain.Row::effect,
                        Explain.Row::prevents)
                .containsExactly(
                        Tuple.tuple("a", "processes[0]", "processes", "lsm/bprm_check_security" + ALIASES, "allowed, whatever the default says", Prevents.NO),
                        Tuple.tuple("a", "files[0]", "files", "lsm/file_open" + ALIASES, "goes on, and is reported", Prevents.NO),
                        Tuple.tuple("a", "systemCalls[0] (ns)", "systemCalls", "lsm/userns_create by system call, lsm/capable by system call",
                                "prevented with EACCES, and reported", Prevents.YES),
                        Tuple.tuple("a", "kernelFunctions[0]", "kernelFunctions", "fentry/path_mount kill",
                                "the process killed, perhaps after the effect, and reported", Prevents.AFTER_THE_EFFECT),
                        Tuple.tuple("a", "defaults.processes", "processes", "lsm/bprm_check_security" + ALIASES,
                                "prevented, the process killed, and reported", Prevents.YES));
    }

    @Test
    void notesAreSaidOnce() throws Exception {
        assertThat(rows("{systemCalls: [{action: deny, names: [unshare]}], kernelFunctions: [{action: deny, names: [path_mount], fallback: kill}]}",
                FakeNode.debian13())).extracting(Explain.Row::note).containsExactly(
                        "The flags CLONE_FS, CLONE_FILES and CLONE_SYSVSEM alone pass no LSM hook and stay possible; they give no privilege.",
                        "This node cannot deny here; the rule's fallback is used. The process gets SIGKILL, possibly after the function has had its"
                                + " effect: kill is not deny. Calls are judged by the task they run in; kernel threads belong to no container.");
    }

    @Test
    void whatWaitsForAModuleIsNotYetPrevented() throws Exception {
        FakeNode node = FakeNode.debian13().with("nf_tables:nf_tables_newrule", new FunctionSupport.Waiting(true))
                .with("nf_tables:nf_tables_newset", FunctionSupport.TRACEABLE);
        List<Explain.Row> rows = rows("""
                kernelFunctions:
                  - {action: kill, names: [nf_tables_newrule], module: nf_tables}
                  - {action: kill, names: [nf_tables_newrule, nf_tables_newset], module: nf_tables}
                """, node);
        assertThat(rows).extracting(Explain.Row::prevents).containsExactly(Prevents.NOT_YET, Prevents.PARTLY);
        assertThat(rows).extracting(Explain.Row::waiting).containsOnly(List.of("nf_tables:nf_tables_newrule"));
        Compiler compiler = new Compiler(Checker.check(Policies.read(Policies.document("a",
                "{kernelFunctions: [{action: kill, names: [nf_tables_newrule], module: nf_tables}]}")), node), node);
        assertThat(compiler.waiting()).extracting(WaitingRule::policy, WaitingRule::rule).containsExactly(Tuple.tuple("a", "kernelFunctions[0]"));
        assertThat(compiler.hookPoints()).isEmpty();
    }
}
