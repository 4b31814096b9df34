package io.bpfguard.e2e.scenario;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** All scenarios by name, and the groups that a test run asks for. */
public final class Scenarios {
    private static final Map<String, Supplier<Scenario>> BY_NAME = byName();
    private static final List<String> GRANULARITIES = List.of("mounts", "all-mounts", "capabilities",
            "system-calls", "setns", "lsm-hooks", "functions", "function-deny", "cve-2022-0492-mount", "cve-2022-0492-write");
    private static final List<String> ESSENTIAL = List.of("mounts", "capabilities", "system-calls", "functions", "function-deny",
            "cve-2022-0492-mount", "cve-2022-0492-write");
    private static final List<String> PATH = List.of("runtime-work", "sessions", "lasting", "first-instruction", "first-instruction-frozen");
    private static final Map<String, List<String>> GROUPS = Map.of(
            "granularities", GRANULARITIES,
            "path", PATH,
            "families", Families.allNames(),
            "acceptance", Acceptance.allNames(),
            "conditions", Conditions.allNames(),
            "arguments", Arguments.allNames(),
            "programs", List.of("custom-programs", "late-programs"),
            // What differs from kernel to kernel and from runtime to runtime; the rest is shown once, here or in the other group.
            "essential", concat(List.of(List.of("load"), ESSENTIAL, List.of("runtime-work", "sessions", "agreement", "unix-sockets", "commands", "odd-paths"))),
            // Takes minutes each on an emulated machine.
            "slow", List.of("adoption", "launched", "wrong-start", "web-server"),
            "all", concat(List.of(List.of("load", "start-up"), GRANULARITIES, List.of("system-call-functions", "custom-programs", "late-programs", "edits", "switches", "storm"), PATH,
                    List.of("runtime-restart", "late-runtime"))));

    private Scenarios() {}

    private static Map<String, Supplier<Scenario>> byName() {
        var all = new LinkedHashMap<String, Supplier<Scenario>>();
        List<Supplier<Scenario>> makers = List.of(
                Load::new, StartUp::new, Catalogue::mounts, Catalogue::allMounts,
                Catalogue::capabilities, UnixSockets::scenario, Catalogue::systemCalls, Catalogue::setns, Catalogue::functions, Catalogue::functionDeny,
                SystemCallFunctions::new, Catalogue::lsmHooks, Catalogue::cveMount,
                Catalogue::cveRelease, RuntimeWork::new, Sessions::new, Edits::new, Switches::new, Storm::new, Lasting::new,
                Agreement::new, Commands::new, OddPaths::new, RuleCost::new, Programs::new, LatePrograms::new, Adoption::new, Launched::new, WrongStart::new, OciHook::new, HookKills::new, BaseRuntimeSpec::new, WebServer::new,
                FirstInstruction::live, FirstInstruction::frozen, RuntimeRestart::new, LateRuntime::new, BadNode::new, NoBpfLsm::new, CgroupV1::new, Demo::new);
        for (var maker : concat(List.of(makers, Families.ALL, Acceptance.ALL, Conditions.ALL, Arguments.ALL))) {
            all.put(maker.get().name(), maker);
        }
        return all;
    }

    private static <T> List<T> concat(List<List<T>> lists) {
        return lists.stream().flatMap(List::stream).toList();
    }

    /** The scenarios of these names and groups, each once; after {@code controls} only their controls, without a guard, of all if none is named. */
    public static List<Scenario> named(List<String> names) {
        int controls = names.indexOf("controls");
        if (controls >= 0) {
            var rest = names.subList(controls + 1, names.size());
            return concat(List.of(named(names.subList(0, controls)), List.of(new Controls(named(rest.isEmpty() ? List.of("all") : rest)))));
        }
        var scenarios = new ArrayList<Scenario>();
        for (String name : names.stream().flatMap(name -> GROUPS.getOrDefault(name, List.of(name)).stream()).distinct().toList()) {
            if (BY_NAME.containsKey(name)) {
                scenarios.add(BY_NAME.get(name).get());
            } else {
                throw new IllegalArgumentException("no scenario " + name + "; there are " + BY_NAME.keySet()
                        + ", and the groups " + GROUPS.keySet() + " and controls");
            }
        }
        return scenarios;
    }

    /** Whether any of these looks at more than the node itself. */
    public static boolean needRuntime(List<Scenario> scenarios) {
        return scenarios.stream().anyMatch(scenario -> !(scenario instanceof Load || scenario instanceof BadNode
                || scenario instanceof NoBpfLsm || scenario instanceof CgroupV1 || scenario instanceof OciHook || scenario instanceof HookKills));
    }
}
