package io.bpfguard.install;

import java.util.List;

/**
 * What a runtime will do with the hook.
 *
 * @param runtime which
 * @param found whether it is on the host; if not, nothing else was looked at
 * @param readings the hook directories that it reads
 * @param findings what is wrong
 */
public record RuntimeStatus(ContainerRuntime runtime, boolean found, List<Reading> readings, List<Finding> findings) {
    /** Copies the lists. */
    public RuntimeStatus {
        readings = List.copyOf(readings);
        findings = List.copyOf(findings);
    }

    /** Whether it runs the hook. */
    public boolean working() {
        return found && findings.stream().noneMatch(finding -> finding.severity() == Finding.Severity.ERROR);
    }
}
