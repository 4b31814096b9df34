package io.bpfguard.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.read.PolicyTestReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs cases, from their text, on policies, from theirs. The first case is in line 8, from column 7 on. */
public final class Cases {
    private static final String HEAD = """
            apiVersion: bpfguard.io/v1
            kind: PolicyTest
            metadata: {name: t}
            spec:
              policies: [p.yaml]
              container: {namespace: prod, labels: {app: web}, name: app}
              cases:
            """;

    private Cases() {}

    /** What came of each. */
    public static List<TestRun.Outcome> run(String policies, NodeCapabilities node, String... cases) throws PolicyException {
        StringBuilder text = new StringBuilder(HEAD);
        for (String one : cases) {
            text.append("    - ").append(one).append('\n');
        }
        PolicyTest test = PolicyTestReader.read("t.yaml", text.toString().getBytes(StandardCharsets.UTF_8)).getFirst();
        CheckedPolicies checked = Checker.check(Policies.read(policies), node);
        return TestRun.run(test, checked, new Compiler(checked, node), node);
    }

    /** All that is expected comes. */
    public static void pass(String policies, NodeCapabilities node, String... cases) throws PolicyException {
        assertThat(run(policies, node, cases)).hasSize(cases.length)
                .allSatisfy(outcome -> assertThat(outcome.passed()).as("%s: %s", outcome.test().name(), outcome.said()).isTrue());
    }

    /** The case is wrong. */
    static void refused(String policies, NodeCapabilities node, String one, String message) {
        assertThatThrownBy(() -> run(policies, node, one)).isInstanceOf(PolicyException.class).hasMessageContaining(message);
    }

    /** Something else comes than is expected. */
    static void fail(String policies, NodeCapabilities node, String one, String said) throws PolicyException {
        assertThat(run(policies, node, one)).singleElement().satisfies(outcome -> {
            assertThat(outcome.said()).isEqualTo(said);
            assertThat(outcome.passed()).isFalse();
        });
    }
}
