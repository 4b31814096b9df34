package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfIterator;
import io.bpfguard.bpf.libbpf.BpfLink;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The walks over all tasks in tasks.bpf.c, pinned with the state that they belong to. */
final class Tasks {
    private static final String ADOPT = "adopt";
    private static final String LABELLED = "labelled";
    /** A forking container must not keep the agent here for ever: by then its new tasks inherit their labels. */
    private static final int ROUNDS = 32;
    private static final int FAILED = -1;

    private final Path links;

    /** @param root directory of a state for which they were made */
    Tasks(Path root) {
        links = links(root);
    }

    private static Path links(Path root) {
        return root.resolve("links");
    }

    /** Makes them for a new state. */
    static void create(Libbpf libbpf, Path root) {
        try (BpfObject object = Programs.open(libbpf, "tasks", root.resolve("maps"))) {
            object.load();
            for (String program : List.of(ADOPT, LABELLED)) {
                try (BpfLink link = object.program(program).attach()) {
                    link.pin(links(root).resolve(program));
                }
            }
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
            ByteBuffer numbers = walk(ADOPT);
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
            ByteBuffer numbers = walk(LABELLED);
            while (numbers.hasRemaining()) {
                found.add(numbers.getInt());
            }
        }
        return found;
    }

    private ByteBuffer walk(String program) {
        return ByteBuffer.wrap(BpfIterator.runPinned(links.resolve(program))).order(ByteOrder.LITTLE_ENDIAN);
    }
}
