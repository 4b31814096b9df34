package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.KernelBtf;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.check.FunctionSupport;
import io.bpfguard.policy.check.KernelType;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/** What the running kernel can do, by its BTF and by trying. Thread-safe. */
public final class RunningKernel implements NodeCapabilities, AutoCloseable {
    private static final Path KALLSYMS = Path.of("/proc/kallsyms");

    private final ReentrantLock lock = new ReentrantLock();
    private final KernelBtf btf;
    private final Attachability attachability;
    private final String release;
    private Set<String> lsmHooks;
    private Set<String> functions;

    /**
     * Reads the kernel's BTF.
     *
     * @throws io.bpfguard.bpf.libbpf.BpfUnavailable if there is none
     */
    public RunningKernel(Libbpf libbpf) {
        btf = KernelBtf.load(libbpf);
        attachability = new Attachability(libbpf);
        try {
            release = Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
        } catch (IOException failure) {
            throw new UncheckedIOException("reading the kernel's release", failure);
        }
    }

    @Override
    public String kernelRelease() {
        return release;
    }

    /** All hooks that return an int; whether one accepts a program is found out by {@link #hasLsmHook}. */
    @Override
    public Set<String> lsmHooks() {
        lock.lock();
        try {
            if (lsmHooks == null) {
                lsmHooks = new TreeSet<>();
                for (String hook : btf.lsmHooks()) {
                    if (returnsInt(hook)) {
                        lsmHooks.add(hook);
                    }
                }
            }
            return lsmHooks;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean hasLsmHook(String name) {
        return returnsInt(name) && attachability.accepts("lsm", name);
    }

    private boolean returnsInt(String hook) {
        return btf.lsmHook(hook).map(prototype -> prototype.returns().equals("int")).orElse(false);
    }

    @Override
    public FunctionSupport function(String name) {
        if (!btf.hasFunction(name)) {
            return hasSymbol(name) ? FunctionSupport.NOT_TRACEABLE : FunctionSupport.ABSENT;
        }
        if (attachability.accepts("fmod_ret", name)) {
            return FunctionSupport.DENIABLE;
        }
        return attachability.accepts("fentry", name) ? FunctionSupport.TRACEABLE : FunctionSupport.NOT_TRACEABLE;
    }

    @Override
    public Set<String> functions() {
        lock.lock();
        try {
            if (functions == null) {
                functions = new HashSet<>(btf.functions(""));
            }
            return functions;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<List<KernelType.Parameter>> parameters(HookPoint hook) {
        return (switch (hook) {
            case LsmHook lsm -> btf.lsmHookParameters(lsm.kernelName());
            case KernelFunction function -> btf.parameters(function.kernelName());
        }).map(NodeTypes::parameters);
    }

    private static boolean hasSymbol(String name) {
        try (Stream<String> lines = Files.lines(KALLSYMS, StandardCharsets.ISO_8859_1)) {
            return lines.anyMatch(line -> {
                String[] columns = line.split("\\s+");
                return columns.length > 2 && (columns[2].equals(name) || columns[2].startsWith(name + "."));
            });
        } catch (IOException failure) {
            throw new UncheckedIOException("reading " + KALLSYMS, failure);
        }
    }

    @Override
    public void close() {
        btf.close();
    }
}
