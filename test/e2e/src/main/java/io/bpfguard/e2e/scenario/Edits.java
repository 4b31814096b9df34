package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A policy is edited while its pod runs; a wrong one leaves the old one in force and says where it is wrong. */
public final class Edits implements Scenario {
    private static final int EPERM = 1;

    @Override
    public String name() {
        return "edits";
    }

    @Override
    public void control(Stage stage) {
        for (String file : List.of("one", "two")) {
            if (stage.readShared(stage.free(), file) != 0) {
                stage.report.voided(file + " can be read without us", "");
            }
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        var container = stage.idle(stage.pod(name()), "main");
        inForce(stage, container, "before there is a policy", 0, 0);
        stage.policies.change(() -> stage.policies.write(name(), Catalogue.keeping(name(), "one")));
        inForce(stage, container, "after a policy was written", EPERM, 0);
        stage.policies.change(() -> stage.policies.write(name(), Catalogue.keeping(name(), "two")));
        inForce(stage, container, "after it was edited", 0, EPERM);
        for (var wrong : wrongPolicies().entrySet()) {
            rejected(stage, wrong.getKey(), wrong.getValue());
        }
        inForce(stage, container, "after wrong edits", 0, EPERM);
        stage.policies.change(() -> stage.policies.remove(name()));
        inForce(stage, container, "after it was removed", 0, 0);
    }

    private static void inForce(Stage stage, Container container, String when, int one, int two) {
        int gotOne = stage.readShared(container, "one");
        int gotTwo = stage.readShared(container, "two");
        stage.report.check(gotOne == one && gotTwo == two,
                when + ": " + verdict("one", one) + ", " + verdict("two", two) + ", in the running pod",
                gotOne == one && gotTwo == two ? "" : "exit " + gotOne + " and " + gotTwo);
    }

    private static String verdict(String file, int errno) {
        return file + (errno == 0 ? " allowed" : " denied");
    }

    private void rejected(Stage stage, String what, Wrong wrong) throws InterruptedException {
        var event = stage.policies.react(() -> stage.policies.write(name(), wrong.yaml), "policies-rejected");
        String place = name() + ".yaml:" + wrong.line() + ":";
        boolean good = event.isPresent() && event.get().json().path("problems").toString().contains(place)
                && event.get().json().path("problems").toString().contains(wrong.word);
        stage.report.check(good, what + " is rejected with file, line and column, and the word",
                event.map(found -> found.json().path("problems").toString()).orElse("no event policies-rejected"));
    }

    /** A wrong policy, and the word that is wrong in it. */
    private record Wrong(String yaml, String word) {
        /** The line where the word stands, from 1. */
        long line() {
            return yaml.substring(0, yaml.indexOf(word)).lines().count() + (yaml.charAt(yaml.indexOf(word) - 1) == '\n' ? 1 : 0);
        }
    }

    private static Map<String, Wrong> wrongPolicies() {
        var wrong = new TreeMap<String, Wrong>();
        wrong.put("an unknown field", wrong("flies: []", "flies"));
        wrong.put("an unknown system call", wrong("systemCalls: [{action: deny, names: [unshere]}]", "unshere"));
        wrong.put("an unknown LSM hook", wrong("lsmHooks: [{action: deny, names: [file_opem]}]", "file_opem"));
        wrong.put("an unknown kernel function", wrong("kernelFunctions: [{action: kill, names: [vfs_wrote]}]", "vfs_wrote"));
        wrong.put("an unknown capability", wrong("capabilities: [{action: deny, names: [CAP_ALL_OF_IT]}]", "CAP_ALL_OF_IT"));
        wrong.put("a function that cannot be denied",
                wrong("kernelFunctions: [{action: deny, names: [cgroup_release_agent_write]}]", "cgroup_release_agent_write"));
        return wrong;
    }

    private static Wrong wrong(String rules, String word) {
        return new Wrong(Catalogue.policy("edits", rules + "\n"), word);
    }
}
