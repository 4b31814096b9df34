package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.node.Shell;
import java.util.List;

/**
 * A node that lacks what the agent needs: it ends with a message that says what, where and what to do, and leaves
 * nothing in the kernel. What is missing is hidden from it in a mount namespace of its own.
 */
public final class BadNode implements Scenario {
    /** Something that is missing, how to hide it, and words that the message must have. */
    private record Lack(String what, String hide, List<String> words) {}

    private static final List<Lack> LACKS = List.of(
            new Lack("cgroup v2 is not mounted at /sys/fs/cgroup", "mount -t tmpfs none /sys/fs/cgroup", List.of("cgroup", "v2")),
            new Lack("the kernel has no BTF", "mount -t tmpfs none /sys/kernel/btf", List.of("BTF", "/sys/kernel/btf/vmlinux")),
            new Lack("libbpf is missing",
                    "for f in $(ls /usr/lib/x86_64-linux-gnu/libbpf.so*); do mount --bind /dev/null $f; done", List.of("libbpf")),
            new Lack("libbpf is too old",
                    "for f in $(ls /usr/lib/x86_64-linux-gnu/libbpf.so.1*); do mount --bind $PROBES/libbpf-old.so $f; done",
                    List.of("libbpf", "0.8", "1.1")),
            new Lack("there is no JDK 25",
                    "mkdir -p /run/none; for d in /usr/lib/jvm /opt/jdk; do [ ! -d $d ] || mount -t tmpfs none $d; done; unset JAVA_HOME BPFGUARD_JDK",
                    List.of("25")));

    @Override
    public String name() {
        return "bad-node";
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.agent.stop();
        stage.agent.uninstall();
        for (var lack : LACKS) {
            refused(stage, lack.what, lack.hide, lack.words);
        }
    }

    /** Starts an agent where something is hidden; it must end by itself, soon, and say why. */
    static void refused(Stage stage, String what, String hide, List<String> words) {
        String script = "export PROBES=%s; %s; exec timeout -k 5 120 %s agent --policies %s".formatted(
                stage.layout.probes(), hide, stage.layout.command(), stage.layout.policies());
        var result = Shell.run("unshare", "-m", "/bin/bash", "-c", script);
        boolean ended = result.status() != 0 && result.status() != 124 && result.status() != 137;
        boolean said = words.stream().allMatch(word -> result.output().toLowerCase().contains(word.toLowerCase()));
        boolean calm = !result.output().contains("\tat ");
        stage.report.check(ended && said && calm && !stage.agent.leftPins(),
                "where " + what + " it refuses to start, says so, and leaves nothing behind",
                "exit " + result.status() + ": " + result.output().lines().limit(calm ? 4 : 12).toList());
    }
}
