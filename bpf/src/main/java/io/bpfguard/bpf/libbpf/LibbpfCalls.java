package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The functions of libbpf that BPFGuard calls, by their C names; signatures from libbpf.h and btf.h of libbpf 1.1. All of them are in every 1.x from 1.1 on, so
 * all are bound at construction.
 *
 * <p>Errors, since libbpf 1.0: functions that return {@code int} return the negated error number; those that return a pointer return NULL and set errno, which
 * {@link Kernel#errno()} then holds for the ones bound with {@link #bindWithErrno}. Pointers belong to libbpf unless the wrapper that calls says otherwise.
 */
final class LibbpfCalls {
    private final Linker linker = Linker.nativeLinker();
    private final SymbolLookup library;

    private final MethodHandle libbpf_version_string;
    private final MethodHandle libbpf_set_print;

    private final MethodHandle bpf_object__open_mem;
    private final MethodHandle bpf_object__load;
    private final MethodHandle bpf_object__close;
    private final MethodHandle bpf_object__btf;
    private final MethodHandle bpf_object__next_map;
    private final MethodHandle bpf_object__next_program;
    private final MethodHandle bpf_object__find_map_by_name;

    private final MethodHandle bpf_map__name;
    private final MethodHandle bpf_map__fd;
    private final MethodHandle bpf_map__type;
    private final MethodHandle bpf_map__key_size;
    private final MethodHandle bpf_map__value_size;
    private final MethodHandle bpf_map__max_entries;
    private final MethodHandle bpf_map__map_flags;
    private final MethodHandle bpf_map__is_internal;
    private final MethodHandle bpf_map__pin_path;
    private final MethodHandle bpf_map__set_key_size;
    private final MethodHandle bpf_map__set_value_size;
    private final MethodHandle bpf_map__set_max_entries;
    private final MethodHandle bpf_map__set_inner_map_fd;
    private final MethodHandle bpf_map__reuse_fd;
    private final MethodHandle bpf_map__initial_value;

    private final MethodHandle bpf_program__name;
    private final MethodHandle bpf_program__section_name;
    private final MethodHandle bpf_program__type;
    private final MethodHandle bpf_program__expected_attach_type;
    private final MethodHandle bpf_program__fd;
    private final MethodHandle bpf_program__autoload;
    private final MethodHandle bpf_program__set_autoload;
    private final MethodHandle bpf_program__set_attach_target;
    private final MethodHandle bpf_program__attach;
    private final MethodHandle bpf_program__attach_lsm;
    private final MethodHandle bpf_program__attach_raw_tracepoint;
    private final MethodHandle bpf_program__attach_kprobe;

    private final MethodHandle bpf_link__open;
    private final MethodHandle bpf_link__fd;
    private final MethodHandle bpf_link__pin;
    private final MethodHandle bpf_link__unpin;
    private final MethodHandle bpf_link__disconnect;
    private final MethodHandle bpf_link__destroy;

    private final MethodHandle btf__load_vmlinux_btf;
    private final MethodHandle btf__raw_data;
    private final MethodHandle btf__free;

    /** @throws BpfUnavailable if a function of the 1.1 set is missing */
    LibbpfCalls(SymbolLookup library) {
        this.library = library;
        libbpf_version_string = bind("libbpf_version_string", FunctionDescriptor.of(ADDRESS));
        libbpf_set_print = bind("libbpf_set_print", FunctionDescriptor.of(ADDRESS, ADDRESS));

        bpf_object__open_mem = bindWithErrno("bpf_object__open_mem", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
        bpf_object__load = bind("bpf_object__load", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_object__close = bind("bpf_object__close", FunctionDescriptor.ofVoid(ADDRESS));
        bpf_object__btf = bind("bpf_object__btf", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_object__next_map = bind("bpf_object__next_map", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
        bpf_object__next_program = bind("bpf_object__next_program", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
        bpf_object__find_map_by_name = bindWithErrno("bpf_object__find_map_by_name", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));

        bpf_map__name = bind("bpf_map__name", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_map__fd = bind("bpf_map__fd", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_map__type = bind("bpf_map__type", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_map__key_size = bind("bpf_map__key_size", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_map__value_size = bind("bpf_map__value_size", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_map__max_entries = bind("bpf_map__max_entries", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_map__map_flags = bind("bpf_map__map_flags", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_map__pin_path = bind("bpf_map__pin_path", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_map__is_internal = bind("bpf_map__is_internal", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        bpf_map__set_key_size = bind("bpf_map__set_key_size", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        bpf_map__set_value_size = bind("bpf_map__set_value_size", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        bpf_map__set_max_entries = bind("bpf_map__set_max_entries", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        bpf_map__set_inner_map_fd = bind("bpf_map__set_inner_map_fd", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        bpf_map__reuse_fd = bind("bpf_map__reuse_fd", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        bpf_map__initial_value = bind("bpf_map__initial_value", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));

        bpf_program__name = bind("bpf_program__name", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_program__section_name = bind("bpf_program__section_name", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_program__type = bind("bpf_program__type", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_program__expected_attach_type = bind("bpf_program__expected_attach_type", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_program__fd = bind("bpf_program__fd", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_program__autoload = bind("bpf_program__autoload", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        bpf_program__set_autoload = bind("bpf_program__set_autoload", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_BOOLEAN));
        bpf_program__set_attach_target = bind("bpf_program__set_attach_target", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
        bpf_program__attach = bindWithErrno("bpf_program__attach", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_program__attach_lsm = bindWithErrno("bpf_program__attach_lsm", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_program__attach_raw_tracepoint = bindWithErrno("bpf_program__attach_raw_tracepoint", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
        bpf_program__attach_kprobe = bindWithErrno("bpf_program__attach_kprobe", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_BOOLEAN, ADDRESS));

        bpf_link__open = bindWithErrno("bpf_link__open", FunctionDescriptor.of(ADDRESS, ADDRESS));
        bpf_link__fd = bind("bpf_link__fd", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_link__pin = bind("bpf_link__pin", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
        bpf_link__unpin = bind("bpf_link__unpin", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        bpf_link__disconnect = bind("bpf_link__disconnect", FunctionDescriptor.ofVoid(ADDRESS));
        bpf_link__destroy = bind("bpf_link__destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));

        btf__load_vmlinux_btf = bindWithErrno("btf__load_vmlinux_btf", FunctionDescriptor.of(ADDRESS));
        btf__raw_data = bindWithErrno("btf__raw_data", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
        btf__free = bind("btf__free", FunctionDescriptor.ofVoid(ADDRESS));
    }

    private MethodHandle bind(String name, FunctionDescriptor signature, Linker.Option... options) {
        MemorySegment symbol = library.find(name).orElseThrow(
                () -> new BpfUnavailable("binding " + name, 0, "the loaded libbpf does not have this function: " + Libbpf.REMEDY));
        return linker.downcallHandle(symbol, signature, options);
    }

    private MethodHandle bindWithErrno(String name, FunctionDescriptor signature) {
        return bind(name, signature, Linker.Option.captureCallState("errno"));
    }

    MemorySegment libbpf_version_string() {
        try {
            return (MemorySegment) libbpf_version_string.invokeExact();
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment libbpf_set_print(MemorySegment callback) {
        try {
            return (MemorySegment) libbpf_set_print.invokeExact(callback);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_object__open_mem(MemorySegment image, long size, MemorySegment opts) {
        try {
            return (MemorySegment) bpf_object__open_mem.invokeExact(Kernel.callState(), image, size, opts);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_object__load(MemorySegment object) {
        try {
            return (int) bpf_object__load.invokeExact(object);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    void bpf_object__close(MemorySegment object) {
        try {
            bpf_object__close.invokeExact(object);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_object__btf(MemorySegment object) {
        try {
            return (MemorySegment) bpf_object__btf.invokeExact(object);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_object__next_map(MemorySegment object, MemorySegment map) {
        try {
            return (MemorySegment) bpf_object__next_map.invokeExact(object, map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_object__next_program(MemorySegment object, MemorySegment program) {
        try {
            return (MemorySegment) bpf_object__next_program.invokeExact(object, program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_object__find_map_by_name(MemorySegment object, MemorySegment name) {
        try {
            return (MemorySegment) bpf_object__find_map_by_name.invokeExact(Kernel.callState(), object, name);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_map__name(MemorySegment map) {
        try {
            return (MemorySegment) bpf_map__name.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_map__pin_path(MemorySegment map) {
        try {
            return (MemorySegment) bpf_map__pin_path.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__fd(MemorySegment map) {
        try {
            return (int) bpf_map__fd.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__type(MemorySegment map) {
        try {
            return (int) bpf_map__type.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__key_size(MemorySegment map) {
        try {
            return (int) bpf_map__key_size.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__value_size(MemorySegment map) {
        try {
            return (int) bpf_map__value_size.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__max_entries(MemorySegment map) {
        try {
            return (int) bpf_map__max_entries.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__map_flags(MemorySegment map) {
        try {
            return (int) bpf_map__map_flags.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    boolean bpf_map__is_internal(MemorySegment map) {
        try {
            return (boolean) bpf_map__is_internal.invokeExact(map);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__set_key_size(MemorySegment map, int size) {
        try {
            return (int) bpf_map__set_key_size.invokeExact(map, size);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__set_value_size(MemorySegment map, int size) {
        try {
            return (int) bpf_map__set_value_size.invokeExact(map, size);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__set_max_entries(MemorySegment map, int count) {
        try {
            return (int) bpf_map__set_max_entries.invokeExact(map, count);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__set_inner_map_fd(MemorySegment map, int fd) {
        try {
            return (int) bpf_map__set_inner_map_fd.invokeExact(map, fd);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_map__reuse_fd(MemorySegment map, int fd) {
        try {
            return (int) bpf_map__reuse_fd.invokeExact(map, fd);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_map__initial_value(MemorySegment map, MemorySegment size) {
        try {
            return (MemorySegment) bpf_map__initial_value.invokeExact(map, size);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_program__name(MemorySegment program) {
        try {
            return (MemorySegment) bpf_program__name.invokeExact(program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_program__section_name(MemorySegment program) {
        try {
            return (MemorySegment) bpf_program__section_name.invokeExact(program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_program__type(MemorySegment program) {
        try {
            return (int) bpf_program__type.invokeExact(program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_program__expected_attach_type(MemorySegment program) {
        try {
            return (int) bpf_program__expected_attach_type.invokeExact(program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_program__fd(MemorySegment program) {
        try {
            return (int) bpf_program__fd.invokeExact(program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    boolean bpf_program__autoload(MemorySegment program) {
        try {
            return (boolean) bpf_program__autoload.invokeExact(program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_program__set_autoload(MemorySegment program, boolean autoload) {
        try {
            return (int) bpf_program__set_autoload.invokeExact(program, autoload);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_program__set_attach_target(MemorySegment program, int fd, MemorySegment function) {
        try {
            return (int) bpf_program__set_attach_target.invokeExact(program, fd, function);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_program__attach(MemorySegment program) {
        try {
            return (MemorySegment) bpf_program__attach.invokeExact(Kernel.callState(), program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_program__attach_lsm(MemorySegment program) {
        try {
            return (MemorySegment) bpf_program__attach_lsm.invokeExact(Kernel.callState(), program);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_program__attach_raw_tracepoint(MemorySegment program, MemorySegment name) {
        try {
            return (MemorySegment) bpf_program__attach_raw_tracepoint.invokeExact(Kernel.callState(), program, name);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_program__attach_kprobe(MemorySegment program, boolean retprobe, MemorySegment function) {
        try {
            return (MemorySegment) bpf_program__attach_kprobe.invokeExact(Kernel.callState(), program, retprobe, function);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment bpf_link__open(MemorySegment path) {
        try {
            return (MemorySegment) bpf_link__open.invokeExact(Kernel.callState(), path);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_link__fd(MemorySegment link) {
        try {
            return (int) bpf_link__fd.invokeExact(link);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_link__pin(MemorySegment link, MemorySegment path) {
        try {
            return (int) bpf_link__pin.invokeExact(link, path);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_link__unpin(MemorySegment link) {
        try {
            return (int) bpf_link__unpin.invokeExact(link);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    void bpf_link__disconnect(MemorySegment link) {
        try {
            bpf_link__disconnect.invokeExact(link);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    int bpf_link__destroy(MemorySegment link) {
        try {
            return (int) bpf_link__destroy.invokeExact(link);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment btf__load_vmlinux_btf() {
        try {
            return (MemorySegment) btf__load_vmlinux_btf.invokeExact(Kernel.callState());
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    MemorySegment btf__raw_data(MemorySegment btf, MemorySegment size) {
        try {
            return (MemorySegment) btf__raw_data.invokeExact(Kernel.callState(), btf, size);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }

    void btf__free(MemorySegment btf) {
        try {
            btf__free.invokeExact(btf);
        } catch (Throwable thrown) {
            throw Kernel.impossible(thrown);
        }
    }
}
