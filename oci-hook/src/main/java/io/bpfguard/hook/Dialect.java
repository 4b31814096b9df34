package io.bpfguard.hook;

import java.util.Map;

/** Whose words a container's annotations are. */
enum Dialect {
    /** CRI-O: everything is there, a part of it in the configuration of the pod's sandbox. */
    CRIO,
    /** The CRI plugin of containerd: names, but no labels. */
    CONTAINERD,
    /** Podman, runc or crun by hand, and whatever else knows no pods of Kubernetes. */
    HOST;

    /** Who made the container, in words of CRI-O and Podman. */
    static final String MANAGER = "io.container.manager";

    /**
     * The dialect of some annotations. What Kubernetes' runtimes write themselves cannot be changed by a pod, but a pod's
     * annotations may be passed on beside it: so signs of several runtimes are refused instead of weighed up.
     *
     * <p>Podman gives {@value CrioContainer#TYPE} to containers of its own pods, and is known by its name first.
     */
    static Dialect of(Map<String, String> annotations) throws HookException {
        String manager = annotations.getOrDefault(MANAGER, "");
        boolean podman = manager.equals("libpod");
        boolean crio = manager.equals("cri-o") || annotations.containsKey(podman ? CrioContainer.METADATA : CrioContainer.TYPE);
        boolean containerd = annotations.containsKey(ContainerdContainer.TYPE);
        // An image on Podman may pose as a pod's container, so that what the command line says of it would not count.
        boolean host = podman || HostContainer.isDescribed(annotations);
        if ((host ? 1 : 0) + (crio ? 1 : 0) + (containerd ? 1 : 0) > 1) {
            throw new HookException("the container's annotations are those of several runtimes (" + MANAGER + "=\"" + manager + "\""
                    + (crio ? ", io.kubernetes.cri-o.*" : "") + (containerd ? ", " + ContainerdContainer.TYPE : "")
                    + (podman || !host ? "" : ", bpfguard.io/* of hosts without Kubernetes") + "), so its pod cannot be told; remove those that the pod or the image adds");
        }
        if (crio) {
            return CRIO;
        }
        return containerd ? CONTAINERD : HOST;
    }
}
