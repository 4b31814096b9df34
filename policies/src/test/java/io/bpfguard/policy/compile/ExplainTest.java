package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import org.junit.jupiter.api.Test;

class ExplainTest {
    private static final String ALIASES = ", lsm/path_link for other names, lsm/path_rename for other names, lsm/sb_mount for other names,"
            + " lsm/move_mount for other names, lsm/sb_umount for other names, lsm/sb_pivotroot for other names";

    @Test
    void saysForEachRuleHowItIsDeliveredAndWhatIsNotCovered() throws Exception {
        assertThat(Explain.rows(Policies.check(Policies.document("a", """
                defaults: {processes: kill}
                systemCalls: [{name: ns, action: deny, names: [unshare], errno: EACCES}]
                processes: [{action: allow, paths: [/a]}]
                kernelFunctions: [{action: deny, names: [path_mount], fallback: kill}]
                files: [{action: deny, paths: [/a], operations: [read], mode: audit}]
                """)), FakeNode.debian13())).containsExactly(
                new Explain.Row("a", "processes[0]", "processes", "lsm/bprm_check_security" + ALIASES, "allowed, whatever the default says", ""),
                new Explain.Row("a", "files[0]", "files", "lsm/file_open" + ALIASES, "goes on, and is reported",
                        "What was opened before goes on. Times and the attributes of chattr are not covered, nor are trusted.overlay attributes."),
                new Explain.Row("a", "systemCalls[0] (ns)", "systemCalls", "lsm/userns_create by system call, lsm/capable by system call",
                        "prevented with EACCES, and reported",
                        "The flags CLONE_FS, CLONE_FILES and CLONE_SYSVSEM alone pass no LSM hook and stay possible; they give no privilege."),
                new Explain.Row("a", "kernelFunctions[0]", "kernelFunctions", "fentry/path_mount kill",
                        "the process killed, and reported",
                        "This node cannot deny here; the rule's fallback is used. The process gets SIGKILL, possibly after the function has had its"
                                + " effect: kill is not deny. Calls are judged by the task they run in; kernel threads belong to no container."),
                new Explain.Row("a", "defaults.processes", "processes", "lsm/bprm_check_security" + ALIASES,
                        "prevented, the process killed, and reported", ""));
    }
}
