package io.bpfguard.bpf.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.DirectoryLock;
import io.bpfguard.bpf.libbpf.Syscalls;
import io.bpfguard.bpf.routing.ContainerState.Phase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The hook's part of the kernel's state, on maps of the running kernel. */
class LoadedRoutesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int NAMESPACE = 0xf0000001;
    private static final InForce POLICIES = new InForce(bytes(1), 7);
    private static final int AT_ONCE = 10;
    private static final int ROUNDS = 100;

    private PinnedMaps maps;

    @BeforeEach
    void make() {
        maps = PinnedMaps.create(AT_ONCE * ROUNDS + 2);
        maps.putInForce(POLICIES);
        maps.putRoute(bytes(9), 5);
        maps.putRoute(bytes(8), 0);
    }

    @AfterEach
    void unmount() {
        maps.close();
    }

    private static byte[] bytes(int first) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) first);
        return key;
    }

    private LoadedRoutes open() {
        return LoadedRoutes.open(maps.root(), PATIENCE);
    }

    @Test
    void givesACgroupALoadedRoute() {
        try (LoadedRoutes loaded = open()) {
            assertThat(loaded.inForce()).contains(POLICIES);
            assertThat(loaded.route(bytes(9))).hasValue(5);
            assertThat(loaded.route(bytes(8))).hasValue(0);
            assertThat(loaded.route(bytes(7))).isEmpty();
            assertThat(loaded.slot(1234)).isEmpty();
            int slot = loaded.assign("libpod-a.scope", 1234, NAMESPACE, 5, 7);
            assertThat(loaded.slot(1234)).hasValue(slot);
        }
        assertThat(maps.containers()).singleElement().satisfies(container -> {
            assertThat(container.name()).isEqualTo("libpod-a.scope");
            assertThat(container.phase()).isEqualTo(Phase.MADE);
            assertThat(container.cgroupId()).isEqualTo(1234);
            assertThat(container.runtimeMountNamespace()).isEqualTo(NAMESPACE);
            assertThat(container.route()).isEqualTo(5);
            assertThat(container.generation()).isEqualTo(7);
        });
    }

    @Test
    void twoCgroupsOfOneNameAreTwoContainers() {
        try (LoadedRoutes loaded = open()) {
            int one = loaded.assign("app", 1, NAMESPACE, 5, 7);
            int other = loaded.assign("app", 2, NAMESPACE, 0, 7);
            assertThat(other).isNotEqualTo(one);
            assertThat(loaded.assign("app", 1, NAMESPACE, 5, 7)).isEqualTo(one);
        }
        assertThat(maps.containers()).extracting(ContainerState::cgroupId, ContainerState::route)
                .containsExactlyInAnyOrder(org.assertj.core.groups.Tuple.tuple(1L, 5), org.assertj.core.groups.Tuple.tuple(2L, 0));
    }

    @Test
    void tenAtOnceLoseNothing() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
            for (int round = 0; round < ROUNDS; round++) {
                List<Callable<Integer>> hooks = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) {
                    long cgroup = 1000L + round * AT_ONCE + i;
                    hooks.add(() -> {
                        try (LoadedRoutes loaded = open()) {
                            return loaded.assign("c" + cgroup, cgroup, NAMESPACE, 5, 7);
                        }
                    });
                }
                for (Future<Integer> hook : threads.invokeAll(hooks)) {
                    hook.get();
                }
            }
        }
        List<ContainerState> containers = maps.containers();
        assertThat(containers).hasSize(AT_ONCE * ROUNDS).allSatisfy(container -> assertThat(container.name()).isEqualTo("c" + container.cgroupId()));
        assertThat(new HashSet<>(containers.stream().map(ContainerState::cgroupId).toList())).hasSize(AT_ONCE * ROUNDS);
    }

    @Test
    void refusesWhereTheMapIsFull() {
        try (LoadedRoutes loaded = open()) {
            for (int cgroup = 1; cgroup <= AT_ONCE * ROUNDS + 1; cgroup++) {
                loaded.assign("c" + cgroup, cgroup, NAMESPACE, 5, 7);
            }
            assertThatThrownBy(() -> loaded.assign("one-more", 99999, NAMESPACE, 5, 7)).isInstanceOf(RoutingException.class)
                    .hasMessageContaining("no free container slot");
            assertThat(loaded.slot(99999)).isEmpty();
        }
    }

    @Test
    void refusesWhereThereIsNoState() {
        assertThatThrownBy(() -> LoadedRoutes.open(maps.root().resolveSibling("other"), PATIENCE)).isInstanceOf(RoutingException.class)
                .hasMessageContaining("holds no BPFGuard state").hasMessageContaining("bpfguard load");
        maps.remove("build");
        assertThatThrownBy(this::open).isInstanceOf(RoutingException.class).hasMessageContaining("holds no BPFGuard state");
    }

    @Test
    void refusesStateOfAnotherVersion() {
        maps.set("build", BpfMap.u32(0), bytes(3));
        assertThatThrownBy(this::open).isInstanceOf(RoutingException.class).hasMessageContaining("another version").hasMessageContaining("bpfguard uninstall");
    }

    @Test
    void refusesWhenTheLockIsHeldForTooLong() {
        try (DirectoryLock held = DirectoryLock.open(maps.root())) {
            assertThat(held.tryLock()).isTrue();
            assertThatThrownBy(() -> LoadedRoutes.open(maps.root(), Duration.ofMillis(50))).isInstanceOf(RoutingException.class)
                    .hasMessageContaining("50 ms").hasMessageContaining(maps.root().toString());
        }
        open().close();
    }

    /** The kernel gives the lock up when its holder dies. */
    @Test
    void theLockOfAProcessThatIsKilledIsFree() throws Exception {
        Process holder = new ProcessBuilder("flock", maps.root().toString(), "sleep", "1000").start();
        try {
            for (int i = 0; i < 500 && isFree(); i++) {
                Thread.sleep(10);
            }
            assertThat(isFree()).isFalse();
        } finally {
            holder.descendants().forEach(ProcessHandle::destroyForcibly);
            holder.destroyForcibly().waitFor();
        }
        open().close();
    }

    private boolean isFree() {
        try (DirectoryLock lock = DirectoryLock.open(maps.root())) {
            return lock.tryLock();
        }
    }

    @Test
    void anEntryThatIsNotWrittenToTheEndIsFreedOnceItsCgroupIsGone() {
        try (LoadedRoutes loaded = open()) {
            loaded.assign("killed", 77, NAMESPACE, 5, 7);
            loaded.assign("alive", 78, NAMESPACE, 5, 7);
        }
        Path pins = maps.root().resolve("maps");
        try (BpfMap cgroups = BpfMap.openPinned(pins.resolve("cgroups"));
                BpfMap containers = BpfMap.openPinned(pins.resolve("containers"));
                BpfMap routes = BpfMap.openPinned(pins.resolve("container_routes"));
                BpfMap expected = BpfMap.openPinned(pins.resolve("expected"));
                ContainerTable table = new ContainerTable(containers, routes, expected, cgroups)) {
            // As a process leaves it that dies between the two.
            cgroups.delete(BpfMap.u64(77));
            assertThat(table.gone(id -> true)).as("while its cgroup exists").isEmpty();
            assertThat(table.gone(id -> id == 78)).hasSize(1);
            table.free(table.gone(id -> id == 78));
        }
        assertThat(maps.containers()).extracting(ContainerState::name).containsExactly("alive");
    }

    @Test
    void aCgroupThatExistsIsFoundByItsId() throws Exception {
        Path root = Path.of("/sys/fs/cgroup");
        Path hierarchy = Files.exists(root.resolve("cgroup.controllers")) ? root : root.resolve("unified");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(hierarchy.resolve("cgroup.procs")), "no cgroup v2 here");
        long id = (Long) Files.getAttribute(hierarchy, "unix:ino");
        assertThat(Syscalls.cgroupExists(hierarchy, id)).isTrue();
        assertThat(Syscalls.cgroupExists(hierarchy, id + 123_456_789_000L)).isFalse();
        Path made;
        try {
            made = Files.createDirectory(hierarchy.resolve("bpfguard-test-" + ProcessHandle.current().pid()));
        } catch (java.io.IOException refused) {
            return; // Nobody may make one here.
        }
        long own = (Long) Files.getAttribute(made, "unix:ino");
        assertThat(Syscalls.cgroupExists(hierarchy, own)).isTrue();
        Files.delete(made);
        assertThat(Syscalls.cgroupExists(hierarchy, own)).isFalse();
    }
}
