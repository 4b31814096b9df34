package io.bpfguard.policy.compiled;

/**
 * What is done with a socket. The ordinal is the index into the verdict of an address ({@code enum socket_operation} in
 * {@code bpf/src/main/c/ruleset.h}).
 */
public enum SocketOperation {
    /** A socket is made. */
    CREATE,
    /** It is connected to an address, also by sending with MSG_FASTOPEN. */
    CONNECT,
    /** Something is sent to an address. */
    SEND,
    /** An address becomes its own. */
    BIND,
    /** It begins to wait for connections. */
    LISTEN,
    /** It takes a connection. */
    ACCEPT
}
