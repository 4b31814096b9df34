package io.bpfguard.e2e.scenario;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Prints one line per check and keeps the totals. Confined to the thread that runs the scenarios. */
public final class Report {
    /** What came out of one group, and how long it took by now. */
    private static final class Counts {
        private int passed;
        private int failed;
        private Duration spent = Duration.ZERO;
    }

    private final PrintStream out;
    private final Map<String, Counts> groups = new HashMap<>();
    private String group = "";
    private Counts counts = new Counts();
    private Instant entered = Instant.now();
    private int skipped;

    public Report(PrintStream out) {
        this.out = out;
    }

    /** What follows belongs to this group; a group may be entered more than once. */
    public void enter(String name) {
        counts.spent = counts.spent.plus(Duration.between(entered, Instant.now()));
        entered = Instant.now();
        group = name;
        counts = groups.computeIfAbsent(name, _ -> new Counts());
    }

    /** A line of its own for the group that ends. */
    public void leave() {
        enter(group);
        out.printf("group %s: %d passed, %d failed in %d s%n", group, counts.passed, counts.failed, counts.spent.toSeconds());
    }

    public void check(boolean good, String text, String detail) {
        line(good ? "ok" : "FAIL", text, detail);
        count(good);
    }

    /** Counts a check that its scenario shows in its own way. */
    public void tally(boolean good) {
        count(good);
    }

    /** The stream, for a scenario that shows itself in its own way. */
    public PrintStream out() {
        return out;
    }

    /** A check that proves nothing because its control did not succeed; it counts as failed. */
    public void voided(String text, String detail) {
        line("VOID", text, detail);
        count(false);
    }

    public void skip(String text, String reason) {
        line("skip", text, reason);
        skipped++;
    }

    /** A measurement, which neither passes nor fails. */
    public void note(String text) {
        out.printf("note %s: %s%n", group, text);
    }

    private void line(String word, String text, String detail) {
        out.printf("%s %s: %s%s%n", word, group, text, detail.isBlank() ? "" : " (" + detail.strip().replace('\n', ' ') + ")");
    }

    private void count(boolean good) {
        if (good) {
            counts.passed++;
        } else {
            counts.failed++;
        }
    }

    public boolean groupIsGood() {
        return counts.failed == 0;
    }

    public boolean good() {
        return groups.values().stream().allMatch(each -> each.failed == 0);
    }

    public void totals() {
        int passed = groups.values().stream().mapToInt(each -> each.passed).sum();
        int failed = groups.values().stream().mapToInt(each -> each.failed).sum();
        out.printf("%d passed, %d failed%s%n", passed, failed, skipped == 0 ? "" : ", " + skipped + " skipped");
    }
}
