package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.scenario.RandomSubject.Count;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The kernel and {@code bpfguard test} say the same of random actions under random policies: containers do them, and what the kernel
 * answered is what the tests of the policies expect. The same policies with their rules in another order say the same.
 *
 * <p>Rules deny or allow. What kills would end the program that is asked, and what reports changes no answer: other scenarios are about those.
 */
public final class Agreement implements Scenario {
    private static final int CASES = 10_000;
    private static final long SEED = 20260211;

    /**
     * A subject, and who tries it.
     *
     * @param answers a line per action, from before there were policies, under them, and under them in another order
     */
    private record Tried(RandomSubject subject, Attended container, List<List<String>> answers) {
        void run(Path shared) throws IOException, InterruptedException {
            answers.add(subject.done(container, shared));
        }
    }

    @Override
    public String name() {
        return "agreement";
    }

    /** All parts, by seeds that make both outcomes common with either count; {@code fileSystem} is the type of the shared directory's. */
    static List<RandomPart> parts(String fileSystem) {
        return List.of(new RandomFiles(false, fileSystem, SEED), new RandomFiles(true, fileSystem, SEED + 9), new RandomSockets(false, SEED + 3),
                new RandomSockets(true, SEED + 3), new RandomCalls(SEED + 4), new RandomCapabilities(SEED + 5));
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.guarded();
        var chance = new Chance(SEED);
        var all = new ArrayList<Tried>();
        for (var part : parts(Files.getFileStore(stage.layout.shared()).type())) {
            var subject = RandomSubject.of(part, stage.count(CASES));
            all.add(new Tried(subject, stage.attended(subject.name(), part::equip), new ArrayList<>()));
        }
        List<String> first = all.stream().map(tried -> tried.subject.yaml(tried.subject.part().policies())).toList();
        List<String> second = all.stream().map(tried -> tried.subject.yaml(tried.subject.reordered(chance))).toList();
        try (var _ = stage.agent.events().withoutDenialsByRules()) {
            runAll(stage, all);
            for (var policies : List.of(first, second)) {
                stage.policies.change(() -> stage.policies.write(name(), String.join("---\n", policies)));
                runAll(stage, all);
            }
            stage.policies.change(() -> stage.policies.remove(name()));
        }
        for (int i = 0; i < all.size(); i++) {
            compare(stage, all.get(i), List.of(first.get(i), second.get(i)));
        }
    }

    private static void runAll(Stage stage, List<Tried> all) throws IOException, InterruptedException {
        for (var tried : all) {
            tried.run(stage.layout.shared());
        }
    }

    private static void compare(Stage stage, Tried tried, List<String> policies) throws IOException {
        RandomSubject subject = tried.subject;
        int size = subject.actions().size();
        if (!tried.answers.stream().allMatch(lines -> lines.size() == size)) {
            stage.report.check(false, "the probe answers for every action of " + subject.name(), tried.answers.stream().map(List::size) + " of " + size);
            return;
        }
        List<String> failing = IntStream.range(0, size).filter(i -> !isThrough(tried.answers.getFirst().get(i), subject.actions().get(i)))
                .mapToObj(i -> subject.actions().get(i).line() + ": " + tried.answers.getFirst().get(i)).toList();
        if (!failing.isEmpty()) {
            stage.report.voided("without policies every action of " + subject.name() + " gets through", failing.size() + ": " + failing.stream().limit(5).toList());
            return;
        }
        List<String> answers = tried.answers.get(1);
        List<String> differing = IntStream.range(0, size).filter(i -> !answers.get(i).equals(tried.answers.get(2).get(i)))
                .mapToObj(i -> subject.actions().get(i).line() + ": " + answers.get(i) + ", then " + tried.answers.get(2).get(i)).toList();
        stage.report.check(differing.isEmpty(), "the kernel answers the " + size + " actions of " + subject.name() + " the same with all rules in another order",
                differing.stream().limit(5).toList().toString());
        Map<String, Count> counts = subject.counts(answers);
        stage.report.check(counts.values().stream().allMatch(Count::isMixed), "of each kind at least a tenth is denied and a tenth is not", counts.toString());
        for (int order = 0; order < policies.size(); order++) {
            test(stage, subject, order, policies.get(order), answers);
        }
    }

    /** Every step was done, and none failed. */
    private static boolean isThrough(String answer, RandomAction action) {
        return answer.equals(String.join(" ", action.steps().stream().map(_ -> "0").toList()));
    }

    private static void test(Stage stage, RandomSubject subject, int order, String policies, List<String> answers) throws IOException {
        Path directory = Files.createDirectories(stage.layout.work().resolve("agreement"));
        Path policy = Files.writeString(directory.resolve(subject.name() + "-policies-" + order + ".yaml"), policies);
        Path test = Files.writeString(directory.resolve(subject.name() + "-test-" + order + ".yaml"), subject.test(policy.getFileName().toString(), answers));
        var result = stage.agent.command("test", test.toString());
        stage.report.check(result.ok(), "of the " + answers.size() + " actions of " + subject.name()
                + " the kernel denies those that bpfguard test says, with the errno" + (order == 0 ? "" : ", with all rules in another order"),
                result.output().lines().filter(line -> !line.startsWith("ok ")).limit(5).toList().toString());
    }
}
