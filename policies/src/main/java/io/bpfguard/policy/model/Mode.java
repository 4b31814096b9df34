package io.bpfguard.policy.model;

/** Whether verdicts act or are only reported. */
public enum Mode {
    /** Verdicts act. */
    ENFORCE,
    /** What would be denied or killed goes on, and an event is written. */
    AUDIT
}
