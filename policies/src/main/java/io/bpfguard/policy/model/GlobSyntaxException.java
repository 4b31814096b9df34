package io.bpfguard.policy.model;

/** A glob that is not one, or that can never match; the message says why. */
public final class GlobSyntaxException extends Exception {
    GlobSyntaxException(String message) {
        super(message);
    }
}
