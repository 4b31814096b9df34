package io.bpfguard.policy.check;

import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.Condition.Test;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.KernelNumber;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Problem;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a condition on a number comes to as sequences of bytes.
 *
 * @param bits of the argument's type
 * @param signed whether its type has a sign
 * @param width bytes of the key that the number has, sign-extended or not as the type is; at least {@code bits}
 */
record IntegerConditions(int bits, boolean signed, int width) {
    /** Why the condition is refused; empty if it can be. */
    Optional<Problem> refusal(String argument, Test test) {
        return switch (test) {
            case Test.Equal(var mask, var values) -> Stream.concat(mask.stream(), values.stream()).filter(number -> !number.value().fits(bits))
                    .findFirst().map(number -> tooLarge(argument, number));
            case Test.AllSet(var mask) -> mask.value().fits(bits) ? Optional.empty() : Optional.of(tooLarge(argument, mask));
            case Test.Between(var first, var last) -> Stream.of(first, last).filter(number -> !isInRange(number.value())).findFirst()
                    .map(number -> Problem.at(number.at(), argument + " is a number from " + smallest() + " to " + largest() + ", so it cannot be in a range with "
                            + number.value()));
            case Test.Matches _ -> throw new IllegalArgumentException("not a test of numbers");
        };
    }

    /** Why a number cannot be the argument's value. */
    static Problem tooLarge(String argument, int bits, Located<KernelNumber> number) {
        return Problem.at(number.at(), argument + " has " + bits + " bits, and " + number.value() + " has more");
    }

    private Problem tooLarge(String argument, Located<KernelNumber> number) {
        return tooLarge(argument, bits, number);
    }

    private boolean isInRange(KernelNumber number) {
        return number.value().compareTo(smallest()) >= 0 && number.value().compareTo(largest()) <= 0;
    }

    private BigInteger smallest() {
        return signed ? BigInteger.ONE.shiftLeft(bits - 1).negate() : BigInteger.ZERO;
    }

    private BigInteger largest() {
        return BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
    }

    /** The numbers that meet the test, as far as the type has them: perhaps none. */
    List<List<GlobToken>> sequences(Test test) {
        return switch (test) {
            case Test.Equal(var mask, var values) -> values.stream().map(Located::value).filter(number -> number.fits(bits))
                    .filter(_ -> mask.map(only -> only.value().fits(bits)).orElse(true))
                    .map(number -> mask.map(only -> IntegerPatterns.masked(low(only.value()), low(number), width))
                            .orElseGet(() -> IntegerPatterns.equal(extended(number), width))).toList();
            case Test.AllSet(var mask) -> mask.value().fits(bits) ? List.of(IntegerPatterns.masked(low(mask.value()), low(mask.value()), width)) : List.of();
            case Test.Between(var first, var last) -> between(first.value().value().max(smallest()), last.value().value().min(largest()));
            case Test.Matches _ -> throw new IllegalArgumentException("not a test of numbers");
        };
    }

    /** Two's complement: the negative numbers come behind the others. */
    private List<List<GlobToken>> between(BigInteger first, BigInteger last) {
        if (first.compareTo(last) > 0) {
            return List.of();
        }
        if (first.signum() < 0 && last.signum() >= 0) {
            List<List<GlobToken>> both = new ArrayList<>(between(first, BigInteger.ONE.negate()));
            both.addAll(between(BigInteger.ZERO, last));
            return both;
        }
        long mask = width == Long.BYTES ? -1 : (1L << width * Byte.SIZE) - 1;
        return IntegerPatterns.range(first.longValue() & mask, last.longValue() & mask, width);
    }

    private long low(KernelNumber number) {
        return bits == Long.SIZE ? number.bits() : number.bits() & (1L << bits) - 1;
    }

    /** The number as the key has it. */
    long extended(KernelNumber number) {
        int above = Long.SIZE - bits;
        return signed ? number.bits() << above >> above : low(number);
    }

    /** What is in both, sequence by sequence; all of single bytes. */
    static List<List<GlobToken>> both(List<List<GlobToken>> some, List<List<GlobToken>> others) {
        List<List<GlobToken>> both = new ArrayList<>();
        for (List<GlobToken> one : some) {
            for (List<GlobToken> other : others) {
                List<GlobToken> tokens = new ArrayList<>();
                for (int i = 0; i < one.size(); i++) {
                    ByteSet bytes = ((GlobToken.One) one.get(i)).bytes().intersection(((GlobToken.One) other.get(i)).bytes());
                    if (!bytes.isEmpty()) {
                        tokens.add(new GlobToken.One(bytes));
                    }
                }
                if (tokens.size() == one.size()) {
                    both.add(tokens);
                }
            }
        }
        return both;
    }
}
