package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.model.ContainerPolicy;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SystemCallsTest {
    @ParameterizedTest
    @CsvSource({"read,0,3,-1", "mount,165,21,-1", "execve,59,11,520", "unshare,272,310,-1", "splice,275,313,-1",
            "umount2,166,52,-1",
        "umount,-1,22,-1", "socketcall,-1,102,-1", "socket,41,359,-1", "setsockopt,54,366,541", "fchmodat2,452,452,-1",
                "ptrace,101,26,521"})
    void numbersAreTheKernels(String name, int number64, int number32, int numberX32) {
        SystemCall call = SystemCalls.named(name).orElseThrow();
        assertThat(call.number64().orElse(-1)).isEqualTo(number64);
        assertThat(call.number32().orElse(-1)).isEqualTo(number32);
        assertThat(call.numberX32().orElse(-1)).isEqualTo(numberX32);
    }

    @Test
    void everyCallFitsTheTableAndNumbersAreUnique() {
        List<SystemCall> calls = SystemCalls.names().stream().map(name -> SystemCalls.named(name).orElseThrow())
                .toList();
        assertThat(calls).hasSizeGreaterThan(450).allSatisfy(call -> {
            assertThat(call.number64().isPresent() || call.number32().isPresent()).isTrue();
            assertThat(Math.max(call.number64().orElse(0), Math.max(call.number32().orElse(0), call.numberX32()
                    .orElse(0)))).isLessThan(1024);
        });
        assertThat(calls.stream().filter(call -> call.number64().isPresent()).map(call -> call.number64().getAsInt())
                .toList()).doesNotHaveDuplicates();
        assertThat(calls.stream().filter(call -> call.number32().isPresent()).map(call -> call.number32().getAsInt())
                .toList()).doesNotHaveDuplicates();
    }

    static List<String> rows() {
        return SystemCallGates.names();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyRowIsDeliveredOnBothKernelsForBothAbis(String name) throws Exception {
        ContainerPolicy policy = Policies.read(Policies.document("a", "{systemCalls: [{action: deny, names: [" + name
                + "]}]}")).policies().getFirst();
        for (FakeNode node : List.of(FakeNode.debian12(), FakeNode.debian13())) {
            Lowering lowering = Lowering.of(policy, policy.rules().getFirst(), node);
            assertThat(lowering.refusals()).isEmpty();
            assertThat(lowering.enforcements()).isNotEmpty().allSatisfy(enforcement ->
                    assertThat(enforcement.subject()).isInstanceOfSatisfying(Subject.SystemCalls.class, calls -> {
                        SystemCall call = SystemCalls.named(name).orElseThrow();
                        call.number64().ifPresent(number -> assertThat(calls.numbers64()).contains(number));
                        call.number32().ifPresent(number -> assertThat(calls.numbers32()).contains(number));
                        assertThat(calls.numbers32().isEmpty()).as("only this one has no 32-bit entry")
                                .isEqualTo(name.equals("kexec_file_load"));
                    }));
        }
    }

    @Test
    void ftruncateGoesByTheHookThatTheNodeHas() throws Exception {
        ContainerPolicy policy = Policies.read(Policies.document("a",
                "{systemCalls: [{action: deny, names: [ftruncate]}]}")).policies().getFirst();
        assertThat(Lowering.of(policy, policy.rules().getFirst(), FakeNode.debian12()).enforcements())
                .extracting(Enforcement::mechanism)
                .containsExactly("lsm/path_truncate by system call");
        assertThat(Lowering.of(policy, policy.rules().getFirst(), FakeNode.debian13()).enforcements())
                .extracting(Enforcement::mechanism)
                .containsExactly("lsm/file_truncate by system call");
    }

    @Test
    void otherNamesOf32BitCallsAreCovered() throws Exception {
        assertThat(numbers32("umount2")).isEqualTo(Set.of(52, 22));
        assertThat(numbers32("umount")).as("the 32-bit name means the same call").isEqualTo(Set.of(52, 22));
        assertThat(numbers32("chown")).isEqualTo(Set.of(182, 212));
        assertThat(numbers32("connect")).isEqualTo(Set.of(362, 102));
        assertThat(numbers32("ftruncate")).isEqualTo(Set.of(93, 194));
        assertThat(numbers32("sendfile")).isEqualTo(Set.of(187, 239));
    }

    private static Set<Integer> numbers32(String name) throws Exception {
        ContainerPolicy policy = Policies.read(Policies.document("a", "{systemCalls: [{action: deny, names: [" + name
                + "]}]}")).policies().getFirst();
        return ((Subject.SystemCalls) Lowering.of(policy, policy.rules().getFirst(), FakeNode.debian13()).enforcements()
                .getFirst().subject()).numbers32();
    }
}
