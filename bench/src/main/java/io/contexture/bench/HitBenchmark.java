package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does a look-up cost whose answer is cached, beside the JDK's own means? Goal: at most twice
 * {@code ThreadLocal.get}, without allocation.
 *
 * <p>{@link #nothing} and {@link #field} tell how much of each figure is JMH's loop.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HitBenchmark extends OnBackend {
  static final Integer VALUE = 12345;
  static final ScopedValue<Integer> SCOPED_VALUE = ScopedValue.newInstance();

  private static final ContextVar<Integer> CONTEXT_VAR = ContextVar.of("object");
  private static final LongContextVar LONG_CONTEXT_VAR = LongContextVar.of("long");
  private static final ThreadLocal<Integer> THREAD_LOCAL = new ThreadLocal<>();

  private Integer field;

  /** Binds everything on the thread that measures. */
  @Setup
  public void bind() {
    field = VALUE;
    CONTEXT_VAR.set(VALUE);
    LONG_CONTEXT_VAR.set(VALUE);
    THREAD_LOCAL.set(VALUE);
  }

  /** The empty loop. */
  @Benchmark
  public void nothing() {}

  /** A field of an object at hand. */
  @Benchmark
  public Integer field() {
    return field;
  }

  /** {@link ThreadLocal#get}. */
  @Benchmark
  public Integer threadLocal() {
    return THREAD_LOCAL.get();
  }

  /** {@link ScopedValue#get}; see {@link BoundExecutor}. */
  @Benchmark
  public Integer scopedValue() {
    return SCOPED_VALUE.get();
  }

  /** {@link ContextVar#get}. */
  @Benchmark
  public Integer contextVar() {
    return CONTEXT_VAR.get();
  }

  /** {@link LongContextVar#get}. */
  @Benchmark
  public long longContextVar() {
    return LONG_CONTEXT_VAR.get();
  }
}
