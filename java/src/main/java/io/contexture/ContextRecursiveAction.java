package io.contexture;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/**
 * A {@link java.util.concurrent.RecursiveAction} that runs in the context in which it was made,
 * whichever worker runs it; as {@link ContextRecursiveTask}, without a result.
 *
 * <p>The snapshot is taken by the constructor, and once more by {@link #reinitialize}. However the
 * task is run ({@code fork}, {@code invoke}, by a pool), it runs under a fresh logical context, so
 * that what it sets is seen by what it forks afterwards and by nobody else. A direct call of {@link
 * #compute} is a plain call.
 *
 * <p>Such a task can be handed to any {@link java.util.concurrent.ForkJoinPool}. Its context isn't
 * serialized: a deserialized task runs in the context in which it was deserialized.
 */
public abstract class ContextRecursiveAction extends ForkJoinTask<@Nullable Void>
    implements Wrapped {
  private static final long serialVersionUID = 1;

  private transient ExecutionContext context = ExecutionContext.capture();

  /** A task that runs in the present context. */
  protected ContextRecursiveAction() {}

  /** The computation. */
  protected abstract void compute();

  @Override
  protected final boolean exec() {
    context.run(this::compute);
    return true;
  }

  /** Makes the task as new, in the present context. */
  @Override
  public void reinitialize() {
    super.reinitialize();
    context = ExecutionContext.capture();
  }

  @Override
  public final @Nullable Void getRawResult() {
    return null;
  }

  @Override
  protected final void setRawResult(@Nullable Void value) {}

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
