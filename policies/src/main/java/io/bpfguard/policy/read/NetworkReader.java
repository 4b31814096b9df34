package io.bpfguard.policy.read;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.PortRange;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.RuleHead;
import io.bpfguard.policy.model.SocketNames;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Rules on sockets. A condition that some of the rule's operations or sockets can never meet is refused: the rule would look
 * as if it did more than it does.
 */
final class NetworkReader {
    static final List<String> OPERATIONS = List.of("create", "connect", "send", "bind", "listen", "accept");
    private static final Map<String, String> WORDS = OPERATIONS.stream().collect(Collectors.toMap(word -> word, word -> word));
    private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,4}");
    /** The one type of socket that speaks a protocol, where there is one. */
    static final Map<Integer, Integer> TYPE_OF = Map.of(SocketNames.IPPROTO_TCP, SocketNames.SOCK_STREAM, SocketNames.IPPROTO_MPTCP,
            SocketNames.SOCK_STREAM, SocketNames.IPPROTO_SMC, SocketNames.SOCK_STREAM, SocketNames.PROTOCOLS.get("udp"), SocketNames.SOCK_DGRAM,
            SocketNames.PROTOCOLS.get("udplite"), SocketNames.SOCK_DGRAM);
    private static final Values.Numbers PORTS = new Values.Numbers("a port", "ports go", "80", "8000-8999");
    static final int MAX_FAMILY = 255;
    static final int MAX_TYPE = 15;
    static final int MAX_PROTOCOL = 65535;
    /** Families whose sockets take IP addresses. */
    static final Set<Integer> WITH_IP = Set.of(SocketNames.AF_INET, SocketNames.AF_INET6, SocketNames.AF_SMC, family("rds"));
    /** Families whose protocols have the names of IP's. */
    static final Set<Integer> IP = Set.of(SocketNames.AF_INET, SocketNames.AF_INET6, SocketNames.AF_SMC);
    /** Families whose sockets do not forget their protocol. */
    static final Set<Integer> WITH_PROTOCOL = Set.of(SocketNames.AF_INET, SocketNames.AF_INET6, SocketNames.AF_SMC, SocketNames.AF_NETLINK);

    private final ProblemList problems;
    private final Values values;

    NetworkReader(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
    }

    /** The conditions of one rule while they are compared with each other. */
    private record Conditions(String owner, List<Located<String>> operations, List<Located<Integer>> families, List<Located<Integer>> types,
            List<Located<Integer>> protocols, List<Located<Cidr>> addresses, List<Located<PortRange>> ports, List<Located<Glob>> paths,
            List<Located<Glob>> abstractNames) {
        /** The first of the conditions on an IP address. */
        Optional<? extends Located<?>> ip() {
            return addresses.isEmpty() ? ports.stream().findFirst() : addresses.stream().findFirst();
        }

        /** The first of the conditions on the name of a Unix socket. */
        Optional<? extends Located<?>> name() {
            return paths.isEmpty() ? abstractNames.stream().findFirst() : paths.stream().findFirst();
        }

        boolean does(String operation) {
            return operations.isEmpty() || operations.stream().anyMatch(word -> word.value().equals(operation));
        }

        boolean onlyDoes(Set<String> some) {
            return !operations.isEmpty() && operations.stream().allMatch(word -> some.contains(word.value()));
        }
    }

    /** The rule; what is wrong with it is in the problems, and then it is not used. */
    Optional<Rule> read(Optional<RuleHead> head, Fields fields, String owner) {
        List<Located<String>> protocolNames = new ArrayList<>();
        Conditions rule = new Conditions(owner,
                list(fields, owner, "operations", (item, of) -> values.word(item, of, WORDS)),
                list(fields, owner, "families", (item, of) -> number(item, of, SocketNames.FAMILIES, "AF_", 1, MAX_FAMILY)),
                list(fields, owner, "types", (item, of) -> number(item, of, SocketNames.TYPES, "SOCK_", 1, MAX_TYPE)),
                list(fields, owner, "protocols", (item, of) -> protocol(item, of, protocolNames)),
                list(fields, owner, "addresses", this::address),
                list(fields, owner, "ports", this::ports),
                globs(fields, owner, "paths", Glob.Kind.PATH),
                globs(fields, owner, "abstractNames", Glob.Kind.TEXT));
        refuseRepeated(rule.operations(), owner + ".operations");
        checkNames(rule);
        checkIp(rule);
        checkProtocols(rule, protocolNames);
        head.ifPresent(present -> checkCreation(rule, present.action().value()));
        checkConnections(rule);
        return head.map(present -> new Rule.Network(present, operations(rule.operations()), numbers(rule.families()), numbers(rule.types()),
                protocols(rule.protocols(), protocolNames), rule.addresses(), rule.ports().stream().map(Located::value).toList(), rule.paths(),
                rule.abstractNames()));
    }

    private interface Item<T> {
        Optional<Located<T>> read(YamlNode node, String owner);
    }

    private <T> List<Located<T>> list(Fields fields, String owner, String key, Item<T> item) {
        List<Located<T>> list = new ArrayList<>();
        fields.take(key).ifPresent(node -> values.items(node, owner + "." + key)
                .forEach(entry -> item.read(entry, "an entry of " + owner + "." + key).ifPresent(list::add)));
        return list;
    }

    private List<Located<Glob>> globs(Fields fields, String owner, String key, Glob.Kind kind) {
        return fields.take(key).map(node -> values.globs(node, owner + "." + key, kind)).orElse(List.of());
    }

    /** A name of a table, or a number without quotes. */
    Optional<Located<Integer>> number(YamlNode node, String owner, Map<String, Integer> names, String prefix, int least, int most) {
        if (Values.isNumber(node) && node instanceof YamlNode.Scalar(String text, _, _)) {
            if (!NUMBER.matcher(text).matches() || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
                problems.add(node.at(), owner + " cannot be " + text + "; numbers go from " + least + " to " + most);
                return Optional.empty();
            }
            return Optional.of(new Located<>(Integer.valueOf(text), node.at()));
        }
        return values.text(node, owner).flatMap(text -> {
            Integer number = names.get(text.value());
            if (number == null) {
                String bare = text.value().toLowerCase(java.util.Locale.ROOT);
                bare = bare.startsWith(prefix.toLowerCase(java.util.Locale.ROOT)) ? bare.substring(prefix.length()) : bare;
                problems.add(text.at(), owner + " cannot be \"" + text.value() + "\"" + Nearest.hint(bare, names.keySet())
                        + " (a name of " + prefix + "… in small letters and without " + prefix + ", or a number)");
                return Optional.empty();
            }
            return Optional.of(new Located<>(number, text.at()));
        });
    }

    private Optional<Located<Integer>> protocol(YamlNode node, String owner, List<Located<String>> names) {
        Optional<Located<Integer>> number = number(node, owner, SocketNames.PROTOCOLS, "IPPROTO_", 0, MAX_PROTOCOL);
        if (number.isPresent() && !Values.isNumber(node) && node instanceof YamlNode.Scalar(String text, _, _)) {
            names.add(new Located<>(text, node.at()));
        }
        return number;
    }

    Optional<Located<Cidr>> address(YamlNode node, String owner) {
        Optional<Located<String>> text = node instanceof YamlNode.Scalar(String plain, _, _) && Values.isNumber(node)
                ? Optional.of(new Located<>(plain, node.at())) : values.text(node, owner);
        return text.flatMap(address -> {
            try {
                return Optional.of(new Located<>(Cidr.parse(address.value()), address.at()));
            } catch (Cidr.SyntaxException e) {
                problems.add(address.at(), owner + " is \"" + address.value() + "\", which " + e.getMessage());
                return Optional.empty();
            }
        });
    }

    private Optional<Located<PortRange>> ports(YamlNode node, String owner) {
        return values.range(node, owner, PortRange.MAX, PORTS).map(range -> new Located<>(new PortRange(range.first(), range.last()), node.at()));
    }

    private void refuseRepeated(List<Located<String>> words, String owner) {
        Set<String> seen = new HashSet<>();
        words.stream().filter(word -> !seen.add(word.value())).forEach(word -> problems.add(word.at(), owner + " has " + word.value() + " twice"));
    }

    /** Names are those of Unix sockets. */
    private void checkNames(Conditions rule) {
        if (rule.name().isEmpty()) {
            return;
        }
        rule.families().stream().filter(family -> family.value() != SocketNames.AF_UNIX).findFirst()
                .ifPresent(family -> problems.add(family.at(), rule.owner() + " has paths or abstractNames, which sockets of the family "
                        + familyName(family.value()) + " do not have; write a rule of its own for it"));
        rule.ip().ifPresent(ip -> problems.add(ip.at(), rule.owner()
                + " has both IP addresses or ports and names of Unix sockets, and no socket has both; write two rules"));
        rule.protocols().stream().findFirst().ifPresent(protocol -> problems.add(protocol.at(), rule.owner()
                + " has both a protocol and names of Unix sockets, which have no protocol; write two rules"));
    }

    private void checkIp(Conditions rule) {
        if (rule.ip().isEmpty()) {
            return;
        }
        rule.families().stream().filter(family -> !WITH_IP.contains(family.value())).findFirst()
                .ifPresent(family -> problems.add(family.at(), rule.owner() + " has addresses or ports, which sockets of the family "
                        + familyName(family.value()) + " do not have; write a rule of its own for it"));
        boolean onlyIpv4Sockets = !rule.families().isEmpty() && rule.families().stream().allMatch(family -> family.value() == SocketNames.AF_INET);
        if (onlyIpv4Sockets) {
            rule.addresses().stream().filter(address -> !address.value().isIpv4()).findFirst()
                    .ifPresent(address -> problems.add(address.at(), rule.owner() + " has the IPv6 address " + address.value()
                            + ", which a socket of the family inet cannot reach; add inet6 to families, or leave families out"));
        }
    }

    private void checkProtocols(Conditions rule, List<Located<String>> names) {
        if (rule.protocols().isEmpty()) {
            return;
        }
        for (Located<Integer> family : rule.families()) {
            String name = familyName(family.value());
            if (!names.isEmpty() && !IP.contains(family.value())) {
                problems.add(family.at(), rule.owner() + " names the protocol " + names.getFirst().value() + ", which sockets of the family " + name
                        + " do not have; write its own protocols by number, in a rule of its own");
                return;
            }
            if (!WITH_PROTOCOL.contains(family.value()) && !rule.onlyDoes(Set.of("create"))) {
                problems.add(family.at(), rule.owner() + " has protocols, which the kernel tells of sockets of the family " + name
                        + " only when they are made; add operations: [create], or leave protocols out");
                return;
            }
        }
        if (rule.families().stream().map(family -> IP.contains(family.value()) ? SocketNames.AF_INET : family.value()).distinct().count() > 1) {
            problems.add(rule.protocols().getFirst().at(), rule.owner()
                    + " has protocols for several families, each of which numbers its own; write a rule per family");
        }
        checkTypes(rule, names);
    }

    /** A protocol that no socket of the types speaks. */
    private void checkTypes(Conditions rule, List<Located<String>> names) {
        Set<Integer> types = numbers(rule.types());
        for (Located<String> name : names) {
            Optional<Integer> type = Optional.ofNullable(TYPE_OF.get(SocketNames.PROTOCOLS.get(name.value())));
            if (!types.isEmpty() && type.isPresent() && !types.contains(type.get()) && !types.contains(SocketNames.SOCK_RAW)) {
                problems.add(name.at(), rule.owner() + " has the protocol " + name.value() + ", whose sockets are "
                        + SocketNames.name(SocketNames.TYPES, type.get()) + ", and types without it; the rule would match nothing");
            }
        }
    }

    /** A socket that is made has no address yet. An allow may say create beside others: it is implied. */
    private void checkCreation(Conditions rule, Action action) {
        Optional<? extends Located<?>> address = rule.ip().isPresent() ? rule.ip() : rule.name();
        if (address.isEmpty() || action == Action.ALLOW && !rule.onlyDoes(Set.of("create"))) {
            return;
        }
        rule.operations().stream().filter(word -> word.value().equals("create")).findFirst()
                .ifPresent(word -> problems.add(word.at(), rule.owner()
                        + " has create, but a socket that is made has no address yet, so addresses, ports, paths and abstractNames say nothing of it;"
                        + " write create into a rule of its own, by families, types and protocols"));
    }

    private void checkConnections(Conditions rule) {
        Set<Integer> types = numbers(rule.types());
        if (!types.isEmpty() && rule.onlyDoes(Set.of("listen", "accept")) && Set.of(SocketNames.SOCK_DGRAM, SocketNames.SOCK_RAW).containsAll(types)) {
            problems.add(rule.types().getFirst().at(), rule.owner() + " is about " + rule.operations().getFirst().value()
                    + ", which sockets of the type " + SocketNames.name(SocketNames.TYPES, rule.types().getFirst().value()) + " cannot do; the rule would match nothing");
        }
    }

    private static Set<SocketOperation> operations(List<Located<String>> words) {
        Set<SocketOperation> operations = EnumSet.noneOf(SocketOperation.class);
        (words.isEmpty() ? OPERATIONS : words.stream().map(Located::value).toList()).forEach(word -> operations.addAll(SocketOperation.of(word)));
        return operations;
    }

    private static Set<Integer> numbers(List<Located<Integer>> located) {
        return located.stream().map(Located::value).collect(Collectors.toSet());
    }

    /** What speaks TCP to its peer is TCP: Multipath TCP, and SMC where the peer has none. */
    private static Set<Integer> protocols(List<Located<Integer>> located, List<Located<String>> names) {
        Set<Integer> protocols = numbers(located);
        if (names.stream().anyMatch(name -> name.value().equals("tcp"))) {
            protocols.addAll(Set.of(SocketNames.IPPROTO_MPTCP, SocketNames.IPPROTO_SMC));
        }
        return protocols;
    }

    static String familyName(int family) {
        return SocketNames.name(SocketNames.FAMILIES, family);
    }

    private static int family(String name) {
        return SocketNames.FAMILIES.get(name);
    }
}
