package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.DirectoryLock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Keeps processes apart that change the state below one directory of pins: the agent, and hooks that work without it. A map counts how
 * often the lock was taken; whoever finds that another took it reads again what it knows of the state. The count goes up before
 * anything is changed, so this holds for one that died in the middle as well. Not thread-safe.
 */
final class StateLock implements AutoCloseable {
    /** The name of the map and of its pin. */
    static final String COUNT = "lock_count";
    private static final Duration STEP = Duration.ofMillis(2);

    private final DirectoryLock lock;
    private final Path root;
    private final Duration patience;
    private Optional<BpfMap> count = Optional.empty();
    private long seen = -1;

    private StateLock(DirectoryLock lock, Path root, Duration patience) {
        this.lock = lock;
        this.root = root;
        this.patience = patience;
    }

    /**
     * Opens the directory, without taking the lock.
     *
     * @param patience how long {@link #take} waits
     * @throws io.bpfguard.bpf.libbpf.NotFound if it does not exist
     */
    static StateLock open(Path root, Duration patience) {
        return new StateLock(DirectoryLock.open(root), root, patience);
    }

    /** Makes the map of a new state; the caller has the lock. */
    static void create(Path maps) {
        try (BpfMap map = BpfMap.create(BpfMap.Type.ARRAY, COUNT, Integer.BYTES, Long.BYTES, 1, 0)) {
            map.pin(maps.resolve(COUNT));
        }
    }

    /**
     * Takes the lock.
     *
     * @throws RoutingException if another process has it for too long
     */
    void take() {
        long end = System.nanoTime() + patience.toNanos();
        while (!lock.tryLock()) {
            if (System.nanoTime() - end > 0) {
                throw new RoutingException("another process has held the lock of " + root + " for " + patience.toMillis()
                        + " ms: is the agent or a hook stopped, or the machine overloaded? \"fuser -v " + root + "\" names it");
            }
            try {
                TimeUnit.NANOSECONDS.sleep(STEP.toNanos());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new RoutingException("interrupted while waiting for the lock of " + root);
            }
        }
    }

    /** Whether the directory at the path is the one that is locked: the state can have been taken away, and made anew, meanwhile. */
    boolean isCurrent() {
        try {
            return Files.isSameFile(root, Path.of("/proc/self/fd/" + lock.number()));
        } catch (NoSuchFileException gone) {
            return false;
        } catch (IOException failure) {
            throw new UncheckedIOException("looking at " + root, failure);
        }
    }

    /** With the lock: whether another process, or another object of this one, has had it since the last call. True the first time. */
    boolean othersWrote() {
        if (count.isEmpty()) {
            count = Optional.of(BpfMap.openPinned(root.resolve("maps").resolve(COUNT)));
        }
        BpfMap map = count.get();
        long now = BpfMap.view(map.lookup(BpfMap.u32(0)).orElseThrow()).getLong();
        boolean others = now != seen;
        seen = now + 1;
        map.update(BpfMap.u32(0), BpfMap.u64(seen));
        return others;
    }

    /** Gives the lock up. */
    void release() {
        lock.unlock();
    }

    @Override
    public void close() {
        count.ifPresent(BpfMap::close);
        lock.close();
    }
}
