package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfLink;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** The walks over all tasks in tasks.bpf.c. Not thread-safe; closing it leaves labels as they are. */
final class Tasks implements AutoCloseable {
    /** A forking container must not keep the agent here for ever: by then its new tasks inherit their labels. */
    private static final int ROUNDS = 32;
    private static final int FAILED = -1;

    private final BpfObject object;
    private final BpfLink adopt;
    private final BpfLink labelled;

    Tasks(Libbpf libbpf, Path maps) {
        object = Programs.open(libbpf, "tasks", maps);
        try {
            object.load();
            adopt = object.program("adopt").attach();
            labelled = object.program("labelled").attach();
        } catch (RuntimeException failure) {
            object.close();
            throw failure;
        }
    }

    /**
     * Labels the tasks of armed containers that have no label, until a walk finds none.
     *
     * @return how many were labelled
     * @throws RoutingException if some could not be
     */
    int adopt() {
        int count = 0;
        for (int round = 0; round < ROUNDS; round++) {
            ByteBuffer numbers = walk(adopt);
            if (!numbers.hasRemaining()) {
                return count;
            }
            while (numbers.hasRemaining()) {
                if (numbers.getInt() == FAILED) {
                    throw new RoutingException("the kernel has no memory to label the tasks of a running container");
                }
                count++;
            }
        }
        throw new RoutingException("a running container makes unlabelled tasks faster than they can be labelled");
    }

    /** The containers that labelled tasks belong to; two walks, since a task can be made behind the first. */
    Set<Integer> labelled() {
        Set<Integer> found = new HashSet<>();
        for (int round = 0; round < 2; round++) {
            ByteBuffer numbers = walk(labelled);
            while (numbers.hasRemaining()) {
                found.add(numbers.getInt());
            }
        }
        return found;
    }

    private static ByteBuffer walk(BpfLink link) {
        return ByteBuffer.wrap(link.iterate()).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {
        labelled.close();
        adopt.close();
        object.close();
    }
}
