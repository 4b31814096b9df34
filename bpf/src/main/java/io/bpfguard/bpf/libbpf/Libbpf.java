package io.bpfguard.bpf.libbpf;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loaded library. It stays loaded for the life of the process; one instance is enough, and it may be shared by threads.
 *
 * <p>What libbpf prints goes to this class's logger (warnings at WARN, the rest at DEBUG and TRACE), except during a call whose failure carries it in the
 * exception.
 */
public final class Libbpf {
    /** The name that the dynamic linker finds on a node; {@code libbpf.so} exists only where the development package is installed. */
    public static final String LIBRARY = "libbpf.so.1";

    static final String REMEDY = "install libbpf1 >= 1.1 (Debian: apt install libbpf1; Fedora: dnf install libbpf)";

    private static final Logger LOG = LoggerFactory.getLogger(Libbpf.class);

    /** Set while this thread collects libbpf's words instead of logging them; libbpf prints on the thread that called it. */
    private static final ThreadLocal<StringBuilder> COLLECTED = new ThreadLocal<>();

    private final LibbpfCalls calls;
    private final Printer printer;
    private final String version;

    /**
     * Loads {@value #LIBRARY}.
     *
     * @throws BpfUnavailable if it is missing or older than 1.1
     */
    public Libbpf() {
        this(LIBRARY);
    }

    /**
     * Loads a named library: what the dynamic linker finds by that name, or an absolute path.
     *
     * @throws BpfUnavailable if it is missing or older than 1.1
     */
    public Libbpf(String library) {
        Objects.requireNonNull(library, "library is null");
        SymbolLookup symbols;
        try {
            symbols = SymbolLookup.libraryLookup(library, Arena.global());
        } catch (IllegalArgumentException missing) {
            throw new BpfUnavailable("loading " + library, 0, REMEDY, missing);
        }
        checkVersion(library, symbols);
        calls = new LibbpfCalls(symbols);
        version = string(calls.libbpf_version_string());
        printer = new Printer();
        calls.libbpf_set_print(printer.stub);
    }

    /** Before anything else is bound, so that an old library is called old rather than incomplete. */
    private static void checkVersion(String library, SymbolLookup symbols) {
        int major = version(symbols, "libbpf_major_version");
        int minor = version(symbols, "libbpf_minor_version");
        if (major < 1 || (major == 1 && minor < 1)) {
            String found = major < 0 ? "a version before 1.0" : "version " + major + "." + minor;
            throw new BpfUnavailable("loading " + library, 0, "it is " + found + ", and BPFGuard needs 1.1: " + REMEDY);
        }
    }

    private static int version(SymbolLookup symbols, String function) {
        MemorySegment symbol = symbols.find(function).orElse(MemorySegment.NULL);
        if (symbol.address() == 0) {
            return -1;
        }
        MethodHandle handle = Linker.nativeLinker().downcallHandle(symbol, FunctionDescriptor.of(ValueLayout.JAVA_INT));
        try {
            return (int) handle.invokeExact();
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    /** The library's version, such as {@code v1.1.2}. */
    public String version() {
        return version;
    }

    LibbpfCalls calls() {
        return calls;
    }

    /** Runs a call and appends to {@code words} what libbpf says meanwhile, debug output excepted. */
    static <T> T collecting(StringBuilder words, Supplier<T> call) {
        StringBuilder outer = COLLECTED.get();
        COLLECTED.set(words);
        try {
            return call.get();
        } finally {
            if (outer == null) {
                COLLECTED.remove();
            } else {
                COLLECTED.set(outer);
            }
        }
    }

    /** Copies a C string whose owner keeps it alive for the call; empty for NULL. */
    static String string(MemorySegment pointer) {
        return pointer.address() == 0 ? "" : pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** libbpf's print callback. Its stub lives as long as the process, because libbpf keeps the pointer for good. */
    private static final class Printer {
        private static final int LIBBPF_WARN = 0;
        private static final int LIBBPF_INFO = 1;

        private final MethodHandle vasprintf;
        private final MethodHandle free;
        final MemorySegment stub;

        Printer() {
            Linker linker = Linker.nativeLinker();
            SymbolLookup libc = linker.defaultLookup();
            // A va_list argument is a pointer in the calling conventions of x86-64 (array that decays) and arm64 (large struct by reference).
            vasprintf = linker.downcallHandle(
                    libc.findOrThrow("vasprintf"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
            free = linker.downcallHandle(libc.findOrThrow("free"), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
            try {
                MethodHandle print = MethodHandles.lookup().findVirtual(
                        Printer.class, "print", MethodType.methodType(int.class, int.class, MemorySegment.class, MemorySegment.class));
                stub = linker.upcallStub(
                        print.bindTo(this),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
                        Arena.global());
            } catch (ReflectiveOperationException e) {
                throw new AssertionError("the callback of this class is missing", e);
            }
        }

        /** Called by libbpf. An exception that left this method would end the JVM. */
        @SuppressWarnings("unused") // through the stub
        private int print(int level, MemorySegment format, MemorySegment arguments) {
            try {
                StringBuilder collected = level <= LIBBPF_INFO ? COLLECTED.get() : null;
                if (collected != null) {
                    collected.append(text(format, arguments));
                } else if (level == LIBBPF_WARN) {
                    LOG.warn("{}", text(format, arguments).stripTrailing());
                } else if (level == LIBBPF_INFO && LOG.isDebugEnabled()) {
                    LOG.debug("{}", text(format, arguments).stripTrailing());
                } else if (LOG.isTraceEnabled()) {
                    LOG.trace("{}", text(format, arguments).stripTrailing());
                }
            } catch (Throwable ignored) {
                // Nowhere to report it: the logger itself is what may have failed.
            }
            return 0;
        }

        /** Formats with the C library, which alone can walk a va_list; the result may be a whole verifier log. */
        private String text(MemorySegment format, MemorySegment arguments) throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
                int length = (int) vasprintf.invokeExact(out, format, arguments);
                if (length < 0) {
                    return "(message of libbpf lost: out of memory)\n";
                }
                MemorySegment text = out.get(ValueLayout.ADDRESS, 0);
                try {
                    return Libbpf.string(text);
                } finally {
                    free.invokeExact(text);
                }
            }
        }
    }
}
