package io.bpfguard.bpf.libbpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Type information: a small one made by hand, and the running kernel's. */
class KernelBtfTest {
    @TempDir
    Path directory;

    /** Writes BTF as Documentation/bpf/btf.rst lays it out. */
    private static final class Writer {
        private final ByteArrayOutputStream types = new ByteArrayOutputStream();
        private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
        private int count;

        Writer() {
            strings.write(0);
        }

        private int string(String text) {
            if (text.isEmpty()) {
                return 0;
            }
            int at = strings.size();
            strings.writeBytes(text.getBytes(StandardCharsets.UTF_8));
            strings.write(0);
            return at;
        }

        /** Appends a type and returns its id; {@code extra} are the words behind it, strings among them as text. */
        int type(String name, int kind, int vlen, int sizeOrType, Object... extra) {
            word(string(name));
            word(kind << 24 | vlen);
            word(sizeOrType);
            for (Object word : extra) {
                word(word instanceof String text ? string(text) : (Integer) word);
            }
            return ++count;
        }

        private void word(int value) {
            types.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
        }

        byte[] bytes() {
            return ByteBuffer.allocate(24 + types.size() + strings.size()).order(ByteOrder.LITTLE_ENDIAN).putShort((short) 0xeb9f).put((byte) 1)
                    .put((byte) 0).putInt(24).putInt(0).putInt(types.size()).putInt(types.size()).putInt(strings.size()).put(types.toByteArray())
                    .put(strings.toByteArray()).array();
        }
    }

    private KernelBtf read(byte[] bytes) throws IOException {
        return KernelBtf.read(Files.write(directory.resolve("btf"), bytes));
    }

    private KernelBtf sample() throws IOException {
        Writer writer = new Writer();
        int integer = writer.type("int", 1, 0, 4, 32);
        // struct file { int first; union { int low; struct { int x; int high; }; }; int flag:3; int second; };
        int inner = writer.type("", Btf.STRUCT, 2, 8, "x", integer, 0, "high", integer, 32);
        int union = writer.type("", Btf.UNION, 2, 8, "low", integer, 0, "", inner, 0);
        int file = writer.type("file", Btf.STRUCT, 3, 16, "first", integer, 0, "", union, 32, "second", integer, 96);
        writer.type("bits", Btf.STRUCT | 0x80, 2, 4, "one", integer, 1 << 24, "three", integer, 3 << 24 | 9);
        int constFile = writer.type("", Btf.CONST, 0, file);
        int pointer = writer.type("", Btf.PTR, 0, constFile);
        int pointerPointer = writer.type("", Btf.PTR, 0, pointer);
        writer.type("state", Btf.ENUM, 2, 4, "ON", 1, "OFF", 2);
        writer.type("wide", Btf.ENUM64, 1, 8, "BIG", 1, 2);
        writer.type("", Btf.ARRAY, 0, 0, integer, integer, 7);
        writer.type("float", 16, 0, 8);
        writer.type("tag", 17, 0, file, -1);
        int prototype = writer.type("", Btf.FUNC_PROTO, 2, integer, "file", pointer, "", pointerPointer);
        writer.type("bpf_lsm_file_open", Btf.FUNC, 0, prototype);
        writer.type("bpf_lsm_file", Btf.FUNC, 0, prototype);
        int nothing = writer.type("", Btf.FUNC_PROTO, 0, 0);
        writer.type("do_exit", Btf.FUNC, 0, nothing);
        writer.type("btf_trace_sched_switch", Btf.TYPEDEF, 0, pointer);
        int variable = writer.type("runqueues", Btf.VAR, 0, integer, 1);
        writer.type(".data..percpu", Btf.DATASEC, 1, 64, variable, 16, 4);
        return read(writer.bytes());
    }

    @Test
    void findsFunctionsHooksAndTracepoints() throws IOException {
        try (KernelBtf btf = sample()) {
            assertThat(btf.hasFunction("do_exit")).isTrue();
            assertThat(btf.hasFunction("do_exi")).isFalse();
            assertThat(btf.hasFunction("do_exit_")).isFalse();
            assertThat(btf.hasFunction("file")).isFalse();
            assertThat(btf.hasLsmHook("file_open")).isTrue();
            assertThat(btf.hasLsmHook("file_close")).isFalse();
            assertThat(btf.hasTracepoint("sched_switch")).isTrue();
            assertThat(btf.hasTracepoint("sched")).isFalse();
            assertThat(btf.lsmHooks()).containsExactly("file", "file_open");
            assertThat(btf.functions("do_")).containsExactly("do_exit");
        }
    }

    @Test
    void findsMembersAlsoInAnonymousOnes() throws IOException {
        try (KernelBtf btf = sample()) {
            assertThat(btf.hasStruct("file")).isTrue();
            assertThat(btf.hasStruct("inode")).isFalse();
            assertThat(btf.structSize("file")).isEqualTo(OptionalInt.of(16));
            assertThat(btf.memberOffset("file", "first")).hasValue(0);
            assertThat(btf.memberOffset("file", "low")).hasValue(4);
            assertThat(btf.memberOffset("file", "high")).hasValue(8);
            assertThat(btf.memberOffset("file", "second")).hasValue(12);
            assertThat(btf.memberOffset("file", "third")).isEmpty();
            assertThat(btf.memberOffset("inode", "first")).isEmpty();
            assertThat(btf.hasMember("file", "high")).isTrue();
            assertThat(btf.memberOffset("bits", "three")).hasValue(1);
        }
    }

    @Test
    void typesOfParametersAreLookedInto() throws IOException {
        Writer writer = new Writer();
        int integer = writer.type("int", 1, 0, 4, 1 << 24 | 32);
        int character = writer.type("char", 1, 0, 1, 8);
        int name = writer.type("", Btf.ARRAY, 0, 0, character, integer, 16);
        // struct task { int state; struct { unsigned int : 4; unsigned int flag : 3; }; char name[16]; };
        int number = writer.type("unsigned int", 1, 0, 4, 32);
        int anonymous = writer.type("", Btf.STRUCT | 0x80, 1, 4, "flag", number, 3 << 24 | 4);
        int task = writer.type("task", Btf.STRUCT, 3, 24, "state", integer, 0, "", anonymous, 32, "name", name, 64);
        int pointer = writer.type("", Btf.PTR, 0, writer.type("", Btf.CONST, 0, task));
        int user = writer.type("", Btf.PTR, 0, writer.type("user", Btf.TYPE_TAG, 0, writer.type("", Btf.CONST, 0, character)));
        int state = writer.type("state", Btf.ENUM, 1, 4, "ON", 1);
        int prototype = writer.type("", Btf.FUNC_PROTO, 3, integer, "task", pointer, "text", user, "", state);
        writer.type("bpf_lsm_task", Btf.FUNC, 0, prototype);
        try (KernelBtf btf = read(writer.bytes())) {
            List<KernelBtf.TypedParameter> parameters = btf.lsmHookParameters("task").orElseThrow();
            assertThat(parameters).extracting(KernelBtf.TypedParameter::name).containsExactly("task", "text", "");
            assertThat(parameters).extracting(parameter -> parameter.type().kind()).containsExactly(BtfType.Kind.POINTER, BtfType.Kind.POINTER,
                    BtfType.Kind.ENUM);
            assertThat(parameters).extracting(parameter -> parameter.type().isUserPointer()).startsWith(false, true);
            BtfType struct = parameters.getFirst().type().target();
            assertThat(struct.kind()).isEqualTo(BtfType.Kind.STRUCT);
            assertThat(struct.bytes()).isEqualTo(24);
            assertThat(struct.members()).containsExactly("flag", "name", "state");
            assertThat(struct.member("state").orElseThrow().type().isSigned()).isTrue();
            BtfType.Member flag = struct.member("flag").orElseThrow();
            assertThat(List.of(flag.bitOffset(), flag.bitSize())).containsExactly(36, 3);
            assertThat(flag.type().isSigned()).isFalse();
            BtfType array = struct.member("name").orElseThrow().type();
            assertThat(array.kind()).isEqualTo(BtfType.Kind.ARRAY);
            assertThat(array.target().describe()).isEqualTo("char");
            assertThat(struct.member("nothing")).isEmpty();
            assertThat(btf.lsmHookParameters("none")).isEmpty();
        }
    }

    @Test
    void describesPrototypes() throws IOException {
        try (KernelBtf btf = sample()) {
            assertThat(btf.lsmHook("file_open")).hasValue(new KernelBtf.Prototype("int", List.of(
                    new KernelBtf.Parameter("file", "const struct file *"), new KernelBtf.Parameter("", "const struct file **"))));
            assertThat(btf.prototype("do_exit")).hasValue(new KernelBtf.Prototype("void", List.of()));
            assertThat(btf.prototype("do_enter")).isEmpty();
        }
    }

    @Test
    void whatIsNoBtfIsRefused() {
        assertThatThrownBy(() -> read("ELF".getBytes())).isInstanceOf(IllegalArgumentException.class).hasMessage("not BTF");
        assertThatThrownBy(() -> read(new byte[100])).isInstanceOf(IllegalArgumentException.class);
        Writer writer = new Writer();
        writer.type("new", 31, 0, 0);
        assertThatThrownBy(() -> read(writer.bytes())).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("kind 31");
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        Writer writer = new Writer();
        int integer = writer.type("int", 1, 0, 4, 32);
        writer.type("file", Btf.STRUCT, 1, 4, "first", integer, 0);
        byte[] whole = writer.bytes();
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(part)).as("%d bytes", length).isInstanceOfAny(IllegalArgumentException.class, IndexOutOfBoundsException.class);
        }
    }

    @Test
    void closingTwiceIsFineAndUseAfterwardsIsNot() throws IOException {
        KernelBtf btf = sample();
        btf.close();
        btf.close();
        assertThatThrownBy(() -> btf.hasFunction("do_exit")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void readsTheRunningKernel() {
        Libbpf libbpf = new Libbpf();
        if (!Files.exists(Path.of("/sys/kernel/btf/vmlinux"))) {
            assertThatThrownBy(() -> KernelBtf.load(libbpf)).isInstanceOf(BpfUnavailable.class).hasMessageContaining("CONFIG_DEBUG_INFO_BTF");
            TestKernel.skip("this kernel has no BTF");
        }
        try (KernelBtf btf = KernelBtf.load(libbpf); KernelBtf file = KernelBtf.read(Path.of("/sys/kernel/btf/vmlinux"))) {
            assertThat(btf.hasFunction("vfs_read")).isTrue();
            assertThat(btf.prototype("vfs_read").orElseThrow().parameters()).first().isEqualTo(new KernelBtf.Parameter("file", "struct file *"));
            assertThat(btf.hasTracepoint("sched_process_exec")).isTrue();
            assertThat(btf.hasMember("task_struct", "tgid")).isTrue();
            assertThat(btf.memberOffset("task_struct", "tgid").getAsInt())
                    .isEqualTo(btf.memberOffset("task_struct", "pid").getAsInt() + 4);
            assertThat(btf.hasMember("task_struct", "no_such_member")).isFalse();
            assertThat(file.functions("security_")).isEqualTo(btf.functions("security_")).contains("security_file_open");
            assertThat(file.lsmHooks()).isEqualTo(btf.lsmHooks());
            assertThat(file.structSize("task_struct")).isEqualTo(btf.structSize("task_struct")).isNotEmpty();
        }
    }
}
