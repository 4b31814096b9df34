package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Lowers a rule on a custom program to a step at the place that the program was written for. */
record ProgramLowering(Lowering.Builder builder) {
    private static final String NOTE = "What the program looks at and when it applies is the program's own.";

    void add(Rule.Programs rule) {
        switch (builder.node().program(rule.object().value())) {
            case ProgramSupport.Unseen _ -> { }
            case ProgramSupport.Refused(String reason) -> refuse(rule.object(), "the program " + rule.object().value() + " " + reason);
            case ProgramSupport.Usable(ProgramFile file) -> {
                ProgramValues values = new ProgramValues(file);
                rule.parameters().forEach(values::set);
                values.problems().forEach(builder::refuse);
                place(rule.object(), file, new Subject.Program(file.with(values.constants())));
            }
        }
    }

    private void place(Located<String> object, ProgramFile file, Subject.Program subject) {
        if (file.place() == ProgramFile.Place.LSM) {
            HookRules.refusal(file.target(), builder.node()).ifPresentOrElse(reason -> refuse(object, "the program " + file.name() + ": " + reason),
                    () -> add(new LsmHook(file.target()), file, subject, builder.action(), List.of()));
            return;
        }
        FunctionLowering functions = new FunctionLowering(builder, List.of());
        FunctionLowering.Place at = FunctionLowering.Place.of(new KernelFunction(file.target()), builder.node());
        KernelFunction function = at.function();
        FunctionSupport support = at.support();
        if (!(support instanceof FunctionSupport.Traceable || support instanceof FunctionSupport.Deniable)) {
            refuse(object, "the program " + file.name() + ": " + functions.whyNot(function, support));
            return;
        }
        boolean prevents = file.place() == ProgramFile.Place.FMOD_RET;
        if (prevents && !(support instanceof FunctionSupport.Deniable)) {
            refuse(object, "the program " + file.name() + " is written to be attached in place of " + function.kernelName()
                    + ", which the kernel of this node (" + builder.node().kernelRelease() + ") does not allow: "
                    + functions.whyNoDeny(function, support) + "; write it with FENTRY_PROGRAM and the rule with action kill or audit, or at an LSM hook");
            return;
        }
        boolean denies = prevents && functions.canDeny(function, support);
        Optional<Action> action = builder.action() != Action.DENY || denies ? Optional.of(builder.action()) : builder.fallback();
        if (action.isEmpty()) {
            refuse(object, "the program " + file.name() + " cannot deny: " + (prevents ? functions.whyNoDeny(function, support)
                    : "at fentry/" + function.kernelName() + " calls are seen, and not prevented")
                    + "; write fallback: kill or fallback: audit to accept that, or "
                    + (support instanceof FunctionSupport.Deniable && !prevents ? "the program with FMOD_RET_PROGRAM" : "the program at an LSM hook"));
            return;
        }
        List<String> notes = new ArrayList<>();
        if (action.get() == Action.KILL && !denies) {
            notes.add(FunctionLowering.KILL_NOTE);
        }
        if (builder.node().skipsFunctionPrograms()) {
            notes.add(FunctionLowering.SKIP_NOTE);
        }
        notes.add(FunctionLowering.CALLER_NOTE);
        add(new FunctionProgram(function, prevents, subject.program()), file, subject, action.get(), notes);
    }

    private void add(HookPoint point, ProgramFile file, Subject subject, Action action, List<String> notes) {
        List<String> all = new ArrayList<>(notes);
        all.add(NOTE);
        builder.add(point, Matcher.PROGRAM, subject, action, file.place().word() + "/" + point.kernelName() + " by program " + file.name(),
                String.join(" ", all));
    }

    private void refuse(Located<String> at, String message) {
        builder.refuse(Problem.at(at.at(), message));
    }
}
