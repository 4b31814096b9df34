package io.bpfguard;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** The rooms of the code, and which may know which. */
class LayersTest {
    private static final JavaClasses CODE = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.bpfguard");

    @Test
    void theImporterSeesAllModules() {
        org.assertj.core.api.Assertions.assertThat(CODE.stream().map(code -> code.getPackageName()).distinct())
                .contains("io.bpfguard.ttrpc", "io.bpfguard.nri", "io.bpfguard.agent", "io.bpfguard.cli", "io.bpfguard.bpf.libbpf",
                        "io.bpfguard.bpf.routing", "io.bpfguard.policy.compiled", "io.bpfguard.policy.compile",
                        "io.bpfguard.cgroup", "io.bpfguard.hook");
    }

    @Test
    void onlyTheBindingCallsNativeCode() {
        noClasses().that().resideOutsideOfPackage("io.bpfguard.bpf.libbpf").should().dependOnClassesThat()
                .resideInAPackage("java.lang.foreign").check(CODE);
    }

    @Test
    void ttrpcKnowsNoNri() {
        noClasses().that().resideInAPackage("io.bpfguard.ttrpc..").should().dependOnClassesThat()
                .resideInAnyPackage("io.bpfguard.nri..", "io.bpfguard.policy..", "io.bpfguard.bpf..", "io.bpfguard.agent..").check(CODE);
    }

    @Test
    void nriKnowsNoPolicy() {
        noClasses().that().resideInAPackage("io.bpfguard.nri..").should().dependOnClassesThat()
                .resideInAnyPackage("io.bpfguard.policy..", "io.bpfguard.bpf.routing..", "io.bpfguard.bpf.node..", "io.bpfguard.agent..").check(CODE);
    }

    @Test
    void theInstallationKnowsOnlyFiles() {
        noClasses().that().resideInAPackage("io.bpfguard.install..").should().dependOnClassesThat()
                .resideInAnyPackage("io.bpfguard.agent..", "io.bpfguard.nri..", "io.bpfguard.ttrpc..", "io.bpfguard.bpf..", "io.bpfguard.policy..").check(CODE);
    }

    @Test
    void policiesKnowNeitherKernelNorRuntime() {
        noClasses().that().resideInAPackage("io.bpfguard.policy..").should().dependOnClassesThat()
                .resideInAnyPackage("io.bpfguard.bpf..", "io.bpfguard.nri..", "io.bpfguard.ttrpc..", "io.bpfguard.agent..").check(CODE);
    }

    @Test
    void theKernelSideKnowsOnlyTheCompiledForm() {
        noClasses().that().resideInAPackage("io.bpfguard.bpf.routing..").should().dependOnClassesThat()
                .resideInAnyPackage("io.bpfguard.policy.model..", "io.bpfguard.policy.read..", "io.bpfguard.policy.check..",
                        "io.bpfguard.policy.select..", "io.bpfguard.policy.compile..").check(CODE);
        noClasses().that().resideInAPackage("io.bpfguard.bpf.libbpf..").should().dependOnClassesThat()
                .resideInAnyPackage("io.bpfguard.policy..", "io.bpfguard.bpf.routing..", "io.bpfguard.bpf.node..").check(CODE);
    }

    /** It starts with every container, and each of these costs it tens of milliseconds. */
    @Test
    void theHookIsLight() {
        noClasses().that().resideInAPackage("io.bpfguard.hook..").should().dependOnClassesThat()
                .resideInAnyPackage("com.fasterxml.jackson.databind..", "org.slf4j..", "java.util.regex..", "io.bpfguard.agent..", "io.bpfguard.cli..",
                        "io.bpfguard.nri..", "io.bpfguard.ttrpc..").check(CODE);
    }

    @Test
    void eventsAndTheProtocolOfTheCommandKnowNoKernelAndNoRuntime() {
        noClasses().that().resideInAnyPackage("io.bpfguard.events..", "io.bpfguard.control..").should().dependOnClassesThat()
                .resideInAnyPackage("io.bpfguard.bpf..", "io.bpfguard.nri..", "io.bpfguard.ttrpc..", "io.bpfguard.agent..", "io.bpfguard.cli..").check(CODE);
    }

    @Test
    void noCircles() {
        SlicesRuleDefinition.slices().matching("io.bpfguard.(**)").should().beFreeOfCycles().check(CODE);
    }

    @Test
    void onlyTheCommandEndsTheProcess() {
        classes().that().resideOutsideOfPackage("io.bpfguard.cli").and().doNotHaveFullyQualifiedName("io.bpfguard.hook.Main").should(new com.tngtech.archunit.lang.ArchCondition<>("not call System.exit") {
            @Override
            public void check(com.tngtech.archunit.core.domain.JavaClass code, com.tngtech.archunit.lang.ConditionEvents events) {
                code.getMethodCallsFromSelf().stream()
                        .filter(call -> call.getTarget().getOwner().isEquivalentTo(System.class) && call.getTarget().getName().equals("exit"))
                        .forEach(call -> events.add(com.tngtech.archunit.lang.SimpleConditionEvent.violated(call, call.getDescription())));
            }
        }).check(CODE);
    }
}
