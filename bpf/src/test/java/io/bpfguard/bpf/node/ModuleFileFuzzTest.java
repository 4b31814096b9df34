package io.bpfguard.bpf.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.bpf.libbpf.KernelBtf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged objects in place of kernel modules, always the same for a seed: an ELF object with symbols and BTF, as the build makes them.
 * Each is read, or refused as what it is not; memory and time stay within what the file itself takes.
 */
class ModuleFileFuzzTest {
    private static final int COUNT = Integer.getInteger("bpfguard.fuzz.modules", Boolean.getBoolean("bpfguard.long") ? 50_000 : 4000);
    private static final long SEED = 20261129;
    private static final long[] EXTREMES = {0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffffL, 0x80000000L, 0xffffffffL, Long.MAX_VALUE, Long.MIN_VALUE, -1};

    @TempDir
    private Path directory;

    private static byte[] object() throws IOException {
        try (InputStream in = ModuleFileFuzzTest.class.getResourceAsStream("/bpf/file_open.bpf.o")) {
            return in.readAllBytes();
        }
    }

    /** The content of the section .BTF. */
    private static byte[] btf(byte[] object) {
        ByteBuffer elf = ByteBuffer.wrap(object).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) elf.getLong(40);
        int names = (int) elf.getLong(headers + elf.getShort(62) * 64 + 24);
        for (int i = 0; i < elf.getShort(60); i++) {
            int header = headers + i * 64;
            String name = new String(object, names + elf.getInt(header), 5, StandardCharsets.US_ASCII);
            if (name.equals(".BTF\0")) {
                int at = (int) elf.getLong(header + 24);
                return Arrays.copyOfRange(object, at, at + (int) elf.getLong(header + 32));
            }
        }
        throw new AssertionError("the object has no BTF");
    }

    @Test
    void damagedModulesAreReadOrRefused() throws Exception {
        byte[] object = object();
        Path module = directory.resolve("m.ko");
        Path base = Files.write(directory.resolve("btf"), btf(object));
        try (KernelBtf kernel = KernelBtf.read(base)) {
            Files.write(module, object);
            Optional<ModuleFile> whole = ModuleFile.read(module, kernel);
            assertThat(whole.orElseThrow().symbols()).contains("router");
            SplittableRandom random = new SplittableRandom(SEED);
            int read = 0;
            for (int i = 0; i < COUNT; i++) {
                byte[] damaged = damaged(object, random);
                Files.write(module, damaged);
                try {
                    ModuleFile.read(module, kernel);
                    read++;
                } catch (IOException refused) {
                    assertThat(refused.getMessage()).contains("m.ko");
                } catch (RuntimeException | Error failure) {
                    throw new AssertionError("case " + i, failure);
                }
            }
            System.out.println(read + " of " + COUNT + " damaged modules can be read still");
            assertThat(read).as("damage that is too tame or too wild").isBetween(COUNT / 50, COUNT * 49 / 50);
        }
    }

    /** Most of it where the structure is: the header, the sections' headers and the BTF's beginning. */
    private static byte[] damaged(byte[] object, SplittableRandom random) {
        byte[] bytes = object.clone();
        ByteBuffer elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) elf.getLong(40);
        for (int damages = random.nextInt(1, 4); damages > 0; damages--) {
            int at = switch (random.nextInt(3)) {
                case 0 -> random.nextInt(64);
                case 1 -> Math.min(bytes.length - 8, headers + random.nextInt(bytes.length - headers));
                default -> random.nextInt(bytes.length - 8);
            };
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> elf.putInt(at, (int) EXTREMES[random.nextInt(EXTREMES.length)]);
                default -> elf.putLong(at, EXTREMES[random.nextInt(EXTREMES.length)]);
            }
        }
        return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }
}
