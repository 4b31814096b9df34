package io.bpfguard.policy.learn;

import com.fasterxml.jackson.databind.JsonNode;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SocketOperation;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What one event of the agent says of what a container did. Of an event these fields are read: {@code event}, {@code rule}, {@code hook},
 * {@code mechanism}, {@code reason}, {@code operation}, {@code object}, {@code objectLength}, {@code process.tid}, and of
 * {@code events-missing} also {@code lost} and {@code throttled}. Which container it was, nobody asks here.
 *
 * <p>Events of any policy count: where rules of several policies audit the same, the event names one of them.
 */
public sealed interface Observation {
    /**
     * Something was done to a file, or it was run.
     *
     * @param path as the event says it, with U+FFFD for bytes that are no UTF-8
     * @param isCut whether the path goes on
     * @param operation what was done
     * @param makesDirectory whether the path is a directory that came into being
     * @param thread that did it
     */
    record FileUse(String path, boolean isCut, PathOperation operation, boolean makesDirectory, long thread) implements Observation {}

    /**
     * A file gets a further name or another one: told right after the {@link FileUse} of the same thread that has the old name.
     *
     * @param path the new name
     * @param isCut whether the path goes on
     * @param isRename whether the old name goes
     * @param thread that did it
     */
    record NewName(String path, boolean isCut, boolean isRename, long thread) implements Observation {}

    /**
     * Something was done with a socket.
     *
     * @param operation what was done; sends are {@link SocketOperation#SEND}
     * @param socket the words of {@code object}
     */
    record SocketUse(SocketOperation operation, String socket) implements Observation {}

    /**
     * A capability was asked for.
     *
     * @param name with {@code CAP_}, or a number
     */
    record CapabilityUse(String name) implements Observation {}

    /**
     * A system call was made.
     *
     * @param name of the call
     */
    record Call(String name) implements Observation {}

    /**
     * Decisions that have no event.
     *
     * @param lost because nobody read fast enough
     * @param throttled because there were too many in a second
     */
    record Missing(long lost, long throttled) implements Observation {}

    /** Something was prevented, by whichever policy: it was no use of anything. */
    record Denied() implements Observation {}

    /** Something was done, and the kernel side could not tell what. */
    record Unreadable() implements Observation {}

    /** The calls that are judged in {@code file_open}, {@code path_rename} and {@code path_link} have the text of these rules. */
    String OPENED_FOR_BOTH = "learn-opened-for-both";
    /** Likewise. */
    String NEW_NAME = "learn-new-name";

    /** What an event says; empty where it says nothing of what a container did, or what is no part of learnt policies. */
    static Optional<Observation> of(JsonNode event) {
        return switch (event.path("event").asText()) {
            case "events-missing" -> Optional.of(new Missing(event.path("lost").asLong(), event.path("throttled").asLong()));
            case "deny", "kill" -> Optional.of(new Denied());
            case "audit" -> event.has("reason") ? Optional.of(new Unreadable()) : decision(event);
            default -> Optional.empty();
        };
    }

    private static Optional<Observation> decision(JsonNode event) {
        String hook = event.path("hook").asText();
        String mechanism = event.path("mechanism").asText();
        String object = event.path("object").asText();
        long thread = event.path("process").path("tid").asLong();
        boolean isCut = event.has("objectLength");
        if (mechanism.endsWith(" for other names")) {
            return Optional.empty();
        }
        if (!event.path("operation").asText().isEmpty()) {
            return operation(event.path("operation").asText(), hook, object, isCut, thread);
        }
        if (mechanism.contains(" by system call")) {
            return object.isEmpty() ? Optional.of(new Unreadable()) : Optional.of(new Call(object));
        }
        if (hook.equals("capable") && !object.isEmpty()) {
            return Optional.of(new CapabilityUse(object));
        }
        String rule = event.path("rule").asText();
        // Where the rule is not told the policies have changed meanwhile; no other rule looks at arguments there as a rule.
        if (rule.isEmpty() || rule.contains("(" + OPENED_FOR_BOTH + ")") || rule.contains("(" + NEW_NAME + ")")) {
            return arguments(hook, object, isCut, thread);
        }
        return Optional.empty();
    }

    private static Optional<Observation> arguments(String hook, String path, boolean isCut, long thread) {
        boolean isKnown = Set.of("file_open", "path_rename", "path_link").contains(hook);
        if (!isKnown || path.isEmpty()) {
            return isKnown ? Optional.of(new Unreadable()) : Optional.empty();
        }
        return Optional.of(hook.equals("file_open") ? new FileUse(path, isCut, PathOperation.WRITE, false, thread)
                : new NewName(path, isCut, hook.equals("path_rename"), thread));
    }

    private static Optional<Observation> operation(String word, String hook, String object, boolean isCut, long thread) {
        if (object.isEmpty()) {
            return Optional.of(new Unreadable());
        }
        String name = word.toUpperCase(Locale.ROOT);
        boolean isSocket = hook.startsWith("socket_") || hook.startsWith("unix_") || word.equals("bind");
        if (isSocket) {
            return Arrays.stream(SocketOperation.values()).filter(operation -> operation.name().equals(name)).findFirst()
                    .map(operation -> new SocketUse(operation, object));
        }
        return Arrays.stream(PathOperation.values()).filter(operation -> operation.name().equals(name) && operation != PathOperation.MAP).findFirst()
                .map(operation -> new FileUse(object, isCut, operation, hook.equals("path_mkdir"), thread));
    }
}
