package io.contexture.bench;

import io.contexture.LogicalContext;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that JMH runs benchmarks on. JMH's loop can't be put into a call of the benchmark's,
 * so what has to be around it is here:
 *
 * <ul>
 *   <li>{@link HitBenchmark#SCOPED_VALUE} is bound and, for {@link ManyBenchmark}, the first {@code
 *       variables} of its own are, as a scoped value has its value for the time of a call only;
 *   <li>for {@link DepthBenchmark}, {@code depth} logical contexts are entered, each with a value;
 *   <li>{@code thread} says whether the threads are platform threads, of the class that Netty's
 *       {@code FastThreadLocal} wants, or virtual ones.
 * </ul>
 *
 * Those three are parameters of benchmarks, which {@code Trial} passes on as system properties.
 */
public final class BoundExecutor extends ThreadPoolExecutor {
  /** What the names of those properties begin with. */
  public static final String PREFIX = "contexture.bench.";

  /** Enough for the deepest stack of contexts, before anything is compiled. */
  private static final long STACK_BYTES = 8 << 20;

  /**
   * Called by JMH.
   *
   * @param threads how many threads
   * @param prefix what their names begin with
   */
  public BoundExecutor(int threads, String prefix) {
    super(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory(prefix));
  }

  private static ThreadFactory factory(String prefix) {
    ThreadFactory factory =
        System.getProperty(PREFIX + "thread", "platform").equals("virtual")
            ? Thread.ofVirtual().name(prefix).factory()
            : task -> {
              Thread thread = new FastThreadLocalThread(null, task, prefix, STACK_BYTES);
              thread.setDaemon(true);
              return thread;
            };
    return task -> factory.newThread(() -> bound(task));
  }

  private static void bound(Runnable task) {
    ScopedValue.Carrier carrier = ScopedValue.where(HitBenchmark.SCOPED_VALUE, HitBenchmark.VALUE);
    for (int i = 0; i < parameterOf("ManyBenchmark", "variables"); i++) {
      carrier = carrier.where(ManyBenchmark.SCOPED_VALUES.get(i), HitBenchmark.VALUE);
    }
    int depth = parameterOf("DepthBenchmark", "depth");
    carrier.run(depth == 0 ? task : () -> entered(depth, task));
  }

  /** A parameter of the benchmark that is to run, 0 if that is another one. */
  private static int parameterOf(String benchmark, String name) {
    return System.getProperty(PREFIX + "benchmark", "").equals(benchmark)
        ? Integer.getInteger(PREFIX + name, 0)
        : 0;
  }

  /** Runs a task with so many logical contexts on the stack. */
  private static void entered(int depth, Runnable task) {
    new LogicalContext()
        .run(
            () -> {
              DepthBenchmark.bind(depth);
              if (depth > 1) {
                entered(depth - 1, task);
              } else {
                task.run();
              }
            });
  }
}
