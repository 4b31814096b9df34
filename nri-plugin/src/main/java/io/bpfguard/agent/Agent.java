package io.bpfguard.agent;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.NodeRequirements;
import io.bpfguard.bpf.node.NodeWithPrograms;
import io.bpfguard.bpf.node.ProgramDirectory;
import io.bpfguard.bpf.node.RunningKernel;
import io.bpfguard.bpf.routing.RoutingState;
import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.Version;
import io.bpfguard.events.EventLog;
import io.bpfguard.events.EventSink;
import io.bpfguard.metrics.ContainerTotals;
import io.bpfguard.metrics.HandlerTimes;
import io.bpfguard.metrics.KernelMetrics;
import io.bpfguard.metrics.Metrics;
import io.bpfguard.metrics.MetricsServer;
import io.bpfguard.nri.LaunchEnvironment;
import io.bpfguard.nri.LaunchedConnector;
import io.bpfguard.nri.NriOptions;
import io.bpfguard.nri.NriRunner;
import io.bpfguard.nri.NriState;
import io.bpfguard.nri.TrunkConnector;
import io.bpfguard.nri.UnixSocketConnector;
import io.bpfguard.policy.read.FileRules;
import io.bpfguard.state.PolicyFile;
import io.bpfguard.state.RootDirectory;
import io.bpfguard.state.StoredContainers;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resident agent. It opens the kernel's state, puts the policies in force, and only then links to the runtime. Closing it, or
 * killing it, takes nothing out of force.
 */
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration HOUSEKEEPING = Duration.ofSeconds(10);

    /** Closed in reverse order. */
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final EventLog log;
    private final Metrics metrics = new Metrics(Version.PRODUCT);
    private final Instant since = Instant.now();
    private final AtomicBoolean closing = new AtomicBoolean();

    private Agent(AgentOutput output, OutputStream events) {
        log = new EventLog(output.sinks(EventSink.to(events, "standard output")), Clock.systemUTC());
        open.push(log);
        metrics.eventsNotKept(log::lost);
    }

    /**
     * Starts an agent.
     *
     * @param events where events go, a JSON object a line
     * @throws AgentException if it cannot do its work here; the message says what to do
     */
    public static Agent start(AgentOptions options, OutputStream events) throws AgentException {
        Agent agent = new Agent(options.output(), events);
        try {
            agent.run(options);
            return agent;
        } catch (AgentException | RuntimeException | Error failure) {
            agent.close();
            throw failure;
        }
    }

    /**
     * Puts the policies in force and ends, without a runtime: containers come by the OCI hook.
     *
     * @return false if the policies are wrong; what was in force stays
     * @throws AgentException if it cannot do its work here, or an agent runs; the message says what to do
     */
    public static boolean load(AgentDirectories directories, OutputStream events) throws AgentException {
        try (Agent agent = new Agent(AgentOutput.NONE, events)) {
            return agent.open(directories).policies().load();
        }
    }

    /** What an agent works on. */
    private record Parts(RunningKernel kernel, RoutingState state, Enforcement enforcement, Policies policies, StoredContainers stored) {}

    private Parts open(AgentDirectories directories) throws AgentException {
        List<String> missing = NodeRequirements.HERE.missing();
        if (!missing.isEmpty()) {
            throw new AgentException(String.join("\n", missing));
        }
        open.push(lock(directories.run()));
        Libbpf libbpf = new Libbpf();
        RunningKernel kernel = new RunningKernel(libbpf);
        open.push(kernel);
        RoutingState state = RoutingState.open(libbpf, directories.bpffs());
        open.push(state);
        StoredContainers stored = new StoredContainers(directories.run().resolve("containers"));
        Enforcement enforcement = new Enforcement(state, Cgroups.HERE, new PolicyFile(directories.run().resolve("policies")), stored);
        Policies policies = new Policies(directories.policies(), directories.programs(), directories.state().resolve("accepted"), directories.run(),
                programs -> new NodeWithPrograms(kernel, new ProgramDirectory(libbpf, programs, FileRules.ROOT)), enforcement, log, metrics);
        return new Parts(kernel, state, enforcement, policies, stored);
    }

    private void run(AgentOptions options) throws AgentException {
        long begin = System.nanoTime();
        AgentDirectories directories = options.directories();
        Parts parts = open(directories);
        Enforcement enforcement = parts.enforcement();
        Policies policies = parts.policies();
        DecisionLog decisions = new DecisionLog(parts.state(), enforcement, log, metrics);
        open.push(decisions);
        // First the watchers: a file that is written while a directory is read is then read again.
        open.push(new PolicyWatcher(directories.policies(), policies::load));
        open.push(new PolicyWatcher(directories.programs(), policies::load));
        policies.loadOrRestore();
        open.push(new ModuleWatcher(enforcement::waiting, parts.kernel()::isLive, policies::moduleLoaded));
        ContainerTotals totals = new ContainerTotals();
        open.push(housekeeping(enforcement, decisions, totals));
        open.push(HookServer.start(directories.run().resolve("hook.sock"), enforcement, parts.stored(), Cgroups.HERE, metrics));
        RuntimeEvents plugin = new RuntimeEvents(enforcement, log, metrics);
        open.push(ControlServer.start(directories.run(), () -> status(plugin, enforcement, policies), policies::load));
        metrics.registry().register(new KernelMetrics(enforcement::containers, totals, enforcement::hooks));
        options.output().metrics().flatMap(address -> MetricsServer.start(address, metrics.registry())).ifPresent(open::push);
        LOG.info("ready in {} ms, {} state below {}", Duration.ofNanos(System.nanoTime() - begin).toMillis(),
                parts.state().adopted() ? "adopted" : "new", directories.bpffs());
        open.push(link(options, plugin));
    }

    private AgentStatus status(RuntimeEvents plugin, Enforcement enforcement, Policies policies) {
        return new AgentStatus(Version.PRODUCT, ProcessHandle.current().pid(), since.toString(), plugin.runtime(),
                plugin.link().name().toLowerCase(Locale.ROOT), enforcement.generation(), enforcement.policyNames(), policies.problems(), enforcement.named());
    }

    private NriRunner link(AgentOptions options, RuntimeEvents plugin) {
        Optional<LaunchEnvironment> launched = LaunchEnvironment.from(options.environment());
        TrunkConnector connector = launched.<TrunkConnector>map(environment -> new LaunchedConnector(environment.socket()))
                .orElseGet(() -> new UnixSocketConnector(options.socket()));
        NriOptions nri = NriOptions.of(launched.map(LaunchEnvironment::pluginName).orElse(options.pluginName()),
                launched.map(LaunchEnvironment::pluginIndex).orElse(options.pluginIndex()));
        NriRunner runner = NriRunner.start(plugin, connector, nri);
        if (launched.isPresent()) {
            // The runtime kills a launched plugin whose link is lost and starts none again: end rather than linger.
            Thread.ofVirtual().start(() -> {
                try {
                    runner.awaitState(NriState.CLOSED, Duration.ofDays(36500));
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
                ended.countDown();
            });
        }
        return runner;
    }

    /** Frees what belongs to containers that ended while nobody told. */
    private static AutoCloseable housekeeping(Enforcement enforcement, DecisionLog decisions, ContainerTotals totals) {
        Thread thread = Thread.ofPlatform().daemon().name("housekeeping").start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    TimeUnit.NANOSECONDS.sleep(HOUSEKEEPING.toNanos());
                    Set<Integer> ended = enforcement.ended();
                    decisions.drain();
                    decisions.reportMissing();
                    totals.add(enforcement.containers());
                    enforcement.free(ended);
                } catch (InterruptedException closed) {
                    return;
                } catch (RuntimeException | OutOfMemoryError failure) {
                    LOG.error("housekeeping failed, trying again; until it succeeds, slots of ended containers are not freed", failure);
                }
            }
        });
        return () -> {
            thread.interrupt();
            thread.join(2000);
        };
    }

    private static AutoCloseable lock(Path directory) throws AgentException {
        Path file = directory.resolve("agent.lock");
        try {
            RootDirectory.make(directory);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new AgentException("another BPFGuard agent runs on this node (it holds " + file + "); stop it first");
            }
            return channel;
        } catch (OverlappingFileLockException twice) {
            throw new AgentException("this process already runs a BPFGuard agent");
        } catch (IOException failure) {
            throw new UncheckedIOException("locking " + file, failure);
        }
    }

    /** Waits until the agent has nothing to do any more: only one that a runtime launched comes there by itself. */
    public void await() throws InterruptedException {
        ended.await();
    }

    /** Ends the agent; enforcement goes on. Idempotent. */
    @Override
    public void close() {
        if (closing.getAndSet(true)) {
            return;
        }
        HandlerTimes times = metrics.handlerTimes();
        if (times.count() > 0) {
            log.write("agent", json -> {
                json.writeStringField("state", "stopping");
                json.writeNumberField("runtimeEvents", times.count());
                json.writeNumberField("handlerP50Micros", times.quantileMicros(0.5));
                json.writeNumberField("handlerP99Micros", times.quantileMicros(0.99));
            });
        }
        while (!open.isEmpty()) {
            AutoCloseable next = open.pop();
            try {
                next.close();
            } catch (Exception failure) {
                LOG.warn("closing {} failed", next.getClass().getSimpleName().toLowerCase(Locale.ROOT), failure);
            }
        }
        ended.countDown();
    }
}
