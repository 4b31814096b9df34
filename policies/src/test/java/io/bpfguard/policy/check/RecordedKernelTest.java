package io.bpfguard.policy.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.model.Abi;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecordedKernelTest {
    @Test
    void whatWasRecordedIsAnsweredAgain() {
        FakeNode node = FakeNode.debian13()
                .with("path_mount", FunctionSupport.TRACEABLE).with("vfs_write", FunctionSupport.DENIABLE)
                .with("do_move_mount", new FunctionSupport.Suffixed(List.of("do_move_mount.isra.0", "do_move_mount.part.0")))
                .with("load_elf_binary", FunctionSupport.WITHOUT_TYPES).with("vfs_read", new FunctionSupport.Forbidden("it is not to be"))
                .with("__x64_sys_fork", new FunctionSupport.SameAs("__do_sys_fork")).with("__do_sys_fork", FunctionSupport.TRACEABLE)
                .with("vfs_open", new FunctionSupport.InModule("vfs")).with("nf_tables:nf_tables_newrule", FunctionSupport.TRACEABLE)
                .with("af_alg:alg_bind", new FunctionSupport.Waiting(true));
        String text = RecordedKernel.record(node);
        RecordedKernel recorded = RecordedKernel.read(text);
        assertThat(recorded.kernelRelease()).isEqualTo(node.kernelRelease());
        assertThat(recorded.lsmHooks()).isEqualTo(node.lsmHooks());
        assertThat(recorded.skipsFunctionPrograms()).isFalse();
        assertThat(RecordedKernel.read(RecordedKernel.record(node.skipping())).skipsFunctionPrograms()).isTrue();
        for (KernelFunction function : RecordedKernel.reference()) {
            FunctionSupport was = node.function(function);
            assertThat(recorded.function(function)).as(function.label()).isEqualTo(
                    function.label().equals("nf_tables:nf_tables_newrule") ? new FunctionSupport.Waiting(true) : was);
        }
        assertThat(recorded.function("__do_sys_fork")).isEqualTo(FunctionSupport.TRACEABLE);
        assertThat(recorded.assumed()).isEmpty();
        assertThat(RecordedKernel.record(recorded)).isEqualTo(text);
        assertThat(text.lines()).allSatisfy(line -> assertThat(line.length()).isLessThan(200));
    }

    @Test
    void whatWasNotRecordedIsAssumedAndTold() {
        RecordedKernel recorded = RecordedKernel.read(RecordedKernel.record(FakeNode.debian13()));
        assertThat(recorded.function("some_function")).isEqualTo(FunctionSupport.TRACEABLE);
        assertThat(recorded.function(new KernelFunction("some_module", "f"))).isEqualTo(new FunctionSupport.Waiting(false));
        assertThat(recorded.function("__x64_sys_some_call")).isEqualTo(FunctionSupport.ABSENT);
        assertThat(recorded.assumed()).extracting(KernelFunction::label).containsExactly("some_function", "some_module:f");
    }

    @Test
    void theKernelsOfTheReleasesAreRecorded() {
        for (String name : RecordedKernel.NAMES) {
            RecordedKernel kernel = RecordedKernel.of(name);
            assertThat(kernel.kernelRelease()).startsWith(name + ".");
            assertThat(kernel.lsmHooks()).hasSizeGreaterThan(180).contains("file_open", "userns_create", "capable")
                    .doesNotContain("task_free");
            assertThat(HookRules.refusal("inode_copy_up_xattr", kernel)).as("its neutral answer is not 0").isPresent();
            assertThat(kernel.function("path_mount")).isEqualTo(FunctionSupport.TRACEABLE);
            assertThat(kernel.function("do_new_mount")).isEqualTo(FunctionSupport.ABSENT);
            assertThat(kernel.function("process_vm_rw_core")).isInstanceOf(FunctionSupport.Suffixed.class);
            assertThat(kernel.function("__x64_sys_fork")).isEqualTo(new FunctionSupport.SameAs("__do_sys_fork"));
            assertThat(kernel.function(KernelFunction.of("nf_tables:nf_tables_newrule"))).isEqualTo(new FunctionSupport.Waiting(true));
            assertThat(kernel.functions()).contains("path_mount").doesNotContain("do_new_mount");
            assertThat(kernel.modules()).contains("nf_tables");
        }
        assertThat(RecordedKernel.of("7.2").skipsFunctionPrograms()).isTrue();
        assertThat(RecordedKernel.of("6.12").skipsFunctionPrograms()).isFalse();
        assertThat(RecordedKernel.of("7.2").function("__x64_sys_dup2")).isEqualTo(FunctionSupport.DENIABLE);
        assertThat(RecordedKernel.of("7.2").function("__ia32_sys_dup2")).isEqualTo(FunctionSupport.TRACEABLE);
        assertThat(RecordedKernel.of("6.12").function("__x64_sys_dup2")).isEqualTo(FunctionSupport.TRACEABLE);
        assertThat(RecordedKernel.of("6.1").lsmHooks()).doesNotContain("file_truncate");
        assertThatThrownBy(() -> RecordedKernel.of("5.4")).hasMessageContaining("there are 6.1, 6.12, 7.2");
    }

    /** A system call that the kernel has, and of which no program sees one of the ways in, would be a hole in the table. */
    @Test
    void everyCallOfEveryKernelHasItsFunctions() {
        for (String name : RecordedKernel.NAMES) {
            RecordedKernel kernel = RecordedKernel.of(name);
            for (String call : SystemCalls.names()) {
                SystemCallEntries entries = SystemCallEntries.of(SystemCalls.named(call).orElseThrow(), EnumSet.allOf(Abi.class), kernel);
                assertThat(entries.unseen()).as(call + " on " + name).noneMatch(way -> way.contains("does not know"));
            }
            assertThat(missing(kernel)).as(name).isSubsetOf(UNIMPLEMENTED);
        }
    }

    /** Calls without functions: answered with ENOSYS, or newer than the kernel. */
    private static final Set<String> UNIMPLEMENTED = Set.of(
            "_sysctl", "afs_syscall", "bdflush", "break", "cachestat", "create_module", "epoll_ctl_old", "epoll_wait_old",
            "fchmodat2", "file_getattr", "file_setattr", "ftime", "futex_requeue", "futex_wait", "futex_wake", "get_kernel_syms",
            "getpmsg", "getxattrat", "gtty", "idle", "listmount", "listns", "listxattrat", "lock", "lookup_dcookie", "lsm_get_self_attr",
            "lsm_list_modules", "lsm_set_self_attr", "map_shadow_stack", "mpx", "mseal", "nfsservctl", "open_tree_attr", "prof",
            "profil", "putpmsg", "query_module", "removexattrat", "rseq_slice_yield", "security", "setxattrat", "statmount", "stty",
            "tuxcall", "ulimit", "uprobe", "uretprobe", "vserver");

    private static List<String> missing(NodeCapabilities kernel) {
        return SystemCalls.names().stream().filter(call -> SystemCallEntries.of(SystemCalls.named(call).orElseThrow(), EnumSet.allOf(Abi.class), kernel).functions().isEmpty())
                .sorted().toList();
    }
}
