package io.bpfguard.install;

import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A runtime that reads hooks.d directories. */
public enum ContainerRuntime {
    /** Podman, as root runs it. */
    PODMAN("Podman", "podman", List.of("/etc/containers/containers.conf", "/etc/containers/containers.conf.d"), Set.of("precreate"),
            "at once, for every container made from now on",
            "/etc/containers/containers.conf.d/99-bpfguard.conf", "[engine]", "creates no container while such a file is there") {
        @Override
        public List<Reading> readings(HostRoot root) throws InstallException {
            return new PodmanConfiguration(root).readings();
        }
    },
    /** CRI-O. It runs no hooks for the pause containers of pods. */
    CRIO("CRI-O", "crio", List.of("/etc/crio"), Set.of(),
            "without a restart, for every container made from now on: it watches the directory",
            "/etc/crio/crio.conf.d/99-bpfguard.conf", "[crio.runtime]", "does not start while such a file is there") {
        @Override
        public List<Reading> readings(HostRoot root) throws InstallException {
            return List.of(new CrioConfiguration(root).reading());
        }
    };

    private static final List<String> PROGRAMS = List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");
    private static final Set<String> STAGES = Set.of("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop");

    private final String label;
    private final String program;
    private final List<String> traces;
    private final Set<String> ownStages;
    private final String fromWhen;
    private final String dropIn;
    private final String table;
    private final String onBadFile;

    ContainerRuntime(String label, String program, List<String> traces, Set<String> ownStages, String fromWhen, String dropIn, String table,
            String onBadFile) {
        this.label = label;
        this.program = program;
        this.traces = traces;
        this.ownStages = ownStages;
        this.fromWhen = fromWhen;
        this.dropIn = dropIn;
        this.table = table;
        this.onBadFile = onBadFile;
    }

    /** Its name, for people. */
    public String label() {
        return label;
    }

    /** Its program, which is also its name on the command line. */
    public String program() {
        return program;
    }

    /** From when on it runs a hook whose file was just written. */
    public String fromWhen() {
        return fromWhen;
    }

    /** What happens to it where a file in a hook directory cannot be loaded. */
    String onBadFile() {
        return label + " " + onBadFile;
    }

    /** The stages that it accepts in hook files. */
    Set<String> stages() {
        return Stream.concat(STAGES.stream(), ownStages.stream()).collect(Collectors.toUnmodifiableSet());
    }

    /** Whether it is on the host: its program is where programs are, or its configuration is there. */
    public boolean found(HostRoot root) {
        return Stream.concat(PROGRAMS.stream().map(directory -> directory + "/" + program), traces.stream())
                .anyMatch(path -> Files.exists(root.at(path)));
    }

    /**
     * The hook directories that it reads, by its configuration on the host.
     *
     * @return one, or more where versions of the runtime differ
     * @throws InstallException if the configuration is wrong, with the place
     */
    public abstract List<Reading> readings(HostRoot root) throws InstallException;

    /** What to write where, so that it reads one more directory. */
    String howToAdd(List<String> present, String directory) {
        String list = Stream.concat(present.stream().filter(path -> !path.equals(directory)), Stream.of(directory))
                .map(path -> "\"" + path + "\"").collect(Collectors.joining(", "));
        return "To make it read " + directory + ", write to " + dropIn + (this == CRIO ? ", and restart it" : "") + ":\n"
                + table + "\nhooks_dir = [" + list + "]";
    }
}
