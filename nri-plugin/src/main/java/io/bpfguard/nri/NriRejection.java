package io.bpfguard.nri;

/// Thrown by a plugin to refuse what the runtime is about to do; the message reaches the user, for instance in
/// `kubectl describe pod`.
public final class NriRejection extends Exception {
    private static final long serialVersionUID = 1L;

    /// @param message why, for a person who only knows the pod
    public NriRejection(String message) {
        super(message);
    }
}
