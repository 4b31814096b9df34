package io.bpfguard.policy.check;

import java.util.List;

/**
 * How a system call can be denied: by its number, inside the LSM hooks that it passes.
 *
 * @param name the call
 * @param only32 names under which 32-bit programs reach the same code at the same gates
 * @param gates all of them, whichever way the call goes
 * @param complete whether every use of the call passes a gate; otherwise the note says which do not
 * @param note what the gates do not cover; empty when there is nothing to say
 */
record GatedCall(String name, List<String> only32, List<Gate> gates, boolean complete, String note) {
    GatedCall {
        only32 = List.copyOf(only32);
        gates = List.copyOf(gates);
    }
}
