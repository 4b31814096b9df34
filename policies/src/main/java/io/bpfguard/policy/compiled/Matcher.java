package io.bpfguard.policy.compiled;

import java.util.List;

/**
 * The stock matchers of the kernel side. The ordinal is the slot of the matcher's program in the program array of each
 * hook that offers it, but for {@link #PROGRAM} ({@code enum matcher} in {@code bpf/src/main/c/ruleset.h}).
 *
 * <p>A matcher with {@linkplain #fields() fields} runs the key that it makes of them through one DFA, with one verdict per
 * operation; the others look a number up in a table.
 */
public enum Matcher {
    /** A file, by its path seen from the container's root and by what it is; one verdict per {@link PathOperation}. */
    PATH(KeyField.FILE_KIND, KeyField.DEVICE, KeyField.FILE_SYSTEM, KeyField.SOURCE, KeyField.PROGRAM_ARGUMENTS,
            KeyField.PATH),
    /** What is about to be mounted. */
    MOUNT(KeyField.MOUNT_FLAGS, KeyField.MOUNT_SOURCE, KeyField.FILE_SYSTEM_TYPE),
    /** The number of a capability, by table. */
    CAPABILITY,
    /** The number of the system call the task is in, by one table per ABI. */
    SYSTEM_CALL,
    /** The same verdict at each call of a hook or function. */
    ALWAYS,
    /** A socket and an address; one verdict per {@link SocketOperation}. Its keys always have all fields. */
    ADDRESS(KeyField.SOCKET_FAMILY, KeyField.SOCKET_TYPE, KeyField.SOCKET_PROTOCOL, KeyField.PORT, KeyField.ADDRESS,
            KeyField.SOCKET_NAME),
    /** Arguments of a hook, a function or a system call, and members of what they point to, as the ruleset says. */
    ARGUMENTS(KeyField.ARGUMENT_0, KeyField.ARGUMENT_1, KeyField.ARGUMENT_2, KeyField.ARGUMENT_3, KeyField.ARGUMENT_4,
            KeyField.ARGUMENT_5, KeyField.ARGUMENT_6, KeyField.ARGUMENT_7),
    /** What gives a file another name, by the paths alone: access to what the old one protects. */
    ALIAS(KeyField.PATH),
    /** A signal and whose process gets it, by one table per {@link SignalTarget}. */
    SIGNAL,
    /** A file of procfs that shows a process's memory, by table of {@link ProcessAccess}. */
    PROCESS_FILE,
    /** What a {@link CustomProgram} says: the one verdict is for where it says yes. Its slot is not this ordinal. */
    PROGRAM;

    private final List<KeyField> fields;

    Matcher(KeyField... fields) {
        this.fields = List.of(fields);
    }

    /** The fields of its keys in their order; empty for a table. A ruleset has those that its rules ask for. */
    public List<KeyField> fields() {
        return fields;
    }

    /** Whether it looks keys up in a DFA. */
    public boolean hasKeys() {
        return !fields.isEmpty();
    }
}
