package io.bpfguard.policy.simulate;

import static io.bpfguard.policy.Policies.document;
import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.model.PolicyException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cases about sockets, on what the compiler makes of rules on them. */
class SocketCasesTest {
    private static final FakeNode NODE = FakeNode.debian13();
    private static final List<String> OPERATIONS = List.of("create", "connect", "send", "bind", "listen", "accept");

    /** A socket of a kind, and what each operation needs besides. */
    private static final Map<String, String> ENDS = Map.of(
            "protocol: tcp, family: inet", ", address: 192.0.2.1, port: 80",
            "protocol: udp, family: inet6", ", address: \"2001:db8::1\", port: 53",
            "family: unix, type: stream", ", path: /run/x.sock",
            "family: unix, type: seqpacket", ", abstractName: x",
            "family: unix, type: dgram", ", path: /run/x.sock",
            "family: packet, type: raw", "");

    private static String attempt(String operation, String socket) {
        return "{network: " + operation + ", " + socket + (operation.equals("create") ? "" : ENDS.get(socket));
    }

    @Test
    void anOperationIsJudgedByTheRulesOnIt() throws PolicyException {
        for (String rule : OPERATIONS) {
            String policy = document("p", "{network: [{action: deny, operations: [" + rule + "]}]}");
            for (String socket : ENDS.keySet()) {
                boolean isDatagram = socket.contains("udp") || socket.contains("dgram") || socket.contains("raw");
                for (String done : OPERATIONS) {
                    if (isDatagram && List.of("listen", "accept").contains(done)) {
                        continue;
                    }
                    boolean isOne = socket.contains("dgram") && Set.copyOf(List.of(rule, done)).equals(Set.of("connect", "send"));
                    Cases.pass(policy, NODE, attempt(done, socket) + ", expect: " + (rule.equals(done) || isOne ? "deny" : "allow") + "}");
                }
            }
        }
    }

    private static final String POLICY = document("p", """
            network:
              - {name: metadata, action: deny, operations: [connect, send], addresses: [169.254.169.254, "fd00:ec2::254"]}
              - {name: loopback, action: deny, operations: [connect], addresses: [127.0.0.0/8, "::1"], ports: [8000-8999]}
              - {name: tcp, action: kill, operations: [create], protocols: [tcp], families: [inet6]}
              - {name: ssh, action: deny, errno: EACCES, operations: [bind], ports: [22]}
              - {name: sockets, action: deny, paths: [/run/containerd/*.sock], abstractNames: ["/shim/*"]}
              - {name: alg, action: deny, families: [alg, rds]}
            lsmHooks: [{name: any, action: audit, names: [socket_listen]}]
            """);

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{network: connect, address: 169.254.169.254, port: 80, protocol: tcp, expect: deny, rule: metadata}",
        "{network: connect, address: '::ffff:169.254.169.254', port: 80, family: inet6, protocol: mptcp, expect: deny}",
        "{network: connect, address: 169.254.169.253, port: 80, protocol: tcp, expect: allow}",
        "{network: send, address: 'fd00:ec2::254', port: 1, protocol: udp, expect: deny}",
        "{network: send, address: 'fd00:ec2::254', port: 1, protocol: udp, connected: true, expect: deny}",
        "{network: send, address: 169.254.169.254, port: 80, protocol: tcp, expect: deny}",
        "{network: send, address: 127.0.0.1, port: 8000, protocol: tcp, expect: allow}",
        "{name: MSG_FASTOPEN, network: send, address: 127.0.0.1, port: 8000, protocol: tcp, connected: false, expect: deny, rule: loopback}",
        "{name: SCTP, network: send, address: 127.0.0.1, port: 8000, type: seqpacket, expect: deny, rule: loopback}",
        "{network: send, address: 127.0.0.1, port: 8000, type: seqpacket, connected: true, expect: allow}",
        "{network: connect, address: 0.0.0.0, port: 8999, protocol: tcp, expect: deny, rule: loopback}",
        "{network: connect, address: '::', port: 8999, protocol: tcp, expect: deny, rule: loopback}",
        "{network: connect, address: 0.0.0.0, port: 9000, protocol: tcp, expect: allow}",
        "{network: create, family: inet6, type: stream, expect: kill, rule: tcp}",
        "{network: create, family: inet6, type: stream, protocol: 0, expect: kill}",
        "{network: create, family: inet6, protocol: mptcp, expect: kill}",
        "{network: create, family: inet, type: stream, expect: allow}",
        "{network: create, family: inet6, protocol: udp, expect: allow}",
        "{network: bind, address: 0.0.0.0, port: 22, protocol: tcp, expect: deny, errno: EACCES, rule: ssh}",
        "{network: bind, address: 0.0.0.0, port: 23, protocol: tcp, expect: allow}",
        "{network: connect, path: /run/containerd/c.sock, type: stream, expect: deny, rule: sockets}",
        "{network: connect, path: /run/x.sock, type: stream, expect: allow}",
        "{network: send, path: /run/containerd/c.sock, type: dgram, expect: deny}",
        "{network: send, family: unix, type: dgram, expect: allow}",
        "{network: send, family: unix, type: stream, expect: allow}",
        "{network: bind, path: /run/containerd/c.sock, type: stream, expect: deny}",
        "{network: connect, abstractName: /shim/x, type: seqpacket, expect: deny}",
        "{network: bind, abstractName: /shim/x, type: dgram, expect: deny}",
        "{network: bind, path: /shim/x, type: dgram, expect: allow}",
        "{network: create, family: unix, type: stream, expect: allow}",
        "{network: create, family: alg, type: seqpacket, expect: deny, rule: alg}",
        "{network: send, family: alg, type: seqpacket, expect: deny, rule: alg}",
        "{network: connect, family: rds, type: seqpacket, address: 192.0.2.1, port: 1, expect: deny, rule: alg}",
        "{name: every call of the hook, network: listen, address: 0.0.0.0, port: 80, protocol: tcp, expect: audit, rule: any}",
        "{name: ping, network: send, address: 169.254.169.254, type: dgram, protocol: icmp, expect: deny}",
    })
    void saysWhatTheRulesSay(String one) throws PolicyException {
        Cases.pass(POLICY, NODE, one);
    }

    @Test
    void anAllowListIsWhatTheContainerCanDo() throws PolicyException {
        String policy = document("p", """
                defaults: {network: deny}
                network: [{action: allow, operations: [connect], protocols: [tcp], addresses: [10.0.0.0/8], ports: [443]}]
                """);
        Cases.pass(policy, NODE,
                "{network: create, family: inet, protocol: tcp, expect: allow}",
                "{network: create, family: inet, protocol: udp, expect: deny, rule: defaults.network}",
                "{network: connect, address: 10.1.2.3, port: 443, protocol: tcp, expect: allow}",
                "{network: connect, address: 10.1.2.3, port: 443, protocol: udp, expect: deny}",
                "{network: connect, address: 10.1.2.3, port: 80, protocol: tcp, expect: deny}",
                "{name: what is connected may be used, network: send, address: 192.0.2.1, port: 80, protocol: tcp, expect: allow}",
                "{network: send, address: 192.0.2.1, port: 80, protocol: udp, expect: deny}");
    }

    @Test
    void rawSocketsAskForACapability() throws PolicyException {
        Cases.pass(document("p", "{capabilities: [{action: deny, names: [NET_RAW]}]}"), NODE,
                "{network: create, family: packet, type: dgram, expect: deny}",
                "{network: create, family: inet6, type: raw, protocol: icmpv6, expect: deny}",
                "{network: create, family: netlink, type: raw, expect: allow}",
                "{network: send, family: packet, type: raw, expect: allow}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{network: conect, expect: deny}|t.yaml:8:17: cases[0].network cannot be \"conect\"; did you mean \"connect\"?",
        "{network: connect, port: 80, protocol: tcp, expect: deny}|t.yaml:8:7: cases[0] has no family, and no address, path or abstractName that tells it",
        "{network: create, protocol: tcp, expect: deny}|t.yaml:8:7: cases[0] has no family",
        "{network: connect, address: 1.2.3.4, port: 80, expect: deny}|t.yaml:8:7: cases[0] has no type, and no protocol that tells it",
        "{network: connect, address: 1.2.3.4, port: 80, type: raw, expect: deny}|t.yaml:8:7: cases[0] has no protocol, which sockets of the type raw need",
        "{network: connect, address: 1.2.3.4, protocol: tcp, expect: deny}|t.yaml:8:7: cases[0] has no port, by which connect is judged",
        "{network: bind, family: inet, port: 80, protocol: tcp, expect: deny}|t.yaml:8:7: cases[0] has no address, by which bind is judged",
        "{network: connect, address: 1.2.3.0/24, port: 80, protocol: tcp, expect: deny}|t.yaml:8:35: cases[0].address is a network, and a case is about one address",
        "{network: connect, address: 1.2.3, port: 80, protocol: tcp, expect: deny}|t.yaml:8:35: cases[0].address is \"1.2.3\", which is no IPv4 or IPv6 address",
        "{network: connect, address: '::1', port: 80, family: inet, protocol: tcp, expect: deny}|t.yaml:8:35: cases[0].address is one of IPv6",
        "{network: connect, address: 1.2.3.4, port: 66000, protocol: tcp, expect: deny}|t.yaml:8:50: cases[0].port cannot be 66000",
        "{network: connect, address: 1.2.3.4, port: 80, protocol: tcp, type: dgram, expect: deny}|t.yaml:8:7: cases[0] has the type dgram, and sockets of its protocol are stream",
        "{network: create, family: inett, type: stream, expect: deny}|t.yaml:8:33: cases[0].family cannot be \"inett\"; did you mean \"inet\"?",
        "{network: create, family: inet, protocol: tcp, port: 80, expect: deny}|t.yaml:8:60: cases[0] has an address or port, which the kernel does not tell for create",
        "{network: send, family: vsock, type: stream, address: 1.2.3.4, port: 80, expect: deny}|t.yaml:8:61: cases[0] has an address or port",
        "{network: connect, path: run/x, type: stream, expect: deny}|t.yaml:8:32: cases[0].path must begin with /",
        "{network: connect, family: unix, type: stream, expect: deny}|t.yaml:8:7: cases[0] has no path and no abstractName",
        "{network: connect, path: /x, abstractName: x, type: stream, expect: deny}|t.yaml:8:50: cases[0] has both path and abstractName",
        "{network: connect, path: /x, type: raw, expect: deny}|t.yaml:8:7: cases[0] has the type raw, and Unix sockets that are made are stream, dgram or seqpacket",
        "{network: create, path: /x, type: stream, expect: deny}|t.yaml:8:31: cases[0] has a name, and a socket that is made has none yet",
        "{network: connect, path: /x, family: inet, address: 1.2.3.4, port: 1, protocol: tcp, expect: deny}|t.yaml:8:32: cases[0] has a name of a Unix socket",
        "{network: listen, path: /x, type: dgram, expect: deny}|t.yaml:8:7: cases[0] is about listen, which sockets of the type dgram cannot do",
        "{network: bind, address: 1.2.3.4, port: 1, protocol: tcp, connected: true, expect: deny}|t.yaml:8:76: cases[0] has connected",
        "{network: send, address: 1.2.3.4, port: 1, protocol: tcp, connected: yes, expect: deny}|t.yaml:8:76: cases[0].connected cannot be \"yes\"",
        "{network: create, family: netlink, type: raw, protocol: tcp, expect: deny}|t.yaml:8:63: cases[0].protocol is a name of IP's protocols",
        "{network: send, family: packet, type: raw, protocol: 3, expect: deny}|t.yaml:8:60: cases[0] has a protocol, which the kernel tells of sockets of the family packet only when they are made",
        "{network: create, family: alg, type: seqpacket, adress: 1.2.3.4, expect: deny}|t.yaml:8:55: unknown key \"adress\" in cases[0]; did you mean \"address\"?",
    })
    void wrongCasesAreRefused(String one, String message) {
        Cases.refused(POLICY, NODE, one, message);
    }

    @Test
    void aFailedCaseSaysWhy() throws PolicyException {
        Cases.fail(POLICY, NODE, "{network: bind, address: 0.0.0.0, port: 22, protocol: tcp, expect: allow}", "deny with EACCES by policy p, network[3] (ssh)");
        assertThat(Cases.run(POLICY, NODE, "{network: create, family: alg, type: seqpacket, expect: deny}").getFirst().test().name()).isEqualTo("network create");
    }
}
