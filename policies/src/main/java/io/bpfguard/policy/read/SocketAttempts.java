package io.bpfguard.policy.read;

import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.SocketNames;
import io.bpfguard.policy.simulate.Attempt;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads cases about sockets. A socket has a family, a type and a protocol, and what the kernel would judge by has to be there: a case
 * says it, or it follows from the rest.
 */
final class SocketAttempts {
    private static final Map<String, SocketOperation> OPERATIONS = NetworkReader.OPERATIONS.stream()
            .collect(Collectors.toMap(Function.identity(), word -> SocketOperation.valueOf(word.toUpperCase(Locale.ROOT))));
    private static final Map<String, Boolean> YES_OR_NO = Map.of("true", true, "false", false);
    private static final Set<SocketOperation> WITH_OWN_END = EnumSet.of(SocketOperation.LISTEN, SocketOperation.ACCEPT);
    /** Families of whose sockets the kernel side knows both ends, not only the address in a call. */
    private static final Set<Integer> WITH_ENDS = Set.of(SocketNames.AF_INET, SocketNames.AF_INET6);
    private static final Set<Integer> UNIX_TYPES = Set.of(SocketNames.SOCK_STREAM, SocketNames.SOCK_DGRAM, SocketNames.SOCK_SEQPACKET);
    /** What protocol 0 is to sockets of IP ({@code inet_create}). */
    private static final Map<Integer, Integer> PROTOCOL_OF = Map.of(SocketNames.SOCK_STREAM, SocketNames.IPPROTO_TCP, SocketNames.SOCK_DGRAM,
            SocketNames.PROTOCOLS.get("udp"), SocketNames.SOCK_SEQPACKET, SocketNames.PROTOCOLS.get("sctp"), SocketNames.TYPES.get("dccp"),
            SocketNames.PROTOCOLS.get("dccp"));
    private static final Set<Integer> WITHOUT_PORTS = Set.of(SocketNames.PROTOCOLS.get("icmp"), SocketNames.PROTOCOLS.get("icmpv6"));

    private final ProblemList problems;
    private final Values values;
    private final NetworkReader network;

    SocketAttempts(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
        this.network = new NetworkReader(problems, values);
    }

    /** What a case says. */
    private record Said(String owner, Position at, SocketOperation operation, Optional<Integer> family, Optional<Integer> type,
            Optional<Located<Integer>> protocol, boolean isProtocolNamed, Optional<Located<Cidr>> address, Optional<Located<Integer>> port,
            Optional<Located<String>> path, Optional<Located<String>> abstractName, Optional<Located<Boolean>> connected) {}

    /** A case as far as it is right; empty with a problem otherwise. */
    Optional<Attempt> read(AttemptReader.Subject subject) {
        int before = problems.size();
        Optional<Said> said = said(subject);
        if (said.isEmpty() || problems.size() > before) {
            return Optional.empty();
        }
        Attempt attempt = attempt(said.get());
        return problems.size() > before ? Optional.empty() : Optional.of(attempt);
    }

    private Optional<Said> said(AttemptReader.Subject subject) {
        Fields fields = subject.fields();
        String owner = subject.owner();
        Optional<Located<Integer>> family = fields.take("family")
                .flatMap(node -> network.number(node, owner + ".family", SocketNames.FAMILIES, "AF_", 1, NetworkReader.MAX_FAMILY));
        Optional<Located<Integer>> type = fields.take("type")
                .flatMap(node -> network.number(node, owner + ".type", SocketNames.TYPES, "SOCK_", 1, NetworkReader.MAX_TYPE));
        Optional<YamlNode> protocolNode = fields.take("protocol");
        Optional<Located<Integer>> protocol = protocolNode
                .flatMap(node -> network.number(node, owner + ".protocol", SocketNames.PROTOCOLS, "IPPROTO_", 0, NetworkReader.MAX_PROTOCOL));
        Optional<Located<Cidr>> address = fields.take("address").flatMap(node -> network.address(node, owner + ".address"));
        address.filter(some -> !some.value().isSingle()).ifPresent(some -> refuse(some, owner + ".address is a network, and a case is about one address"));
        Optional<Located<Integer>> port = fields.take("port").flatMap(node -> values.integer(node, owner + ".port", NetworkReader.MAX_PROTOCOL)
                .map(number -> new Located<>(number, node.at())));
        Optional<Located<String>> path = fields.take("path").flatMap(node -> values.text(node, owner + ".path"));
        path.filter(text -> !text.value().startsWith("/")).ifPresent(text -> refuse(text, owner + ".path must begin with /"));
        Optional<Located<String>> abstractName = fields.take("abstractName").flatMap(node -> values.text(node, owner + ".abstractName"));
        Optional<Located<Boolean>> connected = fields.take("connected").flatMap(node -> node instanceof YamlNode.Scalar(String text, boolean quoted, _)
                && !quoted ? values.word(new Located<>(text, node.at()), owner + ".connected", YES_OR_NO) : values.word(node, owner + ".connected", Map.of()));
        return values.word(subject.node(), owner + ".network", OPERATIONS).map(operation -> new Said(owner, fields.at(), operation.value(),
                family.map(Located::value), type.map(Located::value), protocol, protocolNode.filter(node -> !Values.isNumber(node)).isPresent(), address,
                port, path, abstractName, connected));
    }

    private Attempt attempt(Said said) {
        int family = family(said);
        int type = type(said, family);
        int protocol = protocol(said, family, type);
        boolean isUnix = family == SocketNames.AF_UNIX;
        said.connected().filter(_ -> said.operation() != SocketOperation.SEND || isUnix).ifPresent(wrong -> refuse(wrong, said.owner()
                + " has connected, which is for sends on sockets that are not Unix sockets"));
        boolean isConnected = said.operation() == SocketOperation.SEND
                && said.connected().map(Located::value).orElse(isUnix || type == SocketNames.SOCK_STREAM);
        if (WITH_OWN_END.contains(said.operation()) && (type == SocketNames.SOCK_DGRAM || type == SocketNames.SOCK_RAW)) {
            problems.add(said.at(), said.owner() + " is about " + said.operation().word() + ", which sockets of the type "
                    + SocketNames.name(SocketNames.TYPES, type) + " cannot do");
        }
        if (isUnix) {
            checkUnix(said, type);
        } else {
            refuseNames(said, family);
        }
        boolean hasEnd = said.operation() != SocketOperation.CREATE && (isConnected || WITH_OWN_END.contains(said.operation())
                ? WITH_ENDS.contains(family) : NetworkReader.WITH_IP.contains(family));
        return new Attempt.UseSocket(said.operation(), isConnected, family, type, protocol, hasEnd ? end(said, family, type, protocol) : noEnd(said, family),
                said.path().map(Located::value).or(() -> said.abstractName().map(name -> "\1" + name.value())).orElse(""));
    }

    private int family(Said said) {
        if (said.family().isPresent()) {
            return said.family().get();
        }
        if (said.path().isPresent() || said.abstractName().isPresent()) {
            return SocketNames.AF_UNIX;
        }
        if (said.address().isEmpty()) {
            problems.add(said.at(), said.owner() + " has no family, and no address, path or abstractName that tells it");
        }
        return said.address().filter(address -> !address.value().isIpv4()).isPresent() ? SocketNames.AF_INET6 : SocketNames.AF_INET;
    }

    private int type(Said said, int family) {
        Optional<Integer> only = family == SocketNames.AF_SMC ? Optional.of(SocketNames.SOCK_STREAM)
                : said.protocol().filter(_ -> NetworkReader.IP.contains(family)).map(protocol -> NetworkReader.TYPE_OF.get(protocol.value()));
        if (said.type().isEmpty() && only.isEmpty()) {
            problems.add(said.at(), said.owner() + " has no type, and no protocol that tells it");
        }
        said.type().filter(type -> only.isPresent() && !type.equals(only.get()) && type != SocketNames.SOCK_RAW)
                .ifPresent(type -> problems.add(said.at(), said.owner() + " has the type " + SocketNames.name(SocketNames.TYPES, type)
                        + ", and sockets of its protocol are " + SocketNames.name(SocketNames.TYPES, only.get())));
        return said.type().or(() -> only).orElse(SocketNames.SOCK_STREAM);
    }

    /** As {@code socket_create} and the socket itself show it. */
    private int protocol(Said said, int family, int type) {
        Optional<Integer> protocol = said.protocol().map(Located::value);
        if (family == SocketNames.AF_SMC) {
            said.protocol().filter(other -> other.value() != SocketNames.IPPROTO_SMC)
                    .ifPresent(other -> refuse(other, said.owner() + ".protocol of sockets of the family smc is smc"));
            return SocketNames.IPPROTO_SMC;
        }
        if (NetworkReader.IP.contains(family)) {
            Optional<Integer> known = protocol.filter(number -> number != 0).or(() -> Optional.ofNullable(PROTOCOL_OF.get(type)));
            if (known.isEmpty()) {
                problems.add(said.at(), said.owner() + " has no protocol, which sockets of the type " + SocketNames.name(SocketNames.TYPES, type) + " need");
            }
            return known.orElse(0);
        }
        said.protocol().filter(_ -> said.isProtocolNamed()).ifPresent(name -> refuse(name, said.owner()
                + ".protocol is a name of IP's protocols; write that of the family " + NetworkReader.familyName(family) + " by number"));
        if (said.operation() != SocketOperation.CREATE && !NetworkReader.WITH_PROTOCOL.contains(family)) {
            said.protocol().ifPresent(wrong -> refuse(wrong, said.owner() + " has a protocol, which the kernel tells of sockets of the family "
                    + NetworkReader.familyName(family) + " only when they are made; leave it out"));
        }
        return protocol.orElse(0);
    }

    private void checkUnix(Said said, int type) {
        boolean isNamed = said.path().isPresent() || said.abstractName().isPresent();
        if (said.operation() == SocketOperation.CREATE) {
            said.path().or(said::abstractName).ifPresent(name -> refuse(name, said.owner() + " has a name, and a socket that is made has none yet"));
            return;
        }
        if (!UNIX_TYPES.contains(type)) {
            problems.add(said.at(), said.owner() + " has the type " + SocketNames.name(SocketNames.TYPES, type)
                    + ", and Unix sockets that are made are stream, dgram or seqpacket");
        }
        if (!isNamed && said.operation() != SocketOperation.SEND) {
            problems.add(said.at(), said.owner() + " has no path and no abstractName, one of which Unix sockets need for " + said.operation().word());
        }
        said.path().flatMap(_ -> said.abstractName()).ifPresent(other -> refuse(other, said.owner() + " has both path and abstractName; a socket has one"));
    }

    private void refuseNames(Said said, int family) {
        said.path().or(said::abstractName).ifPresent(name -> refuse(name, said.owner() + " has a name of a Unix socket, which sockets of the family "
                + NetworkReader.familyName(family) + " do not have"));
    }

    private Optional<Attempt.Endpoint> end(Said said, int family, int type, int protocol) {
        if (said.address().isEmpty()) {
            problems.add(said.at(), said.owner() + " has no address, by which " + said.operation().word() + " is judged");
        }
        boolean needsPort = type != SocketNames.SOCK_RAW && !WITHOUT_PORTS.contains(protocol);
        if (said.port().isEmpty() && needsPort) {
            problems.add(said.at(), said.owner() + " has no port, by which " + said.operation().word() + " is judged");
        }
        said.address().filter(address -> family == SocketNames.AF_INET && !address.value().isIpv4())
                .ifPresent(address -> refuse(address, said.owner() + ".address is one of IPv6, which a socket of the family inet cannot have"));
        return said.address().map(address -> new Attempt.Endpoint(address.value(), said.port().map(Located::value).orElse(0)));
    }

    private Optional<Attempt.Endpoint> noEnd(Said said, int family) {
        Optional<? extends Located<?>> wrong = said.address().isPresent() ? said.address() : said.port();
        wrong.ifPresent(some -> refuse(some, said.owner() + " has an address or port, which the kernel does not tell for " + said.operation().word()
                + " of sockets of the family " + NetworkReader.familyName(family)));
        return Optional.empty();
    }

    private void refuse(Located<?> at, String message) {
        problems.add(at.at(), message);
    }
}
