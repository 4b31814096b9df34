package io.bpfguard.policy;

import io.bpfguard.policy.check.FunctionSupport;
import io.bpfguard.policy.check.KernelType;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.ProgramFile;
import io.bpfguard.policy.check.ProgramSupport;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A node for tests, with the hooks that the supported kernels share.
 *
 * @param support by the label of the function
 * @param programs custom ones, by the name of the file
 */
public record FakeNode(Set<String> lsmHooks, Map<String, FunctionSupport> support, boolean skipsFunctionPrograms, Map<String, ProgramSupport> programs)
        implements NodeCapabilities {
    private static final Set<String> COMMON = Set.of("bprm_check_security", "bprm_creds_for_exec", "file_open",
            "sb_mount",
            "sb_kern_mount", "move_mount", "capable", "userns_create", "file_permission", "path_mkdir", "path_rename",
            "path_unlink", "path_rmdir", "path_link", "path_symlink", "path_mknod", "path_chmod", "path_chown",
                    "path_truncate",
            "path_chroot", "inode_setxattr", "inode_removexattr", "file_fcntl", "sb_pivotroot", "sb_umount", "task_alloc", "ptrace_access_check",
                    "ptrace_traceme",
            "file_receive", "task_fix_setuid", "capset", "task_kill", "task_setnice", "mmap_file", "file_mprotect",
                    "file_ioctl",
            "socket_create", "socket_connect", "socket_bind", "socket_listen", "socket_setsockopt", "socket_sendmsg", "socket_accept",
            "unix_stream_connect", "unix_may_send",
                    "bpf",
            "perf_event_open", "inode_init_security_anon", "kernel_load_data", "kernel_read_file", "kernel_module_request", "key_alloc", "key_permission", "syslog");

    /** A Debian 13 node: no error injection. */
    public static FakeNode debian13() {
        Set<String> hooks = new HashSet<>(COMMON);
        hooks.addAll(Set.of("file_truncate", "inode_set_acl", "inode_remove_acl", "file_ioctl_compat"));
        return new FakeNode(hooks, Map.of("cgroup_release_agent_write", FunctionSupport.TRACEABLE,
                "path_mount", FunctionSupport.TRACEABLE, "process_vm_rw_core",
                new FunctionSupport.Suffixed(List.of("process_vm_rw_core.constprop.0")), "load_elf_binary", FunctionSupport.WITHOUT_TYPES,
                "security_file_open", FunctionSupport.DENIABLE), false, Map.of());
    }

    /** A Debian 12 node. */
    public static FakeNode debian12() {
        return new FakeNode(COMMON, debian13().support(), false, Map.of());
    }

    /** This node without a hook. */
    public FakeNode without(String hook) {
        Set<String> hooks = new HashSet<>(lsmHooks);
        hooks.remove(hook);
        return new FakeNode(hooks, support, skipsFunctionPrograms, programs);
    }

    /** This node with one more function. */
    public FakeNode with(String function, FunctionSupport what) {
        Map<String, FunctionSupport> more = new HashMap<>(support);
        more.put(function, what);
        return new FakeNode(lsmHooks, more, skipsFunctionPrograms, programs);
    }

    /** This node with a kernel that preempts itself. */
    public FakeNode skipping() {
        return new FakeNode(lsmHooks, support, true, programs);
    }

    /** This node with one more custom program. */
    public FakeNode with(ProgramFile program) {
        Map<String, ProgramSupport> more = new HashMap<>(programs);
        more.put(program.name(), new ProgramSupport.Usable(program));
        return new FakeNode(lsmHooks, support, skipsFunctionPrograms, more);
    }

    @Override
    public ProgramSupport program(String file) {
        return programs.getOrDefault(file, new ProgramSupport.Refused("is not there"));
    }

    @Override
    public String kernelRelease() {
        return "6.12-test";
    }

    @Override
    public FunctionSupport function(KernelFunction function) {
        FunctionSupport known = support.get(function.label());
        if (known != null) {
            return known;
        }
        return function.module().isEmpty() || modules().contains(function.module()) ? FunctionSupport.ABSENT
                : new FunctionSupport.NoSuchModule();
    }

    @Override
    public Optional<List<KernelType.Parameter>> parameters(HookPoint hook) {
        return FakeTypes.parameters(hook);
    }

    @Override
    public Set<String> functions() {
        return support.keySet();
    }

    @Override
    public Set<String> modules() {
        return Set.of("nf_tables", "af_alg");
    }
}
