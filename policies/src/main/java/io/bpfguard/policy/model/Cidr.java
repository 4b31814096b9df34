package io.bpfguard.policy.model;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A set of IP addresses with the same first bits. An IPv4 address and the IPv6 address that stands for it
 * ({@code ::ffff:a.b.c.d}) are one; no other IPv6 set holds IPv4 addresses, not even {@code ::/0}.
 *
 * @param isIpv4 whether these are IPv4 addresses
 * @param high the upper half of the first address, an IPv4 one written as {@code ::ffff:a.b.c.d}
 * @param low the lower half
 * @param prefix how many bits are the same, of 128
 */
public record Cidr(boolean isIpv4, long high, long low, int prefix) {
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern LEADING_ZERO = Pattern.compile("(.*\\.)?0[0-9].*");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
    private static final Pattern PREFIX = Pattern.compile("0|[1-9][0-9]{0,2}");
    /** What every text looks like that {@link #parse} accepts; of those that look so it refuses some. */
    public static final Pattern SHAPE = Pattern.compile("(" + IPV4 + "|" + IPV6 + ")(/(" + PREFIX + "))?");
    private static final int IPV4_BITS = 32;
    private static final int BITS = 128;
    private static final long MAPPED = 0xffff00000000L;
    private static final int LOOPBACK = 0x7f000001;
    private static final int KIND_IPV4 = 4;
    private static final int KIND_IPV6 = 6;

    /** What is wrong with a text, as the end of a sentence about it. */
    public static final class SyntaxException extends Exception {
        private static final long serialVersionUID = 1;

        SyntaxException(String message) {
            super(message);
        }
    }

    /** Reads {@code 10.0.0.0/8}, {@code fd00::/8} or a single address. */
    public static Cidr parse(String text) throws SyntaxException {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        boolean dotted = IPV4.matcher(address).matches();
        byte[] bytes = bytes(address, dotted);
        int width = dotted ? IPV4_BITS : BITS;
        int length = width;
        if (slash >= 0) {
            String prefix = text.substring(slash + 1);
            if (!PREFIX.matcher(prefix).matches() || Integer.parseInt(prefix) > width) {
                throw new SyntaxException("has the prefix length \"" + prefix + "\"; " + (dotted ? "IPv4 has 0 to 32" : "IPv6 has 0 to 128"));
            }
            length = Integer.parseInt(prefix);
        }
        return of(bytes, length + BITS - width, address);
    }

    private static byte[] bytes(String text, boolean dotted) throws SyntaxException {
        if (dotted && LEADING_ZERO.matcher(text).matches()) {
            throw new SyntaxException("has a number with a leading zero, which some read as octal");
        }
        if (!dotted && !IPV6.matcher(text).matches()) {
            throw new SyntaxException(text.indexOf('%') >= 0 && text.indexOf(':') >= 0
                    ? "has a zone; addresses are judged without the interface they belong to"
                    : "is no IPv4 or IPv6 address, with or without a prefix length (10.0.0.0/8, fd00::/8, 192.0.2.1)");
        }
        try {
            return dotted ? Inet4Address.ofLiteral(text).getAddress() : Inet6Address.ofLiteral(text).getAddress();
        } catch (IllegalArgumentException e) {
            throw new SyntaxException("is no " + (dotted ? "IPv4" : "IPv6") + " address");
        }
    }

    private static Cidr of(byte[] address, int prefix, String text) throws SyntaxException {
        long high = 0;
        long low = MAPPED;
        if (address.length == Integer.BYTES) {
            low |= number(address, 0, Integer.BYTES);
        } else {
            high = number(address, 0, Long.BYTES);
            low = number(address, Long.BYTES, Long.BYTES);
        }
        Cidr network = new Cidr(prefix >= BITS - IPV4_BITS && high == 0 && low >>> IPV4_BITS == 0xffff,
                high & mask(prefix, 0), low & mask(prefix, Long.SIZE), prefix);
        if (network.high != high || network.low != low) {
            throw new SyntaxException("has bits behind its prefix: write " + network + " for the network, or " + text + " for the one address");
        }
        return network;
    }

    private static long number(byte[] bytes, int from, int count) {
        long number = 0;
        for (int i = from; i < from + count; i++) {
            number = number << Byte.SIZE | bytes[i] & 0xff;
        }
        return number;
    }

    /** The bits of the half from bit {@code from} on that are in the prefix. */
    private static long mask(int prefix, int from) {
        int bits = Math.clamp(prefix - from, 0, Long.SIZE);
        return bits == 0 ? 0 : -1L << Long.SIZE - bits;
    }

    /** What the address fields of keys look like: the kind of address, then 16 bytes. */
    public List<GlobToken> tokens() {
        List<GlobToken> tokens = new ArrayList<>(IntegerPatterns.equal(isIpv4 ? KIND_IPV4 : KIND_IPV6, 1));
        tokens.addAll(IntegerPatterns.masked(mask(prefix, 0), high, Long.BYTES));
        tokens.addAll(IntegerPatterns.masked(mask(prefix, Long.SIZE), low, Long.BYTES));
        return tokens;
    }

    /** What the address fields of keys with any address look like. */
    public static List<GlobToken> anyTokens() {
        List<GlobToken> tokens = new ArrayList<>();
        tokens.add(new GlobToken.One(ByteSet.of(KIND_IPV4).union(ByteSet.of(KIND_IPV6))));
        tokens.addAll(IntegerPatterns.any(2 * Long.BYTES));
        return tokens;
    }

    /** Whether it holds one address and no more. */
    public boolean isSingle() {
        return prefix == BITS;
    }

    /** What the address fields of a key have for the first address: the kind of address, then 16 bytes. */
    public byte[] bytes() {
        return ByteBuffer.allocate(1 + 2 * Long.BYTES).put((byte) (isIpv4 ? KIND_IPV4 : KIND_IPV6)).putLong(high).putLong(low).array();
    }

    /** Where a packet for the first address goes to: an unspecified one is this host's. */
    public Cidr destination() {
        if (isIpv4 && (int) low == 0) {
            return new Cidr(true, high, low | LOOPBACK, prefix);
        }
        return !isIpv4 && high == 0 && low == 0 ? new Cidr(false, high, 1, prefix) : this;
    }

    @Override
    public String toString() {
        byte[] bytes = new byte[2 * Long.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((i < Long.BYTES ? high : low) >>> Byte.SIZE * (Long.BYTES - 1 - i % Long.BYTES));
        }
        int length = isIpv4 ? prefix - (BITS - IPV4_BITS) : prefix;
        return text(bytes, isIpv4) + (prefix == BITS ? "" : "/" + length);
    }

    /**
     * An address as people write it, IPv6 as RFC 5952 says.
     *
     * @param address 16 bytes
     * @param isIpv4 whether the last four alone are the address
     */
    public static String text(byte[] address, boolean isIpv4) {
        try {
            if (isIpv4) {
                return InetAddress.getByAddress(java.util.Arrays.copyOfRange(address, 12, 16)).getHostAddress();
            }
        } catch (UnknownHostException impossible) {
            throw new AssertionError("four bytes are an address", impossible);
        }
        int best = -1;
        int bestLength = 1;
        for (int i = 0; i < 8; i++) {
            int length = 0;
            while (i + length < 8 && number(address, 2 * (i + length), 2) == 0) {
                length++;
            }
            if (length > bestLength) {
                best = i;
                bestLength = length;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == best) {
                text.append("::");
                i += bestLength - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":").append(Long.toHexString(number(address, 2 * i, 2)));
            }
        }
        return text.toString();
    }
}
