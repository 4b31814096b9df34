package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Finds out what this kernel accepts at a hook or function by loading a program that does nothing. Thread-safe; remembers answers. */
final class Attachability {
    private final Libbpf libbpf;
    private final byte[] image;
    private final Map<String, Boolean> answers = new ConcurrentHashMap<>();

    Attachability(Libbpf libbpf) {
        this.libbpf = libbpf;
        try (InputStream in = Attachability.class.getResourceAsStream("/bpf/probe.bpf.o")) {
            if (in == null) {
                throw new IllegalStateException("the kernel program probe.bpf.o is not in the jar: the package is damaged, install it again");
            }
            image = in.readAllBytes();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Whether a program of this kind loads for this hook or function. */
    boolean accepts(String kind, String name) {
        return answers.computeIfAbsent(kind + "/" + name, ignored -> tryToLoad(kind, name));
    }

    private boolean tryToLoad(String kind, String name) {
        try (BpfObject object = BpfObject.open(libbpf, image, "probe")) {
            object.programs().forEach(program -> object.setAutoload(program.name(), program.name().equals(kind)));
            object.setAttachTarget(kind, name);
            object.load();
            return true;
        } catch (BpfException refused) {
            return false;
        }
    }
}
