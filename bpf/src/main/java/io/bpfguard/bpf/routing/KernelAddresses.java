package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Kallsyms;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Where the kernel proper has the variables and functions that programs ask for by a constant {@code address_of_NAME}. Read
 * once: libbpf would read all symbols again for every object with a {@code __ksym}. Not thread-safe.
 */
final class KernelAddresses {
    private static final String PREFIX = "address_of_";
    /** Without these nothing tells that a path changed while it was read. */
    private static final Set<String> REQUIRED = Set.of("rename_lock", "mount_lock");
    /** What some kernels do not have. */
    private static final Set<String> OPTIONAL = Set.of("file_set_fsnotify_mode", "page_offset_base", "pgdir_shift", "physical_mask");

    private final Path kallsyms;
    private Map<String, Long> addresses = Map.of();

    /** @param kallsyms a file like {@code /proc/kallsyms}, read at the first use */
    KernelAddresses(Path kallsyms) {
        this.kallsyms = kallsyms;
    }

    /**
     * Sets what the object, not yet loaded, asks for.
     *
     * @throws RoutingException if a required one is not there, or one is hidden or there twice
     */
    void setIn(BpfObject object) {
        object.constants().stream().filter(constant -> constant.startsWith(PREFIX))
                .forEach(constant -> object.setConstant(constant, of(constant.substring(PREFIX.length()))));
    }

    /** The address of a symbol; 0 for an optional one that is not there. */
    long of(String symbol) {
        if (!REQUIRED.contains(symbol) && !OPTIONAL.contains(symbol)) {
            throw new IllegalArgumentException("a program asks for the address of " + symbol + ", which is not on the list");
        }
        if (addresses.isEmpty()) {
            addresses = read();
        }
        long address = addresses.getOrDefault(symbol, 0L);
        if (address == 0 && (addresses.containsKey(symbol) || REQUIRED.contains(symbol))) {
            throw new RoutingException(addresses.containsKey(symbol)
                    ? kallsyms + " hides the address of " + symbol + ": set kernel.kptr_restrict to 1, and leave CAP_SYSLOG to the agent"
                    : kallsyms + " does not have " + symbol + ", by which BPFGuard tells that paths change: this kernel is not known, use another one");
        }
        return address;
    }

    private Map<String, Long> read() {
        var found = new HashMap<String, Long>();
        Kallsyms.read(kallsyms, symbol -> {
            if (symbol.module().isEmpty() && (REQUIRED.contains(symbol.name()) || OPTIONAL.contains(symbol.name()))) {
                Long other = found.put(symbol.name(), symbol.address());
                if (other != null && other != symbol.address()) {
                    throw new RoutingException(kallsyms + " has " + symbol.name() + " twice, and BPFGuard cannot tell which is meant: this kernel is not known, use another one");
                }
            }
        });
        return Map.copyOf(found);
    }
}
