package io.bpfguard.nri;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// Lets a plugin's methods run one at a time, and tells the caller in time when one takes too long. One object for all
/// connections of a runner, so that a method left over from a lost connection is never overlapped either.
final class SerialHandler {
    /// A plugin's method, without its parameters.
    interface Work {
        void run() throws Exception;
    }

    /// How a call went, as far as known when its budget ended.
    sealed interface Outcome {
        /// It returned.
        record Done() implements Outcome {}

        /// It threw.
        record Failed(Throwable cause) implements Outcome {}

        /// An earlier call is still running, so this one did not begin and never will.
        record Busy() implements Outcome {}

        /// It still runs; `rest` completes, normally or not, when it ends.
        record Overrun(CompletableFuture<Void> rest) implements Outcome {}
    }

    private final ReentrantLock turn = new ReentrantLock(true);

    /// Runs work on a virtual thread and waits for it, at most for the budget.
    ///
    /// @param wanted asked when the turn has come; if false the work is not done
    Outcome run(Budget budget, BooleanSupplier wanted, Work work) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        AtomicBoolean claimed = new AtomicBoolean();
        Thread.ofVirtual().name("nri-plugin").start(() -> {
            try {
                inTurn(budget, () -> claimed.compareAndSet(false, true) && wanted.getAsBoolean(), work);
                end.complete(null);
            } catch (Throwable failure) {
                end.completeExceptionally(failure);
            }
        });
        try {
            end.get(budget.remaining().toNanos(), TimeUnit.NANOSECONDS);
            return claimed.get() ? new Outcome.Done() : new Outcome.Busy();
        } catch (ExecutionException e) {
            return new Outcome.Failed(e.getCause());
        } catch (TimeoutException e) {
            return claimed.compareAndSet(false, true) ? new Outcome.Busy() : new Outcome.Overrun(end);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Failed(e);
        }
    }

    private void inTurn(Budget budget, BooleanSupplier wanted, Work work) throws Exception {
        if (!turn.tryLock(budget.remaining().toNanos(), TimeUnit.NANOSECONDS)) {
            return;
        }
        try {
            if (wanted.getAsBoolean()) {
                work.run();
            }
        } finally {
            turn.unlock();
        }
    }
}
