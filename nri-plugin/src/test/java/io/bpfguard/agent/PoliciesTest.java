package io.bpfguard.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.events.EventLog;
import io.bpfguard.events.EventSink;
import io.bpfguard.metrics.Metrics;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.read.PolicyReader;
import io.bpfguard.state.PolicyFile;
import io.bpfguard.state.StoredContainers;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policies that cannot be put in force leave those that are. */
class PoliciesTest {
    @TempDir
    private Path directory;

    @Test
    void thoseThatNeedMoreMemoryThanThereIsAreRefused() throws Exception {
        NodeCapabilities kernel = RecordedKernel.of("6.12");
        CheckedPolicies before = Checker.check(PolicyReader.read("t.yaml", """
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata: {name: before}
                spec: {files: [{action: deny, paths: [/x]}]}
                """.getBytes(StandardCharsets.UTF_8)), kernel);
        Enforcement enforcement = new Enforcement(new HookServerTest.Slots(), new Cgroups(directory, directory), new PolicyFile(directory.resolve("policies")),
                new StoredContainers(directory.resolve("containers")));
        int generation = enforcement.switchTo(before, kernel);
        ByteArrayOutputStream events = new ByteArrayOutputStream();
        Policies policies = new Policies(directory.resolve("policies.d"), directory.resolve("programs.d"), directory.resolve("accepted"), directory,
                _ -> {
                    throw new OutOfMemoryError("as from a heap that is full");
                }, enforcement, new EventLog(List.of(EventSink.to(events, "memory")), Clock.systemUTC()), new Metrics("test"));

        assertThat(policies.load()).isFalse();
        assertThat(enforcement.isInForce(before)).isTrue();
        assertThat(enforcement.generation()).isEqualTo(generation);
        assertThat(events.toString(StandardCharsets.UTF_8)).contains("\"policies-rejected\"", "need more memory than the agent has", "what was in force stays in force")
                .containsOnlyOnce("\n");
    }
}
