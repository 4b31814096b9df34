package io.bpfguard.agent;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when the policy directory has changed and is quiet again. inotify tells at once; a look at names, sizes, times and inode
 * numbers every few seconds finds what inotify cannot (the directory itself was replaced, an overflow).
 */
final class PolicyWatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyWatcher.class);
    /** An editor's write, rename and chmod come within this. */
    private static final Duration QUIET = Duration.ofMillis(100);
    private static final Duration LOOK = Duration.ofSeconds(5);
    /** A directory that is written all the time is read after so many times {@link #QUIET}. */
    private static final int MAX_LOOKS = 20;

    private final Path directory;
    private final Runnable changed;
    private final Thread thread;
    /** What the directory held when {@link #changed} was last called; at first, when the watcher was made. */
    private Map<String, String> seen;

    /**
     * Starts to watch: whoever reads the directory after this misses no change.
     *
     * @param changed is called on the watcher's own thread and may take its time
     */
    PolicyWatcher(Path directory, Runnable changed) {
        this.directory = directory;
        this.changed = changed;
        seen = look();
        thread = Thread.ofPlatform().daemon().name("policy-watcher").start(this::run);
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try (WatchService watch = FileSystems.getDefault().newWatchService()) {
                boolean watched = register(watch);
                Map<String, String> now = look();
                while (watched && now.equals(seen)) {
                    WatchKey key = watch.poll(LOOK.toMillis(), TimeUnit.MILLISECONDS);
                    if (key != null) {
                        key.pollEvents();
                        watched = key.reset();
                    }
                    now = look();
                    watched = watched && Files.isDirectory(directory);
                }
                if (!now.equals(seen)) {
                    seen = settled(now);
                    changed.run();
                } else {
                    Thread.sleep(QUIET);
                }
            } catch (InterruptedException closed) {
                return;
            } catch (IOException | RuntimeException | OutOfMemoryError failure) {
                LOG.error("watching {} failed, trying again", directory, failure);
                if (!pause()) {
                    return;
                }
            }
        }
    }

    /** What the directory holds once it is quiet, or after a while all the same. */
    private Map<String, String> settled(Map<String, String> first) throws InterruptedException {
        Map<String, String> before;
        Map<String, String> now = first;
        int looks = 0;
        do {
            Thread.sleep(QUIET);
            before = now;
            now = look();
        } while (!now.equals(before) && ++looks < MAX_LOOKS);
        return now;
    }

    private boolean register(WatchService watch) throws IOException {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY,
                StandardWatchEventKinds.ENTRY_DELETE, StandardWatchEventKinds.OVERFLOW);
        return true;
    }

    private static boolean pause() {
        try {
            Thread.sleep(LOOK);
            return true;
        } catch (InterruptedException closed) {
            return false;
        }
    }

    /** What tells one content of the directory from another without reading files. */
    private Map<String, String> look() {
        Map<String, String> found = new TreeMap<>();
        if (Files.isDirectory(directory)) {
            try (Stream<Path> entries = Files.list(directory)) {
                for (Path entry : (Iterable<Path>) entries::iterator) {
                    found.put(entry.getFileName().toString(), describe(entry));
                }
            } catch (IOException | java.io.UncheckedIOException racing) {
                found.put("", racing.toString());
            }
        }
        return found;
    }

    /** By one call, so that it never tells of two files of one name. */
    private static String describe(Path entry) {
        try {
            return new TreeMap<>(Files.readAttributes(entry, "unix:dev,ino,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS)).toString();
        } catch (IOException gone) {
            return "";
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
