package io.bpfguard.policy.read;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.LabelRequirement.Operator;
import java.util.Arrays;

/** The JSON Schema of {@code spec.selector}. */
final class SelectorSchema {
    private SelectorSchema() {}

    static ObjectNode selector() {
        return new SchemaMapping()
                .key("namespaces", "Globs; one of them matches the pod's namespace.", GlobSchema.globs(Glob.Kind.NAME))
                .key("podLabels", "What the pod's labels must be, as in Kubernetes.", podLabels())
                .key("containers", "Globs; one of them matches the container's name.", GlobSchema.globs(Glob.Kind.NAME))
                .key("kinds", "What the container is in its pod, by the pod's annotations bpfguard.io/init-containers and bpfguard.io/ephemeral-containers;"
                        + " one that neither names is a workload.", SchemaValues.list(SchemaValues.word(SelectorReader.KINDS.keySet())))
                .key("images", "Globs; one of them matches the name of the container's image as the runtime says it. Where it says nothing, they match.",
                        GlobSchema.globs(Glob.Kind.TEXT))
                .notEmpty().node();
    }

    private static ObjectNode podLabels() {
        return new SchemaMapping()
                .key("matchLabels", "Labels that the pod has with these values.", matchLabels())
                .key("matchExpressions", "Comparisons with the pod's labels; all of them hold.", SchemaValues.list(matchExpression()))
                .notEmpty().node();
    }

    private static ObjectNode matchLabels() {
        ObjectNode node = SchemaValues.anything().put("type", "object").put("minProperties", 1);
        node.set("propertyNames", SchemaValues.text(SelectorReader.LABEL_KEY));
        node.set("additionalProperties", SchemaValues.text(SelectorReader.LABEL_VALUE));
        return node;
    }

    private static ObjectNode matchExpression() {
        ObjectNode hasValues = SchemaValues.having("operator",
                SchemaValues.word(Arrays.stream(Operator.values()).filter(Operator::hasValues).map(Operator::word).toList()));
        return new SchemaMapping()
                .required("key", "The label.", SchemaValues.text(SelectorReader.LABEL_KEY))
                .required("operator", "How the label is compared: In and NotIn with values, Exists and DoesNotExist without. NotIn also holds where the label"
                        + " is absent.", SchemaValues.word(SelectorReader.OPERATORS.keySet()))
                .key("values", "The values of In and NotIn.", SchemaValues.list(SchemaValues.text(SelectorReader.LABEL_VALUE)))
                .needs(hasValues, SchemaValues.having("values"), SchemaValues.without("values")).node();
    }
}
