package io.bpfguard.policy.read;

import io.bpfguard.policy.check.SystemCall;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.compiled.Device;
import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.Capability;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.MountFlags;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.select.ContainerFacts;
import io.bpfguard.policy.simulate.Attempt;
import io.bpfguard.policy.simulate.PolicyTest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads tests of policies: documents of the kind {@value #KIND}. Has no state; may be used by any thread. */
public final class PolicyTestReader {
    static final String KIND = "PolicyTest";
    private static final Map<String, PathOperation> OPERATIONS = words(PathOperation.OF_FILES);
    private static final Map<String, FileKind> KINDS = Map.of("own", FileKind.OWN, "foreignMount", FileKind.FOREIGN_MOUNT,
            "notInImage", FileKind.NOT_IN_IMAGE, "memory", FileKind.MEMORY, "deleted", FileKind.DELETED);
    private static final Map<String, Boolean> ABIS = Map.of("x86-64", false, "i386", true);

    /** What a case can try: the key that says it, and how the rest of the case is read. */
    private final Map<String, Function<Subject, Optional<Attempt>>> attempts = new LinkedHashMap<>();
    private final ProblemList problems = new ProblemList();
    private final Values values = new Values(problems);

    /** A case's key, and the case around it. */
    private record Subject(YamlNode node, Fields fields, String owner) {}

    private PolicyTestReader() {
        attempts.put("exec", subject -> text(subject).map(path -> new Attempt.UseFile(path, PathOperation.EXEC, from(subject), "",
                kinds(subject), 0, subject.fields().take("arguments").map(node -> texts(node, subject.owner() + ".arguments")).orElse(List.of()))));
        attempts.put("map", subject -> text(subject).map(path -> new Attempt.UseFile(path, PathOperation.MAP, from(subject), "", kinds(subject), 0, List.of())));
        attempts.put("file", this::file);
        attempts.put("mount", subject -> text(subject).map(type -> new Attempt.Mount(type, plain(subject, "source"), flags(subject))));
        attempts.put("capability", subject -> text(subject).flatMap(name -> capability(name, subject)));
        attempts.put("systemCall", subject -> text(subject).flatMap(name -> systemCall(name, subject)));
        attempts.put("hook", subject -> text(subject).map(name -> new Attempt.Call(new LsmHook(name))));
        attempts.put("function", subject -> text(subject).map(name -> new Attempt.Call(new KernelFunction(name))));
    }

    /** The tests in one file's content; {@code fileName} is for messages. */
    public static List<PolicyTest> read(String fileName, byte[] content) throws PolicyException {
        PolicyTestReader reader = new PolicyTestReader();
        List<PolicyTest> tests = new ArrayList<>();
        for (YamlNode document : PolicyReader.documents(fileName, content, reader.problems)) {
            reader.document(document).ifPresent(tests::add);
        }
        reader.problems.throwIfAny();
        return tests;
    }

    private Optional<PolicyTest> document(YamlNode document) {
        return Fields.of(document, "a test", problems).flatMap(fields -> {
            if (!Heading.check(fields, KIND, problems, values)) {
                return Optional.empty();
            }
            Optional<String> name = fields.require("metadata").flatMap(node -> Fields.of(node, "metadata", problems)).flatMap(metadata -> {
                Optional<Located<String>> text = metadata.require("name").flatMap(node -> values.text(node, "metadata.name"));
                metadata.refuseOthers();
                return text.map(Located::value);
            });
            Optional<Fields> spec = fields.require("spec").flatMap(node -> Fields.of(node, "spec", problems));
            fields.refuseOthers();
            return name.flatMap(text -> spec.map(inside -> spec(text, inside)));
        });
    }

    private PolicyTest spec(String name, Fields spec) {
        List<Located<String>> policies = spec.require("policies").map(node -> values.texts(node, "spec.policies")).orElse(List.of());
        ContainerFacts common = spec.take("container").map(node -> container(node, "spec.container")).orElse(container(Map.of(), Map.of()));
        List<PolicyTest.Case> cases = new ArrayList<>();
        List<YamlNode> items = spec.require("cases").map(node -> values.items(node, "spec.cases")).orElse(List.of());
        for (int i = 0; i < items.size(); i++) {
            one(items.get(i), "cases[" + i + "]", common).ifPresent(cases::add);
        }
        spec.refuseOthers();
        return new PolicyTest(name, policies, cases);
    }

    private Optional<PolicyTest.Case> one(YamlNode node, String owner, ContainerFacts common) {
        return Fields.of(node, owner, problems).flatMap(fields -> {
            Optional<String> name = fields.take("name").flatMap(text -> values.text(text, owner + ".name")).map(Located::value);
            ContainerFacts container = fields.take("container").map(text -> container(text, owner + ".container")).orElse(common);
            Optional<PolicyTest.Expectation> expected = expectation(fields, owner);
            List<String> said = attempts.keySet().stream().filter(key -> fields.take(key).isPresent()).toList();
            if (said.size() != 1) {
                problems.add(fields.at(), owner + " must try one thing, and " + (said.isEmpty() ? "tries none" : "tries " + String.join(" and ", said))
                        + " (known: " + String.join(", ", attempts.keySet()) + ")");
                return Optional.empty();
            }
            String what = said.getFirst();
            YamlNode value = fields.take(what).orElseThrow();
            Optional<Attempt> attempt = attempts.get(what).apply(new Subject(value, fields, owner));
            fields.refuseOthers();
            String label = name.orElse(what + (value instanceof YamlNode.Scalar(String text, _, _) ? " " + text : ""));
            return attempt.flatMap(tried -> expected.map(end -> new PolicyTest.Case(label, container, tried, end, fields.at())));
        });
    }

    private Optional<PolicyTest.Expectation> expectation(Fields fields, String owner) {
        OptionalInt errno = fields.take("errno").map(node -> values.errno(node, owner + ".errno")).orElse(OptionalInt.empty());
        Optional<String> rule = fields.take("rule").flatMap(node -> values.text(node, owner + ".rule")).map(Located::value);
        return fields.require("expect").flatMap(node -> values.word(node, owner + ".expect", PolicyDocument.ACTIONS))
                .map(action -> new PolicyTest.Expectation(action.value(), errno, rule));
    }

    private ContainerFacts container(YamlNode node, String owner) {
        Map<String, String> plain = new LinkedHashMap<>();
        Map<String, String> labels = new LinkedHashMap<>();
        Fields.of(node, owner, problems).ifPresent(fields -> {
            for (String key : List.of("namespace", "pod", "name", "image")) {
                fields.take(key).flatMap(text -> values.text(text, owner + "." + key)).ifPresent(text -> plain.put(key, text.value()));
            }
            fields.take("labels").ifPresent(map -> {
                if (map instanceof YamlNode.Mapping mapping) {
                    mapping.entries().forEach(entry -> values.text(entry.value(), "the value of label " + entry.key().value())
                            .ifPresent(text -> labels.put(entry.key().value(), text.value())));
                } else {
                    problems.add(map.at(), owner + ".labels must be a mapping, not " + map.what());
                }
            });
            fields.refuseOthers();
        });
        return container(plain, labels);
    }

    private static ContainerFacts container(Map<String, String> plain, Map<String, String> labels) {
        return new ContainerFacts(plain.getOrDefault("namespace", "default"), plain.getOrDefault("pod", "pod"), "", labels, Map.of(),
                plain.getOrDefault("name", "main"), Optional.ofNullable(plain.get("image")), "");
    }

    private Optional<Attempt> file(Subject subject) {
        Optional<PathOperation> operation = subject.fields().require("operation")
                .flatMap(node -> values.word(node, subject.owner() + ".operation", OPERATIONS)).map(Located::value);
        String from = from(subject);
        String fileSystem = plain(subject, "fileSystem");
        Set<FileKind> kinds = kinds(subject);
        long device = subject.fields().take("device").flatMap(node -> device(node, subject.owner() + ".device")).orElse(0L);
        return text(subject).flatMap(path -> operation.map(done -> new Attempt.UseFile(path, done, from, fileSystem, kinds, device, List.of())));
    }

    private Optional<Long> device(YamlNode node, String owner) {
        return Fields.of(node, owner, problems).flatMap(fields -> {
            Optional<Device.Type> type = fields.require("type").flatMap(word -> values.word(word, owner + ".type", FileRuleReader.DEVICE_TYPES)).map(Located::value);
            Optional<Integer> major = fields.require("major").flatMap(number -> values.integer(number, owner + ".major", Device.MAX_MAJOR));
            Optional<Integer> minor = fields.require("minor").flatMap(number -> values.integer(number, owner + ".minor", Device.MAX_MINOR));
            fields.refuseOthers();
            return type.flatMap(t -> major.flatMap(first -> minor.map(second -> Device.number(t, first, second))));
        });
    }

    private long flags(Subject subject) {
        String owner = subject.owner() + ".flags";
        return subject.fields().take("flags").map(node -> values.texts(node, owner).stream()
                .flatMap(text -> values.word(text, "an entry of " + owner, MountFlags.WORDS).stream())
                .mapToLong(flag -> flag.value().value()).reduce(0, (some, more) -> some | more)).orElse(0L);
    }

    private Optional<Attempt> capability(String name, Subject subject) {
        OptionalInt number = Capability.number(name);
        if (number.isEmpty()) {
            problems.add(subject.node().at(), "\"" + name + "\" is no capability" + Nearest.hint(Capability.bare(name), Capability.NAMES));
            return Optional.empty();
        }
        return Optional.of(new Attempt.UseCapability(number.getAsInt()));
    }

    private Optional<Attempt> systemCall(String name, Subject subject) {
        boolean compat = subject.fields().take("abi").flatMap(node -> values.word(node, subject.owner() + ".abi", ABIS)).map(Located::value).orElse(false);
        Optional<SystemCall> call = SystemCalls.named(name);
        OptionalInt number = call.map(found -> compat ? found.number32() : found.number64()).orElse(OptionalInt.empty());
        if (number.isEmpty()) {
            problems.add(subject.node().at(), "there is no " + (compat ? "32-bit" : "64-bit") + " system call \"" + name + "\""
                    + Nearest.hint(name, SystemCalls.names()));
            return Optional.empty();
        }
        return Optional.of(new Attempt.SystemCall(number.getAsInt(), compat));
    }

    private Optional<String> text(Subject subject) {
        return values.text(subject.node(), subject.owner()).map(Located::value);
    }

    private String from(Subject subject) {
        return plain(subject, "from");
    }

    private String plain(Subject subject, String key) {
        return subject.fields().take(key).flatMap(node -> values.text(node, subject.owner() + "." + key)).map(Located::value).orElse("");
    }

    private List<String> texts(YamlNode node, String owner) {
        return values.texts(node, owner).stream().map(Located::value).toList();
    }

    private Set<FileKind> kinds(Subject subject) {
        String owner = subject.owner() + ".is";
        return subject.fields().take("is").map(node -> values.texts(node, owner).stream()
                .flatMap(text -> values.word(text, "an entry of " + owner, KINDS).stream()).map(Located::value)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(FileKind.class)))).map(Set::copyOf).orElse(Set.of());
    }

    private static Map<String, PathOperation> words(Set<PathOperation> operations) {
        return operations.stream().collect(Collectors.toUnmodifiableMap(operation -> operation.name().toLowerCase(Locale.ROOT), Function.identity()));
    }
}
