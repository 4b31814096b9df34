package io.bpfguard.e2e.scenario;

import java.util.List;

/**
 * Something that {@code probes/actions.c} does, in steps.
 *
 * @param line how it is asked to
 * @param steps each of which the kernel judges once, in their order
 */
record RandomAction(String line, List<Step> steps) {
    /**
     * A step, as a case of a test has it.
     *
     * @param kind by which denials are counted; empty where few are
     * @param attempt the case, without what is expected of it
     */
    record Step(String kind, String attempt) {
        /** One that only leads to those behind it. */
        static Step onTheWay(String attempt) {
            return new Step("", attempt);
        }
    }

    RandomAction {
        steps = List.copyOf(steps);
    }

    static RandomAction of(String line, Step... steps) {
        return new RandomAction(line, List.of(steps));
    }
}
