package io.bpfguard.policy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.Capability;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Containers that do anything, with names that anybody could choose: all of it is allowed by what is learnt, and what was never near is not. */
class LearnedPolicyRandomTest {
    private static final int RUNS = Integer.getInteger("bpfguard.learn.runs", Boolean.getBoolean("bpfguard.long") ? 300 : 40);
    private static final String[] WORDS = {"etc", "var", "tmp", "log", "nginx.conf", "1234", "tmp.AbC123", "a*", "b?", "[c]", "{d,e}", "\\", "\"", "'", "#", "\n", " ", "-",
            "ä", "😀", "\u0085", "\ufeff", ": ", "...", "**", "!x", "0b9d5c1e-1d7e-4b42-8f7d-0a6a4d2b9c11", "x\u0001", "\u007f", "sess_deadbeef01234567", "a,b", "~", "\t"};
    private static final List<PathOperation> OPERATIONS = PathOperation.OF_FILES.stream().sorted().toList();
    private static final List<SocketOperation> AT_ENDS = List.of(SocketOperation.CONNECT, SocketOperation.BIND, SocketOperation.LISTEN, SocketOperation.ACCEPT, SocketOperation.SEND);

    /** Something that was seen, and the question whether it is allowed. */
    private record Act(List<String> events, String what, java.util.function.Predicate<Learnt> isAllowed) {}

    private static String path(Random random) {
        StringBuilder path = new StringBuilder();
        int depth = 1 + random.nextInt(5);
        for (int i = 0; i < depth; i++) {
            path.append('/');
            int words = 1 + (random.nextInt(4) == 0 ? random.nextInt(3) : 0);
            for (int j = 0; j < words; j++) {
                path.append(WORDS[random.nextInt(i == 0 ? 6 : WORDS.length)]);
            }
            if (random.nextInt(3) == 0) {
                path.append(random.nextInt(i == 0 ? 3 : 10_000));
            }
        }
        return path.toString();
    }

    private static Act act(Random random) {
        String path = path(random);
        switch (random.nextInt(10)) {
            case 0 -> {
                return new Act(List.of(Learnt.exec(path)), "exec " + path, learnt -> learnt.allows(PathOperation.EXEC, path));
            }
            case 1 -> {
                return new Act(Learnt.openBoth(path), "open " + path, learnt -> learnt.allows(PathOperation.READ, path) && learnt.allows(PathOperation.WRITE, path));
            }
            case 2 -> {
                String other = path(random);
                return new Act(Learnt.rename(path, other), "rename " + path + " to " + other, learnt -> learnt.allows(PathOperation.RENAME, path)
                        && learnt.allows(PathOperation.RENAME, other) && learnt.allows(PathOperation.CREATE, other) && learnt.allows(PathOperation.UNLINK, other)
                        && (isDirectory(learnt, path, other) || learnt.allowsName(path, other)));
            }
            case 3 -> {
                SocketOperation operation = AT_ENDS.get(random.nextInt(5));
                String protocol = List.of("tcp", "udp").get(operation == SocketOperation.LISTEN || operation == SocketOperation.ACCEPT ? 0
                        : operation == SocketOperation.SEND ? 1 : random.nextInt(2));
                boolean isIpv6 = random.nextInt(3) == 0;
                String address = isIpv6 ? "2001:db8:" + random.nextInt(3) + "::" + (1 + random.nextInt(200)) : "10." + random.nextInt(3) + "." + random.nextInt(100) + "." + random.nextInt(256);
                int port = random.nextInt(2) == 0 ? random.nextInt(65536) : 1 + random.nextInt(3);
                String end = (isIpv6 ? "[" + address + "]" : address) + ":" + port;
                return new Act(List.of(Learnt.socket("socket_" + operation.word(), operation.word(), protocol + " " + end)), operation + " " + protocol + " " + end,
                        learnt -> learnt.allowsIp(operation, protocol, address, port));
            }
            case 4 -> {
                boolean isAbstract = random.nextBoolean();
                SocketOperation operation = AT_ENDS.get(random.nextInt(4));
                String name = isAbstract ? path.substring(1) : path;
                String hook = operation == SocketOperation.CONNECT ? "unix_stream_connect" : "socket_" + operation.word();
                return new Act(List.of(Learnt.socket(hook, operation.word(), "unix " + (isAbstract ? "@" : "") + name)), operation + " unix " + name,
                        learnt -> learnt.allowsUnix(operation, (isAbstract ? "\u0001" : "") + name));
            }
            case 5 -> {
                String[] kind = List.of("inet stream tcp", "inet6 dgram udp", "unix stream", "netlink raw 0", "packet raw 3", "inet raw icmp", "inet dgram tcp", "vsock stream 0")
                        .get(random.nextInt(8)).split(" ");
                return new Act(List.of(Learnt.socket("socket_create", "create", String.join(" ", kind))), String.join(" ", kind),
                        learnt -> learnt.allowsSocket(SocketOperation.CREATE, kind[0], kind[1], kind.length > 2 ? kind[2] : "0")
                                || kind[1].equals("raw") && !kind[0].equals("netlink"));
            }
            case 6 -> {
                String name = Capability.NAMES.get(random.nextInt(Capability.NAMES.size()));
                return new Act(List.of(Learnt.capability("CAP_" + name)), name, learnt -> learnt.allowsCapability(name));
            }
            case 7 -> {
                String call = AuditPolicy.calls().get(random.nextInt(AuditPolicy.calls().size()));
                return new Act(List.of(Learnt.call("capable", call)), call, learnt -> !learnt.text().contains("        - " + call + "\n"));
            }
            default -> {
                PathOperation operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
                return new Act(List.of(Learnt.file("file_open", operation, path)), operation + " " + path, learnt -> learnt.allows(operation, path));
            }
        }
    }

    /** Of which the policy says something else, see the renames of directories: here it is enough that both names are allowed. */
    private static boolean isDirectory(Learnt learnt, String old, String other) {
        return old.startsWith(other + "/") || other.startsWith(old + "/") || learnt.text().contains("# The directory") || learnt.text().contains("# What was renamed to a program")
                || List.of(old, other).stream().anyMatch(path -> PathOperation.OF_FILES.stream().anyMatch(operation -> learnt.allows(operation, path + "/x")));
    }

    @Test
    void whatWasSeenIsAllowedAndWhatWasNotIsDenied() throws Exception {
        for (int run = 0; run < RUNS; run++) {
            Random random = new Random(run);
            int count = run % 10 == 0 ? 400 : 1 + random.nextInt(60);
            List<Act> acts = IntStream.range(0, count).mapToObj(_ -> act(random)).toList();
            List<String> events = new ArrayList<>();
            acts.forEach(act -> events.addAll(act.events()));
            Learnt learnt = Learnt.from(events);
            for (Act act : acts) {
                assertThat(act.isAllowed().test(learnt)).as("run %d: %s, by\n%s", run, act.what(), learnt.text()).isTrue();
            }
            for (PathOperation operation : OPERATIONS) {
                assertThat(learnt.allows(operation, "/never/near")).as("run %d: %s", run, operation).isFalse();
            }
            assertThat(learnt.allows(PathOperation.EXEC, "/never/near")).isFalse();
            assertThat(learnt.allows(PathOperation.EXEC, "/etc/never-run")).isFalse();
            assertThat(learnt.allows(PathOperation.EXEC, "/tmp/tmp.never")).isFalse();
            assertThat(learnt.allowsIp(SocketOperation.CONNECT, "tcp", "192.0.2.1", 443)).isFalse();
            assertThat(learnt.allowsUnix(SocketOperation.CONNECT, "/never/near")).isFalse();
            assertThat(learnt.allowsSocket(SocketOperation.CREATE, "alg", "seqpacket", "0")).isFalse();
        }
    }
}
