package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Device;
import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.model.Abi;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.DeviceRange;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.IntegerRange;
import io.bpfguard.policy.model.LabelRequirement.Operator;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.MountFlags;
import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySelector;
import io.bpfguard.policy.model.PortRange;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Rule;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyReaderTest {
    private static final String SMALL = """
            apiVersion: bpfguard.io/v1
            kind: ContainerPolicy
            metadata: {name: %s}
            spec: {mounts: [{action: deny, types: ["*"]}]}
            """;

    private static List<ContainerPolicy> read(String yaml) throws PolicyException {
        return PolicyReader.read("p.yaml", yaml.getBytes(StandardCharsets.UTF_8)).policies();
    }

    @Test
    void readsEveryPartOfTheLanguage() throws Exception {
        ContainerPolicy policy = read(WrongPoliciesTest.resource("full.yaml")).getFirst();
        assertThat(policy.name()).isEqualTo(new Located<>("full.example", new Position("p.yaml", 4, 9)));
        assertThat(policy.mode()).isEqualTo(Mode.ENFORCE);
        assertThat(policy.selector().namespaces()).extracting(Object::toString).containsExactly("prod", "team-*");
        assertThat(policy.selector().podLabels()).extracting("key", "operator").containsExactly(
                tuple("app.kubernetes.io/name", Operator.IN),
                tuple("tier", Operator.NOT_IN),
                tuple("canary", Operator.DOES_NOT_EXIST));
        assertThat(policy.selector().containers()).hasSize(2);
        assertThat(policy.defaults()).extracting("family", "action").containsExactly(
                tuple(Family.PROCESSES, Action.DENY),
                tuple(Family.CAPABILITIES, Action.AUDIT));
        assertThat(policy.rules()).extracting(rule -> rule.head().label())
                .containsExactly("processes[0] (shells)", "processes[1]", "processes[2]", "processes[3]",
                "files[0] (secrets)", "files[1]", "files[2]", "network[0]", "network[1]", "mounts[0]", "mounts[1]", "capabilities[0]",
                "namespaces[0]", "tracing[0]", "kernelModules[0]", "bpf[0]", "keys[0]", "ioUring[0]", "signals[0]", "systemCalls[0]", "lsmHooks[0]",
                        "kernelFunctions[0]", "programs[0] (custom)");
        assertThat(policy.rules()).extracting(rule -> rule.head().errno()).startsWith(13, 1, 1, 1, 2, 1).endsWith(1, 1, 1, 1);
        assertThat(policy.rules()).extracting(rule -> rule.head().mode()).startsWith(Mode.AUDIT, Mode.ENFORCE);
        assertThat(policy.rules().get(2)).isInstanceOfSatisfying(Rule.Processes.class, programs -> {
            assertThat(programs.arguments()).extracting(glob -> glob.value().text()).containsExactly("-c*", "/tmp/*");
            assertThat(programs.from()).extracting(glob -> glob.value().text()).containsExactly("/usr/bin/env", "/bin/*sh");
            assertThat(programs.operations()).containsExactly(PathOperation.EXEC);
        });
        assertThat(policy.rules().get(3)).isInstanceOfSatisfying(Rule.Processes.class, programs -> {
            assertThat(programs.paths()).isEmpty();
            assertThat(programs.origins()).containsExactlyInAnyOrder(FileKind.MEMORY, FileKind.DELETED);
            assertThat(programs.operations()).containsExactlyInAnyOrder(PathOperation.EXEC, PathOperation.MAP);
        });
        assertThat(policy.rules().get(4)).isInstanceOfSatisfying(Rule.Files.class,
                files -> assertThat(files.operations()).containsExactly(PathOperation.READ));
        assertThat(policy.rules().get(5)).isInstanceOfSatisfying(Rule.Files.class,
                files -> assertThat(files.operations()).isEqualTo(PathOperation.OF_FILES));
        assertThat(policy.rules().get(6)).isInstanceOfSatisfying(Rule.Files.class, files -> {
            assertThat(files.paths()).isEmpty();
            assertThat(files.own()).contains(false);
            assertThat(files.fileSystems()).hasSize(2);
            assertThat(files.foreignMount()).isTrue();
            assertThat(files.devices()).containsExactly(
                    new DeviceRange(Device.Type.BLOCK, new IntegerRange(0, 4095), new IntegerRange(0, 1048575)),
                    new DeviceRange(Device.Type.CHARACTER, new IntegerRange(10, 11), new IntegerRange(200, 200)));
        });
        assertThat(policy.rules().get(7)).isInstanceOfSatisfying(Rule.Network.class, network -> {
            assertThat(network.addresses()).extracting(address -> address.value().toString()).containsExactly("169.254.169.254", "fd00:ec2::/32");
            assertThat(network.ports()).containsExactly(new PortRange(80, 80), new PortRange(8000, 8999));
            assertThat(network.protocols()).containsExactlyInAnyOrder(6, 256, 262);
        });
        assertThat(policy.rules().get(11)).isInstanceOfSatisfying(Rule.Capabilities.class,
                capabilities -> assertThat(capabilities.numbers()).containsExactlyInAnyOrder(21, 13));
        assertThat(policy.rules().get(19)).isInstanceOfSatisfying(Rule.SystemCalls.class, calls -> {
            assertThat(calls.abis()).containsExactly(Abi.BITS_64);
            assertThat(calls.conditions()).extracting(Condition::text).containsExactly("0 mask 0x10 equals 16, 0o20", "flags range -1-20");
        });
        assertThat(policy.rules().get(20)).isInstanceOfSatisfying(Rule.LsmHooks.class, hooks -> {
            assertThat(hooks.conditions()).extracting(Condition::text).containsExactly(
                    "path.dentry.d_inode.i_mode equals S_ISUID|S_ISGID", "type matches proc, fuse*");
            assertThat(hooks.conditions().getFirst().test()).isInstanceOfSatisfying(Condition.Test.Equal.class,
                    test -> assertThat(test.values().getFirst().value().bits()).isEqualTo(06000));
        });
        assertThat(policy.rules().get(21)).isInstanceOfSatisfying(Rule.KernelFunctions.class,
                functions -> assertThat(functions.head().fallback()).map(Located::value).contains(Action.KILL));
        assertThat(policy.rules().getLast()).isInstanceOfSatisfying(Rule.Programs.class, program -> {
            assertThat(program.object().value()).isEqualTo("large-files.bpf.o");
            assertThat(program.parameters()).extracting(parameter -> parameter.name().value()).containsExactly("longest", "mask", "strict", "prefix");
            assertThat(program.parameters()).extracting(parameter -> parameter.value().value()).containsExactly(
                    new Rule.Programs.Value.Number(BigInteger.valueOf(1 << 20)), new Rule.Programs.Value.Number(BigInteger.valueOf(0xff)),
                    new Rule.Programs.Value.Flag(true), new Rule.Programs.Value.Text("x"));
        });
    }

    @Test
    void namedFamiliesHaveTheirConditionsOrAll() throws Exception {
        ContainerPolicy policy = read(WrongPoliciesTest.resource("full.yaml")).getFirst();
        assertThat(policy.rules().get(10)).isInstanceOfSatisfying(Rule.Mounts.class, mounts -> {
            assertThat(mounts.types()).isEmpty();
            assertThat(mounts.flags()).isEqualTo(new MountFlags(9, 0));
            assertThat(mounts.sources()).extracting(glob -> glob.value().text()).containsExactly("/dev/**");
        });
        assertThat(policy.rules().get(12)).isInstanceOfSatisfying(Rule.Namespaces.class, namespaces -> {
            assertThat(namespaces.kinds()).containsExactlyInAnyOrder(NamespaceKind.USER, NamespaceKind.NET);
            assertThat(namespaces.operations()).containsExactly(Rule.Namespaces.Operation.CREATE);
        });
        assertThat(policy.rules().get(18)).isInstanceOfSatisfying(Rule.Signals.class, signals -> {
            assertThat(signals.signals()).containsExactlyInAnyOrder(9, 15, 64);
            assertThat(signals.targets()).containsExactly(SignalTarget.OUTSIDE);
        });
        List<Rule> all = read(SMALL.replaceFirst("spec:.*", "spec: {namespaces: [{action: deny}], tracing: [{action: deny}], "
                + "kernelModules: [{action: deny}], signals: [{action: deny}]}").formatted("a")).getFirst().rules();
        assertThat(all.get(0)).isInstanceOfSatisfying(Rule.Namespaces.class, namespaces -> assertThat(namespaces.kinds()).hasSize(8));
        assertThat(all.get(1)).isInstanceOfSatisfying(Rule.Tracing.class, tracing -> assertThat(tracing.operations()).hasSize(2));
        assertThat(all.get(2)).isInstanceOfSatisfying(Rule.KernelModules.class, modules -> assertThat(modules.operations()).hasSize(3));
        assertThat(all.get(3)).isInstanceOfSatisfying(Rule.Signals.class, signals -> assertThat(signals.signals()).hasSize(64));
    }

    @Test
    void defaultsAreEnforceAndEveryContainer() throws Exception {
        ContainerPolicy policy = read(SMALL.formatted("a")).getFirst();
        assertThat(policy.mode()).isEqualTo(Mode.ENFORCE);
        assertThat(policy.selector()).isEqualTo(PolicySelector.EVERYTHING);
        assertThat(policy.rules().getFirst().head().errno()).isEqualTo(1);
    }

    @Test
    void allCapabilitiesAreAll64() throws Exception {
        Rule rule = read(SMALL.formatted("a").replace("mounts", "capabilities")
                .replace("types: [\"*\"]", "names: [all]"))
                .getFirst().rules().getFirst();
        assertThat(rule).isInstanceOfSatisfying(Rule.Capabilities.class, all -> assertThat(all.numbers()).hasSize(64));
    }

    @Test
    void aFileMayHoldSeveralPoliciesAndEmptyDocuments() throws Exception {
        assertThat(read("---\n" + SMALL.formatted("a") + "---\n---\n# nothing\n---\n" + SMALL.formatted("b") + "...\n"))
                .extracting(policy -> policy.name().value()).containsExactly("a", "b");
    }

    @Test
    void anEmptyFileIsNoPolicy() throws Exception {
        assertThat(read("")).isEmpty();
        assertThat(read("# later\n")).isEmpty();
        assertThat(read("---\n")).isEmpty();
        assertThat(read("\ufeff")).isEmpty();
    }

    @Test
    void aByteOrderMarkIsNotContent() throws Exception {
        assertThat(read("\ufeff" + SMALL.formatted("a")).getFirst().name().at())
                .isEqualTo(new Position("p.yaml", 3, 18));
    }

    @Test
    void quotedTextIsTextWhateverItLooksLike() throws Exception {
        ContainerPolicy policy = read("""
                apiVersion: "bpfguard.io/v1"
                kind: 'ContainerPolicy'
                metadata: {name: "1"}
                spec:
                  selector: {namespaces: ["no", '012'], podLabels: {matchLabels: {"on": "", b: "1.0"}}}
                  mounts: [{action: deny, types: ["null"]}]
                """).getFirst();
        assertThat(policy.selector().namespaces()).extracting(Object::toString).containsExactly("no", "012");
        assertThat(policy.selector().podLabels()).extracting("key").containsExactly("on", "b");
    }

    @Test
    void oneWrongPolicyRefusesTheFileAndTheOthersAreStillRead() {
        String yaml = SMALL.formatted("A") + "---\n" + SMALL.formatted("b").replace("deny", "dney");
        assertThatThrownBy(() -> read(yaml)).isInstanceOf(PolicyException.class)
                .hasMessageStartingWith("p.yaml:3:18: ").hasMessageContaining("\np.yaml:9:")
                        .hasMessageContaining("did you mean \"deny\"");
    }

    @Test
    void whatIsNotUtf8IsRefusedAtTheByte() {
        byte[] latin1 = SMALL.formatted("caf\u00e9").getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> PolicyReader.read("p.yaml", latin1)).isInstanceOf(PolicyException.class)
                .hasMessageContaining("p.yaml:3:21: is not UTF-8 text: byte 0xe9");
        byte[] cut = {'a', ':', ' ', (byte) 0xc3};
        assertThatThrownBy(() -> PolicyReader.read("p.yaml", cut)).isInstanceOf(PolicyException.class)
                .hasMessageContaining("p.yaml:1:4: is not UTF-8 text");
    }

    @Test
    void aFileOverOneMebibyteIsRefused() throws Exception {
        byte[] largest = new byte[1 << 20];
        Arrays.fill(largest, (byte) '\n');
        assertThat(PolicyReader.read("p.yaml", largest).policies()).isEmpty();
        assertThatThrownBy(() -> PolicyReader.read("p.yaml", Arrays.copyOf(largest, largest.length + 1)))
                .isInstanceOf(PolicyException.class).hasMessageContaining("1 MiB");
    }

    @Test
    void billionLaughsIsRefusedAtOnce() {
        StringBuilder yaml = new StringBuilder("a0: &a0 [lol]\n");
        for (int i = 1; i < 30; i++) {
            yaml.append("a").append(i).append(": &a").append(i).append(" [").append(("*a" + (i - 1) + ",").repeat(10))
                    .append("]\n");
        }
        assertThatThrownBy(() -> read(yaml.toString())).isInstanceOf(PolicyException.class)
                .hasMessageContaining("1:5: anchors");
    }

    @Test
    void deepNestingIsRefusedWithoutOverflow() {
        assertThatThrownBy(() -> read("a: " + "[".repeat(200_000))).isInstanceOf(PolicyException.class)
                .hasMessageContaining("nested deeper");
    }

    @Test
    void everyPrefixOfAPolicyIsReadOrRefusedWithAPlace() throws Exception {
        String full = WrongPoliciesTest.resource("full.yaml");
        int refused = 0;
        for (int length = 0; length < full.length(); length++) {
            try {
                read(full.substring(0, length));
            } catch (PolicyException e) {
                refused++;
                assertThat(e.problems()).allSatisfy(problem -> assertThat(problem.line()).isPositive());
            }
        }
        assertThat(refused).isGreaterThan(500);
    }
}
