package io.contexture.bench;

import com.alibaba.ttl.TransmittableThreadLocal;
import com.alibaba.ttl.TtlRunnable;
import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import io.opentelemetry.context.ContextKey;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import reactor.core.publisher.Mono;

/**
 * What does it cost to take one variable along with a task that reads it once, beside the libraries
 * that do the same: taking hold of the context, wrapping and running, or running what was wrapped
 * before?
 *
 * <p>The task is the same for all: it stores what it has read in a field. What was wrapped before
 * takes along the context that is current where it is run, which some libraries notice; or, where
 * the method's name ends in {@code Elsewhere}, another one, as a task has on the thread of a pool.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WrapBenchmark extends OnBackend {
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

  private Object seen;
  private Runnable readVariable;
  private Runnable readGrpc;
  private Runnable readOtel;
  private Runnable readTtl;
  private Runnable readThreadLocal;

  private Runnable wrapped;
  private Runnable wrappedByGrpc;
  private Runnable wrappedByOtel;
  private Runnable wrappedByTtl;
  private Runnable wrappedByMicrometer;
  private Runnable elsewhere;
  private Runnable elsewhereByGrpc;
  private Runnable elsewhereByOtel;
  private Mono<Object> deferred;

  /** Gives the variable a value in every library, and wraps a task in each. */
  @Setup(Level.Iteration)
  public void bind() {
    readVariable = () -> seen = VARIABLE.get();
    readGrpc = () -> seen = GRPC.get();
    readOtel = () -> seen = io.opentelemetry.context.Context.current().get(OTEL);
    readTtl = () -> seen = TTL.get();
    readThreadLocal = () -> seen = THREAD_LOCAL.get();
    VARIABLE.set("17");
    io.grpc.Context.ROOT.withValue(GRPC, "17").attach();
    io.opentelemetry.context.Context.root().with(OTEL, "17").makeCurrent();
    TTL.set("17");
    THREAD_LOCAL.set("17");
    wrapped = ExecutionContext.capture().wrap(readVariable);
    wrappedByGrpc = io.grpc.Context.current().wrap(readGrpc);
    wrappedByOtel = io.opentelemetry.context.Context.current().wrap(readOtel);
    wrappedByTtl = TtlRunnable.get(readTtl);
    wrappedByMicrometer = MICROMETER.captureAll().wrap(readThreadLocal);
    ExecutionContext.empty()
        .run(
            () -> {
              VARIABLE.set("18");
              elsewhere = ExecutionContext.capture().wrap(readVariable);
            });
    elsewhereByGrpc = io.grpc.Context.ROOT.withValue(GRPC, "18").wrap(readGrpc);
    elsewhereByOtel = io.opentelemetry.context.Context.root().with(OTEL, "18").wrap(readOtel);
    deferred = Mono.deferContextual(context -> Mono.just(context.get("request")));
  }

  /** Contexture: capture, wrap, run. */
  @Benchmark
  public Object contexture() {
    ExecutionContext.capture().wrap(readVariable).run();
    return seen;
  }

  /** gRPC: current, wrap, run. */
  @Benchmark
  public Object grpc() {
    io.grpc.Context.current().wrap(readGrpc).run();
    return seen;
  }

  /** OpenTelemetry: current, wrap, run. */
  @Benchmark
  public Object openTelemetry() {
    io.opentelemetry.context.Context.current().wrap(readOtel).run();
    return seen;
  }

  /** TransmittableThreadLocal: capture, then replay, run, restore. */
  @Benchmark
  public Object transmittableThreadLocal() {
    TtlRunnable.get(readTtl).run();
    return seen;
  }

  /** Micrometer: capture all, wrap, run. */
  @Benchmark
  public Object micrometer() {
    MICROMETER.captureAll().wrap(readThreadLocal).run();
    return seen;
  }

  /** Contexture: a run of what was wrapped before. */
  @Benchmark
  public Object contextureRun() {
    wrapped.run();
    return seen;
  }

  /** gRPC: a run of what was wrapped before. */
  @Benchmark
  public Object grpcRun() {
    wrappedByGrpc.run();
    return seen;
  }

  /** OpenTelemetry: a run of what was wrapped before. */
  @Benchmark
  public Object openTelemetryRun() {
    wrappedByOtel.run();
    return seen;
  }

  /** TransmittableThreadLocal: a run of what was wrapped before. */
  @Benchmark
  public Object transmittableThreadLocalRun() {
    wrappedByTtl.run();
    return seen;
  }

  /** Micrometer: a run of what was wrapped before. */
  @Benchmark
  public Object micrometerRun() {
    wrappedByMicrometer.run();
    return seen;
  }

  /** Contexture: a run of what was wrapped before, in another context. */
  @Benchmark
  public Object contextureElsewhere() {
    elsewhere.run();
    return seen;
  }

  /** gRPC: a run of what was wrapped before, in another context. */
  @Benchmark
  public Object grpcElsewhere() {
    elsewhereByGrpc.run();
    return seen;
  }

  /** OpenTelemetry: a run of what was wrapped before, in another context. */
  @Benchmark
  public Object openTelemetryElsewhere() {
    elsewhereByOtel.run();
    return seen;
  }

  /** Reactor: a source that reads the context which its subscriber writes. */
  @Benchmark
  public Object reactor() {
    return deferred.contextWrite(context -> context.put("request", "17")).block();
  }
}
