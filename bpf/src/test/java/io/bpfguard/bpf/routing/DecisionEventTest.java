package io.bpfguard.bpf.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DecisionEventTest {
    private static final int KIND = 51;
    private static final int OBJECT_LENGTH = 80;
    private static final int VALUE_COUNT = 84;
    private static final int VALUES = 88;

    /** A {@code struct event} of arguments: two integers and a path. */
    private static ByteBuffer event() {
        ByteBuffer event = ByteBuffer.allocate(Layout.EVENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        event.put(KIND, (byte) DecisionEvent.ObjectKind.ARGUMENTS.ordinal());
        event.putInt(OBJECT_LENGTH, 4).putInt(VALUE_COUNT, 2).putLong(VALUES, -1).putLong(VALUES + Long.BYTES, 7).putLong(VALUES + 2 * Long.BYTES, 9);
        event.put(Layout.EVENT_OBJECT, "/etc".getBytes(StandardCharsets.US_ASCII));
        return event;
    }

    @Test
    void hasTheValuesThatWereCompared() {
        DecisionEvent event = DecisionEvent.read(event());
        assertThat(event.kind()).isEqualTo(DecisionEvent.ObjectKind.ARGUMENTS);
        assertThat(event.values()).containsExactly(-1L, 7L);
        assertThat(event.object()).isEqualTo("/etc");
    }

    @Test
    void aNumberOfValuesThatCannotBeIsRefused() {
        for (int count : new int[] {-1, 9}) {
            assertThatThrownBy(() -> DecisionEvent.read(event().putInt(VALUE_COUNT, count))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("an event with " + count + " values");
        }
    }
}
