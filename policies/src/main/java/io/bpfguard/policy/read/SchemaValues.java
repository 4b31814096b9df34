package io.bpfguard.policy.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** JSON Schemas of values. Each call makes a new one. */
final class SchemaValues {
    private SchemaValues() {}

    /** A schema without any demand. */
    static ObjectNode anything() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** The same value with what editors show of it. */
    static ObjectNode described(String description, ObjectNode value) {
        ObjectNode node = anything().put("description", description);
        if (value.has("$ref")) {
            // Before draft 2019-09 what stands beside a $ref does not count.
            node.putArray("allOf").add(value);
            return node;
        }
        return node.setAll(value);
    }

    /** Text of at least one character. */
    static ObjectNode text() {
        return anything().put("type", "string").put("minLength", 1);
    }

    /** Text that the pattern matches as a whole. */
    static ObjectNode text(Pattern pattern) {
        return textWith("^(?:" + pattern.pattern() + ")$");
    }

    /** Text in which the pattern is found. */
    static ObjectNode textWith(String pattern) {
        return anything().put("type", "string").put("pattern", pattern);
    }

    /** One of some words. */
    static ObjectNode word(Collection<String> words) {
        ObjectNode node = anything();
        words.stream().sorted().forEach(node.putArray("enum")::add);
        return node;
    }

    /** One of some words of capital letters, written in any case, with or without the prefix. */
    static ObjectNode wordInAnyCase(String prefix, Collection<String> words) {
        String pattern = words.stream().sorted().map(SchemaValues::anyCase).collect(Collectors.joining("|"));
        // The words alone are for completion, the pattern is for the rest.
        return either(word(words), textWith("^(?:" + anyCase(prefix) + ")?(?:" + pattern + ")$"));
    }

    private static String anyCase(String word) {
        return word.chars().mapToObj(Character::toString)
                .map(letter -> letter.toLowerCase(Locale.ROOT).equals(letter) ? letter : "[" + letter + letter.toLowerCase(Locale.ROOT) + "]")
                .collect(Collectors.joining());
    }

    /** A number without a fraction, both ends included. */
    static ObjectNode integer(int least, int most) {
        return anything().put("type", "integer").put("minimum", least).put("maximum", most);
    }

    /** A number, or two with a dash between them. */
    static ObjectNode range(int most) {
        ObjectNode node = anything();
        node.putArray("type").add("integer").add("string");
        return node.put("minimum", 0).put("maximum", most).put("pattern", text(Values.RANGE).get("pattern").textValue());
    }

    /** A list with at least one entry. */
    static ObjectNode list(ObjectNode entry) {
        return anything().put("type", "array").put("minItems", 1).set("items", entry);
    }

    /** A list of some of the words, each once. */
    static ObjectNode words(Collection<String> words) {
        return list(word(words)).put("uniqueItems", true);
    }

    /** What meets one of some schemas. */
    static ObjectNode either(ObjectNode... values) {
        ObjectNode node = anything();
        node.putArray("anyOf").addAll(List.of(values));
        return node;
    }

    /** What stands in {@code definitions}. */
    static ObjectNode definition(String name) {
        return anything().put("$ref", "#/definitions/" + name);
    }

    /** A mapping with this key, whatever else it has. */
    static ObjectNode having(String key) {
        ObjectNode node = anything();
        node.putArray("required").add(key);
        return node;
    }

    /** A mapping in which this key has a value that meets the schema, and which has others as it likes. */
    static ObjectNode having(String key, JsonNode value) {
        ObjectNode node = having(key);
        node.putObject("properties").set(key, value);
        return node;
    }

    /** A mapping without this key. */
    static ObjectNode without(String key) {
        ObjectNode node = anything();
        node.putObject("properties").put(key, false);
        return node;
    }
}
