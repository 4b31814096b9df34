package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema refuses what the reader refuses, as far as a schema can. */
class SchemaRefusesTest {
    /** Parts of the titles of wrong policies that only the reader refuses. */
    private static final List<String> BEYOND_A_SCHEMA = List.of("for the second time", "anchors (&) and aliases (*)", "tags (", "the key on is a boolean",
            "2024-01-01 is a date", "1:20 is a number",
            // globs
            "the glob \"", "[ without ]", "has an empty alternative", "must start with / or **", "ends in /", "two slashes in a row", "has a component . or ..", "{ without }",
            "} without {", "the wrong way round", "begins with ^", "has a / in a class", "beyond ASCII", "ends in a backslash", "more than 1000 alternatives",
            "nests braces deeper",
            // numbers: YAML has read them before a schema sees them, and of text only the look is told
            "it goes from 0 to", "ends before it begins", "\"0x1\"; write a number", "errno cannot be 0", "octal to some YAML parsers", "parameters.a cannot be 010", "parameters.a cannot be yes", "more than 64 bits",
            "\"0x1g\" is no number", "has bits behind its prefix", "IPv4 has 0 to 32", "there is no constant \"CLONE_X\"",
            // what goes together
            "and its opposite", "none that can be told", "arguments, which a program has when it is run", "is about making files", "is already taken",
            "mask is 0", "bits that the mask", "which the kernel tells of sockets", "which sockets of the", "which a socket of the family", "has both", "has protocols", "has the protocol",
            "has create");

    @Test
    void theWrongPoliciesButThoseBeyondASchema() throws IOException {
        List<String> accepted = new ArrayList<>();
        for (WrongPoliciesTest.Wrong wrong : WrongPoliciesTest.wrong()) {
            try {
                if (SchemaCheck.refusals(wrong.yaml()).isEmpty()) {
                    accepted.add(wrong.title());
                }
            } catch (JsonProcessingException notYaml) {
                // An editor says so without a schema.
            }
        }
        assertThat(accepted).filteredOn(title -> BEYOND_A_SCHEMA.stream().noneMatch(title::contains)).isEmpty();
        assertThat(BEYOND_A_SCHEMA).filteredOn(part -> accepted.stream().noneMatch(title -> title.contains(part))).isEmpty();
    }

    @Test
    void theFullPolicyWithAnythingLeftOutWhereTheReaderDoes() throws IOException {
        changeEverywhere((mapping, key) -> mapping.remove(key), (list, index) -> list.remove(index));
    }

    @ParameterizedTest
    @ValueSource(strings = {"3.5", "true", "\"mount\"", "{}", "[]"})
    void theFullPolicyWithAnythingReplacedWhereTheReaderDoes(String json) throws IOException {
        JsonNode other = new ObjectMapper().readTree(json);
        changeEverywhere((mapping, key) -> mapping.set(key, other), (list, index) -> list.set(index, other));
    }

    /** Changes the full policy at one place after the other. */
    private static void changeEverywhere(BiConsumer<ObjectNode, String> inMapping, BiConsumer<ArrayNode, Integer> inList) throws IOException {
        ObjectNode full = FullPolicy.tree();
        for (JsonPointer place : FullPolicy.places()) {
            if (!place.matches()) {
                ObjectNode changed = full.deepCopy();
                switch (changed.at(place.head())) {
                    case ObjectNode mapping -> inMapping.accept(mapping, place.last().getMatchingProperty());
                    case ArrayNode list -> inList.accept(list, place.last().getMatchingIndex());
                    default -> throw new AssertionError("nothing is in a scalar: " + place);
                }
                schemaAndReaderAgree(changed, place);
            }
        }
    }

    private static void schemaAndReaderAgree(ObjectNode policy, JsonPointer changed) {
        List<String> refusals = SchemaCheck.refusals(policy);
        List<String> problems = SchemaCheck.problems(policy.toString());
        boolean expressible = problems.stream().anyMatch(problem -> BEYOND_A_SCHEMA.stream().noneMatch(problem::contains));
        if (problems.isEmpty() || expressible) {
            assertThat(refusals.isEmpty()).as("%s: schema %s, reader %s", changed, refusals, problems).isEqualTo(problems.isEmpty());
        }
    }
}
