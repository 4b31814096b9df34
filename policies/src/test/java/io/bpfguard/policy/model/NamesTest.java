package io.bpfguard.policy.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Tables of names, and finding the one that was meant. */
class NamesTest {
    @Test
    void capabilitiesHaveTheKernelsNumbers() {
        assertThat(Capability.NAMES).hasSize(41).doesNotHaveDuplicates();
        assertThat(Capability.number("CHOWN")).hasValue(0);
        assertThat(Capability.number("cap_net_raw")).hasValue(13);
        assertThat(Capability.number("Sys_Admin")).hasValue(21);
        assertThat(Capability.number("CAP_CHECKPOINT_RESTORE")).hasValue(40);
        assertThat(Capability.number("CAP_")).isEmpty();
    }

    @Test
    void errorsHaveTheKernelsNumbers() {
        assertThat(Errno.number("EPERM")).hasValue(1);
        assertThat(Errno.number("EACCES")).hasValue(13);
        assertThat(Errno.number("EWOULDBLOCK")).hasValue(11);
        assertThat(Errno.number("ENOKEY")).hasValue(126);
        assertThat(Errno.number("EHWPOISON")).hasValue(Errno.MAX);
        assertThat(Errno.number("eperm")).isEmpty();
        assertThat(Errno.name(11)).isEqualTo("EAGAIN");
        assertThat(Errno.name(41)).isEqualTo("41");
        assertThat(Errno.names()).allSatisfy(name -> assertThat(Errno.number(name).getAsInt()).isBetween(1, Errno.MAX));
    }

    @Test
    void theNearestNameIsFoundAndAFarOneIsNot() {
        List<String> known = List.of("mounts", "files", "processes", "In");
        assertThat(Nearest.to("mount", known)).contains("mounts");
        assertThat(Nearest.to("proceses", known)).contains("processes");
        assertThat(Nearest.to("FILES", known)).contains("files");
        assertThat(Nearest.to("in", known)).contains("In");
        assertThat(Nearest.to("network", known)).isEmpty();
        assertThat(Nearest.hint("fils", known)).isEqualTo("; did you mean \"files\"?");
        assertThat(Nearest.hint("network", known)).isEmpty();
    }

    @Test
    void problemsAreInTheOrderOfTheirPlaces() {
        Problem late = new Problem("a", 10, 1, "x");
        Problem early = new Problem("a", 9, 5, "y");
        assertThat(new PolicyException(List.of(late, early))).hasMessage("a:9:5: y\na:10:1: x");
        assertThatThrownBy(() -> new PolicyException(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
