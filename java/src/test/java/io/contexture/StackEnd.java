package io.contexture;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Runs an operation a chosen number of frames above the end of the stack, so that it overflows in
 * its middle, at another place for each number.
 */
public final class StackEnd {
  /** An operation needs less than this many of our frames; {@link #sweep} checks that. */
  private static final int MOST_FRAMES = 4000;

  private static final int COMPLETIONS = Effort.of(30);

  private final Runnable operation;
  private final int offset;
  private int unwound;
  private boolean ran;

  private StackEnd(Runnable operation, int offset) {
    this.operation = operation;
    this.offset = offset;
  }

  /**
   * Runs a trial with plenty of stack, then at every offset, or some on slow machines, from the
   * very end upwards until it has completed many times in a row, on a thread with a small stack.
   */
  public static void sweep(FaultCases.Trial trial) throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("stack-end")
            .stackSize(256 << 10)
            .unstarted(() -> sweepHere(trial));
    thread.setUncaughtExceptionHandler((_, t) -> failure.set(t));
    thread.start();
    new ThreadKind.Running(thread, failure).join();
  }

  private static void sweepHere(FaultCases.Trial trial) {
    for (int i = 0; i < 3; i++) { // no class shall be initialized at the end of the stack
      assertTrue(
          trial.run(
              operation -> {
                operation.run();
                return true;
              }));
    }
    int overflows = 0;
    int completionsInARow = 0;
    for (int i = 0; completionsInARow < COMPLETIONS; i += Effort.stride()) {
      assertTrue(i < MOST_FRAMES, "never completes");
      int offset = i;
      if (trial.run(operation -> new StackEnd(operation, offset).run())) {
        completionsInARow++;
      } else {
        overflows++;
        completionsInARow = 0;
      }
    }
    assertTrue(overflows > 0, "never overflows");
  }

  private boolean run() {
    try {
      dive();
      return true;
    } catch (StackOverflowError e) {
      return false;
    }
  }

  private void dive() {
    try {
      dive();
    } catch (StackOverflowError e) {
      if (ran) {
        throw e;
      }
    }
    if (!ran && unwound++ == offset) {
      ran = true;
      operation.run();
    }
  }
}
