package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.GivenArguments.Given;
import io.bpfguard.policy.check.SystemCall;
import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.compiled.SocketOperation;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.Position;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Something that a container does. What is not said of it is unknown, which rules that ask for it do not match. */
public sealed interface Attempt {
    /**
     * A file is used in some way: opened, changed, run.
     *
     * @param path from the container's root, as the kernel resolves it
     * @param operation what is done
     * @param from the path of the program that does it; may be empty
     * @param fileSystem the type of the file system that holds the file; may be empty
     * @param kinds what the file is besides its path
     * @param device the number of a device node, see {@link io.bpfguard.policy.compiled.Device}; 0 for other files
     * @param arguments of a program that is run, without its name
     */
    record UseFile(String path, PathOperation operation, String from, String fileSystem, Set<FileKind> kinds, long device,
            List<String> arguments) implements Attempt {
        public UseFile {
            kinds = Set.copyOf(kinds);
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * Something is mounted.
     *
     * @param type of the file system, or the word for a use of mount(2) without one
     * @param source the first argument of mount(2); may be empty
     * @param flags of mount(2), {@code MS_…}
     */
    record Mount(String type, String source, long flags) implements Attempt {}

    /**
     * A capability is asked for.
     *
     * @param number the capability
     */
    record UseCapability(int number) implements Attempt {}

    /**
     * A system call passes the hooks at which it can be stopped.
     *
     * @param call which
     * @param compat whether it is entered as a 32-bit call
     * @param arguments values of some of its arguments
     */
    record UseSystemCall(SystemCall call, boolean compat, List<Given> arguments) implements Attempt {
        public UseSystemCall {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * An LSM hook or a kernel function is called.
     *
     * @param point which
     * @param at where the test names it
     * @param arguments values of some of its arguments
     */
    record Call(HookPoint point, Position at, List<Given> arguments) implements Attempt {
        public Call {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * Something is done with a socket.
     *
     * @param operation what a program does: one that a rule has a word for, so neither {@link SocketOperation#SEND_CONNECTED}
     *     nor {@link SocketOperation#REACH}
     * @param isConnected of a send: whether it goes to the socket's peer, so that the call names no address
     * @param family {@code AF_…} of the socket
     * @param type {@code SOCK_…}, without flags
     * @param protocol {@code IPPROTO_…}, or what the family calls so
     * @param end the IP address that counts, as {@code policies/README.md} says whose that is; empty where there is none
     * @param name likewise of a Unix socket: a path, or byte 1 and an abstract name; empty where there is none
     */
    record UseSocket(SocketOperation operation, boolean isConnected, int family, int type, int protocol, Optional<Endpoint> end, String name)
            implements Attempt {}

    /**
     * A place in the network.
     *
     * @param address one address
     * @param port its port, from 0 to 65535
     */
    record Endpoint(Cidr address, int port) {
        public Endpoint {
            if (!address.isSingle()) {
                throw new IllegalArgumentException(address + " is a network, not an address");
            }
        }
    }

    /**
     * A signal is sent to another process.
     *
     * @param number the signal
     * @param target whose process
     */
    record SendSignal(int number, SignalTarget target) implements Attempt {}

    /**
     * Something that the rules of a whole family are about.
     *
     * @param act what is done
     * @param by one of its {@linkplain NamedWays#words ways}; empty for all of them
     */
    record UseFamily(NamedAct act, Optional<String> by) implements Attempt {}
}
