package io.bpfguard.install;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One configuration file of a runtime, of which only {@code hooks_dir} is looked at.
 *
 * @param name the file's path on the host
 * @param directories the strings of the list
 * @param append what {@code {append=...}} in the list says, if it is there
 */
record TomlFile(String name, List<String> directories, Optional<Boolean> append) {
    private static final String KEY = "hooks_dir";
    private static final TomlMapper MAPPER = new TomlMapper();

    /**
     * What a file says of hook directories: nothing if it is not there or says nothing of them.
     *
     * @param tables the names of the tables around {@code hooks_dir}, from the outermost
     * @throws InstallException with file, line and column if it is not TOML, with the file if the key has another form than expected
     */
    static Optional<TomlFile> read(HostRoot root, Path file, String... tables) throws InstallException {
        String name = root.nameOf(file);
        JsonNode node;
        try {
            node = MAPPER.readTree(Files.readAllBytes(file));
        } catch (NoSuchFileException missing) {
            return Optional.empty();
        } catch (JsonProcessingException wrong) {
            throw new InstallException(name + ":" + wrong.getLocation().getLineNr() + ":" + wrong.getLocation().getColumnNr()
                    + ": is not TOML: " + wrong.getOriginalMessage());
        } catch (IOException failure) {
            throw new InstallException(name + " cannot be read: " + failure.getMessage());
        }
        for (String table : tables) {
            node = node.path(table);
        }
        JsonNode list = node.path(KEY);
        return list.isMissingNode() ? Optional.empty() : Optional.of(of(name, list));
    }

    private static TomlFile of(String name, JsonNode list) throws InstallException {
        List<String> directories = new ArrayList<>();
        Optional<Boolean> append = Optional.empty();
        boolean understood = list.isArray();
        for (JsonNode element : list) {
            if (element.isTextual()) {
                directories.add(element.textValue());
            } else if (element.size() == 1 && element.path("append").isBoolean()) {
                append = Optional.of(element.path("append").booleanValue());
            } else {
                understood = false;
            }
        }
        if (!understood) {
            throw new InstallException(name + ": " + KEY + " is not a list of strings: " + list);
        }
        return new TomlFile(name, List.copyOf(directories), append);
    }

    /** The directories with where they are from. */
    List<HookDirectory> hookDirectories() {
        return directories.stream().map(path -> new HookDirectory(path, name)).toList();
    }
}
