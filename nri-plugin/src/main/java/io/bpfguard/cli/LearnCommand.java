package io.bpfguard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.AgentStatus.NamedContainer;
import io.bpfguard.control.ControlClient;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.control.Request;
import io.bpfguard.events.EventFiles;
import io.bpfguard.policy.learn.AuditPolicy;
import io.bpfguard.policy.learn.LearnSelector;
import io.bpfguard.policy.learn.LearnedPolicy;
import io.bpfguard.policy.learn.Observations;
import io.bpfguard.policy.model.PolicyException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bpfguard learn}. */
@Command(name = "learn", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:a policy was written", "1:it was not, with the reason", "2:wrong use"},
        description = {"Records for some time what the containers of a pod do, without denying anything, and writes a policy that allows what was seen and denies the rest:"
                + " one for each of its containers. Read it before you enforce it.",
            "For that time a policy with mode audit is in the directory of policies. What the containers did before is not seen: restart them meanwhile."})
final class LearnCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration POLL = Duration.ofMillis(200);
    /** After the end, for events that are still on their way. */
    private static final Duration LATE = Duration.ofSeconds(1);
    private static final String AUDIT = "bpfguard-learn";
    private static final Pattern TIME = Pattern.compile("([0-9]{1,6})([smh])");
    /** Kubernetes gives each pod, or each version of it, its own value. */
    private static final Pattern OF_ONE_POD = Pattern.compile("pod-template-hash|pod-template-generation|controller-revision-hash|statefulset\\.kubernetes\\.io/pod-name"
            + "|apps\\.kubernetes\\.io/pod-index|(batch\\.kubernetes\\.io/)?(controller-uid|job-name|job-completion-index)");

    @Option(names = "--namespace", paramLabel = "NS", defaultValue = "", description = "The pod's namespace (default: none, as without Kubernetes).")
    private String namespace;

    @Option(names = "--pod", paramLabel = "NAME", required = true, description = "The pod's name.")
    private String pod;

    @Option(names = "--container", paramLabel = "NAME", description = "Only this container of the pod.")
    private String container;

    @Option(names = "--for", paramLabel = "TIME", required = true, description = "How long: a number and s, m or h.")
    private String time;

    @Option(names = "--output", paramLabel = "FILE", description = "Where the policy goes, a file that is not there yet (default: standard output).")
    private Path output;

    @Option(names = "--policies", paramLabel = "DIR", defaultValue = "/etc/bpfguard/policies.d", description = "The agent's directory of policies (default: ${DEFAULT-VALUE}).")
    private Path policies;

    @Mixin
    private EventsFileOption events;

    @Mixin
    private RunOption run;

    @Spec
    private CommandSpec spec;

    private final ObjectMapper mapper = new ObjectMapper();
    private final Map<String, Observations> seen = new TreeMap<>();
    private long unreadable;

    @Override
    public Integer call() throws NoAgent, IOException, InterruptedException, PolicyException {
        Duration duration = duration();
        List<NamedContainer> containers = containers(run.agent());
        if (containers.isEmpty()) {
            spec.commandLine().getErr().println("bpfguard: the agent knows no container of pod " + pod + " in namespace \"" + namespace + "\""
                    + (container == null ? "" : " with the name " + container) + "; bpfguard status lists those that it knows");
            return 1;
        }
        if (output != null && Files.exists(output)) {
            spec.commandLine().getErr().println("bpfguard: there is a " + output + " already");
            return 1;
        }
        containers.forEach(one -> seen.put(one.container(), new Observations()));
        try (EventFiles files = new EventFiles(events.path)) {
            files.readAll(_ -> { });
            if (!record(containers.getFirst(), files, duration)) {
                return 1;
            }
        }
        if (unreadable > 0) {
            spec.commandLine().getErr().println("bpfguard: " + unreadable + " lines of " + events.path + " are no events, cut off when the disk was full: what they told is not in the policy");
        }
        write(policy(containers));
        return 0;
    }

    private Duration duration() {
        Matcher matcher = TIME.matcher(time);
        if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
            throw new ParameterException(spec.commandLine(), "--for is a number and s, m or h, such as 10m; not " + time);
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
    }

    private List<NamedContainer> containers(AgentStatus status) {
        return status.containers().stream().filter(one -> one.namespace().equals(namespace) && one.pod().equals(pod)
                && (container == null || one.container().equals(container))).toList();
    }

    /** False if the agent does not take the policy that audits; then all is as before. */
    private boolean record(NamedContainer one, EventFiles files, Duration duration) throws IOException, NoAgent, InterruptedException {
        Path audit = policies.resolve(AUDIT + ".yaml");
        LearnSelector selector = new LearnSelector(namespace, one.labels(), Optional.ofNullable(container));
        try {
            Files.writeString(audit, AuditPolicy.text(AUDIT, selector), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException other) {
            spec.commandLine().getErr().println("bpfguard: another bpfguard learn is at work, or one was killed: if none runs, remove " + audit);
            return false;
        }
        // Also where this process is interrupted; the agent sees by itself that the file is gone.
        Thread remover = new Thread(() -> remove(audit), "remover");
        Runtime.getRuntime().addShutdownHook(remover);
        try {
            List<String> problems = new ControlClient(run.path).ask(Request.RELOAD, PATIENCE).problems();
            if (!problems.isEmpty()) {
                problems.forEach(spec.commandLine().getErr()::println);
                spec.commandLine().getErr().println("bpfguard: the policies are refused, so nothing can be learnt: mend them first");
                return false;
            }
            spec.commandLine().getErr().println("learning for " + time + " from pod " + pod + "; restart its containers now if their start is to be learnt");
            spec.commandLine().getErr().flush();
            for (long end = System.nanoTime() + duration.toNanos(); System.nanoTime() < end;) {
                files.readAll(this::add);
                TimeUnit.NANOSECONDS.sleep(Math.clamp(end - System.nanoTime(), 0, POLL.toNanos()));
            }
        } finally {
            remove(audit);
            Runtime.getRuntime().removeShutdownHook(remover);
        }
        new ControlClient(run.path).ask(Request.RELOAD, PATIENCE);
        TimeUnit.NANOSECONDS.sleep(LATE.toNanos());
        files.readAll(this::add);
        return true;
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException failure) {
            throw new UncheckedIOException("removing " + file + ": do it by hand", failure);
        }
    }

    private void add(String line) {
        try {
            JsonNode event = mapper.readTree(line);
            if (event != null && event.path("namespace").asText().equals(namespace) && event.path("pod").asText().equals(pod)) {
                Observations observations = seen.get(event.path("container").asText());
                if (observations != null) {
                    observations.add(event);
                }
            }
        } catch (JsonProcessingException cutOff) {
            unreadable++;
        }
    }

    private String policy(List<NamedContainer> containers) throws PolicyException {
        Map<String, NamedContainer> byName = new TreeMap<>();
        containers.forEach(one -> byName.put(one.container(), one));
        List<String> documents = new ArrayList<>();
        for (NamedContainer one : byName.values()) {
            Map<String, String> labels = new TreeMap<>(one.labels());
            labels.keySet().removeIf(label -> OF_ONE_POD.matcher(label).matches());
            String name = ("learnt-" + (namespace.isEmpty() ? "" : namespace + "-") + one.container()).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-");
            documents.add(LearnedPolicy.write(name, new LearnSelector(namespace, labels, Optional.of(one.container())), seen.get(one.container())));
        }
        return String.join("---\n", documents);
    }

    private void write(String text) throws IOException {
        if (output == null) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(text);
            out.flush();
        } else {
            Files.write(output, text.getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        }
    }
}
