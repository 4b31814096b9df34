package io.bpfguard.bpf.node;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Whether the kernel takes the CPU from a task while it runs kernel code, as it does in the modes full, lazy and real-time.
 *
 * @param root of the file system; {@code /} but in tests
 */
record Preemption(Path root) {
    private static final Pattern MODE = Pattern.compile("\\((\\w+)\\)");
    private static final Pattern ARGUMENT = Pattern.compile("(?:^| )preempt=(\\w+)");
    private static final Pattern PREEMPT = Pattern.compile("\\bPREEMPT(?:_LAZY|_RT)?\\b");

    /** Whether it does; also where that cannot be told. */
    boolean isPossible() {
        return mode().map(mode -> !mode.equals("none") && !mode.equals("voluntary")).orElse(true);
    }

    /** none, voluntary, full or lazy, as {@code /sys/kernel/debug/sched/preempt} has them; empty where that cannot be told. */
    private Optional<String> mode() {
        Matcher now = MODE.matcher(read("sys/kernel/debug/sched/preempt"));
        if (now.find()) {
            return Optional.of(now.group(1));
        }
        String version = read("proc/sys/kernel/version");
        if (version.contains("PREEMPT_DYNAMIC")) {
            Matcher argument = ARGUMENT.matcher(read("proc/cmdline"));
            return argument.find() ? Optional.of(argument.group(1)) : built();
        }
        return Optional.of(PREEMPT.matcher(version).find() ? "full" : "none");
    }

    /** What the kernel was built with. */
    private Optional<String> built() {
        String release = read("proc/sys/kernel/osrelease");
        for (String config : List.of(readZipped("proc/config.gz"), read("boot/config-" + release), read("lib/modules/" + release + "/config"),
                read("usr/lib/modules/" + release + "/config"))) {
            if (config.contains("CONFIG_PREEMPT_NONE=y")) {
                return Optional.of("none");
            }
            if (config.contains("CONFIG_PREEMPT_VOLUNTARY=y")) {
                return Optional.of("voluntary");
            }
            if (!config.isEmpty()) {
                return Optional.of("full");
            }
        }
        return Optional.empty();
    }

    private String readZipped(String file) {
        try (InputStream content = new GZIPInputStream(Files.newInputStream(root.resolve(file)))) {
            return new String(content.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException absent) {
            return "";
        }
    }

    private String read(String file) {
        try {
            return Files.readString(root.resolve(file), StandardCharsets.ISO_8859_1).strip();
        } catch (IOException absent) {
            return "";
        }
    }
}
