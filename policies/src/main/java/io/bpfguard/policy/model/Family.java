package io.bpfguard.policy.model;

import java.util.Arrays;
import java.util.Optional;

/** The families of rules: what a rule speaks of. */
public enum Family {
    /** Programs that are run, by path and by what they are. */
    PROCESSES("processes", "", true),
    /** Files that are opened, by path and by what they are. */
    FILES("files", "", true),
    /** Sockets, by what they are and whom they reach; no key of its own has to be there. */
    NETWORK("network", "", true),
    /** What is mounted, and changes of it; no key of its own has to be there. */
    MOUNTS("mounts", "", true),
    /** Capabilities that are used, by name. */
    CAPABILITIES("capabilities", "names", true),
    /** Namespaces that are made and entered. */
    NAMESPACES("namespaces", "", false),
    /** Access to other processes, as ptrace(2) has it. */
    TRACING("tracing", "", false),
    /** Kernel modules, and whole kernels. */
    KERNEL_MODULES("kernelModules", "", false),
    /** The system call bpf. */
    BPF("bpf", "", false),
    /** The kernel's keys and keyrings. */
    KEYS("keys", "", false),
    /** Rings of io_uring. */
    IO_URING("ioUring", "", false),
    /** Signals that are sent. */
    SIGNALS("signals", "", false),
    /** System calls, by name. */
    SYSTEM_CALLS("systemCalls", "names", false),
    /** Calls of an LSM hook, by the hook's name. */
    LSM_HOOKS("lsmHooks", "names", false),
    /** Calls of a kernel function, by its name. */
    KERNEL_FUNCTIONS("kernelFunctions", "names", false),
    /** What a custom program decides, by the name of its file. */
    PROGRAMS("programs", "object", false);

    private final String key;
    private final String objectsKey;
    private final boolean hasDefault;

    Family(String key, String objectsKey, boolean hasDefault) {
        this.key = key;
        this.objectsKey = objectsKey;
        this.hasDefault = hasDefault;
    }

    /** The key in {@code spec}. */
    public String key() {
        return key;
    }

    /** The key in a rule that says what the rule is about; empty where there is no such key that a rule must have. */
    public String objectsKey() {
        return objectsKey;
    }

    /** Whether {@code spec.defaults} can say what happens to objects that no rule names. */
    public boolean hasDefault() {
        return hasDefault;
    }

    /** The family with this key. */
    public static Optional<Family> ofKey(String key) {
        return Arrays.stream(values()).filter(family -> family.key.equals(key)).findFirst();
    }
}
