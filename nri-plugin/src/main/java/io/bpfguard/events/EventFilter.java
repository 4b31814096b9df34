package io.bpfguard.events;

import com.fasterxml.jackson.databind.JsonNode;
import io.bpfguard.policy.model.Glob;
import java.util.Map;

/**
 * Which events are wanted: those of which each of some fields is there and fits.
 *
 * @param fields globs by the field's name; none for all events
 */
public record EventFilter(Map<String, Glob> fields) {
    public EventFilter {
        fields = Map.copyOf(fields);
    }

    /** Whether an event is wanted. */
    public boolean wants(JsonNode event) {
        return fields.entrySet().stream().allMatch(field -> {
            JsonNode value = event.get(field.getKey());
            return value != null && value.isTextual() && field.getValue().matches(value.textValue());
        });
    }
}
