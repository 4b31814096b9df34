package io.bpfguard.nri;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;

/// What `ProcessBuilder` cannot do, and a runtime does: start a process with an exact environment and a socket as fd 3.
final class Spawn {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int O_WRONLY_CREAT_TRUNC = 1 | 0x40 | 0x200;
    private static final int FILE_ACTIONS_BYTES = 512;

    private Spawn() {}

    private static int call(String name, FunctionDescriptor type, Object... arguments) {
        Linker linker = Linker.nativeLinker();
        MethodHandle handle = linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
        try {
            return (int) handle.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new AssertionError(name, t);
        }
    }

    private static void check(String what, int result) {
        if (result != 0) {
            throw new AssertionError(what + " returned " + result);
        }
    }

    /// Two connected sockets, closed at exec.
    static int[] socketPair() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(JAVA_INT, 2);
            check(
                    "socketpair",
                    call(
                            "socketpair",
                            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS),
                            AF_UNIX,
                            SOCK_STREAM | SOCK_CLOEXEC,
                            0,
                            pair));
            return new int[] {pair.getAtIndex(JAVA_INT, 0), pair.getAtIndex(JAVA_INT, 1)};
        }
    }

    /// Starts a program whose output goes to a file.
    ///
    /// @return its pid
    static int start(List<String> command, List<String> environment, int socketForFd3, Path output) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(FILE_ACTIONS_BYTES, 8);
            check("init", call("posix_spawn_file_actions_init", FunctionDescriptor.of(JAVA_INT, ADDRESS), actions));
            check(
                    "addopen",
                    call(
                            "posix_spawn_file_actions_addopen",
                            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
                            actions,
                            1,
                            arena.allocateFrom(output.toString()),
                            O_WRONLY_CREAT_TRUNC,
                            0644));
            FunctionDescriptor dup2 = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
            check("adddup2", call("posix_spawn_file_actions_adddup2", dup2, actions, 1, 2));
            check("adddup2", call("posix_spawn_file_actions_adddup2", dup2, actions, socketForFd3, 3));
            MemorySegment pid = arena.allocate(JAVA_INT);
            check(
                    "posix_spawn",
                    call(
                            "posix_spawn",
                            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
                            pid,
                            arena.allocateFrom(command.getFirst()),
                            actions,
                            MemorySegment.NULL,
                            strings(arena, command),
                            strings(arena, environment)));
            return pid.get(JAVA_INT, 0);
        }
    }

    /// Waits for the end of a process.
    ///
    /// @return its exit status, or -1 if it was killed
    static int await(int pid) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(JAVA_INT);
            call("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT), pid, status, 0);
            int value = status.get(JAVA_INT, 0);
            return (value & 0x7f) == 0 ? value >> 8 & 0xff : -1;
        }
    }

    static void close(int descriptor) {
        call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT), descriptor);
    }

    private static MemorySegment strings(Arena arena, List<String> strings) {
        MemorySegment array = arena.allocate(ADDRESS, strings.size() + 1);
        for (int i = 0; i < strings.size(); i++) {
            array.setAtIndex(ADDRESS, i, arena.allocateFrom(strings.get(i)));
        }
        return array;
    }
}
