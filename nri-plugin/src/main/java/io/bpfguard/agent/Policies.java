package io.bpfguard.agent;

import io.bpfguard.events.EventLog;
import io.bpfguard.metrics.Metrics;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compile.WaitingRule;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.read.PolicyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the policies of a directory into force, and keeps a copy of the last ones that were: an agent that starts with
 * wrong files goes on with those. What is wrong is told and changes nothing.
 */
final class Policies {
    private static final Logger LOG = LoggerFactory.getLogger(Policies.class);

    private final Path directory;
    private final Path programs;
    private final Path accepted;
    private final Function<Path, NodeCapabilities> node;
    private final Enforcement enforcement;
    private final EventLog log;
    private final Metrics metrics;
    private final Path runDirectory;
    /** What the last look at the directory found wrong; one thread looks at a time. */
    private volatile List<String> problems = List.of();

    /**
     * @param directory where people write policies
     * @param programs where they put custom programs
     * @param accepted the copy, made by this class
     * @param node this node, with one look at a directory of programs
     * @param runDirectory where it is written down what waits for modules of the kernel
     */
    Policies(Path directory, Path programs, Path accepted, Path runDirectory, Function<Path, NodeCapabilities> node, Enforcement enforcement, EventLog log,
            Metrics metrics) {
        this.directory = directory;
        this.programs = programs;
        this.accepted = accepted;
        this.runDirectory = runDirectory;
        this.node = node;
        this.enforcement = enforcement;
        this.log = log;
        this.metrics = metrics;
    }

    /** Reads the directory and switches to what it says; false if that is wrong and nothing changed. */
    synchronized boolean load() {
        return load(directory, programs, true);
    }

    /** At start: the directory, or the copy of what was last in force. False if neither can be used. */
    synchronized boolean loadOrRestore() {
        if (load()) {
            return true;
        }
        if (!Files.isDirectory(accepted, LinkOption.NOFOLLOW_LINKS) || !load(accepted, accepted, false)) {
            LOG.error("no valid policies: every container creation is refused until {} is mended", directory);
            return false;
        }
        LOG.warn("the policies in {} are wrong: those that were last in force, in {}, are in force again", directory, accepted);
        return true;
    }

    /** Why what the directory said last is not in force; empty if it is. */
    List<String> problems() {
        return problems;
    }

    /** A module of the kernel that rules wait for was loaded: puts those in force. */
    synchronized void moduleLoaded(String module) {
        try {
            int generation = enforcement.switchAgain();
            metrics.policiesAccepted(enforcement.policyNames().size(), generation);
            WaitingModules.write(runDirectory, enforcement.waiting());
            log.write("module-loaded", json -> {
                json.writeStringField("module", module);
                json.writeNumberField("generation", generation);
            });
        } catch (PolicyException wrong) {
            wrong.problems().forEach(problem -> LOG.error("the module {} was loaded: {}", module, problem));
            reject(wrong.problems().stream().map(Object::toString).toList());
        } catch (RuntimeException failure) {
            LOG.error("what waits for the module {} cannot be put in force", module, failure);
            reject(List.of(String.valueOf(failure.getMessage())));
        } catch (OutOfMemoryError tooMany) {
            rejectTooMany("what waits for the module " + module + " needs");
        }
    }

    private boolean load(Path from, Path programsFrom, boolean keep) {
        try {
            NodeCapabilities here = node.apply(programsFrom);
            CheckedPolicies checked = Checker.check(PolicyReader.readDirectory(from), here);
            boolean same = enforcement.isInForce(checked);
            if (same && problems.isEmpty()) {
                LOG.debug("the policies in {} are in force already", from);
                return true;
            }
            checked.warnings().forEach(warning -> LOG.warn("{}", warning));
            int generation = same ? enforcement.generation() : enforcement.switchTo(checked, here);
            metrics.policiesAccepted(checked.policies().size(), generation);
            List<WaitingRule> waiting = enforcement.waiting();
            WaitingModules.write(runDirectory, waiting);
            waiting.forEach(rule -> LOG.info("policy {}, {} waits for the kernel module {}", rule.policy(), rule.rule(), rule.function().module()));
            log.write("policies", json -> {
                json.writeNumberField("generation", generation);
                json.writeNumberField("policies", checked.policies().size());
                json.writeStringField("from", from.toString());
            });
            if (keep) {
                problems = List.of();
                metrics.policiesWrong(false);
                keepCopy(checked.programs());
            }
            return true;
        } catch (PolicyException wrong) {
            wrong.problems().forEach(problem -> LOG.error("{}", problem));
            reject(wrong.problems().stream().map(Object::toString).toList());
        } catch (RuntimeException failure) {
            LOG.error("the policies in {} cannot be put in force", from, failure);
            reject(List.of(String.valueOf(failure.getMessage())));
        } catch (OutOfMemoryError tooMany) {
            rejectTooMany("the policies in " + from + " need");
        }
        return false;
    }

    /** What was made of them is garbage by now. */
    private void rejectTooMany(String need) {
        String problem = need + " more memory than the agent has, " + (Runtime.getRuntime().maxMemory() >> 20)
                + " MiB: write fewer rules, by globs that cover several, or raise -Xmx in the agent's start script; what was in force stays in force";
        LOG.error(problem);
        reject(List.of(problem));
    }

    private void reject(List<String> problems) {
        this.problems = List.copyOf(problems);
        metrics.policiesRefused();
        metrics.policiesWrong(true);
        log.write("policies-rejected", json -> {
            json.writeArrayFieldStart("problems");
            for (String problem : problems) {
                json.writeString(problem);
            }
            json.writeEndArray();
        });
    }

    /** Copies beside, then renames: a cut-off copy is never taken for a whole one. */
    private void keepCopy(Set<CustomProgram> used) {
        Path next = accepted.resolveSibling(accepted.getFileName() + ".next");
        Path old = accepted.resolveSibling(accepted.getFileName() + ".old");
        try {
            delete(next);
            delete(old);
            Files.createDirectories(next.getParent());
            Files.createDirectory(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            if (Files.isDirectory(directory)) {
                try (Stream<Path> files = Files.list(directory)) {
                    for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                        Files.copy(file, next.resolve(file.getFileName()), LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
                    }
                }
            }
            for (CustomProgram program : used) {
                Files.write(next.resolve(program.name()), program.image());
            }
            if (Files.exists(accepted)) {
                Files.move(accepted, old, StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(next, accepted, StandardCopyOption.ATOMIC_MOVE);
            delete(old);
        } catch (IOException failure) {
            LOG.warn("the policies in force could not be copied to {}: {}; they stay in force", accepted, failure.toString());
        }
    }

    private static void delete(Path directory) throws IOException {
        if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }
}
