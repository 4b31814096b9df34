package io.bpfguard.events;

import com.fasterxml.jackson.databind.JsonNode;
import io.bpfguard.policy.model.Printable;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;

/** An event as one line for people. */
public final class EventText {
    private static final Set<String> HEAD = Set.of("version", "time", "event", "namespace", "pod", "container", "containerId");
    private static final Set<String> DECISIONS = Set.of("deny", "audit", "kill");
    private static final List<String> OF_A_DECISION = List.of("operation", "object", "source", "flags", "values", "target", "targetComm", "abi");

    private EventText() {}

    /** {@code TIME EVENT NAMESPACE/POD/CONTAINER: what}; what is not printable is escaped. */
    public static String of(JsonNode event) {
        String kind = text(event, "event");
        String head = text(event, "time") + " " + kind + " " + container(event);
        return Printable.of(head + (DECISIONS.contains(kind) ? decision(event) : others(event)));
    }

    private static String container(JsonNode event) {
        if (!event.has("containerId")) {
            return event.has("slot") ? "container in slot " + event.get("slot").asText() + ": " : "";
        }
        StringJoiner names = new StringJoiner("/");
        for (String field : List.of("namespace", "pod", "container")) {
            if (!text(event, field).isEmpty()) {
                names.add(text(event, field));
            }
        }
        return (names.length() == 0 ? text(event, "containerId") : names.toString()) + ": ";
    }

    private static String decision(JsonNode event) {
        StringJoiner what = new StringJoiner(" ");
        for (String field : OF_A_DECISION) {
            if (event.has(field)) {
                what.add(plain(event.get(field)));
            }
        }
        JsonNode process = event.path("process");
        String errno = text(event, "errno");
        String by = event.has("policy") ? text(event, "policy") + " " + text(event, "rule") : text(event, "reason");
        return (what.length() == 0 ? "" : what + " ") + "by " + text(process, "comm") + " (pid " + text(process, "pid") + ", uid " + text(process, "uid") + ")"
                + (errno.isEmpty() ? "" : ", " + errno) + ": " + by + ", " + text(event, "mechanism");
    }

    private static String others(JsonNode event) {
        StringJoiner fields = new StringJoiner(", ");
        event.properties().forEach(field -> {
            if (!HEAD.contains(field.getKey())) {
                fields.add(field.getKey() + " " + plain(field.getValue()));
            }
        });
        return fields.toString();
    }

    private static String plain(JsonNode value) {
        if (!value.isContainerNode()) {
            return value.asText();
        }
        StringJoiner all = new StringJoiner(value.isArray() ? "; " : ", ");
        value.forEach(each -> all.add(plain(each)));
        return all.toString();
    }

    private static String text(JsonNode event, String field) {
        return event.path(field).asText();
    }
}
