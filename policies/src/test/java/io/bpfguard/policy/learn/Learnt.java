package io.bpfguard.policy.learn;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.Capability;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.SocketNames;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.select.ContainerFacts;
import io.bpfguard.policy.select.Selector;
import io.bpfguard.policy.simulate.Answer;
import io.bpfguard.policy.simulate.Attempt;
import io.bpfguard.policy.simulate.Simulation;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A learnt policy, and what it says. */
record Learnt(String text, Route route) {
    static final LearnSelector SELECTOR = new LearnSelector("prod", Map.of("app", "web"), Optional.of("app"));
    static final ContainerFacts CONTAINER = new ContainerFacts("prod", "web-1", "u", Map.of("app", "web"), Map.of(), "app", Optional.empty(), "c1");
    private static final FakeNode NODE = FakeNode.debian13();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What is learnt from lines of events. */
    static Learnt from(List<String> lines) throws Exception {
        Observations seen = new Observations();
        for (String line : lines) {
            seen.add(JSON.readTree(line));
        }
        return from(seen);
    }

    static Learnt from(Observations seen) throws PolicyException {
        String text = LearnedPolicy.write("learnt", SELECTOR, seen);
        CheckedPolicies checked = Checker.check(Policies.read(text), NODE);
        return new Learnt(text, new Compiler(checked, NODE).route(Selector.select(checked, CONTAINER)));
    }

    boolean allows(Attempt attempt) {
        try {
            return Simulation.of(route, attempt, NODE).stream().map(Answer::verdict).allMatch(verdict -> verdict.action() == Action.ALLOW);
        } catch (PolicyException e) {
            throw new AssertionError(e);
        }
    }

    boolean allows(PathOperation operation, String path) {
        return allows(new Attempt.UseFile(path, operation, "", "", Set.of(), 0, List.of()));
    }

    /** The same of a path that is no text. */
    boolean allows(PathOperation operation, byte[] path) {
        Verdict verdict = Policies.decide(route, new LsmHook(operation == PathOperation.EXEC ? "bprm_check_security" : "file_open"),
                Policies.only(Matcher.PATH, verdicts -> verdicts.path(path, operation)));
        return verdict.action() == Action.ALLOW;
    }

    boolean allowsCapability(String name) {
        return allows(new Attempt.UseCapability(Capability.number(name).orElseThrow()));
    }

    boolean allowsCall(String name) {
        return allows(new Attempt.UseSystemCall(SystemCalls.named(name).orElseThrow(), false, List.of()));
    }

    boolean allowsSocket(SocketOperation operation, String family, String type, String protocol) {
        return allows(socket(operation, family, type, number(SocketNames.PROTOCOLS, protocol), Optional.empty(), ""));
    }

    boolean allowsIp(SocketOperation operation, String protocol, String address, int port) {
        String type = protocol.equals("tcp") ? "stream" : protocol.equals("udp") ? "dgram" : "raw";
        try {
            Cidr cidr = Cidr.parse(address);
            return allows(socket(operation, cidr.isIpv4() ? "inet" : "inet6", type, number(SocketNames.PROTOCOLS, protocol),
                    Optional.of(new Attempt.Endpoint(cidr, port)), ""));
        } catch (Cidr.SyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Of a Unix socket; abstract names begin with byte 1. */
    boolean allowsUnix(SocketOperation operation, String name) {
        return allows(socket(operation, "unix", "stream", 0, Optional.empty(), name));
    }

    private static Attempt socket(SocketOperation operation, String family, String type, int protocol, Optional<Attempt.Endpoint> end, String name) {
        return new Attempt.UseSocket(operation, false, number(SocketNames.FAMILIES, family), number(SocketNames.TYPES, type), protocol, end, name);
    }

    private static int number(Map<String, Integer> names, String word) {
        return names.containsKey(word) ? names.get(word) : Integer.parseInt(word);
    }

    /** Whether renaming the first to the second is no loss of what is prevented: alias.h, for files. */
    boolean allowsName(String old, String other) {
        return Arrays.stream(PathOperation.values()).filter(operation -> operation != PathOperation.MAP)
                .allMatch(operation -> allows(operation, old) || !allows(operation, other));
    }

    /** The lines of a file's use, as the agent writes them. */
    static String file(String hook, PathOperation operation, String path) {
        ObjectNode event = event(hook, "learn-files");
        event.put("operation", operation.name().toLowerCase(java.util.Locale.ROOT));
        return line(event.put("object", path));
    }

    static String read(String path) {
        return file("file_open", PathOperation.READ, path);
    }

    static String exec(String path) {
        return file("bprm_check_security", PathOperation.EXEC, path);
    }

    /** What an open with O_RDWR is reported as. */
    static List<String> openBoth(String path) {
        ObjectNode event = event("file_open", "learn-opened-for-both");
        event.put("mechanism", "lsm/file_open by arguments").put("object", path).putArray("values").add(2);
        return List.of(read(path), line(event));
    }

    /** What a rename is reported as. */
    static List<String> rename(String old, String other) {
        ObjectNode event = event("path_rename", "learn-new-name");
        event.put("mechanism", "lsm/path_rename by arguments").put("object", other);
        return List.of(file("path_rename", PathOperation.RENAME, old), line(event));
    }

    static String socket(String hook, String operation, String object) {
        return line(event(hook, "learn-sockets").put("operation", operation).put("object", object));
    }

    static String capability(String name) {
        return line(event("capable", "learn-capabilities").put("object", name));
    }

    static String call(String hook, String name) {
        return line(event(hook, "learn-calls").put("mechanism", "lsm/" + hook + " by system call").put("object", name));
    }

    private static ObjectNode event(String hook, String rule) {
        ObjectNode event = JSON.createObjectNode();
        event.put("time", "2026-01-02T03:04:05Z").put("event", "audit").put("namespace", "prod").put("pod", "web-1").put("container", "app");
        event.put("policy", "learn-web").put("rule", "files[0] (" + rule + ")").put("hook", hook).put("mechanism", "lsm/" + hook);
        event.putObject("process").put("pid", 7).put("tid", 7);
        return event;
    }

    private static String line(ObjectNode event) {
        try {
            return new String(JSON.writeValueAsBytes(event), StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
