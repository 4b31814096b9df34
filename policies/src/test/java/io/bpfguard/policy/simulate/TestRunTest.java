package io.bpfguard.policy.simulate;

import static io.bpfguard.policy.Policies.document;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.read.PolicyTestReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestRunTest {
    private static final String POLICY = document("p", """
            selector: {namespaces: [prod], podLabels: {matchLabels: {app: web}}}
            defaults: {processes: deny}
            processes: [{action: allow, paths: ["/app/**"]}]
            files: [{name: no-shadow, action: deny, errno: EACCES, paths: [/etc/shadow], operations: [read]}]
            mounts: [{action: kill, types: [tmpfs]}, {action: deny, types: [ext4, remount], flags: [rw]}, {action: deny, types: [nfs], sources: ["*:/**"]}]
            capabilities: [{action: deny, names: [NET_RAW]}]
            systemCalls: [{action: deny, names: [mount]}]
            lsmHooks: [{action: audit, names: [userns_create]}]
            kernelFunctions: [{action: kill, names: [path_mount]}]
            """);

    private static List<TestRun.Outcome> run(String... cases) throws PolicyException {
        return Cases.run(POLICY, FakeNode.debian13(), cases);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{exec: /app/x, expect: allow}",
        "{exec: /bin/sh, expect: deny, errno: EPERM, rule: defaults.processes}",
        "{file: /etc/shadow, operation: read, expect: deny, errno: EACCES, rule: no-shadow}",
        "{file: /etc/shadow, operation: write, expect: allow}",
        "{mount: tmpfs, expect: kill, rule: 'mounts[0]'}",
        "{mount: proc, expect: allow}",
        "{mount: ext4, source: /dev/sda, expect: deny, rule: 'mounts[1]'}",
        "{mount: ext4, source: /dev/sda, flags: [ro, nosuid], expect: allow}",
        "{mount: remount, flags: [ro], expect: allow}",
        "{mount: attributes, expect: deny, rule: 'mounts[1]'}",
        "{mount: nfs, source: 'host:/a/b', expect: deny, rule: 'mounts[2]'}",
        "{mount: nfs, source: host, expect: allow}",
        "{mount: unmount, expect: allow}",
        "{capability: CAP_NET_RAW, expect: deny}",
        "{capability: CHOWN, expect: allow}",
        "{systemCall: mount, expect: deny}",
        "{systemCall: mount, abi: i386, expect: deny}",
        "{systemCall: getpid, expect: allow}",
        "{hook: userns_create, expect: audit}",
        "{function: path_mount, expect: kill}",
        "{exec: /bin/sh, container: {namespace: dev, labels: {app: web}}, expect: allow}",
    })
    void saysWhatThePoliciesSay(String one) throws PolicyException {
        assertThat(run(one)).singleElement().satisfies(outcome -> assertThat(outcome.passed()).as(outcome.said()).isTrue());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{exec: /bin/sh, expect: allow}|deny with EPERM by policy p, defaults.processes",
        "{file: /etc/shadow, operation: read, expect: deny, errno: EPERM}|deny with EACCES by policy p, files[0] (no-shadow)",
        "{file: /etc/shadow, operation: read, expect: deny, rule: other}|deny with EACCES by policy p, files[0] (no-shadow)",
        "{mount: proc, expect: deny}|allow, no rule is about it",
        "{mount: tmpfs, container: {namespace: dev}, expect: kill}|allow, no policy is for this container",
    })
    void aWrongExpectationFails(String one, String said) throws PolicyException {
        assertThat(run(one)).singleElement().satisfies(outcome -> {
            assertThat(outcome.passed()).isFalse();
            assertThat(outcome.said()).isEqualTo(said);
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{exec: /bin/sh}|t.yaml:8:7: cases[0] has no expect",
        "{expect: deny}|t.yaml:8:7: cases[0] must try one thing, and tries none",
        "{exec: /bin/sh, mount: proc, expect: deny}|t.yaml:8:7: cases[0] must try one thing, and tries exec and mount",
        "{exec: /bin/sh, expect: denied}|t.yaml:8:31: cases[0].expect cannot be \"denied\"; did you mean \"deny\"?",
        "{file: /x, expect: deny}|t.yaml:8:7: cases[0] has no operation",
        "{file: /x, operation: exec, expect: deny}|t.yaml:8:29: cases[0].operation cannot be \"exec\"",
        "{capability: NET_ROW, expect: deny}|t.yaml:8:20: \"NET_ROW\" is no capability; did you mean \"NET_RAW\"?",
        "{systemCall: unshar, expect: deny}|t.yaml:8:20: there is no 64-bit system call \"unshar\"; did you mean \"unshare\"?",
        "{systemCall: mmap2, expect: deny}|t.yaml:8:20: there is no 64-bit system call \"mmap2\"",
        "{exec: /bin/sh, expect: deny, errno: EPREM}|t.yaml:8:44: cases[0].errno cannot be \"EPREM\", which names no error; did you mean \"EPERM\"?",
        "{exec: /bin/sh, expekt: deny, expect: deny}|t.yaml:8:23: unknown key \"expekt\" in cases[0]; did you mean \"expect\"?",
        "{exec: /bin/sh, is: [memry], expect: deny}|t.yaml:8:28: an entry of cases[0].is cannot be \"memry\"; did you mean \"memory\"?",
    })
    void wrongTestsAreRefused(String one, String message) {
        assertThatThrownBy(() -> run(one)).isInstanceOf(PolicyException.class).hasMessageContaining(message);
    }

    @Test
    void aPolicyIsNoTest() {
        assertThatThrownBy(() -> PolicyTestReader.read("p.yaml", POLICY.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("kind ContainerPolicy is not one that this BPFGuard reads here; it reads PolicyTest");
    }
}
