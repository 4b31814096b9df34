package io.bpfguard.metrics;

import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.ContainerState.Phase;
import io.bpfguard.metrics.ContainerTotals.Counts;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What the kernel counts, read at each scrape: exact, whether events were lost or not. */
public final class KernelMetrics implements MultiCollector {
    private final Supplier<List<ContainerState>> containers;
    private final Supplier<Map<Integer, String>> hooks;
    private final ContainerTotals totals;

    /**
     * @param containers all containers as the kernel has them
     * @param totals also looked at before containers' counters go
     * @param hooks the attached hooks
     */
    public KernelMetrics(Supplier<List<ContainerState>> containers, ContainerTotals totals, Supplier<Map<Integer, String>> hooks) {
        this.containers = containers;
        this.totals = totals;
        this.hooks = hooks;
    }

    @Override
    public MetricSnapshots collect() {
        List<ContainerState> now = containers.get();
        Counts counts = totals.add(now);
        return MetricSnapshots.of(
                CounterSnapshot.builder().name("bpfguard_decisions")
                        .help("Decisions of all containers. A container's own counters go with it: bpfguard status has those of the ones there are.")
                        .dataPoint(point(counts.audited(), Labels.of("action", "audit")))
                        .dataPoint(point(counts.denied(), Labels.of("action", "deny")))
                        .dataPoint(point(counts.killed(), Labels.of("action", "kill"))).build(),
                CounterSnapshot.builder().name("bpfguard_decision_errors")
                        .help("Decisions that failed for an internal error, and denied where a rule could deny.")
                        .dataPoint(point(counts.errors(), Labels.EMPTY)).build(),
                CounterSnapshot.builder().name("bpfguard_events_missing").help("Decisions without an event: lost, because the ring was full, or throttled.")
                        .dataPoint(point(counts.lost(), Labels.of("reason", "lost")))
                        .dataPoint(point(counts.throttled(), Labels.of("reason", "throttled"))).build(),
                containersByPhase(now),
                gauge("bpfguard_routes", "Distinct routes that containers have.",
                        now.stream().map(ContainerState::route).filter(route -> route != 0).distinct().count()),
                gauge("bpfguard_hooks", "Hooks and functions where programs are attached.", hooks.get().size()));
    }

    private static CounterDataPointSnapshot point(long value, Labels labels) {
        return CounterDataPointSnapshot.builder().value(value).labels(labels).build();
    }

    private static GaugeSnapshot gauge(String name, String help, long value) {
        return GaugeSnapshot.builder().name(name).help(help).dataPoint(GaugeDataPointSnapshot.builder().value(value).build()).build();
    }

    private static GaugeSnapshot containersByPhase(List<ContainerState> containers) {
        Map<Phase, Long> byPhase = containers.stream().collect(Collectors.groupingBy(ContainerState::phase, Collectors.counting()));
        GaugeSnapshot.Builder all = GaugeSnapshot.builder().name("bpfguard_containers")
                .help("Containers: announced and not made yet (expected), made by the runtime (made), running (armed), gone.");
        for (Phase phase : Phase.values()) {
            if (phase != Phase.FREE) {
                all.dataPoint(GaugeDataPointSnapshot.builder().value(byPhase.getOrDefault(phase, 0L))
                        .labels(Labels.of("phase", phase.name().toLowerCase(Locale.ROOT))).build());
            }
        }
        return all.build();
    }
}
