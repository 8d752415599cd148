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
 * What does it cost to give a variable another value, in a topmost logical context of few variables
 * that no snapshot shares? Goal: at most 32 B.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SetBenchmark extends OnBackend {
  private static final Integer[] VALUES = {1000, 2000};

  /** How many variables of each kind have a value; half of all that the context holds. */
  @Param({"1", "4", "16"})
  public int variablesOfEachKind;

  private ContextVar<Integer>[] objects;
  private LongContextVar[] longs;
  private int turn;

  /** Binds all variables. */
  @Setup
  @SuppressWarnings("unchecked")
  public void bind() {
    objects = (ContextVar<Integer>[]) new ContextVar<?>[variablesOfEachKind];
    longs = new LongContextVar[variablesOfEachKind];
    for (int i = 0; i < variablesOfEachKind; i++) {
      objects[i] = ContextVar.of("object " + i);
      longs[i] = LongContextVar.of("long " + i);
      objects[i].set(0);
      longs[i].set(0);
    }
  }

  /** {@link ContextVar#set}, one variable after the other. */
  @Benchmark
  public void contextVar() {
    int i = turn++;
    objects[i & (variablesOfEachKind - 1)].set(VALUES[i / variablesOfEachKind & 1]);
  }

  /** {@link LongContextVar#set}, one variable after the other. */
  @Benchmark
  public void longContextVar() {
    int i = turn++;
    longs[i & (variablesOfEachKind - 1)].set(i);
  }
}
