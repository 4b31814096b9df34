package io.bpfguard.policy.learn;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.read.PolicyReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * An allow-list for what a container was seen to do: whatever it was not seen to do with programs, files, sockets and capabilities is denied,
 * and so are system calls of the {@linkplain AuditPolicy#calls() learnt ones} that it never made. Comments say what was seen, how often, and what is
 * not allowed although it was done.
 */
public final class LearnedPolicy {
    private static final int SHOWN = 10;
    private static final String INDENT = "        ";

    private final Observations seen;
    private final Generaliser files;
    private final PathTree.Detail detail;
    private final StringBuilder text = new StringBuilder();

    private LearnedPolicy(Observations seen, PathTree.Detail detail) {
        this.seen = seen;
        this.detail = detail;
        this.files = new Generaliser(seen, detail);
    }

    /**
     * The document, which every recorded kernel accepts. What would be too large is generalised more.
     *
     * @param name of the policy
     * @param selector whom it is for
     * @param observations what was seen
     * @throws PolicyException if it cannot be written, as with a name that policies cannot have
     */
    public static String write(String name, LearnSelector selector, Observations observations) throws PolicyException {
        PolicyException refusal = null;
        for (PathTree.Detail detail : PathTree.Detail.LEVELS) {
            String text = new LearnedPolicy(observations, detail).write(name, selector);
            try {
                verify(name, text);
                return text;
            } catch (PolicyException e) {
                refusal = e;
            }
        }
        throw refusal;
    }

    private static void verify(String name, String text) throws PolicyException {
        for (String kernel : RecordedKernel.NAMES) {
            RecordedKernel node = RecordedKernel.of(kernel);
            CheckedPolicies checked = Checker.check(PolicyReader.read(name + ".yaml", text.getBytes(StandardCharsets.UTF_8)), node);
            if (kernel.equals(RecordedKernel.NAMES.getLast())) {
                new Compiler(checked, node);
            }
        }
    }

    private String write(String name, LearnSelector selector) {
        header();
        text.append("apiVersion: bpfguard.io/v1\nkind: ContainerPolicy\nmetadata:\n  name: ").append(YamlText.quoted(name)).append("\nspec:\n")
                .append(selector.text()).append("  defaults: {processes: deny, files: deny, network: deny, capabilities: deny}\n");
        programs();
        files();
        List<String> sockets = seen.sockets().rules(detail);
        if (!sockets.isEmpty()) {
            text.append("  network:\n");
            sockets.forEach(text::append);
        }
        capabilities();
        calls();
        return text.toString();
    }

    private void comment(String sentence) {
        text.append("# ").append(sentence).append('\n');
    }

    private void header() {
        comment("An allow-list that bpfguard learn wrote from " + seen.count() + " events" + (seen.period().isEmpty() ? "" : ", " + seen.period()) + ".");
        comment("Review it, try it with mode: audit, and then enforce it; see docs/learn.md. What was not seen is denied,");
        comment("above all what the container did before learning began, and what it does only now and then.");
        if (seen.missing() > 0) {
            comment("INCOMPLETE: " + seen.missing() + " events are missing (over 500 in a second, or nobody read fast enough). What they were about is");
            comment("not allowed here unless it was also seen at another time.");
        }
        if (seen.programs().isEmpty()) {
            comment("INCOMPLETE: no program was seen to be run, so a container under this policy cannot start. Learn from its start on.");
        }
        count(seen.unreadable(), "times the kernel side could not say what was done; that may be denied.");
        count(seen.denied(), "times other policies prevented something; that is not allowed here.");
        count(seen.unkept(), "uses are not allowed although they were seen: too many, half seen, or not to be said in a rule (see below for names).");
        long cut = seen.reads().cut() + seen.changes().cut();
        count(cut, "names of files were not told apart, since there were too many; their directories are allowed as a whole.");
        if (!seen.fileless().isEmpty()) {
            comment("Not allowed, since it has no place in a directory: " + list(seen.fileless()) + ".");
        }
        files.notes().stream().limit(SHOWN).forEach(this::comment);
    }

    private void count(long number, String what) {
        if (number > 0) {
            comment(number + " " + what);
        }
    }

    private static String list(Collection<String> names) {
        return names.stream().limit(SHOWN).map(YamlText::quoted).collect(Collectors.joining(", "))
                + (names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "");
    }

    private void programs() {
        if (files.programs().isEmpty()) {
            return;
        }
        text.append("  processes:\n    # Programs that were run, each by its path.\n    - name: programs\n      action: allow\n      paths:\n");
        files.programs().forEach(this::entry);
    }

    private void files() {
        if (files.reads().isEmpty() && files.changes().isEmpty()) {
            return;
        }
        text.append("  files:\n");
        if (!files.reads().isEmpty()) {
            text.append("    # Opened for reading, ").append(sum(files.reads())).append(".\n    - name: read\n      action: allow\n      operations: [read]\n      paths:\n");
            files.reads().forEach(this::entry);
        }
        Map<String, Map<String, Generaliser.Entry>> byWords = new TreeMap<>();
        files.changes().forEach((glob, entry) -> byWords.computeIfAbsent(words(entry.operations()), _ -> new TreeMap<>()).put(glob, entry));
        byWords.forEach((words, entries) -> {
            text.append("    # Changed, ").append(sum(entries)).append(".\n    - action: allow\n      operations: [").append(words).append("]\n      paths:\n");
            entries.forEach(this::entry);
        });
    }

    private static String sum(Map<String, Generaliser.Entry> entries) {
        return SeenSockets.times(entries.values().stream().mapToLong(Generaliser.Entry::times).sum());
    }

    private void entry(String glob, Generaliser.Entry entry) {
        text.append(INDENT).append("- ").append(YamlText.path(glob)).append("    # ");
        if (entry.times() == 0) {
            text.append("what has this name gets one that is allowed this");
        } else {
            text.append(entry.names() > 1 ? entry.names() + " names, " : "").append(SeenSockets.times(entry.times()));
        }
        text.append(glob.equals("/") ? "; pipes that are opened again have this name too" : "").append('\n');
    }

    /** The fewest words; writing is also appending, making and truncating. */
    private static String words(Set<PathOperation> operations) {
        Set<PathOperation> rest = EnumSet.copyOf(operations);
        if (rest.contains(PathOperation.WRITE)) {
            rest.removeAll(Set.of(PathOperation.APPEND, PathOperation.CREATE, PathOperation.TRUNCATE));
        }
        return rest.stream().map(operation -> operation.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "));
    }

    private void capabilities() {
        if (seen.capabilities().isEmpty()) {
            return;
        }
        text.append("  capabilities:\n    # Asked for, which is not always needed: ").append(counted(seen.capabilities()))
                .append(".\n    - name: capabilities\n      action: allow\n      names: [").append(String.join(", ", seen.capabilities().keySet())).append("]\n");
    }

    private void calls() {
        List<String> unused = new ArrayList<>(AuditPolicy.calls());
        unused.removeAll(seen.calls().keySet());
        if (!seen.calls().isEmpty()) {
            text.append("  # System calls that were made, of those that few programs need: ").append(counted(seen.calls())).append(".\n");
        }
        if (!unused.isEmpty()) {
            text.append("  systemCalls:\n    # Never made, and few programs need them.\n    - name: calls-not-made\n      action: deny\n      names:\n");
            unused.forEach(call -> text.append(INDENT).append("- ").append(call).append('\n'));
        }
    }

    private static String counted(Map<String, Long> counts) {
        return counts.entrySet().stream().map(entry -> entry.getKey() + " " + SeenSockets.times(entry.getValue())).collect(Collectors.joining(", "));
    }
}
