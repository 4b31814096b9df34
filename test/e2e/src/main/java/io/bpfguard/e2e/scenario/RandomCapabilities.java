package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.scenario.RandomAction.Step;
import io.bpfguard.e2e.scenario.RandomPolicy.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Capabilities, each by an act that asks for no other. They are few, so each is tried once. Everything is denied that is not allowed, and of
 * that something is denied too.
 *
 * <p>Left out: capabilities whose absence has another errno than EPERM (NET_BIND_SERVICE, LEASE), or that are asked for only together with others
 * (DAC_OVERRIDE, BPF, PERFMON).
 */
final class RandomCapabilities implements RandomPart {
    private static final List<String> NAMES = List.of("CHOWN", "FOWNER", "IPC_LOCK", "MKNOD", "NET_ADMIN", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID",
            "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_NICE", "SYS_PACCT", "SYS_RESOURCE", "SYS_TIME", "WAKE_ALARM");
    private static final int ALLOWED = 14;
    private static final int DENIED = 6;
    private static final int FOREIGN_OWNER = 4711;

    private final List<RandomPolicy> policies;

    RandomCapabilities(long seed) {
        var chance = new Chance(seed);
        List<String> allowed = chance.some(ALLOWED, NAMES);
        // Of one policy an allow and a deny of the same would be refused; here one is in another.
        policies = List.of(new RandomPolicy(List.of("capabilities"), allowed.subList(0, ALLOWED / 2).stream().map(RandomCapabilities::allow).toList()),
                RandomPolicy.of(allowed.subList(ALLOWED / 2, ALLOWED).stream().map(RandomCapabilities::allow).toList()),
                RandomPolicy.of(chance.some(DENIED, NAMES).stream().map(name -> Rule.deny("capabilities", "EPERM", "names: [" + name + "]")).toList()));
    }

    private static Rule allow(String name) {
        return Rule.allow("capabilities", "names: [" + name + "]");
    }

    @Override
    public String name() {
        return "capabilities";
    }

    @Override
    public int percent() {
        return 2;
    }

    @Override
    public List<RandomPolicy> policies() {
        return policies;
    }

    @Override
    public Stream<RandomAction> actions() {
        return NAMES.stream().map(name -> RandomAction.of("capability " + name, new Step("capability", "capability: " + name)));
    }

    @Override
    public ContainerSpec equip(ContainerSpec container) {
        return container.capable(NAMES.toArray(String[]::new));
    }

    @Override
    public void prepare(Path shared, List<RandomAction> actions) throws IOException {
        SharedTree tree = new SharedTree(shared, ROOT + name());
        tree.clear();
        tree.file(ROOT + name() + "/own");
        Files.setAttribute(tree.file(ROOT + name() + "/foreign"), "unix:uid", FOREIGN_OWNER);
    }
}
