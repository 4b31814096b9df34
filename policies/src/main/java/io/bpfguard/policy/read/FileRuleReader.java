package io.bpfguard.policy.read;

import io.bpfguard.policy.compiled.Device;
import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.DeviceRange;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.IntegerRange;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.RuleHead;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Rules on files, as programs and otherwise. Conditions that no file can meet together are refused: the rule would do nothing. */
final class FileRuleReader {
    /** What a word stands for: who may not write a file may not make, shorten or append to it either. */
    static final Map<String, Set<PathOperation>> FILE_OPERATIONS = fileOperations();
    static final Map<String, Set<PathOperation>> PROCESS_OPERATIONS = Map.of("exec", Set.of(PathOperation.EXEC), "map", Set.of(PathOperation.MAP));
    static final Map<String, FileKind> ORIGINS = Map.of("memory", FileKind.MEMORY, "deleted", FileKind.DELETED, "notInImage", FileKind.NOT_IN_IMAGE);
    static final Map<String, Boolean> OWNERS = Map.of("self", true, "other", false);
    /** Of which a rule on programs needs one. */
    static final List<String> PROCESS_CONDITIONS = List.of("paths", "arguments", "from", "origins");
    /** Of which a rule on files needs one. */
    static final List<String> FILE_CONDITIONS = List.of("paths", "from", "owner", "fileSystems", "devices", "foreignMounts");
    /** How a device's type is written. */
    static final Map<String, Device.Type> DEVICE_TYPES = Map.of("block", Device.Type.BLOCK, "char", Device.Type.CHARACTER);
    private static final Set<PathOperation> MAKING = Set.of(PathOperation.CREATE, PathOperation.SYMLINK);

    private final ProblemList problems;
    private final Values values;

    FileRuleReader(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
    }

    /** The rule; what is wrong with it is in the problems, and then it is not used. */
    Optional<Rule> read(Family family, Optional<RuleHead> head, Fields fields, String owner) {
        return family == Family.PROCESSES ? process(head, fields, owner) : file(head, fields, owner);
    }

    private Optional<Rule> process(Optional<RuleHead> head, Fields fields, String owner) {
        Optional<YamlNode> arguments = fields.take("arguments");
        List<Located<Glob>> paths = globs(fields, owner, "paths", Glob.Kind.PATH);
        List<Located<Glob>> argumentGlobs = arguments.map(node -> values.globs(node, owner + ".arguments", Glob.Kind.TEXT)).orElse(List.of());
        List<Located<Glob>> from = globs(fields, owner, "from", Glob.Kind.PATH);
        Set<FileKind> origins = fields.take("origins").map(node -> words(node, owner + ".origins", ORIGINS)).orElse(Set.of());
        Set<PathOperation> operations = operations(fields, owner, PROCESS_OPERATIONS, Set.of(PathOperation.EXEC));
        requireOne(fields, owner, PROCESS_CONDITIONS);
        if (operations.contains(PathOperation.MAP)) {
            arguments.ifPresent(node -> problems.add(node.at(), owner
                    + " has arguments, which a program has when it is run, and operations with map, where there are none; write two rules"));
        }
        return head.map(present -> new Rule.Processes(present, paths, argumentGlobs, from, origins, operations));
    }

    private Optional<Rule> file(Optional<RuleHead> head, Fields fields, String owner) {
        List<Located<Glob>> paths = globs(fields, owner, "paths", Glob.Kind.PATH);
        Set<PathOperation> operations = operations(fields, owner, FILE_OPERATIONS, PathOperation.OF_FILES);
        List<Located<Glob>> from = globs(fields, owner, "from", Glob.Kind.PATH);
        Optional<Located<Boolean>> own = fields.take("owner").flatMap(node -> values.word(node, owner + ".owner", OWNERS));
        List<Located<Glob>> fileSystems = globs(fields, owner, "fileSystems", Glob.Kind.NAME);
        List<DeviceRange> devices = fields.take("devices").map(node -> values.each(node, owner + ".devices", this::device)).orElse(List.of());
        boolean foreignMount = fields.take("foreignMounts").map(node -> isTrue(node, owner + ".foreignMounts")).orElse(false);
        requireOne(fields, owner, FILE_CONDITIONS);
        own.filter(self -> !self.value() && !operations.isEmpty() && MAKING.containsAll(operations)).ifPresent(other -> problems.add(other.at(), owner
                + " is about making files, which then belong to who makes them, so with owner other it would match nothing"));
        return head.map(present -> new Rule.Files(present, paths, operations, from, own.map(Located::value), fileSystems, devices, foreignMount));
    }

    private List<Located<Glob>> globs(Fields fields, String owner, String key, Glob.Kind kind) {
        return fields.take(key).map(node -> values.globs(node, owner + "." + key, kind)).orElse(List.of());
    }

    private void requireOne(Fields fields, String owner, List<String> keys) {
        for (String key : keys) {
            if (fields.take(key).isPresent()) {
                return;
            }
        }
        problems.add(fields.at(), owner + " does not say what it is about; it needs at least one of " + String.join(", ", keys));
    }

    private Set<PathOperation> operations(Fields fields, String owner, Map<String, Set<PathOperation>> words, Set<PathOperation> otherwise) {
        return fields.take("operations").map(node -> {
            Set<PathOperation> operations = EnumSet.noneOf(PathOperation.class);
            for (Located<String> text : values.texts(node, owner + ".operations")) {
                values.word(text, "an entry of " + owner + ".operations", words).ifPresent(meant -> {
                    if (!operations.addAll(meant.value())) {
                        problems.add(text.at(), owner + ".operations has " + text.value() + " twice, or as a part of another entry");
                    }
                });
            }
            return operations;
        }).orElse(otherwise);
    }

    private <T> Set<T> words(YamlNode node, String owner, Map<String, T> words) {
        Set<T> set = new LinkedHashSet<>();
        for (Located<String> text : values.texts(node, owner)) {
            values.word(text, "an entry of " + owner, words).ifPresent(word -> {
                if (!set.add(word.value())) {
                    problems.add(text.at(), owner + " has " + text.value() + " twice");
                }
            });
        }
        return set;
    }

    /** A device as rules and tests name it: {@code {type: block, major: 8, minors: 0-15}}. */
    private Optional<DeviceRange> device(YamlNode node, String owner) {
        return Fields.of(node, owner, problems).flatMap(fields -> {
            Optional<Device.Type> type = fields.require("type").flatMap(word -> values.word(word, owner + ".type", DEVICE_TYPES)).map(Located::value);
            Optional<YamlNode> majorNode = fields.take("major");
            Optional<YamlNode> minorsNode = fields.take("minors");
            Optional<IntegerRange> major = range(majorNode, owner + ".major", Device.MAX_MAJOR);
            Optional<IntegerRange> minors = range(minorsNode, owner + ".minors", Device.MAX_MINOR);
            if (majorNode.isEmpty()) {
                minorsNode.ifPresent(present -> problems.add(present.at(), owner + " has minors and no major: minor numbers mean something else for each"));
            }
            fields.refuseOthers();
            return type.flatMap(t -> major.flatMap(first -> minors.map(second -> new DeviceRange(t, first, second))));
        });
    }

    /** All numbers where nothing is said; empty where something wrong is. */
    private Optional<IntegerRange> range(Optional<YamlNode> node, String owner, int max) {
        return node.isEmpty() ? Optional.of(new IntegerRange(0, max)) : values.range(node.get(), owner, max);
    }

    private boolean isTrue(YamlNode node, String owner) {
        if (node instanceof YamlNode.Scalar(String text, boolean quoted, _) && !quoted && text.equals("true")) {
            return true;
        }
        problems.add(node.at(), owner + " can only be true, not " + node.what() + "; leave the key out where mounts do not matter");
        return false;
    }

    private static Map<String, Set<PathOperation>> fileOperations() {
        Map<String, Set<PathOperation>> words = new LinkedHashMap<>();
        words.put("read", Set.of(PathOperation.READ));
        words.put("write", Set.of(PathOperation.WRITE, PathOperation.APPEND, PathOperation.CREATE, PathOperation.TRUNCATE));
        words.put("modify", PathOperation.MODIFYING);
        for (PathOperation operation : PathOperation.MODIFYING.stream().sorted().toList()) {
            words.putIfAbsent(operation.name().toLowerCase(Locale.ROOT), Set.of(operation));
        }
        return words;
    }
}
