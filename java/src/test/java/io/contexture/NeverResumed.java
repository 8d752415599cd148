package io.contexture;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A program whose virtual threads park for ever in the middle of a logical context, with nobody
 * left to resume them. Run with {@code -Djdk.trackAllThreads=false}, so that the JDK lets them be
 * collected; ends with status 0 once their contexts are released and their values gone.
 */
final class NeverResumed {
  private static final int THREADS = 100;
  private static final ContextVar<Object> VALUE = ContextVar.of("value");

  private NeverResumed() {}

  public static void main(String[] args) throws InterruptedException {
    List<LogicalContext> contexts = new ArrayList<>();
    List<WeakReference<Object>> values = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      LogicalContext lc = new LogicalContext();
      contexts.add(lc);
      values.add(parkForEverIn(lc));
    }
    long start = System.nanoTime();
    while (contexts.stream().anyMatch(LogicalContext::isEntered)
        || values.stream().anyMatch(value -> !value.refersTo(null))) {
      if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(60)) {
        System.out.println(
            contexts.stream().filter(LogicalContext::isEntered).count()
                + " contexts are entered, "
                + values.stream().filter(value -> !value.refersTo(null)).count()
                + " values are left");
        System.exit(1);
      }
      System.gc();
      LockSupport.parkNanos(10_000_000);
    }
    for (LogicalContext lc : contexts) {
      lc.run(
          () -> {
            if (!VALUE.get().equals("in the context")) {
              throw new AssertionError(VALUE.get());
            }
          });
    }
  }

  private static WeakReference<Object> parkForEverIn(LogicalContext lc)
      throws InterruptedException {
    byte[] value = new byte[100];
    WeakReference<Object> reference = new WeakReference<>(value);
    CountDownLatch entered = new CountDownLatch(1);
    Thread.startVirtualThread(new Parking(lc, value, entered));
    entered.await();
    return reference;
  }

  /** Sets a value in the thread's own context, enters another, and stays there. */
  private record Parking(LogicalContext lc, byte[] value, CountDownLatch entered)
      implements Runnable {
    @Override
    public void run() {
      VALUE.set(value);
      lc.run(
          () -> {
            VALUE.set("in the context");
            entered.countDown();
            while (true) {
              LockSupport.park();
            }
          });
    }
  }
}
