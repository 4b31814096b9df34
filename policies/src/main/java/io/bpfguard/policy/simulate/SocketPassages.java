package io.bpfguard.policy.simulate;

import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.Key;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.SocketNames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * What is done with sockets, as the kernel side sees it ({@code socket_….bpf.c}, {@code unix_….bpf.c} and {@code path_mknod.bpf.c}
 * in {@code bpf/src/main/c}): by which hooks it comes, where the address is known, and which operations are judged there.
 *
 * @param use what is done
 */
record SocketPassages(Attempt.UseSocket use) {
    private static final int AF_PACKET = SocketNames.FAMILIES.get("packet");
    private static final int IPPROTO_SCTP = SocketNames.PROTOCOLS.get("sctp");

    Way way() {
        boolean isUnix = use.family() == SocketNames.AF_UNIX;
        boolean isDatagram = use.type() == SocketNames.SOCK_DGRAM;
        return switch (use.operation()) {
            case CREATE -> creation();
            case CONNECT -> !isUnix ? Way.inOrder("", judged(LsmHook.SOCKET_CONNECT, SocketOperation.CONNECT))
                    : Way.inOrder("", called(LsmHook.SOCKET_CONNECT), isDatagram ? judged(LsmHook.UNIX_MAY_SEND, SocketOperation.REACH)
                            : judged(LsmHook.UNIX_STREAM_CONNECT, SocketOperation.CONNECT));
            case SEND -> isUnix ? unixSend(isDatagram) : Way.inOrder("", judged(LsmHook.SOCKET_SENDMSG, sent()));
            case BIND -> isUnix && use.name().startsWith("/")
                    ? Way.inOrder("", called(LsmHook.SOCKET_BIND), judged(LsmHook.PATH_MKNOD, SocketOperation.BIND))
                    : Way.inOrder("", judged(LsmHook.SOCKET_BIND, SocketOperation.BIND));
            case LISTEN -> Way.inOrder("", judged(LsmHook.SOCKET_LISTEN, SocketOperation.LISTEN));
            case ACCEPT -> Way.inOrder("", judged(LsmHook.SOCKET_ACCEPT, SocketOperation.ACCEPT));
            case SEND_CONNECTED, REACH -> throw new IllegalArgumentException("no program does " + use.operation());
        };
    }

    /** Raw and packet sockets ask for a capability behind the hook ({@code inet_create}, {@code packet_create}). */
    private Way creation() {
        Passage create = judged(LsmHook.SOCKET_CREATE, SocketOperation.CREATE).askOfCall(Map.of(
                Extractor.argument(0, Integer.SIZE, true), (long) use.family(), Extractor.argument(1, Integer.SIZE, true), (long) use.type()));
        boolean isRaw = use.family() == AF_PACKET
                || use.type() == SocketNames.SOCK_RAW && (use.family() == SocketNames.AF_INET || use.family() == SocketNames.AF_INET6);
        return isRaw ? Way.inOrder("", create, Passage.capable("NET_RAW")) : Way.inOrder("", create);
    }

    /** A datagram's peer is told by its name, whether or not the socket is connected to it. */
    private Way unixSend(boolean isDatagram) {
        return isDatagram ? Way.inOrder("", called(LsmHook.SOCKET_SENDMSG),
                judged(LsmHook.UNIX_MAY_SEND, use.name().isEmpty() ? SocketOperation.SEND_CONNECTED : SocketOperation.REACH))
                : Way.inOrder("", judged(LsmHook.SOCKET_SENDMSG, SocketOperation.SEND_CONNECTED));
    }

    /** With an address a stream connects (MSG_FASTOPEN), and so does SCTP. */
    private SocketOperation[] sent() {
        if (use.isConnected()) {
            return new SocketOperation[] {SocketOperation.SEND_CONNECTED};
        }
        return use.type() == SocketNames.SOCK_STREAM || use.protocol() == IPPROTO_SCTP
                ? new SocketOperation[] {SocketOperation.CONNECT, SocketOperation.SEND_CONNECTED} : new SocketOperation[] {SocketOperation.SEND};
    }

    /** A hook where the address is not known yet. */
    private static Passage called(LsmHook hook) {
        return Passage.at(hook).askOfCall(Map.of());
    }

    private Passage judged(LsmHook hook, SocketOperation... operations) {
        Key key = key();
        return called(hook).ask(Matcher.ADDRESS, verdicts -> strongest(verdicts, key.bytes(verdicts.fields()), operations));
    }

    private static Verdict strongest(Verdicts verdicts, byte[] key, SocketOperation... operations) {
        return Arrays.stream(operations).map(operation -> verdicts.key(key, operation.ordinal())).max(Verdict.WEAKEST_FIRST).orElseThrow();
    }

    private Key key() {
        Key key = new Key().with(KeyField.SOCKET_FAMILY, use.family()).with(KeyField.SOCKET_TYPE, use.type())
                .with(KeyField.SOCKET_PROTOCOL, use.protocol()).with(KeyField.SOCKET_NAME, use.name().getBytes(StandardCharsets.UTF_8));
        boolean isDestination = use.operation() == SocketOperation.CONNECT || use.operation() == SocketOperation.SEND && !use.isConnected();
        use.end().ifPresent(end -> {
            Cidr address = isDestination ? end.address().destination() : end.address();
            key.with(KeyField.ADDRESS, address.bytes()).with(KeyField.PORT, end.port());
        });
        return key;
    }
}
