package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.model.Abi;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The functions of a node's kernel at which a system call begins, one or more for each table of numbers that has the call
 * (arch/x86/include/asm/syscall_wrapper.h).
 *
 * @param functions at which a program sees every call but those of {@code unseen}
 * @param unseen ways to make the call that pass none of the functions, in words; empty when all are covered
 */
record SystemCallEntries(List<KernelFunction> functions, List<String> unseen) {
    private static final Map<String, List<String>> OTHER_NAMES = load();
    private static final String PREFIX64 = "__x64_sys_";
    private static final String PREFIX_X32 = "__x64_compat_sys_";
    private static final List<String> PREFIXES32 = List.of("__ia32_compat_sys_", "__ia32_sys_");
    /** Calls that 32-bit programs also make through one call for many (net/socket.c, ipc/syscall.c). */
    private static final Set<String> BY_SOCKETCALL = Set.of("socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername",
            "socketpair", "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg",
            "sendmmsg");
    private static final Set<String> BY_IPC = Set.of("semget", "semctl", "semtimedop", "msgsnd", "msgrcv", "msgget", "msgctl", "shmat",
            "shmdt", "shmget", "shmctl");

    SystemCallEntries {
        functions = List.copyOf(functions);
        unseen = List.copyOf(unseen);
    }

    /** The entries of a call on a node for some programs; no functions where its kernel does not have the call. */
    static SystemCallEntries of(SystemCall call, Set<Abi> abis, NodeCapabilities node) {
        Search search = new Search(node);
        if (abis.contains(Abi.BITS_64) && call.number64().isPresent()) {
            search.table("64-bit programs", names(call, "64"), List.of(PREFIX64));
            search.optional(names(call, "x32"), PREFIX_X32);
        }
        boolean has32 = abis.contains(Abi.BITS_32) && !(node.function("__ia32_sys_read") instanceof FunctionSupport.Absent);
        if (has32 && call.number32().isPresent()) {
            search.table("32-bit programs", names(call, "32"), PREFIXES32);
        }
        if (has32 && !search.found.isEmpty()) {
            through(search, call, BY_SOCKETCALL, "socketcall");
            through(search, call, BY_IPC, "ipc");
        }
        return new SystemCallEntries(List.copyOf(search.found), search.unseen);
    }

    private static void through(Search search, SystemCall call, Set<String> calls, String multiplexer) {
        if (calls.contains(call.name())) {
            search.unseen.add("32-bit programs make it through " + multiplexer + " too");
        }
    }

    /** Every name that a function of the call can have, on whatever kernel. */
    static List<String> candidates(SystemCall call) {
        List<String> candidates = new ArrayList<>();
        if (call.number64().isPresent()) {
            names(call, "64").forEach(name -> candidates.add(PREFIX64 + name));
            names(call, "x32").forEach(name -> candidates.add(PREFIX_X32 + name));
        }
        if (call.number32().isPresent()) {
            PREFIXES32.forEach(prefix -> names(call, "32").forEach(name -> candidates.add(prefix + name)));
        }
        return candidates;
    }

    /** What the call's functions are called in a table of numbers. */
    static List<String> names(SystemCall call, String table) {
        return OTHER_NAMES.getOrDefault(call.name() + " " + table, List.of(call.name()));
    }

    /** Collects what the node has. */
    private static final class Search {
        private final NodeCapabilities node;
        private final Set<KernelFunction> found = new LinkedHashSet<>();
        private final List<String> unseen = new ArrayList<>();

        private Search(NodeCapabilities node) {
            this.node = node;
        }

        void table(String who, List<String> names, List<String> prefixes) {
            List<String> blocked = new ArrayList<>();
            boolean any = false;
            for (String prefix : prefixes) {
                for (String name : names) {
                    any |= look(prefix + name, blocked);
                }
            }
            blocked.forEach(symbol -> unseen.add(who + " make it through " + symbol + ", at which no program can stand"));
            // Every call has its functions, or it is one that the kernel answers with ENOSYS.
            if (!any && blocked.isEmpty() && !found.isEmpty()) {
                unseen.add(who + " make it through a function that BPFGuard does not know");
            }
        }

        void optional(List<String> names, String prefix) {
            names.forEach(name -> look(prefix + name, new ArrayList<>()));
        }

        /** Whether a program can stand at the function; if it is there and none can, its name goes to {@code blocked}. */
        private boolean look(String symbol, List<String> blocked) {
            return switch (node.function(symbol)) {
                case FunctionSupport.Traceable _, FunctionSupport.Deniable _ -> found.add(new KernelFunction(symbol)) || true;
                case FunctionSupport.SameAs(String other) -> found.add(new KernelFunction(other)) || true;
                case FunctionSupport.Absent _ -> false;
                default -> {
                    blocked.add(symbol);
                    yield false;
                }
            };
        }
    }

    private static Map<String, List<String>> load() {
        try (InputStream in = SystemCallEntries.class.getResourceAsStream("system-call-entries")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().filter(line -> !line.startsWith("#"))
                    .map(line -> List.of(line.split(" ")))
                    .collect(Collectors.toUnmodifiableMap(columns -> columns.get(0) + " " + columns.get(1),
                            columns -> columns.get(2).equals("-") ? List.of() : columns.subList(2, columns.size())));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the table of the functions of system calls", e);
        }
    }
}
