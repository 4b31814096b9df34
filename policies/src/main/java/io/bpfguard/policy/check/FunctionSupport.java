package io.bpfguard.policy.check;

import java.util.List;
import java.util.Objects;

/** What a node can do at the entry of a kernel function, or why it can do nothing there. */
public sealed interface FunctionSupport {
    /** The only {@link Traceable}. */
    FunctionSupport TRACEABLE = new Traceable();
    /** The only {@link Deniable}. */
    FunctionSupport DENIABLE = new Deniable();
    /** The only {@link Absent}. */
    FunctionSupport ABSENT = new Absent();
    /** The only {@link WithoutTypes}. */
    FunctionSupport WITHOUT_TYPES = new WithoutTypes();

    /** A program can see each call and kill the caller, but not prevent the call. */
    record Traceable() implements FunctionSupport {}

    /** A program can prevent the call with an errno. */
    record Deniable() implements FunctionSupport {}

    /**
     * The same code has another name in the kernel's BTF, at which programs can be attached.
     *
     * @param name the other name
     */
    record SameAs(String name) implements FunctionSupport {
        public SameAs {
            Objects.requireNonNull(name, "name is null");
        }
    }

    /** There is no function of this name: inlined everywhere, renamed, never there, or in a module that was not asked about. */
    record Absent() implements FunctionSupport {}

    /**
     * The compiler made other functions of it, whose arguments need not be those of the source.
     *
     * @param symbols their names: {@code process_vm_rw_core.constprop.0}
     */
    record Suffixed(List<String> symbols) implements FunctionSupport {
        public Suffixed {
            symbols = List.copyOf(symbols);
        }
    }

    /** The function is there, but BTF does not describe it. */
    record WithoutTypes() implements FunctionSupport {}

    /**
     * The function is there and described, and the kernel refuses programs at it.
     *
     * @param reason in the kernel's words, or ours about them
     */
    record Forbidden(String reason) implements FunctionSupport {
        public Forbidden {
            Objects.requireNonNull(reason, "reason is null");
        }
    }

    /**
     * The kernel proper was asked about, and the function is one of a module.
     *
     * @param module the module's name
     */
    record InModule(String module) implements FunctionSupport {
        public InModule {
            Objects.requireNonNull(module, "module is null");
        }
    }

    /**
     * A module was asked about that is not loaded now; a program can be attached when it is.
     *
     * @param confirmed whether the module's file was read and has the function; otherwise that comes to light when the
     *     module is loaded
     */
    record Waiting(boolean confirmed) implements FunctionSupport {}

    /** A module was asked about that this node does not have. */
    record NoSuchModule() implements FunctionSupport {}
}
