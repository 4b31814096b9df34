package io.bpfguard.bpf.libbpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** What the tests on a real kernel share: the check that it permits bpf(2) at all, a bpffs of their own, and compiled programs. */
final class TestKernel {
    private static final Path SOURCES = Path.of("src/test/c");
    private static final Path OBJECTS = Path.of("target/test-bpf");
    private static final ConcurrentHashMap<String, byte[]> COMPILED = new ConcurrentHashMap<>();

    private TestKernel() {}

    /** Skips, and says why, only where the kernel refuses bpf(2) altogether. */
    static void assumeBpf() {
        try (BpfMap map = BpfMap.create(BpfMap.Type.ARRAY, "permitted", 4, 4, 1, 0)) {
            map.fd();
        } catch (BpfException refused) {
            if (refused.errno() == Errno.EPERM || refused.errno() == Errno.ENOSYS) {
                skip("this kernel refuses bpf(2): " + refused.getMessage());
            }
            throw refused;
        }
    }

    static void skip(String reason) {
        System.out.println("SKIPPED: " + reason);
        Assumptions.abort(reason);
    }

    /** Mounts a bpffs on a new directory; see {@link #removeBpfFs}. */
    static Path mountBpfFs() {
        try {
            Path directory = Files.createTempDirectory("bpfguard-test");
            BpfFs.mount(directory);
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void removeBpfFs(Path directory) {
        BpfFs.unmount(directory);
        try {
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The object of {@code src/test/c/NAME.bpf.c}. */
    static byte[] object(String name) {
        return COMPILED.computeIfAbsent(name, TestKernel::compile);
    }

    /** Compiles only what changed, so that a guest without clang can run what its host compiled. */
    private static byte[] compile(String name) {
        Path source = SOURCES.resolve(name + ".bpf.c");
        Path out = OBJECTS.resolve(name + ".bpf.o");
        try {
            if (Files.notExists(out) || Files.getLastModifiedTime(out).compareTo(Files.getLastModifiedTime(source)) < 0) {
                clang("-g", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-missing-declarations", "-mcpu=v3", "--target=bpf",
                        "-I/usr/include/" + architecture() + "-linux-gnu", "-c", source.toString(), "-o", out.toString());
            }
            return Files.readAllBytes(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String architecture() {
        return System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    }

    static void clang(String... arguments) {
        try {
            Files.createDirectories(OBJECTS);
            Process clang = new ProcessBuilder(Stream.concat(Stream.of("clang"), Stream.of(arguments)).toList()).redirectErrorStream(true).start();
            String output = new String(clang.getInputStream().readAllBytes());
            if (clang.waitFor() != 0) {
                throw new AssertionError("clang " + List.of(arguments) + ":\n" + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("running clang (apt install clang libbpf-dev)", e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Makes the call that {@code counter.bpf.c} watches, once. */
    static void statfs() {
        Syscalls.fileSystemMagic(Path.of("/"));
    }

    static int statfsNumber() {
        return architecture().equals("x86_64") ? 137 : 43;
    }

    static int openFiles() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return (int) open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
