package io.bpfguard.policy.compiled;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a matcher sees, field by field, to be looked up in user space as the kernel side does. Fields that were not given
 * are zeros, or empty; arguments must be given. Not thread-safe.
 */
public final class Key {
    /** No argument, or no program. */
    private static final byte[] NO_ARGUMENTS = {1};

    private final Map<KeyField, byte[]> values = new EnumMap<>(Map.of(KeyField.PROGRAM_ARGUMENTS, NO_ARGUMENTS));
    private final Set<KeyField> texts = EnumSet.noneOf(KeyField.class);

    /** Sets an integer. */
    public Key with(KeyField field, long value) {
        byte[] bytes = new byte[isArgument(field) ? Extractor.WIDTH : field.width()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (value >>> Byte.SIZE * (bytes.length - 1 - i));
        }
        values.put(field, bytes);
        return this;
    }

    /** Sets the arguments of a program, without its name. */
    public Key withArguments(List<String> arguments) {
        StringBuilder text = new StringBuilder("\1");
        arguments.forEach(argument -> text.append(argument.replace('\1', '\2')).append('\1'));
        return with(KeyField.PROGRAM_ARGUMENTS, text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Sets a string, without a NUL, or the bytes of an integer. */
    public Key with(KeyField field, byte[] value) {
        if (field.width() > 0 && value.length != field.width()) {
            throw new IllegalArgumentException(field + " has " + field.width() + " bytes, not " + value.length);
        }
        if (field.width() == 0) {
            texts.add(field);
        }
        values.put(field, value.clone());
        return this;
    }

    /** The bytes for a ruleset whose keys have these fields. */
    public byte[] bytes(List<KeyField> fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (KeyField field : fields) {
            if (isArgument(field) && !values.containsKey(field)) {
                throw new IllegalArgumentException("no value for " + field);
            }
            bytes.writeBytes(values.getOrDefault(field, new byte[field.width()]));
            if ((isArgument(field) ? texts.contains(field) : field.width() == 0) && field != fields.getLast()) {
                bytes.write(0);
            }
        }
        return bytes.toByteArray();
    }

    private static boolean isArgument(KeyField field) {
        return Matcher.ARGUMENTS.fields().contains(field);
    }
}
