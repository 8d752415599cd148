package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Do threads that use the same variable leave each other alone? Nine look-ups and one set of it per
 * invocation, in each thread.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ContendedBenchmark extends OnBackend {
  private static final int GETS = 9;
  private static final Integer[] VALUES = {1000, 2000};

  private static final ContextVar<Integer> CONTEXT_VAR = ContextVar.of("object");
  private static final LongContextVar LONG_CONTEXT_VAR = LongContextVar.of("long");
  private static final ThreadLocal<Integer> THREAD_LOCAL = new ThreadLocal<>();

  /** How many threads do so; {@code Trial} starts as many. */
  @Param({"1", "2"})
  public int threads;

  private int turn;

  /** Binds everything on each of the threads that measure. */
  @Setup
  public void bind() {
    CONTEXT_VAR.set(0);
    LONG_CONTEXT_VAR.set(0);
    THREAD_LOCAL.set(0);
  }

  /** {@link ThreadLocal}. */
  @Benchmark
  public int threadLocal() {
    THREAD_LOCAL.set(VALUES[++turn & 1]);
    int sum = 0;
    for (int i = 0; i < GETS; i++) {
      sum += THREAD_LOCAL.get();
    }
    return sum;
  }

  /** {@link ContextVar}. */
  @Benchmark
  public int contextVar() {
    CONTEXT_VAR.set(VALUES[++turn & 1]);
    int sum = 0;
    for (int i = 0; i < GETS; i++) {
      sum += CONTEXT_VAR.get();
    }
    return sum;
  }

  /** {@link LongContextVar}. */
  @Benchmark
  public long longContextVar() {
    LONG_CONTEXT_VAR.set(++turn);
    long sum = 0;
    for (int i = 0; i < GETS; i++) {
      sum += LONG_CONTEXT_VAR.get();
    }
    return sum;
  }
}
