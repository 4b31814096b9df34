package io.bpfguard.bpf.libbpf;

/** Something this machine lacks altogether: the library, a recent enough version of it, or the kernel's BTF. The message names the remedy. */
public final class BpfUnavailable extends BpfException {
    BpfUnavailable(String operation, int errno, String remedy) {
        super(operation, errno, remedy);
    }

    BpfUnavailable(String operation, int errno, String remedy, Throwable cause) {
        super(operation, errno, remedy, cause);
    }
}
