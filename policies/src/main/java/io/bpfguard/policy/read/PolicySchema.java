package io.bpfguard.policy.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.Glob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The JSON Schema of policies, for editors: keys with their meaning, words, and what else a schema can say. It refuses nothing that
 * {@link PolicyReader} and the checker accept, where YAML is read as version 1.2 says, and accepts much that only they refuse:
 * globs with errors in them, conditions that contradict each other.
 *
 * <p>It is of draft 7 (<a href="https://json-schema.org/draft-07">json-schema.org/draft-07</a>), which all editors understand:
 * yaml-language-server, which most of them use, has known newer ones since its version 1.20 only (its CHANGELOG.md).
 */
public final class PolicySchema {
    private PolicySchema() {}

    /** The schema as JSON, indented, always the same and with a line break at its end. */
    public static String text() {
        Separators separators = PrettyPrinter.DEFAULT_SEPARATORS.withObjectFieldValueSpacing(Separators.Spacing.AFTER);
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter(separators).withObjectIndenter(new DefaultIndenter("  ", "\n"));
        try {
            return new ObjectMapper().writer(printer).writeValueAsString(schema()) + "\n";
        } catch (JsonProcessingException impossible) {
            throw new AssertionError("a tree is always JSON", impossible);
        }
    }

    /** The schema of one document. */
    static ObjectNode schema() {
        ObjectNode schema = SchemaValues.anything().put("$schema", "http://json-schema.org/draft-07/schema#").put("title", "BPFGuard policy")
                .put("description", "What containers may do. What is not described here is refused; policies/README.md says what each key means.");
        schema.setAll(document());
        // Documents without content are no policies, and no mistake.
        schema.putArray("type").add("object").add("null");
        schema.set("definitions", definitions());
        return schema;
    }

    private static ObjectNode document() {
        return new SchemaMapping()
                .required("apiVersion", "The version of the policy language.", SchemaValues.word(List.of(Heading.API_VERSION)))
                .required("kind", "What the document is.", SchemaValues.word(List.of(PolicyDocument.KIND)))
                .required("metadata", "What the policy is called.", metadata())
                .required("spec", "Which containers the policy is for, and its rules.", spec()).node();
    }

    private static ObjectNode metadata() {
        return new SchemaMapping()
                .required("name", "The policy's name, unique on the node: lower-case letters, digits, - and ., as in Kubernetes.",
                        SchemaValues.text(PolicyDocument.DNS_1123_SUBDOMAIN).put("maxLength", PolicyDocument.NAME_LENGTH)).node();
    }

    private static ObjectNode spec() {
        SchemaMapping spec = new SchemaMapping()
                .key("mode", "enforce (without the key), or audit: nothing is prevented, what would be is reported.",
                        SchemaValues.word(PolicyDocument.MODES.keySet()))
                .key("selector", "Which containers the policy is for: those that match all parts. Without the key: every container of the node.",
                        SelectorSchema.selector())
                .key("defaults", "What happens to everything in a family that no allow names. It makes allow-lists.", defaults());
        List<String> content = new ArrayList<>(List.of("defaults"));
        for (Family family : Family.values()) {
            spec.key(family.key(), RuleSchema.rules(family));
            content.add(family.key());
        }
        return spec.needsOneOf(content).node();
    }

    private static ObjectNode defaults() {
        SchemaMapping defaults = new SchemaMapping();
        Arrays.stream(Family.values()).filter(Family::hasDefault).forEach(family -> defaults.key(family.key(),
                "What happens to everything in " + family.key() + " that no allow names.", SchemaValues.word(PolicyDocument.ACTIONS.keySet())));
        return defaults.notEmpty().node();
    }

    private static ObjectNode definitions() {
        ObjectNode definitions = SchemaValues.anything();
        definitions.setAll(RuleSchema.headDefinitions());
        for (Glob.Kind kind : Glob.Kind.values()) {
            definitions.set(GlobSchema.name(kind), GlobSchema.definition(kind));
        }
        definitions.set("condition", ConditionSchema.condition());
        definitions.set("number", ConditionSchema.number());
        return definitions;
    }
}
