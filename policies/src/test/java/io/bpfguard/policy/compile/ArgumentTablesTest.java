package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.PolicyException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;

/** Conditions on arguments, from the text of policies to what the tables say of values. */
class ArgumentTablesTest {
    private static final LsmHook TASK_KILL = new LsmHook("task_kill");
    private static final LsmHook TASK_ALLOC = new LsmHook("task_alloc");
    private static final LsmHook FILE_OPEN = new LsmHook("file_open");
    private static final Extractor FLAGS = new Extractor(Extractor.Source.ARGUMENT, 0, Extractor.Kind.UNSIGNED, List.of(64), 4, 0, 32, 0);
    private static final Extractor PATH = new Extractor(Extractor.Source.ARGUMENT, 0, Extractor.Kind.PATH, List.of(152), 0, 0, 0, 0);

    private static Route hooks(String rules) throws PolicyException {
        return Policies.route(Policies.document("a", "{lsmHooks: [" + rules + "]}"));
    }

    private static Route calls(String rules) throws PolicyException {
        return Policies.route(Policies.document("a", "{systemCalls: [" + rules + "]}"));
    }

    /** What is said of values by extractor; those that no rule asks for are not looked at. */
    private static Verdict of(Route route, LsmHook hook, Map<Extractor, ?> values) {
        return Policies.decide(route, hook, Policies.only(Matcher.ARGUMENTS,
                verdicts -> verdicts.arguments(verdicts.extractors().stream().map(values::get).toList())));
    }

    private static Action integer(Route route, LsmHook hook, Extractor extractor, long value) {
        return of(route, hook, Map.of(extractor, value)).action();
    }

    private static Action call(Route route, String hook, int number, boolean compat, long register) {
        return of(route, new LsmHook(hook), Map.of(Extractor.SYSTEM_CALL, Extractor.systemCall(number, compat), Extractor.register(0), register)).action();
    }

    @Test
    void aSignedNumberIsInARangeAroundZero() throws PolicyException {
        Extractor sig = Extractor.argument(2, 32, true);
        Route route = hooks("{action: deny, names: [task_kill], conditions: [{argument: sig, range: -2-15}]}");
        for (long value : new long[] {-2, -1, 0, 9, 15}) {
            assertThat(integer(route, TASK_KILL, sig, value)).as("%d", value).isEqualTo(Action.DENY);
        }
        for (long value : new long[] {-3, 16, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(integer(route, TASK_KILL, sig, value)).as("%d", value).isEqualTo(Action.ALLOW);
        }
    }

    @Test
    void aMaskAloneWantsAllItsBits() throws PolicyException {
        Extractor flags = Extractor.argument(1, 64, false);
        Route route = hooks("{action: deny, names: [task_alloc], conditions: [{argument: clone_flags, mask: CLONE_NEWUSER|CLONE_NEWNS}]}");
        assertThat(integer(route, TASK_ALLOC, flags, 0x10020000)).isEqualTo(Action.DENY);
        assertThat(integer(route, TASK_ALLOC, flags, 0x10020011 | 1L << 40)).isEqualTo(Action.DENY);
        assertThat(integer(route, TASK_ALLOC, flags, 0x10000000)).isEqualTo(Action.ALLOW);
    }

    @Test
    void allConditionsOfARuleHoldAndTheStrongestRuleCounts() throws PolicyException {
        Route route = hooks("""
                {action: deny, names: [file_open], conditions: [{argument: file.f_flags, mask: 3, equals: [1, 2]}, {argument: file, matches: [/etc/**]}]},
                {action: kill, names: [file_open], conditions: [{argument: file, matches: [/etc/shadow]}]},
                {action: audit, names: [file_open], conditions: [{argument: file.f_flags, mask: O_TRUNC}]}""");
        assertThat(of(route, FILE_OPEN, Map.of(FLAGS, 2L, PATH, Policies.bytes("/etc/x"))).action()).isEqualTo(Action.DENY);
        assertThat(of(route, FILE_OPEN, Map.of(FLAGS, 0L, PATH, Policies.bytes("/etc/x"))).action()).isEqualTo(Action.ALLOW);
        assertThat(of(route, FILE_OPEN, Map.of(FLAGS, 2L, PATH, Policies.bytes("/var/x"))).action()).isEqualTo(Action.ALLOW);
        assertThat(of(route, FILE_OPEN, Map.of(FLAGS, 0L, PATH, Policies.bytes("/etc/shadow"))).action()).isEqualTo(Action.KILL);
        assertThat(of(route, FILE_OPEN, Map.of(FLAGS, 01000L, PATH, Policies.bytes("/var/x"))).action()).isEqualTo(Action.AUDIT);
    }

    @Test
    void anAbiHasItsOwnNumber() throws PolicyException {
        Route both = calls("{action: deny, names: [unshare], conditions: [{argument: 0, equals: CLONE_NEWUSER}]}");
        assertThat(call(both, "userns_create", 272, false, 0x10000000)).isEqualTo(Action.DENY);
        assertThat(call(both, "userns_create", 310, true, 0x10000000)).isEqualTo(Action.DENY);
        assertThat(call(both, "userns_create", 272, false, 0x10000001)).isEqualTo(Action.ALLOW);
        assertThat(call(both, "userns_create", 310, false, 0x10000000)).as("another 64-bit call").isEqualTo(Action.ALLOW);
        assertThat(call(both, "userns_create", 272, true, 0x10000000)).as("another 32-bit call").isEqualTo(Action.ALLOW);
        Route only64 = calls("{action: deny, names: [unshare], abis: [64], conditions: [{argument: 0, equals: CLONE_NEWUSER}]}");
        assertThat(call(only64, "userns_create", 310, true, 0x10000000)).isEqualTo(Action.ALLOW);
    }

    @Test
    void whatIsAboveTheTypesBitsChangesNothing() throws PolicyException {
        Route route = calls("{action: deny, names: [kill], conditions: [{argument: pid, equals: -1}]}");
        for (long register : new long[] {-1, 0xffffffffL, 0x12345678_ffffffffL}) {
            assertThat(call(route, "task_kill", 62, false, register)).isEqualTo(Action.DENY);
        }
        assertThat(call(route, "task_kill", 62, false, 0xfffffffeL)).isEqualTo(Action.ALLOW);
        assertThat(call(route, "task_kill", 37, true, 0xffffffffL)).isEqualTo(Action.DENY);
    }

    @Test
    void rulesOfOneHookShareItsEightValues() throws PolicyException {
        List<String> rules = new ArrayList<>();
        for (String argument : List.of("f_flags", "f_mode", "f_path.dentry", "f_path.dentry.d_inode", "f_path.dentry.d_inode.i_mode",
                "f_path.dentry.d_inode.i_ino", "f_path.dentry.d_inode.i_flags", "f_path.dentry.d_inode.i_odd")) {
            rules.add("{action: deny, names: [file_open], conditions: [{argument: file." + argument + ", equals: 7}]}");
        }
        assertThat(hooks(String.join(", ", rules)).chains()).hasSize(1);
        rules.add("{action: deny, names: [file_open], conditions: [{argument: file, matches: [/x]}]}");
        assertThatThrownBy(() -> hooks(String.join(", ", rules))).isInstanceOf(PolicyException.class)
                .hasMessageContaining("9 different values to compare at one hook or function, of which there can be 8; policy a, lsmHooks[")
                .hasMessageContaining("compare fewer arguments, or in fewer ways");
    }

    /** A rule on a file's flags and path, each of which it may leave out. */
    private record OnFile(Action action, Optional<Long> flags, Optional<String> path) {
        String text() {
            return "{action: " + action.name().toLowerCase(Locale.ROOT) + ", names: [file_open], conditions: ["
                    + flags.map(number -> "{argument: file.f_flags, equals: " + number + "}").orElse("") + (flags.isPresent() && path.isPresent() ? ", " : "")
                    + path.map(text -> "{argument: file, matches: [" + text + "]}").orElse("") + "]}";
        }

        boolean matches(Optional<Long> itsFlags, Optional<String> itsPath) {
            return (flags.isEmpty() || flags.equals(itsFlags)) && (path.isEmpty() || path.equals(itsPath));
        }
    }

    /** What is not known no rule can compare; what is known they all do. */
    @Test
    void aRuleThatAsksForWhatIsNotKnownDoesNotCount() throws PolicyException {
        Random random = new Random(11);
        for (int round = 0; round < 100; round++) {
            List<OnFile> rules = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(5); i++) {
                Optional<Long> flags = random.nextBoolean() ? Optional.of((long) random.nextInt(3)) : Optional.empty();
                Optional<String> path = flags.isEmpty() || random.nextBoolean() ? Optional.of("/" + random.nextInt(3)) : Optional.empty();
                rules.add(new OnFile(List.of(Action.AUDIT, Action.DENY, Action.KILL).get(random.nextInt(3)), flags, path));
            }
            String text = String.join(", ", rules.stream().map(OnFile::text).toList());
            Route route = hooks(text);
            for (int i = 0; i < 16; i++) {
                Optional<Long> flags = random.nextBoolean() ? Optional.of((long) random.nextInt(3)) : Optional.empty();
                Optional<String> path = random.nextBoolean() ? Optional.of("/" + random.nextInt(3)) : Optional.empty();
                Map<Extractor, Object> known = new HashMap<>();
                flags.ifPresent(number -> known.put(FLAGS, number));
                path.ifPresent(bytes -> known.put(PATH, Policies.bytes(bytes)));
                Action expected = rules.stream().filter(rule -> rule.matches(flags, path)).map(OnFile::action).max(Action::compareTo).orElse(Action.ALLOW);
                assertThat(Policies.decide(route, FILE_OPEN, Policies.only(Matcher.ARGUMENTS, verdicts -> verdicts.certain(known))).action())
                        .as("%s: flags %s, path %s", text, flags, path).isEqualTo(expected);
            }
        }
    }

    /** A condition as text and as a plain test of a 64-bit number. */
    private record Plain(String text, LongPredicate test) {}

    private static Plain plain(Random random) {
        long first = value(random) | 1;
        long second = value(random);
        String one = Long.toUnsignedString(first);
        String other = Long.toUnsignedString(second);
        return switch (random.nextInt(4)) {
            case 0 -> new Plain("equals: [" + one + ", " + other + "]", value -> value == first || value == second);
            case 1 -> new Plain("mask: " + one, value -> (value & first) == first);
            case 2 -> new Plain("mask: " + one + ", equals: " + Long.toUnsignedString(first & second),
                    value -> (value & first) == (first & second));
            default -> Long.compareUnsigned(first, second) <= 0
                    ? new Plain("range: " + one + "-" + other, value -> Long.compareUnsigned(first, value) <= 0 && Long.compareUnsigned(value, second) <= 0)
                    : new Plain("range: " + other + "-" + one, value -> Long.compareUnsigned(second, value) <= 0 && Long.compareUnsigned(value, first) <= 0);
        };
    }

    private static long value(Random random) {
        return random.nextLong() >>> random.nextInt(Long.SIZE) & (random.nextBoolean() ? -1 : 0x0101_0101_0101_0101L);
    }

    @Test
    void randomConditionsAreWhatTheySay() throws PolicyException {
        Random random = new Random(7);
        for (int round = 0; round < 60; round++) {
            List<Plain> rules = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 1 + random.nextInt(4); i++) {
                rules.add(plain(random));
                text.append("{action: deny, names: [task_alloc], conditions: [{argument: clone_flags, ").append(rules.getLast().text()).append("}]},");
            }
            Verdicts verdicts = new Verdicts(hooks(text.toString()).chains().get(TASK_ALLOC).steps().getFirst().ruleset());
            for (int i = 0; i < 300; i++) {
                long value = value(random);
                assertThat(verdicts.arguments(List.of(value)).action() == Action.DENY).as("%s %x", text, value)
                        .isEqualTo(rules.stream().anyMatch(rule -> rule.test().test(value)));
            }
        }
    }
}
