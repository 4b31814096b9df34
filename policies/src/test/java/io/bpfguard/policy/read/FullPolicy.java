package io.bpfguard.policy.read;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The policy that has every key of the language, as a tree. */
final class FullPolicy {
    private FullPolicy() {}

    /** A tree that the caller may change. */
    static ObjectNode tree() throws IOException {
        return (ObjectNode) SchemaCheck.documents(WrongPoliciesTest.resource("full.yaml")).getFirst();
    }

    /** Every place in the tree, the outermost first. */
    static List<JsonPointer> places() throws IOException {
        List<JsonPointer> places = new ArrayList<>();
        collect(tree(), JsonPointer.empty(), places);
        return places;
    }

    private static void collect(JsonNode node, JsonPointer place, List<JsonPointer> places) {
        places.add(place);
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            collect(entry.getValue(), place.appendProperty(entry.getKey()), places);
        }
        if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                collect(node.get(i), place.appendIndex(i), places);
            }
        }
    }
}
