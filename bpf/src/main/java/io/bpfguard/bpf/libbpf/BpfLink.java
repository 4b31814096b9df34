package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A program's attachment. {@link #close()} lets go of it: an attachment that is pinned, or was {@linkplain #keep() kept}, goes on; any other ends.
 *
 * <p>Not thread-safe.
 */
public final class BpfLink implements AutoCloseable {
    /** Layout of {@code struct bpf_link_info} (include/uapi/linux/bpf.h), up to the last field used. */
    static final int INFO_TYPE = 0;
    static final int INFO_ID = 4;
    static final int INFO_PROG_ID = 8;
    static final int INFO_SIZE = 16;

    /**
     * What the kernel says about a link.
     *
     * @param id        unique while the link lives
     * @param type      the number of {@code enum bpf_link_type}
     * @param programId the id of the attached program
     */
    public record Info(int id, int type, int programId) {}

    private final LibbpfCalls calls;
    private final String what;
    /** Of libbpf; this object owns it and destroys it. NULL once closed. */
    private MemorySegment link;
    private Path pin;
    private boolean kept;

    BpfLink(LibbpfCalls calls, MemorySegment link, String what) {
        this.calls = calls;
        this.link = link;
        this.what = what;
    }

    /**
     * Opens a pinned link; {@link #close()} then closes this handle only.
     *
     * @throws NotFound     if nothing is pinned there
     * @throws BpfException if it is a map or a program
     */
    public static BpfLink open(Libbpf libbpf, Path path) {
        BpfFs.Kind kind = BpfFs.kind(path);
        if (kind != BpfFs.Kind.LINK) {
            throw new BpfException("opening " + path, Errno.EINVAL, "it is a pinned " + kind + ", not a LINK");
        }
        LibbpfCalls calls = libbpf.calls();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment link = calls.bpf_link__open(Kernel.path(arena, path));
            if (link.address() == 0) {
                throw BpfException.of("opening the link " + path, Kernel.errno(), "");
            }
            BpfLink opened = new BpfLink(calls, link, path.toString());
            opened.pin = path;
            return opened;
        }
    }

    /** The descriptor's number; it stays this object's. -1 for an attachment that old kernels make without one. */
    public int fd() {
        return calls.bpf_link__fd(pointer());
    }

    /** What the kernel says about the link. */
    public Info info() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = BpfFs.info(arena, fd(), INFO_SIZE, "link");
            return new Info(info.get(JAVA_INT, INFO_ID), info.get(JAVA_INT, INFO_TYPE), info.get(JAVA_INT, INFO_PROG_ID));
        }
    }

    /** Where the link is pinned, as far as this object pinned it or opened it there. */
    public Optional<Path> pinned() {
        return Optional.ofNullable(pin);
    }

    /**
     * Pins the link to a path in a bpffs: the attachment then outlives this process.
     *
     * @throws AlreadyExists if the path is taken
     */
    public void pin(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            StringBuilder words = new StringBuilder();
            int result = Libbpf.collecting(words, () -> calls.bpf_link__pin(pointer(), Kernel.path(arena, path)));
            if (result < 0) {
                throw BpfException.of("pinning the link of " + what + " to " + path, -result, BpfFs.pinAdvice(path, -result));
            }
            pin = path;
        }
    }

    /**
     * Removes the pin; the attachment then ends with {@link #close()}.
     *
     * @throws BpfException if the link is not pinned
     */
    public void unpin() {
        int result = calls.bpf_link__unpin(pointer());
        if (result < 0) {
            throw BpfException.of("unpinning the link of " + what, -result, pin == null ? "it is not pinned" : "");
        }
        pin = null;
    }

    /** Lets the attachment go on after {@link #close()} without a pin, until this process ends: its descriptor stays open. */
    public void keep() {
        pointer();
        kept = true;
    }

    /**
     * Runs a BPF iterator from start to end and returns all that it wrote.
     *
     * @throws BpfException if this is not an iterator's link, or the program asked for an error
     */
    public byte[] iterate() {
        return BpfIterator.run(fd(), what);
    }

    private MemorySegment pointer() {
        if (link == null) {
            throw new IllegalStateException("link of " + what + " is closed");
        }
        return link;
    }

    @Override
    public void close() {
        if (link == null) {
            return;
        }
        if (kept) {
            // Takes the descriptor out of what bpf_link__destroy closes.
            calls.bpf_link__disconnect(link);
        }
        calls.bpf_link__destroy(link);
        link = null;
    }

    @Override
    public String toString() {
        return "link of " + what;
    }
}
