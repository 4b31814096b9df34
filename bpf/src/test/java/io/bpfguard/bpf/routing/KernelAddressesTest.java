package io.bpfguard.bpf.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelAddressesTest {
    private static final String GOOD = """
            ffffffff81000000 T _stext
            ffffffff82a01040 D mount_lock
            ffffffff82a01080 d rename_lock
            ffffffffc0001000 t file_set_fsnotify_mode\t[odd]
            """;

    @TempDir
    private Path directory;

    private KernelAddresses reading(String text) throws IOException {
        return new KernelAddresses(Files.writeString(directory.resolve("kallsyms"), text));
    }

    @Test
    void thereAndNotThere() throws IOException {
        var addresses = reading(GOOD);
        assertThat(addresses.of("rename_lock")).isEqualTo(0xffffffff82a01080L);
        assertThat(addresses.of("mount_lock")).isEqualTo(0xffffffff82a01040L);
        // A module's is another one.
        assertThat(addresses.of("file_set_fsnotify_mode")).isZero();
    }

    @Test
    void hidden() throws IOException {
        var addresses = reading("0000000000000000 D mount_lock\n");
        assertThatThrownBy(() -> addresses.of("mount_lock")).isInstanceOf(RoutingException.class)
                .hasMessageContaining("hides the address of mount_lock").hasMessageContaining("kptr_restrict");
    }

    @Test
    void thereTwice() throws IOException {
        var addresses = reading(GOOD + "ffffffff82b00000 d mount_lock\n");
        assertThatThrownBy(() -> addresses.of("mount_lock")).isInstanceOf(RoutingException.class).hasMessageContaining("has mount_lock twice");
        // A module's of the same name is no matter.
        assertThat(reading(GOOD + "ffffffffc0b00000 d mount_lock\t[odd]\n").of("mount_lock")).isEqualTo(0xffffffff82a01040L);
    }

    @Test
    void missing() throws IOException {
        var addresses = reading("ffffffff82a01040 D mount_lock\n");
        assertThatThrownBy(() -> addresses.of("rename_lock")).isInstanceOf(RoutingException.class)
                .hasMessageContaining("does not have rename_lock");
        assertThatThrownBy(() -> addresses.of("jiffies")).isInstanceOf(IllegalArgumentException.class);
    }
}
