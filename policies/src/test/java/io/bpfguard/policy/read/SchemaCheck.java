package io.bpfguard.policy.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Asks the schema and the reader about the same document. */
final class SchemaCheck {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final Schema SCHEMA = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7).getSchema(PolicySchema.text(), InputFormat.JSON);

    private SchemaCheck() {}

    /** The documents as a parser that knows nothing of policies has them. */
    static List<JsonNode> documents(String yaml) throws IOException {
        try (MappingIterator<JsonNode> documents = YAML.readerFor(JsonNode.class).readValues(yaml)) {
            return documents.readAll();
        }
    }

    /** What the schema has against a document. */
    static List<String> refusals(JsonNode document) {
        return SCHEMA.validate(document).stream().map(Error::toString).toList();
    }

    /** What the schema has against the documents. */
    static List<String> refusals(String yaml) throws IOException {
        return documents(yaml).stream().flatMap(document -> refusals(document).stream()).toList();
    }

    /** What the reader has against the same; JSON is YAML. */
    static List<String> problems(String yaml) {
        try {
            PolicyReader.read("p.yaml", yaml.getBytes(StandardCharsets.UTF_8));
            return List.of();
        } catch (PolicyException refusal) {
            return refusal.problems().stream().map(Problem::message).toList();
        }
    }
}
