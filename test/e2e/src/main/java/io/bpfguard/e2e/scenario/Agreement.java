package io.bpfguard.e2e.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The kernel and {@code bpfguard test} say the same of random opens under a random policy: a container makes the opens, and what
 * the kernel answered is what the tests of the policy expect.
 */
public final class Agreement implements Scenario {
    private static final int CASES = 10_000;
    private static final long SEED = 20260211;
    private static final int RULES = 40;
    private static final String ROOT = "/shared/agreement/";
    private static final List<String> DIRECTORIES = List.of("x", "y", "xy", "yx");
    private static final List<String> LETTERS = List.of("a", "b", "c", "d");
    private static final List<String> OPERATIONS = List.of("read", "write", "append");
    private static final String HEADER = "apiVersion: bpfguard.io/v1\nkind: PolicyTest\nmetadata: {name: agreement}\nspec:\n"
            + "  policies: [agreement.yaml]\n  container: {namespace: e2e, labels: {app: agreement}}\n  cases:\n";

    private final Random random = new Random(SEED);

    /** An open of a file. */
    private record Attempt(String operation, String path) {}

    @Override
    public String name() {
        return "agreement";
    }

    @Override
    public void run(Stage stage) throws Exception {
        var attempts = Stream.generate(this::attempt).distinct().limit(stage.count(CASES)).toList();
        for (var attempt : attempts) {
            stage.sharedFile(attempt.path.substring("/shared/".length()), "x");
        }
        stage.sharedFile("agreement-list", String.join("", attempts.stream().map(each -> each.operation + " " + each.path + "\n").toList()));
        String policy = policy();
        stage.guarded();
        try (var _ = stage.agent.events().withoutDenialsByRules()) {
            stage.policies.change(() -> stage.policies.write(name(), policy));
            var answers = stage.attended(name(), UnaryOperator.identity()).execute(List.of("/probes/openall", "/shared/agreement-list"))
                    .stdout().lines().toList();
            stage.policies.change(() -> stage.policies.remove(name()));
            compare(stage, policy, attempts, answers);
        }
    }

    private static void compare(Stage stage, String policy, List<Attempt> attempts, List<String> answers) throws IOException {
        if (answers.size() != attempts.size()) {
            stage.report.check(false, "the probe answers for every open", answers.size() + " of " + attempts.size());
            return;
        }
        var cases = new StringBuilder(HEADER);
        for (int i = 0; i < answers.size(); i++) {
            cases.append("    - {file: %s, operation: %s, expect: %s}%n".formatted(attempts.get(i).path, attempts.get(i).operation, expected(answers.get(i))));
        }
        Path directory = Files.createDirectories(stage.layout.work().resolve("agreement"));
        Files.writeString(directory.resolve("agreement.yaml"), policy);
        Path test = Files.writeString(directory.resolve("test.yaml"), cases);
        var result = stage.agent.command("test", test.toString());
        long denied = answers.stream().filter(answer -> !answer.equals("0")).count();
        stage.report.check(result.ok() && denied > answers.size() / 10 && denied < answers.size() * 9 / 10,
                "of " + answers.size() + " random opens the kernel denies those that bpfguard test says, with the errno",
                denied + " denied; " + result.output().lines().filter(line -> !line.startsWith("ok ")).limit(5).toList());
    }

    private static String expected(String errno) {
        return errno.equals("0") ? "allow" : "deny, errno: " + errno;
    }

    private Attempt attempt() {
        return new Attempt(pick(OPERATIONS), ROOT + repeat(random.nextInt(4), () -> pick(DIRECTORIES) + "/") + repeat(1 + random.nextInt(4), () -> pick(LETTERS)));
    }

    /** Rules that overlap, with three errnos. */
    private String policy() {
        var rules = new StringBuilder("files:\n");
        for (int i = 0; i < RULES; i++) {
            rules.append("  - {action: deny, errno: %s, operations: [%s], paths: [\"%s\"]}%n".formatted(
                    pick(List.of("EPERM", "EACCES", "ENOENT")), pick(OPERATIONS), ROOT + glob()));
        }
        return Catalogue.policy(name(), rules.toString());
    }

    private String glob() {
        String directories = repeat(random.nextInt(4), () -> pick(List.of("x", "y", "xy", "y*", "*", "**", "?", "[xy]", "{x,yx}", "[!x]*")) + "/");
        return directories + repeat(1 + random.nextInt(3), () -> pick(List.of("a", "b", "c", "?", "[ab]", "[!c]", "{a,bc}", "*")));
    }

    private String pick(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static String repeat(int times, Supplier<String> text) {
        var all = new ArrayList<String>();
        for (int i = 0; i < times; i++) {
            all.add(text.get());
        }
        return String.join("", all);
    }
}
