package io.bpfguard.policy.simulate;

import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.Key;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.MountUse;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Answers what a route says of an attempt. An attempt passes hooks, and at each the chain's steps; the strongest verdict of
 * those that are about it is the answer, as it is in the kernel, where chains put killing before denying.
 */
public final class Simulation {
    private static final Comparator<Verdict> WEAKEST_FIRST = Comparator.comparing(Verdict::action)
            .thenComparing(Comparator.comparingInt(Verdict::errno).reversed());

    private Simulation() {}

    /** The verdict; {@link Verdict#NONE} where nothing is said. */
    public static Verdict of(Route route, Attempt attempt) {
        return switch (attempt) {
            case Attempt.UseFile use -> strongest(route, Matcher.PATH, verdicts -> verdicts.key(key(use).bytes(verdicts.fields()), use.operation().ordinal()));
            case Attempt.Mount mount -> strongest(chains(route, mount), Matcher.MOUNT, verdicts -> verdicts.key(key(mount).bytes(verdicts.fields()), 0));
            case Attempt.UseCapability(int number) -> strongest(route, Matcher.CAPABILITY, verdicts -> verdicts.capability(number));
            case Attempt.SystemCall(int number, boolean compat) ->
                strongest(route, Matcher.SYSTEM_CALL, verdicts -> verdicts.systemCall(number, compat));
            case Attempt.Call(HookPoint point) -> Optional.ofNullable(route.chains().get(point))
                    .map(chain -> strongest(List.of(chain), Matcher.ALWAYS, Verdicts::always)).orElse(Verdict.NONE);
        };
    }

    private static Verdict strongest(Route route, Matcher matcher, Function<Verdicts, Verdict> question) {
        return strongest(route.chains().entrySet().stream().sorted(Comparator.comparing(entry -> entry.getKey().kernelName()))
                .map(Map.Entry::getValue).toList(), matcher, question);
    }

    private static Verdict strongest(List<Chain> chains, Matcher matcher, Function<Verdicts, Verdict> question) {
        return chains.stream().flatMap(chain -> chain.steps().stream()).filter(step -> step.matcher() == matcher).map(Step::ruleset)
                .distinct().map(ruleset -> question.apply(new Verdicts(ruleset))).max(WEAKEST_FIRST).orElse(Verdict.NONE);
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

    private static Key key(Attempt.Mount mount) {
        Optional<MountUse> use = MountUse.ofWord(mount.type());
        long without = (use.isPresent() ? 1L << KeyField.NO_MOUNT_SOURCE : 0)
                | (use.filter(MountUse::isWithoutFlags).isPresent() ? 1L << KeyField.NO_MOUNT_FLAGS : 0);
        return new Key().with(KeyField.MOUNT_FLAGS, mount.flags() | without).with(KeyField.MOUNT_SOURCE, bytes(mount.source()))
                .with(KeyField.FILE_SYSTEM_TYPE, bytes(mount.type()));
    }

    /** Those of the hooks that mount(2) passes, or another call where the use is not mount(2)'s. */
    private static List<Chain> chains(Route route, Attempt.Mount mount) {
        List<LsmHook> hooks = MountUse.ofWord(mount.type()).map(use -> List.of(switch (use) {
            case TREE, ATTRIBUTES -> LsmHook.CAPABLE;
            case UNMOUNT -> LsmHook.SB_UMOUNT;
            case BIND, MOVE, REMOUNT, PROPAGATION -> LsmHook.SB_MOUNT;
        })).orElse(List.of(LsmHook.SB_MOUNT, LsmHook.SB_KERN_MOUNT));
        return hooks.stream().map(route.chains()::get).filter(Objects::nonNull).toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
