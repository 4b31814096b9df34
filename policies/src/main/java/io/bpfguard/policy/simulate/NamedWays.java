package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.FamilyArguments;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.ProcessAccess;
import io.bpfguard.policy.model.Capability;
import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.Rule;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The ways to do what the rules of a whole family are about, and by which hooks they come, as the kernel has them. System calls are
 * those of 64-bit programs.
 */
public final class NamedWays {
    /** The lowest byte of clone's flags is the signal at the child's end; fork's is this. */
    private static final long SIGCHLD = 17;
    private static final int PTRACE_TRACEME = 0;

    private NamedWays() {}

    /** What the ways are called in tests: system calls, and files of procfs. One of one word needs none. */
    public static List<String> words(NamedAct act) {
        return List.copyOf(byWord(act).keySet());
    }

    static List<Way> of(Attempt.UseFamily use) {
        Map<String, Way> ways = byWord(use.act());
        return use.by().map(word -> List.of(ways.get(word))).orElse(List.copyOf(ways.values()));
    }

    private static Map<String, Way> byWord(NamedAct act) {
        Map<String, Way> ways = new LinkedHashMap<>();
        switch (act) {
            case NamedAct.UseNamespace(var operation, var kind) when operation == Rule.Namespaces.Operation.CREATE -> create(ways, kind);
            case NamedAct.UseNamespace(_, var kind) ->
                put(ways, "setns", capable("SYS_ADMIN", "setns", Map.of(Extractor.register(1), (long) kind.bit())));
            case NamedAct.Trace(var operation) when operation == Rule.Tracing.Operation.ATTACH -> attach(ways);
            case NamedAct.Trace _ -> {
                put(ways, "access", access(FamilyArguments.PTRACE_MODE_READ | FamilyArguments.PTRACE_MODE_REALCREDS));
                put(ways, "perf_event_open", at("perf_event_open", "perf_event_open", Map.of()));
                put(ways, "maps", processFile(ProcessAccess.READ), access(FamilyArguments.PTRACE_MODE_READ | FamilyArguments.PTRACE_MODE_FSCREDS));
            }
            case NamedAct.UseModule(var operation) -> modules(ways, operation);
            case NamedAct.UseBpf() -> put(ways, "bpf", at("bpf", "bpf", Map.of()));
            case NamedAct.UseKey(boolean isNew) -> put(ways, "", Passage.at(isNew ? "key_alloc" : "key_permission").askOfCall(Map.of()));
            case NamedAct.MakeRing() -> put(ways, "io_uring_setup", at("uring_allowed", "io_uring_setup", Map.of()),
                    at("inode_init_security_anon", "io_uring_setup",
                            Map.of(FamilyArguments.ANONYMOUS_NAME, FamilyArguments.RING.getBytes(StandardCharsets.US_ASCII))));
        }
        return ways;
    }

    /** clone has no room for the bit of time namespaces. */
    private static void create(Map<String, Way> ways, NamespaceKind kind) {
        long bit = kind.bit();
        boolean isUser = kind == NamespaceKind.USER;
        Map<Extractor, Object> unshare = Map.of(Extractor.register(0), bit);
        put(ways, "unshare", isUser ? at("userns_create", "unshare", unshare) : capable("SYS_ADMIN", "unshare", unshare));
        for (String call : kind == NamespaceKind.TIME ? List.of("clone3") : List.of("clone", "clone3")) {
            Map<Extractor, Object> registers = call.equals("clone") ? Map.of(Extractor.register(0), bit | SIGCHLD) : Map.of();
            Map<Extractor, Object> flags = new LinkedHashMap<>(registers);
            flags.put(FamilyArguments.CLONE_FLAGS, bit);
            Passage alloc = at("task_alloc", call, flags);
            if (isUser) {
                put(ways, call, at("userns_create", call, registers), alloc);
            } else {
                put(ways, call, alloc, capable("SYS_ADMIN", call, registers));
            }
        }
    }

    private static void attach(Map<String, Way> ways) {
        put(ways, "access", access(FamilyArguments.PTRACE_MODE_ATTACH | FamilyArguments.PTRACE_MODE_REALCREDS));
        put(ways, "traceme", at("ptrace_traceme", "ptrace", Map.of(Extractor.register(0), (long) PTRACE_TRACEME)));
        put(ways, "mem", processFile(ProcessAccess.ATTACH), access(FamilyArguments.PTRACE_MODE_ATTACH | FamilyArguments.PTRACE_MODE_FSCREDS));
        put(ways, "ownMem", processFile(ProcessAccess.OWN_MEMORY));
    }

    private static void modules(Map<String, Way> ways, Rule.KernelModules.Operation operation) {
        switch (operation) {
            case LOAD -> {
                load(ways, "init_module", "SYS_MODULE", "kernel_load_data", FamilyArguments.LOAD_DATA_ID, FamilyArguments.MODULE);
                load(ways, "finit_module", "SYS_MODULE", "kernel_read_file", FamilyArguments.READ_FILE_ID, FamilyArguments.MODULE);
                load(ways, "kexec_load", "SYS_BOOT", "kernel_load_data", FamilyArguments.LOAD_DATA_ID, FamilyArguments.KEXEC_IMAGE);
                load(ways, "kexec_file_load", "SYS_BOOT", "kernel_read_file", FamilyArguments.READ_FILE_ID, FamilyArguments.KEXEC_IMAGE);
            }
            case UNLOAD -> put(ways, "delete_module", capable("SYS_MODULE", "delete_module", Map.of()));
            case AUTOLOAD -> put(ways, "", Passage.at("kernel_module_request").askOfCall(Map.of()));
        }
    }

    private static void load(Map<String, Way> ways, String call, String capability, String hook, Extractor id, long what) {
        put(ways, call, capable(capability, call, Map.of()), at(hook, call, Map.of(id, what)));
    }

    private static void put(Map<String, Way> ways, String word, Passage... passages) {
        ways.put(word, Way.inOrder(word.isEmpty() ? "" : "by " + word, passages));
    }

    /** A hook that a system call comes by. */
    private static Passage at(String hook, String call, Map<Extractor, ?> known) {
        return Passage.at(hook).askOfCall(number(call), known);
    }

    private static Passage capable(String name, String call, Map<Extractor, ?> registers) {
        Map<Extractor, Object> known = new LinkedHashMap<>(registers);
        known.put(FamilyArguments.CAPABILITY, (long) Capability.number(name).orElseThrow());
        return Passage.capable(name).askOfCall(number(call), known);
    }

    /** Several system calls come by this hook, so which it is is not known. */
    private static Passage access(long mode) {
        return Passage.at("ptrace_access_check").askOfCall(Map.of(FamilyArguments.PTRACE_MODE, mode));
    }

    private static Passage processFile(ProcessAccess access) {
        return Passage.at(LsmHook.FILE_OPEN).askOfCall(Map.of()).ask(Matcher.PROCESS_FILE, verdicts -> verdicts.processFile(access));
    }

    private static int number(String call) {
        return SystemCalls.named(call).orElseThrow().number64().orElseThrow();
    }
}
