package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.scenario.Trial.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A table of trials under one policy, in the making: every way to do what one rule names. */
final class Family {
    private final String name;
    private final String rules;
    private final String rule;
    private final List<Trial> trials = new ArrayList<>();
    private final List<List<String>> harmless = new ArrayList<>();
    private UnaryOperator<ContainerSpec> needs = UnaryOperator.identity();

    /**
     * @param rule how events name the rule that denies, unless a trial says otherwise
     * @param rules the families of a policy's spec
     */
    Family(String name, String rule, String rules) {
        this.name = name;
        this.rule = rule;
        this.rules = rules;
    }

    /** What its containers need beside CAP_SYS_ADMIN. */
    Family in(UnaryOperator<ContainerSpec> more) {
        needs = more;
        return this;
    }

    /** A trial per way of a probe. */
    Family ways(Effect effect, String probe, List<String> ways, String... arguments) {
        ways.forEach(way -> add(way(effect, probe, way, arguments)));
        return this;
    }

    Family add(Trial trial) {
        trials.add(trial);
        return this;
    }

    /** One trial, to be given more than its way has in common with the others. */
    Trial way(Effect effect, String probe, String way, String... arguments) {
        var command = Stream.concat(Stream.of("/probes/" + probe, way), Stream.of(arguments)).toList();
        return new Trial(probe + " " + way, command, Errno.EPERM, name, rule, effect);
    }

    /** What must go on under the policy. */
    Family harmless(String... command) {
        harmless.add(List.of(command));
        return this;
    }

    TrialScenario scenario() {
        return new TrialScenario(name, Catalogue.policy(name, rules), trials, harmless, needs);
    }

    /** These ways by both entries of the kernel, the 64-bit and the 32-bit one. */
    static List<String> both(String... ways) {
        return Stream.of(ways).flatMap(way -> Stream.of(way, way + "/32")).toList();
    }
}
