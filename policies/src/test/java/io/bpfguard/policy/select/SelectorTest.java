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

    @ParameterizedTest
    @CsvSource({"registry.example/web:*, registry.example/web:1.2, true", "registry.example/web:*, registry.example/db:1, false",
        "web, docker.io/library/web:1, false", "'*/web:*', docker.io/library/web:1, true"})
    void imagesAreGlobsOverTheWholeName(String glob, String image, boolean selected) throws Exception {
        ContainerFacts container = new ContainerFacts("n", "pod", "uid", Map.of(), Map.of(), "c", Optional.of(image), "0123");
        assertThat(selects("{images: [\"" + glob + "\"]}", container)).isEqualTo(selected);
    }

    @Test
    void anImageThatTheRuntimeDoesNotSayIsSelected() throws Exception {
        assertThat(selects("{images: [other]}", container("n", Map.of(), "c"))).isTrue();
        assertThat(selects("{images: [other], containers: [x]}", container("n", Map.of(), "c"))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"[init], migrate, true", "[init], wait-db, true", "[init], app, false", "[workload], app, true", "[workload], migrate, false",
        "[ephemeral], debugger-x7, true", "'[init, ephemeral]', debugger-x7, true", "[workload], debugger-x7, false"})
    void kindsGoByThePodsAnnotations(String kinds, String name, boolean selected) throws Exception {
        Map<String, String> annotations = Map.of("bpfguard.io/init-containers", "migrate, wait-*, [", "bpfguard.io/ephemeral-containers",
                "debugger-*");
        ContainerFacts container = new ContainerFacts("n", "pod", "uid", Map.of(), annotations, name, Optional.empty(), "0123");
        assertThat(selects("{kinds: " + kinds + "}", container)).isEqualTo(selected);
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
