package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.ProgramFile.Kind;
import io.bpfguard.policy.check.ProgramFile.Parameter;
import io.bpfguard.policy.check.ProgramFile.Place;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compile.Explain;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.PolicyException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules on custom programs: where they come to stand, with which values, and what is refused. */
class ProgramLoweringTest {
    private static final List<Parameter> PARAMETERS = List.of(new Parameter("limit", Kind.SIGNED, 2), new Parameter("count", Kind.UNSIGNED, 8),
            new Parameter("strict", Kind.FLAG, 1), new Parameter("suffix", Kind.TEXT, 5), new Parameter("table", Kind.OTHER, 64));

    private static ProgramFile program(String name, Place place, String target) {
        return new ProgramFile(name, name.getBytes(StandardCharsets.UTF_8), place, target, PARAMETERS);
    }

    private static FakeNode node() {
        return FakeNode.debian13().with(program("open.bpf.o", Place.LSM, "file_open")).with(program("other.bpf.o", Place.LSM, "file_open"))
                .with(program("lost.bpf.o", Place.LSM, "file_opem")).with(program("watch.bpf.o", Place.FENTRY, "path_mount"))
                .with(program("instead.bpf.o", Place.FMOD_RET, "security_file_open")).with(program("cannot.bpf.o", Place.FMOD_RET, "path_mount"));
    }

    private static Route route(String spec, NodeCapabilities node) throws PolicyException {
        CheckedPolicies checked = Checker.check(Policies.read(Policies.document("a", spec)), node);
        return new Compiler(checked, node).route(checked.policies());
    }

    private static CustomProgram only(Route route) {
        return route.chains().values().stream().flatMap(chain -> chain.programs().stream()).reduce((one, two) -> {
            throw new AssertionError("two programs");
        }).orElseThrow();
    }

    @Test
    void isAStepOfItsHooksChain() throws Exception {
        Route route = route("""
                files: [{action: deny, paths: [/x], operations: [read]}]
                programs: [{action: deny, object: open.bpf.o, errno: EFBIG}]
                """, node());
        Chain chain = route.chains().get(LsmHook.FILE_OPEN);
        assertThat(chain.steps()).extracting(Step::matcher).containsExactly(Matcher.PATH, Matcher.PROGRAM);
        assertThat(chain.programs()).extracting(CustomProgram::name).containsExactly("open.bpf.o");
        assertThat(route.chains()).hasSizeGreaterThan(1);
        assertThat(new Verdicts(chain.steps().getLast().ruleset()).rules()).hasSize(1);
    }

    @Test
    void hasAFunctionForItself() throws Exception {
        Route route = route("programs: [{action: kill, object: watch.bpf.o}, {action: deny, object: instead.bpf.o}]", node());
        assertThat(route.chains().keySet()).allSatisfy(point -> assertThat(point).isInstanceOf(FunctionProgram.class));
        assertThat(route.chains().keySet()).extracting(point -> ((FunctionProgram) point).function())
                .containsExactlyInAnyOrder(new KernelFunction("path_mount"), new KernelFunction("security_file_open"));
        assertThat(route.chains().keySet()).extracting(point -> ((FunctionProgram) point).prevents()).containsExactlyInAnyOrder(false, true);
    }

    @Test
    void killsBeforeOthersDenyAndIsAskedOnce() throws Exception {
        Chain chain = route("""
                files: [{action: deny, paths: [/x], operations: [read]}]
                programs: [{action: audit, object: other.bpf.o}, {action: kill, object: open.bpf.o}]
                """, node()).chains().get(LsmHook.FILE_OPEN);
        assertThat(chain.steps()).extracting(step -> step.program().map(CustomProgram::name).orElse("")).containsExactly("open.bpf.o", "", "other.bpf.o");
    }

    @Test
    void valuesMakeAnotherProgramOfTheSameObject() throws Exception {
        Chain chain = route("programs: [{action: deny, object: open.bpf.o, parameters: {limit: 1}}, {action: deny, object: open.bpf.o, parameters: {limit: 2}},"
                + " {action: audit, object: open.bpf.o, parameters: {limit: 1}}]", node()).chains().get(LsmHook.FILE_OPEN);
        assertThat(chain.steps()).hasSize(2);
        assertThat(chain.programs()).hasSize(2);
    }

    @Test
    void valuesAreTheBytesOfTheirVariables() throws Exception {
        CustomProgram program = only(route("programs: [{action: deny, object: open.bpf.o, parameters: {limit: -2, count: 0xffffffffffffffff, strict: true,"
                + " suffix: \".so\"}}]", node()));
        assertThat(program.constants().get("limit")).containsExactly(0xfe, 0xff);
        assertThat(ByteBuffer.wrap(program.constants().get("count")).order(ByteOrder.LITTLE_ENDIAN).getLong()).isEqualTo(-1);
        assertThat(program.constants().get("strict")).containsExactly(1);
        assertThat(program.constants().get("suffix")).containsExactly('.', 's', 'o', 0, 0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{limit: 40000}|the parameter limit cannot be 40000; it goes from -32768 to 32767",
        "{limit: -32769}|the parameter limit cannot be -32769",
        "{count: -1}|the parameter count cannot be -1; it goes from 0 to 18446744073709551615",
        "{count: text}|the parameter count must be a number",
        "{strict: 1}|the parameter strict must be true or false",
        "{suffix: 7}|the parameter suffix must be text",
        "{suffix: \"12345\"}|the parameter suffix has room for 4 bytes and a NUL, and this text has 5",
        "{table: 1}|the parameter table cannot be set",
        "{limits: 1}|the program open.bpf.o has no parameter limits; did you mean \"limit\"?",
    })
    void wrongValuesAreRefusedWhereTheyStand(String parameters, String message) {
        assertThatThrownBy(() -> route("{programs: [{action: deny, object: open.bpf.o, parameters: " + parameters + "}]}", node()))
                .isInstanceOf(PolicyException.class).hasMessageContaining(message).hasMessageContaining("t.yaml:5:");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "deny|gone.bpf.o|the program gone.bpf.o is not there",
        "deny|lost.bpf.o|has no LSM hook file_opem that a program can be attached to; did you mean \"file_open\"?",
        "deny|watch.bpf.o|the program watch.bpf.o cannot deny: at fentry/path_mount calls are seen, and not prevented",
        "audit|cannot.bpf.o|is written to be attached in place of path_mount, which the kernel of this node (6.12-test) does not allow",
    })
    void whatTheNodeCannotDoIsRefused(String action, String object, String message) {
        assertThatThrownBy(() -> route("{programs: [{action: " + action + ", object: " + object + "}]}", node()))
                .isInstanceOf(PolicyException.class).hasMessageContaining(message);
    }

    @Test
    void aFallbackIsTakenWhereAProgramOnlySees() throws Exception {
        Route route = route("programs: [{action: deny, object: watch.bpf.o, fallback: audit}]", node());
        assertThat(route.chains().keySet()).singleElement().satisfies(point -> assertThat(((FunctionProgram) point).prevents()).isFalse());
    }

    @Test
    void aKernelThatSkipsProgramsCannotDenyInOne() {
        assertThatThrownBy(() -> route("{programs: [{action: deny, object: instead.bpf.o}]}", node().skipping()))
                .hasMessageContaining("the program instead.bpf.o cannot deny").hasMessageContaining("preempts itself");
    }

    @Test
    void aRecordedKernelKnowsNoPrograms() throws Exception {
        RecordedKernel kernel = RecordedKernel.of("6.12");
        CheckedPolicies checked = Checker.check(Policies.read(Policies.document("a", "{programs: [{action: deny, object: any.bpf.o}]}")), kernel);
        assertThat(checked.programs()).isEmpty();
        assertThat(Explain.rows(checked, kernel)).singleElement().extracting(Explain.Row::prevents).isEqualTo(Explain.Prevents.UNKNOWN);
    }

    @Test
    void explainSaysWhoseConditionItIs() throws Exception {
        CheckedPolicies checked = Checker.check(Policies.read(Policies.document("a",
                "{programs: [{action: deny, object: open.bpf.o}, {action: kill, object: watch.bpf.o}, {action: kill, object: instead.bpf.o}]}")), node());
        assertThat(Explain.rows(checked, node())).extracting(Explain.Row::mechanism).containsExactly("lsm/file_open by program open.bpf.o",
                "fentry/path_mount by program watch.bpf.o", "fmod_ret/security_file_open by program instead.bpf.o");
        assertThat(Explain.rows(checked, node())).extracting(Explain.Row::prevents)
                .containsExactly(Explain.Prevents.YES, Explain.Prevents.AFTER_THE_EFFECT, Explain.Prevents.YES);
    }

    @Test
    void whatIsSkippedNowAndThenDoesNotPrevent() throws Exception {
        NodeCapabilities skipping = node().skipping();
        CheckedPolicies checked = Checker.check(Policies.read(Policies.document("a", "{programs: [{action: kill, object: instead.bpf.o}]}")), skipping);
        assertThat(Explain.rows(checked, skipping)).extracting(Explain.Row::prevents).containsExactly(Explain.Prevents.AFTER_THE_EFFECT);
    }

    @Test
    void tooManyAtOneHookAreRefused() {
        String rules = String.join(", ", IntStream.range(0, 33).mapToObj(i -> "{action: deny, object: open.bpf.o, parameters: {limit: " + i + "}}").toList());
        assertThatThrownBy(() -> route("{programs: [" + rules + "]}", node())).isInstanceOf(PolicyException.class)
                .hasMessageContaining("33 steps at file_open, where the kernel follows 32");
    }

    @Test
    void filesThatChangedPlacesAreOtherPrograms() throws Exception {
        String policy = Policies.document("a", "{programs: [{action: deny, object: open.bpf.o}, {action: kill, object: other.bpf.o}]}");
        byte[] open = "open.bpf.o".getBytes(StandardCharsets.UTF_8);
        byte[] other = "other.bpf.o".getBytes(StandardCharsets.UTF_8);
        FakeNode swapped = node().with(new ProgramFile("open.bpf.o", other, Place.LSM, "file_open", PARAMETERS))
                .with(new ProgramFile("other.bpf.o", open, Place.LSM, "file_open", PARAMETERS));
        assertThat(Checker.check(Policies.read(policy), node()).programs()).isNotEqualTo(Checker.check(Policies.read(policy), swapped).programs());
    }

    @Test
    void equalFilesAreKeptUnderEachName() throws Exception {
        FakeNode same = node().with(new ProgramFile("other.bpf.o", "open.bpf.o".getBytes(StandardCharsets.UTF_8), Place.LSM, "file_open", PARAMETERS));
        CheckedPolicies checked = Checker.check(Policies.read(Policies.document("a",
                "{programs: [{action: deny, object: open.bpf.o}, {action: kill, object: other.bpf.o}]}")), same);
        assertThat(checked.programs()).extracting(CustomProgram::name).containsExactlyInAnyOrder("open.bpf.o", "other.bpf.o");
    }

    @Test
    void programsAreToldApartByTheirBytesAndValues() throws Exception {
        CheckedPolicies one = Checker.check(Policies.read(Policies.document("a", "{programs: [{action: deny, object: open.bpf.o}]}")), node());
        FakeNode changed = node().with(new ProgramFile("open.bpf.o", new byte[] {1}, Place.LSM, "file_open", PARAMETERS));
        CheckedPolicies two = Checker.check(Policies.read(Policies.document("a", "{programs: [{action: deny, object: open.bpf.o}]}")), changed);
        assertThat(one.policies()).isEqualTo(two.policies());
        assertThat(one.programs()).isNotEqualTo(two.programs()).hasSize(1);
    }
}
