package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Runs BPF iterators: programs that the kernel calls for each of its objects of a kind, and that write about them. Needs no libbpf. */
public final class BpfIterator {
    /** Layout of {@code union bpf_attr} for BPF_ITER_CREATE. */
    static final int LINK_FD = 0;

    private static final int CHUNK = 64 << 10;

    private BpfIterator() {}

    /**
     * Runs the iterator of a pinned link from start to end.
     *
     * @return all that it wrote
     * @throws NotFound if nothing is pinned there
     * @throws BpfException if it is not an iterator's link, or the program asked for an error
     */
    public static byte[] runPinned(Path link) {
        try (Fd fd = new Fd(BpfFs.open(link, BpfFs.Kind.LINK))) {
            return run(fd.number(), link.toString());
        }
    }

    static byte[] run(int link, String what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_INT, LINK_FD, link);
            int result = Kernel.bpf(Kernel.BPF_ITER_CREATE, attr);
            if (result < 0) {
                throw BpfException.of("starting the iterator " + what, -result, "");
            }
            try (Fd iterator = new Fd(result)) {
                return readAll(arena, iterator, what);
            }
        }
    }

    private static byte[] readAll(Arena arena, Fd iterator, String what) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        MemorySegment buffer = arena.allocate(CHUNK);
        while (true) {
            int count = Kernel.read(iterator.number(), buffer);
            if (count == 0) {
                return out.toByteArray();
            }
            // bpf_seq_read asks to be called again when a whole round of objects was filtered out.
            if (count < 0 && count != -Errno.EAGAIN && count != -Errno.EINTR) {
                throw BpfException.of("reading the iterator " + what, -count, "");
            }
            if (count > 0) {
                out.writeBytes(buffer.asSlice(0, count).toArray(JAVA_BYTE));
            }
        }
    }
}
