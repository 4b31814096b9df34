package io.bpfguard.bpf.node;

import io.bpfguard.policy.check.FunctionSupport;
import io.bpfguard.policy.check.NodeCapabilities;
import java.util.ArrayList;
import java.util.List;

/** What a node's kernel can do beyond the {@link NodeRequirements}, and why not more. */
public final class NodeReport {
    /** Hooks that the stock rules stand at, by the names that they have on different kernels. */
    private static final List<List<String>> HOOKS = List.of(List.of("bprm_check_security"), List.of("file_open"), List.of("path_mknod"),
            List.of("path_mkdir"), List.of("path_unlink"), List.of("path_rmdir"), List.of("path_rename"), List.of("path_link"),
            List.of("path_symlink"), List.of("path_chmod"), List.of("path_chown"), List.of("path_truncate"), List.of("file_truncate", "path_truncate"),
            List.of("inode_setxattr"), List.of("inode_removexattr"), List.of("mmap_file"), List.of("file_mprotect"), List.of("file_permission"), List.of("sb_mount"),
            List.of("sb_kern_mount"), List.of("sb_umount"), List.of("sb_pivotroot"), List.of("move_mount"), List.of("capable"), List.of("userns_create"),
            List.of("task_alloc"), List.of("task_kill"), List.of("ptrace_access_check"), List.of("ptrace_traceme"), List.of("bpf"),
            List.of("kernel_read_file"), List.of("kernel_load_data"), List.of("kernel_module_request"), List.of("key_alloc"),
            List.of("key_permission"), List.of("socket_create"), List.of("socket_connect"), List.of("socket_bind"), List.of("socket_listen"),
            List.of("socket_accept"), List.of("socket_sendmsg"), List.of("inode_init_security_anon"));

    /**
     * Something that a node can or cannot do.
     *
     * @param name a word for programs; stable
     * @param available whether it can
     * @param detail for people: how far it goes, or why not
     */
    public record Capability(String name, boolean available, String detail) {}

    private NodeReport() {}

    /** What a kernel can do, the same list on every node. */
    public static List<Capability> of(NodeCapabilities node) {
        List<Capability> report = new ArrayList<>();
        report.add(lsmHooks(node));
        report.add(function(node, "watchFunctions", "vfs_write", "calls of kernel functions can be seen, and the caller killed",
                "no program can be attached to kernel functions"));
        report.add(never(node));
        report.add(deniable(node, "denySystemCalls64", "__x64_sys_mkdir", "modify-return is accepted at the functions of 64-bit system calls"));
        report.add(deniable(node, "denySystemCalls32", "__ia32_sys_mkdir", "modify-return is accepted at the functions of 32-bit system calls"));
        report.add(errorInjection(node));
        report.add(calls32(node));
        return report;
    }

    private static Capability lsmHooks(NodeCapabilities node) {
        List<String> missing = HOOKS.stream().filter(names -> names.stream().noneMatch(node::hasLsmHook)).map(List::getFirst).toList();
        return new Capability("denyLsmHooks", missing.isEmpty(), missing.isEmpty()
                ? "programs can prevent at every LSM hook that the stock rules stand at"
                : "no program can be attached to the LSM hooks " + String.join(", ", missing) + ": rules that need them are refused");
    }

    private static Capability function(NodeCapabilities node, String name, String function, String can, String cannot) {
        FunctionSupport support = node.function(function);
        boolean available = support instanceof FunctionSupport.Traceable || support instanceof FunctionSupport.Deniable;
        return new Capability(name, available, available ? can : cannot + why(support));
    }

    private static Capability deniable(NodeCapabilities node, String name, String function, String can) {
        FunctionSupport support = node.function(function);
        boolean accepted = support instanceof FunctionSupport.Deniable;
        boolean available = accepted && !node.skipsFunctionPrograms();
        String detail = accepted ? can + (available ? "" : ", but this kernel skips such programs now and then: what may be skipped is no denial")
                : "the kernel does not accept modify-return at " + function + why(support)
                        + ": system calls are denied at the LSM hooks that they pass, others killed or reported";
        return new Capability(name, available, detail);
    }

    private static String why(FunctionSupport support) {
        return support instanceof FunctionSupport.Forbidden(var reason) ? " (" + reason + ")" : "";
    }

    private static Capability never(NodeCapabilities node) {
        boolean never = !node.skipsFunctionPrograms();
        return new Capability("functionProgramsNeverSkipped", never, never
                ? "the kernel does not preempt kernel code, so programs at functions see every call"
                : "the kernel preempts kernel code (or it cannot be told): a program at a function that is interrupted is skipped for other tasks"
                        + " of that CPU; preempt=none or preempt=voluntary on the kernel command line changes that where the kernel has it");
    }

    private static Capability errorInjection(NodeCapabilities node) {
        // In the kernel's list of error-injectable functions with CONFIG_FUNCTION_ERROR_INJECTION, and never accepted without.
        boolean available = node.function("__ia32_sys_mkdir") instanceof FunctionSupport.Deniable;
        return new Capability("errorInjection", available, available ? "the kernel has error injection: functions in its list can be denied"
                : "the kernel was built without CONFIG_FUNCTION_ERROR_INJECTION: no function inside it can be denied but those of LSM hooks");
    }

    private static Capability calls32(NodeCapabilities node) {
        boolean has = !(node.function("__ia32_sys_read") instanceof FunctionSupport.Absent);
        return new Capability("systemCalls32", has, has ? "the kernel takes 32-bit system calls, which rules cover by their own numbers"
                : "the kernel takes no 32-bit system calls");
    }
}
