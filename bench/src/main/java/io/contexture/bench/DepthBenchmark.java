package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;

/**
 * Does a look-up that hits cost the same whatever the number of logical contexts on the stack, and
 * the value being in the lowest?
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DepthBenchmark extends OnBackend {
  private static final ContextVar<Integer> CONTEXT_VAR = ContextVar.of("object");
  private static final LongContextVar LONG_CONTEXT_VAR = LongContextVar.of("long");
  private static final ContextVar<Integer> OTHER = ContextVar.of("other");

  /** How many logical contexts are on the stack; {@link BoundExecutor} has entered them. */
  @Param({"1", "10", "100", "1000"})
  public int depth;

  /**
   * Binds what belongs into the logical context that has just been entered.
   *
   * @param toGo how many are to be on the stack from this one on
   */
  static void bind(int toGo) {
    if (!CONTEXT_VAR.isBound()) {
      CONTEXT_VAR.set(HitBenchmark.VALUE);
      LONG_CONTEXT_VAR.set(HitBenchmark.VALUE);
    }
    OTHER.set(toGo);
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
