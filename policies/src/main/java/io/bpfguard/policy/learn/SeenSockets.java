package io.bpfguard.policy.learn;

import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.SocketNames;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What was done with sockets, in bounded memory: the kinds that were made, the ports that were waited at, whom was connected to, names of Unix sockets. What does
 * not fit is not kept, and counted; of addresses networks are kept when they become many.
 */
final class SeenSockets {
    private static final int MAX_KINDS = 64;
    private static final int MAX_ADDRESSES = 512;
    private static final int MAX_NAMES = 64;
    /** So many single addresses, networks of the next size and of the next but one are written. */
    private static final int[] WRITTEN = {8, 16, 64, Integer.MAX_VALUE};
    private static final int[] BITS_IPV4 = {32, 24, 16, 0};
    private static final int[] BITS_IPV6 = {128, 64, 48, 0};
    private static final int FIRST_EPHEMERAL = 32768;
    private static final int LAST_EPHEMERAL = 60999;
    private static final int FIRST_FREE = 1024;
    private static final int LAST_PORT = 65535;
    private static final int MAX_PORTS = 16;
    private static final String LOOPBACK = "127.0.0.0/8, \"::1\"";
    private static final String UNIX = "unix";
    private static final Set<String> IP = Set.of("inet", "inet6", "smc");
    /** Protocols of sockets that listen. */
    private static final Set<String> WAITING = Set.of("tcp", "mptcp", "smc", "sctp", "dccp");
    private static final Pattern END = Pattern.compile("(?:(raw) )?([a-z0-9]+) (?:\\[([0-9a-f:.]+)]|([0-9.]+)):([0-9]{1,5})");
    private static final Pattern KIND = Pattern.compile("([a-z0-9]+) ([a-z0-9]+)(?: ([a-z0-9]+))?");

    /** A socket that was made, or was used without an address. */
    private record Kind(String family, String type, String protocol) {}

    /**
     * Which sockets of those with addresses.
     *
     * @param isRaw whether the protocol is written by the program
     * @param protocol of IP, or another family
     */
    private record Speech(boolean isRaw, String protocol) {
        private boolean isFamily() {
            return SocketNames.FAMILIES.containsKey(protocol) && !SocketNames.PROTOCOLS.containsKey(protocol);
        }

        /** Whether rules can have its addresses. */
        private boolean isSpoken() {
            return isFamily() ? protocol.equals("rds") : isNumber(protocol, SocketNames.PROTOCOLS, LAST_PORT);
        }

        private boolean canWait() {
            return WAITING.contains(protocol) && !isRaw;
        }

        /** The conditions of a rule. */
        private String text() {
            return (isFamily() ? "families: [" : isRaw ? "types: [raw], protocols: [" : "protocols: [") + protocol + "]";
        }
    }

    /** Where a container waits. */
    private static final class Serving {
        private final BitSet bound = new BitSet();
        private final BitSet waiting = new BitSet();
        private boolean isElsewhere;
        private long times;
    }

    /** Whom it speaks to. */
    private static final class Peers {
        private final Map<String, BitSet> addresses = new TreeMap<>();
        private int size;
        private long times;

        private void add(String address, int port) {
            times++;
            addresses.computeIfAbsent(network(address, size), _ -> new BitSet()).set(port);
            while (addresses.size() > MAX_ADDRESSES) {
                size++;
                Map<String, BitSet> wider = widened(size);
                addresses.clear();
                addresses.putAll(wider);
            }
        }

        private Map<String, BitSet> widened(int to) {
            Map<String, BitSet> wider = new TreeMap<>();
            addresses.forEach((address, ports) -> wider.computeIfAbsent(network(address, to), _ -> new BitSet()).or(ports));
            return wider;
        }

        /** The narrowest networks that are few. */
        private Map<String, BitSet> written() {
            int level = size;
            Map<String, BitSet> networks = widened(level);
            while (networks.size() > WRITTEN[level]) {
                networks = widened(++level);
            }
            return networks;
        }

        private static String network(String address, int level) {
            Cidr cidr = cidr(address);
            int bits = cidr.isIpv4() ? BITS_IPV4[level] + 96 : BITS_IPV6[level];
            int prefix = Math.min(bits, cidr.prefix());
            return new Cidr(cidr.isIpv4(), cidr.high() & mask(prefix, 0), cidr.low() & mask(prefix, Long.SIZE), prefix).toString();
        }

        private static long mask(int prefix, int from) {
            int bits = Math.clamp(prefix - from, 0, Long.SIZE);
            return bits == 0 ? 0 : -1L << Long.SIZE - bits;
        }
    }

    private final Map<Kind, Long> made = new HashMap<>();
    private final Map<Kind, Set<SocketOperation>> others = new HashMap<>();
    private final Map<Speech, Serving> serving = new HashMap<>();
    private final Map<Speech, Peers> peers = new HashMap<>();
    private final PathTree<SocketOperation> paths = new PathTree<>(SocketOperation.class);
    private final Map<String, Set<SocketOperation>> abstractNames = new TreeMap<>();
    private long lost;

    private static Cidr cidr(String text) {
        try {
            return Cidr.parse(text);
        } catch (Cidr.SyntaxException e) {
            throw new IllegalArgumentException(text + " " + e.getMessage(), e);
        }
    }

    /** How many uses are in no rule. */
    long lost() {
        return lost + paths.lost();
    }

    void add(Observation.SocketUse use) {
        if (use.socket().startsWith("unix /") && PathTree.isPath(use.socket().substring(UNIX.length() + 1))) {
            paths.add(PathTree.globs(use.socket().substring(UNIX.length() + 1)), Set.of(use.operation()));
        } else if (use.socket().startsWith("unix @")) {
            addAbstract(use.operation(), use.socket().substring(UNIX.length() + 2));
        } else {
            addOther(use);
        }
    }

    private void addAbstract(SocketOperation operation, String name) {
        String glob = name.isEmpty() ? "*" : NamePattern.of(name, "").replace('@', '?');
        if (abstractNames.size() >= MAX_NAMES && !abstractNames.containsKey(glob)) {
            lost++;
        } else {
            abstractNames.computeIfAbsent(glob, _ -> EnumSet.noneOf(SocketOperation.class)).add(operation);
        }
    }

    private void addOther(Observation.SocketUse use) {
        Matcher end = END.matcher(use.socket());
        Matcher kind = KIND.matcher(use.socket());
        if (end.matches()) {
            addEnd(use.operation(), new Speech(end.group(1) != null, end.group(2)), end.group(3) == null ? end.group(4) : end.group(3),
                    Integer.parseInt(end.group(5)));
        } else if (kind.matches()) {
            addKind(use.operation(), new Kind(kind.group(1), kind.group(2), kind.group(3) == null ? "0" : kind.group(3)));
        } else {
            lost++;
        }
    }

    private void addEnd(SocketOperation operation, Speech speech, String address, int port) {
        Cidr cidr;
        try {
            cidr = Cidr.parse(address);
        } catch (Cidr.SyntaxException e) {
            lost++;
            return;
        }
        if (port > LAST_PORT || !speech.isSpoken()) {
            lost++;
        } else if (operation == SocketOperation.CONNECT || operation == SocketOperation.SEND) {
            kept(peers, speech, Peers::new, found -> found.add(cidr.toString(), port));
        } else {
            kept(serving, speech, Serving::new, found -> {
                found.times++;
                found.isElsewhere |= !isLoopback(cidr);
                (operation == SocketOperation.BIND ? found.bound : found.waiting).set(port);
            });
        }
    }

    private static boolean isLoopback(Cidr address) {
        return address.isIpv4() ? (address.low() >>> 24 & 0xff) == 127 : address.high() == 0 && address.low() == 1;
    }

    private <T> void kept(Map<Speech, T> map, Speech speech, Supplier<T> maker, Consumer<T> use) {
        if (map.size() >= MAX_KINDS && !map.containsKey(speech)) {
            lost++;
        } else {
            use.accept(map.computeIfAbsent(speech, _ -> maker.get()));
        }
    }

    private void addKind(SocketOperation operation, Kind kind) {
        // Of an IP socket without an address no rule can speak that does not speak of all addresses.
        boolean isSpoken = isNumber(kind.family(), SocketNames.FAMILIES, 255) && isNumber(kind.type(), SocketNames.TYPES, 15)
                && !kind.family().equals("0") && !kind.type().equals("0")
                && isNumber(kind.protocol(), IP.contains(kind.family()) ? SocketNames.PROTOCOLS : Map.of(), LAST_PORT)
                && (operation == SocketOperation.CREATE || !IP.contains(kind.family()) && !(kind.family().equals(UNIX) && operation != SocketOperation.BIND));
        Map<Kind, ?> map = operation == SocketOperation.CREATE ? made : others;
        if (!isSpoken || map.size() >= MAX_KINDS && !map.containsKey(kind)) {
            lost++;
        } else if (operation == SocketOperation.CREATE) {
            made.merge(kind, 1L, Long::sum);
        } else {
            others.computeIfAbsent(kind, _ -> EnumSet.noneOf(SocketOperation.class)).add(operation);
        }
    }

    private static boolean isNumber(String word, Map<String, Integer> names, int most) {
        return names.containsKey(word) || word.matches("0|[1-9][0-9]{0,4}") && Integer.parseInt(word) <= most;
    }

    /** The rules, each a line or more of {@code spec.network}. */
    List<String> rules(PathTree.Detail detail) {
        List<String> rules = new ArrayList<>();
        new TreeMap<>(made.entrySet().stream().collect(Collectors.toMap(entry -> creation(entry.getKey()), Map.Entry::getValue, Long::sum)))
                .forEach((text, times) -> rules.add("    - {action: allow, operations: [create], " + text + "}    # " + times(times) + "\n"));
        servingRules(rules);
        peerRules(rules);
        nameRules(rules, detail);
        TreeSet<String> kinds = new TreeSet<>();
        others.forEach((kind, operations) -> kinds.add("    - {action: allow, operations: [" + operations.stream()
                .map(SocketOperation::word).distinct().collect(Collectors.joining(", ")) + "], " + unaddressed(kind) + "}\n"));
        rules.addAll(kinds);
        return rules;
    }

    private static String creation(Kind kind) {
        String families = "families: [" + kind.family() + "], types: [" + kind.type() + "]";
        return kind.family().equals(UNIX) ? families : families + ", protocols: [" + (IP.contains(kind.family()) ? protocol(kind) : kind.protocol()) + "]";
    }

    /** Where the type does not speak the protocol, its number: such a socket cannot be made, and the name is refused. */
    private static String protocol(Kind kind) {
        Map<String, String> types = Map.of("tcp", "stream", "mptcp", "stream", "smc", "stream", "udp", "dgram", "udplite", "dgram");
        String type = types.getOrDefault(kind.protocol(), kind.type());
        boolean isSpoken = type.equals(kind.type()) || kind.type().equals("raw");
        return isSpoken ? kind.protocol() : SocketNames.PROTOCOLS.get(kind.protocol()).toString();
    }

    private static String unaddressed(Kind kind) {
        return "families: [" + kind.family() + "], types: [" + kind.type() + "]"
                + (kind.family().equals("netlink") ? ", protocols: [" + kind.protocol() + "]" : "");
    }

    private void servingRules(List<String> rules) {
        sorted(serving).forEach((speech, found) -> {
            BitSet exact = new BitSet();
            exact.or(found.bound);
            found.waiting.stream().filter(port -> !speech.canWait() || port < FIRST_EPHEMERAL || port > LAST_EPHEMERAL).forEach(exact::set);
            boolean isWaitingAnywhere = speech.canWait() && (exact.get(0) || found.waiting.stream().anyMatch(port -> !exact.get(port)));
            String where = speech.text() + (found.isElsewhere ? "" : ", addresses: [" + LOOPBACK + "]");
            if (!exact.isEmpty()) {
                rules.add("    # Waited at, " + times(found.times) + ".\n    - {action: allow, operations: [bind, listen, accept], " + where + ", ports: ["
                        + ports(exact) + "]}\n");
            }
            if (isWaitingAnywhere) {
                rules.add("    # Waited at a port that the kernel chose, which is another each time.\n    - {action: allow, operations: [listen, accept], "
                        + where + ", ports: [" + FIRST_EPHEMERAL + "-" + LAST_EPHEMERAL + "]}\n");
            }
        });
    }

    private void peerRules(List<String> rules) {
        sorted(peers).forEach((speech, found) -> {
            Map<String, List<String>> byPorts = new TreeMap<>();
            found.written().forEach((address, ports) -> byPorts.computeIfAbsent(ports(ports), _ -> new ArrayList<>()).add(address));
            rules.add("    # Connected or sent to, " + times(found.times) + ".\n");
            byPorts.forEach((ports, addresses) -> rules.add("    - {action: allow, operations: [connect, send], " + speech.text() + ", addresses: ["
                    + addresses.stream().map(YamlText::quoted).collect(Collectors.joining(", ")) + "], ports: [" + ports + "]}\n"));
        });
    }

    private void nameRules(List<String> rules, PathTree.Detail detail) {
        Map<String, List<String>> byOperations = new TreeMap<>();
        paths.found(detail, Set.of()).forEach(found -> byOperations.computeIfAbsent(words(found.operations()) + "], paths: [", _ -> new ArrayList<>()).add(found.glob()));
        abstractNames.forEach((glob, operations) -> byOperations.computeIfAbsent(words(operations) + "], abstractNames: [", _ -> new ArrayList<>()).add(glob));
        byOperations.forEach((head, globs) -> rules.add("    - {action: allow, operations: [" + head
                + globs.stream().map(YamlText::quoted).collect(Collectors.joining(", ")) + "]}\n"));
    }

    private static <T> Map<Speech, T> sorted(Map<Speech, T> map) {
        Map<Speech, T> sorted = new TreeMap<>(Comparator.comparing(Speech::text));
        sorted.putAll(map);
        return sorted;
    }

    /** As words; who may wait at a socket may do all of it, and who may connect to one may send. */
    private static String words(Set<SocketOperation> operations) {
        Set<String> words = new TreeSet<>();
        operations.forEach(operation -> words.addAll(switch (operation) {
            case BIND, LISTEN, ACCEPT -> List.of("bind", "listen", "accept");
            case CONNECT, SEND, SEND_CONNECTED, REACH -> List.of("connect", "send");
            case CREATE -> List.of("create");
        }));
        return String.join(", ", words);
    }

    private static String ports(BitSet ports) {
        if (ports.cardinality() <= MAX_PORTS) {
            return ports.stream().mapToObj(Integer::toString).collect(Collectors.joining(", "));
        }
        BitSet low = ports.get(0, FIRST_FREE);
        List<String> texts = new ArrayList<>();
        if (low.cardinality() > MAX_PORTS) {
            texts.add("0-" + (FIRST_FREE - 1));
        } else {
            low.stream().forEach(port -> texts.add(Integer.toString(port)));
        }
        if (ports.nextSetBit(FIRST_FREE) >= 0) {
            texts.add(FIRST_FREE + "-" + LAST_PORT);
        }
        return String.join(", ", texts);
    }

    static String times(long times) {
        return times == 1 ? "once" : times + " times";
    }
}
