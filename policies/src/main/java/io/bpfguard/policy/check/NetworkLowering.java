package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.SocketNames;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Lowers a rule on sockets to keys, at the hooks that its operations pass. */
record NetworkLowering(Lowering.Builder builder) {
    private static final GlobToken ABSTRACT = new GlobToken.One(ByteSet.of(1));
    private static final GlobToken ANY_BYTES = new GlobToken.Many(ByteSet.ALL);
    /** Whose protocols are those of IP. */
    private static final Set<Integer> IP = Set.of(SocketNames.AF_INET, SocketNames.AF_INET6, SocketNames.AF_SMC);

    private static final String ADDRESS_NOTE = "Raw and packet sockets can write other addresses into their packets than they are asked for; deny making them (types: [raw], families: [packet]).";
    private static final String ACCEPT_NOTE = "For accept, addresses, ports, paths and abstractNames are those of the socket that listens.";
    private static final String SEND_NOTE = "Before Linux 6.5, sendfile and splice to a connected socket are not judged as send.";
    private static final String NAME_NOTE = "A path is the one that the socket was bound to, as whoever bound it sees it.";

    /** Which sockets a rule can be about, as far as the choice of hooks goes. */
    private record Scope(boolean unixPaths, boolean unixOthers, boolean others, boolean streams) {
        static final Scope ALL = new Scope(true, true, true, true);

        static Scope of(Rule.Network rule) {
            Set<Integer> families = families(rule);
            boolean unix = !rule.isAboutIp() && (families.isEmpty() || families.contains(SocketNames.AF_UNIX));
            boolean others = !rule.isAboutNames() && !families.equals(Set.of(SocketNames.AF_UNIX));
            Set<Integer> types = rule.types();
            return new Scope(unix && (rule.abstractNames().isEmpty() || !rule.paths().isEmpty()), unix, others,
                    types.isEmpty() || types.contains(SocketNames.SOCK_STREAM) || types.contains(SocketNames.SOCK_SEQPACKET));
        }
    }

    void add(Rule.Network rule) {
        Position at = rule.head().at();
        Set<SocketOperation> operations = EnumSet.copyOf(rule.operations());
        boolean allows = builder.action() == Action.ALLOW;
        if (allows || rule.isAboutIp() || rule.isAboutNames()) {
            operations.remove(SocketOperation.CREATE);
        }
        if (allows) {
            add(new Subject.Keys(creation(rule), Subject.numbers(Set.of(SocketOperation.CREATE))), Set.of(SocketOperation.CREATE), Scope.of(rule), "", at);
        }
        if (!operations.isEmpty()) {
            add(new Subject.Keys(fields(rule), Subject.numbers(operations)), operations, Scope.of(rule), note(rule, operations), at);
        }
    }

    void add(FamilyDefault rest) {
        add(new Subject.Rest(Subject.numbers(SocketOperation.OF_DEFAULTS)), SocketOperation.OF_DEFAULTS, Scope.ALL, ADDRESS_NOTE, rest.at());
    }

    private void add(Subject subject, Set<SocketOperation> operations, Scope scope, String note, Position at) {
        hooks(operations, scope).forEach(hook -> builder.add(Family.NETWORK, hook, Matcher.ADDRESS, subject, note, at));
    }

    private static Set<LsmHook> hooks(Set<SocketOperation> operations, Scope scope) {
        Set<LsmHook> hooks = new LinkedHashSet<>();
        for (SocketOperation operation : operations.stream().sorted().toList()) {
            switch (operation) {
                case CREATE -> hooks.add(LsmHook.SOCKET_CREATE);
                case CONNECT -> {
                    if (scope.others()) {
                        hooks.add(LsmHook.SOCKET_CONNECT);
                    }
                    if (scope.others() && scope.streams()) {
                        hooks.add(LsmHook.SOCKET_SENDMSG); // MSG_FASTOPEN, and SCTP
                    }
                    if (scope.unixOthers() && scope.streams()) {
                        hooks.add(LsmHook.UNIX_STREAM_CONNECT);
                    }
                }
                case SEND, SEND_CONNECTED -> {
                    if (scope.others() || scope.streams()) {
                        hooks.add(LsmHook.SOCKET_SENDMSG);
                    }
                    if (scope.unixOthers()) {
                        hooks.add(LsmHook.UNIX_MAY_SEND);
                    }
                }
                case REACH -> {
                    if (scope.unixOthers()) {
                        hooks.add(LsmHook.UNIX_MAY_SEND);
                    }
                }
                case BIND -> {
                    hooks.add(LsmHook.SOCKET_BIND);
                    if (scope.unixPaths()) {
                        hooks.add(LsmHook.PATH_MKNOD);
                    }
                }
                case LISTEN -> hooks.add(LsmHook.SOCKET_LISTEN);
                case ACCEPT -> hooks.add(LsmHook.SOCKET_ACCEPT);
            }
        }
        return hooks;
    }

    private static String note(Rule.Network rule, Set<SocketOperation> operations) {
        List<String> notes = new ArrayList<>();
        if (rule.isAboutIp()) {
            notes.add(ADDRESS_NOTE);
        }
        if (!rule.paths().isEmpty()) {
            notes.add(NAME_NOTE);
        }
        if (operations.contains(SocketOperation.ACCEPT) && (rule.isAboutIp() || rule.isAboutNames())) {
            notes.add(ACCEPT_NOTE);
        }
        if (operations.contains(SocketOperation.SEND_CONNECTED)) {
            notes.add(SEND_NOTE);
        }
        return String.join(" ", notes);
    }

    private static Map<KeyField, List<List<GlobToken>>> fields(Rule.Network rule) {
        Map<KeyField, List<List<GlobToken>>> fields = socket(rule, families(rule));
        if (rule.isAboutIp()) {
            fields.put(KeyField.ADDRESS, rule.addresses().isEmpty() ? List.of(Cidr.anyTokens())
                    : rule.addresses().stream().map(Located::value).map(Cidr::tokens).distinct().toList());
        }
        if (!rule.ports().isEmpty()) {
            fields.put(KeyField.PORT, rule.ports().stream()
                    .flatMap(range -> IntegerPatterns.range(range.first(), range.last(), KeyField.PORT.width()).stream()).distinct().toList());
        }
        if (rule.isAboutNames()) {
            List<List<GlobToken>> names = new ArrayList<>();
            rule.paths().forEach(glob -> names.addAll(glob.value().alternatives()));
            rule.abstractNames().forEach(glob -> glob.value().alternatives().forEach(tokens -> names.add(abstractName(tokens))));
            fields.put(KeyField.SOCKET_NAME, names);
        }
        return fields;
    }

    /** Who may use a socket may make it: the sockets that a rule's addresses are for. */
    private static Map<KeyField, List<List<GlobToken>>> creation(Rule.Network rule) {
        Set<Integer> families = families(rule);
        if (families.isEmpty() && rule.isAboutIp()) {
            boolean ipv6 = !rule.addresses().isEmpty() && rule.addresses().stream().noneMatch(address -> address.value().isIpv4());
            families = ipv6 ? Set.of(SocketNames.AF_INET6) : Set.of(SocketNames.AF_INET, SocketNames.AF_INET6);
        }
        return socket(rule, families);
    }

    private static Set<Integer> families(Rule.Network rule) {
        if (!rule.families().isEmpty()) {
            return rule.families();
        }
        if (rule.isAboutNames()) {
            return Set.of(SocketNames.AF_UNIX);
        }
        return rule.protocols().isEmpty() ? Set.of() : IP;
    }

    private static Map<KeyField, List<List<GlobToken>>> socket(Rule.Network rule, Set<Integer> families) {
        Map<KeyField, List<List<GlobToken>>> fields = new EnumMap<>(KeyField.class);
        putNumbers(fields, KeyField.SOCKET_FAMILY, families);
        putNumbers(fields, KeyField.SOCKET_TYPE, rule.types());
        putNumbers(fields, KeyField.SOCKET_PROTOCOL, rule.protocols());
        return fields;
    }

    private static void putNumbers(Map<KeyField, List<List<GlobToken>>> fields, KeyField field, Collection<Integer> numbers) {
        if (!numbers.isEmpty()) {
            fields.put(field, numbers.stream().sorted().map(number -> IntegerPatterns.equal(number, field.width())).toList());
        }
    }

    /** Abstract names may hold any byte: what matches any byte of a name matches NUL too. */
    private static List<GlobToken> abstractName(List<GlobToken> glob) {
        List<GlobToken> tokens = new ArrayList<>(List.of(ABSTRACT));
        for (GlobToken token : glob) {
            tokens.add(switch (token) {
                // UTF-8 has no byte 255: only ? and [!x] match it.
                case GlobToken.One(ByteSet bytes) when bytes.contains(255) -> new GlobToken.One(bytes.union(ByteSet.of(0)));
                case GlobToken.Anything _ -> ANY_BYTES;
                default -> token;
            });
        }
        return tokens;
    }
}
