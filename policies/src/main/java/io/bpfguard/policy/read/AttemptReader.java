package io.bpfguard.policy.read;

import io.bpfguard.policy.check.GivenArguments.Given;
import io.bpfguard.policy.check.SystemCall;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.compiled.Device;
import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.model.Capability;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.MountFlags;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.simulate.Attempt;
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

/** Reads what a case of a test tries. */
final class AttemptReader {
    private static final Map<String, PathOperation> OPERATIONS = words(PathOperation.OF_FILES);
    private static final Map<String, FileKind> KINDS = Map.of("own", FileKind.OWN, "foreignMount", FileKind.FOREIGN_MOUNT,
            "notInImage", FileKind.NOT_IN_IMAGE, "memory", FileKind.MEMORY, "deleted", FileKind.DELETED);
    private static final Map<String, Boolean> ABIS = Map.of("x86-64", false, "i386", true);

    /** What a case can try: the key that says it, and how the rest of the case is read. */
    private final Map<String, Function<Subject, Optional<? extends Attempt>>> attempts = new LinkedHashMap<>();
    private final ProblemList problems;
    private final Values values;

    /** A case's key, and the case around it. */
    record Subject(YamlNode node, Fields fields, String owner) {}

    /** What is tried, and what to call it. */
    record Tried(String label, Attempt attempt) {}

    AttemptReader(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
        SocketAttempts sockets = new SocketAttempts(problems, values);
        FamilyAttempts families = new FamilyAttempts(problems, values);
        attempts.put("exec", subject -> text(subject).map(path -> new Attempt.UseFile(path, PathOperation.EXEC, from(subject), "",
                kinds(subject), 0, subject.fields().take("arguments").map(node -> texts(node, subject.owner() + ".arguments")).orElse(List.of()))));
        attempts.put("map", subject -> text(subject).map(path -> new Attempt.UseFile(path, PathOperation.MAP, from(subject), "", kinds(subject), 0, List.of())));
        attempts.put("file", this::file);
        attempts.put("network", sockets::read);
        attempts.put("mount", subject -> text(subject).map(type -> new Attempt.Mount(type, plain(subject, "source"), flags(subject))));
        attempts.put("capability", subject -> text(subject).flatMap(name -> capability(name, subject)));
        attempts.put("namespace", families::namespace);
        attempts.put("tracing", families::tracing);
        attempts.put("kernelModule", families::kernelModule);
        attempts.put("bpf", families::bpf);
        attempts.put("key", families::key);
        attempts.put("ioUring", families::ring);
        attempts.put("signal", this::signal);
        attempts.put("systemCall", subject -> text(subject).flatMap(name -> systemCall(name, subject)));
        attempts.put("hook", subject -> text(subject).map(name -> call(new LsmHook(name), subject)));
        attempts.put("function", subject -> text(subject).map(name -> call(new KernelFunction(plain(subject, "module").replace('-', '_'), name), subject)));
    }

    /** The one thing that a case tries; empty where something is wrong with it. */
    Optional<Tried> read(Fields fields, String owner) {
        List<String> said = attempts.keySet().stream().filter(key -> fields.take(key).isPresent()).toList();
        if (said.size() != 1) {
            problems.add(fields.at(), owner + " must try one thing, and " + (said.isEmpty() ? "tries none" : "tries " + String.join(" and ", said))
                    + " (known: " + String.join(", ", attempts.keySet()) + ")");
            return Optional.empty();
        }
        String what = said.getFirst();
        YamlNode value = fields.take(what).orElseThrow();
        Optional<? extends Attempt> attempt = attempts.get(what).apply(new Subject(value, fields, owner));
        fields.refuseOthers();
        return attempt.map(tried -> new Tried(what + (value instanceof YamlNode.Scalar(String text, _, _) ? " " + text : ""), tried));
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
        List<Given> arguments = given(subject);
        Optional<SystemCall> call = SystemCalls.named(name).filter(found -> (compat ? found.number32() : found.number64()).isPresent());
        if (call.isEmpty()) {
            problems.add(subject.node().at(), "there is no " + (compat ? "32-bit" : "64-bit") + " system call \"" + name + "\""
                    + Nearest.hint(name, SystemCalls.names()));
        }
        return call.map(found -> new Attempt.UseSystemCall(found, compat, arguments));
    }

    private Attempt call(HookPoint point, Subject subject) {
        return new Attempt.Call(point, subject.node().at(), given(subject));
    }

    /** Values of arguments by the names that conditions use. */
    private List<Given> given(Subject subject) {
        String owner = subject.owner() + ".arguments";
        List<Given> given = new ArrayList<>();
        subject.fields().take("arguments").ifPresent(node -> {
            if (!(node instanceof YamlNode.Mapping mapping)) {
                problems.add(node.at(), owner + " must be a mapping from arguments to their values, not " + node.what());
                return;
            }
            for (YamlNode.Entry entry : mapping.entries()) {
                String name = entry.key().value();
                if (!ConditionReader.ARGUMENT.matcher(name).matches()) {
                    problems.add(entry.key().at(), "\"" + name + "\" in " + owner
                            + " is no argument: an index from 0 in quotes, a name, or a name with members behind it (file.f_flags)");
                    continue;
                }
                values.scalar(entry.value(), owner + "." + name)
                        .ifPresent(value -> given.add(new Given(entry.key(), value, Values.isNumber(entry.value()))));
            }
        });
        return given;
    }

    private Optional<Attempt> signal(Subject subject) {
        OptionalInt number = new NamedFamilies(problems, values).signal(subject.node(), subject.owner() + ".signal", subject.owner());
        Optional<SignalTarget> target = subject.fields().require("target")
                .flatMap(node -> values.word(node, subject.owner() + ".target", NamedFamilies.words(SignalTarget.class))).map(Located::value);
        return number.isEmpty() ? Optional.empty() : target.map(whose -> new Attempt.SendSignal(number.getAsInt(), whose));
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
