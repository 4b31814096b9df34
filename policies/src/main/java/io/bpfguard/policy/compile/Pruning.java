package io.bpfguard.policy.compile;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Takes out of a set of nodes what cannot change the verdict any more. A node that accepts and that every byte stays at (a
 * glob's last {@code **}) has decided; nodes whose rules weigh no more are left out. One that every byte but a slash stays
 * at (a last {@code *}) has decided as long as no slash comes, which is all that matters to nodes that no slash leads on
 * from. Without this, n globs like {@code **}{@code /name/**} make 2 to the n sets.
 */
final class Pruning {
    private final Nfa nfa;

    Pruning(Nfa nfa) {
        this.nfa = nfa;
    }

    /** The nodes that matter, ascending; {@code set} is not changed. */
    int[] prune(int[] set) {
        IntList deciding = new IntList();
        for (int number : set) {
            if (decides(number)) {
                deciding.add(number);
            }
        }
        if (deciding.size() == 0) {
            return set;
        }
        int[] deciders = Arrays.stream(deciding.toArray()).boxed()
                .sorted(Comparator.comparing((Integer node) -> nfa.node(node).decided().rank()).reversed()
                        .thenComparing(node -> node))
                .mapToInt(Integer::intValue).toArray();
        Weight forAny = Weight.NONE;
        Weight forNotSlash = Weight.NONE;
        IntList kept = new IntList();
        for (int number : deciders) {
            Nfa.Node node = nfa.node(number);
            if (!isCovered(node, forAny, forNotSlash)) {
                kept.add(number);
                forAny = node.staysForAny() ? forAny.and(node.decided()) : forAny;
                forNotSlash = forNotSlash.and(node.decided());
            }
        }
        for (int number : set) {
            if (!decides(number) && !isCovered(nfa.node(number), forAny, forNotSlash)) {
                kept.add(number);
            }
        }
        int[] pruned = kept.toArray();
        Arrays.sort(pruned);
        return pruned;
    }

    private boolean decides(int number) {
        Nfa.Node node = nfa.node(number);
        return !node.accepts().isEmpty() && (node.staysForAny() || node.staysForNotSlash());
    }

    private static boolean isCovered(Nfa.Node node, Weight forAny, Weight forNotSlash) {
        return forAny.covers(node.possible()) || node.slashFree() && forNotSlash.covers(node.possible());
    }
}
