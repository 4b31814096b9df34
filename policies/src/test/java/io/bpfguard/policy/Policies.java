package io.bpfguard.policy;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.read.PolicyReader;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/** Short ways for tests from the text of rules to what they come to. */
public final class Policies {
    private Policies() {}

    /** A policy document; {@code spec} is indented by two or in braces. */
    public static String document(String name, String spec) {
        String body = spec.stripLeading().startsWith("{") ? " " + spec.strip() : "\n" + spec.indent(2).stripTrailing();
        return "---\napiVersion: bpfguard.io/v1\nkind: ContainerPolicy\nmetadata: {name: " + name + "}\nspec:" + body
                + "\n";
    }

    public static PolicySet read(String yaml) throws PolicyException {
        return PolicyReader.read("t.yaml", yaml.getBytes(StandardCharsets.UTF_8));
    }

    public static CheckedPolicies check(String yaml) throws PolicyException {
        return Checker.check(read(yaml), FakeNode.debian13());
    }

    /** The route of a container that all policies of the text are for. */
    public static Route route(String yaml) throws PolicyException {
        CheckedPolicies checked = check(yaml);
        return new Compiler(checked, FakeNode.debian13()).route(checked.policies());
    }

    /** What the chain of a hook comes to for one object, as the kernel walks it: the first step that prevents ends it. */
    public static Verdict decide(Route route, HookPoint hook, Function<Verdicts, Verdict> object) {
        Chain chain = route.chains().get(hook);
        Verdict strongest = Verdict.NONE;
        if (chain != null) {
            for (Step step : chain.steps()) {
                Verdict verdict = object.apply(new Verdicts(step.ruleset()));
                if (verdict.prevents()) {
                    return verdict;
                }
                strongest = verdict.action().compareTo(strongest.action()) > 0 ? verdict : strongest;
            }
        }
        return strongest;
    }

    /** An object that only one matcher looks at; the others let it pass. */
    public static Function<Verdicts, Verdict> only(Matcher matcher, Function<Verdicts, Verdict> object) {
        return verdicts -> verdicts.matcher() == matcher ? object.apply(verdicts) : Verdict.NONE;
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
