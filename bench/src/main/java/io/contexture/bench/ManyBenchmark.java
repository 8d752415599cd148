package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Do look-ups that hit stay cheap where a thread uses several variables? One after the other, so
 * that a cache which is too small for them never has the next one.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ManyBenchmark extends OnBackend {
  /** As many as are ever bound; {@link BoundExecutor} binds the first {@link #variables}. */
  static final List<ScopedValue<Integer>> SCOPED_VALUES =
      Stream.generate(ScopedValue::<Integer>newInstance).limit(100).toList();

  /** How many variables are read in turns. */
  @Param({"1", "8", "20", "100"})
  public int variables;

  private ContextVar<Integer>[] contextVars;
  private LongContextVar[] longContextVars;
  private ThreadLocal<Integer>[] threadLocals;
  private FastThreadLocal<Integer>[] fastThreadLocals;
  private ScopedValue<Integer>[] scopedValues;
  private int at;

  /** Binds everything on the thread that measures. */
  @Setup
  @SuppressWarnings("unchecked")
  public void bind() {
    contextVars = (ContextVar<Integer>[]) new ContextVar<?>[variables];
    longContextVars = new LongContextVar[variables];
    threadLocals = (ThreadLocal<Integer>[]) new ThreadLocal<?>[variables];
    fastThreadLocals = (FastThreadLocal<Integer>[]) new FastThreadLocal<?>[variables];
    scopedValues =
        SCOPED_VALUES
            .subList(0, variables)
            .toArray(n -> (ScopedValue<Integer>[]) new ScopedValue<?>[n]);
    for (int i = 0; i < variables; i++) {
      contextVars[i] = ContextVar.of("object " + i);
      contextVars[i].set(i);
      longContextVars[i] = LongContextVar.of("long " + i);
      longContextVars[i].set(i);
      threadLocals[i] = new ThreadLocal<>();
      threadLocals[i].set(i);
      fastThreadLocals[i] = new FastThreadLocal<>();
      fastThreadLocals[i].set(i);
    }
  }

  private int next() {
    int i = at;
    at = i + 1 == variables ? 0 : i + 1;
    return i;
  }

  /** {@link ThreadLocal#get}. */
  @Benchmark
  public Integer threadLocal() {
    return threadLocals[next()].get();
  }

  /** Netty, on a thread of its own class. */
  @Benchmark
  public Integer fastThreadLocal() {
    return fastThreadLocals[next()].get();
  }

  /** {@link ScopedValue#get}. */
  @Benchmark
  public Integer scopedValue() {
    return scopedValues[next()].get();
  }

  /** {@link ContextVar#get}. */
  @Benchmark
  public Integer contextVar() {
    return contextVars[next()].get();
  }

  /** {@link LongContextVar#get}. */
  @Benchmark
  public long longContextVar() {
    return longContextVars[next()].get();
  }
}
