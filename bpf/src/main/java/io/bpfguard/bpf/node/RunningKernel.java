package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.KernelBtf;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.libbpf.ProgramProbe;
import io.bpfguard.bpf.libbpf.ProgramProbe.Kind;
import io.bpfguard.policy.check.FunctionSupport;
import io.bpfguard.policy.check.KernelType;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** What the running kernel can do, by its BTF and by trying. Thread-safe. */
public final class RunningKernel implements NodeCapabilities, AutoCloseable {
    private static final Path KALLSYMS = Path.of("/proc/kallsyms");
    private static final Path SYS = Path.of("/sys");

    private final ReentrantLock lock = new ReentrantLock();
    private final KernelBtf btf;
    private final ProgramProbe probe;
    private final ModulePrograms modulePrograms;
    private final KernelModules modules;
    private final String release;
    private final boolean skips;
    /** Answers for hooks, and for functions of the kernel proper, do not change. */
    private final Map<String, Boolean> hooks = new ConcurrentHashMap<>();
    private final Map<String, FunctionSupport> functions = new ConcurrentHashMap<>();
    private Set<String> lsmHooks;
    private Set<String> functionNames;
    /** Tens of megabytes that are needed while policies are checked, and seldom then. */
    private SoftReference<KernelSymbols> symbols = new SoftReference<>(null);

    /**
     * Reads the kernel's BTF.
     *
     * @throws io.bpfguard.bpf.libbpf.BpfUnavailable if there is none
     */
    public RunningKernel(Libbpf libbpf) {
        btf = KernelBtf.load(libbpf);
        probe = new ProgramProbe(btf);
        modulePrograms = new ModulePrograms(libbpf);
        try {
            release = Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
        } catch (IOException failure) {
            throw new UncheckedIOException("reading the kernel's release", failure);
        }
        modules = new KernelModules(Path.of("/lib/modules", release), SYS);
        skips = new Preemption(Path.of("/")).isPossible();
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
        return hooks.computeIfAbsent(name, _ -> returnsInt(name) && probe.refusal(Kind.LSM, name).isEmpty());
    }

    private boolean returnsInt(String hook) {
        return btf.lsmHook(hook).map(prototype -> prototype.returns().equals("int")).orElse(false);
    }

    @Override
    public FunctionSupport function(KernelFunction function) {
        String module = function.module();
        KernelModules.State state = module.isEmpty() ? KernelModules.State.BUILT_IN : modules.state(module);
        return switch (state) {
            case UNKNOWN -> new FunctionSupport.NoSuchModule();
            case BUILT_IN -> functions.computeIfAbsent(function.kernelName(), this::inKernel);
            case LIVE -> inLoadedModule(function);
            case NOT_LOADED -> inModuleFile(function);
        };
    }

    private FunctionSupport inKernel(String name) {
        if (!btf.hasFunction(name)) {
            return withoutBtf(name);
        }
        int count = symbols().count("", name);
        if (count > 1) {
            return new FunctionSupport.Forbidden("the kernel has " + count
                    + " functions of this name in different source files, and a program would stand at one of them only");
        }
        Optional<String> refusal = probe.refusalToAttach(Kind.FENTRY, name);
        if (refusal.isPresent()) {
            return new FunctionSupport.Forbidden(refusal.get());
        }
        return probe.refusal(Kind.FMOD_RET, name).isEmpty() ? FunctionSupport.DENIABLE : FunctionSupport.TRACEABLE;
    }

    private FunctionSupport withoutBtf(String name) {
        KernelSymbols known = symbols();
        if (known.count("", name) > 0) {
            Optional<String> other = known.sameCode(name).stream().filter(btf::hasFunction).findFirst();
            return other.<FunctionSupport>map(FunctionSupport.SameAs::new).orElse(FunctionSupport.WITHOUT_TYPES);
        }
        List<String> suffixed = known.suffixed("", name);
        if (!suffixed.isEmpty()) {
            return new FunctionSupport.Suffixed(suffixed);
        }
        return known.modules(name).stream().findFirst().<FunctionSupport>map(FunctionSupport.InModule::new).orElse(FunctionSupport.ABSENT);
    }

    private FunctionSupport inLoadedModule(KernelFunction function) {
        if (modules.described(function.module(), btf).contains(function.kernelName())) {
            return modulePrograms.refusal(function).<FunctionSupport>map(FunctionSupport.Forbidden::new).orElse(FunctionSupport.TRACEABLE);
        }
        KernelSymbols now = KernelSymbols.read(KALLSYMS);
        return absentFrom(now.count(function.module(), function.kernelName()) > 0, now.suffixed(function.module(), function.kernelName()));
    }

    private FunctionSupport inModuleFile(KernelFunction function) {
        try {
            String name = function.kernelName();
            Optional<ModuleFile> file = modules.file(function.module(), btf);
            if (file.isEmpty() || file.get().described().contains(name)) {
                return new FunctionSupport.Waiting(file.isPresent());
            }
            Set<String> symbols = file.get().symbols();
            return absentFrom(symbols.contains(name), symbols.stream()
                    .filter(symbol -> symbol.startsWith(name + ".") && !symbol.endsWith(".cold")).sorted().toList());
        } catch (IOException failure) {
            throw new UncheckedIOException("reading the module " + function.module(), failure);
        }
    }

    private static FunctionSupport absentFrom(boolean isSymbol, List<String> suffixed) {
        if (isSymbol) {
            return FunctionSupport.WITHOUT_TYPES;
        }
        return suffixed.isEmpty() ? FunctionSupport.ABSENT : new FunctionSupport.Suffixed(suffixed);
    }

    @Override
    public Set<String> functions() {
        lock.lock();
        try {
            if (functionNames == null) {
                functionNames = new HashSet<>(btf.functions(""));
            }
            return functionNames;
        } finally {
            lock.unlock();
        }
    }

    /** Of functions of modules the types are not read. */
    @Override
    public Optional<List<KernelType.Parameter>> parameters(HookPoint hook) {
        return (switch (hook) {
            case LsmHook lsm -> btf.lsmHookParameters(lsm.kernelName());
            case KernelFunction function when !function.module().isEmpty() -> Optional.<List<KernelBtf.TypedParameter>>empty();
            case KernelFunction function -> btf.parameters(function.kernelName());
            case FunctionProgram program -> btf.parameters(program.kernelName());
        }).map(NodeTypes::parameters);
    }

    @Override
    public Set<String> modules() {
        return modules.names();
    }

    @Override
    public boolean skipsFunctionPrograms() {
        return skips;
    }

    /** Whether a module is loaded, so that programs can be attached to its functions, or is part of the kernel. */
    public boolean isLive(String module) {
        return switch (modules.state(module)) {
            case LIVE, BUILT_IN -> true;
            case NOT_LOADED, UNKNOWN -> false;
        };
    }

    /** Whether programs can be attached to functions of modules: tried at one function of one loaded module. */
    public NodeReport.Capability moduleFunctions() {
        String name = "watchModuleFunctions";
        for (String module : modules.names()) {
            Optional<String> function = isLive(module) ? modules.described(module, btf).stream().sorted().findFirst() : Optional.empty();
            if (function.isPresent()) {
                KernelFunction tried = new KernelFunction(module, function.get());
                Optional<String> refusal = modulePrograms.refusal(tried);
                return new NodeReport.Capability(name, refusal.isEmpty(), refusal.isEmpty()
                        ? "calls of functions of modules can be seen (tried at " + tried.label() + ")"
                        : "no program can be attached to " + tried.label() + ": " + refusal.get());
            }
        }
        return new NodeReport.Capability(name, false, "no loaded module has BTF to try it with");
    }

    private KernelSymbols symbols() {
        lock.lock();
        try {
            KernelSymbols known = symbols.get();
            if (known == null) {
                known = KernelSymbols.read(KALLSYMS);
                symbols = new SoftReference<>(known);
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        btf.close();
    }
}
