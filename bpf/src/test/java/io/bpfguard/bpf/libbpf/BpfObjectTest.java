package io.bpfguard.bpf.libbpf;

import static io.bpfguard.bpf.libbpf.BpfMap.u32;
import static io.bpfguard.bpf.libbpf.BpfMap.u64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.bpf.libbpf.BpfMap.Type;
import io.bpfguard.bpf.libbpf.BpfObject.MapDefinition;
import io.bpfguard.bpf.libbpf.BpfObject.ProgramDefinition;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Objects, programs, links and the ring buffer, with programs that run on this kernel. */
class BpfObjectTest {
    private static Libbpf libbpf;
    private static Path pins;

    @BeforeAll
    static void kernel() {
        TestKernel.assumeBpf();
        libbpf = new Libbpf();
        pins = TestKernel.mountBpfFs();
    }

    @AfterAll
    static void unmount() {
        if (pins != null) {
            TestKernel.removeBpfFs(pins);
        }
    }

    private static BpfMap table(int entries) {
        return BpfMap.create(Type.ARRAY, "table", 4, 8, entries, BpfMap.BPF_F_INNER_MAP);
    }

    /** The counter, watching this process's statfs calls. */
    private static BpfObject counter() {
        BpfObject object = BpfObject.open(libbpf, TestKernel.object("counter"), "counter");
        object.setConstant("filter", BpfMap.view(new byte[8]).putInt((int) ProcessHandle.current().pid()).putInt(TestKernel.statfsNumber()).array());
        return object;
    }

    private static BpfObject loadedCounter() {
        BpfObject object = counter();
        try (BpfMap template = table(1)) {
            object.setInnerMap("tables", template);
            object.load();
        }
        return object;
    }

    private static long number(BpfMap map, int key) {
        return map.lookup(u32(key)).map(value -> BpfMap.view(value).getLong()).orElseThrow();
    }

    @Test
    void listsWhatTheFileHolds() {
        try (BpfObject object = counter()) {
            assertThat(object.maps()).contains(
                    new MapDefinition("counts", Type.ARRAY, 4, 8, 2, 0), new MapDefinition("events", Type.RINGBUF, 0, 0, 4096, 0),
                    new MapDefinition("tables", Type.HASH_OF_MAPS, 4, 4, 8, 0));
            assertThat(object.maps()).extracting(MapDefinition::name).contains(".rodata", ".bss");
            int syscallType = 31;
            int rawTracepointType = 17;
            assertThat(object.programs()).containsExactlyInAnyOrder(
                    new ProgramDefinition("count", "raw_tp/sys_enter", rawTracepointType, 0),
                    new ProgramDefinition("next", "raw_tp/sys_enter", rawTracepointType, 0), new ProgramDefinition("twice", "syscall", syscallType, 0));
        }
    }

    @Test
    void countsReportsAndTailCalls() {
        List<Long> reported = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        try (BpfObject object = counter()) {
            object.setConstant("step", 5);
            object.setConstant("small", 200);
            try (BpfMap template = table(1)) {
                object.setInnerMap("tables", template);
                object.load();
                assertThat(template.info().maxEntries()).isEqualTo(1);
            }
            try (BpfMap inner = table(10); RingBuffer ring = RingBuffer.open(object.map("events"), record -> {
                reported.add(record.getLong());
                assertThat(record.getInt()).isEqualTo(TestKernel.statfsNumber());
                assertThat(record.getInt()).isEqualTo((int) ProcessHandle.current().pid());
                assertThat(record.remaining()).isZero();
            }, failures::add)) {
                inner.update(u32(3), u64(1000));
                object.map("tables").update(u32(7), inner);
                object.map("steps").update(u32(0), object.program("next"));
                try (BpfLink link = object.program("count").attach()) {
                    assertThat(link.info().programId()).isEqualTo(object.program("count").info().id());
                    for (int i = 0; i < 3; i++) {
                        TestKernel.statfs();
                    }
                }
                TestKernel.statfs();
                assertThat(ring.poll(Duration.ofSeconds(5))).isEqualTo(3);
                assertThat(ring.pending()).isZero();
            }
            assertThat(failures).isEmpty();
            assertThat(reported).containsExactly(5L, 10L, 15L);
            assertThat(number(object.map("counts"), 0)).isEqualTo(15);
            assertThat(number(object.map("counts"), 1)).isEqualTo(3 * 1200);
            assertThat(number(object.map(".bss"), 0)).isEqualTo(3);
            assertThat(object.map("steps").lookup(u32(0))).hasValue(u32(object.program("next").info().id()));
        }
    }

    @Test
    void constantsAreFrozenByLoading() {
        try (BpfObject object = loadedCounter()) {
            assertThat(object.map(".rodata").frozen()).isTrue();
            byte[] value = object.map(".rodata").lookup(u32(0)).orElseThrow();
            assertThatThrownBy(() -> object.map(".rodata").update(u32(0), value)).isInstanceOf(PermissionDenied.class).hasMessageContaining("frozen");
            assertThatThrownBy(() -> object.setConstant("step", 2)).isInstanceOf(IllegalStateException.class).hasMessageContaining("loaded already");
        }
    }

    @Test
    void constantsAreChecked() {
        try (BpfObject object = counter()) {
            assertThatThrownBy(() -> object.setConstant("stride", 1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("object counter has no constant stride; it has [filter, small, step]");
            object.setConstant("small", 255);
            object.setConstant("small", -128);
            assertThatThrownBy(() -> object.setConstant("small", 256)).hasMessage("constant small has 8 bits: 256 does not fit");
            assertThatThrownBy(() -> object.setConstant("small", -129)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> object.setConstant("filter", new byte[4])).hasMessage("constant filter has 8 bytes, not 4");
            object.setConstant("step", Long.MIN_VALUE);
        }
    }

    @Test
    void mapsAreSizedBeforeLoading() {
        try (BpfObject object = counter(); BpfMap template = table(1)) {
            object.setInnerMap("tables", template);
            object.setMaxEntries("events", 1 << 16);
            object.setMaxEntries("tables", 1000);
            object.setKeySize("tables", 8);
            object.setAutoload("next", false);
            object.load();
            assertThat(object.map("events").info().maxEntries()).isEqualTo(1 << 16);
            assertThat(object.map("tables").info().maxEntries()).isEqualTo(1000);
            assertThat(object.map("tables").keySize()).isEqualTo(8);
            assertThatThrownBy(() -> object.program("next")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no loaded program next");
        }
    }

    @Test
    void valueSizesAreSetBeforeLoading() {
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("rejected"), "sized")) {
            object.setValueSize("values", 64);
            object.setAutoload("unchecked", false);
            object.load();
            assertThat(object.map("values").valueSize()).isEqualTo(64);
        }
    }

    @Test
    void anExistingMapIsReused() {
        try (BpfMap counts = BpfMap.create(Type.ARRAY, "counts", 4, 8, 2, 0)) {
            counts.update(u32(0), u64(100));
            try (BpfObject object = counter(); BpfMap template = table(1)) {
                object.setInnerMap("tables", template);
                object.reuse("counts", counts);
                object.load();
                assertThat(object.map("counts").info().id()).isEqualTo(counts.info().id());
                try (BpfLink link = object.program("count").attachRawTracepoint("sys_enter")) {
                    assertThat(link.fd()).isPositive();
                    TestKernel.statfs();
                }
            }
            assertThat(number(counts, 0)).isEqualTo(101);
        }
    }

    @Test
    void aMapOfAnotherShapeIsNotReused() {
        try (BpfMap other = BpfMap.create(Type.ARRAY, "counts", 4, 16, 2, 0); BpfObject object = counter()) {
            object.reuse("counts", other);
            assertThat(object.maps()).contains(new MapDefinition("counts", Type.ARRAY, 4, 16, 2, 0));
        }
    }

    @Test
    void theVerifiersWordsAreInTheException() {
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("rejected"), "rejected")) {
            assertThatThrownBy(object::load).isInstanceOfSatisfying(VerifierRejected.class, rejected -> {
                assertThat(rejected.program()).isEqualTo("unchecked");
                assertThat(rejected.log()).contains("R0 invalid mem access 'map_value_or_null'").contains("processed ");
                assertThat(rejected).hasMessageStartingWith("loading BPF object rejected failed: EACCES (Permission denied): the verifier rejected program unchecked:\n")
                        .hasMessageContaining("R0 invalid mem access 'map_value_or_null'");
                assertThat(rejected.errnoName()).isEqualTo("EACCES");
            });
        }
    }

    @Test
    void whatIsNoObjectIsRefused() {
        assertThatThrownBy(() -> BpfObject.open(libbpf, "#!/bin/sh".getBytes(), "script")).isInstanceOf(BpfException.class)
                .hasMessageStartingWith("opening BPF object script failed: ").hasMessageContaining("libbpf: ");
        assertThatThrownBy(() -> BpfObject.open(libbpf, new byte[0], "empty")).isInstanceOf(BpfException.class);
    }

    @Test
    void unknownNamesAreListed() {
        try (BpfObject object = counter()) {
            assertThatThrownBy(() -> object.setMaxEntries("routes", 1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("object counter has no map routes; it has [").hasMessageContaining("counts");
            assertThatThrownBy(() -> object.setAutoload("nobody", false)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> object.map("counts")).isInstanceOf(IllegalStateException.class).hasMessageContaining("is not loaded");
        }
    }

    @Test
    void closingEndsMapsAndProgramsAndLeaksNothing() {
        int before = TestKernel.openFiles();
        BpfObject object = loadedCounter();
        BpfMap counts = object.map("counts");
        BpfProgram count = object.program("count");
        counts.close();
        count.close();
        assertThat(number(counts, 0)).isZero();
        object.close();
        object.close();
        assertThat(TestKernel.openFiles()).isEqualTo(before);
        assertThatThrownBy(() -> counts.lookup(u32(0))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(count::attach).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(object::maps).isInstanceOf(IllegalStateException.class).hasMessage("object counter is closed");
    }

    /** Compares with a count of now, because libbpf itself calls statfs when it pins. */
    private static void assertCounting(BpfMap counts, boolean expected) {
        long before = number(counts, 0);
        TestKernel.statfs();
        assertThat(number(counts, 0)).isEqualTo(before + (expected ? 1 : 0));
    }

    @Test
    void aPinnedLinkGoesOnAndEndsWhenUnpinned() throws Exception {
        Path pin = pins.resolve("counting");
        Path counts = pins.resolve("counting_counts");
        int before = TestKernel.openFiles();
        try (BpfObject object = loadedCounter(); BpfLink link = object.program("count").attach()) {
            object.map("counts").pin(counts);
            assertThat(link.pinned()).isEmpty();
            link.pin(pin);
            assertThat(link.pinned()).hasValue(pin);
            assertThatThrownBy(() -> link.pin(pin)).isInstanceOf(BpfException.class);
        }
        assertThat(TestKernel.openFiles()).isEqualTo(before);
        assertThat(BpfFs.kind(pin)).isEqualTo(BpfFs.Kind.LINK);
        try (BpfMap map = BpfMap.openPinned(counts)) {
            assertCounting(map, true);
            try (BpfLink again = BpfLink.open(libbpf, pin)) {
                assertThat(again.info().programId()).isPositive();
            }
            assertCounting(map, true);
            try (BpfLink again = BpfLink.open(libbpf, pin)) {
                again.unpin();
                assertCounting(map, true);
            }
            assertCounting(map, false);
        }
        assertThat(TestKernel.openFiles()).isEqualTo(before);
        assertThat(Files.exists(pin)).isFalse();
    }

    @Test
    void aKeptLinkGoesOnWithoutAPin() {
        try (BpfObject object = loadedCounter()) {
            BpfLink link = object.program("count").attach();
            int fd = link.fd();
            link.keep();
            link.close();
            link.close();
            TestKernel.statfs();
            assertThat(number(object.map("counts"), 0)).isEqualTo(1);
            Kernel.close(fd);
            TestKernel.statfs();
            assertThat(number(object.map("counts"), 0)).isEqualTo(1);
        }
    }

    @Test
    void pinsOfAnotherKindAreToldApart() {
        Path program = pins.resolve("program");
        try (BpfObject object = loadedCounter()) {
            object.program("next").pin(program);
        }
        assertThat(BpfFs.kind(program)).isEqualTo(BpfFs.Kind.PROGRAM);
        assertThatThrownBy(() -> BpfMap.openPinned(program)).isInstanceOf(BpfException.class).hasMessageContaining("it is a pinned PROGRAM, not a MAP");
        assertThatThrownBy(() -> BpfLink.open(libbpf, program)).isInstanceOf(BpfException.class).hasMessageContaining("it is a pinned PROGRAM, not a LINK");
        try (BpfProgram next = BpfProgram.openPinned(program)) {
            assertThat(next.name()).isEqualTo("next");
            assertThat(next.info().verifiedInstructions()).isPositive();
            assertThat(next.info().tag()).hasSize(16);
            assertThatThrownBy(next::attach).isInstanceOf(IllegalStateException.class).hasMessageContaining("only a program of a loaded object");
            try (BpfProgram same = BpfProgram.openId(next.info().id())) {
                assertThat(same.info()).isEqualTo(next.info());
            }
        }
    }

    @Test
    void aTracepointThatIsNotThereIsNamed() {
        try (BpfObject object = loadedCounter()) {
            assertThatThrownBy(() -> object.program("count").attachRawTracepoint("no_such_tracepoint")).isInstanceOf(NotFound.class)
                    .hasMessageStartingWith("attaching to raw tracepoint no_such_tracepoint of program count failed: ENOENT")
                    .hasMessageContaining("no such attach point");
            assertThatThrownBy(() -> object.program("twice").attachLsm()).isInstanceOf(BpfException.class);
        }
    }

    @Test
    void runsAProgramOnAContext() {
        try (BpfObject object = loadedCounter()) {
            BpfProgram.Run run = object.program("twice").run(u64(21));
            assertThat(run.result()).isEqualTo(42);
            assertThat(run.context()).isEqualTo(u64(42));
            assertThat(object.program("count").run(new byte[16]).result()).isZero();
        }
    }

    @Test
    void labelsATaskThroughItsPidfd() throws Exception {
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("labels"), "labels")) {
            object.setAutoload("guard", false);
            object.setAutoload("tasks", false);
            try {
                object.load();
            } catch (BpfException refused) {
                TestKernel.skip("this kernel has no task storage: " + refused.getMessage());
            }
            BpfMap labels = object.map("labels");
            assertThat(labels.info().type()).isEqualTo(Type.TASK_STORAGE);
            byte[] label = BpfMap.view(new byte[8]).putInt(3).putInt(1).array();
            Process child = new ProcessBuilder("sleep", "60").start();
            try (Fd pidfd = Syscalls.pidfdOpen((int) child.pid())) {
                byte[] key = u32(pidfd.number());
                assertThat(labels.lookup(key)).isEmpty();
                labels.update(key, label, BpfMap.BPF_NOEXIST);
                assertThatThrownBy(() -> labels.update(key, label, BpfMap.BPF_NOEXIST)).isInstanceOf(AlreadyExists.class);
                assertThat(labels.lookup(key)).hasValue(label);
                assertThat(labels.delete(key)).isTrue();
                assertThat(labels.delete(key)).isFalse();
            } finally {
                child.destroyForcibly().waitFor();
            }
            assertThatThrownBy(() -> Syscalls.pidfdOpen((int) child.pid())).isInstanceOf(BpfException.class).hasMessageContaining("ESRCH");
        }
    }

    @Test
    void aKernelWithoutBtfIsNamed() {
        if (Files.exists(Path.of("/sys/kernel/btf/vmlinux"))) {
            TestKernel.skip("this kernel has BTF");
        }
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("labels"), "labels")) {
            assertThatThrownBy(() -> object.setAttachTarget("guard", "path_rmdir")).isInstanceOf(BpfUnavailable.class)
                    .hasMessageContaining("CONFIG_DEBUG_INFO_BTF");
            assertThatThrownBy(object::load).isInstanceOf(BpfUnavailable.class).hasMessageContaining("CONFIG_DEBUG_INFO_BTF");
        }
    }

    @Test
    void aHookThatTheKernelLacksIsNamed() {
        if (!Files.exists(Path.of("/sys/kernel/btf/vmlinux"))) {
            TestKernel.skip("this kernel has no BTF");
        }
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("nohook"), "nohook")) {
            assertThatThrownBy(object::load).isInstanceOf(NotFound.class).hasMessageContaining("no_such_hook").hasMessageContaining("ESRCH");
        }
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("nohook"), "nohook")) {
            assertThatThrownBy(() -> object.setAttachTarget("lost", "no_such_either")).isInstanceOf(NotFound.class)
                    .hasMessageStartingWith("setting the attach target no_such_either of program lost of nohook failed: ESRCH")
                    .hasMessageContaining("this kernel has no such function or hook");
        }
    }

    @Test
    void anIteratorIsReadToItsEnd() throws Exception {
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("labels"), "labels")) {
            object.setAutoload("guard", false);
            loadOrSkip(object, "task iterators");
            Process child = new ProcessBuilder("sleep", "60").start();
            try (Fd pidfd = Syscalls.pidfdOpen((int) child.pid()); BpfLink link = attachOrSkip(object.program("tasks"))) {
                assertThat(link.iterate()).isEmpty();
                object.map("labels").update(u32(pidfd.number()), BpfMap.view(new byte[8]).putInt(5).array());
                assertThat(link.iterate()).isEqualTo(BpfMap.view(new byte[8]).putInt((int) child.pid()).putInt(5).array());
            } finally {
                child.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void anLsmProgramMovesToAnotherHookAndDenies() throws Exception {
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("labels"), "labels")) {
            object.setAutoload("tasks", false);
            try {
                object.setAttachTarget("guard", "path_rmdir");
            } catch (BpfUnavailable noBtf) {
                TestKernel.skip(noBtf.getMessage());
            }
            loadOrSkip(object, "BPF LSM programs");
            Path directory = Files.createTempDirectory("bpfguard-lsm");
            Process child = new ProcessBuilder("sh", "-c", "read go; exec rmdir " + directory).redirectErrorStream(true).start();
            try (Fd pidfd = Syscalls.pidfdOpen((int) child.pid()); BpfLink link = attachOrSkip(object.program("guard"))) {
                assertThat(link.info().programId()).isEqualTo(object.program("guard").info().id());
                object.map("labels").update(u32(pidfd.number()), new byte[8]);
                child.outputWriter().append("go\n").close();
                assertThat(child.waitFor()).isNotZero();
                assertThat(Files.exists(directory)).isTrue();
                assertThat(number(object.map(".bss"), 0)).isEqualTo(1);
            } finally {
                child.destroyForcibly().waitFor();
                Files.delete(directory);
            }
        }
    }

    @Test
    void aPinnedKprobeGoesOnAfterItsHandleIsClosed() throws Exception {
        try (BpfObject object = BpfObject.open(libbpf, TestKernel.object("kprobe"), "kprobe")) {
            object.setConstant("tgid", ProcessHandle.current().pid());
            loadOrSkip(object, "kprobe programs");
            Path pin = pins.resolve("kprobe");
            String function = TestKernel.architecture().equals("x86_64") ? "__x64_sys_statfs" : "__arm64_sys_statfs";
            try (BpfLink link = attachOrSkip(() -> object.program("probe").attachKprobe(function, false))) {
                TestKernel.statfs();
                assertThat(number(object.map(".bss"), 0)).isEqualTo(1);
                link.pin(pin);
            }
            long before = number(object.map(".bss"), 0);
            TestKernel.statfs();
            assertThat(number(object.map(".bss"), 0)).isEqualTo(before + 1);
            try (BpfLink link = BpfLink.open(libbpf, pin)) {
                link.unpin();
            }
        }
    }

    private static void loadOrSkip(BpfObject object, String what) {
        try {
            object.load();
        } catch (VerifierRejected rejected) {
            throw rejected;
        } catch (BpfException refused) {
            TestKernel.skip("this kernel loads no " + what + ": " + refused.getMessage());
        }
    }

    private static BpfLink attachOrSkip(BpfProgram program) {
        return attachOrSkip(program::attach);
    }

    private static BpfLink attachOrSkip(Supplier<BpfLink> attach) {
        try {
            return attach.get();
        } catch (BpfException refused) {
            TestKernel.skip(refused.getMessage());
            throw refused;
        }
    }

    @Test
    void aFailingHandlerLosesItsRecordOnly() {
        List<Long> handled = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        try (BpfObject object = loadedCounter(); RingBuffer ring = RingBuffer.open(object.map("events"), record -> {
            long count = record.getLong();
            if (count == 2) {
                throw new StackOverflowError("two");
            }
            handled.add(count);
        }, failures::add)) {
            try (BpfLink link = object.program("count").attach()) {
                assertThat(link.fd()).isPositive();
                for (int i = 0; i < 3; i++) {
                    TestKernel.statfs();
                }
            }
            assertThat(ring.consume()).isEqualTo(3);
        }
        assertThat(handled).containsExactly(1L, 3L);
        assertThat(failures).singleElement().isInstanceOf(StackOverflowError.class);
    }

    @Test
    void aFullRingRefusesAndGoesOnAfterwards() {
        List<Long> reported = new ArrayList<>();
        try (BpfObject object = loadedCounter();
                RingBuffer ring = RingBuffer.open(object.map("events"), record -> reported.add(record.getLong()), failure -> { throw new AssertionError(failure); });
                BpfLink link = object.program("count").attach()) {
            assertThat(link.fd()).isPositive();
            // 24 bytes a record: 170 fit into 4096 bytes.
            for (int i = 0; i < 500; i++) {
                TestKernel.statfs();
            }
            assertThat(number(object.map("counts"), 0)).isEqualTo(500);
            assertThat(ring.consume()).isBetween(160, 171);
            int first = reported.size();
            for (int i = 0; i < 3; i++) {
                TestKernel.statfs();
                assertThat(ring.poll(Duration.ofSeconds(5))).isEqualTo(1);
            }
            assertThat(reported.subList(first, first + 3)).containsExactly(501L, 502L, 503L);
        }
    }

    @Test
    void aWaitingPollEndsByTimeByWakeUpAndByClose() throws Exception {
        try (BpfObject object = loadedCounter()) {
            RingBuffer ring = RingBuffer.open(object.map("events"), record -> {}, failure -> {});
            long start = System.nanoTime();
            assertThat(ring.poll(Duration.ofMillis(50))).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(49));
            ring.wakeUp();
            assertThat(ring.poll(Duration.ofMinutes(1))).isZero();
            Thread reader = Thread.ofPlatform().start(() -> ring.poll(Duration.ofMinutes(1)));
            while (reader.getState() == Thread.State.NEW) {
                Thread.onSpinWait();
            }
            Thread.sleep(50);
            ring.close();
            ring.close();
            ring.wakeUp();
            reader.join(Duration.ofSeconds(10));
            assertThat(reader.isAlive()).isFalse();
            assertThat(ring.poll(Duration.ofMinutes(1))).isZero();
        }
    }

    @Test
    void aRingOutlivesItsObject() {
        int before = TestKernel.openFiles();
        List<Long> reported = new ArrayList<>();
        RingBuffer ring;
        try (BpfObject object = loadedCounter(); BpfLink link = object.program("count").attach()) {
            ring = RingBuffer.open(object.map("events"), record -> reported.add(record.getLong()), failure -> {});
            assertThat(link.fd()).isPositive();
            TestKernel.statfs();
        }
        assertThat(ring.poll(Duration.ofSeconds(5))).isEqualTo(1);
        assertThat(reported).containsExactly(1L);
        ring.close();
        assertThat(TestKernel.openFiles()).isEqualTo(before);
    }

    @Test
    void onlyARingBufferIsReadAsOne() {
        try (BpfMap map = table(1)) {
            assertThatThrownBy(() -> RingBuffer.open(map, record -> {}, failure -> {})).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void recordsAreReadOnly() {
        List<ByteBuffer> records = new ArrayList<>();
        try (BpfObject object = loadedCounter(); RingBuffer ring = RingBuffer.open(object.map("events"), records::add, failure -> {})) {
            try (BpfLink link = object.program("count").attach()) {
                assertThat(link.fd()).isPositive();
                TestKernel.statfs();
            }
            ring.consume();
            assertThat(records).singleElement().matches(ByteBuffer::isReadOnly);
        }
    }
}
