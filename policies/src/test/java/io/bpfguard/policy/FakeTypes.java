package io.bpfguard.policy;

import io.bpfguard.policy.check.KernelType;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Parameters of some hooks and functions, with made-up offsets that are easy to tell apart. */
public final class FakeTypes {
    public static final KernelType INT = new KernelType.Number("int", 4, true);
    public static final KernelType UNSIGNED = new KernelType.Number("unsigned int", 4, false);
    public static final KernelType LONG = new KernelType.Number("long unsigned int", 8, false);
    public static final KernelType SHORT = new KernelType.Number("short unsigned int", 2, false);
    public static final KernelType CHAR = new KernelType.Number("char", 1, true);
    private static final KernelType INODE = struct("inode", 600, Map.of("i_mode", member(SHORT, 2), "i_ino", member(LONG, 64),
            "i_flags", new KernelType.Member(UNSIGNED, 8 * 12, 0), "i_odd", new KernelType.Member(UNSIGNED, 8 * 20 + 3, 5)));
    private static final KernelType DENTRY = struct("dentry", 200, Map.of("d_inode", member(pointer(INODE), 48), "d_iname", member(new KernelType.Array("char[40]", CHAR), 56)));
    private static final KernelType PATH = struct("path", 16, Map.of("dentry", member(pointer(DENTRY), 8)));
    private static final KernelType FILE = struct("file", 250, Map.of("f_path", member(PATH, 152), "f_flags", member(UNSIGNED, 64), "f_mode", member(UNSIGNED, 20)));
    private static final KernelType BPRM = struct("linux_binprm", 400, Map.of("file", member(pointer(FILE), 40), "filename", member(pointer(CHAR), 96)));
    private static final Map<String, List<KernelType.Parameter>> LSM = Map.ofEntries(
            Map.entry("file_open", List.of(parameter("file", pointer(FILE)))),
            Map.entry("bprm_check_security", List.of(parameter("bprm", pointer(BPRM)))),
            Map.entry("task_alloc", List.of(parameter("task", pointer(new KernelType.Other("struct task_struct"))), parameter("clone_flags", LONG))),
            Map.entry("task_kill", List.of(parameter("p", pointer(new KernelType.Other("struct task_struct"))), parameter("info", pointer(INT)), parameter("sig", INT),
                    parameter("cred", pointer(INT)))),
            Map.entry("sb_mount", List.of(parameter("dev_name", pointer(CHAR)), parameter("path", pointer(PATH)), parameter("type", pointer(CHAR)),
                    parameter("flags", LONG), parameter("data", pointer(new KernelType.Other("void"))))),
            Map.entry("path_rename", List.of(parameter("old_dir", pointer(PATH)), parameter("old_dentry", pointer(DENTRY)), parameter("new_dir", pointer(PATH)),
                    parameter("new_dentry", pointer(DENTRY)), parameter("flags", UNSIGNED))),
            Map.entry("path_link", List.of(parameter("old_dentry", pointer(DENTRY)), parameter("new_dir", pointer(PATH)), parameter("new_dentry", pointer(DENTRY)))),
            Map.entry("inode_setxattr", List.of(parameter("idmap", pointer(INT)), parameter("dentry", pointer(DENTRY)), parameter("name", pointer(CHAR)))));
    private static final Map<String, List<KernelType.Parameter>> FUNCTIONS = Map.of(
            "path_mount", List.of(parameter("dev_name", pointer(CHAR)), parameter("path", pointer(PATH)), parameter("type_page", pointer(CHAR)), parameter("flags", LONG),
                    parameter("data_page", pointer(new KernelType.Other("void")))),
            "cgroup_release_agent_write", List.of(parameter("of", pointer(INT)), parameter("buf", userPointer(CHAR)), parameter("nbytes", LONG)),
            "security_file_open", LSM.get("file_open"));

    private FakeTypes() {}

    static Optional<List<KernelType.Parameter>> parameters(HookPoint hook) {
        return Optional.ofNullable((hook instanceof LsmHook ? LSM : FUNCTIONS).get(hook.kernelName()));
    }

    public static KernelType.Parameter parameter(String name, KernelType type) {
        return new KernelType.Parameter(name, type);
    }

    public static KernelType.Member member(KernelType type, int byteOffset) {
        return new KernelType.Member(type, byteOffset * Byte.SIZE, 0);
    }

    public static KernelType pointer(KernelType to) {
        return new Pointer(to, false);
    }

    public static KernelType userPointer(KernelType to) {
        return new Pointer(to, true);
    }

    public static KernelType struct(String name, int bytes, Map<String, KernelType.Member> members) {
        return new Struct(name, bytes, members);
    }

    private record Pointer(KernelType to, boolean isUser) implements KernelType.Pointer {
        @Override
        public String text() {
            return to.text() + " *";
        }
    }

    private record Struct(String name, int bytes, Map<String, KernelType.Member> all) implements KernelType.Struct {
        @Override
        public String text() {
            return "struct " + name;
        }

        @Override
        public Set<String> members() {
            return new TreeSet<>(all.keySet());
        }

        @Override
        public Optional<KernelType.Member> member(String member) {
            return Optional.ofNullable(all.get(member));
        }
    }
}
