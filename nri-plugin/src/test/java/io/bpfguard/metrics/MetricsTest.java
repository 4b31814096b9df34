package io.bpfguard.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.ContainerState.Phase;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static ContainerState container(int slot, long cgroup, Phase phase, int route, long denied, long lost) {
        return new ContainerState(slot, "c" + slot, phase, cgroup, 1, route, 3, 1, denied, 0, 2, lost, 4);
    }

    private static String scrape(MetricsServer server) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/metrics")).build(), BodyHandlers.ofString()).body();
        }
    }

    @Test
    void whatPrometheusGets() throws Exception {
        Metrics metrics = new Metrics("1.2.3");
        metrics.eventsNotKept(() -> 9);
        metrics.registry().register(new KernelMetrics(() -> List.of(container(1, 11, Phase.ARMED, 5, 100, 3), container(2, 12, Phase.ARMED, 5, 20, 0),
                container(3, 0, Phase.EXPECTED, 0, 0, 0)), new ContainerTotals(), () -> Map.of(1, "lsm-file_open", 2, "lsm-bprm_check_security")));
        metrics.policiesAccepted(4, 17);
        metrics.policiesRefused();
        metrics.policiesWrong(true);
        metrics.decided("web", "files[0] (a \"b\" \\ c)", "deny");
        metrics.decided("web", "files[0] (a \"b\" \\ c)", "deny");
        metrics.hookAnswered("createRuntime", true);
        metrics.linked(true);
        metrics.handled("create_container", 300_000);
        try (MetricsServer server = MetricsServer.start(ANY_PORT, metrics.registry()).orElseThrow()) {
            assertThat(scrape(server).lines()).contains("bpfguard_build_info{version=\"1.2.3\"} 1",
                    "bpfguard_decisions_total{action=\"deny\"} 120.0", "bpfguard_decisions_total{action=\"audit\"} 3.0", "bpfguard_decision_errors_total 6.0",
                    "bpfguard_events_missing_total{reason=\"lost\"} 3.0", "bpfguard_events_missing_total{reason=\"throttled\"} 12.0",
                    "bpfguard_containers{phase=\"armed\"} 2.0", "bpfguard_containers{phase=\"expected\"} 1.0", "bpfguard_containers{phase=\"gone\"} 0.0",
                    "bpfguard_routes 1.0", "bpfguard_hooks 2.0", "bpfguard_events_unwritten_total 9.0",
                    "bpfguard_policies 4.0", "bpfguard_policy_generation 17.0", "bpfguard_policies_rejected 1.0",
                    "bpfguard_policy_loads_total{result=\"accepted\"} 1.0", "bpfguard_policy_loads_total{result=\"refused\"} 1.0",
                    "bpfguard_rule_decisions_total{action=\"deny\",policy=\"web\",rule=\"files[0] (a \\\"b\\\" \\\\ c)\"} 2.0",
                    "bpfguard_hook_requests_total{answer=\"yes\",stage=\"createRuntime\"} 1.0", "bpfguard_runtime_linked 1.0",
                    "bpfguard_handler_duration_seconds_bucket{event=\"create_container\",le=\"2.5E-4\"} 0",
                    "bpfguard_handler_duration_seconds_bucket{event=\"create_container\",le=\"5.0E-4\"} 1",
                    "bpfguard_handler_duration_seconds_count{event=\"create_container\"} 1");
        }
    }

    /** The board for Grafana and the documentation name what there is, and the documentation all of it. */
    @Test
    void whatIsDocumentedIsThere() throws Exception {
        Metrics metrics = new Metrics("1.2.3");
        metrics.eventsNotKept(() -> 0);
        metrics.registry().register(new KernelMetrics(List::of, new ContainerTotals(), Map::of));
        metrics.decided("p", "r", "deny");
        metrics.hookAnswered("poststop", false);
        metrics.handled("stop_container", 1);
        Set<String> there;
        try (MetricsServer server = MetricsServer.start(ANY_PORT, metrics.registry()).orElseThrow()) {
            there = names(scrape(server).lines().filter(line -> !line.startsWith("#")).map(line -> line.replaceFirst("[{ ].*", "")).collect(Collectors.joining("\n")));
        }
        Set<String> documented = names(Files.readString(Path.of("../docs/operate.md")));
        assertThat(documented).isEqualTo(there);
        assertThat(names(Files.readString(Path.of("../packaging/files/grafana/bpfguard.json")))).isSubsetOf(there).hasSizeGreaterThan(10);
    }

    /** Without what a histogram appends. */
    private static Set<String> names(String text) {
        return Pattern.compile("bpfguard_[a-z_]+").matcher(text).results().map(MatchResult::group).map(name -> name.replaceFirst("_(bucket|sum|count)$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Enforcement must not end because something else has the port. */
    @Test
    void aPortThatIsTakenIsNoFault() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(MetricsServer.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), other.getLocalPort()), new Metrics("x").registry())).isEmpty();
        }
        assertThat(MetricsServer.start(InetSocketAddress.createUnresolved("no.such.host.invalid", 1), new Metrics("x").registry())).isEmpty();
    }

    @Test
    void totalsOutliveContainersAndSlots() {
        ContainerTotals totals = new ContainerTotals();
        assertThat(totals.add(List.of(container(1, 0, Phase.EXPECTED, 5, 0, 0))).denied()).isZero();
        assertThat(totals.add(List.of(container(1, 11, Phase.ARMED, 5, 10, 0))).denied()).isEqualTo(10);
        assertThat(totals.add(List.of(container(1, 11, Phase.ARMED, 5, 15, 0))).denied()).isEqualTo(15);
        assertThat(totals.add(List.of(container(1, 11, Phase.GONE, 5, 15, 0))).denied()).isEqualTo(15);
        assertThat(totals.add(List.of()).denied()).isEqualTo(15);
        // Another container in the same slot, with more and with fewer decisions than the one before.
        assertThat(totals.add(List.of(container(1, 12, Phase.ARMED, 5, 20, 0))).denied()).isEqualTo(35);
        assertThat(totals.add(List.of(container(1, 13, Phase.ARMED, 5, 1, 0))).denied()).isEqualTo(36);
        assertThat(totals.add(List.of(container(1, 13, Phase.ARMED, 5, 1, 0), container(2, 14, Phase.ARMED, 5, 4, 0))).denied()).isEqualTo(40);
    }
}
