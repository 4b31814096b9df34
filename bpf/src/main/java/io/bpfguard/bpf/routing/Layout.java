package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The sizes and offsets that this side shares with the C headers; compared with what the compiled programs say before any is loaded. */
final class Layout {
    static final int LABEL_SIZE = 20;
    static final int CONTAINER_SIZE = 240;
    static final int ROUTE_SIZE = 256;
    static final int CHAIN_SIZE = 264;
    static final int EVENT_SIZE = 1176;
    static final int EVENT_OBJECT = 152;
    static final int CONTAINER_NAME = 112;
    static final int OBJECT_SIZE = 1024;
    static final int NAME_SIZE = 128;
    static final int HOOKS = 64;
    static final int STEPS = 32;
    static final int BLOCK_SIZE = 65536;
    static final int RULESET_VERSION = 2;

    private static final List<Integer> EXPECTED = List.of(LABEL_SIZE, CONTAINER_SIZE, ROUTE_SIZE, CHAIN_SIZE, EVENT_SIZE,
            EVENT_OBJECT, CONTAINER_NAME, OBJECT_SIZE, NAME_SIZE, HOOKS, STEPS, BLOCK_SIZE, RULESET_VERSION);

    private Layout() {}

    /**
     * Compares with the constant {@code layout} of lifecycle.bpf.c.
     *
     * @throws IllegalStateException if they differ: the build put together two versions
     */
    static void check(BpfObject lifecycle) {
        ByteBuffer said = ByteBuffer.wrap(lifecycle.constantBytes("layout")).order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> found = new java.util.ArrayList<>();
        while (said.hasRemaining()) {
            found.add(said.getInt());
        }
        if (!found.equals(EXPECTED)) {
            throw new IllegalStateException("the kernel programs in this build have another layout than the Java classes: "
                    + found + " is not " + EXPECTED + "; rebuild from one checkout");
        }
    }
}
