package io.bpfguard.state;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.bpfguard.policy.select.ContainerFacts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The containers that hooks were told of, one file each, JSON. A hook writes its file before it takes the lock of the kernel's state:
 * so whoever switches policies under that lock either finds the file, or is found out by the hook.
 */
public final class StoredContainers {
    /** What runc and crun accept as an id, and no other name in a directory is. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,199}");
    private static final JsonFactory JSON = new JsonFactory();

    private final Path directory;

    /** @param directory made when something is written; root's alone */
    public StoredContainers(Path directory) {
        this.directory = directory;
    }

    /**
     * Writes a container down.
     *
     * @throws IOException if it cannot be written, or its id is no name of a file
     */
    public void write(StoredContainer container) throws IOException {
        Path file = path(container.facts().containerId());
        RootDirectory.make(directory);
        Path next = Files.createTempFile(directory, ".", "");
        try {
            Files.write(next, bytes(container));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException failure) {
            Files.deleteIfExists(next);
            throw failure;
        }
    }

    /** Forgets a container; nothing happens if it is not known. */
    public void remove(String id) throws IOException {
        Files.deleteIfExists(path(id));
    }

    /** One container; empty if it is not known. */
    public Optional<StoredContainer> find(String id) throws IOException {
        try {
            return Optional.of(read(Files.readAllBytes(path(id))));
        } catch (NoSuchFileException unknown) {
            return Optional.empty();
        }
    }

    /**
     * All of them.
     *
     * @param damaged is told of each file that cannot be read, in a sentence
     */
    public List<StoredContainer> all(Consumer<String> damaged) {
        List<StoredContainer> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "[!.]*")) {
            for (Path file : files) {
                try {
                    found.add(read(Files.readAllBytes(file)));
                } catch (NoSuchFileException ended) {
                    // Meanwhile.
                } catch (IOException failure) {
                    damaged.accept(file + " cannot be read (" + failure.getMessage() + "): its container keeps the policies that it has");
                }
            }
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException failure) {
            damaged.accept(directory + " cannot be read (" + failure.getMessage() + "): the containers in it keep the policies that they have");
        }
        return found;
    }

    /**
     * Forgets containers that have ended.
     *
     * @param age younger files stay: their containers may be about to begin
     * @param ended tells of the others
     */
    public void removeOld(Duration age, Predicate<StoredContainer> ended) {
        Instant before = Instant.now().minus(age);
        for (StoredContainer container : all(damaged -> { })) {
            try {
                Path file = path(container.facts().containerId());
                if (Files.getLastModifiedTime(file).toInstant().isBefore(before) && ended.test(container)) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException gone) {
                // Meanwhile, by its own hook; or it stays until the next look.
            }
        }
    }

    private Path path(String id) throws IOException {
        if (!ID.matcher(id).matches()) {
            throw new IOException("the container's id \"" + id + "\" is not one that a runtime gives");
        }
        return directory.resolve(id);
    }

    private static byte[] bytes(StoredContainer container) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            ContainerFacts facts = container.facts();
            json.writeStartObject();
            json.writeStringField("id", facts.containerId());
            json.writeStringField("name", facts.containerName());
            json.writeStringField("namespace", facts.namespace());
            json.writeStringField("pod", facts.podName());
            json.writeStringField("uid", facts.podUid());
            if (facts.image().isPresent()) {
                json.writeStringField("image", facts.image().get());
            }
            map(json, "labels", facts.podLabels());
            map(json, "annotations", facts.podAnnotations());
            json.writeStringField("cgroup", container.cgroup());
            json.writeNumberField("cgroupId", container.cgroupId());
            json.writeEndObject();
        }
        return bytes.toByteArray();
    }

    private static void map(JsonGenerator json, String name, Map<String, String> map) throws IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, String> entry : map.entrySet()) {
            json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
    }

    private static StoredContainer read(byte[] bytes) throws IOException {
        Map<String, String> texts = new HashMap<>();
        Map<String, Map<String, String>> maps = new HashMap<>();
        long cgroupId = 0;
        try (JsonParser json = JSON.createParser(bytes)) {
            expect(json.nextToken(), JsonToken.START_OBJECT);
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                switch (json.nextToken()) {
                    case VALUE_STRING -> texts.put(name, json.getText());
                    case VALUE_NUMBER_INT -> cgroupId = json.getLongValue();
                    case START_OBJECT -> {
                        Map<String, String> map = new HashMap<>();
                        while (json.nextToken() == JsonToken.FIELD_NAME) {
                            String key = json.currentName();
                            expect(json.nextToken(), JsonToken.VALUE_STRING);
                            map.put(key, json.getText());
                        }
                        maps.put(name, map);
                    }
                    default -> throw new IOException("\"" + name + "\" is neither text nor a map of texts");
                }
            }
            expect(json.currentToken(), JsonToken.END_OBJECT);
        }
        if (cgroupId == 0 || !texts.keySet().containsAll(List.of("id", "name", "namespace", "pod", "uid", "cgroup"))
                || !maps.keySet().containsAll(List.of("labels", "annotations"))) {
            throw new IOException("it is not whole");
        }
        return new StoredContainer(new ContainerFacts(texts.get("namespace"), texts.get("pod"), texts.get("uid"), maps.get("labels"), maps.get("annotations"),
                texts.get("name"), Optional.ofNullable(texts.get("image")), texts.get("id")), texts.get("cgroup"), cgroupId);
    }

    private static void expect(JsonToken found, JsonToken expected) throws IOException {
        if (found != expected) {
            throw new IOException("a JSON " + expected + " was expected, not " + found);
        }
    }
}
