package io.bpfguard.hook;

import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.bpf.routing.PinnedMaps;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compile.CompiledPolicies;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.read.PolicyReader;
import io.bpfguard.state.PolicyFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How long the hook without an agent takes, and how much memory, beside a program that does nothing on the same Java machine: as root,
 * {@code HookTimes ALONE [JAVA OPTION...]}, where ALONE is the command line up to the class, as bpfguard-hook-alone has it. 100 policies
 * are in force, and the container's route is loaded.
 */
public final class HookTimes {
    private static final int TIMES = Integer.getInteger("times", 50);
    private static final int POLICIES = 100;
    private static final int ENVIRONMENT = 400;

    private HookTimes() {}

    /** Does nothing, on the same class path. */
    public static final class Empty {
        private Empty() {}

        /** The entry point. */
        public static void main(String... arguments) {}
    }

    /** The entry point. */
    public static void main(String... java) throws Exception {
        Path directory = Files.createTempDirectory("hook-times");
        try (PinnedMaps maps = PinnedMaps.create(2 * TIMES + 64)) {
            Path state = prepare(directory, maps);
            List<String> hook = Stream.concat(Stream.of(java), Stream.of("io.bpfguard.hook.Main", "createRuntime", "20000", "4026531841",
                    directory.resolve("run").toString(), maps.root().toString(), directory.resolve("cgroup").toString(), directory.resolve("proc").toString())).toList();
            List<String> empty = Stream.concat(Stream.of(java), Stream.of(Empty.class.getName())).toList();
            List<Double> hooks = new ArrayList<>();
            List<Double> empties = new ArrayList<>();
            for (int i = 0; i < TIMES; i++) {
                // In turns, so that what else the machine does is the same for both.
                empties.add(millis(empty, state));
                place(directory, i);
                hooks.add(millis(hook, state));
            }
            if (maps.containers().size() != TIMES) {
                throw new IllegalStateException(maps.containers().size() + " containers were taken in, not " + TIMES);
            }
            System.out.printf("an empty program: median %.1f ms, least %.1f ms; the hook: median %.1f ms, least %.1f ms; %.2f times the median%n",
                    median(empties), least(empties), median(hooks), least(hooks), median(hooks) / median(empties));
        }
    }

    /** Another container each time. */
    private static void place(Path directory, int number) throws IOException {
        Files.createDirectories(directory.resolve("cgroup/made/c" + number));
        Files.writeString(Files.createDirectories(directory.resolve("proc/4711")).resolve("cgroup"), "0::/made/c" + number + "\n");
    }

    private static Path prepare(Path directory, PinnedMaps maps) throws Exception {
        Files.writeString(Files.createDirectories(directory.resolve("proc/self")).resolve("cgroup"), "0::/runtime\n");
        String yaml = IntStream.range(0, POLICIES).mapToObj(i -> """
                ---
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata: {name: policy-%d}
                spec:
                  selector: {namespaces: ["team-%d", "%s"], podLabels: {matchLabels: {app: web}}}
                  files: [{action: deny, paths: ["/secrets-%d/**", "/etc/shadow"]}]
                  processes: [{action: deny, paths: ["/usr/**/tool-%d"]}]
                """.formatted(i, i, i == 0 ? "prod" : "other-" + i, i, i)).collect(Collectors.joining());
        RecordedKernel kernel = RecordedKernel.of("6.12");
        CompiledPolicies policies = new Compiler(Checker.check(PolicyReader.read("t.yaml", yaml.getBytes(StandardCharsets.UTF_8)), kernel), kernel).compiled();
        InForce inForce = new InForce(policies.digest(), 1);
        new PolicyFile(directory.resolve("run/policies")).write(policies, inForce);
        maps.putInForce(inForce);
        maps.putRoute(policies.routeKey(List.of("policy-0")), 7);
        Path bundle = Files.createDirectories(directory.resolve("bundle"));
        String environment = IntStream.range(0, ENVIRONMENT).mapToObj(i -> "\"VARIABLE_" + i + "=of the usual length\"").collect(Collectors.joining(","));
        Files.writeString(bundle.resolve("config.json"), "{\"process\": {\"env\": [" + environment + "]}, \"annotations\": {\"bpfguard.io/namespace\": \"prod\","
                + " \"bpfguard.io/labels\": \"app=web\"}, \"linux\": {\"namespaces\": [{\"type\": \"pid\"}]}}");
        return Files.writeString(directory.resolve("state.json"), "{\"ociVersion\": \"1.2.0\", \"id\": \"c\", \"pid\": 4711, \"bundle\": \"" + bundle + "\"}");
    }

    private static double millis(List<String> command, Path input) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        int status = new ProcessBuilder(command).redirectInput(input.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT).start().waitFor();
        if (status != 0) {
            throw new IllegalStateException(command + " ended with " + status);
        }
        return (System.nanoTime() - begin) / 1e6;
    }

    private static double median(List<Double> times) {
        double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static double least(List<Double> times) {
        return Arrays.stream(times.stream().mapToDouble(Double::doubleValue).toArray()).min().orElseThrow();
    }
}
