package io.bpfguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compile.Explain;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.read.PolicyReader;
import io.bpfguard.policy.read.PolicyTestReader;
import io.bpfguard.policy.simulate.PolicyTest;
import io.bpfguard.policy.simulate.TestRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The policies we ship can be loaded and do what their comments say. */
class LibraryTest {
    private static final Path LIBRARY = Path.of("library");

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    private static CheckedPolicies checked() throws Exception {
        return checked(files(LIBRARY));
    }

    private static CheckedPolicies checked(List<Path> files) throws Exception {
        List<ContainerPolicy> policies = new ArrayList<>();
        for (Path file : files) {
            policies.addAll(PolicyReader.read(file.toString(), Files.readAllBytes(file)).policies());
        }
        return Checker.check(new PolicySet(policies), FakeNode.debian13());
    }

    @Test
    void everyPolicyIsAcceptedWithoutWarning() throws Exception {
        CheckedPolicies checked = checked();
        assertThat(checked.policies()).hasSize(19);
        assertThat(checked.warnings()).isEmpty();
    }

    @Test
    void everyFileSaysWhatItStopsAndWhatNot() throws Exception {
        for (Path file : files(LIBRARY)) {
            String header = Files.readString(file).split("apiVersion", 2)[0];
            assertThat(header).as(file.toString()).containsIgnoringCase("stops:").contains("Does not stop:");
        }
    }

    @Test
    void everyRuleHasAMechanism() throws Exception {
        assertThat(Explain.rows(checked(), FakeNode.debian13())).allSatisfy(row -> {
            assertThat(row.mechanism()).matches("(lsm|fentry)/.*");
            assertThat(row.effect()).matches(".*reported.*|allowed, .*");
        });
    }

    @Test
    void everyFileHasATest() throws Exception {
        assertThat(files(LIBRARY.resolve("tests"))).extracting(Path::getFileName).containsExactlyElementsOf(files(LIBRARY).stream().map(Path::getFileName).toList());
    }

    @Test
    void theTestsOfThePoliciesPass() throws Exception {
        int cases = 0;
        for (Path file : files(LIBRARY.resolve("tests"))) {
            for (PolicyTest test : PolicyTestReader.read(file.toString(), Files.readAllBytes(file))) {
                CheckedPolicies checked = checked(test.policies().stream().map(name -> file.resolveSibling(name.value())).toList());
                List<TestRun.Outcome> outcomes = TestRun.run(test, checked, new Compiler(checked, FakeNode.debian13()), FakeNode.debian13());
                cases += outcomes.size();
                assertThat(outcomes).allSatisfy(outcome ->
                        assertThat(outcome.passed()).as("%s: %s: %s", outcome.test().at(), outcome.test().name(), outcome.said()).isTrue());
            }
        }
        assertThat(cases).isGreaterThan(120);
    }
}
