package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.simulate.Attempt;
import io.bpfguard.policy.simulate.NamedAct;
import io.bpfguard.policy.simulate.NamedWays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads cases about what whole families of rules are about: an operation, and perhaps by which way it is done. */
final class FamilyAttempts {
    private final ProblemList problems;
    private final Values values;

    FamilyAttempts(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
    }

    Optional<Attempt> namespace(AttemptReader.Subject subject) {
        Optional<NamespaceKind> kind = subject.fields().require("kind")
                .flatMap(node -> values.word(node, subject.owner() + ".kind", NamedFamilies.words(NamespaceKind.class))).map(Located::value);
        return attempt(subject, word(subject, "namespace", NamedFamilies.words(Rule.Namespaces.Operation.class))
                .flatMap(operation -> kind.map(of -> new NamedAct.UseNamespace(operation, of))));
    }

    Optional<Attempt> tracing(AttemptReader.Subject subject) {
        return attempt(subject, word(subject, "tracing", NamedFamilies.words(Rule.Tracing.Operation.class)).map(NamedAct.Trace::new));
    }

    Optional<Attempt> kernelModule(AttemptReader.Subject subject) {
        return attempt(subject, word(subject, "kernelModule", NamedFamilies.words(Rule.KernelModules.Operation.class)).map(NamedAct.UseModule::new));
    }

    Optional<Attempt> bpf(AttemptReader.Subject subject) {
        return attempt(subject, word(subject, "bpf", Map.of("use", new NamedAct.UseBpf())));
    }

    Optional<Attempt> key(AttemptReader.Subject subject) {
        return attempt(subject, word(subject, "key", Map.of("create", new NamedAct.UseKey(true), "use", new NamedAct.UseKey(false))));
    }

    Optional<Attempt> ring(AttemptReader.Subject subject) {
        return attempt(subject, word(subject, "ioUring", Map.of("create", new NamedAct.MakeRing())));
    }

    private <T> Optional<T> word(AttemptReader.Subject subject, String key, Map<String, T> words) {
        return values.word(subject.node(), subject.owner() + "." + key, words).map(Located::value);
    }

    private Optional<Attempt> attempt(AttemptReader.Subject subject, Optional<? extends NamedAct> act) {
        Optional<YamlNode> by = subject.fields().take("by");
        if (act.isEmpty()) {
            return Optional.empty();
        }
        if (by.isEmpty()) {
            return Optional.of(new Attempt.UseFamily(act.get(), Optional.empty()));
        }
        List<String> words = NamedWays.words(act.get());
        if (words.size() == 1) {
            problems.add(by.get().at(), subject.owner() + ".by means nothing here: there is one way to do it");
            return Optional.empty();
        }
        return values.word(by.get(), subject.owner() + ".by", words.stream().collect(Collectors.toMap(Function.identity(), Function.identity())))
                .map(word -> new Attempt.UseFamily(act.get(), Optional.of(word.value())));
    }
}
