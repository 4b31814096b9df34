package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.bpf.libbpf.BpfFs;
import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.BpfMap.Type;
import io.bpfguard.bpf.libbpf.Errno;
import io.bpfguard.bpf.libbpf.MappedArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;

/** The maps of a node's state without its programs, on a bpffs of their own: any kernel that permits bpf(2) has them. */
public final class PinnedMaps implements AutoCloseable {
    private final Path mount;

    private PinnedMaps(Path mount) {
        this.mount = mount;
    }

    /** Makes them; skips the test, and says why, where the kernel refuses bpf(2) altogether. */
    public static PinnedMaps create(int containers) {
        try {
            PinnedMaps made = new PinnedMaps(Files.createTempDirectory("bpfguard-pins"));
            BpfFs.mount(made.mount);
            Files.createDirectories(made.root().resolve("maps"));
            made.map(Type.ARRAY, "containers", Integer.BYTES, Layout.CONTAINER_SIZE, containers, MappedArray.BPF_F_MMAPABLE);
            made.map(Type.ARRAY, "container_routes", Integer.BYTES, Long.BYTES, containers, MappedArray.BPF_F_MMAPABLE);
            made.map(Type.HASH, "expected", Layout.NAME_SIZE, Integer.BYTES, containers, 0);
            made.map(Type.HASH, "cgroups", Long.BYTES, Integer.BYTES, containers, 0);
            StateLock.create(made.maps());
            Contents.create(made.maps());
            InForce.create(made.maps());
            made.map(Type.ARRAY, "build", Integer.BYTES, Programs.digest().length, 1, 0);
            made.set("build", BpfMap.u32(0), Programs.digest());
            return made;
        } catch (BpfException refused) {
            if (refused.errno() == Errno.EPERM || refused.errno() == Errno.ENOSYS) {
                System.out.println("SKIPPED: this kernel refuses bpf(2): " + refused.getMessage());
                Assumptions.abort(refused.getMessage());
            }
            throw refused;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void map(Type type, String name, int keySize, int valueSize, int entries, int flags) {
        try (BpfMap map = BpfMap.create(type, name.substring(0, Math.min(15, name.length())), keySize, valueSize, entries, flags)) {
            map.pin(maps().resolve(name));
        }
    }

    /** Makes those that hold routes as well, none of them with more than a few entries. */
    PinnedMaps withTables(int entries) {
        map(Type.ARRAY, "routes", Integer.BYTES, Layout.ROUTE_SIZE, entries, 0);
        map(Type.ARRAY, "chains", Integer.BYTES, Layout.CHAIN_SIZE, entries, 0);
        try (BpfMap template = blocks(1); BpfMap rulesets = BpfMap.createOuter(Type.ARRAY_OF_MAPS, "rulesets", Integer.BYTES, entries, template)) {
            rulesets.pin(maps().resolve("rulesets"));
        }
        return this;
    }

    private static BpfMap blocks(int count) {
        return BpfMap.create(Type.ARRAY, "ruleset", Integer.BYTES, Layout.BLOCK_SIZE, count, BpfMap.BPF_F_INNER_MAP);
    }

    /** Puts tables of so many blocks. */
    void putRuleset(int number, int blocks) {
        try (BpfMap rulesets = BpfMap.openPinned(maps().resolve("rulesets")); BpfMap ruleset = blocks(blocks)) {
            rulesets.update(BpfMap.u32(number), ruleset);
        }
    }

    /** The directory that stands for the node's. */
    public Path root() {
        return mount.resolve("bpfguard");
    }

    private Path maps() {
        return root().resolve("maps");
    }

    /** Writes an element of a map. */
    public void set(String name, byte[] key, byte[] value) {
        try (BpfMap map = BpfMap.openPinned(maps().resolve(name))) {
            map.update(key, value);
        }
    }

    /** As a switch to other policies does. */
    public void putInForce(InForce policies) {
        try (BpfMap map = BpfMap.openPinned(maps().resolve(InForce.MAP))) {
            policies.write(map);
        }
    }

    /** As the loading of a route does. */
    public void putRoute(byte[] key, int number) {
        try (BpfMap map = BpfMap.openPinned(maps().resolve(Contents.MAP))) {
            new Contents(map).putRoute(key, number);
        }
    }

    /** Takes a map's pin away. */
    public void remove(String name) {
        Pins.remove(maps().resolve(name));
    }

    /** The slots in use. */
    public List<ContainerState> containers() {
        return onTable(ContainerTable::all);
    }

    /** All cgroups are gone: what the kernel side does then, and after it the agent. */
    public void endAll() {
        try (BpfMap cgroups = BpfMap.openPinned(maps().resolve("cgroups"))) {
            cgroups.keys().forEach(cgroups::delete);
        }
        onTable(table -> {
            table.free(table.gone(id -> false));
            return null;
        });
    }

    private <T> T onTable(Function<ContainerTable, T> work) {
        try (BpfMap containers = BpfMap.openPinned(maps().resolve("containers"));
                BpfMap routes = BpfMap.openPinned(maps().resolve("container_routes"));
                BpfMap expected = BpfMap.openPinned(maps().resolve("expected"));
                BpfMap cgroups = BpfMap.openPinned(maps().resolve("cgroups"));
                ContainerTable table = new ContainerTable(containers, routes, expected, cgroups)) {
            return work.apply(table);
        }
    }

    @Override
    public void close() {
        BpfFs.unmount(mount);
        try {
            Files.delete(mount);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
