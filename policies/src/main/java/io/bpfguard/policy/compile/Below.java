package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.function.ToIntFunction;

/**
 * For each state of an automaton over paths the strongest verdict, per operation, that the path read so far and any path
 * that goes on from it can get: what a whole directory is worth to whoever gives it another name.
 */
final class Below {
    private Below() {}

    /**
     * The number of these verdicts for each state.
     *
     * @param verdicts per output of the automaton, one verdict per operation; the first is for paths that leave it
     * @param number gives verdicts a number
     */
    static int[] of(Dfa dfa, List<List<Verdict>> verdicts, ToIntFunction<List<Verdict>> number) {
        List<List<Verdict>> known = List.copyOf(verdicts);
        int[][] strongest = new int[Layout.OPERATIONS][];
        int[] firstIn = new int[dfa.states() + 1];
        int[] sources = incoming(dfa, firstIn);
        for (int operation = 0; operation < Layout.OPERATIONS; operation++) {
            int same = sameColumn(known, operation);
            strongest[operation] = same < operation ? strongest[same] : spread(dfa, known, operation, firstIn, sources);
        }
        int[] below = new int[dfa.states()];
        for (int state = 0; state < below.length; state++) {
            List<Verdict> combined = new ArrayList<>();
            for (int operation = 0; operation < Layout.OPERATIONS; operation++) {
                combined.add(known.get(strongest[operation][state]).get(operation));
            }
            below[state] = number.applyAsInt(combined);
        }
        return below;
    }

    /** The first operation with the same verdicts everywhere. */
    private static int sameColumn(List<List<Verdict>> verdicts, int operation) {
        for (int other = 0; other < operation; other++) {
            int candidate = other;
            if (verdicts.stream().allMatch(of -> of.get(candidate).equals(of.get(operation)))) {
                return other;
            }
        }
        return operation;
    }

    /** Per state, the output whose verdict on the operation is the strongest that can be reached: strongest first, against the arrows. */
    private static int[] spread(Dfa dfa, List<List<Verdict>> verdicts, int operation, int[] firstIn, int[] sources) {
        int[] best = new int[dfa.states()];
        Arrays.fill(best, -1);
        TreeSet<Integer> used = new TreeSet<>();
        Arrays.stream(dfa.output()).forEach(used::add);
        Comparator<Integer> byVerdict = (a, b) -> Strength.WEAKEST_FIRST.compare(verdicts.get(a).get(operation), verdicts.get(b).get(operation));
        // A path that leaves the automaton gets the first verdicts, so nothing weaker counts.
        List<Integer> stronger = used.stream().filter(output -> byVerdict.compare(output, 0) > 0).sorted(byVerdict.reversed()).toList();
        int[] waiting = new int[dfa.states()];
        for (int output : stronger) {
            int count = 0;
            for (int state = 0; state < best.length; state++) {
                if (best[state] < 0 && dfa.output()[state] == output) {
                    best[state] = output;
                    waiting[count++] = state;
                }
            }
            while (count > 0) {
                int state = waiting[--count];
                for (int i = firstIn[state]; i < firstIn[state + 1]; i++) {
                    if (best[sources[i]] < 0) {
                        best[sources[i]] = output;
                        waiting[count++] = sources[i];
                    }
                }
            }
        }
        for (int state = 0; state < best.length; state++) {
            best[state] = Math.max(best[state], 0);
        }
        return best;
    }

    /** The states that lead to each state: those of state s are from firstIn[s] to firstIn[s + 1]. */
    private static int[] incoming(Dfa dfa, int[] firstIn) {
        for (int to : dfa.to()) {
            firstIn[to + 1]++;
        }
        for (int state = 0; state < dfa.states(); state++) {
            firstIn[state + 1] += firstIn[state];
        }
        int[] next = Arrays.copyOf(firstIn, dfa.states());
        int[] sources = new int[dfa.to().length];
        for (int i = 0; i < sources.length; i++) {
            sources[next[dfa.to()[i]]++] = dfa.from()[i];
        }
        return sources;
    }
}
