package io.contexture;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.ref.Reference;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits of tests, each with a bound past which the test fails. */
public final class Await {
  /**
   * What multiplies every limit of time in the tests, in {@code contexture.test.patience}: more
   * than 1 for slow machines, among which emulated ones are.
   */
  public static final long PATIENCE = Long.getLong("contexture.test.patience", 1);

  /** How long anything may take that isn't under test. */
  public static final long LIMIT_SECONDS = 30 * PATIENCE;

  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);

  private Await() {}

  /** Waits until {@code condition} holds. */
  public static void until(String what, BooleanSupplier condition) {
    poll(what, condition, false);
  }

  /** Waits until {@code condition} holds, collecting garbage meanwhile. */
  public static void untilCollecting(String what, BooleanSupplier condition) {
    poll(what, condition, true);
  }

  /** Waits until the referent of {@code reference} has been collected. */
  public static void collected(String what, Reference<?> reference) {
    poll(what + " isn't collected", () -> reference.refersTo(null), true);
  }

  /** Collects garbage some times, for what must not be collected. */
  public static void collectGarbage() {
    for (int i = 0; i < 4; i++) {
      System.gc();
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Waits for a latch. */
  public static void latch(CountDownLatch latch) {
    boolean open;
    try {
      open = latch.await(LIMIT_NANOS, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertTrue(open, "latch isn't open");
  }

  private static void poll(String what, BooleanSupplier condition, boolean collect) {
    long start = System.nanoTime();
    for (long pause = 100_000; !condition.getAsBoolean(); pause = Math.min(2 * pause, 20_000_000)) {
      if (System.nanoTime() - start > LIMIT_NANOS) {
        fail("after " + LIMIT_SECONDS + " s: " + what);
      }
      if (collect) {
        System.gc();
      }
      LockSupport.parkNanos(pause);
    }
  }
}
