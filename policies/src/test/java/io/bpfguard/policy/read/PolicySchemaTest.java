package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.bpfguard.policy.Policies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema accepts what the reader accepts. With {@code -Dbpfguard.write=true}, {@code docs/policy.schema.json} is written anew. */
class PolicySchemaTest {
    private static final Path FILE = Path.of("../docs/policy.schema.json");
    private static final Pattern EXAMPLE = Pattern.compile("(?s)```yaml\n(.*?)```");
    private static final String PRELUDE = "apiVersion: bpfguard.io/v1\nkind: ContainerPolicy\nmetadata: {name: a}\nspec:\n";

    @Test
    void theFileIsWhatTheProgramSays() throws IOException {
        if (Boolean.getBoolean("bpfguard.write")) {
            Files.writeString(FILE, PolicySchema.text());
        }
        assertThat(FILE).content().isEqualTo(PolicySchema.text());
    }

    @Test
    void isASchemaOfItsDraft() {
        String draft = PolicySchema.schema().get("$schema").textValue();
        Schema schemas = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7).getSchema(SchemaLocation.of(draft));
        assertThat(schemas.validate(PolicySchema.schema())).isEmpty();
    }

    @Test
    void everyKeyHasADescription() {
        for (var mapping : PolicySchema.schema().findParents("additionalProperties")) {
            mapping.path("properties").properties().forEach(key -> {
                var value = key.getValue().has("$ref") ? PolicySchema.schema().at(key.getValue().get("$ref").textValue().substring(1)) : key.getValue();
                assertThat(value.path("description").asText()).as(key.getKey()).endsWith(".");
            });
        }
    }

    @Test
    void acceptsTheLibrary() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("library"))) {
            List<Path> policies = files.filter(file -> file.toString().endsWith(".yaml")).toList();
            assertThat(policies).isNotEmpty();
            for (Path file : policies) {
                assertThat(SchemaCheck.documents(Files.readString(file))).isNotEmpty()
                        .allSatisfy(document -> assertThat(SchemaCheck.refusals(document)).as(file.toString()).isEmpty());
            }
        }
    }

    @Test
    void acceptsTheFullPolicy() throws IOException {
        assertThat(SchemaCheck.refusals(FullPolicy.tree())).isEmpty();
    }

    @Test
    void acceptsSeveralDocumentsAndEmptyOnes() throws IOException {
        String policy = Policies.document("a", "{bpf: [{action: deny}]}");
        String file = "---\n# nothing\n" + policy + "---\n" + policy.replace("name: a", "name: b");
        assertThat(SchemaCheck.documents(file)).hasSize(4);
        assertThat(SchemaCheck.problems(file)).isEmpty();
        assertThat(SchemaCheck.refusals(file)).isEmpty();
    }

    @Test
    void acceptsTheExamplesOfTheManual() throws IOException {
        List<String> examples = EXAMPLE.matcher(Files.readString(Path.of("README.md"))).results().map(MatchResult::group)
                .map(block -> block.substring("```yaml\n".length(), block.length() - "```".length())).filter(example -> !example.contains("PolicyTest"))
                .map(example -> example.startsWith("apiVersion") ? example : PRELUDE + example).toList();
        assertThat(examples).hasSizeGreaterThan(6).allSatisfy(example -> {
            assertThat(SchemaCheck.problems(example)).isEmpty();
            assertThat(SchemaCheck.refusals(example)).isEmpty();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{defaults: {mounts: audit}}",
        "{selector: {podLabels: {matchLabels: {\"on\": \"\"}, matchExpressions: [{key: a/b, operator: In, values: [\"\", c]}]}}, bpf: [{action: deny}]}",
        "{selector: {images: [\"r.example/a:*\"], kinds: [init, init]}, bpf: [{action: deny}]}",
        "{processes: [{action: allow, paths: ['\\/a', '{/a,/b}/c', '**', '*{*,*/a}'], operations: [map]}]}",
        "{files: [{action: kill, errno: 133, fileSystems: ['[/]x', '{a,b}']}, {action: deny, fallback: audit, owner: self, mode: enforce}]}",
        "{files: [{action: deny, devices: [{type: char, major: \"8\", minors: 0-1048575}]}]}",
        "{network: [{action: deny, families: [255, vsock], types: [15]}, {action: deny, protocols: [0, 65535]}]}",
        "{network: [{action: deny, addresses: [1.2.3.4, 0.0.0.0/0, \"::\", '::ffff:1.2.3.4', fd00::/8], ports: [\"80\", 0, 65535, 0-65535]}]}",
        "{network: [{action: deny}]}",
        "{mounts: [{action: deny, types: [bind, 'nfs[34]'], flags: [ro, ro, nosuid]}]}",
        "{capabilities: [{action: deny, names: [Cap_Net_Raw, net_raw, CAP_BPF, all, CAP_ALL, BPF, BPF]}]}",
        "{signals: [{action: deny, signals: [Kill, SigTerm, sigterm, 1, 64, 64]}]}",
        "{systemCalls: [{action: deny, names: [_sysctl, clone3, uretprobe], abis: [\"64\", 32]}]}",
        "{systemCalls: [{action: deny, names: [mount], conditions: [{argument: \"5\", equals: MS_BIND}, {argument: 5, equals: [0x1, 0o17, \"0XfF\", \"0o17\", -1]}]}]}",
        "{systemCalls: [{action: deny, names: [mount], conditions: [{argument: 3, mask: 'MS_BIND | MS_REC', equals: ' MS_BIND'}, {argument: 99, range: -5--1}]}]}",
        "{systemCalls: [{action: deny, names: [mount], conditions: [{argument: 3, equals: [18446744073709551615, -9223372036854775808]}]}]}",
        "{lsmHooks: [{action: deny, names: [file_open], conditions: [{argument: 0.f_path.dentry, matches: [/a, \"*\"]}, {argument: f, range: 0x1-0xf}]}]}",
        "{kernelFunctions: [{action: kill, names: [a.isra.0], module: nf-tables}]}"})
    void acceptsEverySpellingThatTheReaderAccepts(String spec) throws IOException {
        String policy = Policies.document("a", spec);
        assertThat(SchemaCheck.problems(policy)).isEmpty();
        assertThat(SchemaCheck.refusals(policy)).isEmpty();
    }
}
