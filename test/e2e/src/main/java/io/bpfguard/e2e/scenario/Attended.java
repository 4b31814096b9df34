package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.ExecResult;
import io.bpfguard.e2e.node.Shell;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A container whose main process runs commands for us, see {@code probes/attend.c}: its children are the workload as a
 * session's commands are, and cost a fork and not a session. One command at a time.
 */
final class Attended {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /** The FIFOs and the output file, in a directory that the container sees at another place. */
    record Channel(Path directory, String name) {
        List<String> command(String seenAt) {
            return List.of("/probes/attend", seenAt + "/" + name + ".ask", seenAt + "/" + name + ".answer", seenAt + "/" + name + ".out");
        }

        private Path file(String suffix) {
            return directory.resolve(name + "." + suffix);
        }

        /** Makes the files, which must be there when the container starts. */
        void make() {
            Shell.must("rm", "-f", file("ask").toString(), file("answer").toString());
            Shell.must("mkfifo", file("ask").toString(), file("answer").toString());
            write("out", "");
        }

        private void write(String suffix, String text) {
            try {
                Files.writeString(file(suffix), text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final Channel channel;
    private final Container container;

    Attended(Channel channel, Container container) {
        this.channel = channel;
        this.container = container;
    }

    Container container() {
        return container;
    }

    /** Runs a program to its end; its two outputs come together. */
    ExecResult execute(List<String> command) throws InterruptedException {
        channel.write("out", "");
        // For both, so that opening does not wait for the other end.
        try (var answer = new RandomAccessFile(channel.file("answer").toFile(), "rw")) {
            channel.write("ask", String.join("\0", command) + "\0");
            int status = Integer.parseInt(line(answer));
            return new ExecResult(status, Files.readString(channel.file("out"), StandardCharsets.ISO_8859_1), "", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String line(RandomAccessFile from) throws IOException, InterruptedException {
        var text = new StringBuilder();
        long end = System.nanoTime() + LIMIT.toNanos();
        var stream = new FileInputStream(from.getFD());
        while (System.nanoTime() < end) {
            if (stream.available() == 0) {
                Thread.sleep(2);
                continue;
            }
            int read = stream.read();
            if (read == '\n') {
                return text.toString();
            }
            text.append((char) read);
        }
        throw new IllegalStateException("container " + container.name() + " does not answer");
    }
}
