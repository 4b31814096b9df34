package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.policy.compiled.Ruleset;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * What the kernel holds, by what it is: the number of a route by its key, the number of a ruleset by the hash of its bytes. It lives in
 * a pinned map that no program reads, so whatever one process loaded is found by the next. An entry is made after what it names is
 * whole, and taken away before its number is given to another. Not thread-safe.
 */
final class Contents {
    /** The name of the map and of its pin. */
    static final String MAP = "contents";
    /** Bytes of a route's key and of a ruleset's hash; in the map each stands behind a byte that says which it is. */
    static final int KEY_SIZE = 32;
    /** How many bytes at the beginning of a route's key say which policies it is of. */
    static final int POLICIES_SIZE = 8;
    private static final int MAX_ENTRIES = 16384;
    private static final byte ROUTE = 'r';
    private static final byte RULESET = 's';

    private final BpfMap map;

    /** @param map stays the caller's */
    Contents(BpfMap map) {
        this.map = map;
    }

    /** Makes the map of a new state. */
    static void create(Path maps) {
        try (BpfMap map = BpfMap.create(BpfMap.Type.HASH, MAP, 1 + KEY_SIZE, Integer.BYTES, MAX_ENTRIES, BpfMap.BPF_F_NO_PREALLOC)) {
            map.pin(maps.resolve(MAP));
        }
    }

    OptionalInt route(byte[] key) {
        return get(key(ROUTE, key));
    }

    OptionalInt ruleset(Ruleset ruleset) {
        return get(key(RULESET, hash(ruleset)));
    }

    void putRoute(byte[] key, int number) {
        map.update(key(ROUTE, key), BpfMap.u32(number));
    }

    void putRuleset(Ruleset ruleset, int number) {
        map.update(key(RULESET, hash(ruleset)), BpfMap.u32(number));
    }

    List<Integer> routes() {
        return numbers(ROUTE);
    }

    /** The routes that were made of the policies with this digest. */
    Set<Integer> routesOf(byte[] digest) {
        Set<Integer> numbers = new HashSet<>();
        for (BpfMap.Entry entry : map.entries()) {
            if (entry.key()[0] == ROUTE && Arrays.equals(entry.key(), 1, 1 + POLICIES_SIZE, digest, 0, POLICIES_SIZE)) {
                numbers.add(number(entry.value()));
            }
        }
        return numbers;
    }

    List<Integer> rulesets() {
        return numbers(RULESET);
    }

    private List<Integer> numbers(byte what) {
        List<Integer> numbers = new ArrayList<>();
        for (BpfMap.Entry entry : map.entries()) {
            if (entry.key()[0] == what) {
                numbers.add(number(entry.value()));
            }
        }
        return numbers;
    }

    void retainRoutes(IntPredicate staying) {
        retain(ROUTE, staying);
    }

    void retainRulesets(IntPredicate staying) {
        retain(RULESET, staying);
    }

    private void retain(byte what, IntPredicate staying) {
        for (BpfMap.Entry entry : map.entries()) {
            if (entry.key()[0] == what && !staying.test(number(entry.value()))) {
                map.delete(entry.key());
            }
        }
    }

    private OptionalInt get(byte[] key) {
        return map.lookup(key).map(value -> OptionalInt.of(number(value))).orElse(OptionalInt.empty());
    }

    private static int number(byte[] value) {
        return BpfMap.view(value).getInt();
    }

    private static byte[] key(byte what, byte[] hash) {
        return ByteBuffer.allocate(1 + KEY_SIZE).put(what).put(hash).array();
    }

    private static byte[] hash(Ruleset ruleset) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update((byte) ruleset.matcher().ordinal());
            return sha.digest(ruleset.image());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
