package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The compiled kernel programs in this jar. */
final class Programs {
    /** Every object, in the order of their names. */
    static final List<String> ALL = List.of("any_hook", "any_hook_arguments", "bprm_check_security", "capable", "file_fcntl", "file_ioctl",
            "file_ioctl_compat", "file_mprotect", "file_open", "file_permission", "file_truncate", "function", "function_deny", "inode_remove_acl",
            "inode_removexattr", "inode_set_acl", "inode_setxattr", "lifecycle", "mmap_file", "move_mount", "path_chmod", "path_chown", "path_link",
            "path_mkdir", "path_mknod", "path_rename", "path_rmdir", "path_symlink", "path_truncate", "path_unlink",
            "probe", "sb_kern_mount", "sb_mount", "sb_pivotroot", "sb_umount", "socket_accept", "socket_bind", "socket_connect",
            "socket_create", "socket_listen", "socket_sendmsg", "task_kill", "tasks", "unix_may_send", "unix_stream_connect");

    private Programs() {}

    static boolean exists(String name) {
        return ALL.contains(name);
    }

    /** Opens an object with its maps to be pinned below, or reused from, {@code maps}. The caller closes it. */
    static BpfObject open(Libbpf libbpf, String name, Path maps) {
        return BpfObject.open(libbpf, image(name), name, Optional.of(maps));
    }

    static byte[] image(String name) {
        return resource(name + ".bpf.o");
    }

    private static byte[] resource(String name) {
        try (InputStream in = Programs.class.getResourceAsStream("/bpf/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the kernel programs' " + name + " is not in the jar: the package is damaged, install it again");
            }
            return in.readAllBytes();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** SHA-256 over all objects, from the build: state in the kernel that was made by other programs is not ours to extend. */
    static byte[] digest() {
        return HexFormat.of().parseHex(new String(resource("digest"), StandardCharsets.US_ASCII).strip());
    }
}
