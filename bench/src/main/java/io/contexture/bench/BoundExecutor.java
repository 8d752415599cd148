package io.contexture.bench;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that JMH runs benchmarks on, with {@link HitBenchmark#SCOPED_VALUE} bound: a scoped
 * value has its value for the time of a call only, and JMH's loop can't be put in one otherwise.
 */
public final class BoundExecutor extends ThreadPoolExecutor {
  /**
   * Called by JMH.
   *
   * @param threads how many threads
   * @param prefix what their names begin with
   */
  public BoundExecutor(int threads, String prefix) {
    super(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(),
        task -> {
          Thread thread =
              new Thread(
                  () -> ScopedValue.where(HitBenchmark.SCOPED_VALUE, HitBenchmark.VALUE).run(task),
                  prefix);
          thread.setDaemon(true);
          return thread;
        });
  }
}
