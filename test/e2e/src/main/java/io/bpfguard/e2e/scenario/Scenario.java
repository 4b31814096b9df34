package io.bpfguard.e2e.scenario;

/** One group of checks. */
public interface Scenario {
    String name();

    /** Runs before the guard is anywhere on the node: whatever it will deny must succeed here. */
    default void control(Stage stage) throws Exception {}

    /** Runs with the agent up, unless an earlier scenario left it down: who needs it asks {@link Stage#guarded}. */
    void run(Stage stage) throws Exception;
}
