package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Do variables stay flat as their number grows, and what does a set make the look-ups after it
 * cost? Ten gets and one set per invocation, as in {@link MapMixBenchmark}; {@link #elevenGets} for
 * comparison.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ContextMixBenchmark extends OnBackend {
  private static final Integer[] VALUES = {1000, 2000};

  /** How many variables have a value in the one logical context. */
  @Param({"5", "10", "30", "100", "300", "1000"})
  public int items;

  private final Walk walk = new Walk();
  private ContextVar<Integer>[] variables;
  private ThreadLocal<Integer>[] threadLocals;
  private int turn;

  /** Binds the variables. */
  @Setup
  @SuppressWarnings("unchecked")
  public void bind() {
    ContextVar<Integer>[] distinct = (ContextVar<Integer>[]) new ContextVar<?>[items];
    ThreadLocal<Integer>[] distinctLocals = (ThreadLocal<Integer>[]) new ThreadLocal<?>[items];
    for (int i = 0; i < items; i++) {
      distinct[i] = ContextVar.of("item " + i);
      distinct[i].set(0);
      distinctLocals[i] = ThreadLocal.withInitial(() -> 0);
    }
    int[] order = Walk.order(items);
    variables = (ContextVar<Integer>[]) new ContextVar<?>[Walk.LENGTH];
    threadLocals = (ThreadLocal<Integer>[]) new ThreadLocal<?>[Walk.LENGTH];
    for (int i = 0; i < Walk.LENGTH; i++) {
      variables[i] = distinct[order[i]];
      threadLocals[i] = distinctLocals[order[i]];
    }
  }

  /** Hits only. */
  @Benchmark
  public void elevenGets(Blackhole blackhole) {
    for (int i = 0; i <= Walk.GETS; i++) {
      blackhole.consume(variables[walk.next()].get());
    }
  }

  /** The same workload on {@link ThreadLocal}s. */
  @Benchmark
  public void threadLocalTenGetsOneSet(Blackhole blackhole) {
    for (int i = 0; i < Walk.GETS; i++) {
      blackhole.consume(threadLocals[walk.next()].get());
    }
    threadLocals[walk.next()].set(VALUES[++turn & 1]);
  }

  /** The set changes the logical context in place. */
  @Benchmark
  public void tenGetsOneSet(Blackhole blackhole) {
    getsAndSet(blackhole);
  }

  /** The set has to leave the snapshot as it is: it copies what it changes. */
  @Benchmark
  public void tenGetsOneSetOneCapture(Blackhole blackhole) {
    blackhole.consume(ExecutionContext.capture());
    getsAndSet(blackhole);
  }

  private void getsAndSet(Blackhole blackhole) {
    for (int i = 0; i < Walk.GETS; i++) {
      blackhole.consume(variables[walk.next()].get());
    }
    variables[walk.next()].set(VALUES[++turn & 1]);
  }
}
