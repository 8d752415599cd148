package io.contexture;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A long-lived task that runs in steps, as a callback that reschedules itself: all steps run over
 * the snapshot taken when the task was made, and in one logical context that belongs to the task,
 * so that what one step sets is there in the next.
 *
 * <pre>{@code
 * ContextTask.of(self -> {
 *   ATTEMPT.set(ATTEMPT.getOrElse(0) + 1);        // stays, and nobody else sees it
 *   if (!done()) {
 *     timer.schedule(self, 1, SECONDS);
 *   }
 * }).run();
 * }</pre>
 *
 * <p>Steps of different code belong to one task if they are made of it:
 *
 * <pre>{@code
 * ContextTask task = ContextTask.of(this::send);
 * channel.read(buffer, task.stepBiConsumer(this::received));
 * }</pre>
 *
 * <p>Executors of {@link ContextExecutors} run a task as it is, in its own context. However many
 * steps there are, the task holds its snapshot and one logical context, and nothing grows: a
 * snapshot taken within a step is never what the next one starts from.
 *
 * <p>Steps may run on different threads, one after the other: a step that begins while another is
 * running, as when a step has rescheduled itself before its own end, waits for that to end. So a
 * step must not wait for a later one; one that runs another directly gets an {@link
 * IllegalStateException}. What a step sets happens-before the next step. What a step throws is
 * thrown to whoever runs it, and the task can go on.
 */
public final class ContextTask implements Runnable, Wrapped {
  private final ExecutionContext context;
  private final LogicalContext own = new LogicalContext();
  private final Consumer<? super ContextTask> step;

  /** Held by the thread of the step that is running. */
  private final ReentrantLock running = new ReentrantLock();

  private ContextTask(ExecutionContext context, Consumer<? super ContextTask> step) {
    this.context = context;
    this.step = step;
  }

  /**
   * A task in the present context, whose step gets the task, to reschedule it.
   *
   * @param step what {@link #run} does
   * @return a task that hasn't run
   */
  public static ContextTask of(Consumer<? super ContextTask> step) {
    Objects.requireNonNull(step, "step");
    return new ContextTask(ExecutionContext.capture(), step);
  }

  /**
   * A task in the present context.
   *
   * @param step what {@link #run} does
   * @return a task that hasn't run
   */
  public static ContextTask of(Runnable step) {
    Objects.requireNonNull(step, "step");
    return new ContextTask(ExecutionContext.capture(), task -> step.run());
  }

  /**
   * A task in a context given.
   *
   * @param context what the task runs over
   * @param step what {@link #run} does
   * @return a task that hasn't run
   */
  public static ContextTask of(ExecutionContext context, Consumer<? super ContextTask> step) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(step, "step");
    return new ContextTask(context, step);
  }

  /**
   * Runs the step that the task was made with.
   *
   * @throws IllegalStateException if called by a step of this task
   */
  @Override
  public void run() {
    runStep(() -> step.accept(this));
  }

  /**
   * Runs other code as a step of this task.
   *
   * @param body what to call
   * @param <R> the type of the result
   * @param <X> what the body may throw
   * @return what the body returns
   * @throws X what the body throws
   * @throws IllegalStateException as {@link #run}
   */
  public <R extends @Nullable Object, X extends Throwable> R call(
      ScopedValue.CallableOp<? extends R, X> body) throws X {
    Objects.requireNonNull(body, "body");
    running.lock();
    try {
      return context.<R, X>call(() -> own.<R, X>call(body));
    } finally {
      running.unlock();
    }
  }

  /**
   * Other code as a step of this task, to be run later.
   *
   * @param other what to run
   * @return runs {@code other} in the context of this task; executors of {@link ContextExecutors}
   *     run it as it is
   */
  public Runnable step(Runnable other) {
    Objects.requireNonNull(other, "other");
    return new Step(this, other);
  }

  /**
   * Other code as a step of this task, to be called later.
   *
   * @param other what to call
   * @param <V> the type of the result
   * @return calls {@code other} in the context of this task
   */
  public <V extends @Nullable Object> Callable<V> step(Callable<V> other) {
    Objects.requireNonNull(other, "other");
    return new CallableStep<>(this, other);
  }

  /**
   * Other code as a step of this task: a callback with one argument.
   *
   * @param other what to call
   * @param <A> the type of the argument
   * @return calls {@code other} in the context of this task
   */
  public <A extends @Nullable Object> Consumer<A> stepConsumer(Consumer<? super A> other) {
    Objects.requireNonNull(other, "other");
    return argument -> runStep(() -> other.accept(argument));
  }

  /**
   * Other code as a step of this task: a callback with two arguments, as a result and a failure.
   *
   * @param other what to call
   * @param <A> the type of the first argument
   * @param <B> the type of the second argument
   * @return calls {@code other} in the context of this task
   */
  public <A extends @Nullable Object, B extends @Nullable Object> BiConsumer<A, B> stepBiConsumer(
      BiConsumer<? super A, ? super B> other) {
    Objects.requireNonNull(other, "other");
    return (first, second) -> runStep(() -> other.accept(first, second));
  }

  private void runStep(Runnable body) {
    running.lock();
    try {
      context.run(() -> own.run(body));
    } finally {
      running.unlock();
    }
  }

  /** The names of the variables that the steps have set, never the values. */
  @Override
  public String toString() {
    return "ContextTask[own=" + own + ", over=" + context + "]";
  }

  private record Step(ContextTask task, Runnable body) implements Runnable, Wrapped {
    @Override
    public void run() {
      task.runStep(body);
    }
  }

  private record CallableStep<V extends @Nullable Object>(ContextTask task, Callable<V> body)
      implements Callable<V>, Wrapped {
    @Override
    public V call() throws Exception {
      return task.<V, Exception>call(body::call);
    }
  }
}
