package io.bpfguard.policy.simulate;

import static io.bpfguard.policy.Policies.document;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.check.FunctionSupport;
import io.bpfguard.policy.model.PolicyException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cases that give arguments of hooks, functions and system calls, on rules with conditions on them. */
class ArgumentCasesTest {
    private static final FakeNode NODE = FakeNode.debian13().with("__x64_sys_prctl", FunctionSupport.TRACEABLE)
            .with("__ia32_sys_read", FunctionSupport.TRACEABLE).with("__ia32_sys_prctl", new FunctionSupport.SameAs("__x64_sys_prctl"))
            .with("security_inode_getsecid", FunctionSupport.TRACEABLE);
    private static final String POLICY = document("p", """
            lsmHooks:
              - {name: truncating, action: deny, names: [file_open], conditions: [{argument: file.f_flags, mask: O_TRUNC}, {argument: file, matches: [/etc/**]}]}
              - {name: shadow, action: kill, names: [file_open], conditions: [{argument: file, matches: [/etc/shadow]}]}
              - {name: odd, action: audit, names: [file_open], conditions: [{argument: file.f_mode, equals: 5}]}
              - {name: signals, action: deny, names: [task_kill], conditions: [{argument: sig, range: -2-15}]}
              - {name: void, action: audit, names: [inode_getsecid]}
            kernelFunctions:
              - {name: overlay, action: kill, names: [path_mount], conditions: [{argument: type_page, matches: [overlay]}]}
              - {name: no-source, action: audit, names: [path_mount], conditions: [{argument: dev_name, equals: 0}]}
              - {name: module, action: audit, names: [nf_tables_newrule], module: nf_tables}
              - {name: security, action: deny, names: [security_file_open], conditions: [{argument: file.f_flags, equals: O_PATH}]}
            systemCalls:
              - {name: user, action: deny, names: [unshare], conditions: [{argument: 0, mask: CLONE_NEWUSER}]}
              - {name: everybody, action: deny, names: [kill], conditions: [{argument: pid, equals: -1}]}
              - {name: prctl, action: kill, names: [prctl], conditions: [{argument: option, equals: PR_SET_DUMPABLE}]}
              - {name: personality, action: deny, names: [sendfile]}
            """);
    private static final FakeNode WITH_MODULE = NODE.with("nf_tables:nf_tables_newrule", FunctionSupport.TRACEABLE);

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{hook: file_open, arguments: {file: /etc/x, file.f_flags: O_TRUNC}, expect: deny, rule: truncating}",
        "{hook: file_open, arguments: {'0': /etc/x, file.f_flags: 0o1000}, expect: deny, rule: truncating}",
        "{hook: file_open, arguments: {file: /etc/x}, expect: allow}",
        "{hook: file_open, arguments: {file.f_flags: O_TRUNC}, expect: allow}",
        "{hook: file_open, arguments: {file: /etc/shadow}, expect: kill, rule: shadow}",
        "{hook: file_open, arguments: {file: /var/x, file.f_mode: 5}, expect: audit, rule: odd}",
        "{hook: file_open, arguments: {file.f_mode: 4}, expect: allow}",
        "{hook: file_open, expect: allow}",
        "{hook: file_open, arguments: {file.f_flags: O_PATH}, expect: deny, rule: security}",
        "{function: security_file_open, arguments: {file.f_flags: O_PATH}, expect: deny, rule: security}",
        "{hook: task_kill, arguments: {sig: -2}, expect: deny, rule: signals}",
        "{hook: task_kill, arguments: {sig: SIGKILL}, expect: deny}",
        "{hook: task_kill, arguments: {sig: 16}, expect: allow}",
        "{hook: inode_getsecid, expect: audit, rule: void}",
        "{function: security_inode_getsecid, expect: audit, rule: void}",
        "{function: path_mount, arguments: {type_page: overlay}, expect: kill, rule: overlay}",
        "{function: path_mount, arguments: {type_page: proc}, expect: allow}",
        "{function: path_mount, arguments: {type_page: proc, dev_name: 0}, expect: audit, rule: no-source}",
        "{function: path_mount, arguments: {dev_name: \"0\"}, expect: allow}",
        "{function: nf_tables_newrule, module: nf_tables, expect: audit, rule: module}",
        "{systemCall: unshare, arguments: {unshare_flags: 0x10020000}, expect: deny, rule: user}",
        "{systemCall: unshare, abi: i386, arguments: {'0': 0x10000000}, expect: deny, rule: user}",
        "{systemCall: unshare, arguments: {'0': CLONE_NEWNS}, expect: allow}",
        "{systemCall: unshare, expect: allow}",
        "{systemCall: kill, arguments: {pid: -1, sig: 9}, expect: deny, rule: everybody}",
        "{systemCall: kill, arguments: {pid: 0xffffffff}, expect: deny, rule: everybody}",
        "{systemCall: kill, arguments: {pid: 1}, expect: allow}",
        "{systemCall: prctl, arguments: {option: PR_SET_DUMPABLE}, expect: kill, rule: prctl}",
        "{systemCall: prctl, abi: i386, arguments: {option: PR_SET_DUMPABLE}, expect: kill, rule: prctl}",
        "{systemCall: prctl, arguments: {option: PR_SET_NAME}, expect: allow}",
        "{systemCall: sendfile, arguments: {count: 1}, expect: deny, rule: personality}",
    })
    void saysWhatTheRulesSay(String one) throws PolicyException {
        Cases.pass(POLICY, WITH_MODULE, one);
    }

    @Test
    void rulesThatTogetherAreAboutEveryValueNeedNone() throws PolicyException {
        String policy = document("p", """
                lsmHooks:
                  - {action: deny, names: [task_alloc], conditions: [{argument: clone_flags, range: 0-100}]}
                  - {action: kill, names: [task_alloc], conditions: [{argument: clone_flags, range: 101-0xffffffffffffffff}]}
                """);
        Cases.pass(policy, NODE, "{hook: task_alloc, expect: deny}", "{hook: task_alloc, arguments: {clone_flags: 101}, expect: kill}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{hook: file_open, arguments: [1], expect: deny}|t.yaml:8:36: cases[0].arguments must be a mapping from arguments to their values, not a list",
        "{hook: file_open, arguments: {fil: 1}, expect: deny}|t.yaml:8:37: the LSM hook file_open has no argument fil; it has file (struct file *); did you mean \"file\"?",
        "{hook: file_open, arguments: {file.f_flag: 1}, expect: deny}|t.yaml:8:37: struct file has no member f_flag",
        "{hook: file_open, arguments: {file.f_flags: O_TRUNK}, expect: deny}|t.yaml:8:51: the value \"O_TRUNK\" of file.f_flags is no number",
        "{hook: file_open, arguments: {file.f_flags: 0x100000000}, expect: deny}|t.yaml:8:51: file.f_flags has 32 bits, and 0x100000000 has more",
        "{hook: file_open, arguments: {file: /x, '0': /y}, expect: deny}|0 is given a value for the second time, by another name",
        "{hook: file_open, arguments: {file-x: 1}, expect: deny}|t.yaml:8:37: \"file-x\" in cases[0].arguments is no argument",
        "{hook: capable, arguments: {cap: 1}, expect: deny}|t.yaml:8:35: the arguments of the LSM hook capable are not known here, so none can be given",
        "{hook: file_opem, expect: deny}|t.yaml:8:14: the kernel of this node (6.12-test) has no LSM hook file_opem that a program can be attached to; did you mean \"file_open\"?",
        "{function: path_moun, expect: deny}|t.yaml:8:18: the kernel of this node (6.12-test) has no function path_moun; did you mean \"path_mount\"?",
        "{function: x, module: nf_table, expect: deny}|has no module nf_table; did you mean \"nf_tables\"?",
        "{systemCall: kill, arguments: {signal: 9}, expect: deny}|t.yaml:8:38: the system call kill has no argument signal; it has 0 (pid), 1 (sig)",
        "{systemCall: kill, arguments: {sig: 0x100000000}, expect: deny}|t.yaml:8:43: sig has 32 bits, and 0x100000000 has more",
        "{systemCall: kill, arguments: {sig: many}, expect: deny}|t.yaml:8:43: the value \"many\" of sig is no number",
        "{systemCall: fallocate, abi: i386, arguments: {len: 1}, expect: deny}|t.yaml:8:54: 32-bit programs pass argument len of fallocate otherwise",
        "{systemCall: kill, arguments: {}, argument: 1, expect: deny}|t.yaml:8:41: unknown key \"argument\" in cases[0]; did you mean \"arguments\"?",
    })
    void wrongArgumentsAreRefused(String one, String message) {
        Cases.refused(POLICY, WITH_MODULE, one, message);
    }
}
