package io.bpfguard.bpf.libbpf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ErrnoTest {
    @Test
    void namesErrorNumbers() {
        assertThat(Errno.name(Errno.EPERM)).isEqualTo("EPERM");
        assertThat(Errno.describe(Errno.E2BIG)).isEqualTo("E2BIG (Argument list too long)");
        assertThat(Errno.name(Errno.ENOTSUPP)).isEqualTo("ENOTSUPP");
        assertThat(Errno.name(4006)).isEqualTo("LIBBPF_ERRNO__LOAD");
    }

    @Test
    void anUnknownNumberIsShownAsOne() {
        assertThat(Errno.describe(999)).isEqualTo("errno 999");
    }

    @Test
    void subclassesFollowTheNumber() {
        assertThat(BpfException.of("trying", Errno.ENOENT, "")).isInstanceOf(NotFound.class).hasMessage("trying failed: ENOENT (No such file or directory)");
        assertThat(BpfException.of("trying", Errno.EEXIST, "")).isInstanceOf(AlreadyExists.class);
        assertThat(BpfException.of("trying", Errno.EACCES, "")).isInstanceOf(PermissionDenied.class).hasMessageContaining("CAP_BPF");
        assertThat(BpfException.of("trying", Errno.EINVAL, "advice")).hasMessage("trying failed: EINVAL (Invalid argument): advice");
        assertThat(BpfException.of("trying", Errno.EINVAL, "")).satisfies(e -> {
            assertThat(e.operation()).isEqualTo("trying");
            assertThat(e.errno()).isEqualTo(Errno.EINVAL);
        });
    }
}
