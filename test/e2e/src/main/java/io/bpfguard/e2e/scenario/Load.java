package io.bpfguard.e2e.scenario;

/** All kernel programs load and attach on this kernel. */
public final class Load implements Scenario {
    @Override
    public String name() {
        return "load";
    }

    @Override
    public void run(Stage stage) {
        var result = stage.agent.command("doctor");
        result.output().lines().forEach(stage.report::note);
        stage.report.check(result.ok(), "bpfguard doctor loads and attaches every program", "exit " + result.status());
    }
}
