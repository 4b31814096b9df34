package io.bpfguard.policy.model;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What an argument must be for a rule to match.
 *
 * @param argument its index, its name, or {@code NAME.member.member}
 * @param test what it is compared with
 */
public record Condition(Located<String> argument, Test test) {
    public Condition {
        Objects.requireNonNull(argument, "argument is null");
        Objects.requireNonNull(test, "test is null");
    }

    /** As a policy writes it, without places: {@code flags mask CLONE_NEWUSER}. */
    public String text() {
        return argument.value() + " " + switch (test) {
            case Test.Equal(var mask, var values) -> mask.map(bits -> "mask " + bits.value() + " ").orElse("") + "equals " + join(values);
            case Test.AllSet(var mask) -> "mask " + mask.value();
            case Test.Between(var first, var last) -> "range " + first.value() + "-" + last.value();
            case Test.Matches(var globs) -> "matches " + join(globs);
        };
    }

    private static String join(List<? extends Located<?>> values) {
        return values.stream().map(value -> value.value().toString()).collect(Collectors.joining(", "));
    }

    /** What an argument is compared with. */
    public sealed interface Test {
        /**
         * It is one of some numbers; with a mask, its bits of the mask are.
         *
         * @param mask the bits that count; all without it
         * @param values at least one
         */
        record Equal(Optional<Located<KernelNumber>> mask, List<Located<KernelNumber>> values) implements Test {
            public Equal {
                Objects.requireNonNull(mask, "mask is null");
                values = List.copyOf(values);
            }
        }

        /** All bits of the mask are set. */
        record AllSet(Located<KernelNumber> mask) implements Test {}

        /** It is a number from first to last, both included. */
        record Between(Located<KernelNumber> first, Located<KernelNumber> last) implements Test {}

        /**
         * One of the globs matches it: as a path where it is one, else as text.
         *
         * @param globs at least one; each is a glob for text at least
         */
        record Matches(List<Located<String>> globs) implements Test {
            public Matches {
                globs = List.copyOf(globs);
            }
        }
    }
}
