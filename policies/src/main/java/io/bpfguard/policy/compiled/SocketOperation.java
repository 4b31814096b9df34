package io.bpfguard.policy.compiled;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * What is done with a socket. The ordinal is the index into the verdict of an address ({@code enum socket_operation} in
 * {@code bpf/src/main/c/ruleset.h}).
 */
public enum SocketOperation {
    /** A socket is made. */
    CREATE,
    /** It is connected to an address, also by sending with MSG_FASTOPEN. */
    CONNECT,
    /** Something is sent to the address that the call names. */
    SEND,
    /** An address becomes its own. */
    BIND,
    /** It begins to wait for connections. */
    LISTEN,
    /** It takes a connection. */
    ACCEPT,
    /** Something is sent to the peer of a connected socket. */
    SEND_CONNECTED,
    /** A Unix datagram socket is connected or sends: the kernel asks one question for both. */
    REACH;

    /**
     * What a default is about. Sending on a connection is not: who was allowed to connect, or to accept, may use the
     * connection.
     */
    public static final Set<SocketOperation> OF_DEFAULTS = Set.copyOf(EnumSet.complementOf(EnumSet.of(SEND_CONNECTED)));

    /** The word of the policy language. */
    public String word() {
        return switch (this) {
            case SEND_CONNECTED, REACH -> "send";
            default -> name().toLowerCase(Locale.ROOT);
        };
    }

    /** What a word of the policy language stands for. */
    public static Set<SocketOperation> of(String word) {
        return switch (word) {
            case "create" -> Set.of(CREATE);
            case "connect" -> Set.of(CONNECT, REACH);
            case "send" -> Set.of(SEND, SEND_CONNECTED, REACH);
            case "bind" -> Set.of(BIND);
            case "listen" -> Set.of(LISTEN);
            case "accept" -> Set.of(ACCEPT);
            default -> throw new IllegalArgumentException("no operation " + word);
        };
    }
}
