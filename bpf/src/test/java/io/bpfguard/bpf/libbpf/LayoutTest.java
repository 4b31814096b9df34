package io.bpfguard.bpf.libbpf;

import static java.util.Map.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The offsets written in Java, checked by the C compiler against the headers of the kernel and of libbpf. */
class LayoutTest {
    private static final Map<String, Integer> OFFSETS = Map.ofEntries(
            entry("struct bpf_map_info, type", BpfMap.INFO_TYPE), entry("struct bpf_map_info, id", BpfMap.INFO_ID),
            entry("struct bpf_map_info, key_size", BpfMap.INFO_KEY_SIZE), entry("struct bpf_map_info, value_size", BpfMap.INFO_VALUE_SIZE),
            entry("struct bpf_map_info, max_entries", BpfMap.INFO_MAX_ENTRIES), entry("struct bpf_map_info, map_flags", BpfMap.INFO_FLAGS),
            entry("struct bpf_map_info, name", BpfMap.INFO_NAME), entry("struct bpf_map_info, ifindex", BpfMap.INFO_SIZE),
            entry("union bpf_attr, map_type", BpfMap.CREATE_TYPE), entry("union bpf_attr, key_size", BpfMap.CREATE_KEY_SIZE),
            entry("union bpf_attr, value_size", BpfMap.CREATE_VALUE_SIZE), entry("union bpf_attr, max_entries", BpfMap.CREATE_MAX_ENTRIES),
            entry("union bpf_attr, map_flags", BpfMap.CREATE_FLAGS), entry("union bpf_attr, inner_map_fd", BpfMap.CREATE_INNER_MAP_FD),
            entry("union bpf_attr, map_name", BpfMap.CREATE_NAME), entry("union bpf_attr, map_fd", BpfMap.ELEM_MAP_FD),
            entry("union bpf_attr, key", BpfMap.ELEM_KEY), entry("union bpf_attr, value", BpfMap.ELEM_VALUE),
            entry("union bpf_attr, flags", BpfMap.ELEM_FLAGS), entry("union bpf_attr, batch.keys", BpfMap.BATCH_KEYS),
            entry("union bpf_attr, batch.values", BpfMap.BATCH_VALUES), entry("union bpf_attr, batch.count", BpfMap.BATCH_COUNT),
            entry("union bpf_attr, batch.map_fd", BpfMap.BATCH_MAP_FD), entry("union bpf_attr, batch.elem_flags", BpfMap.BATCH_ELEM_FLAGS),
            entry("union bpf_attr, pathname", BpfFs.OBJ_PATHNAME), entry("union bpf_attr, bpf_fd", BpfFs.OBJ_BPF_FD),
            entry("union bpf_attr, info.bpf_fd", BpfFs.INFO_BPF_FD), entry("union bpf_attr, info.info_len", BpfFs.INFO_LEN),
            entry("union bpf_attr, info.info", BpfFs.INFO_POINTER), entry("union bpf_attr, map_id", BpfFs.BY_ID_ID),
            entry("union bpf_attr, test.prog_fd", BpfProgram.RUN_PROG_FD), entry("union bpf_attr, test.retval", BpfProgram.RUN_RETVAL),
            entry("union bpf_attr, test.ctx_size_in", BpfProgram.RUN_CTX_SIZE_IN), entry("union bpf_attr, test.ctx_in", BpfProgram.RUN_CTX_IN),
            entry("union bpf_attr, iter_create.link_fd", BpfIterator.LINK_FD), entry("struct bpf_prog_info, type", BpfProgram.INFO_TYPE),
            entry("struct bpf_prog_info, id", BpfProgram.INFO_ID), entry("struct bpf_prog_info, tag", BpfProgram.INFO_TAG),
            entry("struct bpf_prog_info, name", BpfProgram.INFO_NAME), entry("struct bpf_prog_info, run_time_ns", BpfProgram.INFO_RUN_TIME_NS),
            entry("struct bpf_prog_info, run_cnt", BpfProgram.INFO_RUN_CNT),
            entry("struct bpf_prog_info, recursion_misses", BpfProgram.INFO_RECURSION_MISSES),
            entry("struct bpf_prog_info, verified_insns", BpfProgram.INFO_VERIFIED_INSNS), entry("struct bpf_link_info, type", BpfLink.INFO_TYPE),
            entry("struct bpf_link_info, id", BpfLink.INFO_ID), entry("struct bpf_link_info, prog_id", BpfLink.INFO_PROG_ID),
            entry("struct bpf_object_open_opts, sz", BpfObject.OPTS_SZ), entry("struct bpf_object_open_opts, object_name", BpfObject.OPTS_OBJECT_NAME),
            entry("struct bpf_object_open_opts, pin_root_path", BpfObject.OPTS_PIN_ROOT_PATH),
            entry("struct pollfd, events", RingBuffer.POLLFD_EVENTS), entry("struct pollfd, revents", RingBuffer.POLLFD_REVENTS),
            entry("struct statfs, f_type", 0));

    private static final Map<String, Integer> NUMBERS = Map.ofEntries(
            entry("BPF_MAP_CREATE", Kernel.BPF_MAP_CREATE), entry("BPF_MAP_LOOKUP_ELEM", Kernel.BPF_MAP_LOOKUP_ELEM),
            entry("BPF_MAP_UPDATE_ELEM", Kernel.BPF_MAP_UPDATE_ELEM), entry("BPF_MAP_DELETE_ELEM", Kernel.BPF_MAP_DELETE_ELEM),
            entry("BPF_MAP_GET_NEXT_KEY", Kernel.BPF_MAP_GET_NEXT_KEY), entry("BPF_OBJ_PIN", Kernel.BPF_OBJ_PIN), entry("BPF_OBJ_GET", Kernel.BPF_OBJ_GET),
            entry("BPF_PROG_TEST_RUN", Kernel.BPF_PROG_TEST_RUN), entry("BPF_PROG_GET_FD_BY_ID", Kernel.BPF_PROG_GET_FD_BY_ID),
            entry("BPF_MAP_GET_FD_BY_ID", Kernel.BPF_MAP_GET_FD_BY_ID), entry("BPF_OBJ_GET_INFO_BY_FD", Kernel.BPF_OBJ_GET_INFO_BY_FD),
            entry("BPF_MAP_LOOKUP_AND_DELETE_ELEM", Kernel.BPF_MAP_LOOKUP_AND_DELETE_ELEM), entry("BPF_MAP_FREEZE", Kernel.BPF_MAP_FREEZE),
            entry("BPF_MAP_UPDATE_BATCH", Kernel.BPF_MAP_UPDATE_BATCH), entry("BPF_ITER_CREATE", Kernel.BPF_ITER_CREATE),
            entry("BPF_F_NO_PREALLOC", BpfMap.BPF_F_NO_PREALLOC), entry("BPF_F_RDONLY_PROG", BpfMap.BPF_F_RDONLY_PROG),
            entry("BPF_F_INNER_MAP", BpfMap.BPF_F_INNER_MAP), entry("BPF_OBJ_NAME_LEN", BpfMap.NAME_LENGTH),
            entry("(int)BPF_RINGBUF_BUSY_BIT", RingReader.BUSY), entry("BPF_RINGBUF_DISCARD_BIT", RingReader.DISCARD),
            entry("BPF_RINGBUF_HDR_SZ", RingReader.HEADER), entry("sizeof(struct bpf_object_open_opts)", BpfObject.OPTS_SIZE),
            entry("sizeof(struct pollfd)", RingBuffer.POLLFD_SIZE), entry("POLLIN", (int) RingBuffer.POLLIN),
            entry("sizeof(struct statfs)", Syscalls.STATFS_SIZE), entry("__NR_bpf", Kernel.ABI.bpf()), entry("__NR_close", Kernel.ABI.close()),
            entry("__NR_read", Kernel.ABI.read()), entry("__NR_write", Kernel.ABI.write()), entry("__NR_eventfd2", Kernel.ABI.eventfd2()),
            entry("__NR_ppoll", Kernel.ABI.ppoll()), entry("__NR_mmap", Kernel.ABI.mmap()), entry("__NR_munmap", Kernel.ABI.munmap()),
            entry("__NR_statfs", Kernel.ABI.statfs()), entry("__NR_mount", Kernel.ABI.mount()), entry("__NR_umount2", Kernel.ABI.umount2()),
            entry("__NR_fcntl", Kernel.ABI.fcntl()), entry("F_DUPFD_CLOEXEC", Fd.F_DUPFD_CLOEXEC),
            entry("__NR_pidfd_open", Kernel.Abi.pidfd_open));

    @TempDir
    Path directory;

    @Test
    void theCompilerAgrees() throws IOException {
        StringBuilder source = new StringBuilder("""
                #define _GNU_SOURCE
                #include <fcntl.h>
                #include <stddef.h>
                #include <poll.h>
                #include <sys/syscall.h>
                #include <sys/vfs.h>
                #include <linux/bpf.h>
                #include <bpf/libbpf.h>
                """);
        OFFSETS.forEach((field, offset) -> source.append("_Static_assert(offsetof(%s) == %d, \"%s\");\n".formatted(field, offset, field)));
        NUMBERS.forEach((number, value) -> source.append("_Static_assert(%s == %d, \"%s\");\n".formatted(number, value, number)));
        for (BpfMap.Type type : BpfMap.Type.values()) {
            if (type != BpfMap.Type.OTHER && type != BpfMap.Type.CGRP_STORAGE) { // the last is newer than some distributions' headers
                source.append("_Static_assert(BPF_MAP_TYPE_%s == %d, \"%s\");\n".formatted(type, type.number(), type));
            }
        }
        TestKernel.clang("-fsyntax-only", Files.writeString(directory.resolve("layout.c"), source).toString());
    }
}
