package io.contexture.bench;

import com.alibaba.ttl.TransmittableThreadLocal;
import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does it cost to give a variable another value, in a topmost logical context of few variables
 * that no snapshot shares?
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
  private ThreadLocal<Integer>[] threadLocals;
  private FastThreadLocal<Integer>[] fastThreadLocals;
  private TransmittableThreadLocal<Integer>[] transmittables;
  private int turn;

  /** Binds all variables. */
  @Setup
  @SuppressWarnings("unchecked")
  public void bind() {
    objects = (ContextVar<Integer>[]) new ContextVar<?>[variablesOfEachKind];
    longs = new LongContextVar[variablesOfEachKind];
    threadLocals = (ThreadLocal<Integer>[]) new ThreadLocal<?>[variablesOfEachKind];
    fastThreadLocals = (FastThreadLocal<Integer>[]) new FastThreadLocal<?>[variablesOfEachKind];
    transmittables =
        (TransmittableThreadLocal<Integer>[]) new TransmittableThreadLocal<?>[variablesOfEachKind];
    for (int i = 0; i < variablesOfEachKind; i++) {
      objects[i] = ContextVar.of("object " + i);
      longs[i] = LongContextVar.of("long " + i);
      objects[i].set(0);
      longs[i].set(0);
      threadLocals[i] = new ThreadLocal<>();
      threadLocals[i].set(0);
      fastThreadLocals[i] = new FastThreadLocal<>();
      fastThreadLocals[i].set(0);
      transmittables[i] = new TransmittableThreadLocal<>();
      transmittables[i].set(0);
    }
  }

  private int index(int i) {
    return i & (variablesOfEachKind - 1);
  }

  private Integer value(int i) {
    return VALUES[i / variablesOfEachKind & 1];
  }

  /** {@link ThreadLocal#set}, one after the other. */
  @Benchmark
  public void threadLocal() {
    int i = turn++;
    threadLocals[index(i)].set(value(i));
  }

  /** Netty, on a thread of its own class. */
  @Benchmark
  public void fastThreadLocal() {
    int i = turn++;
    fastThreadLocals[index(i)].set(value(i));
  }

  /** TransmittableThreadLocal. */
  @Benchmark
  public void transmittableThreadLocal() {
    int i = turn++;
    transmittables[index(i)].set(value(i));
  }

  /** {@link ContextVar#set}, one variable after the other. */
  @Benchmark
  public void contextVar() {
    int i = turn++;
    objects[index(i)].set(value(i));
  }

  /** {@link LongContextVar#set}, one variable after the other. */
  @Benchmark
  public void longContextVar() {
    int i = turn++;
    longs[index(i)].set(i);
  }
}
