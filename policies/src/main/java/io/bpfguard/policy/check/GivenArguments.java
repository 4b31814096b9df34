package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.Extractor.Kind;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.model.KernelNumber;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Problem;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Values of arguments that somebody gives by the names which conditions use, as what rules look at: {@link Extractor}s with an
 * integer ({@link Long}) or bytes ({@code byte[]}) each. What is wrong with them is collected. Confined to one thread.
 */
public final class GivenArguments {
    /**
     * An argument and its value.
     *
     * @param argument an index, a name, or a name with members behind it
     * @param value a number or a text
     * @param isNumber whether the value is written as a number, where the argument could be either
     */
    public record Given(Located<String> argument, Located<String> value, boolean isNumber) {}

    private final Map<Extractor, Object> values = new HashMap<>();
    private final List<Problem> problems;

    private GivenArguments(List<Problem> problems) {
        this.problems = problems;
    }

    /** The values for a call of a hook or function on a node; problems go to {@code problems}. */
    public static Map<Extractor, Object> ofCall(HookPoint point, List<Given> given, NodeCapabilities node, List<Problem> problems) {
        GivenArguments arguments = new GivenArguments(problems);
        if (!given.isEmpty()) {
            arguments.resolve(point, given, node);
        }
        return Map.copyOf(arguments.values);
    }

    /** The values for a system call, by register; problems go to {@code problems}. */
    public static Map<Extractor, Object> ofSystemCall(SystemCall call, boolean compat, List<Given> given, List<Problem> problems) {
        GivenArguments arguments = new GivenArguments(problems);
        given.forEach(one -> arguments.register(call.name(), compat, one));
        return Map.copyOf(arguments.values);
    }

    private void resolve(HookPoint point, List<Given> given, NodeCapabilities node) {
        String owner = (point instanceof LsmHook ? "the LSM hook " : "the function ") + point.kernelName();
        Optional<List<KernelType.Parameter>> parameters = node.parameters(point);
        if (parameters.isEmpty()) {
            refuse(given.getFirst().argument(), "the arguments of " + owner + " are not known here, so none can be given");
            return;
        }
        ArgumentResolver resolver = new ArgumentResolver(owner, parameters.get());
        for (Given one : given) {
            try {
                take(one, resolver.resolve(one.argument().value()));
            } catch (ArgumentResolver.Unresolved reason) {
                refuse(one.argument(), reason.getMessage());
            }
        }
    }

    private void take(Given given, Argument argument) {
        String name = given.argument().value();
        if (argument.text().isPresent() && !(given.isNumber() && argument.integer().isPresent())) {
            put(given, argument.text().get(), given.value().value().getBytes(StandardCharsets.UTF_8));
        } else if (argument.integer().isPresent()) {
            Extractor extractor = argument.integer().get();
            number(given, extractor.bits()).ifPresent(number -> put(given, extractor,
                    new IntegerConditions(extractor.bits(), extractor.kind() == Kind.SIGNED, Extractor.WIDTH).extended(number)));
        } else {
            refuse(given.argument(), name + " is neither a number nor a text but a " + argument.type() + "; give a member of it");
        }
    }

    private void register(String call, boolean compat, Given given) {
        String name = given.argument().value();
        Optional<List<SystemCallArguments.Register>> registers = SystemCallArguments.of(call);
        if (registers.isEmpty()) {
            refuse(given.argument(), "the arguments of the system call " + call + " are not known, so none can be given");
            return;
        }
        int index = RegisterLowering.index(name, registers.get());
        if (index < 0) {
            refuse(given.argument(), RegisterLowering.unknown(call, name, registers.get()));
        } else if (compat && !SystemCallArguments.isSame32(call, index)) {
            refuse(given.argument(), "32-bit programs pass argument " + name + " of " + call + " otherwise, so no rule can ask for it");
        } else {
            int bits = Math.min(registers.get().get(index).bits(), compat ? Integer.SIZE : Long.SIZE);
            number(given, bits).ifPresent(number -> put(given, Extractor.register(index), compat ? number.bits() & 0xffffffffL : number.bits()));
        }
    }

    private Optional<KernelNumber> number(Given given, int bits) {
        try {
            Located<KernelNumber> number = new Located<>(KernelNumber.parse(given.value().value()), given.value().at());
            if (number.value().fits(bits)) {
                return Optional.of(number.value());
            }
            problems.add(IntegerConditions.tooLarge(given.argument().value(), bits, number));
        } catch (KernelNumber.NotANumber e) {
            refuse(given.value(), "the value \"" + given.value().value() + "\" of " + given.argument().value() + " " + e.getMessage());
        }
        return Optional.empty();
    }

    private void put(Given given, Extractor extractor, Object value) {
        if (values.putIfAbsent(extractor, value) != null) {
            refuse(given.argument(), given.argument().value() + " is given a value for the second time, by another name");
        }
    }

    private void refuse(Located<String> at, String message) {
        problems.add(Problem.at(at.at(), message));
    }
}
