package io.bpfguard.policy.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Names of socket families, types and protocols ({@code include/linux/socket.h}, {@code include/linux/net.h},
 * {@code include/uapi/linux/in.h}).
 */
public final class SocketNames {
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int AF_NETLINK = 16;
    public static final int AF_SMC = 43;
    public static final int SOCK_STREAM = 1;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_RAW = 3;
    public static final int SOCK_SEQPACKET = 5;
    public static final int IPPROTO_TCP = 6;
    public static final int IPPROTO_SMC = 256;
    public static final int IPPROTO_MPTCP = 262;

    /** Families, without {@code AF_}. */
    public static final Map<String, Integer> FAMILIES = table("unix 1 inet 2 ax25 3 ipx 4 appletalk 5 netrom 6 bridge 7 atmpvc 8 x25 9 inet6 10"
            + " rose 11 decnet 12 netbeui 13 security 14 key 15 netlink 16 packet 17 ash 18 econet 19 atmsvc 20 rds 21 sna 22 irda 23 pppox 24"
            + " wanpipe 25 llc 26 ib 27 mpls 28 can 29 tipc 30 bluetooth 31 iucv 32 rxrpc 33 isdn 34 phonet 35 ieee802154 36 caif 37 alg 38 nfc 39"
            + " vsock 40 kcm 41 qipcrtr 42 smc 43 xdp 44 mctp 45");
    /** Types, without {@code SOCK_}. */
    public static final Map<String, Integer> TYPES = table("stream 1 dgram 2 raw 3 rdm 4 seqpacket 5 dccp 6 packet 10");
    /** Protocols of {@code inet} and {@code inet6}, without {@code IPPROTO_}. */
    public static final Map<String, Integer> PROTOCOLS = table("icmp 1 igmp 2 ipip 4 tcp 6 egp 8 pup 12 udp 17 idp 22 tp 29 dccp 33 ipv6 41 rsvp 46 gre 47"
            + " esp 50 ah 51 icmpv6 58 mtp 92 beetph 94 encap 98 pim 103 comp 108 l2tp 115 sctp 132 udplite 136 mpls 137 ethernet 143 raw 255 smc 256"
            + " mptcp 262");

    private SocketNames() {}

    /** The name of a number, or the number itself where it has none. */
    public static String name(Map<String, Integer> names, int number) {
        return names.entrySet().stream().filter(entry -> entry.getValue() == number).map(Map.Entry::getKey).findFirst()
                .orElse(Integer.toString(number));
    }

    private static Map<String, Integer> table(String text) {
        String[] words = text.split(" ");
        Map<String, Integer> names = new LinkedHashMap<>();
        for (int i = 0; i < words.length; i += 2) {
            names.put(words[i], Integer.valueOf(words[i + 1]));
        }
        return Collections.unmodifiableMap(names);
    }
}
