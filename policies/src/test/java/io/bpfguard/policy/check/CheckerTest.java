package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Problem;
import java.util.List;
import java.util.stream.Stream;
import java.util.Map;
import java.util.LinkedHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckerTest {
    private static final FakeNode NODE = FakeNode.debian13();

    /** Where a rule on paths also judges what gives files other names. */
    private static final List<String> ALIASES = List.of("path_link", "path_rename", "sb_mount", "move_mount", "sb_umount", "sb_pivotroot");

    private static String[] withAliases(String... mechanisms) {
        return Stream.concat(Stream.of(mechanisms), ALIASES.stream().map(hook -> "lsm/" + hook + " for other names")).toArray(String[]::new);
    }

    private static List<Enforcement> lower(String spec, NodeCapabilities node) throws PolicyException {
        ContainerPolicy policy = Policies.read(Policies.document("a", spec)).policies().getFirst();
        Checker.check(Policies.read(Policies.document("a", spec)), node);
        return policy.rules().stream().flatMap(rule -> Lowering.of(policy, rule, node).enforcements().stream())
                .toList();
    }

    @Test
    void namesAreUniqueOverAllDocuments() {
        String rule = "{mounts: [{action: deny, types: [x]}]}";
        assertThatThrownBy(() -> Policies.check(Policies.document("a", rule) + Policies.document("a", rule)))
                .isInstanceOf(PolicyException.class).hasMessage("t.yaml:9:18: the policy name \"a\" is already taken at t.yaml:4:18");
    }

    @Test
    void familiesStandAtTheirHooks() throws Exception {
        assertThat(lower("{processes: [{action: deny, paths: [/a]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly(withAliases("lsm/bprm_check_security"));
        assertThat(lower("{files: [{action: deny, paths: [/a], operations: [read]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly(withAliases("lsm/file_open"));
        assertThat(lower("{files: [{action: deny, fileSystems: [proc], operations: [read]}]}", NODE)).extracting(Enforcement::mechanism)
                .as("where no path is named, other names change nothing").containsExactly("lsm/file_open");
        assertThat(lower("{files: [{action: deny, paths: [/a]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly(withAliases("lsm/file_open", "lsm/path_mknod", "lsm/path_mkdir", "lsm/path_symlink", "lsm/path_link",
                        "lsm/path_rename", "lsm/path_unlink", "lsm/path_rmdir", "lsm/path_chmod", "lsm/path_chown", "lsm/path_truncate",
                        "lsm/file_truncate", "lsm/inode_setxattr", "lsm/inode_removexattr", "lsm/inode_set_acl", "lsm/inode_remove_acl",
                        "lsm/sb_mount", "lsm/move_mount", "lsm/sb_umount", "lsm/sb_pivotroot"));
        assertThat(lower("{processes: [{action: deny, origins: [memory], operations: [map]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly("lsm/mmap_file", "lsm/file_mprotect");
        assertThat(lower("{processes: [{action: deny, paths: [/a], from: [/b], operations: [exec, map]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly(withAliases("lsm/bprm_check_security", "lsm/mmap_file", "lsm/file_mprotect"));
        assertThat(lower("{mounts: [{action: deny, types: [a]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly("lsm/sb_mount", "lsm/sb_kern_mount", "lsm/move_mount");
        assertThat(lower("{capabilities: [{action: deny, names: [BPF]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly("lsm/capable");
        assertThat(lower("{systemCalls: [{action: deny, names: [unshare]}]}", NODE)).extracting(Enforcement::mechanism)
                .containsExactly("lsm/userns_create by system call", "lsm/capable by system call");
        assertThat(lower("{lsmHooks: [{action: kill, names: [task_kill]}]}", NODE)).extracting(Enforcement::hook)
                .containsExactly(new LsmHook("task_kill"));
    }

    @Test
    void eachOperationOnFilesStandsAtHooksOfItsOwn() throws Exception {
        Map<String, List<String>> hooks = new LinkedHashMap<>();
        List<String> writing = List.of("file_open", "path_mknod", "path_mkdir", "path_symlink", "path_link", "path_rename", "path_truncate",
                "file_truncate");
        hooks.put("write", writing);
        hooks.put("create", writing.subList(1, 6));
        hooks.put("append", List.of("file_open", "file_fcntl", "file_permission"));
        hooks.put("append, write", writing);
        hooks.put("unlink", List.of("path_unlink", "path_rmdir", "path_rename"));
        hooks.put("rename", List.of("path_rename"));
        hooks.put("link", List.of("path_link"));
        hooks.put("symlink", List.of("path_symlink"));
        hooks.put("chmod", List.of("path_chmod"));
        hooks.put("chown", List.of("path_chown"));
        hooks.put("truncate", List.of("path_truncate", "file_truncate"));
        hooks.put("setxattr", List.of("inode_setxattr", "inode_removexattr", "inode_set_acl", "inode_remove_acl"));
        hooks.put("mount", List.of("sb_mount", "move_mount", "sb_umount", "sb_pivotroot"));
        for (var entry : hooks.entrySet()) {
            String rule = "{files: [{action: deny, paths: [/a], operations: [" + entry.getKey() + "]}]}";
            assertThat(lower(rule, NODE)).as(entry.getKey()).extracting(Enforcement::mechanism)
                    .containsExactlyInAnyOrder(withAliases(entry.getValue().stream().map(hook -> "lsm/" + hook).toArray(String[]::new)));
        }
    }

    @Test
    void auditModeTurnsDenyAndKillIntoAuditAndLeavesAllow() throws Exception {
        String rules = "processes: [{action: deny, paths: [/a]}, {action: kill, paths: [/b], errno: 5}, {action: allow, paths: [/c]}, {action: audit, paths: [/d]}]}";
        assertThat(lower("{mode: audit, " + rules, NODE)).filteredOn(CheckerTest::isOfPrograms).extracting(Enforcement::action)
                .containsExactly(Action.AUDIT, Action.AUDIT, Action.ALLOW, Action.AUDIT);
        assertThat(lower("{mode: audit, " + rules, NODE)).allSatisfy(enforcement -> assertThat(enforcement.errno()).isZero());
        assertThat(lower("{" + rules, NODE)).filteredOn(CheckerTest::isOfPrograms).extracting(Enforcement::action)
                .containsExactly(Action.DENY, Action.KILL, Action.ALLOW, Action.AUDIT);
        assertThat(lower("{processes: [{action: deny, paths: [/a], mode: audit}]}", NODE)).extracting(Enforcement::action).containsOnly(Action.AUDIT);
    }

    private static boolean isOfPrograms(Enforcement enforcement) {
        return enforcement.hook().equals(LsmHook.BPRM_CHECK_SECURITY);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "systemCalls: [{action: deny, names: [mont]}]|there is no system call \"mont\"; did you mean \"mount\"?",
        "systemCalls: [{action: deny, names: [dup2]}]|passes no LSM hook that covers every use of it",
        "systemCalls: [{action: kill, names: [memfd_create]}]|so this node cannot kill it",
        "systemCalls: [{action: audit, names: [open_tree]}]|so this node cannot audit it",
        "lsmHooks: [{action: deny, names: [sb_mout]}]|(6.12-test) has no LSM hook sb_mout that a program can be attached to; did you mean \"sb_mount\"?",
        "lsmHooks: [{action: deny, names: [bpf_lsm_sb_mount]}]|write the hook's name without bpf_lsm_: sb_mount",
        "lsmHooks: [{action: deny, names: [task_free]}]|returns nothing",
        "lsmHooks: [{action: deny, names: [fs_context_parse_param]}]|its neutral answer is not 0",
        "lsmHooks: [{action: deny, names: [socket_sock_rcv_skb]}]|whatever task was interrupted",
        "kernelFunctions: [{action: kill, names: [cgroup_release_agent_writ]}]|has no function cgroup_release_agent_writ",
        "kernelFunctions: [{action: kill, names: [process_vm_rw_core]}]|only as process_vm_rw_core.constprop.0, which the compiler made of it",
        "kernelFunctions: [{action: kill, names: [load_elf_binary]}]|not in its BTF",
        "kernelFunctions: [{action: deny, names: [path_mount]}]|cannot deny in path_mount: the function is not error-injectable, and kill would act after the effect"})
    void whatTheNodeCannotDoIsRefusedAtTheName(String rule, String message) {
        int column = 8 + rule.indexOf("[", rule.indexOf("names"));
        assertThatThrownBy(() -> lower("{" + rule + "}", NODE)).isInstanceOfSatisfying(PolicyException.class, e -> {
            Problem problem = e.problems().getFirst();
            assertThat(problem.message()).contains(message);
            assertThat(problem.line() + ":" + problem.column()).isEqualTo("5:" + (column + 1));
        });
    }

    @Test
    void aMissingHookIsRefusedForEveryFamilyThatNeedsIt() {
        for (String hook : List.of("bprm_check_security", "mmap_file", "file_mprotect", "file_open", "sb_mount", "sb_kern_mount", "move_mount",
                "capable", "userns_create")) {
            String all = "{processes: [{action: deny, paths: [/a], operations: [exec, map]}], files: [{action: deny, paths: [/a]}], mounts: [{action: deny, types: [a]}], "
                    + "capabilities: [{action: deny, names: [BPF]}], systemCalls: [{action: deny, names: [unshare]}]}";
            assertThatThrownBy(() -> lower(all, NODE.without(hook))).isInstanceOf(PolicyException.class)
                    .hasMessageContaining("LSM hook " + hook);
        }
    }

    @Test
    void aDefaultNeedsItsHookToo() {
        assertThatThrownBy(() -> lower("{defaults: {files: deny}}", NODE.without("file_open")))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("t.yaml:5:19: files needs the LSM hook file_open");
    }

    @Test
    void aFunctionIsDeniedKilledOrWatchedAsTheNodeCan() throws Exception {
        assertThat(lower("{kernelFunctions: [{action: deny, names: [security_file_open]}]}", NODE))
                .extracting(Enforcement::mechanism, Enforcement::action).as("what the function is made of, and never skipped")
                .containsExactly(tuple("lsm/file_open", Action.DENY));
        assertThat(lower("{kernelFunctions: [{action: deny, names: [injectable]}]}", NODE.with("injectable", FunctionSupport.DENIABLE)))
                .extracting(Enforcement::mechanism, Enforcement::action)
                .containsExactly(tuple("fmod_ret/injectable", Action.DENY));
        assertThat(lower("{kernelFunctions: [{action: kill, names: [path_mount]}]}", NODE))
                .extracting(Enforcement::mechanism).containsExactly("fentry/path_mount kill");
        assertThat(lower("{kernelFunctions: [{action: audit, names: [path_mount]}]}", NODE))
                .extracting(Enforcement::mechanism).containsExactly("fentry/path_mount audit");
        assertThat(lower("{kernelFunctions: [{action: deny, names: [path_mount], mode: audit}]}", NODE))
                .extracting(Enforcement::mechanism)
                .containsExactly("fentry/path_mount audit");
        List<Enforcement> fallen = lower("{kernelFunctions: [{action: deny, names: [path_mount], fallback: kill}]}",
                NODE);
        assertThat(fallen).extracting(Enforcement::mechanism).containsExactly("fentry/path_mount kill");
        assertThat(fallen.getFirst().note()).contains("cannot deny here",
                "possibly after the function has had its effect");
        assertThat(lower("{kernelFunctions: [{action: deny, names: [security_file_open], fallback: kill}]}", NODE))
                .extracting(Enforcement::action)
                .as("a fallback is for where deny is not possible").containsExactly(Action.DENY);
    }

    @Test
    void whatWasHardlyMeantIsWarnedOf() throws Exception {
        assertThat(Policies.check(Policies.document("a", "{processes: [{action: allow, paths: [/a]}]}")).warnings())
                .singleElement()
                .hasToString("t.yaml:5:20: processes[0] allows what is allowed anyway: an allow only takes something out of defaults.processes, which no policy sets");
        assertThat(Policies.check(Policies.document("a", "{systemCalls: [{action: allow, names: [mount]}]}"))
                .warnings()).hasSize(1);
        assertThat(Policies.check(Policies.document("a", "{mounts: [{action: deny, types: [a, b]}, {name: x, action: deny, types: [b, a]}]}")).warnings())
                .singleElement().asString().contains("mounts[1] (x) says the same as mounts[0]");
        assertThat(Policies.check(Policies.document("a", "{defaults: {processes: deny}, processes: [{action: allow, paths: [/a]}]}")).warnings()).isEmpty();
    }

    @Test
    void everyEnforcementIsOneThatTheKernelSideOffers() throws Exception {
        for (String name : SystemCallGates.names()) {
            assertThat(lower("{systemCalls: [{action: deny, names: [" + name + "]}]}", NODE))
                    .allSatisfy(CheckerTest::isOffered);
        }
        assertThat(lower("{processes: [{action: deny, paths: [/a], operations: [exec, map]}]}", NODE)).allSatisfy(CheckerTest::isOffered);
        assertThat(lower("{files: [{action: deny, paths: [/a]}], mounts: [{action: deny, types: [a]}], capabilities: [{action: deny, names: [ALL]}]}", NODE))
                .allSatisfy(CheckerTest::isOffered);
    }

    private static void isOffered(Enforcement enforcement) {
        HookPoint hook = enforcement.hook();
        assertThat(hook).isInstanceOfSatisfying(LsmHook.class, lsm -> assertThat(lsm.matchers())
                .contains(enforcement.matcher()));
        assertThat(enforcement.matcher() == Matcher.SYSTEM_CALL)
                .isEqualTo(enforcement.mechanism().endsWith("by system call"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{action: allow, paths: [/bin/sh]}, {action: deny, paths: [/bin/sh, /bin/ls]}|true",
        "{action: allow, paths: [/bin/sh, /bin/x]}, {action: deny, paths: [/bin/sh]}|false",
        "{action: allow, paths: [/bin/sh]}, {action: deny, paths: [/bin/sh], mode: audit}|false",
        "{action: allow, paths: [/bin/sh]}, {action: audit, paths: [/bin/sh]}|false",
        "{action: allow, paths: [/bin/sh]}, {action: kill, paths: [/bin/sh]}|true",
    })
    void anAllowOfWhatIsPreventedIsMentioned(String rules, boolean mentioned) throws Exception {
        CheckedPolicies checked = Policies.check(Policies.document("a", "{defaults: {processes: deny}, processes: [" + rules + "]}"));
        assertThat(checked.warnings().stream().anyMatch(warning -> warning.message().contains("never exempts from a rule"))).isEqualTo(mentioned);
    }
}
