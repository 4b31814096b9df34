package io.bpfguard.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of events, as the agent writes and the command reads them. */
class EventFilesTest {
    private static final int FULL = 100;

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void place() {
        file = directory.resolve("log/events.json");
    }

    private RotatingFile rotating(int kept) {
        return new RotatingFile(file, FULL, kept);
    }

    /** Ten bytes with its end. */
    private static byte[] line(int number) {
        return "line %04d\n".formatted(number).getBytes(StandardCharsets.UTF_8);
    }

    private static void write(RotatingFile out, int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            out.write(line(i));
        }
    }

    private static List<String> expected(int from, int to) {
        return IntStream.range(from, to).mapToObj("line %04d"::formatted).toList();
    }

    private List<String> all() throws IOException {
        List<String> lines = new ArrayList<>();
        try (EventFiles files = new EventFiles(file)) {
            files.readAll(lines::add);
        }
        return lines;
    }

    @Test
    void fullFilesAreKeptUpToANumber() throws Exception {
        try (RotatingFile out = rotating(2)) {
            write(out, 0, 45);
        }
        assertThat(directory.resolve("log").toFile().list()).containsExactlyInAnyOrder("events.json", "events.json.1", "events.json.2");
        assertThat(Files.size(RotatingFile.numbered(file, 1))).isEqualTo(FULL);
        assertThat(all()).isEqualTo(expected(20, 45));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent()))).isEqualTo("rwx------");
    }

    @Test
    void noFullFileIsKeptWhereNoneIsWanted() throws Exception {
        try (RotatingFile out = rotating(0)) {
            write(out, 0, 25);
        }
        assertThat(directory.resolve("log").toFile().list()).containsExactly("events.json");
        assertThat(all()).isEqualTo(expected(20, 25));
    }

    @Test
    void aLineThatIsLongerThanAFileIsWhole() throws Exception {
        String text = "x".repeat(3 * FULL);
        try (RotatingFile out = rotating(2)) {
            write(out, 0, 1);
            out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
            write(out, 1, 2);
        }
        assertThat(all()).containsExactly("line 0000", text, "line 0001");
    }

    @Test
    void theNextAgentGoesOnInTheSameFile() throws Exception {
        try (RotatingFile out = rotating(2)) {
            write(out, 0, 3);
        }
        // Killed in the middle of a line.
        Files.writeString(file, "line 00", StandardOpenOption.APPEND);
        try (RotatingFile out = rotating(2)) {
            write(out, 4, 6);
        }
        assertThat(all()).containsExactly("line 0000", "line 0001", "line 0002", "line 00", "line 0004", "line 0005");
    }

    @Test
    void aFileThatIsASymbolicLinkIsNotWritten() throws Exception {
        Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "");
        Files.createDirectory(file.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(file, elsewhere);
        try (RotatingFile out = rotating(2)) {
            assertThatThrownBy(() -> out.write(line(0))).isInstanceOf(IOException.class);
        }
        assertThat(elsewhere).isEmptyFile();
    }

    @Test
    void aDirectoryThatOthersWriteToIsRefused() throws Exception {
        Files.createDirectory(file.getParent());
        Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        try (RotatingFile out = rotating(2)) {
            assertThatThrownBy(() -> out.write(line(0))).hasMessageContaining("only root can write to");
            Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwx------"));
            out.write(line(1));
        }
        assertThat(all()).isEqualTo(expected(1, 2));
    }

    @Test
    void aReaderWaitsForTheEndOfALine() throws Exception {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "line 0000\nline 0");
        List<String> lines = new ArrayList<>();
        try (EventFiles files = new EventFiles(file)) {
            files.readAll(lines::add);
            assertThat(lines).isEqualTo(expected(0, 1));
            Files.writeString(file, "001\n", StandardOpenOption.APPEND);
            files.readAll(lines::add);
            assertThat(lines).isEqualTo(expected(0, 2));
        }
    }

    @Test
    void readingGoesOnOverRotations() throws Exception {
        List<String> lines = new ArrayList<>();
        try (RotatingFile out = rotating(4); EventFiles files = new EventFiles(file)) {
            assertThat(files.readAll(lines::add)).isFalse();
            int written = 0;
            for (int step : new int[] {1, 12, 30, 3, 9, 40, 0, 1}) {
                write(out, written, written + step);
                written += step;
                assertThat(files.readAll(lines::add)).isTrue();
                assertThat(lines).isEqualTo(expected(0, written));
            }
            // More than the files hold: the oldest of them is the next.
            write(out, written, written + 200);
            files.readAll(lines::add);
            assertThat(lines).startsWith(expected(0, written).toArray(String[]::new)).endsWith(expected(written + 160, written + 200).toArray(String[]::new));
            assertThat(lines).doesNotHaveDuplicates().isSorted();
        }
    }

    /** As a rotation leaves the files between two of its renames. */
    @Test
    void aRotationThatIsHalfDoneIsNoEnd() throws Exception {
        List<String> lines = new ArrayList<>();
        try (RotatingFile out = rotating(9); EventFiles files = new EventFiles(file)) {
            write(out, 0, 10);
            files.readAll(lines::add);
            write(out, 10, 45);
            // The file that was read is 4 now; 4 and 3 have moved, 2 is about to.
            Files.move(RotatingFile.numbered(file, 4), RotatingFile.numbered(file, 5));
            Files.move(RotatingFile.numbered(file, 3), RotatingFile.numbered(file, 4));
            files.readAll(lines::add);
            assertThat(lines).isEqualTo(expected(0, 20));
            Files.move(RotatingFile.numbered(file, 2), RotatingFile.numbered(file, 3));
            Files.move(RotatingFile.numbered(file, 1), RotatingFile.numbered(file, 2));
            Files.move(file, RotatingFile.numbered(file, 1));
            files.readAll(lines::add);
            assertThat(lines).isEqualTo(expected(0, 45));
        }
    }

    /** While lines are written and files rotated, no line comes twice, torn or out of order, and none is left out. */
    @Test
    void followingMissesNothing() throws Exception {
        int count = 5000;
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        AtomicBoolean failed = new AtomicBoolean();
        Thread reader = Thread.ofPlatform().start(() -> {
            try (EventFiles files = new EventFiles(file)) {
                files.follow(lines::add);
            } catch (IOException failure) {
                failed.set(true);
            } catch (InterruptedException end) {
                // The test is over.
            }
        });
        try (RotatingFile out = new RotatingFile(file, 50 * FULL, 20)) {
            for (int i = 0; i < count; i += 50) {
                write(out, i, i + 50);
                Thread.sleep(1);
            }
        }
        for (long end = System.nanoTime() + Duration.ofSeconds(30).toNanos(); lines.size() < count && System.nanoTime() < end;) {
            Thread.sleep(20);
        }
        reader.interrupt();
        reader.join();
        assertThat(failed).isFalse();
        assertThat(List.copyOf(lines)).isEqualTo(expected(0, count));
    }
}
