package io.contexture;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A program whose virtual threads park for ever in the middle of a logical context, with nobody
 * left to resume them. Run with {@code -Djdk.trackAllThreads=false}, so that the JDK lets them be
 * collected; ends with status 0 once their contexts are released and their values gone, and if who
 * enters these contexts then finds them as they were left.
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
      values.add(parkForEverVisiting(i % 2 == 0));
    }
    untilCollecting(
        () ->
            contexts.stream().noneMatch(LogicalContext::isEntered)
                && values.stream().allMatch(value -> value.refersTo(null)),
        () ->
            contexts.stream().filter(LogicalContext::isEntered).count()
                + " contexts are entered, "
                + values.stream().filter(value -> !value.refersTo(null)).count()
                + " values are left");
    for (LogicalContext lc : contexts) {
      lc.run(() -> check("in the context", VALUE.get()));
    }
    new LogicalContext()
        .run(
            () -> {
              VALUE.set("below");
              takeOver();
            });
  }

  /**
   * This thread is in a logical context, then it is in there again after a virtual thread that is
   * lost: that one has set a variable anew and has captured what it set.
   */
  private static void takeOver() {
    LogicalContext lc = new LogicalContext();
    lc.run(
        () -> {
          VALUE.set("mine");
          check("mine", VALUE.get());
        });
    AtomicReference<ExecutionContext> captured = new AtomicReference<>();
    CountDownLatch entered = new CountDownLatch(1);
    Thread.startVirtualThread(new Capturing(lc, captured, entered));
    untilCollecting(() -> entered.getCount() == 0, () -> "the thread isn't in its context");
    untilCollecting(() -> !lc.isEntered(), () -> "the context is entered");
    check("the lost thread's", lc.lookup(VALUE));
    check("the lost thread's", lc.call(VALUE::get));
    check("the lost thread's", captured.get().lookup(VALUE));
    lc.run(() -> VALUE.set("mine again"));
    check("mine again", lc.lookup(VALUE));
    check("mine again", lc.call(VALUE::get));
    check("the lost thread's", captured.get().lookup(VALUE));
    check("the lost thread's", captured.get().call(VALUE::get));
  }

  private static void check(Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw new AssertionError("expected " + expected + ", not " + actual);
    }
  }

  private static void untilCollecting(BooleanSupplier condition, Supplier<String> problem) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(60 * Await.PATIENCE)) {
        System.out.println(problem.get());
        System.exit(1);
      }
      System.gc();
      LockSupport.parkNanos(10_000_000);
    }
  }

  /** Sets the variable in a context, captures it from another on top, and stays there. */
  private record Capturing(
      LogicalContext lc, AtomicReference<ExecutionContext> captured, CountDownLatch entered)
      implements Runnable {
    @Override
    public void run() {
      lc.run(
          () -> {
            VALUE.set("the lost thread's");
            new LogicalContext()
                .run(
                    () -> {
                      captured.set(ExecutionContext.capture());
                      entered.countDown();
                      while (true) {
                        LockSupport.park();
                      }
                    });
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

  /** In a snapshot that has a value, where the thread has looked it up, or set it too. */
  private static WeakReference<Object> parkForEverVisiting(boolean sets)
      throws InterruptedException {
    byte[] value = new byte[100];
    WeakReference<Object> reference = new WeakReference<>(value);
    CountDownLatch entered = new CountDownLatch(1);
    ExecutionContext visited =
        ExecutionContext.empty()
            .call(
                () -> {
                  VALUE.set(value);
                  return ExecutionContext.capture();
                });
    ContextExecutors.threadFactory(visited, Thread.ofVirtual().factory())
        .newThread(new Visiting(sets, entered))
        .start();
    entered.await();
    return reference;
  }

  /** Looks up, or sets what it has found, and stays there. */
  private record Visiting(boolean sets, CountDownLatch entered) implements Runnable {
    @Override
    public void run() {
      Object found = VALUE.get();
      if (sets) {
        VALUE.set(found);
      }
      entered.countDown();
      while (true) {
        LockSupport.park();
      }
    }
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
