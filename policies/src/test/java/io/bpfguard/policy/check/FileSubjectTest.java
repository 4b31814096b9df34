package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Device;
import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.Key;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.model.Glob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Conditions of rules on files beside paths, from YAML to the verdict. */
class FileSubjectTest {
    private static Route route(String spec) throws Exception {
        return Policies.route(Policies.document("a", spec));
    }

    private static Key key(String path, FileKind... kinds) {
        int bits = 0;
        for (FileKind kind : kinds) {
            bits |= kind.bit();
        }
        return new Key().with(KeyField.PATH, path.getBytes(StandardCharsets.UTF_8)).with(KeyField.FILE_KIND, bits);
    }

    private static Key from(String source, String path) {
        return key(path).with(KeyField.SOURCE, source.getBytes(StandardCharsets.UTF_8));
    }

    private static Action at(LsmHook hook, Route route, Key key, PathOperation operation) {
        return Policies.decide(route, hook, verdicts -> verdicts.key(key.bytes(verdicts.fields()), operation.ordinal())).action();
    }

    private static Action exec(Route route, Key key) {
        return at(LsmHook.BPRM_CHECK_SECURITY, route, key, PathOperation.EXEC);
    }

    private static Action read(Route route, Key key) {
        return at(LsmHook.FILE_OPEN, route, key, PathOperation.READ);
    }

    @Test
    void anOriginIsOneOfSeveral() throws Exception {
        Route route = route("{processes: [{action: deny, origins: [memory, notInImage]}]}");
        assertThat(exec(route, key("/bin/sh"))).isEqualTo(Action.ALLOW);
        assertThat(exec(route, key("/bin/sh", FileKind.OWN, FileKind.DELETED))).isEqualTo(Action.ALLOW);
        assertThat(exec(route, key("memfd:x", FileKind.MEMORY))).isEqualTo(Action.DENY);
        assertThat(exec(route, key("/tmp/x", FileKind.NOT_IN_IMAGE, FileKind.OWN))).isEqualTo(Action.DENY);
        assertThat(exec(route, key("/tmp/x", FileKind.values()))).isEqualTo(Action.DENY);
    }

    @Test
    void conditionsOfARuleAllHold() throws Exception {
        Route route = route("{processes: [{action: deny, paths: [/tmp/**], origins: [notInImage], from: [/bin/*]}]}");
        for (String path : List.of("/tmp/x", "/opt/x")) {
            for (String source : List.of("/bin/sh", "/usr/bin/sh", "")) {
                for (boolean image : List.of(true, false)) {
                    Key key = image ? from(source, path)
                            : from(source, path).with(KeyField.FILE_KIND, FileKind.NOT_IN_IMAGE.bit());
                    boolean all = path.equals("/tmp/x") && source.equals("/bin/sh") && !image;
                    assertThat(exec(route, key)).as("%s from %s, image %s", path, source, image)
                            .isEqualTo(all ? Action.DENY : Action.ALLOW);
                }
            }
        }
    }

    @Test
    void ownersAndForeignMounts() throws Exception {
        Route other = route("{files: [{action: deny, owner: other, operations: [read]}]}");
        assertThat(read(other, key("/a"))).isEqualTo(Action.DENY);
        assertThat(read(other, key("/a", FileKind.OWN, FileKind.NOT_IN_IMAGE))).isEqualTo(Action.ALLOW);
        Route both = route("{files: [{action: deny, owner: self, foreignMounts: true}]}");
        assertThat(read(both, key("/a", FileKind.OWN))).isEqualTo(Action.ALLOW);
        assertThat(read(both, key("/a", FileKind.FOREIGN_MOUNT))).isEqualTo(Action.ALLOW);
        assertThat(read(both, key("/a", FileKind.FOREIGN_MOUNT, FileKind.OWN))).isEqualTo(Action.DENY);
    }

    @Test
    void fileSystemsByType() throws Exception {
        Route route = route("{files: [{action: deny, fileSystems: [proc, \"fuse*\"], operations: [write]}]}");
        for (String type : List.of("proc", "fuse", "fuseblk", "procfs", "ext4", "")) {
            boolean denied = List.of("proc", "fuse", "fuseblk").contains(type);
            assertThat(at(LsmHook.FILE_OPEN, route, key("/x").with(KeyField.FILE_SYSTEM, type.getBytes(StandardCharsets.UTF_8)), PathOperation.WRITE))
                    .as(type).isEqualTo(denied ? Action.DENY : Action.ALLOW);
        }
    }

    @Test
    void devicesAgreeWithPlainComparisons() throws Exception {
        Route route = route("{files: [{action: deny, devices: [{type: block, major: 8, minors: 0-15}, {type: block, major: 250-300}, {type: char, major: 10, minors: 229}]}]}");
        Random random = new Random(5);
        int denied = 0;
        for (int i = 0; i < 3000; i++) {
            Device.Type type = random.nextInt(3) > 0 ? Device.Type.BLOCK : Device.Type.CHARACTER;
            int major = List.of(8, 10, 7, 249, 250, 255, 256, 300, 301, 0, 4095).get(random.nextInt(11));
            int minor = List.of(0, 1, 15, 16, 229, 255, 256, 271, 1048575).get(random.nextInt(9));
            boolean expected = type == Device.Type.BLOCK && (major == 8 && minor <= 15 || major >= 250 && major <= 300)
                    || type == Device.Type.CHARACTER && major == 10 && minor == 229;
            denied += expected ? 1 : 0;
            assertThat(read(route, key("/tmp/alias").with(KeyField.DEVICE, Device.number(type, major, minor))))
                    .as("%s %d:%d", type, major, minor).isEqualTo(expected ? Action.DENY : Action.ALLOW);
        }
        assertThat(denied).isBetween(500, 2500);
        assertThat(read(route, key("/dev/sda"))).as("no device, whatever its name").isEqualTo(Action.ALLOW);
    }

    @Test
    void everyDeviceOfAType() throws Exception {
        Route route = route("{files: [{action: deny, devices: [{type: block}], operations: [create]}]}");
        Key zero = key("/d").with(KeyField.DEVICE, Device.number(Device.Type.BLOCK, 0, 0));
        assertThat(at(LsmHook.PATH_MKNOD, route, zero, PathOperation.CREATE)).isEqualTo(Action.DENY);
        Key character = key("/d").with(KeyField.DEVICE, Device.number(Device.Type.CHARACTER, 1, 3));
        assertThat(at(LsmHook.PATH_MKNOD, route, character, PathOperation.CREATE)).isEqualTo(Action.ALLOW);
        assertThat(at(LsmHook.PATH_MKNOD, route, key("/fifo"), PathOperation.CREATE)).isEqualTo(Action.ALLOW);
    }

    @Test
    void anArgumentIsMatchedWhole() throws Exception {
        Route route = route("{processes: [{action: deny, paths: [/bin/sh], arguments: [\"-c\", \"--eval=*\", \"/tmp/*.sh\", \"[!-]?x\"]}]}");
        assertThat(run(route, "-c", "id")).isEqualTo(Action.DENY);
        assertThat(run(route, "-x", "-c")).isEqualTo(Action.DENY);
        assertThat(run(route, "--eval=")).isEqualTo(Action.DENY);
        assertThat(run(route, "a", "/tmp/a/b.sh", "b")).as("* is anything, slashes too").isEqualTo(Action.DENY);
        assertThat(run(route)).isEqualTo(Action.ALLOW);
        assertThat(run(route, "-cc")).isEqualTo(Action.ALLOW);
        assertThat(run(route, "x-c")).isEqualTo(Action.ALLOW);
        assertThat(run(route, "-", "c")).isEqualTo(Action.ALLOW);
        assertThat(run(route, "--eval", "=x")).isEqualTo(Action.ALLOW);
        assertThat(run(route, "/tmp/a", "b.sh")).as("a * ends with its argument").isEqualTo(Action.ALLOW);
        assertThat(run(route, "ab", "x")).as("? is a byte of an argument").isEqualTo(Action.ALLOW);
        assertThat(run(route, "a\1x")).as("a byte 1 is a byte like others").isEqualTo(Action.DENY);
        assertThat(run(route, "x\1-c\1x")).as("and does not part arguments").isEqualTo(Action.ALLOW);
        assertThat(run(route, "", "-c", "")).isEqualTo(Action.DENY);
    }

    @Test
    void argumentsAgreeWithGlobsByThemselves() throws Exception {
        List<String> globs = List.of("a*b", "*", "x", "?", "[ab]", "*c", "{a,ab}*");
        Random random = new Random(9);
        for (int round = 0; round < 60; round++) {
            String glob = globs.get(random.nextInt(globs.size()));
            Route route = route("{processes: [{action: deny, arguments: [\"" + glob + "\"]}]}");
            Glob plain = Glob.parse(glob, Glob.Kind.TEXT);
            for (int i = 0; i < 40; i++) {
                List<String> arguments = new ArrayList<>();
                for (int n = random.nextInt(4); n > 0; n--) {
                    arguments.add(random.ints(random.nextInt(4), 0, 5).mapToObj(letter -> "abcx/".substring(letter, letter + 1))
                            .reduce("", String::concat));
                }
                boolean expected = arguments.stream().anyMatch(plain::matches);
                assertThat(run(route, arguments.toArray(String[]::new))).as("%s on %s", glob, arguments)
                        .isEqualTo(expected ? Action.DENY : Action.ALLOW);
            }
        }
    }

    private static Action run(Route route, String... arguments) {
        return exec(route, key("/bin/sh").withArguments(List.of(arguments)));
    }

    @Test
    void mappingIsOtherThanRunning() throws Exception {
        Route route = route("{processes: [{action: deny, paths: [/lib/*], operations: [map]}, {action: deny, paths: [/bin/sh]}]}");
        assertThat(at(LsmHook.MMAP_FILE, route, key("/lib/a"), PathOperation.MAP)).isEqualTo(Action.DENY);
        assertThat(at(LsmHook.FILE_MPROTECT, route, key("/lib/a"), PathOperation.MAP)).isEqualTo(Action.DENY);
        assertThat(at(LsmHook.MMAP_FILE, route, key("/bin/sh"), PathOperation.MAP)).isEqualTo(Action.ALLOW);
        assertThat(exec(route, key("/lib/a"))).isEqualTo(Action.ALLOW);
        assertThat(exec(route, key("/bin/sh"))).isEqualTo(Action.DENY);
    }
}
