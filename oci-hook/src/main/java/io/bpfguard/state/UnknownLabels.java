package io.bpfguard.state;

import java.util.Collection;

/** Where a runtime does not tell a hook the pod's labels, and policies select by them. */
public final class UnknownLabels {
    private UnknownLabels() {}

    /**
     * Why the container is refused, and what to do.
     *
     * @param policies of which only the labels decide whether they are for the container
     */
    public static String message(Collection<String> policies) {
        return "the runtime does not tell the pod's labels, by which " + (policies.size() == 1 ? "the policy " : "the policies ") + String.join(", ", policies)
                + (policies.size() == 1 ? " selects" : " select") + "; pass the annotation bpfguard.io/labels to the container, or use the NRI plugin";
    }
}
