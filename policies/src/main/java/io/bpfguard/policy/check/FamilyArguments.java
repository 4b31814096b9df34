package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Extractor;
import java.util.List;

/** Arguments of hooks by which entries of a family are told apart, and their values; the same on all supported kernels. */
public final class FamilyArguments {
    /** {@code include/linux/ptrace.h}. */
    public static final int PTRACE_MODE_READ = 1;
    public static final int PTRACE_MODE_ATTACH = 2;
    public static final int PTRACE_MODE_NOAUDIT = 4;
    public static final int PTRACE_MODE_FSCREDS = 8;
    public static final int PTRACE_MODE_REALCREDS = 16;

    /** {@code include/linux/kernel_read_file.h}; the same numbers for kernel_load_data. */
    public static final int MODULE = 2;
    public static final int KEXEC_IMAGE = 3;
    public static final int KEXEC_INITRAMFS = 4;
    public static final int MODULE_COMPRESSED = 7;
    /** What is code for the kernel. */
    static final List<Integer> LOADED = List.of(MODULE, KEXEC_IMAGE, KEXEC_INITRAMFS, MODULE_COMPRESSED);

    /** The file behind a ring of io_uring. */
    public static final String RING = "[io_uring]";

    /** Of {@code task_alloc}. */
    public static final Extractor CLONE_FLAGS = Extractor.argument(1, Long.SIZE, false);
    /** Of {@code ptrace_access_check}. */
    public static final Extractor PTRACE_MODE = Extractor.argument(1, Integer.SIZE, false);
    /** Of {@code kernel_load_data}. */
    public static final Extractor LOAD_DATA_ID = Extractor.argument(0, Integer.SIZE, false);
    /** Of {@code kernel_read_file}. */
    public static final Extractor READ_FILE_ID = Extractor.argument(1, Integer.SIZE, false);
    /** Of {@code capable}. */
    public static final Extractor CAPABILITY = Extractor.argument(2, Integer.SIZE, true);
    /** Of {@code task_kill}. */
    public static final Extractor SIGNAL = Extractor.argument(2, Integer.SIZE, true);

    /** {@code struct qstr}: the name is a pointer behind hash and length. */
    private static final int QSTR_NAME = 8;
    /** Of {@code inode_init_security_anon}: the name of a file without a place in the tree. */
    public static final Extractor ANONYMOUS_NAME =
            new Extractor(Extractor.Source.ARGUMENT, 1, Extractor.Kind.STRING, List.of(QSTR_NAME, 0), 0, 0, 0, 0);

    private FamilyArguments() {}
}
