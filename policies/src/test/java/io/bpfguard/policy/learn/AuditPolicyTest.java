package io.bpfguard.policy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.select.Selector;
import io.bpfguard.policy.simulate.Cases;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class AuditPolicyTest {
    private static final String TEXT = AuditPolicy.text("learn-web", Learnt.SELECTOR);

    @Test
    void recordedKernelsAcceptItWithoutWarning() throws Exception {
        for (String name : RecordedKernel.NAMES) {
            RecordedKernel kernel = RecordedKernel.of(name);
            CheckedPolicies checked = Checker.check(Policies.read(TEXT), kernel);
            assertThat(checked.warnings()).as(name).isEmpty();
            assertThat(new Compiler(checked, kernel).warnings()).as(name).isEmpty();
        }
    }

    @Test
    void everyActIsReportedAndNonePrevented() throws Exception {
        List<String> cases = List.of("{exec: /bin/sh}", "{exec: \"memfd:x\", is: [memory]}", "{file: /etc/passwd, operation: read, fileSystem: overlay}",
                "{file: /x, operation: append}", "{file: /x, operation: write}", "{file: /x, operation: create}", "{file: /x, operation: rename}",
                "{file: /x, operation: unlink}", "{file: /x, operation: setxattr}", "{file: /x, operation: truncate}", "{file: /x, operation: mount}",
                "{network: create, family: packet, type: raw, protocol: 3}", "{network: connect, address: 192.0.2.1, port: 80, protocol: tcp}",
                "{network: bind, address: 0.0.0.0, port: 80, protocol: tcp}", "{network: listen, address: 0.0.0.0, port: 80, protocol: tcp}",
                "{network: accept, address: 0.0.0.0, port: 80, protocol: tcp}", "{network: send, address: 192.0.2.1, port: 53, protocol: udp}",
                "{network: connect, path: /run/x.sock, type: dgram}", "{capability: NET_RAW}", "{systemCall: bpf}", "{systemCall: unshare}",
                "{systemCall: umount2, abi: i386}", "{hook: file_open, arguments: {file: /x, file.f_flags: O_RDWR}}",
                "{hook: file_open, arguments: {file: /x, file.f_flags: O_RDWR|O_TRUNC}}", "{hook: file_open, arguments: {file: /x, file.f_flags: O_TRUNC}}",
                "{hook: path_rename, arguments: {new_dentry: /x}}", "{hook: path_link, arguments: {new_dentry: /x}}");
        said(cases, "audit");
    }

    /** It would fill the events. */
    @Test
    void whatIsDoneAllTheTimeIsNotReported() throws Exception {
        List<String> cases = List.of("{network: send, address: 192.0.2.1, port: 80, protocol: tcp}", "{map: /lib/x.so}", "{systemCall: read}", "{systemCall: clone}",
                "{hook: file_open, arguments: {file: /x, file.f_flags: O_RDONLY}}", "{hook: file_open, arguments: {file: /x, file.f_flags: O_WRONLY|O_APPEND}}");
        said(cases, "allow");
    }

    private static void said(List<String> cases, String expected) throws Exception {
        Cases.pass(TEXT, FakeNode.debian13(), cases.stream().map(one -> one.substring(0, one.length() - 1) + ", expect: " + expected + "}").toArray(String[]::new));
    }

    @Test
    void isForTheSelectedContainersAlone() throws Exception {
        CheckedPolicies checked = Checker.check(Policies.read(AuditPolicy.text("learn-web", new LearnSelector("prod", Map.of("app", "web", "tier", ""), Optional.of("app*")))),
                FakeNode.debian13());
        assertThat(Selector.select(checked, Learnt.CONTAINER)).isEmpty();
        assertThat(Selector.select(Checker.check(Policies.read(TEXT), FakeNode.debian13()), Learnt.CONTAINER)).hasSize(1);
        assertThat(Selector.select(Checker.check(Policies.read(AuditPolicy.text("x", new LearnSelector("other", Map.of(), Optional.empty()))), FakeNode.debian13()),
                Learnt.CONTAINER)).isEmpty();
    }

    /** Each call that can be denied is learnt, or is named as one that is not. */
    @Test
    void everyCallOfTheTableIsAccountedFor() {
        TreeSet<String> both = new TreeSet<>(AuditPolicy.calls());
        both.addAll(AuditPolicy.notLearnt());
        assertThat(both).containsExactlyElementsOf(new TreeSet<>(SystemCalls.gated().values()));
        assertThat(AuditPolicy.calls()).contains("bpf", "io_uring_setup", "mount", "unshare", "ptrace", "init_module").doesNotContain("read", "clone", "execve");
    }
}
