package io.contexture;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Hands tasks to another executor, each in a context: the one of the thread that hands it in, or
 * always the same.
 *
 * @param <E> what the other executor is
 */
class ContextExecutor<E extends Executor> implements Executor {
  final E delegate;

  /** Where all tasks run; null if each runs where it was handed in. */
  private final @Nullable ExecutionContext fixed;

  ContextExecutor(E delegate, @Nullable ExecutionContext fixed) {
    this.delegate = delegate;
    this.fixed = fixed;
  }

  /** The context for what is handed in now. */
  final ExecutionContext context() {
    return fixed == null ? ExecutionContext.capture() : fixed;
  }

  /** Whether every task runs where it was handed in. */
  final boolean propagates() {
    return fixed == null;
  }

  @Override
  public void execute(Runnable task) {
    delegate.execute(Wrapped.of(context(), task));
  }

  @Override
  public final String toString() {
    String how;
    if (fixed == null) {
      how = "propagating";
    } else {
      how = fixed == ExecutionContext.empty() ? "detached" : "fixed";
    }
    return how + "(" + delegate + ")";
  }
}
