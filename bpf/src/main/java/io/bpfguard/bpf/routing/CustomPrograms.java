package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.bpf.libbpf.BpfLink;
import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.compiled.CustomProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Loads custom programs. */
public final class CustomPrograms {
    /** What the macros of program.h call it. */
    static final String PROGRAM = "program";

    private CustomPrograms() {}

    /** Opens the object with its values set, to be {@linkplain #load loaded} for the hook with this number. The caller closes it. */
    static BpfObject open(Libbpf libbpf, CustomProgram program, int hookNumber, Path maps) {
        try {
            BpfObject object = BpfObject.open(libbpf, program.image(), PROGRAM, Optional.of(maps));
            try {
                object.setConstant("hook_number", hookNumber);
                program.constants().forEach(object::setConstant);
            } catch (RuntimeException failure) {
                object.close();
                throw failure;
            }
            return object;
        } catch (BpfException failure) {
            throw new ProgramRefused(program, failure);
        }
    }

    /** @throws ProgramRefused with the verifier's words, if it was the verifier */
    static void load(BpfObject object, CustomProgram program) {
        try {
            object.load();
        } catch (BpfException failure) {
            throw new ProgramRefused(program, failure);
        }
    }

    /**
     * Loads a program beside whatever is in force, and takes it away again.
     *
     * @param directory in a bpffs; must not exist, and is gone afterwards
     * @throws ProgramRefused if the kernel does not accept it
     */
    public static void tryOut(Libbpf libbpf, CustomProgram program, Path directory) {
        try {
            Files.createDirectory(directory);
        } catch (IOException failure) {
            throw new UncheckedIOException("making " + directory + " to try a program out", failure);
        }
        try (BpfObject object = open(libbpf, program, 1, directory)) {
            load(object, program);
        } finally {
            Pins.remove(directory);
        }
    }

    /** Puts a program into a slot of a hook's program array, and then pins it. */
    static void put(Libbpf libbpf, CustomProgram program, int hookNumber, Path maps, BpfMap steps, int slot, Path pin) {
        try (BpfObject object = open(libbpf, program, hookNumber, maps)) {
            object.reuse("steps", steps);
            load(object, program);
            steps.update(BpfMap.u32(slot), object.program(PROGRAM));
            object.program(PROGRAM).pin(pin);
        }
    }

    /** Attaches a program to the function in its object, or to another of the same code, and pins the link. */
    static void attach(Libbpf libbpf, CustomProgram program, Hook hook, int hookNumber, Path maps, Path pin) {
        try (BpfObject object = open(libbpf, program, hookNumber, maps)) {
            object.setAttachTarget(PROGRAM, hook.name());
            load(object, program);
            try (BpfLink link = object.program(PROGRAM).attach()) {
                link.pin(pin);
            } catch (BpfException failure) {
                throw new ProgramRefused(program, failure);
            }
        }
    }
}
