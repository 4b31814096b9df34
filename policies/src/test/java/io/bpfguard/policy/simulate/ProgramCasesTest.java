package io.bpfguard.policy.simulate;

import static io.bpfguard.policy.Policies.document;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.check.ProgramFile;
import io.bpfguard.policy.check.ProgramFile.Place;
import io.bpfguard.policy.model.PolicyException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cases on policies with custom programs, which nobody asks here. */
class ProgramCasesTest {
    private static final FakeNode NODE = FakeNode.debian13().with(program("open.bpf.o", Place.LSM, "file_open"))
            .with(program("connect.bpf.o", Place.LSM, "socket_connect")).with(program("watch.bpf.o", Place.FENTRY, "path_mount"))
            .with(program("kill.bpf.o", Place.LSM, "task_kill")).with(program("exec.bpf.o", Place.LSM, "bprm_creds_for_exec"))
            .with(program("mkdir.bpf.o", Place.LSM, "path_mkdir")).with(program("capable.bpf.o", Place.LSM, "capable"));

    private static ProgramFile program(String name, Place place, String target) {
        return new ProgramFile(name, name.getBytes(StandardCharsets.UTF_8), place, target, List.of());
    }

    private static String policy(String rules) {
        return document("p", rules);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "open.bpf.o|file_open|{file: /x, operation: read, expect: EXPECTED}",
        "open.bpf.o|file_open|{exec: /x, expect: EXPECTED}",
        "exec.bpf.o|bprm_creds_for_exec|{exec: /x, expect: EXPECTED}",
        "open.bpf.o|file_open|{hook: file_open, expect: EXPECTED}",
        "open.bpf.o|file_open|{systemCall: openat, expect: EXPECTED}",
        "open.bpf.o|file_open|{tracing: attach, by: mem, expect: EXPECTED}",
        "connect.bpf.o|socket_connect|{network: connect, address: 192.0.2.1, port: 1, protocol: tcp, expect: EXPECTED}",
        "connect.bpf.o|socket_connect|{network: connect, path: /x, type: stream, expect: EXPECTED}",
        "capable.bpf.o|capable|{mount: tmpfs, expect: EXPECTED}",
        "capable.bpf.o|capable|{capability: CHOWN, expect: EXPECTED}",
        "capable.bpf.o|capable|{kernelModule: unload, expect: EXPECTED}",
        "kill.bpf.o|task_kill|{signal: KILL, target: outside, expect: EXPECTED}",
    })
    void anUnknownAnswerPassesNoCase(String program, String hook, String one) throws PolicyException {
        String policy = policy("{programs: [{action: deny, errno: EFBIG, object: " + program + "}]}");
        for (String expected : List.of("allow", "deny", "kill")) {
            Cases.fail(policy, NODE, one.replace("EXPECTED", expected), "allow, no rule is about it; but the custom program " + program + " at " + hook
                    + " is asked, whose answer is not known here: deny with EFBIG by policy p, programs[0] where it says yes");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "open.bpf.o|{file: /x, operation: unlink, expect: allow}",
        "open.bpf.o|{capability: CHOWN, expect: allow}",
        "open.bpf.o|{mount: tmpfs, expect: allow}",
        "open.bpf.o|{network: create, family: alg, type: seqpacket, expect: allow}",
        "open.bpf.o|{hook: task_kill, expect: allow}",
        "open.bpf.o|{function: path_mount, expect: allow}",
        "connect.bpf.o|{network: bind, address: 192.0.2.1, port: 1, protocol: tcp, expect: allow}",
        "watch.bpf.o|{hook: sb_mount, expect: allow}",
    })
    void aProgramElsewhereIsNotAsked(String program, String one) throws PolicyException {
        Cases.pass(policy("{programs: [{action: kill, object: " + program + "}]}"), NODE, one);
    }

    @Test
    void atAFunctionItIsAskedByThoseWhoCallIt() throws PolicyException {
        String policy = policy("{programs: [{action: kill, object: watch.bpf.o}]}");
        Cases.fail(policy, NODE, "{function: path_mount, expect: allow}", "allow, no rule is about it; but the custom program watch.bpf.o at path_mount"
                + " is asked, whose answer is not known here: kill by policy p, programs[0] where it says yes");
    }

    @Test
    void oneOfSeveralWaysIsEnough() throws PolicyException {
        String policy = policy("{programs: [{action: deny, object: mkdir.bpf.o}]}");
        Cases.fail(policy, NODE, "{file: /x, operation: create, expect: allow}", "at path_mkdir: allow, no rule is about it; but the custom program"
                + " mkdir.bpf.o at path_mkdir is asked, whose answer is not known here: deny with EPERM by policy p, programs[0] where it says yes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        // What comes before the program in the chain has denied.
        "files: [{name: f, action: deny, paths: [/x], operations: [read]}]|deny|{file: /x, operation: read, expect: deny, errno: EPERM, rule: f}",
        "files: [{name: f, action: kill, paths: [/x], operations: [read]}]|deny|{file: /x, operation: read, expect: kill, rule: f}",
        "files: [{name: f, action: audit, paths: [/x], operations: [read]}]|audit|{file: /x, operation: read, expect: audit}",
        "files: [{name: f, action: deny, paths: [/x], operations: [read]}]|audit|{file: /x, operation: read, expect: deny, rule: f}",
    })
    void whatIsCertainCounts(String rule, String action, String one) throws PolicyException {
        Cases.pass(policy("{" + rule + ", programs: [{action: " + action + ", object: open.bpf.o}]}"), NODE, one);
    }

    @Test
    void aKillThatCouldBeIsNotADeny() throws PolicyException {
        Cases.fail(policy("{files: [{action: deny, paths: [/x], operations: [read]}], programs: [{action: kill, object: open.bpf.o}]}"), NODE,
                "{file: /x, operation: read, expect: deny}", "deny with EPERM by policy p, files[0]; but the custom program open.bpf.o at file_open"
                        + " is asked, whose answer is not known here: kill by policy p, programs[0] where it says yes");
    }
}
