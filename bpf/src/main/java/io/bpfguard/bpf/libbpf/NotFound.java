package io.bpfguard.bpf.libbpf;

/** No such key, pin, id, kernel function or attach point: ENOENT, or ESRCH from libbpf's look-ups. */
public final class NotFound extends BpfException {
    NotFound(String operation, int errno, String advice) {
        super(operation, errno, advice);
    }
}
