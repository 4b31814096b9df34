package io.bpfguard.policy.compiled;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Decides in user space as the kernel side does, from the same bytes ({@code bpf/src/main/c/ruleset.h}): for tests, and
 * for asking what a policy would say. Immutable.
 */
public final class Verdicts {
    private static final int VERSION = 1;
    private static final int TABLE_OFFSET = 64;
    private static final int SYSTEM_CALLS = 1024;
    private static final int CAPABILITIES = 64;
    private static final int OPERATIONS = 16;
    private static final int VERDICT_SIZE = 8;
    private static final Action[] ACTIONS = Action.values();

    private final Matcher matcher;
    private final ByteBuffer image;

    /** The verdicts of a ruleset. */
    public Verdicts(Ruleset ruleset) {
        this.matcher = ruleset.matcher();
        this.image = ByteBuffer.wrap(ruleset.image()).order(ByteOrder.LITTLE_ENDIAN);
        if (image.getInt(0) != matcher.ordinal() || image.getInt(4) != VERSION) {
            throw new IllegalArgumentException(ruleset + " has the header of another matcher or version");
        }
    }

    /** The matcher whose questions can be asked. */
    public Matcher matcher() {
        return matcher;
    }

    /** What is said of an operation on a path, in the bytes that the kernel sees. */
    public Verdict path(byte[] path, PathOperation operation) {
        expect(Matcher.PATH);
        return string(path, operation.ordinal());
    }

    /** What is said of a file system type. */
    public Verdict fileSystemType(byte[] type) {
        expect(Matcher.FILE_SYSTEM_TYPE);
        return string(type, 0);
    }

    /** What is said of a capability. */
    public Verdict capability(int number) {
        expect(Matcher.CAPABILITY);
        return number < 0 || number >= CAPABILITIES ? Verdict.NONE : at(TABLE_OFFSET + number * VERDICT_SIZE);
    }

    /**
     * What is said of a system call.
     *
     * @param compat whether it was entered as a 32-bit call
     */
    public Verdict systemCall(int number, boolean compat) {
        expect(Matcher.SYSTEM_CALL);
        return number < 0 || number >= SYSTEM_CALLS ? Verdict.NONE
                : at(TABLE_OFFSET + (compat ? SYSTEM_CALLS + number : number) * VERDICT_SIZE);
    }

    /** What is said of every call. */
    public Verdict always() {
        expect(Matcher.ALWAYS);
        return at(TABLE_OFFSET);
    }

    private Verdict string(byte[] bytes, int operation) {
        int row = image.getInt(8);
        for (byte value : bytes) {
            if (value == 0) {
                break;
            }
            int column = image.get(TABLE_OFFSET + (value & 0xff)) & 0xff;
            row = image.getInt(Integer.BYTES * (row + column));
            if (row == 0) {
                break;
            }
        }
        int verdict = row == 0 ? 0 : image.getInt(Integer.BYTES * row);
        if (verdict < 0 || verdict >= image.getInt(16)) {
            throw new IllegalStateException("a row has verdict " + verdict + " of " + image.getInt(16));
        }
        return at(image.getInt(12) + (verdict * OPERATIONS + operation) * VERDICT_SIZE);
    }

    private Verdict at(int offset) {
        return new Verdict(ACTIONS[image.get(offset + 4)], image.get(offset + 5) & 0xff, image.getInt(offset));
    }

    private void expect(Matcher wanted) {
        if (matcher != wanted) {
            throw new IllegalStateException("a ruleset for " + matcher + ", not for " + wanted);
        }
    }
}
