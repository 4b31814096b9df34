package io.bpfguard.ttrpc;

import static java.util.Objects.requireNonNull;

import io.grpc.BindableService;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.nio.channels.ByteChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/// A set of services that can be served on any number of ttrpc connections. Immutable and safe for many threads.
///
/// Each call runs on a virtual thread of its own, replies leave in the order in which they are ready. What a peer can do wrong
/// gets a status and leaves the connection up; only a broken stream ends it. See [ServerConnection] for the rules of a call.
public final class TtrpcServer {
    private final TtrpcLimits limits;
    private final Map<String, Map<String, ServerMethodDefinition<?, ?>>> services;

    private TtrpcServer(TtrpcLimits limits, Map<String, Map<String, ServerMethodDefinition<?, ?>>> services) {
        this.limits = limits;
        this.services = services;
    }

    /// A server of these services.
    ///
    /// @throws IllegalArgumentException if two of them have the same name
    public static TtrpcServer of(TtrpcLimits limits, BindableService... bindables) {
        requireNonNull(limits, "limits is null");
        Map<String, Map<String, ServerMethodDefinition<?, ?>>> services = new HashMap<>();
        for (BindableService bindable : bindables) {
            ServerServiceDefinition service = bindable.bindService();
            Map<String, ServerMethodDefinition<?, ?>> methods = new HashMap<>();
            for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
                methods.put(method.getMethodDescriptor().getBareMethodName(), method);
            }
            String name = service.getServiceDescriptor().getName();
            if (services.put(name, Map.copyOf(methods)) != null) {
                throw new IllegalArgumentException("service %s is given twice".formatted(name));
            }
        }
        return new TtrpcServer(limits, Map.copyOf(services));
    }

    /// Starts to serve one connected peer.
    ///
    /// @param channel  blocking; owned by the returned connection from now on
    /// @param onClosed told once, with the reason, when the connection has ended
    public ServerConnection serve(ByteChannel channel, Consumer<Throwable> onClosed) {
        ServerConnection connection = new ServerConnection(channel, limits, services, onClosed);
        connection.start();
        return connection;
    }
}
