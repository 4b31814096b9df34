package io.bpfguard.policy.read;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;

/** The JSON Schema of a mapping while its keys are told; other keys are refused. */
final class SchemaMapping {
    private final ObjectNode node = SchemaValues.anything().put("type", "object");
    private final ObjectNode properties = node.putObject("properties");

    SchemaMapping() {
        node.put("additionalProperties", false);
    }

    /** A key that may be there. */
    SchemaMapping key(String key, ObjectNode value) {
        properties.set(key, value);
        return this;
    }

    /** A key that may be there, and what editors show of it. */
    SchemaMapping key(String key, String description, ObjectNode value) {
        return key(key, SchemaValues.described(description, value));
    }

    /** A key that must be there. */
    SchemaMapping required(String key, ObjectNode value) {
        node.withArrayProperty("required").add(key);
        return key(key, value);
    }

    /** A key that must be there, and what editors show of it. */
    SchemaMapping required(String key, String description, ObjectNode value) {
        return required(key, SchemaValues.described(description, value));
    }

    /** At least one of the keys must be there. */
    SchemaMapping needsOneOf(Collection<String> keys) {
        ArrayNode alternatives = node.putArray("anyOf");
        keys.forEach(key -> alternatives.add(SchemaValues.having(key)));
        return this;
    }

    /** At least one key must be there. */
    SchemaMapping notEmpty() {
        node.put("minProperties", 1);
        return this;
    }

    /** All of these must hold besides. */
    SchemaMapping needsAll(ObjectNode... schemas) {
        node.putArray("allOf").addAll(List.of(schemas));
        return this;
    }

    /** Exactly one of these must hold besides. */
    SchemaMapping needsExactlyOne(ObjectNode... schemas) {
        node.putArray("oneOf").addAll(List.of(schemas));
        return this;
    }

    /** What must hold besides where the first holds, and where it does not. */
    SchemaMapping needs(ObjectNode where, ObjectNode then, ObjectNode otherwise) {
        node.set("if", where);
        node.set("then", then);
        node.set("else", otherwise);
        return this;
    }

    /** The first key is only there with the second. */
    SchemaMapping needsWith(String key, String other) {
        node.putObject("dependencies").putArray(key).add(other);
        return this;
    }

    ObjectNode node() {
        return node;
    }
}
