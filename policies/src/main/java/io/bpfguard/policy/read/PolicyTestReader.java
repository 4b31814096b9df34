package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.select.ContainerFacts;
import io.bpfguard.policy.simulate.PolicyTest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads tests of policies: documents of the kind {@value #KIND}. Has no state; may be used by any thread. */
public final class PolicyTestReader {
    static final String KIND = "PolicyTest";

    private final ProblemList problems = new ProblemList();
    private final Values values = new Values(problems);
    private final AttemptReader attempts = new AttemptReader(problems, values);

    private PolicyTestReader() {}

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
            return attempts.read(fields, owner).flatMap(tried -> expected.map(end ->
                    new PolicyTest.Case(name.orElse(tried.label()), container, tried.attempt(), end, fields.at())));
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
}
