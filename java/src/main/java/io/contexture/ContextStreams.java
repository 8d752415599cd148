package io.contexture;

import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs parallel streams so that all of their code sees the caller's context.
 *
 * <pre>{@code
 * List<Price> prices = ContextStreams.call(
 *     () -> items.parallelStream().map(item -> price(item, TENANT.get())).toList());
 * }</pre>
 *
 * <p>The operation runs on the workers of a {@link ForkJoinPool} of its own, and all of these are
 * in a snapshot of the caller's context. So nothing is left out: not comparators, combiners and
 * collectors, nor {@code equals} and {@code compareTo} of the elements, nor the streams that {@code
 * flatMap} is given; and the same goes for {@code Arrays.parallelSort}, the bulk operations of
 * concurrent maps and plain {@link java.util.concurrent.RecursiveTask}s. Plain wrapping of each
 * function would miss half of these.
 *
 * <p>The caller waits, as for any terminal operation: an interrupt of the caller is neither lost
 * nor acted upon. The operation itself runs on a worker, not on the caller's thread, so that
 * thread-locals and locks are not the caller's; a lock that the caller holds must not be needed.
 * What the operation sets is unseen by the caller. Each worker has one logical context for the
 * whole operation: what one function sets, others may or may not see.
 *
 * <p>Costs a pool, whose threads are started as they are needed: some tens of microseconds each.
 * Where that is too much, wrap the functions by hand ({@link ExecutionContext#wrapFunction}).
 */
public final class ContextStreams {
  private ContextStreams() {}

  /**
   * Calls {@code operation} on as many workers as there are processors.
   *
   * @param operation what to call; it has to run its streams to their end, and not return them
   * @param <R> the type of the result
   * @param <X> what the operation may throw
   * @return what it returns
   * @throws X what it throws, the very object
   */
  public static <R extends @Nullable Object, X extends Throwable> R call(
      ScopedValue.CallableOp<? extends R, X> operation) throws X {
    return call(Runtime.getRuntime().availableProcessors(), operation);
  }

  /**
   * Calls {@code operation} on a given number of workers.
   *
   * @param parallelism the number of workers
   * @param operation what to call; it has to run its streams to their end, and not return them
   * @param <R> the type of the result
   * @param <X> what the operation may throw
   * @return what it returns
   * @throws X what it throws, the very object
   * @throws IllegalArgumentException if {@code parallelism} is less than 1 or too much for a pool
   */
  public static <R extends @Nullable Object, X extends Throwable> R call(
      int parallelism, ScopedValue.CallableOp<? extends R, X> operation) throws X {
    Objects.requireNonNull(operation, "operation");
    if (parallelism < 1) {
      throw new IllegalArgumentException(
          "parallelism is " + parallelism + ", but there must be at least 1 worker");
    }
    Operation<R, X> task = new Operation<>(operation);
    ForkJoinPool pool =
        new ForkJoinPool(
            parallelism,
            ContextExecutors.workerThreadFactory(ExecutionContext.capture()),
            (worker, failure) -> task.fail(failure),
            false);
    try {
      pool.execute(task);
      task.quietlyJoin();
    } finally {
      pool.shutdown();
    }
    return task.outcome();
  }

  /**
   * Runs {@code operation} on as many workers as there are processors.
   *
   * @param operation what to run
   */
  public static void run(Runnable operation) {
    Objects.requireNonNull(operation, "operation");
    ContextStreams.<@Nullable Void, RuntimeException>call(
        () -> {
          operation.run();
          return null;
        });
  }

  /**
   * The operation as a task; keeps what is thrown, of which a pool would make a copy.
   *
   * @param <R> the type of the result
   * @param <X> what the operation may throw
   */
  private static final class Operation<R extends @Nullable Object, X extends Throwable>
      extends ForkJoinTask<@Nullable Void> {
    private static final long serialVersionUID = 1;

    private final transient ScopedValue.CallableOp<? extends R, X> operation;

    /** Whether the operation was begun or given up. */
    private final transient AtomicBoolean claimed = new AtomicBoolean();

    private transient @Nullable R result;
    private transient @Nullable Throwable thrown;

    Operation(ScopedValue.CallableOp<? extends R, X> operation) {
      this.operation = operation;
    }

    @Override
    protected boolean exec() {
      if (claimed.compareAndSet(false, true)) {
        try {
          result = operation.call();
        } catch (Throwable t) {
          thrown = t;
        }
      }
      return true;
    }

    /** A worker couldn't even begin to work; the next one may be no better off. */
    void fail(Throwable failure) {
      if (claimed.compareAndSet(false, true)) {
        thrown = failure;
        quietlyComplete();
      }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // X or unchecked; R may be nullable
    R outcome() throws X {
      if (thrown != null) {
        throw (X) thrown;
      }
      return result;
    }

    @Override
    public @Nullable Void getRawResult() {
      return null;
    }

    @Override
    protected void setRawResult(@Nullable Void value) {}
  }
}
