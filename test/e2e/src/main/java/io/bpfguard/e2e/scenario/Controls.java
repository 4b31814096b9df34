package io.bpfguard.e2e.scenario;

import java.util.List;

/** Shows that a list of scenarios has controls that succeed, on a node without the guard; needs no product. */
public record Controls(List<Scenario> scenarios) implements Scenario {
    @Override
    public String name() {
        return "controls";
    }

    @Override
    public void run(Stage stage) throws Exception {
        for (var scenario : scenarios) {
            stage.report.enter(scenario.name());
            scenario.control(stage);
            stage.clear();
            stage.report.check(stage.report.groupIsGood(), "all its controls get through without us", "");
        }
    }
}
