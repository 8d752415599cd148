package io.contexture;

import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** The two kinds of thread, and how a test runs something on a new one and waits for it. */
public enum ThreadKind {
  PLATFORM {
    @Override
    public Thread unstarted(Runnable task) {
      return Thread.ofPlatform().daemon().name("test-platform").stackSize(8 << 20).unstarted(task);
    }
  },
  VIRTUAL {
    @Override
    public Thread unstarted(Runnable task) {
      return Thread.ofVirtual().name("test-virtual").unstarted(task);
    }
  };

  private static final long SECONDS = 120 * Await.PATIENCE;

  /** Something that a test does; may throw anything. */
  @FunctionalInterface
  public interface Action {
    void run() throws Throwable;
  }

  /** A thread of this kind that hasn't been started; never keeps the JVM alive. */
  public abstract Thread unstarted(Runnable task);

  /** Starts {@code action} on a new thread; the result says how it went. */
  public Running start(Action action) {
    return start(this::unstarted, action);
  }

  /** Starts {@code action} on a new thread of {@code factory}; the result says how it went. */
  static Running start(ThreadFactory factory, Action action) {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread =
        factory.newThread(
            () -> {
              try {
                action.run();
              } catch (Throwable t) {
                failure.set(t);
              }
            });
    thread.start();
    return new Running(thread, failure);
  }

  /** Runs {@code action} on a new thread, waits for it, and throws what it has thrown. */
  public void run(Action action) throws Exception {
    start(action).join();
  }

  /** Calls {@code callable} on a new thread and gives what it has returned or thrown. */
  public <R> R call(Callable<R> callable) throws Exception {
    AtomicReference<R> result = new AtomicReference<>();
    run(() -> result.set(callable.call()));
    return result.get();
  }

  /**
   * An action under way.
   *
   * @param thread where it runs
   * @param failure what it has thrown
   */
  public record Running(Thread thread, AtomicReference<Throwable> failure) {
    /** Waits, within bounds, for the end, and throws what the action has thrown. */
    public void join() throws Exception {
      if (!thread.join(java.time.Duration.ofNanos(TimeUnit.SECONDS.toNanos(SECONDS)))) {
        AssertionError late = new AssertionError(thread + " still runs after " + SECONDS + " s");
        late.setStackTrace(thread.getStackTrace());
        throw late;
      }
      switch (failure.get()) {
        case null -> {}
        case Exception e -> throw e;
        case Error e -> throw e;
        case Throwable t -> throw new AssertionError(t);
      }
    }
  }
}
