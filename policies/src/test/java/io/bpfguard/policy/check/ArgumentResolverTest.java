package io.bpfguard.policy.check;

import static io.bpfguard.policy.FakeTypes.INT;
import static io.bpfguard.policy.FakeTypes.LONG;
import static io.bpfguard.policy.FakeTypes.member;
import static io.bpfguard.policy.FakeTypes.parameter;
import static io.bpfguard.policy.FakeTypes.pointer;
import static io.bpfguard.policy.FakeTypes.struct;
import static io.bpfguard.policy.FakeTypes.userPointer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.check.ArgumentResolver.Unresolved;
import io.bpfguard.policy.compiled.Extractor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the types of parameters forbid, and where they put the ones behind. */
class ArgumentResolverTest {
    private static final KernelType PAIR = struct("pair", 16, Map.of("first", member(LONG, 0)));
    private static final KernelType LARGE = struct("large", 24, Map.of("first", member(LONG, 0)));

    private static ArgumentResolver resolver(KernelType.Parameter... parameters) {
        return new ArgumentResolver("the function f", List.of(parameters));
    }

    @Test
    void aStructByValueTakesTheRegistersOfItsSize() throws Exception {
        ArgumentResolver resolver = resolver(parameter("a", INT), parameter("b", PAIR), parameter("c", INT));
        assertThat(resolver.resolve("a").integer()).contains(Extractor.argument(0, 32, true));
        assertThat(resolver.resolve("c").integer()).contains(Extractor.argument(3, 32, true));
        assertThatThrownBy(() -> resolver.resolve("b.first")).isInstanceOf(Unresolved.class).hasMessageContaining("is passed by value");
        assertThatThrownBy(() -> resolver(parameter("a", LARGE), parameter("b", INT)).resolve("b")).as("it may be on the stack")
                .isInstanceOf(Unresolved.class).hasMessageContaining("stands behind one that is");
    }

    @Test
    void threePointersAreFollowedAndNoFourth() throws Exception {
        KernelType fourth = struct("d", 8, Map.of("value", member(INT, 4)));
        KernelType third = struct("c", 8, Map.of("d", member(pointer(fourth), 8), "value", member(INT, 12)));
        KernelType second = struct("b", 8, Map.of("c", member(pointer(third), 16)));
        ArgumentResolver resolver = resolver(parameter("a", pointer(struct("a", 8, Map.of("b", member(pointer(second), 24), "value", member(INT, 4))))));
        assertThat(resolver.resolve("a.value").integer().orElseThrow().offsets()).containsExactly(4);
        assertThat(resolver.resolve("a.b.c.value").integer().orElseThrow().offsets()).containsExactly(24, 16, 12);
        assertThat(resolver.resolve("a.b.c.d.value").integer().orElseThrow().offsets()).containsExactly(24, 16, 8, 4);
        KernelType deeper = struct("e", 8, Map.of("a", member(pointer(struct("a", 8, Map.of("b", member(pointer(second), 24)))), 0)));
        assertThatThrownBy(() -> resolver(parameter("e", pointer(deeper))).resolve("e.a.b.c.d.value")).isInstanceOf(Unresolved.class)
                .hasMessage("more than 3 pointers would have to be followed");
    }

    @Test
    void pointersIntoUserMemoryAreNumbersAndNotFollowed() throws Exception {
        ArgumentResolver resolver = resolver(parameter("text", userPointer(struct("s", 8, Map.of("value", member(INT, 0))))));
        assertThat(resolver.resolve("text").integer()).contains(Extractor.argument(0, 64, false));
        assertThatThrownBy(() -> resolver.resolve("text.value")).isInstanceOf(Unresolved.class).hasMessageContaining("points into user memory");
    }

    @Test
    void parametersWithoutNamesHaveNumbers() throws Exception {
        assertThat(resolver(parameter("", INT)).resolve("0").integer()).contains(Extractor.argument(0, 32, true));
        assertThatThrownBy(() -> resolver(parameter("", INT)).resolve("x")).hasMessage("the function f has no argument x; it has 0 (int)");
        assertThatThrownBy(() -> resolver().resolve("0")).hasMessage("the function f has no arguments");
    }
}
