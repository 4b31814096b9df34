package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.routing.Layout;
import io.bpfguard.policy.check.ProgramFile;
import io.bpfguard.policy.check.ProgramFile.Parameter;
import io.bpfguard.policy.check.ProgramFile.Place;
import io.bpfguard.policy.check.ProgramSupport;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.read.FileRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The custom programs of a directory. Each file is read at most once, so that what was checked is what is loaded; a new look at the
 * directory needs a new object. Objects are opened and not loaded: the verifier's word comes later. Thread-safe.
 */
public final class ProgramDirectory {
    /** The largest object, in bytes; with DWARF they can be large. */
    public static final int MAX_SIZE = 16 << 20;

    private static final String PARAMETERS = ".rodata.parameters";
    private static final String PROGRAM = "program";
    private static final String COMPILE = "compile it with BPFGuard's program.h";
    /** The maps that BPFGuard's headers bring along. */
    private static final Set<String> SHARED = Set.of("labels", "expected", "cgroups", "containers", "container_routes", "routes", "chains", "rulesets",
            "events", "text_buffers", "function_texts");

    private final Libbpf libbpf;
    private final Path directory;
    private final FileRules rules;
    private final Map<String, ProgramSupport> known = new HashMap<>();

    /** Looks at nothing yet; {@code rules} say who must own the files. */
    public ProgramDirectory(Libbpf libbpf, Path directory, FileRules rules) {
        this.libbpf = libbpf;
        this.directory = directory;
        this.rules = rules;
    }

    /** What is known of the program in a file. */
    public synchronized ProgramSupport program(String file) {
        return known.computeIfAbsent(file, this::read);
    }

    private ProgramSupport read(String file) {
        if (!Files.exists(directory.resolve(file), LinkOption.NOFOLLOW_LINKS)) {
            return new ProgramSupport.Refused("is not in " + directory + Nearest.hint(file, names()));
        }
        try {
            byte[] image = rules.readFile(directory, file, MAX_SIZE);
            try (BpfObject object = BpfObject.open(libbpf, image, PROGRAM)) {
                return describe(file, image, object);
            }
        } catch (PolicyException wrong) {
            return new ProgramSupport.Refused("cannot be read: " + wrong.problems().getFirst());
        } catch (BpfException | IllegalArgumentException wrong) {
            return new ProgramSupport.Refused("is no BPF object that can be used: " + wrong.getMessage());
        }
    }

    private Set<String> names() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(path -> path.getFileName().toString()).filter(name -> name.endsWith(".bpf.o")).collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException unreadable) {
            return Set.of();
        }
    }

    private static ProgramSupport describe(String file, byte[] image, BpfObject object) {
        List<BpfObject.ProgramDefinition> programs = object.programs();
        if (programs.size() != 1 || !programs.getFirst().name().equals(PROGRAM)) {
            return new ProgramSupport.Refused("has the programs " + programs.stream().map(BpfObject.ProgramDefinition::name).toList()
                    + "; it must have exactly one, made by LSM_PROGRAM, FENTRY_PROGRAM or FMOD_RET_PROGRAM of program.h");
        }
        String section = programs.getFirst().section();
        Optional<Place> place = Arrays.stream(Place.values()).filter(one -> section.startsWith(one.word() + "/")).findFirst();
        if (place.isEmpty() || section.contains(":")) {
            return new ProgramSupport.Refused("is for " + section + ", where no rule can put a program: only lsm/HOOK, fentry/FUNCTION and fmod_ret/FUNCTION,"
                    + " with functions of the kernel proper");
        }
        if (!object.constants().contains(Layout.CONSTANT) || !object.constants().contains("hook_number")) {
            return new ProgramSupport.Refused("was not made for BPFGuard, so it would end the chain of steps: " + COMPILE);
        }
        if (!Layout.matches(object)) {
            return new ProgramSupport.Refused("was compiled with the program.h of another version of BPFGuard: compile it again with this version's");
        }
        Set<String> pinned = new TreeSet<>(object.pinnedMaps());
        pinned.removeAll(SHARED);
        if (!pinned.isEmpty()) {
            return new ProgramSupport.Refused("wants to pin its maps " + pinned + "; the maps of such a program are its own and go with it");
        }
        return new ProgramSupport.Usable(new ProgramFile(file, image, place.get(), section.substring(section.indexOf('/') + 1),
                object.constants(PARAMETERS).stream().map(ProgramDirectory::parameter).toList()));
    }

    private static Parameter parameter(BpfObject.Constant constant) {
        return new Parameter(constant.name(), switch (constant.kind()) {
            case UNSIGNED -> ProgramFile.Kind.UNSIGNED;
            case SIGNED -> ProgramFile.Kind.SIGNED;
            case BOOLEAN -> ProgramFile.Kind.FLAG;
            case TEXT -> ProgramFile.Kind.TEXT;
            case OTHER -> ProgramFile.Kind.OTHER;
        }, constant.size());
    }
}
