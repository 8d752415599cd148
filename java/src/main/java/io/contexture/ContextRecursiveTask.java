package io.contexture;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/**
 * A {@link java.util.concurrent.RecursiveTask} that runs in the context in which it was made,
 * whichever worker runs it.
 *
 * <pre>{@code
 * class Sum extends ContextRecursiveTask<Long> {
 *   protected Long compute() {
 *     ...
 *     Sum left = new Sum(from, middle);      // captures what is seen here
 *     left.fork();
 *     return new Sum(middle, to).compute()   // a plain call, in the context of the caller
 *         + left.join();
 *   }
 * }
 * }</pre>
 *
 * <p>The snapshot is taken by the constructor, and once more by {@link #reinitialize}. However the
 * task is run ({@code fork}, {@code invoke}, by a pool), it runs under a fresh logical context, so
 * that what it sets is seen by what it forks afterwards and by nobody else. A direct call of {@link
 * #compute} is a plain call.
 *
 * <p>Such a task can be handed to any {@link java.util.concurrent.ForkJoinPool}. Its context isn't
 * serialized: a deserialized task runs in the context in which it was deserialized.
 *
 * @param <V> the type of the result
 */
public abstract class ContextRecursiveTask<V extends @Nullable Object> extends ForkJoinTask<V>
    implements Wrapped {
  private static final long serialVersionUID = 1;

  private transient ExecutionContext context = ExecutionContext.capture();

  /** The result, once there is one. */
  @SuppressWarnings("serial") // as far as the result is
  private @Nullable V result;

  /** A task that runs in the present context. */
  protected ContextRecursiveTask() {}

  /**
   * The computation.
   *
   * @return the result
   */
  protected abstract V compute();

  @Override
  protected final boolean exec() {
    result = context.<V, RuntimeException>call(this::compute);
    return true;
  }

  /** Makes the task as new, in the present context. */
  @Override
  public void reinitialize() {
    super.reinitialize();
    context = ExecutionContext.capture();
  }

  @Override
  @SuppressWarnings("NullAway") // V may be nullable, and there is no result before there is one
  public final V getRawResult() {
    return result;
  }

  @Override
  protected final void setRawResult(V value) {
    result = value;
  }

  /**
   * Reads the task and puts it into the present context.
   *
   * @param in where the task comes from
   * @throws IOException if it can't be read
   * @throws ClassNotFoundException if its class or that of its result isn't there
   */
  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    context = ExecutionContext.capture();
  }
}
