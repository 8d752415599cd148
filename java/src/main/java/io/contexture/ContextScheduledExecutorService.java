package io.contexture;

import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ContextExecutorService} with delays. What is scheduled has the context of the moment at
 * which it was scheduled, each time it runs.
 *
 * @param <E> what the other executor is
 */
class ContextScheduledExecutorService<E extends ScheduledExecutorService>
    extends ContextExecutorService<E> implements ScheduledExecutorService {
  ContextScheduledExecutorService(E delegate, @Nullable ExecutionContext fixed) {
    super(delegate, fixed);
  }

  @Override
  public final ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    return delegate.schedule(Wrapped.of(context(), task), delay, unit);
  }

  @Override
  public final <V extends @Nullable Object> ScheduledFuture<V> schedule(
      Callable<V> task, long delay, TimeUnit unit) {
    return delegate.schedule(Wrapped.of(context(), task), delay, unit);
  }

  @Override
  public final ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long initialDelay, long period, TimeUnit unit) {
    return delegate.scheduleAtFixedRate(Wrapped.of(context(), task), initialDelay, period, unit);
  }

  @Override
  public final ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long initialDelay, long delay, TimeUnit unit) {
    return delegate.scheduleWithFixedDelay(Wrapped.of(context(), task), initialDelay, delay, unit);
  }
}
