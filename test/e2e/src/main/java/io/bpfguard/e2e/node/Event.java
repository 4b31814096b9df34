package io.bpfguard.e2e.node;

import com.fasterxml.jackson.databind.JsonNode;

/** One line of the agent's standard output. Fields that a kind of event does not have read as "" or 0. */
public record Event(JsonNode json) {
    public String kind() {
        return text("event");
    }

    public String state() {
        return text("state");
    }

    public String containerId() {
        return text("containerId");
    }

    public String policy() {
        return text("policy");
    }

    public String rule() {
        return text("rule");
    }

    public String errno() {
        return text("errno");
    }

    public String reason() {
        return text("reason");
    }

    public String object() {
        return text("object");
    }

    public String hook() {
        return text("hook");
    }

    public long generation() {
        return json.path("generation").asLong();
    }

    /** Whether this says that something was decided about a container's task. */
    public boolean isDecision() {
        return switch (kind()) {
            case "deny", "audit", "kill" -> true;
            default -> false;
        };
    }

    private String text(String field) {
        return json.path(field).asText("");
    }

    @Override
    public String toString() {
        return json.toString();
    }
}
