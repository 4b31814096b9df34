package io.bpfguard.policy.simulate;

import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.Verdict;
import java.util.ArrayList;
import java.util.List;

/**
 * What is said of an attempt that is made in one way.
 *
 * @param way for people; empty where there is only one
 * @param verdict what is certain; {@link Verdict#NONE} where nothing is said
 * @param asked custom programs that would be asked, and could say something that counts more
 */
public record Answer(String way, Verdict verdict, List<Asked> asked) {
    /**
     * A custom program, whose answer nobody knows who does not run it.
     *
     * @param at the hook or function
     * @param verdict what comes of it where it says yes
     */
    public record Asked(CustomProgram program, String at, Verdict verdict) {}

    public Answer {
        asked = asked.stream().filter(one -> Verdict.WEAKEST_FIRST.compare(one.verdict(), verdict) >= 0).distinct().toList();
    }

    /** All that can come of it: what is certain first, then what the programs can make of it. */
    public List<Verdict> possible() {
        List<Verdict> possible = new ArrayList<>(List.of(verdict));
        asked.stream().map(Asked::verdict).forEach(possible::add);
        return possible;
    }
}
