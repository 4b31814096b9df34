package io.bpfguard.bpf.libbpf;

import static io.bpfguard.bpf.libbpf.BpfMap.u32;
import static io.bpfguard.bpf.libbpf.BpfMap.u64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.bpf.libbpf.BpfMap.Entry;
import io.bpfguard.bpf.libbpf.BpfMap.Type;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Maps by file descriptor, on the running kernel. */
class BpfMapTest {
    private static Path pins;

    @BeforeAll
    static void kernel() {
        TestKernel.assumeBpf();
        pins = TestKernel.mountBpfFs();
    }

    @AfterAll
    static void unmount() {
        if (pins != null) {
            TestKernel.removeBpfFs(pins);
        }
    }

    private static BpfMap hash(int maxEntries) {
        return BpfMap.create(Type.HASH, "test_hash", 4, 8, maxEntries, 0);
    }

    @Test
    void saysWhatItIs() {
        try (BpfMap map = BpfMap.create(Type.HASH, "fifteen_letters", 4, 8, 3, BpfMap.BPF_F_NO_PREALLOC)) {
            assertThat(map.info()).isEqualTo(
                    new BpfMap.Info(map.info().id(), Type.HASH, 4, 8, 3, BpfMap.BPF_F_NO_PREALLOC, "fifteen_letters"));
            assertThat(map.info().id()).isPositive();
            assertThat(map).hasToString("map fifteen_letters (id " + map.info().id() + ", HASH)");
        }
    }

    @Test
    void writesReadsAndDeletes() {
        try (BpfMap map = hash(4)) {
            assertThat(map.lookup(u32(1))).isEmpty();
            map.update(u32(1), u64(0x1122334455667788L));
            assertThat(map.lookup(u32(1))).hasValueSatisfying(value -> assertThat(BpfMap.view(value).getLong()).isEqualTo(0x1122334455667788L));
            assertThat(map.delete(u32(1))).isTrue();
            assertThat(map.delete(u32(1))).isFalse();
            assertThat(map.lookup(u32(1))).isEmpty();
        }
    }

    @Test
    void takesOutInOneStep() {
        try (BpfMap map = hash(4)) {
            map.update(u32(1), u64(5));
            assertThat(map.lookupAndDelete(u32(1))).hasValue(u64(5));
            assertThat(map.lookupAndDelete(u32(1))).isEmpty();
        }
    }

    @Test
    void flagsDecideBetweenCreateAndReplace() {
        try (BpfMap map = hash(4)) {
            assertThatThrownBy(() -> map.update(u32(1), u64(1), BpfMap.BPF_EXIST)).isInstanceOf(NotFound.class);
            map.update(u32(1), u64(1), BpfMap.BPF_NOEXIST);
            assertThatThrownBy(() -> map.update(u32(1), u64(2), BpfMap.BPF_NOEXIST)).isInstanceOf(AlreadyExists.class)
                    .hasMessage("update of map test_hash, key 01000000 failed: EEXIST (File exists)");
            map.update(u32(1), u64(3), BpfMap.BPF_EXIST);
            assertThat(map.lookup(u32(1))).hasValue(u64(3));
        }
    }

    @Test
    void aFullHashSaysSo() {
        try (BpfMap map = hash(2)) {
            map.update(u32(1), u64(1));
            map.update(u32(2), u64(2));
            assertThatThrownBy(() -> map.update(u32(3), u64(3))).isInstanceOfSatisfying(MapFull.class, full -> {
                assertThat(full.maxEntries()).isEqualTo(2);
                assertThat(full.errnoName()).isEqualTo("E2BIG");
                assertThat(full).hasMessageContaining("map test_hash is full (max_entries=2)");
            });
            map.update(u32(2), u64(20));
        }
    }

    @Test
    void aFullTrieSaysSo() {
        try (BpfMap map = BpfMap.create(Type.LPM_TRIE, "trie", 8, 4, 1, BpfMap.BPF_F_NO_PREALLOC)) {
            map.update(BpfMap.view(new byte[8]).putInt(32).putInt(1).array(), u32(1));
            assertThatThrownBy(() -> map.update(BpfMap.view(new byte[8]).putInt(32).putInt(2).array(), u32(1))).isInstanceOf(MapFull.class);
        }
    }

    @Test
    void anIndexBeyondTheEndIsNotAFullMap() {
        try (BpfMap map = BpfMap.create(Type.ARRAY, "array", 4, 8, 2, 0)) {
            assertThatThrownBy(() -> map.update(u32(2), u64(1))).isNotInstanceOf(MapFull.class).isInstanceOf(BpfException.class)
                    .hasMessageContaining("the index is beyond max_entries=2");
        }
    }

    @Test
    void sizesAreChecked() {
        try (BpfMap map = hash(2)) {
            assertThatThrownBy(() -> map.lookup(u64(1))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("map test_hash has a key of 4 bytes, not 8");
            assertThatThrownBy(() -> map.update(u32(1), u32(1))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("map test_hash has a value of 8 bytes, not 4");
        }
    }

    @Test
    void listsKeysAndEntries() {
        try (BpfMap map = hash(100)) {
            assertThat(map.keys()).isEmpty();
            IntStream.range(0, 50).forEach(i -> map.update(u32(i), u64(i * 2)));
            assertThat(map.keys()).hasSize(50);
            Map<Integer, Long> entries = new HashMap<>();
            map.entries().forEach(entry -> entries.put(BpfMap.view(entry.key()).getInt(), BpfMap.view(entry.value()).getLong()));
            assertThat(entries).hasSize(50).containsEntry(0, 0L).containsEntry(49, 98L);
        }
    }

    @Test
    void keysOfAMapThatIsBeingEmptiedEnd() throws InterruptedException {
        try (BpfMap map = hash(1000)) {
            Thread churn = Thread.ofPlatform().start(() -> {
                for (int round = 0; round < 20; round++) {
                    IntStream.range(0, 1000).forEach(i -> map.update(u32(i), u64(i)));
                    IntStream.range(0, 1000).forEach(i -> map.delete(u32(i)));
                }
            });
            while (churn.isAlive()) {
                assertThat(map.keys().stream().map(ByteBuffer::wrap)).doesNotHaveDuplicates();
            }
            churn.join();
            assertThat(map.keys()).isEmpty();
        }
    }

    @Test
    void writesManyAtOnce() {
        try (BpfMap map = BpfMap.create(Type.HASH, "many", 4, 1024, 5000, 0)) {
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < 5000; i++) {
                byte[] value = new byte[1024];
                BpfMap.view(value).putInt(1020, i);
                entries.add(new Entry(u32(i), value));
            }
            map.updateAll(entries);
            assertThat(map.keys()).hasSize(5000);
            assertThat(map.lookup(u32(4999)).map(value -> BpfMap.view(value).getInt(1020))).hasValue(4999);
        }
    }

    @Test
    void ofManyTheOneThatFailsIsNamed() {
        try (BpfMap map = hash(3)) {
            List<Entry> entries = IntStream.range(0, 5).mapToObj(i -> new Entry(u32(i), u64(i))).toList();
            assertThatThrownBy(() -> map.updateAll(entries)).isInstanceOf(MapFull.class).hasMessageContaining("key 03000000");
            assertThat(map.keys()).hasSize(3);
        }
    }

    @Test
    void writesManyWithoutABatchCommand() {
        try (BpfMap one = hash(1); BpfMap two = hash(1); BpfMap outer = BpfMap.createOuter(Type.ARRAY_OF_MAPS, "outer", 4, 2, one)) {
            outer.updateAll(List.of(new Entry(u32(0), u32(one.fd())), new Entry(u32(1), u32(two.fd()))));
            assertThat(outer.lookup(u32(1))).hasValue(u32(two.info().id()));
        }
    }

    @Test
    void innerArraysMayDifferInLength() {
        try (BpfMap template = BpfMap.create(Type.ARRAY, "template", 4, 8, 1, BpfMap.BPF_F_INNER_MAP);
                BpfMap outer = BpfMap.createOuter(Type.HASH_OF_MAPS, "outer", 4, 4, template);
                BpfMap longer = BpfMap.create(Type.ARRAY, "longer", 4, 8, 500, BpfMap.BPF_F_INNER_MAP)) {
            outer.update(u32(7), longer);
            int id = outer.lookup(u32(7)).map(value -> BpfMap.view(value).getInt()).orElseThrow();
            assertThat(id).isEqualTo(longer.info().id());
            try (BpfMap again = BpfMap.openId(id)) {
                again.update(u32(499), u64(1));
                assertThat(longer.lookup(u32(499))).hasValue(u64(1));
            }
        }
    }

    @Test
    void anInnerMapOfAnotherShapeIsRefused() {
        try (BpfMap template = hash(1); BpfMap outer = BpfMap.createOuter(Type.ARRAY_OF_MAPS, "outer", 4, 4, template);
                BpfMap other = BpfMap.create(Type.HASH, "other", 8, 8, 1, 0)) {
            assertThatThrownBy(() -> outer.update(u32(0), other)).isInstanceOf(BpfException.class).hasMessageContaining("EINVAL");
        }
    }

    @Test
    void aFrozenMapIsReadOnly() {
        try (BpfMap map = BpfMap.create(Type.ARRAY, "config", 4, 8, 1, 0)) {
            map.update(u32(0), u64(9));
            assertThat(map.frozen()).isFalse();
            map.freeze();
            map.freeze();
            assertThat(map.frozen()).isTrue();
            assertThatThrownBy(() -> map.update(u32(0), u64(1))).isInstanceOf(PermissionDenied.class)
                    .hasMessage("update of map config, key 00000000 failed: EPERM (Operation not permitted): the map is frozen");
            assertThat(map.lookup(u32(0))).hasValue(u64(9));
        }
    }

    @Test
    void perCpuValuesHaveASlotPerCpu() {
        try (BpfMap map = BpfMap.create(Type.PERCPU_ARRAY, "percpu", 4, 4, 1, 0)) {
            assertThat(map.valueSize()).isEqualTo(8 * Cpus.possible());
            byte[] value = new byte[map.valueSize()];
            BpfMap.view(value).putInt(0, 11);
            map.update(u32(0), value);
            assertThat(map.lookup(u32(0)).map(read -> BpfMap.view(read).getInt(0))).hasValue(11);
        }
    }

    @Test
    void cpuListsAreCounted() {
        assertThat(Cpus.count("0\n")).isEqualTo(1);
        assertThat(Cpus.count("0-3,8,10-11\n")).isEqualTo(7);
    }

    @Test
    void aPinOutlivesTheDescriptor() {
        Path pin = pins.resolve("kept");
        try (BpfMap map = hash(2)) {
            map.update(u32(1), u64(77));
            map.pin(pin);
            assertThatThrownBy(() -> map.pin(pin)).isInstanceOf(AlreadyExists.class).hasMessageContaining("something is pinned there already");
        }
        assertThat(BpfFs.kind(pin)).isEqualTo(BpfFs.Kind.MAP);
        try (BpfMap again = BpfMap.openPinned(pin)) {
            assertThat(again.lookup(u32(1))).hasValue(u64(77));
        }
    }

    @Test
    void pinFailuresSayWhatToDo() {
        try (BpfMap map = hash(2)) {
            assertThatThrownBy(() -> map.pin(Path.of("/tmp/not-a-bpffs"))).isInstanceOf(PermissionDenied.class)
                    .hasMessageContaining("/tmp is not in a bpffs: mount -t bpf");
            assertThatThrownBy(() -> map.pin(pins.resolve("no/such/directory"))).isInstanceOf(NotFound.class)
                    .hasMessageContaining("no/such does not exist");
            assertThatThrownBy(() -> map.pin(pins.resolve("a.b"))).isInstanceOf(PermissionDenied.class).hasMessageContaining("no dots");
        }
        assertThatThrownBy(() -> BpfMap.openPinned(pins.resolve("absent"))).isInstanceOf(NotFound.class)
                .hasMessageContaining("opening the pin " + pins.resolve("absent"));
        assertThatThrownBy(() -> BpfMap.openPinned(Path.of("/etc/hostname"))).isInstanceOf(BpfException.class)
                .hasMessageContaining("not in a bpffs");
    }

    @Test
    void closingTwiceIsFineAndUseAfterwardsIsNot() {
        BpfMap map = hash(1);
        int before = TestKernel.openFiles();
        map.close();
        map.close();
        assertThat(TestKernel.openFiles()).isEqualTo(before - 1);
        assertThatThrownBy(() -> map.lookup(u32(0))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void creationFailuresNameTheMap() {
        assertThatThrownBy(() -> BpfMap.create(Type.ARRAY, "broken", 3, 8, 1, 0)).isInstanceOf(BpfException.class)
                .hasMessage("creating map broken (ARRAY, 1 entries) failed: EINVAL (Invalid argument)");
        assertThatThrownBy(() -> BpfMap.create(Type.ARRAY, "sixteen_letters_", 4, 8, 1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BpfMap.openId(Integer.MAX_VALUE)).isInstanceOf(NotFound.class);
    }

    @Test
    void bpffsIsRecognised() {
        assertThat(BpfFs.contains(pins)).isTrue();
        assertThat(BpfFs.contains(Path.of("/proc"))).isFalse();
        assertThat(BpfFs.contains(Path.of("/no/such/path"))).isFalse();
    }
}
