package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/** What does a look-up cost where nothing is bound, so that a default is the answer? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class UnboundBenchmark extends OnBackend {
  private static final ContextVar<Integer> WITH_DEFAULT = ContextVar.withDefault("object", 12345);
  private static final LongContextVar LONG_WITH_DEFAULT = LongContextVar.withDefault("long", 12345);
  private static final ContextVar<Integer> WITHOUT = ContextVar.of("object");
  private static final ContextVar<Integer> OTHER = ContextVar.of("other");
  private static final ThreadLocal<Integer> THREAD_LOCAL = new ThreadLocal<>();
  private static final ScopedValue<Integer> SCOPED_VALUE = ScopedValue.newInstance();
  private static final io.grpc.Context.Key<Integer> GRPC =
      io.grpc.Context.keyWithDefault("object", 12345);

  private Integer other = 54321;

  /** Puts something else into the context. */
  @Setup
  public void bind() {
    OTHER.set(0);
  }

  /**
   * {@link ThreadLocal#get}, which answers {@code null}, from the entry that the first one made.
   */
  @Benchmark
  public Integer threadLocal() {
    return THREAD_LOCAL.get();
  }

  /** {@link ScopedValue#orElse}. */
  @Benchmark
  public Integer scopedValueOrElse() {
    return SCOPED_VALUE.orElse(other);
  }

  /** gRPC, with the key's default. */
  @Benchmark
  public Integer grpc() {
    return GRPC.get();
  }

  /** {@link ContextVar#get} of a variable with a default. */
  @Benchmark
  public Integer contextVar() {
    return WITH_DEFAULT.get();
  }

  /** {@link LongContextVar#get} of a variable with a default. */
  @Benchmark
  public long longContextVar() {
    return LONG_WITH_DEFAULT.get();
  }

  /** {@link ContextVar#getOrElse} of a variable without one. */
  @Benchmark
  public Integer contextVarOrElse() {
    return WITHOUT.getOrElse(other);
  }
}
