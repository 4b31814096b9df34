package io.bpfguard.bpf.libbpf;

/** EPERM or EACCES: the process lacks a capability, the kernel is locked down, the map is frozen, or a bpffs was expected. */
public final class PermissionDenied extends BpfException {
    private static final String CAPABILITIES =
            "run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN; kernel lockdown and container sandboxes refuse bpf(2) as well";

    PermissionDenied(String operation, int errno, String advice) {
        super(operation, errno, advice.isEmpty() ? CAPABILITIES : advice);
    }
}
