package io.bpfguard.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What one agent counts and measures of its own work. Labels are names that policies' authors chose, the runtime's kinds of events and
 * fixed words; nothing that a container can choose becomes one. Thread-safe.
 */
public final class Metrics {
    /** From a tenth of a millisecond to the two seconds after which containerd gives a plugin up. */
    private static final double[] HANDLER_BOUNDS = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2};

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final HandlerTimes handlerTimes = new HandlerTimes();
    private final Counter ruleDecisions = Counter.builder().name("bpfguard_rule_decisions_total").labelNames("policy", "rule", "action")
            .help("Decisions of each rule, as far as there are events of them: lost and throttled ones are not among them.").register(registry);
    private final Histogram handlers = Histogram.builder().name("bpfguard_handler_duration_seconds").labelNames("event").classicOnly()
            .classicUpperBounds(HANDLER_BOUNDS).help("How long the runtime waited for the agent, by the kind of its event.").register(registry);
    private final Counter hooks = Counter.builder().name("bpfguard_hook_requests_total").labelNames("stage", "answer")
            .help("Requests of OCI hooks.").register(registry);
    private final Counter loads = Counter.builder().name("bpfguard_policy_loads_total").labelNames("result")
            .help("How often policies were put in force, or were refused and those before stayed.").register(registry);
    private final Gauge policies = Gauge.builder().name("bpfguard_policies").help("Policies in force.").register(registry);
    private final Gauge generation = Gauge.builder().name("bpfguard_policy_generation")
            .help("Number of the policies in force; rises with each switch.").register(registry);
    private final Gauge rejected = Gauge.builder().name("bpfguard_policies_rejected")
            .help("1 while the policies in the directory are not those in force, because they are wrong.").register(registry);
    private final Gauge linked = Gauge.builder().name("bpfguard_runtime_linked")
            .help("1 while the agent is told of containers by a runtime (NRI).").register(registry);

    /** Everything is zero. */
    public Metrics(String version) {
        Info.builder().name("bpfguard_build_info").labelNames("version").help("The agent's version.").register(registry).setLabelValues(version);
        // What has not happened yet is 0, not absent: alerts compare with it.
        loads.initLabelValues("accepted");
        loads.initLabelValues("refused");
    }

    /** What is served. */
    public PrometheusRegistry registry() {
        return registry;
    }

    /** Counts events that were not kept. */
    public void eventsNotKept(LongSupplier lost) {
        CounterWithCallback.builder().name("bpfguard_events_unwritten_total").help("Events that could not be written to standard output or to the file of events.")
                .callback(callback -> callback.call(lost.getAsLong())).register(registry);
    }

    /** A rule decided. */
    public void decided(String policy, String rule, String action) {
        ruleDecisions.labelValues(policy, rule, action).inc();
    }

    /** A runtime's event was handled. */
    public void handled(String event, long nanos) {
        handlerTimes.record(nanos);
        handlers.labelValues(event).observe(nanos / (double) TimeUnit.SECONDS.toNanos(1));
    }

    /** How long handlers took. */
    public HandlerTimes handlerTimes() {
        return handlerTimes;
    }

    /** A hook was answered. */
    public void hookAnswered(String stage, boolean yes) {
        hooks.labelValues(stage, yes ? "yes" : "no").inc();
    }

    /** Policies were put in force. */
    public void policiesAccepted(int count, int generation) {
        loads.labelValues("accepted").inc();
        policies.set(count);
        this.generation.set(generation);
    }

    /** Policies were refused. */
    public void policiesRefused() {
        loads.labelValues("refused").inc();
    }

    /** Whether what the directory says is wrong, and something else is in force. */
    public void policiesWrong(boolean are) {
        rejected.set(are ? 1 : 0);
    }

    /** The link to the runtime was made, or is gone. */
    public void linked(boolean is) {
        linked.set(is ? 1 : 0);
    }
}
