package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Rules over whole families, on the recorded kernels: at every hook that an entry of the family passes, or refused. */
class NamedLoweringTest {
    static final List<String> KERNELS = RecordedKernel.NAMES;

    private static List<Enforcement> lower(String spec, NodeCapabilities node) throws PolicyException {
        ContainerPolicy policy = Policies.read(Policies.document("a", spec)).policies().getFirst();
        Checker.check(Policies.read(Policies.document("a", spec)), node);
        return policy.rules().stream().flatMap(rule -> Lowering.of(policy, rule, node).enforcements().stream()).toList();
    }

    private static List<String> mechanisms(String spec) throws PolicyException {
        return lower(spec, RecordedKernel.of(KERNELS.getLast())).stream().map(Enforcement::mechanism).distinct().toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{mounts: [{action: deny}]}|lsm/sb_mount, lsm/sb_kern_mount, lsm/move_mount, lsm/sb_umount, lsm/sb_pivotroot, lsm/capable",
        "{mounts: [{action: deny, types: [tmpfs]}]}|lsm/sb_mount, lsm/sb_kern_mount, lsm/move_mount",
        "{mounts: [{action: deny, types: [bind]}]}|lsm/sb_mount, lsm/sb_kern_mount, lsm/move_mount, lsm/capable",
        "{mounts: [{action: deny, types: [unmount]}]}|lsm/sb_mount, lsm/sb_kern_mount, lsm/move_mount, lsm/sb_umount",
        "{mounts: [{action: deny, types: [move]}]}|lsm/sb_mount, lsm/sb_kern_mount, lsm/move_mount, lsm/sb_pivotroot",
        "{mounts: [{action: deny, types: [ext4], flags: [rw]}]}|lsm/sb_mount, lsm/move_mount",
        "{mounts: [{action: deny, flags: [exec]}]}|lsm/sb_mount, lsm/move_mount, lsm/sb_umount, lsm/sb_pivotroot, lsm/capable",
        "{mounts: [{action: deny, sources: [/dev/sda]}]}|lsm/sb_mount, lsm/move_mount, lsm/sb_umount, lsm/sb_pivotroot",
        "{mounts: [{action: allow, types: [ext4], flags: [ro]}]}|lsm/sb_mount, lsm/sb_kern_mount, lsm/move_mount",
        "{namespaces: [{action: deny, kinds: [user], operations: [create]}]}|lsm/userns_create",
        "{namespaces: [{action: deny, kinds: [net], operations: [create]}]}|lsm/task_alloc by flags, lsm/capable by system call and arguments",
        "{namespaces: [{action: deny, operations: [enter]}]}|lsm/capable by system call",
        "{namespaces: [{action: deny, kinds: [net], operations: [enter]}]}|lsm/capable by system call and arguments",
        "{tracing: [{action: deny}]}|lsm/ptrace_access_check by mode, lsm/ptrace_traceme, lsm/file_open of process files, lsm/perf_event_open",
        "{tracing: [{action: deny, operations: [attach]}]}|lsm/ptrace_access_check by mode, lsm/ptrace_traceme, lsm/file_open of process files",
        "{tracing: [{action: deny, operations: [read]}]}|lsm/ptrace_access_check by mode, lsm/perf_event_open, lsm/file_open of process files",
        "{kernelModules: [{action: deny}]}|lsm/kernel_load_data by kind, lsm/kernel_read_file by kind, lsm/capable by system call, lsm/kernel_module_request",
        "{kernelModules: [{action: deny, operations: [autoload]}]}|lsm/kernel_module_request",
        "{bpf: [{action: deny}]}|lsm/bpf",
        "{keys: [{action: deny}]}|lsm/key_alloc, lsm/key_permission",
        "{ioUring: [{action: deny}]}|lsm/uring_allowed",
        "{signals: [{action: deny}]}|lsm/task_kill by target, lsm/file_fcntl of owners, lsm/file_ioctl of owners, lsm/file_ioctl_compat of owners",
    })
    void standsAtEveryHookThatIsPassed(String spec, String mechanisms) throws Exception {
        assertThat(mechanisms(spec)).containsExactly(mechanisms.split(", "));
    }

    @ParameterizedTest
    @FieldSource("KERNELS")
    void allFamiliesAreThereOnEveryKernel(String kernel) throws Exception {
        String all = "{mounts: [{action: deny}], namespaces: [{action: deny}], tracing: [{action: deny}], kernelModules: [{action: deny}], "
                + "bpf: [{action: deny}], keys: [{action: deny}], ioUring: [{action: deny}], signals: [{action: deny}]}";
        assertThat(lower(all, RecordedKernel.of(kernel))).isNotEmpty().allSatisfy(enforcement -> {
            HookPoint hook = enforcement.hook();
            assertThat(hook).isInstanceOfSatisfying(LsmHook.class, lsm -> assertThat(lsm.matchers()).contains(enforcement.matcher()));
        });
    }

    @Test
    void ringsAreCaughtByTheirInodeBeforeTheirHookCame() throws Exception {
        assertThat(lower("{ioUring: [{action: deny}]}", RecordedKernel.of(KERNELS.getFirst()))).extracting(Enforcement::mechanism)
                .containsExactly("lsm/inode_init_security_anon by name");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{mounts: [{action: deny}]}|sb_umount|mounts needs the LSM hook sb_umount",
        "{defaults: {mounts: deny}}|capable|mounts needs the LSM hook capable",
        "{namespaces: [{action: deny}]}|userns_create|namespaces needs the LSM hook userns_create",
        "{namespaces: [{action: deny}]}|task_alloc|namespaces needs the LSM hook task_alloc",
        "{tracing: [{action: deny}]}|ptrace_traceme|tracing needs the LSM hook ptrace_traceme",
        "{kernelModules: [{action: deny}]}|kernel_read_file|kernelModules needs the LSM hook kernel_read_file",
        "{bpf: [{action: deny}]}|bpf|bpf needs the LSM hook bpf",
        "{keys: [{action: deny}]}|key_permission|keys needs the LSM hook key_permission",
        "{ioUring: [{action: deny}]}|inode_init_security_anon|ioUring needs the LSM hook inode_init_security_anon",
        "{signals: [{action: deny}]}|task_kill|signals needs the LSM hook task_kill",
    })
    void aFamilyWhoseHookIsMissingIsRefused(String spec, String hook, String message) {
        NodeCapabilities node = FakeNode.debian13().without(hook);
        assertThatThrownBy(() -> lower(spec, node)).isInstanceOf(PolicyException.class).hasMessageContaining(message);
    }

    @Test
    void anErrorThatTheKernelReplacesIsSaid() throws Exception {
        NodeCapabilities node = RecordedKernel.of(KERNELS.getLast());
        assertThat(lower("{namespaces: [{action: deny, operations: [enter], errno: EACCES}]}", node)).singleElement()
                .satisfies(enforcement -> assertThat(enforcement.note()).contains("answers EPERM or EACCES"));
        assertThat(lower("{namespaces: [{action: deny, operations: [enter]}]}", node)).singleElement()
                .satisfies(enforcement -> assertThat(enforcement.note()).isEmpty());
    }

    @Test
    void whatAConditionOnMountsCannotTellIsSaid() throws Exception {
        NodeCapabilities node = RecordedKernel.of(KERNELS.getLast());
        assertThat(lower("{mounts: [{action: deny, flags: [rw]}]}", node)).allSatisfy(enforcement ->
                assertThat(enforcement.note()).contains("mount_setattr and fspick", "fsopen and fsmount"));
        assertThat(lower("{mounts: [{action: deny, sources: [a]}]}", node)).allSatisfy(enforcement ->
                assertThat(enforcement.note()).contains("sources are those of file systems"));
    }
}
