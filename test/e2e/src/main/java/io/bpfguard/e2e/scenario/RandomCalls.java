package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.scenario.RandomAction.Step;
import io.bpfguard.e2e.scenario.RandomCall.Argument;
import io.bpfguard.e2e.scenario.RandomPolicy.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * System calls by number and arguments, by both entries, and signals to processes of the container.
 *
 * <p>Left out: calls that pass no LSM hook, or not each time (unshare, ptrace), which a node can deny only in the call's own function if at all, and
 * otherwise kill; calls whose hook can only say EPERM (capabilities are a part by themselves); calls that other parts make. Signals to the outside,
 * where a container sees nobody; SIGSTOP, which would keep the process that gets it from ending.
 */
final class RandomCalls implements RandomPart {
    private static final int RULES_PER_CALL = 3;
    private static final int SIGSTOP = 19;
    private static final List<Integer> SIGNALS = IntStream.rangeClosed(1, 64).filter(number -> number != SIGSTOP).boxed().toList();
    private static final long FIOCLEX = 0x5451;
    private static final long FIONCLEX = 0x5450;
    private static final String DESCRIPTORS = "20-27";
    private static final long UDP_SOCKET = 28;
    private static final long MEMORY_FILE = 29;
    private static final long REGION = 0x20000000;
    private static final long HINTS = 0x30000000;
    private static final long PRIVATE_ANONYMOUS = 0x22;
    private static final long MAP_NORESERVE = 0x4000;
    private static final long MAP_STACK = 0x20000;
    private static final long PAGE = 4096;

    private static final List<RandomCall> CALLS = List.of(
            new RandomCall("ioctl", true, true, List.of(descriptor(), Argument.unsigned("cmd", 32, chance -> chance.pick(List.of(FIOCLEX, FIONCLEX))),
                    Argument.unsigned("arg", 64, RandomCalls::ofAnySize))),
            new RandomCall("read", true, true, List.of(descriptor(), Argument.address("buffer"), upTo("count", 64, 0, PAGE))),
            new RandomCall("mprotect", true, true, List.of(pages("start", REGION, 12).within("0x20000000-0x2000ffff"), upTo("len", 64, 1, 4 * PAGE),
                    upTo("prot", 64, 0, 7))),
            new RandomCall("mmap", true, false, List.of(pages("addr", HINTS, 256).within("0x30000000-0x300fffff"),
                    upTo("len", 64, 1, 16 * PAGE), upTo("prot", 64, 0, 7),
                    Argument.unsigned("flags", 64, chance -> PRIVATE_ANONYMOUS | chance.pick(List.of(0L, MAP_NORESERVE, MAP_STACK))),
                    Argument.constant("fd", 64, -1), pages("off", 0, 1000))),
            new RandomCall("setpriority", false, true, List.of(Argument.constant("which", 32, 0), Argument.constant("who", 32, 0),
                    Argument.signed("niceval", chance -> chance.between(-9, 9)))),
            new RandomCall("syslog", false, true, List.of(Argument.signed("type", chance -> chance.pick(List.of(0L, 1L, 9L, 10L))), Argument.address("buffer"),
                    Argument.signed("len", chance -> (long) (int) ofAnySize(chance)))),
            new RandomCall("setsockopt", false, false, List.of(Argument.constant("fd", 32, UDP_SOCKET), Argument.constant("level", 32, 1),
                    Argument.signed("optname", chance -> chance.pick(List.of(2L, 6L, 9L, 10L, 15L))), Argument.address("buffer"),
                    Argument.signed("optlen", chance -> chance.between(4, 64)))),
            new RandomCall("fallocate", false, false, List.of(Argument.constant("fd", 32, MEMORY_FILE), Argument.signed("mode", chance -> chance.between(0, 1)),
                    upTo("offset", 64, 0, 256 * PAGE), upTo("len", 64, 1, 16 * PAGE))),
            new RandomCall("ftruncate", false, false, List.of(Argument.constant("fd", 32, MEMORY_FILE), upTo("length", 64, 0, 256 * PAGE))));

    private final Chance chance;
    private final List<RandomPolicy> policies;

    RandomCalls(long seed) {
        chance = new Chance(seed);
        List<Rule> rules = chance.shuffled(Stream.concat(CALLS.stream().flatMap(call -> chance.several(RULES_PER_CALL, () -> call.rule(chance)).stream()),
                Stream.concat(signals().stream(), Stream.of(Rule.deny("systemCalls", "EACCES", "names: [chroot], abis: [32]")))).toList());
        policies = List.of(RandomPolicy.of(rules.subList(0, rules.size() / 2)), RandomPolicy.of(rules.subList(rules.size() / 2, rules.size())));
    }

    private static Argument descriptor() {
        return Argument.unsigned("fd", 32, chance -> chance.between(20, 27)).within(DESCRIPTORS);
    }

    private static Argument upTo(String name, int bits, long first, long last) {
        return Argument.unsigned(name, bits, chance -> chance.between(first, last));
    }

    private static Argument pages(String name, long first, int count) {
        return Argument.unsigned(name, 64, chance -> first + PAGE * chance.below(count));
    }

    private static long ofAnySize(Chance chance) {
        return chance.bits() >>> chance.pick(List.of(0, 16, 33, 40, 56, 60));
    }

    private List<Rule> signals() {
        var rules = new ArrayList<Rule>();
        for (String targets : List.of("", ", targets: [container]", ", targets: [outside]", "")) {
            rules.add(Rule.deny("signals", chance.pick(RandomPolicy.ERRNOS),
                    "signals: " + chance.some(10, SIGNALS).stream().map(Object::toString).collect(Collectors.joining(", ", "[", "]")) + targets));
        }
        return rules;
    }

    @Override
    public String name() {
        return "calls";
    }

    @Override
    public int percent() {
        return 20;
    }

    @Override
    public List<RandomPolicy> policies() {
        return policies;
    }

    @Override
    public Stream<RandomAction> actions() {
        return Stream.generate(this::action).distinct();
    }

    private RandomAction action() {
        return switch (chance.below(40)) {
            case 0 -> chroot();
            case 1, 2, 3 -> signal(chance.pick(SIGNALS));
            default -> chance.pick(CALLS).action(chance);
        };
    }

    /** By its number alone. */
    private RandomAction chroot() {
        boolean is32 = chance.onceIn(2);
        return RandomAction.of((is32 ? "call32" : "call") + " chroot root", new Step("system call", "systemCall: chroot, abi: " + (is32 ? "i386" : "x86-64")));
    }

    private static RandomAction signal(int number) {
        return RandomAction.of("signal " + number, new Step("signal", "signal: " + number + ", target: container"));
    }

    @Override
    public ContainerSpec equip(ContainerSpec container) {
        return container.capable("SYS_NICE", "SYSLOG");
    }
}
