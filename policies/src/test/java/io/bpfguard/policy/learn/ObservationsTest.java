package io.bpfguard.policy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SocketOperation;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is read of events, and that no container can make the collection large. */
class ObservationsTest {
    private static Optional<Observation> of(String line) throws Exception {
        return Observation.of(new ObjectMapper().readTree(line));
    }

    @Test
    void eventsSayWhatWasDone() throws Exception {
        assertThat(of(Learnt.read("/x"))).contains(new Observation.FileUse("/x", false, PathOperation.READ, false, 7));
        assertThat(of(Learnt.file("path_mkdir", PathOperation.CREATE, "/d"))).contains(new Observation.FileUse("/d", false, PathOperation.CREATE, true, 7));
        assertThat(of(Learnt.openBoth("/x").getLast())).contains(new Observation.FileUse("/x", false, PathOperation.WRITE, false, 7));
        assertThat(of(Learnt.rename("/x", "/y").getLast())).contains(new Observation.NewName("/y", false, true, 7));
        assertThat(of(Learnt.socket("socket_create", "create", "inet stream tcp"))).contains(new Observation.SocketUse(SocketOperation.CREATE, "inet stream tcp"));
        assertThat(of(Learnt.socket("path_mknod", "bind", "unix /s"))).contains(new Observation.SocketUse(SocketOperation.BIND, "unix /s"));
        assertThat(of(Learnt.capability("CAP_CHOWN"))).contains(new Observation.CapabilityUse("CAP_CHOWN"));
        assertThat(of(Learnt.call("capable", "reboot"))).contains(new Observation.Call("reboot"));
        assertThat(of("{\"event\":\"deny\",\"hook\":\"file_open\",\"operation\":\"read\",\"object\":\"/x\"}")).contains(new Observation.Denied());
        assertThat(of("{\"event\":\"audit\",\"hook\":\"file_open\",\"mechanism\":\"lsm/file_open\",\"reason\":\"no_memory\"}")).contains(new Observation.Unreadable());
        assertThat(of("{\"event\":\"audit\",\"hook\":\"file_open\",\"mechanism\":\"lsm/file_open\",\"operation\":\"read\",\"object\":\"\"}")).contains(new Observation.Unreadable());
    }

    @Test
    void otherEventsSayNothing() throws Exception {
        assertThat(of("{\"event\":\"agent\"}")).isEmpty();
        assertThat(of("{}")).isEmpty();
        assertThat(of("[1]")).isEmpty();
        assertThat(of(Learnt.file("path_rename", PathOperation.READ, "/x").replace("lsm/path_rename", "lsm/path_rename for other names"))).isEmpty();
        assertThat(of(Learnt.file("mmap_file", PathOperation.MAP, "/x"))).isEmpty();
        assertThat(of(Learnt.openBoth("/x").getLast().replace("learn-opened-for-both", "of-somebody-else"))).isEmpty();
    }

    /** A tree of what an attacker makes, with names of one kind. */
    private static PathTree<PathOperation> tree(int count, java.util.function.IntFunction<String> path) {
        PathTree<PathOperation> tree = new PathTree<>(PathOperation.class);
        for (int i = 0; i < count; i++) {
            tree.add(PathTree.globs(path.apply(i)), Set.of(PathOperation.READ));
        }
        return tree;
    }

    private static String letters(int number) {
        return Integer.toString(number, 36).replaceAll("[0-9]", "-");
    }

    @Test
    void manyNamesAreADirectory() {
        PathTree<PathOperation> tree = tree(20_000, i -> "/data/" + letters(i));
        assertThat(tree.found(PathTree.Detail.LEVELS.getFirst(), Set.of())).singleElement().satisfies(found -> {
            assertThat(found.glob()).isEqualTo("/data/*");
            assertThat(found.times()).isEqualTo(20_000);
        });
        assertThat(tree.cut()).isPositive();
        assertThat(tree.lost()).isZero();
    }

    @Test
    void manyDirectoriesAreATree() {
        PathTree<PathOperation> tree = tree(60_000, i -> "/data/" + (char) ('a' + i % 7) + "/" + letters(i / 500) + "/" + letters(i) + "/x");
        List<PathTree.Found<PathOperation>> found = tree.found(PathTree.Detail.LEVELS.getFirst(), Set.of());
        assertThat(found).extracting(PathTree.Found::glob).allMatch(glob -> glob.matches("/data(/[a-g])?(/[-a-z]+)*/\\*\\*"));
        assertThat(tree.lost()).isZero();
    }

    @Test
    void manyNamesAtTheTopAreNotKept() {
        PathTree<PathOperation> tree = tree(20_000, i -> "/" + letters(i) + "/x");
        assertThat(tree.found(PathTree.Detail.LEVELS.getFirst(), Set.of())).hasSizeLessThanOrEqualTo(PathTree.MAX_CHILDREN).extracting(PathTree.Found::glob).doesNotContain("/**", "/*");
        assertThat(tree.lost()).isPositive();
    }

    @Test
    void aMillionOfEverythingIsAPolicyThatSaysSo() throws Exception {
        Observations seen = new Observations();
        for (int i = 0; i < 20_000; i++) {
            String name = "/d" + i % 300 + "/" + letters(i) + "/" + letters(i / 3) + "x".repeat(i % 100);
            seen.add(new Observation.FileUse(name, false, i % 2 == 0 ? PathOperation.READ : PathOperation.WRITE, false, i));
            seen.add(new Observation.FileUse(name, false, PathOperation.EXEC, false, i));
            seen.add(new Observation.FileUse(name, false, PathOperation.RENAME, false, i));
            seen.add(new Observation.NewName(name + "y", false, true, i));
            seen.add(new Observation.SocketUse(SocketOperation.CONNECT, "tcp " + (i >> 16 & 255) + "." + (i >> 8 & 255) + "." + (i & 255) + ".1:" + i % 65536));
            seen.add(new Observation.SocketUse(SocketOperation.BIND, "unix @" + letters(i)));
            seen.add(new Observation.SocketUse(SocketOperation.CREATE, "inet raw " + i % 65536));
        }
        Learnt learnt = Learnt.from(seen);
        assertThat(learnt.text()).hasSizeLessThan(1 << 20).contains("uses are not allowed although they were seen", "names of files were not told apart");
        assertThat(learnt.allows(PathOperation.EXEC, "/usr/bin/curl")).isFalse();
        assertThat(learnt.allows(PathOperation.READ, "/etc/shadow")).isFalse();
    }
}
