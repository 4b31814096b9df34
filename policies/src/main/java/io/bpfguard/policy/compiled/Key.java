package io.bpfguard.policy.compiled;

import java.io.ByteArrayOutputStream;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a matcher sees, field by field, to be looked up in user space as the kernel side does. Fields that were not given
 * are zeros, or empty. Not thread-safe.
 */
public final class Key {
    private final Map<KeyField, byte[]> values = new EnumMap<>(KeyField.class);

    /** Sets an integer. */
    public Key with(KeyField field, long value) {
        byte[] bytes = new byte[field.width()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (value >>> Byte.SIZE * (bytes.length - 1 - i));
        }
        return with(field, bytes);
    }

    /** Sets a string, without a NUL, or the bytes of an integer. */
    public Key with(KeyField field, byte[] value) {
        if (field.width() > 0 && value.length != field.width()) {
            throw new IllegalArgumentException(field + " has " + field.width() + " bytes, not " + value.length);
        }
        values.put(field, value.clone());
        return this;
    }

    /** The bytes for a ruleset whose keys have these fields. */
    public byte[] bytes(List<KeyField> fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (KeyField field : fields) {
            bytes.writeBytes(values.getOrDefault(field, new byte[field.width()]));
            if (field.width() == 0 && field != fields.getLast()) {
                bytes.write(0);
            }
        }
        return bytes.toByteArray();
    }
}
