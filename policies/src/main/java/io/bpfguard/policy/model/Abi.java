package io.bpfguard.policy.model;

/** How a system call is entered, which decides what its number and registers mean. */
public enum Abi {
    /** As 64-bit programs do; x32 counts as this. */
    BITS_64("64"),
    /** As 32-bit programs do: int 0x80, sysenter. */
    BITS_32("32");

    private final String word;

    Abi(String word) {
        this.word = word;
    }

    /** As a policy writes it. */
    public String word() {
        return word;
    }
}
