package io.bpfguard.policy.check;

import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A system call of x86.
 *
 * @param name as in the kernel's tables
 * @param number64 in the 64-bit table
 * @param number32 in the 32-bit table (int 0x80, sysenter)
 * @param numberX32 in the x32 table, where that is another one than the 64-bit number
 */
public record SystemCall(String name, OptionalInt number64, OptionalInt number32, OptionalInt numberX32) {
    /** By which 64-bit and x32 programs make it. */
    IntStream numbers64() {
        return IntStream.concat(number64.stream(), numberX32.stream());
    }
}
