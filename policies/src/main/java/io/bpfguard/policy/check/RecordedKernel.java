package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.KernelFunction;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Pattern;

/**
 * What a kernel could do when it was asked, written down to check policies where no such kernel runs: its LSM hooks, and what can
 * be done at the functions that {@link #reference()} names. Of any other function it assumes that it can be watched; a caller who
 * must not rely on that looks at {@link #assumed()} afterwards. Thread-safe.
 *
 * <p>The text has a line for each answer, or for many names with the same answer: a word and names.
 */
public final class RecordedKernel implements NodeCapabilities {
    /** The kernels of the Debian releases, oldest first; recorded by {@code bpfguard doctor --record}. */
    public static final List<String> NAMES = List.of("6.1", "6.12", "7.2");

    private static final String RELEASE = "release";
    private static final String SKIPS = "skips-function-programs";
    private static final String LSM = "lsm";
    private static final Map<String, FunctionSupport> PLAIN = Map.of("deniable", FunctionSupport.DENIABLE, "traceable",
            FunctionSupport.TRACEABLE, "absent", FunctionSupport.ABSENT, "without-types", FunctionSupport.WITHOUT_TYPES, "waiting",
            new FunctionSupport.Waiting(true), "no-module", new FunctionSupport.NoSuchModule());
    private static final int WIDTH = 120;
    /** All functions at which system calls begin were looked for; one that is not written down is not there. */
    private static final Pattern ENTRY = Pattern.compile("__(x64|ia32|do)_(compat_)?sys_.*");

    private final String release;
    private final boolean skips;
    private final Set<String> lsmHooks;
    private final Map<KernelFunction, FunctionSupport> functions;
    private final Set<KernelFunction> assumed = new ConcurrentSkipListSet<>(java.util.Comparator.comparing(KernelFunction::label));

    private RecordedKernel(String text) {
        String foundRelease = "";
        boolean foundSkips = true;
        Set<String> hooks = new TreeSet<>();
        Map<KernelFunction, FunctionSupport> found = new HashMap<>();
        for (String line : text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList()) {
            String[] words = line.split(" ");
            List<String> names = List.of(words).subList(1, words.length);
            switch (words[0]) {
                case RELEASE -> foundRelease = words[1];
                case SKIPS -> foundSkips = words[1].equals("yes");
                case LSM -> hooks.addAll(names);
                case "suffixed" -> found.put(KernelFunction.of(words[1]), new FunctionSupport.Suffixed(names.subList(1, names.size())));
                case "same" -> found.put(KernelFunction.of(words[1]), new FunctionSupport.SameAs(words[2]));
                case "in-module" -> found.put(KernelFunction.of(words[1]), new FunctionSupport.InModule(words[2]));
                case "forbidden" -> found.put(KernelFunction.of(words[1]),
                        new FunctionSupport.Forbidden(String.join(" ", names.subList(1, names.size()))));
                default -> {
                    FunctionSupport support = PLAIN.get(words[0]);
                    if (support == null) {
                        throw new IllegalArgumentException("a recorded kernel has no lines of \"" + words[0] + "\"");
                    }
                    names.forEach(name -> found.put(KernelFunction.of(name), support));
                }
            }
        }
        release = foundRelease;
        skips = foundSkips;
        lsmHooks = Set.copyOf(hooks);
        functions = Map.copyOf(found);
    }

    /**
     * One of {@link #NAMES}.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static RecordedKernel of(String name) {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException("no kernel " + name + " was recorded; there are " + String.join(", ", NAMES));
        }
        return read(resource("kernels/" + name));
    }

    /** Reads what {@link #record} wrote. */
    public static RecordedKernel read(String text) {
        return new RecordedKernel(text);
    }

    /** Asks a node about all its hooks and the {@linkplain #reference() functions of reference}, and writes the answers down. */
    public static String record(NodeCapabilities node) {
        Map<String, Set<String>> plain = new TreeMap<>();
        Set<String> single = new TreeSet<>();
        for (KernelFunction function : reference()) {
            FunctionSupport support = node.function(function);
            if (!function.module().isEmpty() && support instanceof FunctionSupport.Traceable) {
                // Whether a module happens to be loaded is no property of the kernel.
                support = new FunctionSupport.Waiting(true);
            }
            switch (support) {
                case FunctionSupport.Suffixed(var symbols) -> single.add("suffixed " + function.label() + " " + String.join(" ", symbols));
                case FunctionSupport.SameAs(var other) -> {
                    single.add("same " + function.label() + " " + other);
                    addPlain(plain, new KernelFunction(other), node.function(other));
                }
                case FunctionSupport.InModule(var module) -> single.add("in-module " + function.label() + " " + module);
                case FunctionSupport.Forbidden(var reason) -> single.add("forbidden " + function.label() + " " + reason);
                default -> addPlain(plain, function, support);
            }
        }
        Set<String> hooks = new TreeSet<>();
        node.lsmHooks().stream().filter(node::hasLsmHook).forEach(hooks::add);
        StringBuilder text = new StringBuilder("# Written by bpfguard doctor --record.\n");
        text.append(RELEASE).append(' ').append(node.kernelRelease()).append('\n');
        text.append(SKIPS).append(' ').append(node.skipsFunctionPrograms() ? "yes" : "no").append('\n');
        append(text, LSM, hooks);
        plain.forEach((word, names) -> append(text, word, names));
        single.forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    private static void addPlain(Map<String, Set<String>> plain, KernelFunction function, FunctionSupport support) {
        if (support instanceof FunctionSupport.Absent && ENTRY.matcher(function.label()).matches()) {
            return;
        }
        String word = PLAIN.entrySet().stream().filter(entry -> entry.getValue().equals(support)).map(Map.Entry::getKey).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no word for " + support));
        plain.computeIfAbsent(word, _ -> new TreeSet<>()).add(function.label());
    }

    private static void append(StringBuilder text, String word, Collection<String> names) {
        StringBuilder line = new StringBuilder(word);
        for (String name : names) {
            if (line.length() + 1 + name.length() > WIDTH) {
                text.append(line).append('\n');
                line = new StringBuilder(word);
            }
            line.append(' ').append(name);
        }
        text.append(line).append('\n');
    }

    /** The functions that are looked for: where system calls begin, those with known gates, and some that are often thought of. */
    public static List<KernelFunction> reference() {
        Set<String> names = new TreeSet<>();
        for (String call : SystemCalls.names()) {
            names.addAll(SystemCallEntries.candidates(SystemCalls.named(call).orElseThrow()));
        }
        FunctionGates.functions().forEach(function -> names.add(function.label()));
        resource("reference-functions").lines().filter(line -> !line.startsWith("#")).forEach(names::add);
        return names.stream().map(KernelFunction::of).toList();
    }

    /** The functions that were asked about and not recorded. */
    public List<KernelFunction> assumed() {
        return new ArrayList<>(assumed);
    }

    @Override
    public String kernelRelease() {
        return release;
    }

    @Override
    public Set<String> lsmHooks() {
        return lsmHooks;
    }

    @Override
    public FunctionSupport function(KernelFunction function) {
        FunctionSupport known = functions.get(function);
        if (known != null) {
            return known;
        }
        if (ENTRY.matcher(function.label()).matches()) {
            return FunctionSupport.ABSENT;
        }
        assumed.add(function);
        return function.module().isEmpty() ? FunctionSupport.TRACEABLE : new FunctionSupport.Waiting(false);
    }

    @Override
    public Set<String> functions() {
        Set<String> names = new HashSet<>();
        functions.forEach((function, support) -> {
            if (!(support instanceof FunctionSupport.Absent) && function.module().isEmpty()) {
                names.add(function.kernelName());
            }
        });
        return names;
    }

    @Override
    public Set<String> modules() {
        Set<String> names = new HashSet<>();
        functions.keySet().stream().map(KernelFunction::module).filter(module -> !module.isEmpty()).forEach(names::add);
        return names;
    }

    @Override
    public boolean skipsFunctionPrograms() {
        return skips;
    }

    /** Types are a node's: some hundred thousand for each kernel. */
    @Override
    public boolean knowsParameters() {
        return false;
    }

    /** Programs are files of a node. */
    @Override
    public ProgramSupport program(String file) {
        return new ProgramSupport.Unseen();
    }

    private static String resource(String name) {
        try (InputStream in = RecordedKernel.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name, e);
        }
    }
}
