package io.bpfguard.bpf.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.routing.KernelTables.LoadedChain;
import io.bpfguard.bpf.routing.KernelTables.LoadedRoute;
import io.bpfguard.bpf.routing.KernelTables.Step;
import io.bpfguard.policy.compiled.Matcher;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Routing tables read back from maps of the running kernel, with the bytes that route.h lays out. */
class KernelTablesTest {
    private static final InForce POLICIES = new InForce(new byte[32], 7);
    private static final int PROGRAM_SLOT = 17;

    private PinnedMaps maps;

    @BeforeEach
    void make() {
        maps = PinnedMaps.create(8).withTables(8);
    }

    @AfterEach
    void unmount() {
        maps.close();
    }

    private static byte[] route(int hook, int chain, int otherHook, int otherChain) {
        ByteBuffer value = ByteBuffer.allocate(Layout.ROUTE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        return value.putInt(hook * Integer.BYTES, chain).putInt(otherHook * Integer.BYTES, otherChain).array();
    }

    private static ByteBuffer chain(int steps) {
        return ByteBuffer.allocate(Layout.CHAIN_SIZE).order(ByteOrder.LITTLE_ENDIAN).putInt(steps).putInt(0);
    }

    private static void step(ByteBuffer chain, int ruleset, int slot, int flags) {
        chain.putInt(ruleset).putShort((short) slot).putShort((short) flags);
    }

    @Test
    void readsWhatADecisionRunsThrough() throws Exception {
        Files.createDirectories(maps.root().resolve("hooks/01-lsm-file_open"));
        Files.createDirectories(maps.root().resolve("hooks/03-fentry-nf_tables:nf_tables_newrule"));
        maps.putInForce(POLICIES);
        maps.putRuleset(2, 1);
        maps.putRuleset(3, 5);
        ByteBuffer open = chain(2);
        step(open, 2, Matcher.PATH.ordinal(), 1);
        step(open, 3, PROGRAM_SLOT, 0);
        ByteBuffer function = chain(1);
        step(function, 4, Matcher.ALWAYS.ordinal(), 1);
        maps.set("chains", BpfMap.u32(1), open.array());
        maps.set("chains", BpfMap.u32(6), function.array());
        maps.set("routes", BpfMap.u32(5), route(1, 1, 3, 6));
        maps.putRoute(new byte[32], 5);
        try (LoadedRoutes loaded = LoadedRoutes.open(maps.root(), Duration.ofSeconds(20))) {
            loaded.assign("one", 11, 1, 5, 7);
            loaded.assign("none", 12, 1, 0, 7);
            loaded.assign("two", 13, 1, 5, 7);
        }

        KernelTables tables = KernelTables.read(maps.root()).orElseThrow();
        assertThat(tables.policies()).contains(POLICIES);
        assertThat(tables.containers()).extracting(ContainerState::name).containsExactly("one", "none", "two");
        assertThat(tables.routes()).containsExactly(new LoadedRoute(5, List.of(1, 3), List.of(
                new LoadedChain("lsm-file_open", 1, List.of(new Step("path", 2, 1L << 16, true), new Step("program-17", 3, 5L << 16, false))),
                // A ruleset that is not there is told as such: the kernel side denies.
                new LoadedChain("fentry-nf_tables:nf_tables_newrule", 6, List.of(new Step("always", 4, 0, true))))));
    }

    @Test
    void whereNothingIsInForceThereIsNothing() {
        assertThat(KernelTables.read(Path.of("/sys/fs/bpf/no-such-state"))).isEmpty();
        KernelTables tables = KernelTables.read(maps.root()).orElseThrow();
        assertThat(tables.policies()).isEmpty();
        assertThat(tables.routes()).isEmpty();
    }

    @Test
    void stateOfAnotherVersionIsNotInterpreted() {
        byte[] other = Programs.digest();
        other[0] ^= 1;
        maps.set("build", BpfMap.u32(0), other);
        assertThatThrownBy(() -> KernelTables.read(maps.root())).isInstanceOf(RoutingException.class).hasMessageContaining("of another version");
    }
}
