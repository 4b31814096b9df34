package io.bpfguard.policy.model;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Names of signals on x86 ({@code arch/x86/include/uapi/asm/signal.h}); those from 32 on have numbers only. */
public final class Signals {
    /** The highest number. */
    public static final int MAX = 64;
    /** The names of 1 and up, without {@code SIG}. */
    public static final List<String> NAMES = List.of("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
            "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM",
            "PROF", "WINCH", "IO", "PWR", "SYS");
    /** Every signal. */
    public static final Set<Integer> ALL = IntStream.rangeClosed(1, MAX).boxed().collect(Collectors.toUnmodifiableSet());

    private Signals() {}

    /** The number of a name in any case, with or without {@code SIG}. */
    public static OptionalInt number(String name) {
        int place = NAMES.indexOf(bare(name));
        return place < 0 ? OptionalInt.empty() : OptionalInt.of(place + 1);
    }

    /** The name as the list has it, whether or not it is in the list. */
    public static String bare(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        return upper.startsWith("SIG") ? upper.substring(3) : upper;
    }

    /** {@code SIGKILL}, or the number of a signal without a name. */
    public static String name(int number) {
        return number >= 1 && number <= NAMES.size() ? "SIG" + NAMES.get(number - 1) : Integer.toString(number);
    }
}
