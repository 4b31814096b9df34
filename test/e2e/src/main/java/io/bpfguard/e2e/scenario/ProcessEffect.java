package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Host;
import java.util.List;

/** What a probe did to itself or to its own children, seen by the host while the probe waits under the name "held". */
interface ProcessEffect extends Effect {
    /** Whether the waiting process shows it. */
    boolean present(int held, int containerPid);

    @Override
    default void reset(Stage stage, Container container) {
        // It ends with the process.
    }

    @Override
    default boolean whileHeld() {
        return true;
    }

    @Override
    default boolean present(Stage stage, Container container) {
        int pid = stage.kubelet.status(container).pid();
        return present(Host.inCgroupOf(pid, "held").orElseThrow(), pid);
    }

    /** It has another namespace than its container, or its children will. */
    record OtherNamespace(String kind) implements ProcessEffect {
        @Override
        public boolean present(int held, int containerPid) {
            return differs(held, containerPid, kind) || CHILDREN_ONLY.contains(kind) && differs(held, containerPid, kind + "_for_children");
        }

        private static final List<String> CHILDREN_ONLY = List.of("pid", "time");

        private static boolean differs(int held, int containerPid, String kind) {
            return !Host.namespace(held, kind).equals(Host.namespace(containerPid, kind));
        }
    }

    /** The same, by entering that of another process of the container, which the host puts there. */
    record JoinedNamespace(String kind) implements ProcessEffect {
        /** What stays must not hold our pipe open. */
        private static final String TARGET = "grep -qx target /proc/[0-9]*/comm || /probes/namespace target >/dev/null 2>&1";

        @Override
        public void reset(Stage stage, Container container) {
            var result = Host.inside(stage.kubelet.status(container).pid(), TARGET);
            if (!result.ok()) {
                throw new IllegalStateException("no process to join: " + result);
            }
        }

        @Override
        public boolean present(int held, int containerPid) {
            return new OtherNamespace(kind).present(held, containerPid);
        }
    }

    /** A line of its status is another than that of its container's first process. */
    record OtherStatus(String field) implements ProcessEffect {
        @Override
        public boolean present(int held, int containerPid) {
            return !Host.status(held, field).equals(Host.status(containerPid, field));
        }
    }

    /** A line of its status matches. */
    record StatusIs(String field, String pattern) implements ProcessEffect {
        @Override
        public boolean present(int held, int containerPid) {
            return Host.status(held, field).matches(pattern);
        }
    }

    /** It has an open descriptor that leads to what matches. */
    record Holds(String pattern) implements ProcessEffect {
        @Override
        public boolean present(int held, int containerPid) {
            return Host.descriptors(held).stream().anyMatch(target -> target.matches(pattern));
        }
    }

    /** Its root directory is another than its container's. */
    record OtherRoot() implements ProcessEffect {
        @Override
        public boolean present(int held, int containerPid) {
            return !Host.root(held).equals(Host.root(containerPid));
        }
    }

    /** The process "victim" of the container is gone. */
    record VictimKilled() implements ProcessEffect {
        @Override
        public boolean present(int held, int containerPid) {
            return Host.inCgroupOf(containerPid, "victim").filter(pid -> !Host.status(pid, "State").startsWith("Z")).isEmpty();
        }
    }
}
