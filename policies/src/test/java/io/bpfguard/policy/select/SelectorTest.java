package io.bpfguard.policy.select;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.Policies;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorTest {
    private static final String RULE = ", mounts: [{action: deny, types: [\"*\"]}]}";

    private static ContainerFacts container(String namespace, Map<String, String> labels, String name) {
        return new ContainerFacts(namespace, "pod", "uid", labels, Map.of(), name, Optional.empty(), "0123");
    }

    private static boolean selects(String selector, ContainerFacts container) throws Exception {
        return !Selector.select(Policies.check(Policies.document("a", "{selector: " + selector + RULE)), container)
                .isEmpty();
    }

    @Test
    void withoutASelectorEveryContainerIsSelected() throws Exception {
        assertThat(Selector.select(Policies.check(Policies.document("a", "{mode: audit" + RULE)),
                container("", Map.of(), ""))).hasSize(1);
    }

    @Test
    void everyPartMustMatch() throws Exception {
        String selector = "{namespaces: [prod, \"team-*\"], podLabels: {matchLabels: {app: web}}, containers: [app, \"side-*\"]}";
        Map<String, String> web = Map.of("app", "web", "x", "y");
        assertThat(selects(selector, container("prod", web, "app"))).isTrue();
        assertThat(selects(selector, container("team-a", web, "side-car"))).isTrue();
        assertThat(selects(selector, container("production", web, "app"))).isFalse();
        assertThat(selects(selector, container("prod", Map.of("app", "db"), "app"))).isFalse();
        assertThat(selects(selector, container("prod", Map.of(), "app"))).isFalse();
        assertThat(selects(selector, container("prod", web, "init"))).isFalse();
    }

    @Test
    void allLabelsOfMatchLabelsAreNeeded() throws Exception {
        String selector = "{podLabels: {matchLabels: {a: \"1\", b: \"\"}}}";
        assertThat(selects(selector, container("n", Map.of("a", "1", "b", ""), "c"))).isTrue();
        assertThat(selects(selector, container("n", Map.of("a", "1"), "c"))).isFalse();
        assertThat(selects(selector, container("n", Map.of("a", "1", "b", "x"), "c"))).isFalse();
    }

    /** As labels.Selector of Kubernetes: the third column is the pod's tier, - for a pod without one. */
    @ParameterizedTest
    @CsvSource({"In, web, web, true", "In, web, db, false", "In, web, -, false", "NotIn, web, web, false",
            "NotIn, web, db, true",
        "NotIn, web, -, true", "Exists, , web, true", "Exists, , -, false", "DoesNotExist, , web, false",
                "DoesNotExist, , -, true"})
    void expressionsMeanWhatKubernetesSays(String operator, String value, String tier,
            boolean selected) throws Exception {
        String values = value == null ? "" : ", values: [" + value + ", other]";
        Map<String, String> labels = tier.equals("-") ? Map.of() : Map.of("tier", tier);
        assertThat(selects("{podLabels: {matchExpressions: [{key: tier, operator: " + operator + values + "}]}}",
                container("n", labels, "c")))
                .isEqualTo(selected);
    }

    @Test
    void selectedPoliciesComeByNameWhateverTheOrderOfFiles() throws Exception {
        String rule = "{mode: audit" + RULE;
        String yaml = Policies.document("c", rule) + Policies.document("a", rule) + Policies.document("b", rule);
        assertThat(Selector.select(Policies.check(yaml), container("n", Map.of(), "c")))
                .extracting(policy -> policy.name().value())
                .isEqualTo(List.of("a", "b", "c"));
    }
}
