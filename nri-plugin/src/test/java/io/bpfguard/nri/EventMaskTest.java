package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventMaskTest {
    private static RuntimeInfo runtime(String name, String version, String nri) {
        return new RuntimeInfo(name, version, nri, Duration.ZERO);
    }

    @ParameterizedTest
    @CsvSource({
        "containerd, 1.7.24, '', 7ff", "containerd, v2.1.0, '', 7ff", "containerd, 2.1.99-rc.1, '', 7ff", "containerd, v2.2.1, '', 3fff",
        "containerd, 2.10.0, '', 3fff", "containerd, 3.0.0, '', 3fff", "containerd, 1.7.24, 0.12.0, 3fff", "containerd, 2.2.0, v0.9.0, 7ff",
        "containerd, '', '', 7ff", "containerd, garbage, '', 7ff", "containerd, 2.99999999999.0, '', 7ff",
        "cri-o, 1.30.1, '', 7ff", "cri-o, 1.33.0, '', 1fff", "cri-o, 1.34.0, '', 3fff", "cri-o, 1.37.0, 0.12.0, 3fff",
        "docker, 29.0.0, '', 7ff", "'', '', 0.10.0, 3fff", "'', '', 1.0.0, 3fff", "'', '', junk, 7ff",
    })
    @DisplayName("item 42: the runtime's valid mask follows from its NRI version, or else from its own")
    void valid(String name, String version, String nri, String mask) {
        assertThat(EventMask.valid(runtime(name, version, nri))).isEqualTo(Integer.parseInt(mask, 16));
    }

    @Test
    @DisplayName("item 42: the mask has the subscribed bits, never 0, never a bit that the runtime does not know")
    void mask() {
        RuntimeInfo old = runtime("containerd", "1.7.24", "");
        RuntimeInfo recent = runtime("containerd", "2.3.0", "0.12.0");
        Set<EventKind> all = EnumSet.allOf(EventKind.class);
        assertThat(EventMask.of(all, old)).isEqualTo(0x07ff);
        assertThat(EventMask.of(all, recent)).isEqualTo(0x1fff);
        assertThatThrownBy(() -> EventMask.of(Set.of(), recent)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EventMask.of(Set.of(EventKind.UPDATE_POD_SANDBOX), old))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("UPDATE_POD_SANDBOX");
    }

    @Test
    @DisplayName("item 42: the bits are the protocol's")
    void bits() {
        assertThat(Arrays.stream(EventKind.values()).map(k -> Integer.toHexString(k.bit())).collect(Collectors.joining(" ")))
                .isEqualTo("1 2 4 8 10 20 40 80 100 200 400 800 1000");
        for (EventKind kind : EventKind.values()) {
            assertThat(io.bpfguard.nri.proto.Event.forNumber(kind.number()).name()).isEqualTo(kind.name());
        }
    }
}
