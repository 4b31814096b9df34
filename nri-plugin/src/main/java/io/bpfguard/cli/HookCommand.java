package io.bpfguard.cli;

import picocli.CommandLine.Command;

/** {@code bpfguard hook}. */
@Command(name = "hook", mixinStandardHelpOptions = true,
        subcommands = {HookInstallCommand.class, HookStatusCommand.class, HookUninstallCommand.class},
        description = "Registers the OCI hook with runtimes that read hook files: Podman and CRI-O. For hosts where no runtime speaks NRI.")
final class HookCommand {}
