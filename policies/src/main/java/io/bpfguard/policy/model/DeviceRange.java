package io.bpfguard.policy.model;

import io.bpfguard.policy.compiled.Device;
import java.util.ArrayList;
import java.util.List;

/**
 * Device nodes of a type.
 *
 * @param type what they are
 * @param major their major numbers
 * @param minors their minor numbers
 */
public record DeviceRange(Device.Type type, IntegerRange major, IntegerRange minors) {
    private static final int MAJOR_WIDTH = 3;
    private static final int MINOR_WIDTH = 4;

    /** What their {@link io.bpfguard.policy.compiled.KeyField#DEVICE} looks like. */
    public List<List<GlobToken>> sequences() {
        List<List<GlobToken>> sequences = new ArrayList<>();
        for (List<GlobToken> majors : major.sequences(MAJOR_WIDTH)) {
            for (List<GlobToken> minor : minors.sequences(MINOR_WIDTH)) {
                List<GlobToken> sequence = new ArrayList<>(IntegerPatterns.equal(type.letter(), 1));
                sequence.addAll(majors);
                sequence.addAll(minor);
                sequences.add(sequence);
            }
        }
        return sequences;
    }
}
