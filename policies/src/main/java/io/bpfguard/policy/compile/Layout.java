package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Verdict;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The numbers of {@code bpf/src/main/c/ruleset.h} and the pieces that all rulesets have. */
final class Layout {
    static final int VERSION = 2;
    static final int BLOCK_SIZE = 65536;
    static final int TABLE_OFFSET = 64;
    static final int SYSTEM_CALLS = 1024;
    static final int CAPABILITIES = 64;
    /** For each target; signal 0 is none. */
    static final int SIGNALS = 65;
    static final int OPERATIONS = 16;
    static final int VERDICT_SIZE = 8;
    /** One verdict per operation. */
    static final int VERDICTS_SIZE = OPERATIONS * VERDICT_SIZE;
    /** The largest ruleset that is made. */
    static final int MAX_IMAGE = 16 << 20;

    private Layout() {}

    /** An image with its header. */
    static ByteBuffer image(Matcher matcher, int size) {
        ByteBuffer image = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        image.putInt(0, matcher.ordinal());
        image.putInt(4, VERSION);
        return image;
    }

    /** Writes a {@code struct verdict}. */
    static void put(ByteBuffer image, int offset, Verdict verdict) {
        image.putInt(offset, verdict.rule());
        image.put(offset + 4, (byte) verdict.action().ordinal());
        image.put(offset + 5, (byte) verdict.errno());
    }
}
