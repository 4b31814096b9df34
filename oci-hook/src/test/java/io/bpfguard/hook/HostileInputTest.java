package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Torn and changed input: the only exception is a {@link HookException}, and what is torn is never taken for something else. */
class HostileInputTest {
    private static final int MUTATIONS = 20_000;

    @TempDir
    private Path directory;

    private byte[] state;
    private byte[] config;
    private Path sandbox;
    private byte[] sandboxConfig;

    @BeforeEach
    void bundle() throws IOException {
        String container = """
                {"ociVersion":"1.2.0","process":{"args":["sh"],"env":["A=\\u00fc\\n"]},"annotations":{"io.container.manager":"cri-o",
                "io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.cri-o.SandboxID":"sb","io.kubernetes.pod.namespace":"prod",
                "io.kubernetes.pod.name":"web-0","io.kubernetes.cri-o.Metadata":"{\\"name\\":\\"app\\"}","bpfguard.io/labels":"app=web"},
                "linux":{"cgroupsPath":"a.slice:crio:c1","namespaces":[{"type":"pid"}],"seccomp":{"x":[1,-2.5e3,true,null]}}}
                """;
        String pod = """
                {"annotations":{"io.kubernetes.cri-o.ContainerType":"sandbox","io.kubernetes.pod.namespace":"prod","io.kubernetes.cri-o.Labels":"{\\"app\\":\\"web\\",\\"tier\\":\\"\\"}","io.kubernetes.pod.name":"web-0",
                "io.kubernetes.cri-o.Annotations":"{\\"bpfguard.io/init-containers\\":\\"app\\"}"}}
                """;
        Path bundle = Bundles.write(directory.resolve("c1/userdata"), container);
        sandbox = Bundles.write(directory.resolve("sb/userdata"), pod).resolve("config.json");
        state = ("{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":4711,\"bundle\":\"" + bundle
                + "\",\"annotations\":{\"bpfguard.io/namespace\":\"x\"},\"root\":{\"a\":[]}} \n").getBytes(StandardCharsets.UTF_8);
        config = container.getBytes(StandardCharsets.UTF_8);
        sandboxConfig = pod.getBytes(StandardCharsets.UTF_8);
    }

    private static HookedContainer read(byte[] state, byte[] config) throws HookException {
        RuntimeState read = RuntimeState.read(new ByteArrayInputStream(state));
        return HookedContainer.of(read, BundleConfig.read(new ByteArrayInputStream(config), "config.json", BundleConfig.CAP));
    }

    private static boolean isBlank(byte[] whole, int from) {
        return new String(whole, from, whole.length - from, StandardCharsets.UTF_8).isBlank();
    }

    @Test
    void tornState() throws HookException {
        HookedContainer whole = read(state, config);
        assertThat(whole.facts().containerName()).isEqualTo("app");
        for (int end = 0; end < state.length; end++) {
            HookedContainer torn = readOrNull(Arrays.copyOf(state, end), config);
            assertThat(torn).as("cut at %d", end).isEqualTo(isBlank(state, end) ? whole : null);
        }
    }

    @Test
    void tornConfiguration() throws HookException {
        HookedContainer whole = read(state, config);
        for (int end = 0; end < config.length; end++) {
            HookedContainer torn = readOrNull(state, Arrays.copyOf(config, end));
            assertThat(torn).as("cut at %d", end).isEqualTo(isBlank(config, end) ? whole : null);
        }
    }

    @Test
    void tornSandbox() throws HookException, IOException {
        HookedContainer whole = read(state, config);
        for (int end = 0; end < sandboxConfig.length; end++) {
            Files.write(sandbox, Arrays.copyOf(sandboxConfig, end));
            HookedContainer torn = readOrNull(state, config);
            assertThat(torn).as("cut at %d", end).isEqualTo(isBlank(sandboxConfig, end) ? whole : null);
        }
    }

    private static HookedContainer readOrNull(byte[] state, byte[] config) {
        try {
            return read(state, config);
        } catch (HookException refused) {
            assertThat(refused.getMessage()).isNotBlank().doesNotContain("\n", "\r", "\0");
            return null;
        }
    }

    @Test
    void mutations() throws IOException {
        SplittableRandom random = new SplittableRandom(20261129);
        int accepted = 0;
        for (int round = 0; round < MUTATIONS; round++) {
            // Most of them in memory, since writing files takes its time.
            byte[] mutatedState = round % 3 == 0 ? mutated(state, random) : state;
            byte[] mutatedConfig = round % 3 == 1 ? mutated(config, random) : round % 3 == 2 ? mutated(sandboxConfig, random) : config;
            accepted += readOrNull(mutatedState, mutatedConfig) == null ? 0 : 1;
        }
        for (int round = 0; round < MUTATIONS / 20; round++) {
            Files.write(sandbox, mutated(sandboxConfig, random));
            accepted += readOrNull(state, config) == null ? 0 : 1;
        }
        // Both ways have to be taken, or the mutations are too tame or too wild.
        assertThat(accepted).isBetween(MUTATIONS / 100, MUTATIONS * 9 / 10);
    }

    /** One to three changes: a byte, a bit, a piece left out, doubled or moved, or a piece of JSON put in. */
    private static byte[] mutated(byte[] original, SplittableRandom random) {
        byte[] bytes = original;
        for (int change = random.nextInt(1, 4); change > 0; change--) {
            int from = random.nextInt(bytes.length);
            int length = Math.min(random.nextInt(1, 40), bytes.length - from);
            switch (random.nextInt(6)) {
                case 0 -> {
                    bytes = bytes.clone();
                    bytes[from] = (byte) random.nextInt(256);
                }
                case 1 -> {
                    bytes = bytes.clone();
                    bytes[from] ^= (byte) (1 << random.nextInt(8));
                }
                case 2 -> bytes = joined(Arrays.copyOf(bytes, from), new byte[0], Arrays.copyOfRange(bytes, from + length, bytes.length));
                case 3 -> bytes = joined(Arrays.copyOf(bytes, from + length), Arrays.copyOfRange(bytes, from, from + length), Arrays.copyOfRange(bytes, from + length, bytes.length));
                case 4 -> bytes = joined(Arrays.copyOf(bytes, from), Arrays.copyOfRange(bytes, 0, Math.min(length, bytes.length)), Arrays.copyOfRange(bytes, from, bytes.length));
                default -> {
                    String[] pieces = {"\"", "\\u0000", "\\ud800", "{", "}", "[", "]", ":", ",", "null", "1e999", "-", "/", "..", "\n", "\u00fc", "\\"};
                    bytes = joined(Arrays.copyOf(bytes, from), pieces[random.nextInt(pieces.length)].getBytes(StandardCharsets.UTF_8), Arrays.copyOfRange(bytes, from, bytes.length));
                }
            }
            if (bytes.length == 0) {
                return original;
            }
        }
        return bytes;
    }

    private static byte[] joined(byte[] first, byte[] second, byte[] third) {
        byte[] all = Arrays.copyOf(first, first.length + second.length + third.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        System.arraycopy(third, 0, all, first.length + second.length, third.length);
        return all;
    }
}
