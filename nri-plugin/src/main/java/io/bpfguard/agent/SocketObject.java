package io.bpfguard.agent;

import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.SocketNames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * What an event says of a socket and an address: {@code struct socket_key} of ruleset.h, and a Unix socket's name.
 *
 * @param family the socket's, {@code AF_}
 * @param type the socket's, {@code SOCK_}
 * @param protocol the socket's, {@code IPPROTO_} or what its family calls so
 * @param port 0 where there is none
 * @param address an IP address as text; empty where there is none
 * @param name of a Unix socket: a path, or {@code @} and an abstract name in which NULs are {@code @} too; empty where there is none
 */
record SocketObject(int family, int type, int protocol, int port, String address, String name) {
    private static final int HEAD = 25;
    private static final int KIND = 8;
    private static final int ADDRESS = 9;
    private static final int IPV4 = 4;
    private static final Set<Integer> IP = Set.of(SocketNames.AF_INET, SocketNames.AF_INET6, SocketNames.AF_SMC);

    /** Reads the bytes of an event's object, one per character; empty where the decision did not come as far as an address. */
    static Optional<SocketObject> of(String object) {
        byte[] bytes = object.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < HEAD) {
            return Optional.empty();
        }
        int kind = bytes[KIND];
        String address = kind == 0 ? "" : Cidr.text(Arrays.copyOfRange(bytes, ADDRESS, HEAD), kind == IPV4);
        byte[] name = Arrays.copyOfRange(bytes, HEAD, bytes.length);
        if (name.length > 0 && name[0] == 1) {
            for (int i = 0; i < name.length; i++) {
                name[i] = i == 0 || name[i] == 0 ? (byte) '@' : name[i];
            }
        }
        return Optional.of(new SocketObject(number(bytes, 0), number(bytes, 2), number(bytes, 4), number(bytes, 6), address,
                new String(name, StandardCharsets.UTF_8)));
    }

    private static int number(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << Byte.SIZE | bytes[at + 1] & 0xff;
    }

    /** For people: {@code tcp 192.0.2.1:80}, {@code udp [2001:db8::1]:53}, {@code unix /run/x.sock}, {@code packet raw 3}. */
    String text() {
        String familyName = SocketNames.name(SocketNames.FAMILIES, family);
        String typeName = SocketNames.name(SocketNames.TYPES, type);
        String protocolName = IP.contains(family) ? SocketNames.name(SocketNames.PROTOCOLS, protocol) : Integer.toString(protocol);
        if (!address.isEmpty()) {
            String host = address.indexOf(':') < 0 ? address : "[" + address + "]";
            String raw = type == SocketNames.SOCK_RAW ? "raw " : "";
            return (IP.contains(family) ? raw + protocolName : familyName) + " " + host + ":" + port;
        }
        if (!name.isEmpty()) {
            return familyName + " " + name;
        }
        return familyName + " " + typeName + (family == SocketNames.AF_UNIX ? "" : " " + protocolName);
    }
}
