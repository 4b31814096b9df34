package io.bpfguard.policy.learn;

import static io.bpfguard.policy.compiled.PathOperation.APPEND;
import static io.bpfguard.policy.compiled.PathOperation.CREATE;
import static io.bpfguard.policy.compiled.PathOperation.EXEC;
import static io.bpfguard.policy.compiled.PathOperation.READ;
import static io.bpfguard.policy.compiled.PathOperation.RENAME;
import static io.bpfguard.policy.compiled.PathOperation.UNLINK;
import static io.bpfguard.policy.compiled.PathOperation.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.PolicyException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What comes of events that the agent could have written: what was seen is allowed, and what was never near is denied. */
class LearnedPolicyTest {
    private static List<String> nginx() {
        List<String> events = new ArrayList<>(List.of(Learnt.exec("/docker-entrypoint.sh"), Learnt.exec("/bin/sh"), Learnt.exec("/usr/sbin/nginx"),
                Learnt.read("/etc/nginx/nginx.conf"), Learnt.read("/etc/nginx/mime.types"), Learnt.read("/etc/nginx/conf.d"),
                Learnt.read("/etc/nginx/conf.d/default.conf"), Learnt.read("/etc/passwd"), Learnt.read("/proc/4711/status"), Learnt.read("/"),
                Learnt.file("file_open", APPEND, "/var/log/nginx/access.log"), Learnt.file("path_mknod", CREATE, "/var/log/nginx/access.log"),
                Learnt.file("file_open", APPEND, "/var/log/nginx/error.log"), Learnt.file("path_mknod", CREATE, "/run/nginx.pid"),
                Learnt.file("file_open", WRITE, "/"), Learnt.socket("socket_create", "create", "inet stream tcp"),
                Learnt.socket("socket_bind", "bind", "tcp 0.0.0.0:80"), Learnt.socket("socket_listen", "listen", "tcp 0.0.0.0:80"),
                Learnt.socket("socket_create", "create", "unix stream"), Learnt.capability("CAP_SETUID"), Learnt.capability("CAP_SETGID"),
                Learnt.capability("CAP_NET_BIND_SERVICE"), Learnt.call("userns_create", "unshare")));
        events.addAll(Learnt.openBoth("/run/nginx.pid"));
        for (int i = 0; i < 40; i++) {
            events.add(Learnt.read("/usr/share/nginx/html/page" + i + ".html"));
            events.add(Learnt.read("/usr/share/nginx/html/assets" + i + "/main.css"));
            events.add(Learnt.socket("socket_accept", "accept", "tcp 0.0.0.0:80"));
        }
        return events;
    }

    @Test
    void aWebServerDoesWhatItDid() throws Exception {
        Learnt learnt = Learnt.from(nginx());
        assertThat(List.of("/docker-entrypoint.sh", "/bin/sh", "/usr/sbin/nginx")).allMatch(path -> learnt.allows(EXEC, path));
        assertThat(List.of("/etc/nginx/nginx.conf", "/etc/nginx/conf.d", "/etc/nginx/conf.d/default.conf", "/proc/99/status", "/usr/share/nginx/html/page7.html",
                "/usr/share/nginx/html/new.html", "/usr/share/nginx/html/assets99/main.css")).allMatch(path -> learnt.allows(READ, path));
        assertThat(learnt.allows(APPEND, "/var/log/nginx/access.log")).isTrue();
        assertThat(learnt.allows(WRITE, "/run/nginx.pid")).isTrue();
        assertThat(learnt.allows(WRITE, "/")).isTrue();
        assertThat(learnt.allowsSocket(SocketOperation.CREATE, "inet", "stream", "tcp")).isTrue();
        for (SocketOperation operation : List.of(SocketOperation.BIND, SocketOperation.LISTEN, SocketOperation.ACCEPT)) {
            assertThat(learnt.allowsIp(operation, "tcp", "0.0.0.0", 80)).isTrue();
            assertThat(learnt.allowsIp(operation, "tcp", "10.1.2.3", 80)).isTrue();
        }
        assertThat(learnt.allowsCapability("SETUID")).isTrue();
        assertThat(learnt.allowsCall("unshare")).isTrue();
    }

    @Test
    void aWebServerDoesNothingElse() throws Exception {
        Learnt learnt = Learnt.from(nginx());
        assertThat(List.of("/usr/bin/curl", "/tmp/x", "/usr/sbin/nginx2", "/bin/bash", "memfd:x")).noneMatch(path -> learnt.allows(EXEC, path));
        assertThat(List.of("/etc/shadow", "/root/.ssh/id", "/proc/kcore", "/proc/99/mem", "/usr/share/other")).noneMatch(path -> learnt.allows(READ, path));
        assertThat(learnt.allows(WRITE, "/etc/nginx/nginx.conf")).isFalse();
        assertThat(learnt.allows(WRITE, "/usr/share/nginx/html/page7.html")).isFalse();
        assertThat(learnt.allows(WRITE, "/var/log/nginx/access.log")).as("it only appends").isFalse();
        assertThat(learnt.allows(UNLINK, "/var/log/nginx/access.log")).isFalse();
        assertThat(learnt.allowsIp(SocketOperation.BIND, "tcp", "0.0.0.0", 8080)).isFalse();
        assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "192.0.2.1", 80)).isFalse();
        assertThat(learnt.allowsSocket(SocketOperation.CREATE, "packet", "raw", "3")).isFalse();
        assertThat(learnt.allowsCapability("SYS_ADMIN")).isFalse();
        assertThat(List.of("bpf", "ptrace", "io_uring_setup", "mount", "init_module")).noneMatch(learnt::allowsCall);
    }

    @Test
    void commentsSayWhatWasSeen() throws Exception {
        String text = Learnt.from(nginx()).text();
        assertThat(text).startsWith("# An allow-list that bpfguard learn wrote from 145 events, 2026-01-02T03:04:05Z to 2026-01-02T03:04:05Z.\n")
                .contains("        - /usr/sbin/nginx    # once\n", "        - \"/usr/share/nginx/html/**\"    # 80 names, 80 times\n", "        - \"/proc/[0-9]*/status\"    # once\n",
                        "- /    # once; pipes that are opened again have this name too\n", "# System calls that were made, of those that few programs need: unshare once.\n")
                .doesNotContain("INCOMPLETE");
    }

    private static List<String> script() {
        List<String> events = new ArrayList<>(List.of(Learnt.exec("/usr/sbin/cron"), Learnt.exec("/bin/sh"), Learnt.exec("/bin/date"), Learnt.exec("/bin/sleep"),
                Learnt.read("/etc/crontab"), Learnt.socket("unix_stream_connect", "connect", "unix /dev/log"), Learnt.socket("unix_may_send", "send", "unix /run/log"),
                Learnt.socket("unix_stream_connect", "connect", "unix @/tmp/.X11@0"), Learnt.socket("socket_sendmsg", "send", "udp 10.0.0.10:53"),
                Learnt.socket("socket_connect", "connect", "tcp [2001:db8::1]:443")));
        for (String name : List.of("/tmp/tmp.AbC123xYz0", "/tmp/tmp.Qq77zzTTaa", "/tmp/tmp.KlMnOpQrSt")) {
            events.add(Learnt.file("path_mknod", CREATE, name));
            events.add(Learnt.file("file_open", WRITE, name));
            events.addAll(Learnt.rename(name, "/var/lib/job/state"));
            events.add(Learnt.read("/var/lib/job/state"));
        }
        return events;
    }

    @Test
    void aScheduledJobDoesWhatItDid() throws Exception {
        Learnt learnt = Learnt.from(script());
        assertThat(List.of("/usr/sbin/cron", "/bin/sh", "/bin/date", "/bin/sleep")).allMatch(path -> learnt.allows(EXEC, path));
        assertThat(List.of(CREATE, WRITE, RENAME)).allMatch(operation -> learnt.allows(operation, "/tmp/tmp.ZzZz99ZzZz"));
        assertThat(List.of(CREATE, RENAME, UNLINK, READ)).allMatch(operation -> learnt.allows(operation, "/var/lib/job/state"));
        assertThat(learnt.allowsName("/tmp/tmp.ZzZz99ZzZz", "/var/lib/job/state")).isTrue();
        assertThat(learnt.allowsUnix(SocketOperation.CONNECT, "/dev/log")).isTrue();
        assertThat(learnt.allowsUnix(SocketOperation.CONNECT, "\u0001/tmp/.X11\u00010")).isTrue();
        assertThat(learnt.allowsIp(SocketOperation.SEND, "udp", "10.0.0.10", 53)).isTrue();
        assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "2001:db8::1", 443)).isTrue();
        assertThat(learnt.allows(EXEC, "/tmp/tmp.ZzZz99ZzZz")).isFalse();
        assertThat(learnt.allows(EXEC, "/usr/bin/wget")).isFalse();
        assertThat(learnt.allows(WRITE, "/var/lib/job/state")).as("it is replaced, never opened for writing").isFalse();
        assertThat(learnt.allowsUnix(SocketOperation.CONNECT, "/run/docker.sock")).isFalse();
        assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "2001:db8::2", 443)).isFalse();
    }

    /** Tables where both names are alike: otherwise the kernel denies the rename of a directory. */
    @Test
    void aRenamedDirectoryIsWithinOne() throws Exception {
        List<String> events = new ArrayList<>(List.of(Learnt.exec("/bin/app"), Learnt.file("path_mkdir", CREATE, "/data/db/new"),
                Learnt.file("file_open", WRITE, "/data/db/new/a"), Learnt.read("/data/db/old/a")));
        events.addAll(Learnt.rename("/data/db/new", "/data/db/old"));
        Learnt learnt = Learnt.from(events);
        assertThat(learnt.text()).contains("\"/data/db/**\"");
        for (io.bpfguard.policy.compiled.PathOperation operation : io.bpfguard.policy.compiled.PathOperation.OF_FILES) {
            assertThat(learnt.allows(operation, "/data/db/new/x/y")).as(operation.name()).isEqualTo(learnt.allows(operation, "/data/db/old/x/y"));
            assertThat(learnt.allows(operation, "/data/db/new")).as(operation.name()).isEqualTo(learnt.allows(operation, "/data/db/old"));
        }
        assertThat(learnt.allows(READ, "/data/other")).isFalse();
    }

    @Test
    void aRenameOfADirectoryFromTopToTopIsNotAllowedAndSaid() throws Exception {
        List<String> events = new ArrayList<>(List.of(Learnt.file("path_mkdir", CREATE, "/a"), Learnt.file("file_open", WRITE, "/a/b")));
        events.addAll(Learnt.rename("/a", "/b"));
        assertThat(Learnt.from(events).text()).contains("# The directory \"/a\" was renamed to \"/b\". That is denied");
    }

    /** The old name of a new program is one more that may be run only if it is always the same. */
    @Test
    void whatIsRenamedToAProgramIsNoRoomForOthers() throws Exception {
        List<String> events = new ArrayList<>(Learnt.rename("/opt/tool.new", "/opt/tool"));
        events.addAll(Learnt.rename("/opt/tool.AbC123", "/opt/other"));
        events.addAll(List.of(Learnt.exec("/opt/tool"), Learnt.exec("/opt/other")));
        Learnt learnt = Learnt.from(events);
        assertThat(learnt.allowsName("/opt/tool.new", "/opt/tool")).isTrue();
        assertThat(learnt.allows(EXEC, "/opt/tool.AbC123")).isFalse();
        assertThat(learnt.text()).contains("# What was renamed to a program had another name each time, \"/opt/tool.*\". That is denied.");
    }

    @Test
    void manyAddressesBecomeNetworks() throws Exception {
        List<String> events = new ArrayList<>();
        for (int i = 1; i < 60; i++) {
            events.add(Learnt.socket("socket_connect", "connect", "tcp 10.1." + i % 3 + "." + i + ":443"));
            events.add(Learnt.socket("socket_connect", "connect", "udp [2001:db8:0:" + i + "::1]:53"));
        }
        Learnt learnt = Learnt.from(events);
        assertThat(learnt.text()).contains("\"10.1.0.0/24\", \"10.1.1.0/24\", \"10.1.2.0/24\"", "\"2001:db8::/48\"");
        assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "10.1.2.200", 443)).isTrue();
        assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "10.1.2.200", 80)).isFalse();
        assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "10.1.3.1", 443)).isFalse();
        assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "169.254.169.254", 443)).isFalse();
        assertThat(learnt.allowsIp(SocketOperation.SEND, "udp", "2001:db8:0:99::1", 53)).isTrue();
        assertThat(learnt.allowsIp(SocketOperation.SEND, "udp", "2001:db8:1::1", 53)).isFalse();
    }

    @Test
    void portsThatTheKernelChoseAreAnother() throws Exception {
        Learnt learnt = Learnt.from(List.of(Learnt.socket("socket_bind", "bind", "tcp 127.0.0.1:0"), Learnt.socket("socket_listen", "listen", "tcp 127.0.0.1:41234")));
        assertThat(learnt.allowsIp(SocketOperation.LISTEN, "tcp", "127.0.0.1", 50000)).isTrue();
        assertThat(learnt.allowsIp(SocketOperation.BIND, "tcp", "127.0.0.1", 0)).isTrue();
        assertThat(learnt.allowsIp(SocketOperation.LISTEN, "tcp", "0.0.0.0", 50000)).as("only at loopback").isFalse();
        assertThat(learnt.allowsIp(SocketOperation.BIND, "tcp", "127.0.0.1", 50000)).isFalse();
        assertThat(learnt.text()).doesNotContain("41234");
    }

    @Test
    void missingEventsAreSaidAtTheTop() throws Exception {
        String text = Learnt.from(List.of(Learnt.exec("/bin/sh"), "{\"event\":\"events-missing\",\"pod\":\"web-1\",\"lost\":7,\"throttled\":70}")).text();
        assertThat(text.lines().limit(4)).anyMatch(line -> line.startsWith("# INCOMPLETE: 77 events are missing"));
        assertThat(Learnt.from(List.of(Learnt.read("/x"))).text()).contains("# INCOMPLETE: no program was seen to be run");
    }

    @Test
    void hostileNamesStayNames() throws Exception {
        List<String> names = List.of("/tmp/a\n  processes: [{action: allow, paths: [\"**\"]}]", "/tmp/\"", "/tmp/'#", "/tmp/*", "/tmp/{a,b}", "/tmp/[x]", "/tmp/\\", "/tmp/\u0085\u2028",
                "/tmp/" + "x".repeat(255) + "/" + "ä".repeat(127) + "/" + "z".repeat(255) + "/" + "y".repeat(255), "/\t: - ", "/tmp/\ud83d\ude00");
        List<String> events = new ArrayList<>();
        names.forEach(name -> {
            events.add(Learnt.exec(name));
            events.add(Learnt.read(name));
        });
        Learnt learnt = Learnt.from(events);
        assertThat(names).allMatch(name -> learnt.allows(EXEC, name) && learnt.allows(READ, name));
        assertThat(List.of("/tmp/a", "/tmp/b", "/tmp/x", "/tmp/anything", "/usr/bin/id")).noneMatch(name -> learnt.allows(EXEC, name));
        assertThat(learnt.text().chars()).allMatch(character -> character == '\n' || character >= ' ' && character < 0x7f);
    }

    /** They come as U+FFFD. */
    @Test
    void bytesThatAreNoTextAreMatchedButNotToRun() throws Exception {
        byte[] bytes = "/data/x\0y".getBytes(StandardCharsets.ISO_8859_1);
        bytes[7] = (byte) 0xe9;
        String shown = new String(bytes, StandardCharsets.UTF_8);
        Learnt learnt = Learnt.from(List.of(Learnt.read(shown), Learnt.exec(shown)));
        assertThat(learnt.allows(READ, bytes)).isTrue();
        assertThat(learnt.allows(EXEC, bytes)).isFalse();
        assertThat(learnt.allows(READ, "/data/other")).isFalse();
        assertThat(learnt.text()).contains("# 1 uses are not allowed although they were seen");
    }

    /** Events have the first 1023 bytes. */
    @Test
    void ofACutPathTheDirectoryIsAllowed() throws Exception {
        String path = "/data" + "/0123456789".repeat(92);
        String line = Learnt.read(path).replaceFirst("}$", ",\"objectLength\":3000}");
        Learnt learnt = Learnt.from(List.of(line));
        assertThat(learnt.allows(READ, path + "56789/and/more")).isTrue();
        assertThat(learnt.allows(READ, "/data/x")).isFalse();
    }

    @Test
    void programsWithoutAPlaceAreNotAllowedAndSaid() throws Exception {
        Learnt learnt = Learnt.from(List.of(Learnt.exec("memfd:evil\n"), Learnt.exec("/bin/sh"), Learnt.read("memfd:data")));
        assertThat(learnt.allows(EXEC, "memfd:evil\n")).isFalse();
        assertThat(learnt.text()).contains("# Not allowed, since it has no place in a directory: \"memfd:data\", \"memfd:evil\\x0a\".");
    }

    @Test
    void aNameThatPoliciesCannotHaveIsRefused() {
        assertThatThrownBy(() -> LearnedPolicy.write("Not A Name", Learnt.SELECTOR, new Observations())).isInstanceOf(PolicyException.class).hasMessageContaining("is not a name");
    }

    @Test
    void nothingSeenIsNothingAllowed() throws Exception {
        Learnt learnt = Learnt.from(new Observations());
        assertThat(learnt.allows(EXEC, "/bin/sh")).isFalse();
        assertThat(learnt.allows(READ, "/etc/passwd")).isFalse();
        assertThat(learnt.allowsCapability("CHOWN")).isFalse();
        assertThat(learnt.allowsSocket(SocketOperation.CREATE, "unix", "stream", "0")).isFalse();
    }
}
