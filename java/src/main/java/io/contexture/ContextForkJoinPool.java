package io.contexture;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ForkJoinPool} whose tasks each run in a context; {@link ContextExecutors#propagating
 * propagating}, {@link ContextExecutors#detached detached} and {@link ContextExecutors#fixed fixed}
 * make it of a plain one, which does the work and has the life cycle.
 *
 * <p>A {@link ForkJoinTask} that is handed in runs in that context, and the future returned is the
 * task itself. What it forks doesn't go through here: let it be a {@link ContextRecursiveTask} or
 * {@link ContextRecursiveAction}, which bring their context along, or run the whole computation by
 * {@link ContextStreams}, on workers that all are in one context.
 *
 * <p>As with a {@link ForkJoinPool}, all methods may be called by any thread.
 */
public final class ContextForkJoinPool extends ContextScheduledExecutorService<ForkJoinPool> {
  ContextForkJoinPool(ForkJoinPool delegate, @Nullable ExecutionContext fixed) {
    super(delegate, fixed);
  }

  /**
   * The pool that does the work, for its settings and figures.
   *
   * @return the plain pool
   */
  public ForkJoinPool pool() {
    return delegate;
  }

  /**
   * Runs a task and waits for its result.
   *
   * @param task the task
   * @param <T> the type of the result
   * @return the result
   * @see ForkJoinPool#invoke
   */
  public <T extends @Nullable Object> T invoke(ForkJoinTask<T> task) {
    Objects.requireNonNull(task, "task");
    if (task instanceof Wrapped) {
      return delegate.invoke(task);
    }
    if (ForkJoinTask.getPool() == delegate) {
      // A worker that waits for what is in its own queue runs it; for the task, which isn't there,
      // it would stand still, and the pool would start another worker in its place.
      delegate.invoke(new Carrier(context(), task));
    } else {
      execute(task);
    }
    try {
      return task.join();
    } catch (RuntimeException | Error unchecked) {
      throw unchecked;
    } catch (Exception checked) { // sneaked out of the task; as ForkJoinPool.invoke does
      throw new RuntimeException(checked);
    }
  }

  /**
   * Arranges for a task to run.
   *
   * @param task the task
   * @throws java.util.concurrent.RejectedExecutionException if the pool takes no tasks any more
   */
  public void execute(ForkJoinTask<?> task) {
    Objects.requireNonNull(task, "task");
    delegate.execute(task instanceof Wrapped ? task : new Carrier(context(), task));
  }

  /**
   * Arranges for a task to run.
   *
   * @param task the task
   * @param <T> the type of the result
   * @return {@code task}
   * @throws java.util.concurrent.RejectedExecutionException if the pool takes no tasks any more
   */
  public <T extends @Nullable Object> ForkJoinTask<T> submit(ForkJoinTask<T> task) {
    execute(task);
    return task;
  }

  @Override
  public void execute(Runnable task) {
    if (task instanceof ForkJoinTask<?> forkJoinTask) {
      execute(forkJoinTask);
    } else {
      super.execute(task);
    }
  }

  @Override
  public ForkJoinTask<?> submit(Runnable task) {
    return task instanceof ForkJoinTask<?> forkJoinTask
        ? submit(forkJoinTask)
        : delegate.submit(Wrapped.of(context(), task));
  }

  @Override
  public <T extends @Nullable Object> ForkJoinTask<T> submit(Callable<T> task) {
    return delegate.submit(Wrapped.of(context(), task));
  }

  @Override
  public <T extends @Nullable Object> ForkJoinTask<T> submit(Runnable task, T result) {
    return delegate.submit(Wrapped.of(context(), task), result);
  }

  /**
   * As {@link #invokeAll}, going on when the thread is interrupted.
   *
   * @param tasks the tasks
   * @param <T> the type of the results
   * @return the completed futures, in the order of the tasks
   * @see ForkJoinPool#invokeAllUninterruptibly
   */
  public <T extends @Nullable Object> List<Future<T>> invokeAllUninterruptibly(
      Collection<? extends Callable<T>> tasks) {
    return delegate.invokeAllUninterruptibly(wrapAll(tasks));
  }

  /**
   * Runs a task, and something else if it takes too long; both in the same context.
   *
   * @param task the task
   * @param timeout how long it may take
   * @param unit the unit of {@code timeout}
   * @param timeoutAction what to do then; {@code null} cancels the task
   * @param <V> the type of the result
   * @return the future
   * @see ForkJoinPool#submitWithTimeout
   */
  public <V extends @Nullable Object> ForkJoinTask<V> submitWithTimeout(
      Callable<V> task,
      long timeout,
      TimeUnit unit,
      @Nullable Consumer<? super ForkJoinTask<V>> timeoutAction) {
    ExecutionContext context = context();
    return delegate.submitWithTimeout(
        Wrapped.of(context, task),
        timeout,
        unit,
        timeoutAction == null ? null : context.wrapConsumer(timeoutAction));
  }

  /** Runs a task of any kind in a context; is in the pool in place of it. */
  private static final class Carrier extends ForkJoinTask<@Nullable Void> implements Wrapped {
    private static final long serialVersionUID = 1;

    private final transient ExecutionContext context;
    private final ForkJoinTask<?> task;

    Carrier(ExecutionContext context, ForkJoinTask<?> task) {
      this.context = context;
      this.task = task;
    }

    @Override
    protected boolean exec() {
      try {
        context.run(task::quietlyInvoke);
      } catch (Throwable t) { // of the context: what the task throws is in the task
        task.completeExceptionally(t);
      }
      return true;
    }

    /** The pool does this to what it gives up when it is shut down. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      task.cancel(mayInterruptIfRunning);
      return super.cancel(mayInterruptIfRunning);
    }

    @Override
    public @Nullable Void getRawResult() {
      return null;
    }

    @Override
    protected void setRawResult(@Nullable Void value) {}
  }
}
