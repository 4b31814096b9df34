package io.bpfguard.bpf.libbpf;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Error numbers of Linux (asm-generic, the same on x86-64 and arm64) and of libbpf (4000 and above), with their names. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int E2BIG = 7;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int EINVAL = 22;
    public static final int ENOSPC = 28;
    public static final int ENOSYS = 38;
    public static final int EOPNOTSUPP = 95;
    public static final int ESTALE = 116;
    /** The kernel's own "not supported", which the C library has no name for (include/linux/errno.h). */
    public static final int ENOTSUPP = 524;

    private static final Map<Integer, Entry> TABLE = """
            1 EPERM Operation not permitted
            2 ENOENT No such file or directory
            3 ESRCH No such process
            4 EINTR Interrupted system call
            5 EIO Input/output error
            6 ENXIO No such device or address
            7 E2BIG Argument list too long
            8 ENOEXEC Exec format error
            9 EBADF Bad file descriptor
            10 ECHILD No child processes
            11 EAGAIN Resource temporarily unavailable
            12 ENOMEM Cannot allocate memory
            13 EACCES Permission denied
            14 EFAULT Bad address
            15 ENOTBLK Block device required
            16 EBUSY Device or resource busy
            17 EEXIST File exists
            18 EXDEV Invalid cross-device link
            19 ENODEV No such device
            20 ENOTDIR Not a directory
            21 EISDIR Is a directory
            22 EINVAL Invalid argument
            23 ENFILE Too many open files in system
            24 EMFILE Too many open files
            25 ENOTTY Inappropriate ioctl for device
            26 ETXTBSY Text file busy
            27 EFBIG File too large
            28 ENOSPC No space left on device
            29 ESPIPE Illegal seek
            30 EROFS Read-only file system
            31 EMLINK Too many links
            32 EPIPE Broken pipe
            33 EDOM Numerical argument out of domain
            34 ERANGE Numerical result out of range
            35 EDEADLK Resource deadlock avoided
            36 ENAMETOOLONG File name too long
            37 ENOLCK No locks available
            38 ENOSYS Function not implemented
            39 ENOTEMPTY Directory not empty
            40 ELOOP Too many levels of symbolic links
            61 ENODATA No data available
            62 ETIME Timer expired
            71 EPROTO Protocol error
            75 EOVERFLOW Value too large for defined data type
            84 EILSEQ Invalid or incomplete multibyte or wide character
            90 EMSGSIZE Message too long
            92 ENOPROTOOPT Protocol not available
            95 EOPNOTSUPP Operation not supported
            105 ENOBUFS No buffer space available
            107 ENOTCONN Transport endpoint is not connected
            110 ETIMEDOUT Connection timed out
            111 ECONNREFUSED Connection refused
            114 EALREADY Operation already in progress
            115 EINPROGRESS Operation now in progress
            116 ESTALE Stale file handle
            122 EDQUOT Disk quota exceeded
            125 ECANCELED Operation canceled
            524 ENOTSUPP Operation not supported by this kernel object
            4000 LIBBPF_ERRNO__LIBELF libelf could not read the object
            4001 LIBBPF_ERRNO__FORMAT BPF object format invalid
            4002 LIBBPF_ERRNO__KVERSION 'version' section incorrect or missing
            4003 LIBBPF_ERRNO__ENDIAN Endian mismatch
            4004 LIBBPF_ERRNO__INTERNAL Internal error in libbpf
            4005 LIBBPF_ERRNO__RELOC Relocation failed
            4006 LIBBPF_ERRNO__LOAD Failure to load a program
            4007 LIBBPF_ERRNO__VERIFY Kernel verifier blocks program loading
            4008 LIBBPF_ERRNO__PROG2BIG Program too big
            4009 LIBBPF_ERRNO__KVER Incorrect kernel version
            4010 LIBBPF_ERRNO__PROGTYPE Kernel doesn't support this program type
            4011 LIBBPF_ERRNO__WRNGPID Wrong pid in netlink message
            4012 LIBBPF_ERRNO__INVSEQ Invalid netlink sequence
            4013 LIBBPF_ERRNO__NLPARSE Incorrect netlink message parsing
            """.lines().map(Entry::parse).collect(Collectors.toUnmodifiableMap(Entry::number, Function.identity()));

    private Errno() {}

    /** The symbolic name of a positive error number, such as {@code EPERM}; {@code errno 999} for one this table does not have. */
    public static String name(int errno) {
        Entry entry = TABLE.get(errno);
        return entry == null ? "errno " + errno : entry.name;
    }

    /** Name and text, such as {@code EPERM (Operation not permitted)}. */
    public static String describe(int errno) {
        Entry entry = TABLE.get(errno);
        return entry == null ? "errno " + errno : entry.name + " (" + entry.text + ")";
    }

    private record Entry(int number, String name, String text) {
        static Entry parse(String line) {
            String[] parts = line.split(" ", 3);
            return new Entry(Integer.parseInt(parts[0]), parts[1], parts[2]);
        }
    }
}
