package io.bpfguard.policy.compile;

import static io.bpfguard.policy.Policies.bytes;
import static io.bpfguard.policy.Policies.decide;
import static io.bpfguard.policy.Policies.document;
import static io.bpfguard.policy.Policies.only;
import static io.bpfguard.policy.Policies.route;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.Key;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.ProcessAccess;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Problem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class CompilerTest {
    private static Action exec(Route route, String path) {
        return decide(route, LsmHook.BPRM_CHECK_SECURITY, v -> v.path(bytes(path), PathOperation.EXEC)).action();
    }

    private static Verdict open(Route route, String path, PathOperation operation) {
        return decide(route, LsmHook.FILE_OPEN, v -> v.path(bytes(path), operation));
    }

    private static Verdict mount(Route route, LsmHook hook, String type) {
        return decide(route, hook, only(Matcher.MOUNT, v -> v.fileSystemType(bytes(type))));
    }

    @Test
    void filesAreJudgedByOperation() throws Exception {
        Route route = route(document("a", """
                files:
                  - {action: deny, paths: ["/etc/shadow"], operations: [read], errno: EACCES}
                  - {action: kill, paths: ["/secrets/**"]}
                """));
        assertThat(open(route, "/etc/shadow", PathOperation.READ)).extracting("action", "errno")
                .containsExactly(Action.DENY, 13);
        assertThat(open(route, "/etc/shadow", PathOperation.WRITE)).isEqualTo(Verdict.NONE);
        assertThat(open(route, "/etc/shadow-", PathOperation.READ)).isEqualTo(Verdict.NONE);
        assertThat(open(route, "/secrets/a/b", PathOperation.WRITE).action()).isEqualTo(Action.KILL);
        assertThat(open(route, "/secrets", PathOperation.WRITE)).isEqualTo(Verdict.NONE);
        assertThat(open(route, "/secrets/a", PathOperation.EXEC)).isEqualTo(Verdict.NONE);
        assertThat(decide(route, LsmHook.PATH_MKNOD, v -> v.path(bytes("/secrets/new"), PathOperation.CREATE)).action()).isEqualTo(Action.KILL);
        assertThat(decide(route, new LsmHook("path_unlink"), v -> v.path(bytes("/etc/shadow"), PathOperation.UNLINK))).isEqualTo(Verdict.NONE);
    }

    @Test
    void everyUseOfMountIsAllTypesEvenTheEmptyOne() throws Exception {
        Route route = route(document("a", "{mounts: [{action: deny, types: [\"*\"]}]}"));
        for (LsmHook hook : List.of(LsmHook.SB_MOUNT, LsmHook.SB_KERN_MOUNT, LsmHook.MOVE_MOUNT)) {
            for (String type : List.of("cgroup", "", "bind", "fuse.a/b", "remount")) {
                assertThat(mount(route, hook, type).action()).isEqualTo(Action.DENY);
            }
        }
    }

    private static Action mount(Route route, LsmHook hook, String type, String source, long flags) {
        return decide(route, hook, only(Matcher.MOUNT, v -> v.key(new Key().with(KeyField.MOUNT_FLAGS, flags)
                .with(KeyField.MOUNT_SOURCE, bytes(source)).with(KeyField.FILE_SYSTEM_TYPE, bytes(type)).bytes(v.fields()), 0))).action();
    }

    @Test
    void mountsAreJudgedByFlagsAndSource() throws Exception {
        Route route = route(document("a", """
                mounts:
                  - {action: deny, types: [ext4, remount], flags: [rw, exec]}
                  - {action: kill, sources: ["/dev/s*"]}
                """));
        long noSource = 1L << KeyField.NO_MOUNT_SOURCE;
        long noFlags = 1L << KeyField.NO_MOUNT_FLAGS;
        assertThat(mount(route, LsmHook.SB_MOUNT, "ext4", "/dev/vda", 0)).isEqualTo(Action.DENY);
        assertThat(mount(route, LsmHook.SB_MOUNT, "ext4", "/dev/vda", 1)).as("ro").isEqualTo(Action.ALLOW);
        assertThat(mount(route, LsmHook.SB_MOUNT, "ext4", "/dev/vda", 8)).as("noexec").isEqualTo(Action.ALLOW);
        assertThat(mount(route, LsmHook.MOVE_MOUNT, "xfs", "/dev/sd/a", 1)).isEqualTo(Action.KILL);
        assertThat(mount(route, LsmHook.SB_MOUNT, "remount", "", noSource)).isEqualTo(Action.DENY);
        assertThat(mount(route, LsmHook.SB_MOUNT, "bind", "", noSource)).isEqualTo(Action.ALLOW);
        assertThat(mount(route, LsmHook.CAPABLE, "attributes", "", noSource)).as("flags that cannot be told").isEqualTo(Action.DENY);
        assertThat(mount(route, LsmHook.CAPABLE, "tree", "", noSource | noFlags)).isEqualTo(Action.ALLOW);
        assertThat(route.chains()).doesNotContainKey(LsmHook.SB_KERN_MOUNT);
    }

    @Test
    void signalsAndFilesOfProcessesAreTables() throws Exception {
        Route route = route(document("a", """
                signals: [{action: deny, signals: [KILL]}, {action: kill, signals: [TERM], targets: [outside]}]
                tracing: [{action: deny, operations: [attach]}]
                """));
        LsmHook kill = new LsmHook("task_kill");
        assertThat(decide(route, kill, v -> v.signal(9, SignalTarget.CONTAINER)).action()).isEqualTo(Action.DENY);
        assertThat(decide(route, kill, v -> v.signal(9, SignalTarget.OUTSIDE)).action()).isEqualTo(Action.DENY);
        assertThat(decide(route, kill, v -> v.signal(15, SignalTarget.CONTAINER))).isEqualTo(Verdict.NONE);
        assertThat(decide(route, kill, v -> v.signal(15, SignalTarget.OUTSIDE)).action()).isEqualTo(Action.KILL);
        assertThat(decide(route, kill, v -> v.signal(64, SignalTarget.OUTSIDE))).isEqualTo(Verdict.NONE);
        assertThat(decide(route, LsmHook.FILE_OPEN, v -> v.processFile(ProcessAccess.ATTACH)).errno()).as("what procfs answers").isEqualTo(13);
        assertThat(decide(route, LsmHook.FILE_OPEN, v -> v.processFile(ProcessAccess.OWN_MEMORY)).errno()).isEqualTo(1);
        assertThat(decide(route, LsmHook.FILE_OPEN, v -> v.processFile(ProcessAccess.READ))).isEqualTo(Verdict.NONE);
    }

    @Test
    void capabilitiesAndCallsAreTables() throws Exception {
        Route route = route(document("a", "{capabilities: [{action: deny, names: [SYS_ADMIN]}], systemCalls: [{action: audit, names: [reboot, execve]}]}"));
        assertThat(decide(route, LsmHook.CAPABLE, only(Matcher.CAPABILITY, v -> v.capability(21))).action())
                .isEqualTo(Action.DENY);
        assertThat(decide(route, LsmHook.CAPABLE, only(Matcher.CAPABILITY, v -> v.capability(20))))
                .isEqualTo(Verdict.NONE);
        assertThat(decide(route, LsmHook.CAPABLE, only(Matcher.SYSTEM_CALL, v -> v.systemCall(169, false))).action())
                .isEqualTo(Action.AUDIT);
        assertThat(decide(route, LsmHook.CAPABLE, only(Matcher.SYSTEM_CALL, v -> v.systemCall(88, true))).action())
                .isEqualTo(Action.AUDIT);
        assertThat(decide(route, LsmHook.CAPABLE, only(Matcher.SYSTEM_CALL, v -> v.systemCall(88, false))))
                .isEqualTo(Verdict.NONE);
        Function<Integer, Action> exec64 = number -> decide(route, LsmHook.BPRM_CHECK_SECURITY,
                only(Matcher.SYSTEM_CALL, v -> v.systemCall(number, false))).action();
        assertThat(exec64.apply(59)).isEqualTo(Action.AUDIT);
        assertThat(exec64.apply(520)).as("x32").isEqualTo(Action.AUDIT);
        assertThat(exec64.apply(11)).as("the 32-bit number, entered as 64-bit: munmap").isEqualTo(Action.ALLOW);
    }

    @Test
    void aDefaultSpeaksForWhatNoAllowNames() throws Exception {
        Route route = route(document("a", """
                defaults: {processes: deny, capabilities: deny, mounts: audit}
                processes:
                  - {action: allow, paths: ["/app/**", "/bin/sh"]}
                  - {action: audit, paths: ["/bin/*"]}
                  - {action: kill, paths: ["/app/evil"]}
                capabilities: [{action: allow, names: [CHOWN]}]
                """));
        assertThat(exec(route, "/app/x")).isEqualTo(Action.ALLOW);
        assertThat(exec(route, "/app/evil")).as("an allow exempts nothing from a rule").isEqualTo(Action.KILL);
        assertThat(exec(route, "/bin/sh")).as("allowed, and reported").isEqualTo(Action.AUDIT);
        assertThat(exec(route, "/bin/ls")).as("only an allow takes out of a default").isEqualTo(Action.DENY);
        assertThat(exec(route, "memfd:x")).as("what has no path is no exception").isEqualTo(Action.DENY);
        assertThat(decide(route, LsmHook.CAPABLE, only(Matcher.CAPABILITY, v -> v.capability(0))).action()).isEqualTo(Action.ALLOW);
        assertThat(decide(route, LsmHook.CAPABLE, only(Matcher.CAPABILITY, v -> v.capability(63))).action()).isEqualTo(Action.DENY);
        assertThat(mount(route, LsmHook.SB_MOUNT, "tmpfs").action()).isEqualTo(Action.AUDIT);
    }

    @Test
    void policiesAddUp() throws Exception {
        String a = document("a", "{defaults: {processes: audit}, processes: [{action: allow, paths: [/a]}]}");
        String b = document("b", "{defaults: {processes: deny}, processes: [{action: allow, paths: [/b]}]}");
        Route route = route(a + b);
        assertThat(exec(route, "/a")).isEqualTo(Action.ALLOW);
        assertThat(exec(route, "/b")).isEqualTo(Action.ALLOW);
        assertThat(exec(route, "/c")).as("the stronger default").isEqualTo(Action.DENY);
    }

    @Test
    void aPolicyOnTrialChangesNothingButEvents() throws Exception {
        String acting = document("a", "{defaults: {processes: deny}, processes: [{action: allow, paths: [/a]}, {action: deny, paths: [/x]}]}");
        String trial = document("b", "{mode: audit, defaults: {processes: deny}, processes: [{action: allow, paths: [/b, /x]}, {action: kill, paths: [/a]}]}");
        Route route = route(acting + trial);
        assertThat(exec(route, "/b")).as("allowed by the trial only").isEqualTo(Action.DENY);
        assertThat(exec(route, "/x")).isEqualTo(Action.DENY);
        assertThat(exec(route, "/a")).as("the trial would kill").isEqualTo(Action.AUDIT);
    }

    @Test
    void killOfOneMatcherGoesBeforeDenyOfAnother() throws Exception {
        Route route = route(document("a", """
                capabilities: [{action: deny, names: [SYS_BOOT, SYS_NICE]}]
                systemCalls: [{action: kill, names: [reboot]}]
                """));
        Chain chain = route.chains().get(LsmHook.CAPABLE);
        assertThat(chain.steps()).extracting(Step::matcher).containsExactly(Matcher.SYSTEM_CALL, Matcher.CAPABILITY,
                Matcher.SYSTEM_CALL);
        Function<Integer, Verdict> reboot = capability -> decide(route, LsmHook.CAPABLE,
                v -> v.matcher() == Matcher.CAPABILITY ? v.capability(capability) : v.systemCall(169, false));
        assertThat(reboot.apply(22).action()).isEqualTo(Action.KILL);
        assertThat(decide(route, LsmHook.CAPABLE, v -> v.matcher() == Matcher.CAPABILITY ? v.capability(22)
                : v.systemCall(1, false)).action())
                .isEqualTo(Action.DENY);
    }

    @Test
    void orderNeverChangesAVerdict() throws Exception {
        List<String> files = List.of("{action: deny, paths: [/d/**], errno: EACCES}", "{action: audit, paths: [/d/a*]}",
                "{action: kill, paths: [/d/k*]}",
                "{action: deny, paths: [\"/d/[ab]\"]}", "{action: allow, paths: [/d/**, /e]}",
                        "{action: deny, paths: [/d/b], mode: audit}");
        List<String> paths = List.of("/d/a", "/d/b", "/d/c", "/d/k", "/d/ab", "/e", "/f", "/d");
        Random random = new Random(7);
        List<Verdict> first = null;
        for (int round = 0; round < 200; round++) {
            List<String> shuffled = new ArrayList<>(files);
            Collections.shuffle(shuffled, random);
            int cut = 1 + random.nextInt(shuffled.size() - 1);
            List<String> documents = new ArrayList<>(List.of(
                    document("a", "{files: [" + String.join(", ", shuffled.subList(0, cut)) + "]}"),
                    document("b", "{files: [" + String.join(", ", shuffled.subList(cut, shuffled.size())) + "]}"),
                    document("c", "{defaults: {files: deny}, mode: audit}")));
            Collections.shuffle(documents, random);
            Route route = route(String.join("", documents));
            List<Verdict> verdicts = paths.stream().map(path -> open(route, path, PathOperation.READ))
                    .map(verdict -> new Verdict(verdict.action(), verdict.errno(), 0)).toList();
            first = first == null ? verdicts : first;
            assertThat(verdicts).isEqualTo(first);
        }
        assertThat(first).extracting(Verdict::action).containsExactly(Action.DENY, Action.DENY, Action.DENY,
                Action.KILL, Action.DENY,
                Action.ALLOW, Action.AUDIT, Action.AUDIT);
        assertThat(first).extracting(Verdict::errno).startsWith(1, 1, 13);
    }

    @Test
    void oneRoutePerSetOfPolicies() throws Exception {
        String rule = "{mounts: [{action: deny, types: [x]}]}";
        CheckedPolicies checked = Policies.check(document("a", rule) + document("b", rule) + document("c", rule));
        Compiler compiler = new Compiler(checked, FakeNode.debian13());
        List<ContainerPolicy> all = checked.policies();
        assertThat(compiler.route(List.of(all.get(0), all.get(1))))
                .isSameAs(compiler.route(List.of(all.get(1), all.get(0))))
                .isNotSameAs(compiler.route(List.of(all.get(0), all.get(2))));
        assertThat(compiler.route(List.of())).isEqualTo(Route.EMPTY);
        assertThatThrownBy(() -> compiler.route(Policies.read(document("z", rule)).policies()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void rulesAreNumberedFromOneWithPolicyPlaceAndMechanism() throws Exception {
        CheckedPolicies checked = Policies.check(document("b", "{files: [{name: x, action: deny, paths: [/b], operations: [read]}]}")
                + document("a", "{defaults: {processes: deny}, mounts: [{action: deny, types: [x]}]}"));
        Compiler compiler = new Compiler(checked, FakeNode.debian13());
        List<String> aliases = List.of("lsm/path_link for other names", "lsm/path_rename for other names", "lsm/sb_mount for other names",
                "lsm/move_mount for other names", "lsm/sb_umount for other names", "lsm/sb_pivotroot for other names");
        assertThat(List.of(1, 2, 3, 4, 5)).extracting(compiler.rules()::get).containsExactly(
                new RuleInfo(1, "a", "mounts[0]", List.of("lsm/sb_mount", "lsm/sb_kern_mount", "lsm/move_mount")),
                new RuleInfo(2, "a", "defaults.processes", List.of("lsm/bprm_check_security")),
                new RuleInfo(3, "a", "defaults.processes", aliases),
                new RuleInfo(4, "b", "files[0] (x)", List.of("lsm/file_open")),
                new RuleInfo(5, "b", "files[0] (x)", aliases));
        assertThat(compiler.rules().get(1).mechanismAt("lsm/sb_kern_mount")).isEqualTo("lsm/sb_kern_mount");
        assertThat(compiler.rules()).doesNotContainKey(6);
        Verdict denied = open(compiler.route(checked.policies()), "/b", PathOperation.READ);
        assertThat(compiler.rules().get(denied.rule()).rule()).isEqualTo("files[0] (x)");
        assertThat(compiler.hookPoints()).extracting(HookPoint::kernelName)
                .containsExactlyInAnyOrder("sb_mount", "sb_kern_mount", "move_mount", "bprm_check_security", "file_open", "path_link", "path_rename",
                        "sb_umount", "sb_pivotroot");
    }

    @Test
    void aPolicyThatOnlyAllowsHasNoChain() throws Exception {
        assertThat(route(document("a", "{files: [{action: allow, paths: [/a]}]}"))).isEqualTo(Route.EMPTY);
    }

    @Test
    void aRuleThatNeverDecidesIsMentioned() throws Exception {
        CheckedPolicies checked = Policies.check(document("a", """
                files:
                  - {action: deny, paths: ["/etc/**"]}
                  - {name: silent, action: audit, paths: [/etc/shadow], operations: [read]}
                  - {action: audit, paths: [/etc/shadow, /var/x], operations: [read]}
                  - {action: kill, paths: [/etc/shadow], operations: [write]}
                capabilities: [{action: audit, names: [CHOWN]}, {action: deny, names: [CHOWN, MKNOD]}]
                """));
        assertThat(new Compiler(checked, FakeNode.debian13()).warnings()).extracting(Problem::toString).containsExactly(
                "t.yaml:8:7: files[1] (silent) never decides anything: all that it names is decided by stronger rules of this policy",
                "t.yaml:11:18: capabilities[0] never decides anything: all that it names is decided by stronger rules of this policy");
    }

    @Test
    void aFunctionHasOneStep() throws Exception {
        Route route = route(document("a", "{kernelFunctions: [{action: kill, names: [path_mount]}, {action: audit, names: [path_mount]}]}"));
        Chain chain = route.chains().get(new KernelFunction("path_mount"));
        assertThat(chain.steps()).hasSize(1);
        assertThat(decide(route, new KernelFunction("path_mount"), v -> v.always()).action()).isEqualTo(Action.KILL);
    }

    @Test
    void globsThatMultiplyAreRefusedByName() {
        StringBuilder paths = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            paths.append("\"**/a").append(i).append("/**/b").append(i).append("\", ");
        }
        assertThatThrownBy(() -> route(document("wild", "{files: [{action: audit, paths: [/a]}, {name: stars, action: deny, paths: [" + paths + "]}]}")))
                .isInstanceOf(PolicyException.class).hasMessageContaining("policy wild, files[1] (stars) has a large share")
                .hasMessageStartingWith("t.yaml:5:");
    }
}
