package io.bpfguard.install;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Looks at what each runtime on the host will make of hook directories, as it reads them. Changes nothing. */
public final class HookStatus {
    private static final String INSTALL = "run bpfguard hook install";

    private final HostRoot root;
    private final Optional<String> launcher;
    private final ContainerRuntime runtime;
    private final List<Finding> findings = new ArrayList<>();

    private HookStatus(HostRoot root, Optional<String> launcher, ContainerRuntime runtime) {
        this.root = root;
        this.launcher = launcher;
        this.runtime = runtime;
    }

    /**
     * The hook's state with every runtime that we know.
     *
     * @param launcher the program of this installation, if there is one to compare with
     */
    public static List<RuntimeStatus> of(HostRoot root, Optional<String> launcher) {
        return Arrays.stream(ContainerRuntime.values())
                .map(runtime -> new HookStatus(root, launcher.map(path -> Launcher.canonical(root, path)), runtime).look()).toList();
    }

    private RuntimeStatus look() {
        if (!runtime.found(root)) {
            return new RuntimeStatus(runtime, false, List.of(), List.of());
        }
        List<Reading> readings = List.of();
        try {
            readings = runtime.readings(root);
            for (Reading reading : readings) {
                look(reading);
            }
        } catch (InstallException wrong) {
            add(Finding.error(wrong.getMessage(), "repair the file; until then neither " + runtime.label() + " nor this command can read it"));
        }
        return new RuntimeStatus(runtime, true, readings, findings);
    }

    /** Readings of one runtime share directories: what is so for both is said once. */
    private void add(Finding finding) {
        if (!findings.contains(finding)) {
            findings.add(finding);
        }
    }

    private void look(Reading reading) throws InstallException {
        List<Place> places = new ArrayList<>();
        for (HookDirectory directory : reading.directories()) {
            Place place = new Place(root, directory.path());
            if (!directory.absolute()) {
                add(Finding.error("the hook directory " + directory.path() + " is relative to where " + runtime.label() + " is started",
                        "write an absolute path in " + directory.from()));
            } else if (place.isNoDirectory()) {
                add(Finding.error(directory.path() + " is not a directory", "take it out of hooks_dir in " + directory.from() + ", or make it one"));
            } else {
                places.add(place);
                lookAtOthers(place);
            }
        }
        for (HookFile file : HookFile.values()) {
            look(file, places, reading);
        }
    }

    /** One file that cannot be loaded spoils all. */
    private void lookAtOthers(Place place) throws InstallException {
        for (String name : place.jsonFiles()) {
            String path = place.path() + "/" + name;
            try {
                place.read(name).flatMap(content -> HookFile.defect(root, content, runtime.stages())).ifPresent(defect ->
                        add(Finding.error(path + " " + defect + "; " + runtime.onBadFile(), "repair or remove it")));
            } catch (IOException failure) {
                add(Finding.error(path + " cannot be read: " + failure.getMessage() + "; " + runtime.onBadFile(), "repair or remove it"));
            }
        }
    }

    /** A file that cannot be read or parsed was reported already. */
    private void look(HookFile file, List<Place> places, Reading reading) {
        String ours = null;
        String last = null;
        byte[] winner = null;
        for (Place place : places) {
            try {
                Optional<byte[]> content = place.read(file.fileName());
                if (content.isPresent()) {
                    last = place.nameOf(file);
                    winner = content.get();
                    ours = HookFile.isOurs(winner) ? last : ours;
                }
            } catch (IOException reported) {
                return;
            }
        }
        if (winner == null) {
            add(Finding.error(file.fileName() + " is in no directory that " + reading.reader() + " reads: the hook is not run at " + file.stage(), INSTALL));
        } else if (last.equals(ours)) {
            look(file, last, winner);
        } else if (ours != null) {
            add(Finding.error(last + " is not BPFGuard's and replaces " + ours + ": the hook is not run at " + file.stage(),
                    "rename or remove " + last));
        } else {
            add(Finding.error(last + " is not BPFGuard's: the hook is not run at " + file.stage(), "rename or remove it, and " + INSTALL));
        }
    }

    private void look(HookFile file, String path, byte[] content) {
        JsonNode json;
        try {
            json = HookFile.parse(content);
        } catch (IOException impossible) {
            throw new IllegalStateException(path + " was parsed before", impossible);
        }
        JsonNode hook = json.path("hook");
        String program = hook.path("path").asText();
        Launcher.problem(root, program).ifPresent(problem -> add(Finding.error(path + ": " + problem
                + ". A hook whose program is missing is passed over without a word", "put the program in place, or " + INSTALL)));
        if (launcher.isPresent() && !launcher.get().equals(Launcher.canonical(root, program))) {
            add(Finding.error(path + " is stale: it starts " + program + ", and this installation's program is " + launcher.get(), INSTALL));
        }
        lookAtTimes(file, path, hook);
        lookAtConditions(file, path, json);
        try {
            Ownership.problem(root, root.at(path)).ifPresent(problem -> add(Finding.error(path + ": " + problem, "repair that: who can change it is root on this host")));
        } catch (IOException failure) {
            add(Finding.error(path + " cannot be looked at: " + failure.getMessage(), INSTALL));
        }
    }

    private void lookAtTimes(HookFile file, String path, JsonNode hook) {
        int timeout = hook.path("timeout").asInt();
        if (timeout <= 0) {
            add(Finding.error(path + " sets no timeout: a hook that hangs holds the container for ever", INSTALL));
        } else {
            new HookArguments(hook.path("args")).problem(file.stage(), timeout)
                    .ifPresent(problem -> add(Finding.error(path + ": " + problem, INSTALL)));
        }
        List<String> environment = hook.path("env").valueStream().map(JsonNode::asText).toList();
        if (!environment.equals(List.of(HookFile.ENVIRONMENT))) {
            add(Finding.error(path + ": its environment is " + environment + " and should be " + List.of(HookFile.ENVIRONMENT), INSTALL));
        }
    }

    private void lookAtConditions(HookFile file, String path, JsonNode json) {
        List<String> stages = json.path("stages").valueStream().map(JsonNode::asText).toList();
        if (!stages.equals(List.of(file.stage()))) {
            add(Finding.error(path + " is for the stages " + stages + " and should be for " + List.of(file.stage()), INSTALL));
        }
        JsonNode when = json.path("when");
        JsonNode annotations = when.path("annotations");
        if (when.size() == 1 && annotations.size() == 1 && annotations.valueStream().allMatch(value -> value.asText().equals(".*"))) {
            add(Finding.warning(path + " is only for containers with an annotation " + annotations.fieldNames().next() + ": all others are not guarded",
                    "if that is not meant, run bpfguard hook install without --annotation"));
        } else if (when.size() != 1 || !when.path("always").asBoolean()) {
            add(Finding.error(path + ": its condition " + when + " is not the one that was installed", INSTALL));
        }
    }
}
