package io.bpfguard.e2e.oci;

import io.bpfguard.e2e.node.Shell;
import java.util.Map;

/** A command that makes containers. The containers see the probes at {@code /probes} and the shared directory at {@code /shared}. */
public interface OciTool {
    /** With its version, in one line. */
    String version();

    /** A short name, for ids and files. */
    String name();

    /**
     * Runs a container to its end.
     *
     * @param annotations of the container
     * @return the workload's status and output, or the command's own where it made no container
     */
    Shell.Result run(String id, Map<String, String> annotations, String... command);

    /** Starts a container that stays. */
    Shell.Result stay(String id, Map<String, String> annotations);

    /** Runs a command in a container that stays. */
    Shell.Result exec(String id, String... command);

    /** Ends a container that stays, and removes it. */
    void end(String id);

    /** Whether the tool knows a container of this id, in whatever state. */
    boolean knows(String id);
}
