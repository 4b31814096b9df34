package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.PathOperation;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The LSM hooks that what is done to files passes, each before its effect. */
final class FileHooks {
    /** What gives a file another name, or takes one away; judged as access to what the old name protects. */
    static final List<Gate> ALIASES = List.of(Gate.of("path_link"), Gate.of("path_rename"), Gate.of("sb_mount"),
            Gate.of("move_mount"), Gate.of("sb_umount"), Gate.of("sb_pivotroot"));

    /** Where a descriptor that was opened for appending alone could do more. */
    private static final List<Gate> APPENDING = List.of(Gate.of("file_fcntl"), Gate.of("file_permission"));

    private static final Map<PathOperation, List<Gate>> BY_OPERATION = byOperation();

    private FileHooks() {}

    private static Map<PathOperation, List<Gate>> byOperation() {
        Map<PathOperation, List<Gate>> gates = new EnumMap<>(PathOperation.class);
        gates.put(PathOperation.EXEC, List.of(Gate.of("bprm_check_security")));
        gates.put(PathOperation.READ, List.of(Gate.of("file_open")));
        gates.put(PathOperation.WRITE, List.of(Gate.of("file_open")));
        gates.put(PathOperation.APPEND, List.of(Gate.of("file_open")));
        gates.put(PathOperation.CREATE, List.of(Gate.of("path_mknod"), Gate.of("path_mkdir"), Gate.of("path_symlink"),
                Gate.of("path_link"), Gate.of("path_rename")));
        gates.put(PathOperation.UNLINK, List.of(Gate.of("path_unlink"), Gate.of("path_rmdir"), Gate.of("path_rename")));
        gates.put(PathOperation.RENAME, List.of(Gate.of("path_rename")));
        gates.put(PathOperation.LINK, List.of(Gate.of("path_link")));
        gates.put(PathOperation.SYMLINK, List.of(Gate.of("path_symlink")));
        gates.put(PathOperation.CHMOD, List.of(Gate.of("path_chmod")));
        gates.put(PathOperation.CHOWN, List.of(Gate.of("path_chown")));
        gates.put(PathOperation.TRUNCATE, List.of(Gate.of("path_truncate"), Gate.ifPresent("file_truncate")));
        gates.put(PathOperation.SETXATTR, List.of(Gate.of("inode_setxattr"), Gate.of("inode_removexattr"),
                Gate.ifPresent("inode_set_acl"), Gate.ifPresent("inode_remove_acl")));
        gates.put(PathOperation.MAP, List.of(Gate.of("mmap_file"), Gate.of("file_mprotect")));
        gates.put(PathOperation.MOUNT, List.of(Gate.of("sb_mount"), Gate.of("move_mount"), Gate.of("sb_umount"),
                Gate.of("sb_pivotroot")));
        return gates;
    }

    /** Where one operation comes by: at one of them, whichever way it is done. */
    static List<Gate> of(PathOperation operation) {
        return BY_OPERATION.get(operation);
    }

    /** The hooks of some operations, by the matchers' numbers. */
    static Set<Gate> of(Set<Integer> operations) {
        Set<Gate> gates = new LinkedHashSet<>();
        BY_OPERATION.forEach((operation, its) -> {
            if (operations.contains(operation.ordinal())) {
                gates.addAll(its);
            }
        });
        if (operations.contains(PathOperation.APPEND.ordinal()) && !operations.contains(PathOperation.WRITE.ordinal())) {
            gates.addAll(APPENDING);
        }
        return gates;
    }
}
