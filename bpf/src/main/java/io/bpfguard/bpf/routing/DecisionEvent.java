package io.bpfguard.bpf.routing;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Extractor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A decision that the kernel side reported ({@code struct event} in event.h).
 *
 * @param sinceBoot when, on CLOCK_BOOTTIME
 * @param cgroupId the container's cgroup: its slot may be another's by the time this is read
 * @param container the slot of the task's container
 * @param generation of the policies that decided
 * @param rule the rule's number in that generation, 0 for an internal error
 * @param hook the number of the hook
 * @param pid the process
 * @param tid the thread
 * @param namespacePid the thread, as the container sees it
 * @param uid the user, in the initial user namespace
 * @param action what was done
 * @param errno what the caller got, 0 when the operation went on
 * @param reason a rule, or what went wrong
 * @param kind what {@code object} and {@code number} are
 * @param operation for a path its {@link io.bpfguard.policy.compiled.PathOperation} by ordinal; for an address its {@link io.bpfguard.policy.compiled.SocketOperation}; for a system call its ABI, 0 = 64-bit, 1 = 32-bit
 * @param number of the capability or system call
 * @param comm the task's name
 * @param object path, file system type or address, as bytes in ISO 8859-1 so that odd ones survive; see {@link #objectText()}
 * @param objectLength how many bytes the object has, of which at most 1023 are here
 * @param values the integers that were compared, in the order of the ruleset's extractors
 */
public record DecisionEvent(Duration sinceBoot, long cgroupId, int container, int generation, int rule, int hook, int pid,
        int tid, int namespacePid, int uid, Action action, int errno, Reason reason, ObjectKind kind, int operation, long number,
        String comm, String object, int objectLength, List<Long> values) {
    /** {@code enum reason}; same order. */
    public enum Reason {
        /** A rule decided. */
        RULE,
        /** The container's route is not there. */
        NO_ROUTE,
        /** A step's program is not there. */
        NO_STEP,
        /** A ruleset is not there or of another version. */
        NO_RULESET,
        /** A path of more than 4095 bytes, or that changed all the time. */
        PATH_TOO_LONG,
        /** Kernel memory could not be read. */
        READ_FAILED,
        /** No memory for the decision. */
        NO_MEMORY,
        /** A custom program said that it cannot tell. */
        PROGRAM_FAILED,
        /** No container was announced for the cgroup: {@link Unclaimed}. */
        UNCLAIMED
    }

    /** {@code enum object_kind}; same order. */
    public enum ObjectKind {
        /** No object. */
        NONE,
        /** A path from the container's root. */
        PATH,
        /** The type of a file system, or a word such as bind, in {@value #MOUNT_TYPE} bytes; behind it the source. The flags are the number. */
        MOUNT,
        /** A capability's number. */
        CAPABILITY,
        /** A system call's number; its arguments may be among the values. */
        SYSTEM_CALL,
        /** A socket and an address, as {@code struct socket_key} with a name behind it. */
        ADDRESS,
        /** Arguments: the values, and the last string or path. */
        ARGUMENTS,
        /** The number of a signal to another process; the operation is a {@link io.bpfguard.policy.compiled.SignalTarget}. */
        SIGNAL,
        /** The name of a file of procfs, of the process with this number; the operation is a {@link io.bpfguard.policy.compiled.ProcessAccess}. */
        PROCESS_FILE,
        /** What a custom program said. */
        PROGRAM
    }

    private static final int MOUNT_TYPE = 64;

    public DecisionEvent {
        values = List.copyOf(values);
    }

    /** The type of what is mounted; empty where it could not be read. */
    public String mountType() {
        return untilNul(object.substring(0, Math.min(MOUNT_TYPE, object.length())));
    }

    /** The source of what is mounted; empty if there is none. */
    public String mountSource() {
        return utf8(untilNul(object.substring(Math.min(MOUNT_TYPE, object.length()))));
    }

    /** The object as text: UTF-8 where it is valid, with U+FFFD for odd bytes. */
    public String objectText() {
        return utf8(object);
    }

    private static String untilNul(String bytes) {
        int end = bytes.indexOf('\0');
        return end < 0 ? bytes : bytes.substring(0, end);
    }

    private static String utf8(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /**
     * Reads one record of the ring.
     *
     * @throws IllegalArgumentException if it is not an event of this layout
     */
    public static DecisionEvent read(ByteBuffer record) {
        if (record.remaining() < Layout.EVENT_SIZE) {
            throw new IllegalArgumentException("an event of " + record.remaining() + " bytes, not " + Layout.EVENT_SIZE);
        }
        ByteBuffer in = record.slice().order(ByteOrder.LITTLE_ENDIAN);
        long time = in.getLong();
        long cgroup = in.getLong();
        int container = in.getInt();
        int generation = in.getInt();
        int rule = in.getInt();
        int hook = in.getInt();
        int pid = in.getInt();
        int tid = in.getInt();
        int namespacePid = in.getInt();
        int uid = in.getInt();
        Action action = one(Action.values(), in.get());
        int errno = in.get() & 0xff;
        Reason reason = one(Reason.values(), in.get());
        ObjectKind kind = one(ObjectKind.values(), in.get());
        int operation = in.getInt();
        long number = in.getLong();
        String comm = text(in, 16);
        int objectLength = in.getInt();
        int valueCount = in.getInt();
        if (valueCount < 0 || valueCount > Extractor.MAX_PER_KEY) {
            throw new IllegalArgumentException("an event with " + valueCount + " values");
        }
        List<Long> values = new ArrayList<>();
        for (int i = 0; i < Extractor.MAX_PER_KEY; i++) {
            long value = in.getLong();
            if (i < valueCount) {
                values.add(value);
            }
        }
        boolean binary = kind == ObjectKind.ADDRESS || kind == ObjectKind.MOUNT;
        String object = binary ? bytes(in, Math.clamp(objectLength, 0, Layout.OBJECT_SIZE - 1)) : text(in, Layout.OBJECT_SIZE);
        boolean prevents = action == Action.DENY || action == Action.KILL;
        return new DecisionEvent(Duration.ofNanos(time), cgroup, container, generation, rule, hook, pid, tid, namespacePid, uid,
                action, prevents ? errno : 0, reason, kind, operation, number, comm, object, objectLength, values);
    }

    private static <T> T one(T[] values, byte index) {
        if (index < 0 || index >= values.length) {
            throw new IllegalArgumentException("an event with number " + index + " where there are " + values.length);
        }
        return values[index];
    }

    /** Bytes of which some are NUL. */
    private static String bytes(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String text(ByteBuffer in, int size) {
        byte[] bytes = new byte[size];
        in.get(bytes);
        int length = 0;
        while (length < size && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
}
