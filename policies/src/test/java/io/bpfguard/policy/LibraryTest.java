package io.bpfguard.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compile.Explain;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.read.PolicyReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The policies we ship can be loaded and do what their comments say. */
class LibraryTest {
    private static final Path LIBRARY = Path.of("library");

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(LIBRARY)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    private static CheckedPolicies checked() throws Exception {
        List<ContainerPolicy> policies = new ArrayList<>();
        for (Path file : files()) {
            policies.addAll(PolicyReader.read(file.toString(), Files.readAllBytes(file)).policies());
        }
        return Checker.check(new PolicySet(policies), FakeNode.debian13());
    }

    @Test
    void everyPolicyIsAcceptedWithoutWarning() throws Exception {
        CheckedPolicies checked = checked();
        assertThat(checked.policies()).hasSize(7);
        assertThat(checked.warnings()).isEmpty();
    }

    @Test
    void everyFileSaysWhatItStopsAndWhatNot() throws Exception {
        for (Path file : files()) {
            String header = Files.readString(file).split("apiVersion", 2)[0];
            assertThat(header).as(file.toString()).containsIgnoringCase("stops:").contains("Does not stop:");
        }
    }

    @Test
    void everyRuleHasAMechanism() throws Exception {
        assertThat(Explain.rows(checked(), FakeNode.debian13())).allSatisfy(row -> {
            assertThat(row.mechanism()).matches("(lsm|fentry)/.*");
            assertThat(row.effect()).contains("reported");
        });
    }

    @Test
    void accountsAreReadableAndNotWritable() throws Exception {
        CheckedPolicies checked = checked();
        Compiler compiler = new Compiler(checked, FakeNode.debian13());
        Route route = compiler.route(checked.policies().stream()
                .filter(policy -> policy.name().value().equals("protect-accounts")).toList());
        Verdicts opens = new Verdicts(route.chains().get(LsmHook.FILE_OPEN).steps().getFirst().ruleset());
        assertThat(action(opens, "/etc/shadow", PathOperation.WRITE)).isEqualTo(Action.DENY);
        assertThat(action(opens, "/etc/shadow", PathOperation.READ)).isEqualTo(Action.ALLOW);
        assertThat(action(opens, "/etc/shadow.bak", PathOperation.WRITE)).isEqualTo(Action.ALLOW);
        assertThat(action(opens, "/home/ann/.ssh/authorized_keys", PathOperation.WRITE)).isEqualTo(Action.DENY);
        assertThat(action(opens, "/home/ann/x/.ssh/authorized_keys", PathOperation.WRITE)).isEqualTo(Action.ALLOW);
    }

    private static Action action(Verdicts verdicts, String path, PathOperation operation) {
        return verdicts.path(path.getBytes(StandardCharsets.UTF_8), operation).action();
    }
}
