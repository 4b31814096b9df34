package io.bpfguard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.events.EventFiles;
import io.bpfguard.events.EventFilter;
import io.bpfguard.events.EventText;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bpfguard events}. */
@Command(name = "events", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the events are printed", "1:there are none to read, with the reason", "2:wrong use"},
        description = {"Prints the events that the agent has kept in its files: decisions, and what happened to policies and to the agent itself.",
            "Needs no agent. Filters take globs; an event without the field is left out. What a container chose, such as the name of a file, is escaped."})
final class EventsCommand implements Callable<Integer> {
    private static final int BEFORE_FOLLOWING = 10;

    @Option(names = {"-f", "--follow"}, description = "Go on with events as they come, until interrupted.")
    private boolean follow;

    @Option(names = {"-n", "--lines"}, paramLabel = "N",
            description = "Print only the last N of those that are there (default: all, with --follow " + BEFORE_FOLLOWING + ").")
    private Integer last;

    @Option(names = "--event", paramLabel = "GLOB", description = "Only this event: deny, audit, kill, events-missing, policies, policies-rejected, ...")
    private String event;

    @Option(names = "--namespace", paramLabel = "GLOB", description = "Only containers of this namespace.")
    private String namespace;

    @Option(names = "--pod", paramLabel = "GLOB", description = "Only containers of pods with this name.")
    private String pod;

    @Option(names = "--container", paramLabel = "GLOB", description = "Only containers with this name.")
    private String container;

    @Option(names = "--policy", paramLabel = "GLOB", description = "Only decisions of this policy.")
    private String policy;

    @Option(names = "--json", description = "Print the events as they are in the file, a JSON object a line.")
    private boolean json;

    @Mixin
    private EventsFileOption file;

    @Spec
    private CommandSpec spec;

    private final ObjectMapper mapper = new ObjectMapper();
    private long unreadable;

    @Override
    public Integer call() throws IOException {
        EventFilter filter = filter();
        if (last != null && last < 0) {
            throw new ParameterException(spec.commandLine(), "--lines is a number from 0 on");
        }
        if (!follow && !Files.exists(file.path)) {
            spec.commandLine().getErr().println("bpfguard: there is no " + file.path + ": no agent has written events there; see --events-file");
            return 1;
        }
        PrintWriter out = spec.commandLine().getOut();
        try (EventFiles files = new EventFiles(file.path)) {
            int limit = last != null ? last : follow ? BEFORE_FOLLOWING : Integer.MAX_VALUE;
            Deque<String> shown = new ArrayDeque<>();
            files.readAll(line -> {
                String text = text(line, filter);
                if (text != null && limit == Integer.MAX_VALUE) {
                    out.println(text);
                } else if (text != null && limit > 0) {
                    if (shown.size() == limit) {
                        shown.removeFirst();
                    }
                    shown.addLast(text);
                }
            });
            shown.forEach(out::println);
            out.flush();
            if (follow) {
                follow(files, filter, out);
            }
        }
        if (unreadable > 0) {
            spec.commandLine().getErr().println("bpfguard: " + unreadable + " lines of " + file.path + " are no events: cut off when the disk was full, or written by others");
        }
        return 0;
    }

    /** Until nobody reads any more. */
    private void follow(EventFiles files, EventFilter filter, PrintWriter out) throws IOException {
        try {
            files.follow(line -> {
                String text = text(line, filter);
                if (text != null) {
                    out.println(text);
                    if (out.checkError()) {
                        Thread.currentThread().interrupt();
                    }
                }
            });
        } catch (InterruptedException nobodyReads) {
            Thread.currentThread().interrupt();
        }
    }

    private EventFilter filter() {
        Map<String, String> wanted = new HashMap<>();
        wanted.put("event", event);
        wanted.put("namespace", namespace);
        wanted.put("pod", pod);
        wanted.put("container", container);
        wanted.put("policy", policy);
        Map<String, Glob> fields = new HashMap<>();
        wanted.forEach((field, glob) -> {
            if (glob != null) {
                try {
                    fields.put(field, Glob.parse(glob, Glob.Kind.NAME));
                } catch (GlobSyntaxException wrong) {
                    throw new ParameterException(spec.commandLine(), "--" + field + ": " + wrong.getMessage());
                }
            }
        });
        return new EventFilter(fields);
    }

    /** Null for an event that is not wanted. */
    private String text(String line, EventFilter filter) {
        try {
            JsonNode read = mapper.readTree(line);
            if (read == null || !read.isObject()) {
                unreadable++;
                return null;
            }
            return !filter.wants(read) ? null : json ? line : EventText.of(read);
        } catch (JsonProcessingException cutOff) {
            unreadable++;
            return null;
        }
    }
}
