package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.KernelBtf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The file of a kernel module that is not loaded: a 64-bit little-endian ELF object, compressed perhaps.
 *
 * @param symbols the names of its functions, as the compiler left them
 * @param described those that its BTF describes
 */
record ModuleFile(Set<String> symbols, Set<String> described) {
    /** No module of any distribution comes near. */
    private static final int MAX_SIZE = 256 << 20;
    /** Memory for one block of xz, in KiB; the kernel's build uses 32 MiB dictionaries at most. */
    private static final int XZ_MEMORY = 128 << 10;

    /** Layout of the ELF header, a section header and a symbol (man 5 elf). */
    private static final int E_SHOFF = 40;
    private static final int E_SHENTSIZE = 58;
    private static final int E_SHNUM = 60;
    private static final int E_SHSTRNDX = 62;
    private static final int SH_TYPE = 4;
    private static final int SH_OFFSET = 24;
    private static final int SH_SIZE = 32;
    private static final int SH_LINK = 40;
    private static final int SHT_SYMTAB = 2;
    private static final int SYMBOL_SIZE = 24;
    private static final int STT_FUNC = 2;

    /**
     * Reads it. Empty if it is compressed in a way that cannot be read here.
     *
     * @param base the BTF of the kernel that the module is for
     * @throws IOException if it cannot be read, or is no module
     */
    static Optional<ModuleFile> read(Path file, KernelBtf base) throws IOException {
        Optional<byte[]> content = content(file);
        try {
            return content.isEmpty() ? Optional.empty() : Optional.of(new Elf(content.get()).module(base));
        } catch (IndexOutOfBoundsException | IllegalArgumentException odd) {
            throw new IOException(file + " is not a kernel module", odd);
        }
    }

    private static Optional<byte[]> content(Path file) throws IOException {
        String name = file.getFileName().toString();
        try (InputStream raw = Files.newInputStream(file)) {
            if (name.endsWith(".ko")) {
                return Optional.of(all(raw, file));
            }
            if (name.endsWith(".ko.xz")) {
                return Optional.of(all(new XZInputStream(raw, XZ_MEMORY), file));
            }
            if (name.endsWith(".ko.gz")) {
                return Optional.of(all(new GZIPInputStream(raw), file));
            }
            return Optional.empty();
        }
    }

    private static byte[] all(InputStream in, Path file) throws IOException {
        byte[] content = in.readNBytes(MAX_SIZE);
        if (content.length == MAX_SIZE) {
            throw new IOException(file + " is larger than " + MAX_SIZE + " bytes");
        }
        return content;
    }

    /** The little that is needed of an ELF object. */
    private static final class Elf {
        private final byte[] bytes;
        private final ByteBuffer view;

        Elf(byte[] bytes) {
            this.bytes = bytes;
            view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            if (view.getInt(0) != 0x464c457f || bytes[4] != 2 || bytes[5] != 1) {
                throw new IllegalArgumentException("not a 64-bit little-endian ELF object");
            }
        }

        ModuleFile module(KernelBtf base) {
            Set<String> symbols = new HashSet<>();
            Set<String> described = Set.of();
            int names = section(view.getShort(E_SHSTRNDX));
            for (int i = 0; i < view.getShort(E_SHNUM); i++) {
                int section = section(i);
                if (view.getInt(section + SH_TYPE) == SHT_SYMTAB) {
                    addFunctions(section, symbols);
                } else if (string(names, view.getInt(section)).equals(".BTF")) {
                    described = base.moduleFunctions(content(view.getLong(section + SH_OFFSET), view.getLong(section + SH_SIZE)));
                }
            }
            return new ModuleFile(Set.copyOf(symbols), Set.copyOf(described));
        }

        private byte[] content(long at, long size) {
            if (at < 0 || size < 0 || at > bytes.length || size > bytes.length - at) {
                throw new IllegalArgumentException("a section outside the file");
            }
            return Arrays.copyOfRange(bytes, (int) at, (int) (at + size));
        }

        private void addFunctions(int table, Set<String> into) {
            int strings = section(view.getInt(table + SH_LINK));
            int at = (int) view.getLong(table + SH_OFFSET);
            int end = at + (int) view.getLong(table + SH_SIZE);
            for (; at < end; at += SYMBOL_SIZE) {
                boolean isDefined = view.getShort(at + 6) != 0;
                if (isDefined && (view.get(at + 4) & 0xf) == STT_FUNC) {
                    into.add(string(strings, view.getInt(at)));
                }
            }
        }

        private int section(int index) {
            return (int) view.getLong(E_SHOFF) + index * view.getShort(E_SHENTSIZE);
        }

        private String string(int table, int offset) {
            int from = (int) view.getLong(table + SH_OFFSET) + offset;
            int to = from;
            while (bytes[to] != 0) {
                to++;
            }
            return new String(bytes, from, to - from, StandardCharsets.US_ASCII);
        }
    }
}
