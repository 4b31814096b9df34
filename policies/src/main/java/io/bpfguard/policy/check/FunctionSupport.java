package io.bpfguard.policy.check;

/** What a node can do at the entry of a kernel function. */
public enum FunctionSupport {
    /** The running kernel has no function of this name: inlined, renamed, or in a module that is not loaded. */
    ABSENT,
    /** The function is there, but no program can be attached to it: not in BTF, or in a list of forbidden ones. */
    NOT_TRACEABLE,
    /** A program can see each call and kill the caller, but not prevent the call. */
    TRACEABLE,
    /** A program can prevent the call with an errno. */
    DENIABLE
}
