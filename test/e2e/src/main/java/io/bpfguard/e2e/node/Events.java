package io.bpfguard.e2e.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * All events of all agents of this run, in order, and a copy of them in a file. One thread per agent adds, any thread
 * looks. A {@linkplain #mark() mark} stands for "from here on".
 */
public final class Events {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** How long no further event may come before a count is believed. */
    private static final Duration QUIET = Duration.ofMillis(400);

    private static final String DENIAL = "\"event\":\"deny\"";
    /** Stands in events of decisions that no rule made. */
    private static final String REASON = "\"reason\":";

    private final List<Event> events = new ArrayList<>();
    private final Path copy;
    private volatile boolean denialsByRulesUnwanted;

    public Events(Path copy) {
        this.copy = copy;
    }

    /** An interval in which something is left out. */
    public interface Omission extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Until closed, denials by rules are dropped unread: for tasks that are denied in a loop, whose events nobody looks at. Those
     * for another reason, such as an internal error, are kept.
     */
    public Omission withoutDenialsByRules() {
        denialsByRulesUnwanted = true;
        return () -> denialsByRulesUnwanted = false;
    }

    /** Reads an agent's output to its end, in a thread of its own. */
    void follow(InputStream output) {
        Thread.ofPlatform().daemon().name("events").start(() -> {
            try (var reader = new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    add(line);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private void add(String line) throws IOException {
        if (denialsByRulesUnwanted && line.contains(DENIAL) && !line.contains(REASON)) {
            return;
        }
        Files.writeString(copy, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        Event event;
        try {
            event = new Event(JSON.readTree(line));
        } catch (IOException e) {
            event = new Event(JSON.createObjectNode().put("event", "not-json").put("line", line));
        }
        synchronized (events) {
            events.add(event);
            events.notifyAll();
        }
    }

    public int mark() {
        synchronized (events) {
            return events.size();
        }
    }

    public List<Event> since(int mark, Predicate<Event> wanted) {
        synchronized (events) {
            return events.subList(mark, events.size()).stream().filter(wanted).toList();
        }
    }

    /** Waits for the first such event since the mark. */
    public Optional<Event> await(int mark, Predicate<Event> wanted, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        synchronized (events) {
            for (int next = mark; ; next++) {
                while (next >= events.size()) {
                    long left = (end - System.nanoTime()) / 1_000_000;
                    if (left <= 0) {
                        return Optional.empty();
                    }
                    events.wait(left);
                }
                if (wanted.test(events.get(next))) {
                    return Optional.of(events.get(next));
                }
            }
        }
    }

    /** All such events since the mark, once {@code expected} have come (or the limit passed) and no more follow. */
    public List<Event> settled(int mark, Predicate<Event> wanted, int expected, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (since(mark, wanted).size() < expected && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        int before;
        do {
            before = since(mark, wanted).size();
            Thread.sleep(QUIET);
        } while (since(mark, wanted).size() != before);
        return since(mark, wanted);
    }
}
