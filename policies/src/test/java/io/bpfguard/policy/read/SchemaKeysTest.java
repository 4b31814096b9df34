package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.policy.model.Family;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The schema has the keys that the reader knows, in every mapping of the language. */
class SchemaKeysTest {
    private static final Pattern KNOWN = Pattern.compile("unknown key \"unheardOf\" .*\\(known: (.*)\\)");

    /** Every mapping of the full policy but those whose keys are labels and variables. */
    static List<JsonPointer> mappings() throws IOException {
        ObjectNode tree = FullPolicy.tree();
        return FullPolicy.places().stream().filter(place -> tree.at(place).isObject() && !place.toString().endsWith("/matchLabels") && !place.toString().endsWith("/parameters")).toList();
    }

    @ParameterizedTest
    @MethodSource("mappings")
    void areThoseThatTheReaderKnows(JsonPointer place) throws IOException {
        ObjectNode tree = FullPolicy.tree();
        ((ObjectNode) tree.at(place)).put("unheardOf", 1);
        List<MatchResult> told = SchemaCheck.problems(tree.toString()).stream().flatMap(problem -> KNOWN.matcher(problem).results()).toList();
        assertThat(told).hasSize(1);
        Set<String> known = Arrays.stream(told.getFirst().group(1).split(", ")).collect(Collectors.toSet());
        assertThat(keys(schemaOf(place))).containsExactlyInAnyOrderElementsOf(known);
        assertThat(SchemaCheck.refusals(tree)).isNotEmpty();
    }

    @Test
    void theFullPolicyHasEveryMappingOfTheSchema() throws IOException {
        JsonNode spec = FullPolicy.tree().get("spec");
        Set<JsonNode> compared = mappings().stream().map(SchemaKeysTest::schemaOf).collect(Collectors.toSet());
        assertThat(PolicySchema.schema().findParents("additionalProperties")).filteredOn(mapping -> mapping.get("additionalProperties").isBoolean())
                .allSatisfy(mapping -> assertThat(compared).contains(mapping));
        assertThat(Family.values()).allMatch(family -> compared.contains(schemaOf(JsonPointer.compile("/spec/" + family.key() + "/0"))))
                .allMatch(family -> spec.has(family.key()));
    }

    private static Set<String> keys(JsonNode mapping) {
        return mapping.get("properties").properties().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
    }

    /** The schema of what stands at a place of the full policy. */
    private static JsonNode schemaOf(JsonPointer place) {
        JsonNode schema = PolicySchema.schema();
        JsonNode node = schema;
        for (JsonPointer rest = place; !rest.matches(); rest = rest.tail()) {
            node = node.path("type").asText().equals("array") ? node.get("items") : node.get("properties").get(rest.getMatchingProperty());
            if (node.has("$ref")) {
                node = schema.at(node.get("$ref").textValue().substring(1));
            }
        }
        return node;
    }
}
