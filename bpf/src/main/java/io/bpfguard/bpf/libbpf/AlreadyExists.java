package io.bpfguard.bpf.libbpf;

/** EEXIST: the key or the pin is there already. */
public final class AlreadyExists extends BpfException {
    AlreadyExists(String operation, int errno, String advice) {
        super(operation, errno, advice);
    }
}
