package io.bpfguard.install;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The files that we put into a hooks.d directory, in schema 1.0.0 of oci-hooks(5). There are two, because all stages of one file get
 * the same arguments.
 */
public enum HookFile {
    /** Asks for a container's policies before it may be created. */
    CREATE("50-bpfguard.json", "createRuntime"),
    /** Tells that a container is gone. */
    POSTSTOP("50-bpfguard-poststop.json", "poststop");

    /** All that the program gets of an environment; the runtime's own would reach it otherwise. */
    static final String ENVIRONMENT = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final String fileName;
    private final String stage;

    HookFile(String fileName, String stage) {
        this.fileName = fileName;
        this.stage = stage;
    }

    /** Its name in the directory. */
    public String fileName() {
        return fileName;
    }

    /** When the program is run, in the words of the OCI runtime specification; its last argument too. */
    public String stage() {
        return stage;
    }

    /** The file's content. */
    byte[] content(Registration what) {
        ObjectNode file = MAPPER.createObjectNode().put("version", "1.0.0");
        ObjectNode hook = file.putObject("hook").put("path", what.launcher());
        hook.putArray("args").add(Launcher.NAME).add("--limit").add(Integer.toString(what.limitMillis())).add(stage);
        hook.putArray("env").add(ENVIRONMENT);
        hook.put("timeout", what.timeoutSeconds());
        ObjectNode when = file.putObject("when");
        what.annotation().ifPresentOrElse(key -> when.putObject("annotations").put(key, ".*"), () -> when.put("always", true));
        file.putArray("stages").add(stage);
        return (file.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * The file as JSON.
     *
     * @throws IOException if it is none, saying where
     */
    static JsonNode parse(byte[] content) throws IOException {
        try {
            return MAPPER.readTree(content);
        } catch (JsonProcessingException wrong) {
            throw new IOException("is not JSON: line " + wrong.getLocation().getLineNr() + ", column " + wrong.getLocation().getColumnNr()
                    + ": " + wrong.getOriginalMessage(), wrong);
        }
    }

    /** Whether a file of one of our names is ours: it starts a program of our name. */
    static boolean isOurs(byte[] content) {
        try {
            String path = parse(content).path("hook").path("path").asText();
            return path.startsWith("/") && Path.of(path).endsWith(Launcher.NAME);
        } catch (IOException notJson) {
            return false;
        }
    }

    /** Why a runtime cannot load a file, or nothing. A file whose program is missing is passed over before most of it is looked at. */
    static Optional<String> defect(HostRoot root, byte[] content, Set<String> stages) {
        JsonNode file;
        try {
            file = parse(content);
        } catch (IOException notJson) {
            return Optional.of(notJson.getMessage());
        }
        String version = file.path("version").asText();
        return switch (version) {
            case "1.0.0" -> defect(root, file, stages);
            // The old schema, where the hook is a path.
            case "", "0.1.0" -> file.path("hook").isTextual() ? Optional.empty()
                    : Optional.of("has no version and is not of the old form that has none: \"hook\" is not a path");
            default -> Optional.of("is of version " + version + ", which is not known");
        };
    }

    private static Optional<String> defect(HostRoot root, JsonNode file, Set<String> stages) {
        Optional<String> form = wrongForm(file);
        if (form.isPresent()) {
            return form;
        }
        String path = file.path("hook").path("path").asText();
        if (path.isEmpty()) {
            return Optional.of("names no program in hook.path");
        }
        if (path.startsWith("/") && !Files.exists(root.at(path))) {
            return Optional.empty();
        }
        if (!file.path("stages").isArray()) {
            return Optional.of("has no list of stages");
        }
        for (JsonNode stage : file.path("stages")) {
            if (!stages.contains(stage.asText())) {
                return Optional.of("names the stage " + stage + ", which is not known");
            }
        }
        return Optional.empty();
    }

    /** Runtimes read into typed fields: a value of another type than theirs is an error, one that is missing is not. */
    private static Optional<String> wrongForm(JsonNode file) {
        JsonNode hook = file.path("hook");
        JsonNode when = file.path("when");
        Map<String, Boolean> fits = new LinkedHashMap<>();
        fits.put("hook", fits(hook, JsonNode::isObject));
        fits.put("hook.path", fits(hook.path("path"), JsonNode::isTextual));
        fits.put("hook.args", fits(hook.path("args"), HookFile::isTexts));
        fits.put("hook.env", fits(hook.path("env"), HookFile::isTexts));
        fits.put("hook.timeout", fits(hook.path("timeout"), JsonNode::isIntegralNumber));
        fits.put("when", fits(when, JsonNode::isObject));
        fits.put("when.always", fits(when.path("always"), JsonNode::isBoolean));
        fits.put("when.annotations", fits(when.path("annotations"), node -> node.isObject() && allText(node)));
        fits.put("when.commands", fits(when.path("commands"), HookFile::isTexts));
        fits.put("when.hasBindMounts", fits(when.path("hasBindMounts"), JsonNode::isBoolean));
        fits.put("stages", fits(file.path("stages"), HookFile::isTexts));
        return fits.entrySet().stream().filter(field -> !field.getValue()).map(field -> "has a " + field.getKey() + " of another type than it should be")
                .findFirst();
    }

    private static boolean fits(JsonNode node, Predicate<JsonNode> form) {
        return node.isMissingNode() || node.isNull() || form.test(node);
    }

    private static boolean isTexts(JsonNode node) {
        return node.isArray() && allText(node);
    }

    private static boolean allText(JsonNode node) {
        return node.valueStream().allMatch(JsonNode::isTextual);
    }
}
