package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.LogicalContext;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does it cost to enter and leave a logical context that was made before, for a body that
 * reads one variable, beside entering a context of the peers that was made before? The value is
 * below ours where it is empty, and in it where it isn't.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EnterBenchmark extends OnBackend {
  private static final ContextVar<String> VARIABLE = ContextVar.of("request");
  private static final io.grpc.Context.Key<String> GRPC = io.grpc.Context.key("request");
  private static final ContextKey<String> OTEL = ContextKey.named("request");

  private final LogicalContext empty = new LogicalContext();
  private final LogicalContext filled = new LogicalContext();
  private Object seen;
  private Runnable read;
  private Runnable readGrpc;
  private Runnable readScopedValue;
  private Runnable readNothing;
  private ScopedValue.Carrier carrier;
  private io.grpc.Context grpc;
  private io.opentelemetry.context.Context otel;

  /** Makes the contexts. */
  @Setup
  public void bind() {
    VARIABLE.set("17");
    filled.run(() -> VARIABLE.set("18"));
    read = () -> seen = VARIABLE.get();
    readGrpc = () -> seen = GRPC.get();
    readScopedValue = () -> seen = HitBenchmark.SCOPED_VALUE.get();
    readNothing = () -> seen = "17";
    carrier = ScopedValue.where(HitBenchmark.SCOPED_VALUE, HitBenchmark.VALUE);
    grpc = io.grpc.Context.ROOT.withValue(GRPC, "17");
    otel = io.opentelemetry.context.Context.root().with(OTEL, "17");
  }

  /** The body alone, which reads nothing. */
  @Benchmark
  public Object nothing() {
    readNothing.run();
    return seen;
  }

  /** gRPC. */
  @Benchmark
  public Object grpc() {
    grpc.run(readGrpc);
    return seen;
  }

  /** OpenTelemetry. */
  @Benchmark
  public Object openTelemetry() {
    try (Scope scope = otel.makeCurrent()) {
      return io.opentelemetry.context.Context.current().get(OTEL);
    }
  }

  /** {@link ScopedValue}, with a carrier at hand. */
  @Benchmark
  public Object scopedValue() {
    carrier.run(readScopedValue);
    return seen;
  }

  /** Contexture, an empty logical context. */
  @Benchmark
  public Object contextureEmpty() {
    empty.run(read);
    return seen;
  }

  /** Contexture, a logical context with a value. */
  @Benchmark
  public Object contextureFilled() {
    filled.run(read);
    return seen;
  }
}
