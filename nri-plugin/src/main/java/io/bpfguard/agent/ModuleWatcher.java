package io.bpfguard.agent;

import io.bpfguard.policy.compile.WaitingRule;
import io.bpfguard.policy.compiled.KernelFunction;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when a module of the kernel that rules wait for is loaded. It looks again and again while something waits, which cannot
 * miss a module as an event can; what the module does before the next look is not judged.
 */
final class ModuleWatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModuleWatcher.class);
    private static final Duration LOOK = Duration.ofMillis(200);

    private final Supplier<List<WaitingRule>> waiting;
    private final Predicate<String> isLive;
    private final Consumer<String> loaded;
    private final Thread thread;

    /**
     * Starts to watch.
     *
     * @param waiting what waits now
     * @param isLive whether a module is loaded
     * @param loaded called with a module's name, once for each time that it is loaded, on this watcher's own thread
     */
    ModuleWatcher(Supplier<List<WaitingRule>> waiting, Predicate<String> isLive, Consumer<String> loaded) {
        this.waiting = waiting;
        this.isLive = isLive;
        this.loaded = loaded;
        thread = Thread.ofPlatform().daemon().name("module-watcher").start(this::run);
    }

    private void run() {
        // Told already, and still waited for: attaching failed, and would fail again.
        Set<String> told = new HashSet<>();
        while (!Thread.currentThread().isInterrupted()) {
            try {
                TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
                Set<String> live = waiting.get().stream().map(WaitingRule::function).map(KernelFunction::module).filter(isLive)
                        .collect(Collectors.toSet());
                told.retainAll(live);
                for (String module : live) {
                    if (told.add(module)) {
                        loaded.accept(module);
                    }
                }
            } catch (InterruptedException closed) {
                return;
            } catch (RuntimeException | OutOfMemoryError failure) {
                LOG.error("watching for kernel modules failed, trying again", failure);
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
