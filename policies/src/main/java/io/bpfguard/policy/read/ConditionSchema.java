package io.bpfguard.policy.read;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.KernelConstants;
import io.bpfguard.policy.model.KernelNumber;

/** JSON Schemas of conditions on arguments and of the numbers in them. */
final class ConditionSchema {
    private ConditionSchema() {}

    static ObjectNode condition() {
        ObjectNode number = SchemaValues.definition("number");
        return new SchemaMapping()
                .required("argument", "An index from 0, a name, or (hooks and functions) a name with members of structs behind it:"
                        + " file.f_path.dentry.d_inode.i_mode.", argument())
                .key("equals", "The number is this one, or one of these; with mask, the bits of the mask are these.",
                        SchemaValues.either(number, SchemaValues.list(number)))
                .key("mask", "All these bits are set; with equals, these are the bits that are compared.", number)
                .key("range", "The number is from the first to the last, both included: \"10-20\", \"-1-1\".", SchemaValues.text(ConditionReader.RANGE))
                .key("matches", "One of these globs matches the text or the path.", GlobSchema.globs(Glob.Kind.TEXT))
                .needsExactlyOne(SchemaValues.either(SchemaValues.having("equals"), SchemaValues.having("mask")), SchemaValues.having("range"),
                        SchemaValues.having("matches")).node();
    }

    private static ObjectNode argument() {
        ObjectNode node = SchemaValues.text(ConditionReader.ARGUMENT);
        node.putArray("type").add("integer").add("string");
        return node.put("minimum", 0).put("maximum", 99);
    }

    /** What {@link KernelNumber#parse} accepts; of several constants only the look is told. */
    static ObjectNode number() {
        return SchemaValues.described("A number: decimal, 0x…, 0o…, or names of the kernel's constants joined by |: \"S_ISUID|S_ISGID\".",
                SchemaValues.either(SchemaValues.anything().put("type", "integer"), SchemaValues.word(KernelConstants.names()),
                        SchemaValues.text(KernelNumber.DIGITS), SchemaValues.textWith("^[A-Za-z0-9_|\\s]*[|\\s][A-Za-z0-9_|\\s]*$")));
    }
}
