package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.scenario.RandomAction.Step;
import io.bpfguard.e2e.scenario.RandomPolicy.Rule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Sockets: of IP at addresses of this host, of Unix at paths and abstract names, and others that are only made. Denials of making one are about raw and
 * netlink sockets, so that those that are used come as far as their addresses.
 *
 * <p>Left out: sockets of families and protocols that are modules of the kernel, which the node may not have; addresses of other hosts, for which it
 * may have no route.
 */
final class RandomSockets implements RandomPart {
    private static final int STREAM = 1;
    private static final int DATAGRAM = 2;
    private static final int RAW = 3;
    private static final int SEQUENCED = 5;
    private static final int INET = 2;
    private static final int INET6 = 10;
    private static final int NETLINK = 16;
    /** Routes, devices, and all that register themselves: they are in every kernel. */
    private static final List<Integer> NETLINK_PROTOCOLS = List.of(0, 15, 16);
    private static final List<String> USES = List.of("bind", "listen", "accept", "connect", "send");
    private static final List<String> REACHING = List.of("connect", "send");
    private static final List<String> SERVING = List.of("bind", "listen", "accept");
    private static final String REACH = "reach an address";
    /** Below those that the kernel chooses by itself, where servers of the node may listen. */
    private static final int FIRST_PORT = 1024;
    private static final int LAST_PORT = 9999;

    private final boolean byDefault;
    private final Chance chance;
    private final RandomPaths paths;
    private final List<RandomPolicy> policies;

    /** Random sockets; {@code byDefault}: everything is denied that is not allowed. */
    RandomSockets(boolean byDefault, long seed) {
        this.byDefault = byDefault;
        chance = new Chance(seed);
        paths = new RandomPaths(chance);
        policies = byDefault
                ? List.of(new RandomPolicy(List.of("network"), rules(true, 8)), RandomPolicy.of(rules(true, 8)), RandomPolicy.of(rules(false, 8)))
                : List.of(RandomPolicy.of(rules(false, 10)), RandomPolicy.of(rules(false, 10)), RandomPolicy.of(rules(true, 4)));
    }

    @Override
    public String name() {
        return byDefault ? "allowed-sockets" : "sockets";
    }

    @Override
    public int percent() {
        return byDefault ? 10 : 15;
    }

    @Override
    public List<RandomPolicy> policies() {
        return policies;
    }

    @Override
    public Stream<RandomAction> actions() {
        return Stream.generate(this::action).distinct();
    }

    private List<Rule> rules(boolean allow, int count) {
        var rules = new ArrayList<Rule>();
        rules.addAll(chance.several(count, () -> rule(allow, operations(allow) + ip(allow))));
        rules.addAll(chance.several(count, () -> rule(allow, unixOperations(allow) + unixName(allow))));
        rules.add(rule(allow, "operations: [create], types: [raw], families: [inet, inet6], protocols: "
                + chance.several(80, () -> chance.between(1, 254)).stream().distinct().toList()));
        rules.add(rule(allow, "operations: [create], families: [netlink], protocols: " + chance.some(1, NETLINK_PROTOCOLS)
                + chance.pick(List.of("", ", types: [raw]", ", types: [dgram]"))));
        return rules;
    }

    private Rule rule(boolean allow, String conditions) {
        return allow ? Rule.allow("network", conditions) : Rule.deny("network", chance.pick(RandomPolicy.ERRNOS), conditions);
    }

    private String operations(boolean allow) {
        int count = allow ? 2 + chance.below(3) : chance.pick(List.of(0, 1, 1, 1, 1, 2, 2, 3));
        return count == 0 ? "" : "operations: " + chance.some(count, USES) + ", ";
    }

    /** Who reaches a name here has bound it before, so fewer come as far. */
    private String unixOperations(boolean allow) {
        return allow || chance.onceIn(2) ? operations(allow) : "operations: [" + chance.pick(REACHING) + "], ";
    }

    private String ip(boolean allow) {
        String ports = chance.onceIn(2) ? "" : ", ports: [" + ports(allow) + ", " + ports(allow) + "]";
        return "addresses: " + chance.several(2, () -> "\"" + network(allow) + "\"") + ports
                + chance.pick(List.of("", "", "", ", protocols: [tcp]", ", protocols: [udp]", ", families: [inet6]", ", families: [inet, inet6]"));
    }

    private String network(boolean allow) {
        int length = allow ? chance.pick(List.of(8, 8, 13, 14)) : chance.pick(List.of(14, 15, 16, 16, 16, 16, 22, 24));
        int mask = -1 << (32 - length);
        int address = (127 << 24 | chance.below(8) << 16 | chance.below(4) << 8) & mask;
        return switch (chance.below(6)) {
            case 0 -> "::1";
            case 1 -> chance.pick(List.of("::/0", "0.0.0.0", "::", "127.0.0.1"));
            default -> "%d.%d.%d.%d/%d".formatted(address >>> 24, address >> 16 & 255, address >> 8 & 255, address & 255, length);
        };
    }

    private String ports(boolean allow) {
        long first = chance.between(FIRST_PORT, LAST_PORT);
        return first + "-" + Math.min(LAST_PORT, first + chance.below(allow ? 6000 : 3000));
    }

    private String unixName(boolean allow) {
        String path = "paths: [\"" + in(allow || chance.onceIn(3) ? paths.wideBeginning() : paths.beginning()) + "\"]";
        String name = "abstractNames: [\"" + (allow ? chance.pick(List.of("[ab]*", "[cd]*", "x*", "y*")) : paths.beginning()) + "\"]";
        return chance.pick(List.of(path, name, path + ", " + name)) + chance.pick(List.of("", "", "", ", types: [stream, dgram]", ", types: [seqpacket, stream]"));
    }

    private RandomAction action() {
        return switch (chance.below(9)) {
            case 0 -> made();
            case 1, 2, 3 -> unix(chance.pick(List.of(STREAM, DATAGRAM, SEQUENCED)), chance.onceIn(2) ? in(paths.path()) : "@" + paths.path());
            default -> ip(chance.pick(List.of("bind", "listen", "listen", "connect", "connect", "sendto", "send", "fastopen")));
        };
    }

    private RandomAction made() {
        int family = chance.pick(List.of(INET, INET6, NETLINK));
        int type = family == NETLINK ? chance.pick(List.of(RAW, DATAGRAM)) : RAW;
        long protocol = family == NETLINK ? chance.pick(NETLINK_PROTOCOLS) : chance.between(1, 254);
        return RandomAction.of("socket %d %d %d".formatted(family, type, protocol), new Step("create", created(family, type, protocol)));
    }

    private RandomAction ip(String word) {
        int type = switch (word) {
            case "listen", "fastopen" -> STREAM;
            case "sendto", "send" -> DATAGRAM;
            default -> chance.pick(List.of(STREAM, DATAGRAM));
        };
        // The other number for it says the same.
        int protocol = chance.pick(List.of(0, type == STREAM ? 6 : 17));
        boolean isIpv6 = chance.onceIn(3);
        String address = address(isIpv6, word);
        long port = chance.between(FIRST_PORT, LAST_PORT);
        String used = ", family: " + (isIpv6 ? INET6 : INET) + ", type: " + type + ", address: \"" + address + "\", port: " + port;
        var steps = new ArrayList<>(List.of(Step.onTheWay(created(isIpv6 ? INET6 : INET, type, protocol))));
        steps.addAll(switch (word) {
            case "listen" -> List.of(step("bind", used), step("listen", used), step("accept", used));
            case "sendto" -> List.of(new Step(REACH, "network: send" + used));
            case "send" -> List.of(step("connect", used), new Step(REACH, "network: send, connected: true" + used));
            case "fastopen" -> List.of(new Step(REACH, "network: send, connected: false" + used));
            default -> List.of(step(word, used));
        });
        return new RandomAction("%s %d %d %d %s %d".formatted(word, isIpv6 ? INET6 : INET, type, protocol, address, port), steps);
    }

    private String address(boolean isIpv6, String word) {
        // The peer of a socket that was connected to these is another.
        if (chance.onceIn(8) && !word.equals("send")) {
            return isIpv6 ? "::" : "0.0.0.0";
        }
        String ipv4 = "127.%d.%d.%d".formatted(chance.below(8), chance.below(4), chance.between(1, 254));
        return !isIpv6 ? ipv4 : chance.onceIn(2) ? "::1" : "::ffff:" + ipv4;
    }

    private RandomAction unix(int type, String name) {
        String used = ", family: unix, type: " + type + (name.startsWith("@") ? ", abstractName: \"" + name.substring(1) + "\"" : ", path: " + name);
        var steps = new ArrayList<>(List.of(Step.onTheWay("network: create, family: unix, type: " + type)));
        steps.addAll(type == DATAGRAM
                ? List.of(named("bind", used), named("connect", used), named("send", used))
                : Stream.of("bind", "listen", "connect", "send", "accept").map(word -> named(word, used)).toList());
        return new RandomAction("unix " + type + " " + name, steps);
    }

    private static String created(int family, int type, long protocol) {
        return "network: create, family: " + family + ", type: " + type + ", protocol: " + protocol;
    }

    private static Step step(String word, String used) {
        return new Step(SERVING.contains(word) ? "serve an address" : REACH, "network: " + word + used);
    }

    private static Step named(String word, String used) {
        return new Step(SERVING.contains(word) ? "serve a name" : "reach a name", "network: " + word + used);
    }

    private String in(String path) {
        return ROOT + name() + "/" + path;
    }

    @Override
    public void prepare(Path shared, List<RandomAction> actions) throws IOException {
        SharedTree tree = new SharedTree(shared, ROOT + name());
        tree.clear();
        for (RandomAction action : actions) {
            String[] words = action.line().split(" ");
            if (words[0].equals("unix") && !words[2].startsWith("@")) {
                tree.parent(words[2]);
            }
        }
    }
}
