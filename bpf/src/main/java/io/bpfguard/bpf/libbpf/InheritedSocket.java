package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/// A connected stream socket that this process inherited as a bare file descriptor, as a blocking channel.
///
/// The JDK can adopt only fd 0 (`System.inheritedChannel`), and closes the standard streams with it. One thread may read while
/// others write. A read waits in native code, so read on a platform thread. Owns the descriptor.
public final class InheritedSocket implements ByteChannel {
    /// Most bytes per call that are copied for a heap buffer.
    private static final int COPY_BYTES = 64 * 1024;

    // linux/fcntl.h, asm-generic/socket.h, linux/socket.h, asm-generic/errno-base.h
    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SHUT_RDWR = 2;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int EINTR = 4;

    private final int descriptor;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ReentrantLock reading = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock();

    private InheritedSocket(int descriptor) {
        this.descriptor = descriptor;
    }

    /// Takes over an open socket. Its descriptor is closed at exec from now on, so that children do not keep the link open.
    ///
    /// @param descriptor number of the descriptor; nobody else may use it any more
    /// @throws IOException if there is no socket with this number
    public static InheritedSocket adopt(int descriptor) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Native.CAPTURE);
            MemorySegment type = arena.allocate(JAVA_INT);
            MemorySegment size = arena.allocate(JAVA_INT);
            size.set(JAVA_INT, 0, Integer.BYTES);
            if (Native.getsockopt(errno, descriptor, SOL_SOCKET, SO_TYPE, type, size) < 0
                    || Native.fcntl(errno, descriptor, F_SETFD, FD_CLOEXEC) < 0) {
                throw new IOException("file descriptor %d is not an open socket (errno %d): was it closed by a launcher script?"
                        .formatted(descriptor, Native.errno(errno)));
            }
        }
        return new InheritedSocket(descriptor);
    }

    /// Waits for bytes; -1 when the peer has closed.
    ///
    /// @throws AsynchronousCloseException if this channel is closed meanwhile
    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!target.hasRemaining()) {
            return 0;
        }
        ByteBuffer buffer = target.isDirect() ? target.slice() : ByteBuffer.allocateDirect(Math.min(target.remaining(), COPY_BYTES));
        reading.lock();
        try (Arena arena = Arena.ofConfined()) {
            long n = transfer(arena, buffer, false);
            if (closed.get()) {
                throw new AsynchronousCloseException();
            }
            if (n == 0) {
                return -1;
            }
            if (target.isDirect()) {
                target.position(target.position() + (int) n);
            } else {
                target.put(buffer.limit((int) n));
            }
            return (int) n;
        } finally {
            reading.unlock();
        }
    }

    /// Sends some or all of the bytes, at least one.
    @Override
    public int write(ByteBuffer source) throws IOException {
        if (!source.hasRemaining()) {
            return 0;
        }
        ByteBuffer buffer;
        if (source.isDirect()) {
            buffer = source.slice();
        } else {
            int n = Math.min(source.remaining(), COPY_BYTES);
            buffer = ByteBuffer.allocateDirect(n).put(source.slice().limit(n)).flip();
        }
        writing.lock();
        try (Arena arena = Arena.ofConfined()) {
            int n = (int) transfer(arena, buffer, true);
            source.position(source.position() + n);
            return n;
        } finally {
            writing.unlock();
        }
    }

    private long transfer(Arena arena, ByteBuffer buffer, boolean send) throws IOException {
        MemorySegment errno = arena.allocate(Native.CAPTURE);
        MemorySegment bytes = MemorySegment.ofBuffer(buffer);
        while (true) {
            if (closed.get()) {
                throw new ClosedChannelException();
            }
            long n = send
                    ? Native.send(errno, descriptor, bytes, bytes.byteSize(), MSG_NOSIGNAL)
                    : Native.recv(errno, descriptor, bytes, bytes.byteSize(), 0);
            if (n >= 0) {
                return n;
            }
            if (Native.errno(errno) != EINTR) {
                throw new IOException("%s on inherited socket %d failed with errno %d"
                        .formatted(send ? "send" : "recv", descriptor, Native.errno(errno)));
            }
        }
    }

    @Override
    public boolean isOpen() {
        return !closed.get();
    }

    /// Ends waiting reads and writes, then closes the descriptor. Idempotent.
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Native.CAPTURE);
            Native.shutdown(errno, descriptor, SHUT_RDWR);
            // Only when nobody is inside a call any more may the number be given back to the kernel.
            reading.lock();
            writing.lock();
            try {
                if (Native.close(errno, descriptor) < 0) {
                    throw new IOException("close of inherited socket %d failed with errno %d".formatted(descriptor, Native.errno(errno)));
                }
            } finally {
                writing.unlock();
                reading.unlock();
            }
        }
    }

    /// The C library's functions, in its spelling.
    private static final class Native {
        static final StructLayout CAPTURE = Linker.Option.captureStateLayout();

        private static final VarHandle ERRNO = CAPTURE.varHandle(PathElement.groupElement("errno"));
        private static final AddressLayout POINTER = ADDRESS;
        private static final MethodHandle RECV =
                handle("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, POINTER, JAVA_LONG, JAVA_INT));
        private static final MethodHandle SEND =
                handle("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, POINTER, JAVA_LONG, JAVA_INT));
        private static final MethodHandle SHUTDOWN = handle("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
        private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        private static final MethodHandle GETSOCKOPT =
                handle("getsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, POINTER, POINTER));
        private static final MethodHandle FCNTL = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("fcntl"),
                        FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
                        Linker.Option.captureCallState("errno"),
                        Linker.Option.firstVariadicArg(2));

        private Native() {}

        private static MethodHandle handle(String name, FunctionDescriptor type) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
        }

        static int errno(MemorySegment capture) {
            return (int) ERRNO.get(capture, 0L);
        }

        static long recv(MemorySegment errno, int fd, MemorySegment buffer, long length, int flags) {
            try {
                return (long) RECV.invokeExact(errno, fd, buffer, length, flags);
            } catch (Throwable t) {
                throw unreachable(t);
            }
        }

        static long send(MemorySegment errno, int fd, MemorySegment buffer, long length, int flags) {
            try {
                return (long) SEND.invokeExact(errno, fd, buffer, length, flags);
            } catch (Throwable t) {
                throw unreachable(t);
            }
        }

        static int shutdown(MemorySegment errno, int fd, int how) {
            try {
                return (int) SHUTDOWN.invokeExact(errno, fd, how);
            } catch (Throwable t) {
                throw unreachable(t);
            }
        }

        static int close(MemorySegment errno, int fd) {
            try {
                return (int) CLOSE.invokeExact(errno, fd);
            } catch (Throwable t) {
                throw unreachable(t);
            }
        }

        static int getsockopt(MemorySegment errno, int fd, int level, int name, MemorySegment value, MemorySegment length) {
            try {
                return (int) GETSOCKOPT.invokeExact(errno, fd, level, name, value, length);
            } catch (Throwable t) {
                throw unreachable(t);
            }
        }

        static int fcntl(MemorySegment errno, int fd, int command, int argument) {
            try {
                return (int) FCNTL.invokeExact(errno, fd, command, argument);
            } catch (Throwable t) {
                throw unreachable(t);
            }
        }

        private static AssertionError unreachable(Throwable t) {
            if (t instanceof Error e) {
                throw e;
            }
            return new AssertionError("a native call without Java callbacks threw", t);
        }
    }
}
