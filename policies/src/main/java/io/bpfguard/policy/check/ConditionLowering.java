package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.Extractor.Kind;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.Condition.Test;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Lowers conditions on the arguments of hooks and functions to the values that they compare. */
record ConditionLowering(Lowering.Builder builder) {
    /** What the calls of a hook or function that meet the conditions look like; empty when something is refused, or cannot be told here. */
    Optional<Subject> subject(HookPoint point, List<Condition> conditions) {
        if (conditions.isEmpty()) {
            return Optional.of(new Subject.Always());
        }
        String owner = (point instanceof LsmHook ? "the LSM hook " : "the function ") + point.kernelName();
        Optional<List<KernelType.Parameter>> parameters = builder.node().parameters(point);
        if (parameters.isEmpty() && !builder.node().knowsParameters()) {
            return Optional.empty();
        }
        if (parameters.isEmpty()) {
            builder.refuse(Problem.at(conditions.getFirst().argument().at(), "the arguments of " + owner
                    + " are not known here; conditions on them can only be checked on a node that has it in its BTF"));
            return Optional.empty();
        }
        ArgumentResolver resolver = new ArgumentResolver(owner, parameters.get());
        Values values = new Values(builder);
        for (Condition condition : conditions) {
            try {
                values.add(condition, resolver.resolve(condition.argument().value()));
            } catch (ArgumentResolver.Unresolved reason) {
                builder.refuse(Problem.at(condition.argument().at(), reason.getMessage()));
                values.isRefused = true;
            }
        }
        return values.subject(conditions.getFirst());
    }

    /** The values that a rule compares, while its conditions are added. */
    static final class Values {
        private final Lowering.Builder builder;
        private final Map<Extractor, List<List<GlobToken>>> sequences = new LinkedHashMap<>();
        private boolean isRefused;

        Values(Lowering.Builder builder) {
            this.builder = builder;
        }

        private void add(Condition condition, Argument argument) {
            if (condition.test() instanceof Test.Matches(var globs)) {
                addText(condition, argument, globs);
                return;
            }
            if (argument.integer().isEmpty()) {
                refuse(condition.argument(), condition.argument().value() + " is no number but a " + argument.type()
                        + (argument.text().isPresent() ? "; compare it by matches" : "; compare a member of it"));
                return;
            }
            Extractor extractor = argument.integer().get();
            IntegerConditions integers = new IntegerConditions(extractor.bits(), extractor.kind() == Kind.SIGNED, Extractor.WIDTH);
            Optional<Problem> refusal = integers.refusal(condition.argument().value(), condition.test());
            if (refusal.isPresent()) {
                builder.refuse(refusal.get());
                isRefused = true;
                return;
            }
            put(condition, extractor, integers.sequences(condition.test()));
        }

        private void addText(Condition condition, Argument argument, List<Located<String>> globs) {
            String name = condition.argument().value();
            if (argument.text().isEmpty()) {
                refuse(condition.argument(), name + " cannot be compared with globs: " + argument.noText());
                return;
            }
            List<Glob> parsed = new ArrayList<>();
            for (Located<String> glob : globs) {
                try {
                    parsed.add(Glob.parse(glob.value(), argument.isPath() ? Glob.Kind.PATH : Glob.Kind.TEXT));
                } catch (GlobSyntaxException e) {
                    refuse(glob, "the glob \"" + glob.value() + "\" for " + name + ", which is a path, " + e.getMessage());
                    return;
                }
            }
            if (sequences.containsKey(argument.text().get())) {
                refuse(condition.argument(), "a second condition with matches for " + name + "; write one with all that may be, or two rules");
                return;
            }
            sequences.put(argument.text().get(), Subject.sequences(parsed));
        }

        /** Adds a condition on a number. */
        void put(Condition condition, Extractor extractor, List<List<GlobToken>> values) {
            List<List<GlobToken>> known = sequences.get(extractor);
            List<List<GlobToken>> both = known == null ? values : IntegerConditions.both(known, values);
            if (both.isEmpty()) {
                refuse(condition.argument(), "the conditions on " + condition.argument().value() + " cannot hold together");
                return;
            }
            sequences.put(extractor, both);
        }

        private void refuse(Located<String> at, String message) {
            builder.refuse(Problem.at(at.at(), message));
            isRefused = true;
        }

        Optional<Subject> subject(Condition first) {
            if (!isRefused && sequences.size() > Extractor.MAX_PER_KEY) {
                refuse(first.argument(), "a rule compares at most " + Extractor.MAX_PER_KEY + " different values, and this one compares " + sequences.size());
            }
            return isRefused ? Optional.empty() : Optional.of(new Subject.Arguments(sequences));
        }
    }
}
