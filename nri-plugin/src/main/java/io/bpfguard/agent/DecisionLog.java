package io.bpfguard.agent;

import com.fasterxml.jackson.core.JsonGenerator;
import io.bpfguard.bpf.libbpf.RingBuffer;
import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.DecisionEvent;
import io.bpfguard.bpf.routing.RoutingState;
import io.bpfguard.events.EventLog;
import io.bpfguard.metrics.Metrics;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.Capability;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.MountFlags;
import io.bpfguard.policy.model.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the kernel's decisions and writes them with the names of people: pod, policy, rule, hook, object. */
final class DecisionLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DecisionLog.class);
    private static final Duration POLL = Duration.ofMillis(200);
    /** After a failure. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final Enforcement enforcement;
    private final EventLog log;
    private final Metrics metrics;
    private final RingBuffer ring;
    private final Thread thread;
    private final Instant boot;
    private final Map<Integer, String> calls64 = new HashMap<>();
    private final Map<Integer, String> calls32 = new HashMap<>();
    /** By slot: lost and throttled events that were reported. */
    private final Map<Integer, long[]> missing = new HashMap<>();
    private volatile boolean closed;

    /** Starts to read; the ring outlives this object. */
    DecisionLog(RoutingState state, Enforcement enforcement, EventLog log, Metrics metrics) {
        this.enforcement = enforcement;
        this.log = log;
        this.metrics = metrics;
        boot = bootTime();
        SystemCalls.names().stream().map(name -> SystemCalls.named(name).orElseThrow()).forEach(call -> {
            call.number64().ifPresent(number -> calls64.put(number, call.name()));
            call.number32().ifPresent(number -> calls32.put(number, call.name()));
        });
        ring = RingBuffer.open(state.events(), record -> write(DecisionEvent.read(record)),
                failure -> LOG.error("an event could not be written", failure));
        // A platform thread: it waits in the kernel.
        thread = Thread.ofPlatform().daemon().name("decisions").start(this::run);
    }

    private void run() {
        while (!closed) {
            try {
                ring.poll(POLL);
            } catch (RuntimeException | OutOfMemoryError failure) {
                LOG.error("reading events failed, trying again", failure);
                LockSupport.parkNanos(AGAIN.toNanos());
            }
        }
    }

    /** Writes what the kernel has reported so far. Must not be called with {@link Enforcement}'s lock. */
    void drain() {
        ring.consume();
    }

    private void write(DecisionEvent event) {
        Optional<Enforcement.Member> member = enforcement.member(event.container(), event.cgroupId());
        Optional<RuleInfo> rule = enforcement.rule(event.generation(), event.rule());
        rule.ifPresent(info -> metrics.decided(info.policy(), info.rule(), event.action().name().toLowerCase(Locale.ROOT)));
        log.write(boot.plus(event.sinceBoot()), event.action().name().toLowerCase(Locale.ROOT), json -> {
            member.ifPresent(container -> writeContainer(json, container));
            if (member.isEmpty()) {
                json.writeNumberField("slot", event.container());
            }
            if (rule.isPresent()) {
                json.writeStringField("policy", rule.get().policy());
                json.writeStringField("rule", rule.get().rule());
            } else if (event.reason() == DecisionEvent.Reason.RULE) {
                json.writeNumberField("ruleNumber", event.rule());
            }
            String label = enforcement.hook(event.hook());
            json.writeStringField("hook", label.substring(label.indexOf('-') + 1));
            String at = label.replaceFirst("-", "/");
            json.writeStringField("mechanism", rule.map(info -> info.mechanismAt(at)).orElse(at));
            if (event.reason() != DecisionEvent.Reason.RULE) {
                json.writeStringField("reason", event.reason().name().toLowerCase(Locale.ROOT));
            }
            if (event.errno() != 0) {
                json.writeStringField("errno", Errno.name(event.errno()));
            }
            writeProcess(json, event);
            writeObject(json, event);
            json.writeNumberField("generation", event.generation());
        });
    }

    /** Reports, for each container, the decisions since the last call that have no event. One thread calls this. */
    void reportMissing() {
        for (ContainerState container : enforcement.containers()) {
            long[] before = missing.getOrDefault(container.slot(), new long[2]);
            long[] now = {container.eventsLost(), container.eventsThrottled()};
            missing.put(container.slot(), now);
            // Fewer than before: the slot is another container's.
            long lost = now[0] < before[0] ? now[0] : now[0] - before[0];
            long throttled = now[1] < before[1] ? now[1] : now[1] - before[1];
            if (lost + throttled > 0) {
                log.write("events-missing", json -> {
                    enforcement.member(container.slot()).ifPresent(member -> writeContainer(json, member));
                    json.writeNumberField("lost", lost);
                    json.writeNumberField("throttled", throttled);
                });
            }
        }
    }

    private static void writeContainer(JsonGenerator json, Enforcement.Member member) {
        try {
            json.writeStringField("namespace", member.facts().namespace());
            json.writeStringField("pod", member.facts().podName());
            json.writeStringField("container", member.facts().containerName());
            json.writeStringField("containerId", member.facts().containerId());
        } catch (IOException failure) {
            throw new java.io.UncheckedIOException(failure);
        }
    }

    private static void writeProcess(JsonGenerator json, DecisionEvent event) throws IOException {
        json.writeObjectFieldStart("process");
        json.writeNumberField("pid", event.pid());
        json.writeNumberField("tid", event.tid());
        json.writeNumberField("nsPid", event.namespacePid());
        json.writeNumberField("uid", Integer.toUnsignedLong(event.uid()));
        json.writeStringField("comm", event.comm());
        json.writeEndObject();
    }

    private void writeObject(JsonGenerator json, DecisionEvent event) throws IOException {
        switch (event.kind()) {
            case NONE -> { }
            case PATH -> {
                if (event.reason() == DecisionEvent.Reason.RULE && event.operation() < PathOperation.values().length) {
                    json.writeStringField("operation", PathOperation.values()[event.operation()].name().toLowerCase(Locale.ROOT));
                }
                json.writeStringField("object", event.objectText());
                if (event.objectLength() > event.object().length()) {
                    json.writeNumberField("objectLength", event.objectLength());
                }
            }
            case ADDRESS -> {
                Optional<SocketObject> object = SocketObject.of(event.object());
                if (event.reason() == DecisionEvent.Reason.RULE && event.operation() < SocketOperation.values().length) {
                    json.writeStringField("operation", SocketOperation.values()[event.operation()].word());
                }
                if (object.isPresent()) {
                    json.writeStringField("object", object.get().text());
                }
            }
            case MOUNT -> writeMount(json, event);
            case SIGNAL -> {
                // An owner's signal has no number yet.
                json.writeStringField("object", event.number() == 0 ? "owner" : Signals.name((int) event.number()));
                if (event.number() != 0) {
                    json.writeStringField("target", SignalTarget.values()[event.operation()].name().toLowerCase(Locale.ROOT));
                    json.writeStringField("targetComm", event.objectText());
                }
            }
            case PROGRAM -> json.writeNumberField("said", event.number());
            case PROCESS_FILE -> json.writeStringField("object", "/proc/" + event.number() + "/" + event.objectText());
            case CAPABILITY -> json.writeStringField("object", capability(event.number()));
            case SYSTEM_CALL -> {
                boolean compat = event.operation() == 1;
                int number = (int) event.number();
                json.writeStringField("object", (compat ? calls32 : calls64).getOrDefault(number, Integer.toString(number)));
                if (compat) {
                    json.writeStringField("abi", "i386");
                }
                // The first is the number itself.
                writeValues(json, event.values().stream().skip(1).toList());
            }
            case ARGUMENTS -> {
                if (event.objectLength() > 0) {
                    json.writeStringField("object", event.objectText());
                }
                writeValues(json, event.values());
            }
        }
    }

    private static void writeValues(JsonGenerator json, List<Long> values) throws IOException {
        if (!values.isEmpty()) {
            json.writeArrayFieldStart("values");
            for (long value : values) {
                json.writeNumber(value);
            }
            json.writeEndArray();
        }
    }

    private static void writeMount(JsonGenerator json, DecisionEvent event) throws IOException {
        json.writeStringField("object", event.mountType());
        if (!event.mountSource().isEmpty()) {
            json.writeStringField("source", event.mountSource());
        }
        if (event.number() != 0) {
            json.writeStringField("flags", MountFlags.text(event.number()));
        }
    }

    private static String capability(long number) {
        return number >= 0 && number < Capability.NAMES.size() ? "CAP_" + Capability.NAMES.get((int) number) : Long.toString(number);
    }

    /** When CLOCK_BOOTTIME was 0, to a hundredth of a second. */
    private static Instant bootTime() {
        try {
            String uptime = Files.readString(Path.of("/proc/uptime"));
            long millis = (long) (Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * 1000);
            return Instant.now().minusMillis(millis);
        } catch (IOException failure) {
            throw new java.io.UncheckedIOException("reading /proc/uptime", failure);
        }
    }

    /** Writes what is in the ring and ends. */
    @Override
    public void close() {
        closed = true;
        ring.wakeUp();
        try {
            thread.join(Duration.ofSeconds(2));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        ring.consume();
        ring.close();
    }
}
