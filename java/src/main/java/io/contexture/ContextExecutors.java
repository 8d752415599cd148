package io.contexture;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinPool.ForkJoinWorkerThreadFactory;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Executors and thread factories whose tasks and threads run in a context.
 *
 * <table>
 *   <caption>In which context a task runs</caption>
 *   <tr><th>method<th>context
 *   <tr><td>{@code propagating}<td>of the thread that hands the task in, at that moment
 *   <tr><td>{@code detached}<td>the empty one: for work that must not keep a request alive
 *   <tr><td>{@code fixed}<td>always the same, given one
 * </table>
 *
 * <pre>{@code
 * ExecutorService pool = ContextExecutors.propagating(Executors.newFixedThreadPool(8));
 * pool.submit(() -> audit(TENANT.get()));     // the tenant of this thread, now
 * }</pre>
 *
 * <p>Each run of a task is as by {@link ExecutionContext#run}: under a fresh logical context, so
 * that what the task sets is gone afterwards; nor does it see what an earlier task left on a pool's
 * thread. A task that runs more than once, as at a fixed rate, has the same start each time. What
 * it throws, its interruption and its cancellation are as without a context.
 *
 * <p>Wrapped executors:
 *
 * <ul>
 *   <li>All methods go through to the wrapped executor, which has the life cycle; closing the one
 *       closes the other. Futures are the wrapped executor's own, so that its {@code remove} and
 *       {@code purge} find them. Runnables that it hands out, from {@code shutdownNow} or to a
 *       rejection handler, bring their contexts along; {@link #unwrap} gives the task itself.
 *   <li>Wrapping an executor of this class again replaces what it does: {@code
 *       detached(propagating(pool))} is {@code detached(pool)}.
 *   <li>A task that brings a context along ({@link ExecutionContext#wrap(Runnable)}, {@link
 *       ContextTask}, {@link ContextRecursiveTask}) runs in that one, whatever the executor.
 *   <li>The result implements {@link ExecutorService} or {@link ScheduledExecutorService} if the
 *       wrapped executor does, whatever the type of the argument.
 *   <li>The cost of a task is a capture (O(1)) and one object of 24 bytes more.
 *   <li>A task that is waiting, as in a queue or for its time to come, keeps the values of its
 *       context alive; one that was run, rejected or cancelled doesn't.
 * </ul>
 *
 * <p>All methods may be called by any thread. The idea of the three kinds is that of gRPC's {@code
 * Context.currentContextExecutor} and {@code fixedContextExecutor}, and of .NET's {@code
 * ExecutionContext.SuppressFlow}.
 */
public final class ContextExecutors {
  private ContextExecutors() {}

  /**
   * An executor whose tasks run in the context of the thread that hands them in.
   *
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static Executor propagating(Executor executor) {
    Objects.requireNonNull(executor, "executor");
    return make(executor, null);
  }

  /**
   * An executor whose tasks run in the context of the thread that hands them in.
   *
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static ExecutorService propagating(ExecutorService executor) {
    Objects.requireNonNull(executor, "executor");
    return (ExecutorService) make(executor, null);
  }

  /**
   * An executor whose tasks run in the context of the thread that hands them in, those that are
   * scheduled in that at the moment of scheduling.
   *
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static ScheduledExecutorService propagating(ScheduledExecutorService executor) {
    Objects.requireNonNull(executor, "executor");
    return (ScheduledExecutorService) make(executor, null);
  }

  /**
   * A pool whose tasks run in the context of the thread that hands them in.
   *
   * @param pool what runs the tasks
   * @return the wrapped pool
   */
  public static ContextForkJoinPool propagating(ForkJoinPool pool) {
    Objects.requireNonNull(pool, "pool");
    return new ContextForkJoinPool(pool, null);
  }

  /**
   * An executor whose tasks run in the empty context.
   *
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static Executor detached(Executor executor) {
    Objects.requireNonNull(executor, "executor");
    return make(executor, ExecutionContext.empty());
  }

  /**
   * An executor whose tasks run in the empty context.
   *
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static ExecutorService detached(ExecutorService executor) {
    Objects.requireNonNull(executor, "executor");
    return (ExecutorService) make(executor, ExecutionContext.empty());
  }

  /**
   * An executor whose tasks run in the empty context.
   *
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static ScheduledExecutorService detached(ScheduledExecutorService executor) {
    Objects.requireNonNull(executor, "executor");
    return (ScheduledExecutorService) make(executor, ExecutionContext.empty());
  }

  /**
   * A pool whose tasks run in the empty context.
   *
   * @param pool what runs the tasks
   * @return the wrapped pool
   */
  public static ContextForkJoinPool detached(ForkJoinPool pool) {
    Objects.requireNonNull(pool, "pool");
    return new ContextForkJoinPool(pool, ExecutionContext.empty());
  }

  /**
   * An executor whose tasks all run in {@code context}.
   *
   * @param context the context of all tasks
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static Executor fixed(ExecutionContext context, Executor executor) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(executor, "executor");
    return make(executor, context);
  }

  /**
   * An executor whose tasks all run in {@code context}.
   *
   * @param context the context of all tasks
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static ExecutorService fixed(ExecutionContext context, ExecutorService executor) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(executor, "executor");
    return (ExecutorService) make(executor, context);
  }

  /**
   * An executor whose tasks all run in {@code context}.
   *
   * @param context the context of all tasks
   * @param executor what runs the tasks
   * @return the wrapped executor
   */
  public static ScheduledExecutorService fixed(
      ExecutionContext context, ScheduledExecutorService executor) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(executor, "executor");
    return (ScheduledExecutorService) make(executor, context);
  }

  /**
   * A pool whose tasks all run in {@code context}.
   *
   * @param context the context of all tasks
   * @param pool what runs the tasks
   * @return the wrapped pool
   */
  public static ContextForkJoinPool fixed(ExecutionContext context, ForkJoinPool pool) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(pool, "pool");
    return new ContextForkJoinPool(pool, context);
  }

  private static Executor make(Executor executor, @Nullable ExecutionContext context) {
    Executor bare = executor;
    if (executor instanceof ContextExecutor<?> wrapped) {
      if (context == null && wrapped.propagates()) {
        return wrapped;
      }
      bare = wrapped.delegate;
    }
    return switch (bare) {
      case ForkJoinPool e -> new ContextForkJoinPool(e, context);
      case ScheduledExecutorService e -> new ContextScheduledExecutorService<>(e, context);
      case ExecutorService e -> new ContextExecutorService<>(e, context);
      default -> new ContextExecutor<>(bare, context);
    };
  }

  /**
   * An executor that starts a virtual thread per task, which runs in the context of the thread that
   * hands the task in.
   *
   * @return a new executor
   * @see Executors#newVirtualThreadPerTaskExecutor
   */
  public static ExecutorService newVirtualThreadPerTaskExecutor() {
    return propagating(Executors.newVirtualThreadPerTaskExecutor());
  }

  // -------------------------------------------------------------------------------- threads

  /**
   * A factory whose threads each run in the context in which they were made. For threads that are
   * made for one purpose, as those of structured concurrency:
   *
   * <pre>{@code
   * StructuredTaskScope.open(Joiner.allSuccessfulOrThrow(),
   *     config -> config.withThreadFactory(
   *         ContextExecutors.threadFactory(Thread.ofVirtual().factory())))
   * }</pre>
   *
   * <p>The threads of a pool are made whenever it needs another one, and keep the context of that
   * moment for ever: let the pool's tasks be propagated instead, and its factory be {@link
   * #detachedThreadFactory}.
   *
   * @param factory makes the threads
   * @return the wrapped factory
   */
  public static ThreadFactory threadFactory(ThreadFactory factory) {
    Objects.requireNonNull(factory, "factory");
    return task -> factory.newThread(Wrapped.forLife(ExecutionContext.capture(), task));
  }

  /**
   * A factory whose threads all run in {@code context}.
   *
   * @param context the context of all threads
   * @param factory makes the threads
   * @return the wrapped factory
   */
  public static ThreadFactory threadFactory(ExecutionContext context, ThreadFactory factory) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(factory, "factory");
    return task -> factory.newThread(Wrapped.forLife(context, task));
  }

  /**
   * A factory whose threads start empty, also where {@code factory} would give them a context.
   *
   * @param factory makes the threads
   * @return the wrapped factory
   */
  public static ThreadFactory detachedThreadFactory(ThreadFactory factory) {
    return threadFactory(ExecutionContext.empty(), factory);
  }

  /**
   * A factory of virtual threads that each run in the context in which they were made.
   *
   * @return a new factory
   */
  public static ThreadFactory virtualThreadFactory() {
    return threadFactory(Thread.ofVirtual().factory());
  }

  /**
   * A factory of platform threads that each run in the context in which they were made.
   *
   * @return a new factory
   */
  public static ThreadFactory platformThreadFactory() {
    return threadFactory(Thread.ofPlatform().factory());
  }

  /**
   * A factory for the workers of a {@link ForkJoinPool}, which all run in {@code context}: so does
   * whatever the pool runs, plain forks, parallel streams and their combiners included. What is set
   * stays in the worker, where later tasks of the same worker see it.
   *
   * @param context the context of all workers
   * @return the factory
   * @see ContextStreams
   */
  public static ForkJoinWorkerThreadFactory workerThreadFactory(ExecutionContext context) {
    Objects.requireNonNull(context, "context");
    return pool -> new Worker(pool, context);
  }

  /** A worker that spends its life in a context. */
  private static final class Worker extends ForkJoinWorkerThread {
    private final ExecutionContext context;
    private boolean entered;

    /** Why the context couldn't be entered. */
    private @Nullable Throwable failure;

    Worker(ForkJoinPool pool, ExecutionContext context) {
      super(null, pool, true);
      this.context = context;
    }

    @Override
    public void run() {
      try {
        context.run(this::work);
      } catch (Throwable t) {
        if (entered) {
          throw t;
        }
        failure = t; // out of memory; the pool must learn that this worker has ended
        super.run();
      }
    }

    @SuppressWarnings("DoNotCall") // this is the thread
    private void work() {
      entered = true;
      super.run();
    }

    @Override
    protected void onStart() {
      switch (failure) {
        case null -> super.onStart();
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new AssertionError(failure);
      }
    }
  }

  // ---------------------------------------------------------------------------------- tasks

  /**
   * What frameworks take to decorate tasks (a {@code TaskDecorator}, a hook of a scheduler): wraps
   * a task in the context in which it is decorated.
   *
   * @return the decorator
   */
  public static UnaryOperator<Runnable> decorator() {
    return task -> Wrapped.of(ExecutionContext.capture(), task);
  }

  /**
   * As {@link #decorator()}, with a context given: {@link ExecutionContext#empty} detaches.
   *
   * @param context the context of all tasks
   * @return the decorator
   */
  public static UnaryOperator<Runnable> decorator(ExecutionContext context) {
    Objects.requireNonNull(context, "context");
    return task -> Wrapped.of(context, task);
  }

  /**
   * The task that was handed in, given the one that an executor, a factory or a decorator of this
   * class, or {@link ExecutionContext#wrap(Runnable)}, has made of it; for rejection handlers and
   * comparators, which see the latter.
   *
   * @param task the task, wrapped or not
   * @return the task without its context; {@code task} if that is all there is
   */
  public static Runnable unwrap(Runnable task) {
    Objects.requireNonNull(task, "task");
    return Wrapped.unwrap(task);
  }
}
