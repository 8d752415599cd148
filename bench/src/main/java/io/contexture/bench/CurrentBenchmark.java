package io.contexture.bench;

import com.alibaba.ttl.TransmittableThreadLocal;
import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import io.opentelemetry.context.ContextKey;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does it cost to take hold of the present context of one variable, in order to run something
 * in it later? {@link CaptureBenchmark} asks how that grows.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CurrentBenchmark extends OnBackend {
  private static final ContextVar<String> VARIABLE = ContextVar.of("request");
  private static final io.grpc.Context.Key<String> GRPC = io.grpc.Context.key("request");
  private static final ContextKey<String> OTEL = ContextKey.named("request");
  private static final TransmittableThreadLocal<String> TTL = new TransmittableThreadLocal<>();
  private static final ThreadLocal<String> THREAD_LOCAL = new ThreadLocal<>();
  private static final ContextSnapshotFactory MICROMETER =
      ContextSnapshotFactory.builder()
          .contextRegistry(
              new ContextRegistry().registerThreadLocalAccessor("request", THREAD_LOCAL))
          .build();

  /** Gives the variable a value in every library. */
  @Setup
  public void bind() {
    VARIABLE.set("17");
    io.grpc.Context.ROOT.withValue(GRPC, "17").attach();
    io.opentelemetry.context.Context.root().with(OTEL, "17").makeCurrent();
    TTL.set("17");
    THREAD_LOCAL.set("17");
  }

  /** gRPC. */
  @Benchmark
  public Object grpc() {
    return io.grpc.Context.current();
  }

  /** OpenTelemetry. */
  @Benchmark
  public Object openTelemetry() {
    return io.opentelemetry.context.Context.current();
  }

  /** TransmittableThreadLocal. */
  @Benchmark
  public Object transmittableThreadLocal() {
    return TransmittableThreadLocal.Transmitter.capture();
  }

  /** Micrometer. */
  @Benchmark
  public Object micrometer() {
    return MICROMETER.captureAll();
  }

  /** Contexture, nothing having changed since the last time. */
  @Benchmark
  public Object contexture() {
    return ExecutionContext.capture();
  }
}
