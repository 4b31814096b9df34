package io.bpfguard.policy.simulate;

import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.Rule;

/** Something that is done which the rules of a whole family are about. */
public sealed interface NamedAct {
    /**
     * A namespace, and no other thing in the same call.
     *
     * @param operation what is done to it
     * @param kind what it is
     */
    record UseNamespace(Rule.Namespaces.Operation operation, NamespaceKind kind) implements NamedAct {}

    /**
     * Access to another process.
     *
     * @param operation how much
     */
    record Trace(Rule.Tracing.Operation operation) implements NamedAct {}

    /**
     * Code in the kernel.
     *
     * @param operation what is done with it
     */
    record UseModule(Rule.KernelModules.Operation operation) implements NamedAct {}

    /** A command of bpf(2). */
    record UseBpf() implements NamedAct {}

    /**
     * A key or keyring.
     *
     * @param isNew whether it is made, otherwise it is there
     */
    record UseKey(boolean isNew) implements NamedAct {}

    /** A ring of io_uring is made. */
    record MakeRing() implements NamedAct {}
}
