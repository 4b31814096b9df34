package io.bpfguard.policy.compile;

import static io.bpfguard.policy.Policies.decide;
import static io.bpfguard.policy.Policies.document;
import static io.bpfguard.policy.Policies.only;
import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.Policies;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Key;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.SocketNames;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rules on sockets, from YAML to a verdict. */
class AddressPropertyTest {
    private static final int PAIRS = Boolean.getBoolean("bpfguard.long") ? 1_000_000 : 100_000;
    private static final int PER_SET = 200;
    private static final BigInteger MAPPED = BigInteger.valueOf(0xffff).shiftLeft(32);

    /** One rule, to be read plainly. Networks are 128 bits; those of IPv4 are mapped. */
    private record Plain(Action action, List<Integer> protocols, List<BigInteger> networks, List<Integer> prefixes, List<int[]> ports) {
        boolean matches(int protocol, BigInteger address, boolean isIpv4, int port) {
            boolean inNetwork = networks.isEmpty();
            for (int i = 0; i < networks.size(); i++) {
                boolean networkIsIpv4 = prefixes.get(i) >= 96 && networks.get(i).shiftRight(32).equals(BigInteger.valueOf(0xffff));
                int rest = 128 - prefixes.get(i);
                inNetwork |= networkIsIpv4 == isIpv4 && address.shiftRight(rest).equals(networks.get(i).shiftRight(rest));
            }
            return inNetwork && (protocols.isEmpty() || protocols.contains(protocol))
                    && (ports.isEmpty() || ports.stream().anyMatch(range -> range[0] <= port && port <= range[1]));
        }

        String yaml() {
            StringBuilder yaml = new StringBuilder("{action: " + action.name().toLowerCase(java.util.Locale.ROOT) + ", operations: [connect]");
            if (!protocols.isEmpty()) {
                yaml.append(", protocols: ").append(protocols);
            }
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < networks.size(); i++) {
                texts.add("\"" + text(networks.get(i)) + "/" + prefixes.get(i) + "\"");
            }
            yaml.append(texts.isEmpty() ? "" : ", addresses: " + texts);
            List<String> ranges = ports.stream().map(range -> "\"" + range[0] + "-" + range[1] + "\"").toList();
            return yaml.append(ranges.isEmpty() ? "" : ", ports: " + ranges).append("}").toString();
        }

        private static String text(BigInteger network) {
            StringBuilder text = new StringBuilder();
            for (int i = 7; i >= 0; i--) {
                text.append(Integer.toHexString(network.shiftRight(16 * i).intValue() & 0xffff)).append(i == 0 ? "" : ":");
            }
            return text.toString();
        }
    }

    private static BigInteger address(Random random) {
        // Close to each other, so that they meet.
        int last = random.nextInt(4) + (random.nextInt(4) << 8) + (random.nextInt(2) << 31);
        BigInteger low = BigInteger.valueOf(Integer.toUnsignedLong(last));
        return random.nextBoolean() ? low.or(MAPPED) : low.or(BigInteger.valueOf(0xfd00L + random.nextInt(2)).shiftLeft(112));
    }

    private static Plain plain(Random random) {
        List<BigInteger> networks = new ArrayList<>();
        List<Integer> prefixes = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            BigInteger address = address(random);
            boolean isIpv4 = address.shiftRight(32).equals(BigInteger.valueOf(0xffff));
            int prefix = List.of(128, 127, 126, 120, 119, 96, isIpv4 ? 97 : 8, isIpv4 ? 121 : 0).get(random.nextInt(8));
            networks.add(address.shiftRight(128 - prefix).shiftLeft(128 - prefix));
            prefixes.add(prefix);
        }
        List<int[]> ports = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            int first = port(random);
            ports.add(new int[]{first, Math.min(65535, first + random.nextInt(random.nextBoolean() ? 3 : 1000))});
        }
        List<Integer> protocols = random.nextBoolean() ? List.of() : List.of(List.of(6, 17, 262).get(random.nextInt(3)));
        Action action = List.of(Action.AUDIT, Action.DENY, Action.KILL).get(random.nextInt(3));
        return new Plain(action, protocols, networks, prefixes, ports);
    }

    private static int port(Random random) {
        return List.of(0, 80, 255, 256, 443, 8000, 65535).get(random.nextInt(7));
    }

    @Test
    void agreesWithPlainComparisons() throws Exception {
        long seed = 4711;
        Random random = new Random(seed);
        int matched = 0;
        for (int pair = 0; pair < PAIRS; pair += PER_SET) {
            List<Plain> rules = new ArrayList<>();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                rules.add(plain(random));
            }
            // A rule without any condition would say nothing of the others.
            rules.removeIf(rule -> rule.networks().isEmpty() && rule.ports().isEmpty() && rule.protocols().isEmpty());
            String yaml = rules.isEmpty() ? "{action: audit, families: [packet]}" : String.join(", ", rules.stream().map(Plain::yaml).toList());
            Route route = Policies.route(document("a", "{network: [" + yaml + "]}"));
            for (int i = 0; i < PER_SET; i++) {
                BigInteger address = address(random);
                boolean isIpv4 = address.shiftRight(32).equals(BigInteger.valueOf(0xffff));
                int protocol = List.of(6, 17, 262, 132).get(random.nextInt(4));
                int port = Math.min(65535, port(random) + random.nextInt(3));
                Action expected = rules.stream().filter(rule -> rule.matches(protocol, address, isIpv4, port)).map(Plain::action)
                        .max(Action::compareTo).orElse(Action.ALLOW);
                matched += expected == Action.ALLOW ? 0 : 1;
                assertThat(action(route, LsmHook.SOCKET_CONNECT, SocketOperation.CONNECT, ip(SocketNames.AF_INET6, 1, protocol, address, isIpv4, port)))
                        .as("seed %d: %s of %s port %d protocol %d", seed, yaml, address.toString(16), port, protocol).isEqualTo(expected);
            }
        }
        assertThat(matched).isBetween(PAIRS / 10, PAIRS * 9 / 10);
    }

    private static Key ip(int family, int type, int protocol, BigInteger address, boolean isIpv4, int port) {
        byte[] bytes = new byte[17];
        bytes[0] = (byte) (isIpv4 ? 4 : 6);
        for (int i = 0; i < 16; i++) {
            bytes[16 - i] = address.shiftRight(8 * i).byteValue();
        }
        return socket(family, type, protocol).with(KeyField.ADDRESS, bytes).with(KeyField.PORT, port);
    }

    private static Key ip(int family, int type, int protocol, String address, int port) throws Exception {
        byte[] bytes = InetAddress.getByName(address).getAddress();
        BigInteger number = new BigInteger(1, bytes);
        return ip(family, type, protocol, bytes.length == 4 ? number.or(MAPPED) : number, bytes.length == 4, port);
    }

    private static Key socket(int family, int type, int protocol) {
        return new Key().with(KeyField.SOCKET_FAMILY, family).with(KeyField.SOCKET_TYPE, type).with(KeyField.SOCKET_PROTOCOL, protocol);
    }

    private static Key unix(int type, String name) {
        return socket(SocketNames.AF_UNIX, type, 0).with(KeyField.SOCKET_NAME, name.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static Action action(Route route, LsmHook hook, SocketOperation operation, Key key) {
        return decide(route, hook, only(Matcher.ADDRESS, verdicts -> verdicts.key(key.bytes(verdicts.fields()), operation.ordinal()))).action();
    }

    @Test
    void aFamilyIsDeniedWhateverIsDone() throws Exception {
        Route route = Policies.route(document("a", "{network: [{action: deny, families: [packet, alg]}]}"));
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(17, 3, 3))).isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(38, 5, 0))).isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(2, 1, 6))).isEqualTo(Action.ALLOW);
        assertThat(action(route, LsmHook.SOCKET_SENDMSG, SocketOperation.SEND, socket(17, 3, 3))).isEqualTo(Action.DENY);
    }

    @Test
    void abstractNamesMayHoldAnyByte() throws Exception {
        Route all = Policies.route(document("a", "{network: [{action: deny, abstractNames: [\"*\"]}]}"));
        assertThat(action(all, LsmHook.UNIX_STREAM_CONNECT, SocketOperation.CONNECT, unix(1, "\1a\0b\377/"))).isEqualTo(Action.DENY);
        assertThat(action(all, LsmHook.UNIX_STREAM_CONNECT, SocketOperation.CONNECT, unix(1, "\1"))).isEqualTo(Action.DENY);
        assertThat(action(all, LsmHook.UNIX_STREAM_CONNECT, SocketOperation.CONNECT, unix(1, "/run/x"))).isEqualTo(Action.ALLOW);
        assertThat(action(all, LsmHook.UNIX_STREAM_CONNECT, SocketOperation.CONNECT, unix(1, ""))).isEqualTo(Action.ALLOW);
        Route one = Policies.route(document("a", "{network: [{action: deny, abstractNames: [\"/containerd-shim/?[!x]*\"], paths: [/run/*.sock]}]}"));
        assertThat(action(one, LsmHook.UNIX_MAY_SEND, SocketOperation.REACH, unix(2, "\1/containerd-shim/\0\0.sock"))).isEqualTo(Action.DENY);
        assertThat(action(one, LsmHook.UNIX_MAY_SEND, SocketOperation.REACH, unix(2, "\1/containerd-shim/\0x"))).isEqualTo(Action.ALLOW);
        assertThat(action(one, LsmHook.UNIX_MAY_SEND, SocketOperation.REACH, unix(2, "/run/a.sock"))).isEqualTo(Action.DENY);
        Route whole = Policies.route(document("a", "{network: [{action: deny, families: [unix], operations: [connect]}]}"));
        assertThat(action(whole, LsmHook.UNIX_STREAM_CONNECT, SocketOperation.CONNECT, unix(1, "\1a\0b"))).isEqualTo(Action.DENY);
    }

    @Test
    void anAllowListLetsThroughWhatItNamesAndTheSocketsForIt() throws Exception {
        Route route = Policies.route(document("a", """
                defaults: {network: deny}
                network:
                  - {action: allow, protocols: [udp, tcp], addresses: [169.254.20.10], ports: [53]}
                  - {action: allow, addresses: [10.0.0.0/8]}
                """));
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(2, 1, 6))).isEqualTo(Action.ALLOW);
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(17, 3, 3))).isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(1, 1, 0))).isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_CONNECT, SocketOperation.CONNECT, ip(2, 1, 6, "10.1.2.3", 443))).isEqualTo(Action.ALLOW);
        assertThat(action(route, LsmHook.SOCKET_CONNECT, SocketOperation.CONNECT, ip(2, 1, 6, "169.254.169.254", 80))).isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_SENDMSG, SocketOperation.SEND, ip(2, 2, 17, "169.254.20.10", 53))).isEqualTo(Action.ALLOW);
        assertThat(action(route, LsmHook.SOCKET_SENDMSG, SocketOperation.SEND, ip(2, 2, 17, "169.254.20.10", 54))).isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_SENDMSG, SocketOperation.SEND_CONNECTED, ip(2, 1, 6, "192.0.2.1", 999)))
                .as("a default says nothing of connections that were made").isEqualTo(Action.ALLOW);
        assertThat(action(route, LsmHook.UNIX_MAY_SEND, SocketOperation.REACH, unix(2, "/dev/log"))).isEqualTo(Action.DENY);
    }

    @Test
    void tcpIsWhateverSpeaksTcp() throws Exception {
        Route route = Policies.route(document("a", "{network: [{action: deny, protocols: [tcp], operations: [create]}]}"));
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(2, 1, 262))).as("MPTCP").isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(43, 1, 256))).as("SMC").isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_CREATE, SocketOperation.CREATE, socket(16, 3, 6))).as("NETLINK_XFRM").isEqualTo(Action.ALLOW);
    }

    @Test
    void onlyTheHooksThatARuleNeedsAreAttached() throws Exception {
        assertThat(Policies.route(document("a", "{network: [{action: deny, operations: [bind], ports: [22]}]}")).chains())
                .containsOnlyKeys(LsmHook.SOCKET_BIND);
        assertThat(Policies.route(document("a", "{network: [{action: deny, operations: [connect], paths: [/run/x]}]}")).chains())
                .containsOnlyKeys(LsmHook.UNIX_STREAM_CONNECT, LsmHook.UNIX_MAY_SEND);
        assertThat(Policies.route(document("a", "{network: [{action: deny, operations: [connect], addresses: [192.0.2.1]}]}")).chains())
                .containsOnlyKeys(LsmHook.SOCKET_CONNECT, LsmHook.SOCKET_SENDMSG);
    }

    @Test
    void tenThousandNetworksAreOneSmallTable() throws Exception {
        StringBuilder addresses = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            addresses.append(i == 0 ? "" : ", ").append("%d.%d.%d.0/24".formatted(11 + i / 4096, i / 16 % 256, i % 16 * 16));
        }
        Route route = Policies.route(document("a", "{network: [{action: deny, operations: [connect], addresses: [" + addresses + "]}]}"));
        assertThat(action(route, LsmHook.SOCKET_CONNECT, SocketOperation.CONNECT, ip(2, 1, 6, "12.3.16.77", 1))).isEqualTo(Action.DENY);
        assertThat(action(route, LsmHook.SOCKET_CONNECT, SocketOperation.CONNECT, ip(2, 1, 6, "12.3.17.77", 1))).isEqualTo(Action.ALLOW);
    }
}
