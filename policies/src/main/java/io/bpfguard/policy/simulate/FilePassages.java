package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.PassedPoints;
import io.bpfguard.policy.compiled.Key;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.MountUse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is done with files and mounts, as the kernel side sees it. */
final class FilePassages {
    private FilePassages() {}

    /** A way for each hook that the operation can come by; running a program comes by several. */
    static List<Way> of(Attempt.UseFile use, NodeCapabilities node) {
        Key key = key(use);
        List<Passage> asked = PassedPoints.ofFile(use.operation(), node).stream().map(hook -> Passage.at(hook)
                .ask(Matcher.PATH, verdicts -> verdicts.key(key.bytes(verdicts.fields()), use.operation().ordinal()))).toList();
        if (use.operation() == PathOperation.EXEC) {
            return asked.stream().map(check -> Way.inOrder("", Passage.at(LsmHook.FILE_OPEN), Passage.at("bprm_creds_for_exec"), check,
                    Passage.at("bprm_creds_from_file"), Passage.at(LsmHook.MMAP_FILE))).toList();
        }
        return asked.isEmpty() ? List.of(Way.inOrder(""))
                : asked.stream().map(passage -> Way.inOrder("at " + passage.point().kernelName(), passage)).toList();
    }

    private static Key key(Attempt.UseFile use) {
        return new Key()
                .with(KeyField.FILE_KIND, use.kinds().stream().mapToInt(kind -> kind.bit()).sum())
                .with(KeyField.FILE_SYSTEM, bytes(use.fileSystem()))
                .with(KeyField.SOURCE, bytes(use.from()))
                .with(KeyField.DEVICE, use.device())
                .withArguments(use.arguments())
                .with(KeyField.PATH, bytes(use.path()));
    }

    /** By the hooks that mount(2) passes, or another call where the use is not mount(2)'s; all of them ask for a capability. */
    static Way of(Attempt.Mount mount) {
        Key key = key(mount);
        List<LsmHook> judging = MountUse.ofWord(mount.type()).map(use -> List.of(switch (use) {
            case TREE, ATTRIBUTES -> LsmHook.CAPABLE;
            case UNMOUNT -> LsmHook.SB_UMOUNT;
            case BIND, MOVE, REMOUNT, PROPAGATION -> LsmHook.SB_MOUNT;
        })).orElse(List.of(LsmHook.SB_MOUNT, LsmHook.SB_KERN_MOUNT));
        List<Passage> passages = new ArrayList<>(judging.stream()
                .map(hook -> Passage.at(hook).ask(Matcher.MOUNT, verdicts -> verdicts.key(key.bytes(verdicts.fields()), 0))).toList());
        if (!judging.contains(LsmHook.CAPABLE)) {
            passages.add(1, Passage.at(LsmHook.CAPABLE));
        }
        return new Way("", passages, true);
    }

    private static Key key(Attempt.Mount mount) {
        Optional<MountUse> use = MountUse.ofWord(mount.type());
        long without = (use.isPresent() ? 1L << KeyField.NO_MOUNT_SOURCE : 0)
                | (use.filter(MountUse::isWithoutFlags).isPresent() ? 1L << KeyField.NO_MOUNT_FLAGS : 0);
        return new Key().with(KeyField.MOUNT_FLAGS, mount.flags() | without).with(KeyField.MOUNT_SOURCE, bytes(mount.source()))
                .with(KeyField.FILE_SYSTEM_TYPE, bytes(mount.type()));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
