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
 * Do variables stay flat as their number grows? Ten gets and one set per operation, as in {@link
 * MapMixBenchmark}. Goal: at 1000 variables at most twice the time at 10.
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
  private int turn;

  /** Binds the variables. */
  @Setup
  @SuppressWarnings("unchecked")
  public void bind() {
    ContextVar<Integer>[] distinct = (ContextVar<Integer>[]) new ContextVar<?>[items];
    for (int i = 0; i < items; i++) {
      distinct[i] = ContextVar.of("item " + i);
      distinct[i].set(0);
    }
    int[] order = Walk.order(items);
    variables = (ContextVar<Integer>[]) new ContextVar<?>[Walk.LENGTH];
    for (int i = 0; i < Walk.LENGTH; i++) {
      variables[i] = distinct[order[i]];
    }
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
