package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.BpfUnavailable;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.control.Version;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard version}. */
@Command(name = "version", mixinStandardHelpOptions = true, description = "Prints the versions of this command, of what it runs on, and of the agent that runs.")
final class VersionCommand implements Callable<Integer> {
    @Mixin
    private RunOption run;

    @Option(names = "--json", description = "Print one JSON object: version, java, libbpf, kernel, and agent; null for what is not there.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Versions(String version, String java, String libbpf, String kernel, String agent) {}

    @Override
    public Integer call() {
        Versions versions = new Versions(Version.PRODUCT, Runtime.version().toString(), libbpf(), System.getProperty("os.version"), agent());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            JsonOutput.print(versions, out);
            return 0;
        }
        out.println("bpfguard " + versions.version());
        out.println("java " + versions.java());
        out.println("libbpf " + (versions.libbpf() == null ? "not found" : versions.libbpf()));
        out.println("kernel " + versions.kernel());
        out.println("agent " + (versions.agent() == null ? "not running" : versions.agent()));
        out.flush();
        return 0;
    }

    private static String libbpf() {
        try {
            return new Libbpf().version();
        } catch (BpfUnavailable none) {
            return null;
        }
    }

    private String agent() {
        try {
            return run.agent().version();
        } catch (NoAgent none) {
            return null;
        }
    }
}
