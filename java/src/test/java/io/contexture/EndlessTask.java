package io.contexture;

import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Tasks that reschedule themselves millions of times, in a heap that holds no more than some
 * thousand contexts; a JVM of its own. Ends with 0 if nothing has grown and all values were right.
 */
public final class EndlessTask {
  private static final int STEPS = Effort.of(10_000_000);
  private static final LongContextVar COUNT = LongContextVar.of("count");
  private static final ContextVar<Integer> LAST = ContextVar.of("last");
  private static final ContextVar<String> REQUEST = ContextVar.of("request");

  private EndlessTask() {}

  /** Runs what is handed in one after the other, on the thread that calls {@link #drain}. */
  private static final class Queue implements Executor {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
      tasks.add(task);
    }

    void drain() {
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    }
  }

  public static void main(String[] args) throws InterruptedException {
    long start = System.nanoTime();
    REQUEST.set("17");
    ownedByATask();
    carriedAlong();
    scheduledByThreads();
    System.out.println(
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)
            + " ms, heap of "
            + (Runtime.getRuntime().maxMemory() >> 20)
            + " MiB");
  }

  /** T2: the steps of a {@link ContextTask} change its own logical context in place. */
  private static void ownedByATask() {
    Queue queue = new Queue();
    ContextTask task =
        ContextTask.of(
            self -> {
              long n = COUNT.getOrElse(0) + 1;
              COUNT.set(n);
              if ((n & 0xff) == 0) {
                LAST.set((int) n);
                check(ExecutionContext.capture().depth() <= 3, "depth");
              }
              if (n < STEPS) {
                queue.execute(self);
              }
            });
    REQUEST.set("18");
    queue.execute(task);
    queue.drain();
    task.step(
            () -> {
              check(COUNT.get() == STEPS, "count");
              check(LAST.get() == (STEPS & ~0xff), "last");
              check(REQUEST.get().equals("17"), "request");
            })
        .run();
    check(!COUNT.isBound() && REQUEST.get().equals("18"), "outside");
    REQUEST.set("17");
  }

  /** T1, S7: every step captures what the one before has set; the chain is folded. */
  private static void carriedAlong() {
    Queue queue = new Queue();
    Executor propagating = ContextExecutors.propagating(queue);
    int steps = STEPS;
    propagating.execute(
        new Runnable() {
          @Override
          public void run() {
            long n = COUNT.getOrElse(0) + 1;
            COUNT.set(n);
            if ((n & 0xff) == 0) {
              LAST.set((int) n);
              check(ExecutionContext.capture().depth() <= 33, "depth");
              check(REQUEST.get().equals("17"), "request");
            }
            if (n < steps) {
              propagating.execute(this);
            } else {
              check(LAST.get() == (steps & ~0xff), "last");
            }
          }
        });
    queue.drain();
    check(!COUNT.isBound(), "outside");
  }

  /** The same task on two threads, handed to and fro. */
  private static void scheduledByThreads() throws InterruptedException {
    int steps = STEPS / 100;
    CountDownLatch done = new CountDownLatch(1);
    try (var pool =
        ContextExecutors.propagating(java.util.concurrent.Executors.newFixedThreadPool(2))) {
      pool.execute(
          ContextTask.of(
              self -> {
                long n = COUNT.getOrElse(0) + 1;
                COUNT.set(n);
                if (n < steps) {
                  pool.execute(self);
                } else {
                  done.countDown();
                }
              }));
      check(done.await(200 * Await.PATIENCE, TimeUnit.SECONDS), "in time");
    }
  }

  private static void check(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }
}
