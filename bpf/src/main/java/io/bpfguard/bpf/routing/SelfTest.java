package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.KernelBtf;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.compiled.Matcher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Loads and attaches every kernel program of this build beside whatever is in force, and takes them away again. */
public final class SelfTest {
    private SelfTest() {}

    /**
     * What became of one program file.
     *
     * @param name the hook, and how it is attached
     * @param failure empty if it loaded and attached; the kernel's words otherwise
     */
    public record Result(String name, String failure) {
        /** Whether it loaded and attached. */
        public boolean passed() {
            return failure.isEmpty();
        }
    }

    /**
     * Runs it. No container is in its maps, so nothing is judged.
     *
     * @param root a directory in a bpffs that does not exist; gone afterwards
     * @throws RoutingException if it exists
     */
    public static List<Result> run(Libbpf libbpf, Path root) {
        if (Files.exists(root)) {
            throw new RoutingException(root + " exists: a self test was cut off, or runs; remove it with \"bpfguard uninstall --bpffs " + root + "\"");
        }
        List<Result> results = new ArrayList<>();
        try (RoutingState state = RoutingState.open(libbpf, root); KernelBtf btf = KernelBtf.load(libbpf)) {
            results.add(new Result("lifecycle", ""));
            results.add(new Result("tasks", ""));
            for (String object : Programs.ALL) {
                switch (object) {
                    case "lifecycle", "tasks", "probe", "any_hook_arguments" -> { }
                    case "any_hook" -> {
                        results.add(attach(state, new Hook(Hook.Attachment.LSM, "userns_create"), Set.of(Matcher.ARGUMENTS)));
                        results.add(attach(state, new Hook(Hook.Attachment.LSM, "file_ioctl")));
                    }
                    case "function" -> results.add(attach(state, new Hook(Hook.Attachment.FENTRY, "cgroup_procs_write")));
                    case "function_deny" -> results.add(attach(state, new Hook(Hook.Attachment.FMOD_RET, "security_file_open")));
                    // Hooks that older kernels have not; policies are checked against what there is.
                    case "file_truncate", "inode_set_acl", "inode_remove_acl" -> {
                        if (btf.lsmHook(object).isPresent()) {
                            results.add(attach(state, new Hook(Hook.Attachment.LSM, object)));
                        }
                    }
                    default -> results.add(attach(state, new Hook(Hook.Attachment.LSM, object)));
                }
            }
        } catch (RuntimeException failure) {
            results.add(new Result("lifecycle", String.valueOf(failure.getMessage())));
        } finally {
            RoutingState.uninstall(root);
        }
        return results;
    }

    private static Result attach(RoutingState state, Hook hook) {
        return attach(state, hook, Set.of());
    }

    private static Result attach(RoutingState state, Hook hook, Set<Matcher> matchers) {
        try {
            state.attach(hook, matchers);
            return new Result(hook.label(), "");
        } catch (RuntimeException failure) {
            return new Result(hook.label(), String.valueOf(failure.getMessage()));
        }
    }
}
