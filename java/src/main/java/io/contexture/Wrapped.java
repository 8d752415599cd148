package io.contexture;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Something that brings its context along and runs in it, whoever runs it: so nobody has to wrap it
 * once more. Also makes such things of plain tasks.
 *
 * <p>Of two wrappings the inner one counts, since it is entered last; leaving the outer one out is
 * therefore no difference, and costs less.
 */
interface Wrapped {
  /** {@code task} in {@code context}, or {@code task} itself if it brings one along. */
  static Runnable of(ExecutionContext context, Runnable task) {
    Objects.requireNonNull(task, "task");
    if (task instanceof Wrapped) {
      return task;
    }
    return task instanceof Comparable<?>
        ? new OfComparable(context, task)
        : new OfRunnable(context, task);
  }

  /** As {@link #of(ExecutionContext, Runnable)}, for all that a thread is going to do. */
  static Runnable forLife(ExecutionContext context, Runnable task) {
    Objects.requireNonNull(task, "task");
    return task instanceof Wrapped ? task : new OfThread(context, task);
  }

  /** {@code task} in {@code context}, or {@code task} itself if it brings one along. */
  static <V extends @Nullable Object> Callable<V> of(ExecutionContext context, Callable<V> task) {
    Objects.requireNonNull(task, "task");
    return task instanceof Wrapped ? task : new OfCallable<>(context, task);
  }

  /** The task that {@code task} was made of, or {@code task} itself if it is no wrapping. */
  static Runnable unwrap(Runnable task) {
    return task instanceof OfRunnable wrapped ? wrapped.task : task;
  }

  /** A task in its context. */
  sealed class OfRunnable implements Runnable, Wrapped {
    final ExecutionContext context;
    final Runnable task;

    OfRunnable(ExecutionContext context, Runnable task) {
      this.context = context;
      this.task = task;
    }

    @Override
    public void run() {
      context.run(task);
    }

    @Override
    public final String toString() {
      return task + " in " + context;
    }
  }

  /** What a thread does from its start to its end. */
  final class OfThread extends OfRunnable {
    OfThread(ExecutionContext context, Runnable task) {
      super(context, task);
    }

    @Override
    public void run() {
      context.runForLife(task);
    }
  }

  /** A task that a priority queue can order among its like. */
  final class OfComparable extends OfRunnable implements Comparable<OfComparable> {
    OfComparable(ExecutionContext context, Runnable task) {
      super(context, task);
    }

    @Override
    @SuppressWarnings("unchecked") // a ClassCastException is what the bare tasks would have led to
    public int compareTo(OfComparable other) {
      return ((Comparable<Runnable>) task).compareTo(other.task);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  /** A task with a result, in its context. */
  final class OfCallable<V extends @Nullable Object> implements Callable<V>, Wrapped {
    private final ExecutionContext context;
    private final Callable<V> task;

    OfCallable(ExecutionContext context, Callable<V> task) {
      this.context = context;
      this.task = task;
    }

    @Override
    public V call() throws Exception {
      return context.<V, Exception>call(task::call);
    }

    @Override
    public String toString() {
      return task + " in " + context;
    }
  }
}
