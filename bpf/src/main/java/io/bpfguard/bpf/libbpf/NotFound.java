package io.bpfguard.bpf.libbpf;

/** ENOENT: no such key, pin, or attach target. */
public final class NotFound extends BpfException {
    NotFound(String operation, int errno, String advice) {
        super(operation, errno, advice);
    }
}
