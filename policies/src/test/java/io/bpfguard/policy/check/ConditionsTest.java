package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conditions on arguments: where the value is, and what is refused, at the place where it is written. */
class ConditionsTest {
    private static final FakeNode NODE = FakeNode.debian13();

    private static List<Enforcement> lower(String spec, NodeCapabilities node) throws PolicyException {
        String document = Policies.document("a", "{" + spec + "}");
        ContainerPolicy policy = Policies.read(document).policies().getFirst();
        Checker.check(Policies.read(document), node);
        return Lowering.of(policy, policy.rules().getFirst(), node).enforcements();
    }

    private static List<Enforcement> hook(String name, String conditions) throws PolicyException {
        return lower("lsmHooks: [{action: deny, names: [" + name + "], conditions: [" + conditions + "]}]", NODE);
    }

    private static List<Enforcement> call(String name, String more) throws PolicyException {
        return lower("systemCalls: [{action: deny, names: [" + name + "], " + more + "}]", NODE);
    }

    private static Set<Extractor> values(List<Enforcement> enforcements) {
        return enforcements.stream().map(enforcement -> (Subject.Arguments) enforcement.subject()).flatMap(subject -> subject.values().keySet().stream())
                .collect(Collectors.toSet());
    }

    private static Extractor member(Extractor.Kind kind, List<Integer> offsets, int size, int shift, int bits) {
        return new Extractor(Extractor.Source.ARGUMENT, 0, kind, offsets, size, shift, bits, 0);
    }

    @Test
    void anArgumentIsFoundByNameAndByIndex() throws Exception {
        for (String argument : List.of("flags", "3")) {
            List<Enforcement> found = hook("sb_mount", "{argument: " + argument + ", mask: MS_BIND}");
            assertThat(found).singleElement().satisfies(one -> {
                assertThat(one.matcher()).isEqualTo(Matcher.ARGUMENTS);
                assertThat(one.mechanism()).isEqualTo("lsm/sb_mount by arguments");
            });
            assertThat(values(found)).containsExactly(Extractor.argument(3, 64, false));
        }
    }

    @Test
    void membersAreFollowedThroughPointersAndStructs() throws Exception {
        assertThat(values(hook("file_open", "{argument: file.f_flags, mask: O_TRUNC}")))
                .containsExactly(member(Extractor.Kind.UNSIGNED, List.of(64), 4, 0, 32));
        assertThat(values(hook("file_open", "{argument: file.f_path.dentry.d_inode.i_mode, equals: 0o100644}")))
                .containsExactly(member(Extractor.Kind.UNSIGNED, List.of(160, 48, 2), 2, 0, 16));
        assertThat(values(hook("file_open", "{argument: file.f_path.dentry.d_inode.i_odd, equals: 1}"))).as("a bit-field")
                .containsExactly(member(Extractor.Kind.UNSIGNED, List.of(160, 48, 20), 4, 3, 5));
        assertThat(values(hook("bprm_check_security", "{argument: bprm.filename, matches: [\"*x\"]}")))
                .containsExactly(member(Extractor.Kind.STRING, List.of(96, 0), 0, 0, 0));
    }

    @Test
    void filesPathsAndDentriesArePaths() throws Exception {
        assertThat(values(hook("file_open", "{argument: file, matches: [/a]}")))
                .containsExactly(member(Extractor.Kind.PATH, List.of(152), 0, 0, 0));
        assertThat(values(hook("sb_mount", "{argument: path, matches: [/a]}"))).containsExactly(Extractor.pointer(1, Extractor.Kind.PATH));
        assertThat(values(hook("path_rename", "{argument: new_dentry, matches: [/a]}")))
                .containsExactly(new Extractor(Extractor.Source.ARGUMENT, 3, Extractor.Kind.DENTRY, List.of(0), 0, 0, 0, 2));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            file_open | {argument: fil, equals: 1} | the LSM hook file_open has no argument fil; it has file (struct file *); did you mean "file"?
            file_open | {argument: 1, equals: 1} | the LSM hook file_open has no argument 1; it has file (struct file *)
            file_open | {argument: file.f_flag, equals: 1} | struct file has no member f_flag; did you mean "f_flags"?
            file_open | {argument: file.f_flags.x, equals: 1} | has no members
            file_open | {argument: file.f_path, equals: 1} | file.f_path is no number but a struct path; compare it by matches
            file_open | {argument: file.f_flags, matches: [a]} | file.f_flags cannot be compared with globs: it is a number (unsigned int)
            file_open | {argument: file, matches: [a]} | the glob "a" for file, which is a path, must start with / or **
            file_open | {argument: file.f_flags, equals: 0x100000000} | file.f_flags has 32 bits, and 0x100000000 has more
            file_open | {argument: file.f_flags, range: 0-0x100000000} | file.f_flags is a number from 0 to 4294967295
            file_open | {argument: file.f_flags, equals: 1}, {argument: file.f_flags, equals: 2} | the conditions on file.f_flags cannot hold together
            file_open | {argument: file, matches: [/a]}, {argument: file, matches: [/b]} | a second condition with matches for file
            inode_setxattr | {argument: dentry, matches: [/a]} | a dentry does not say in which mount it is looked at
            task_kill | {argument: sig, range: -1-3000000000} | sig is a number from -2147483648 to 2147483647
            task_alloc | {argument: task.pid, equals: 1} | has no members that the kernel's types tell of
            capable | {argument: cap, equals: 1} | the arguments of the LSM hook capable are not known here
            """)
    void whatCannotBeComparedIsRefused(String hook, String conditions, String message) {
        assertThatThrownBy(() -> hook(hook, conditions)).hasMessageContaining(message.strip()).hasMessageStartingWith("t.yaml:5:");
    }

    @Test
    void whereTypesAreNotKnownNothingIsSaidOfThem() throws Exception {
        assertThat(lower("lsmHooks: [{action: deny, names: [file_open], conditions: [{argument: no_such, equals: 1}]}]", RecordedKernel.of("6.12"))).isEmpty();
        assertThat(lower("lsmHooks: [{action: deny, names: [file_open]}]", RecordedKernel.of("6.12"))).hasSize(1);
    }

    @Test
    void aRefusalIsAtTheCondition() {
        assertThatThrownBy(() -> hook("file_open", "{argument: file, matches: [/a]}, {argument: x, equals: 1}"))
                .hasMessageStartingWith("t.yaml:5:").hasMessageContaining(":111: the LSM hook file_open has no argument x");
    }

    @Test
    void moreThanEightValuesAreTooMany() {
        String nine = IntStream.range(0, 9).mapToObj(i -> "{argument: " + List.of("file.f_flags", "file.f_mode", "file", "file.f_path.dentry",
                "file.f_path.dentry.d_inode", "file.f_path.dentry.d_iname", "file.f_path.dentry.d_inode.i_mode", "file.f_path.dentry.d_inode.i_ino",
                "file.f_path.dentry.d_inode.i_flags").get(i) + (i == 2 || i == 5 ? ", matches: [/a]}" : ", equals: 1}")).collect(Collectors.joining(","));
        assertThatThrownBy(() -> hook("file_open", nine)).hasMessageContaining("a rule compares at most 8 different values, and this one compares 9");
    }

    @Test
    void aFunctionHasItsOwnArguments() throws Exception {
        List<Enforcement> killed = lower("kernelFunctions: [{action: kill, names: [path_mount], conditions: [{argument: type_page, matches: [proc]}]}]", NODE);
        assertThat(killed).singleElement().satisfies(one -> assertThat(one.mechanism()).isEqualTo("fentry/path_mount kill by arguments"));
        assertThat(values(killed)).containsExactly(Extractor.pointer(2, Extractor.Kind.STRING));
        assertThat(lower("kernelFunctions: [{action: deny, names: [security_file_open], conditions: [{argument: file.f_flags, equals: 1}]}]", NODE))
                .singleElement().satisfies(one -> assertThat(one.mechanism()).isEqualTo("lsm/file_open by arguments"));
        assertThatThrownBy(() -> lower("kernelFunctions: [{action: kill, names: [cgroup_release_agent_write], conditions: [{argument: buf, matches: [x]}]}]", NODE))
                .hasMessageContaining("buf cannot be compared with globs: it points into user memory");
        assertThatThrownBy(() -> lower("kernelFunctions: [{action: kill, module: nf_tables, names: [f], conditions: [{argument: 0, equals: 1}]}]", NODE))
                .hasMessageContaining("functions of modules cannot have conditions");
    }

    @Test
    void theRegistersOfACallAreComparedForEachAbi() throws Exception {
        List<Enforcement> unshare = call("unshare", "conditions: [{argument: unshare_flags, mask: CLONE_NEWUSER}]");
        assertThat(unshare).extracting(Enforcement::mechanism).containsOnly("lsm/userns_create by system call and arguments",
                "lsm/capable by system call and arguments");
        assertThat(unshare).as("two ABIs at each of two hooks").hasSize(4);
        assertThat(unshare.stream().map(Enforcement::subject).distinct()).hasSize(2);
        assertThat(values(unshare)).containsExactlyInAnyOrder(Extractor.SYSTEM_CALL, Extractor.register(0));
    }

    @Test
    void abisLimitARuleWithoutConditionsToo() throws Exception {
        assertThat(call("mount", "abis: [64]")).singleElement()
                .satisfies(one -> assertThat(one.subject()).isEqualTo(new Subject.SystemCalls(Set.of(165), Set.of())));
        assertThat(call("mount", "abis: [32]")).singleElement()
                .satisfies(one -> assertThat(one.subject()).isEqualTo(new Subject.SystemCalls(Set.of(), Set.of(21))));
        assertThatThrownBy(() -> call("umount", "abis: [32], conditions: [{argument: 0, equals: 1}]"))
                .hasMessageContaining("write names: [umount2] and abis: [64]");
    }

    @Test
    void aCallWithoutGatesIsComparedInItsFunctions() throws Exception {
        FakeNode node = NODE.with("__ia32_sys_read", FunctionSupport.TRACEABLE).with("__x64_sys_prctl", FunctionSupport.DENIABLE)
                .with("__ia32_sys_prctl", FunctionSupport.TRACEABLE);
        String rule = "action: deny, names: [prctl], conditions: [{argument: option, equals: PR_SET_DUMPABLE}]";
        assertThatThrownBy(() -> lower("systemCalls: [{" + rule + "}]", node)).hasMessageContaining("does not accept it at __ia32_sys_prctl");
        assertThat(lower("systemCalls: [{" + rule + ", abis: [64]}]", node)).singleElement()
                .satisfies(one -> assertThat(one.mechanism()).isEqualTo("fmod_ret/__x64_sys_prctl by arguments"));
        assertThat(lower("systemCalls: [{" + rule + ", fallback: kill}]", node)).extracting(Enforcement::mechanism)
                .containsOnly("fentry/__x64_sys_prctl kill by arguments", "fentry/__ia32_sys_prctl kill by arguments");
        List<Enforcement> only64 = lower("systemCalls: [{action: kill, names: [prctl], abis: [64]}]", node);
        assertThat(only64).singleElement().satisfies(one -> assertThat(one.mechanism()).isEqualTo("fentry/__x64_sys_prctl kill by arguments"));
        assertThat(values(only64)).as("one function may serve both ABIs").containsExactly(Extractor.SYSTEM_CALL);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            clone3 | conditions: [{argument: 0, equals: 1}] | clone3 has all its arguments in user memory
            mmap | conditions: [{argument: prot, mask: PROT_EXEC}] | 32-bit programs reach mmap also by mmap2, with other arguments
            socket | conditions: [{argument: family, equals: AF_ALG}] | 32-bit programs reach socket also by socketcall
            mount | conditions: [{argument: type, matches: [proc]}] | argument type of mount is a pointer into user memory, where the program can change
            kill | conditions: [{argument: sig, matches: ["9"]}] | argument sig of kill is a number of 32 bits, which globs do not match
            kill | conditions: [{argument: signal, equals: 9}] | the system call kill has no argument signal; it has 0 (pid), 1 (sig)
            kill | conditions: [{argument: 2, equals: 9}] | the system call kill has no argument 2
            fallocate | conditions: [{argument: len, equals: 9}] | 32-bit programs pass argument len of fallocate otherwise
            kill | conditions: [{argument: sig, equals: 0x100000000}] | sig has 32 bits, and 0x100000000 has more
            kill | conditions: [{argument: sig, equals: 1}, {argument: 1, equals: 2}] | the conditions on 1 cannot hold together
            unshare | abis: [32], conditions: [{argument: 0, equals: 0x100000000}] | the conditions never hold for 32-bit programs
            arch_prctl | abis: [64], conditions: [{argument: opt, equals: 1}] | the system call arch_prctl has no argument opt
            """)
    void whatARegisterCannotTellIsRefused(String call, String more, String message) {
        assertThatThrownBy(() -> call(call, more)).hasMessageContaining(message.strip()).hasMessageStartingWith("t.yaml:5:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mmap", "socket", "fallocate"})
    void whatOnly32BitProgramsDoOtherwiseIsPossibleForTheOthers(String call) throws Exception {
        assertThat(call(call, "abis: [64], conditions: [{argument: 2, equals: 1}]")).isNotEmpty();
    }
}
