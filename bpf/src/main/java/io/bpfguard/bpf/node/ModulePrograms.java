package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.compiled.KernelFunction;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * Tries programs at functions of loaded modules, through the libbpf that will attach the real ones: an older libbpf cannot read
 * the BTF of every module. Thread-safe.
 */
final class ModulePrograms {
    private final Libbpf libbpf;
    private final byte[] image;

    ModulePrograms(Libbpf libbpf) {
        this.libbpf = libbpf;
        try (InputStream in = ModulePrograms.class.getResourceAsStream("/bpf/probe.bpf.o")) {
            if (in == null) {
                throw new IllegalStateException("the kernel program probe.bpf.o is not in the jar: the package is damaged, install it again");
            }
            image = in.readAllBytes();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Why no program can be attached to the function's entry; empty if one can. */
    Optional<String> refusal(KernelFunction function) {
        try (BpfObject object = BpfObject.open(libbpf, image, "probe")) {
            object.setAttachTarget("fentry", function.module(), function.kernelName());
            object.load();
            object.program("fentry").attach().close();
            return Optional.empty();
        } catch (BpfException refused) {
            return Optional.of(refused.getMessage().replaceAll("\\s+", " ") + " (libbpf " + libbpf.version() + ")");
        }
    }
}
