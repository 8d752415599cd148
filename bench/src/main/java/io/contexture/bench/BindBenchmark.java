package io.contexture.bench;

import com.alibaba.ttl.TransmittableThreadLocal;
import io.contexture.Binding;
import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import io.netty.util.concurrent.FastThreadLocal;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does it cost to give a variable another value for the time of a block that reads it once,
 * and to put the earlier one back?
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BindBenchmark extends OnBackend {
  private static final Integer OUTER = 1000;
  private static final Integer INNER = 2000;
  private static final ContextVar<Integer> CONTEXT_VAR = ContextVar.of("object");
  private static final LongContextVar LONG_CONTEXT_VAR = LongContextVar.of("long");
  private static final ThreadLocal<Integer> THREAD_LOCAL = new ThreadLocal<>();
  private static final FastThreadLocal<Integer> FAST_THREAD_LOCAL = new FastThreadLocal<>();
  private static final TransmittableThreadLocal<Integer> TTL = new TransmittableThreadLocal<>();
  private static final io.grpc.Context.Key<Integer> GRPC = io.grpc.Context.key("object");
  private static final ContextKey<Integer> OTEL = ContextKey.named("object");

  private Object seen;
  private Runnable readContextVar;
  private Runnable readScopedValue;
  private Runnable readGrpc;
  private Runnable readNothing;

  /** Gives all of them the outer value. */
  @Setup
  public void bind() {
    CONTEXT_VAR.set(OUTER);
    LONG_CONTEXT_VAR.set(OUTER);
    THREAD_LOCAL.set(OUTER);
    FAST_THREAD_LOCAL.set(OUTER);
    TTL.set(OUTER);
    io.grpc.Context.ROOT.withValue(GRPC, OUTER).attach();
    io.opentelemetry.context.Context.root().with(OTEL, OUTER).makeCurrent();
    readContextVar = () -> seen = CONTEXT_VAR.get();
    readScopedValue = () -> seen = HitBenchmark.SCOPED_VALUE.get();
    readGrpc = () -> seen = GRPC.get();
    readNothing = () -> seen = INNER;
  }

  /** The block alone. */
  @Benchmark
  public Object nothing() {
    readNothing.run();
    return seen;
  }

  /** {@link ThreadLocal}: get, set, run, set. */
  @Benchmark
  public Object threadLocal() {
    Integer before = THREAD_LOCAL.get();
    THREAD_LOCAL.set(INNER);
    try {
      return THREAD_LOCAL.get();
    } finally {
      THREAD_LOCAL.set(before);
    }
  }

  /** Netty, on a thread of its own class. */
  @Benchmark
  public Object fastThreadLocal() {
    Integer before = FAST_THREAD_LOCAL.get();
    FAST_THREAD_LOCAL.set(INNER);
    try {
      return FAST_THREAD_LOCAL.get();
    } finally {
      FAST_THREAD_LOCAL.set(before);
    }
  }

  /** TransmittableThreadLocal. */
  @Benchmark
  public Object transmittableThreadLocal() {
    Integer before = TTL.get();
    TTL.set(INNER);
    try {
      return TTL.get();
    } finally {
      TTL.set(before);
    }
  }

  /** {@link ScopedValue.Carrier#run}. */
  @Benchmark
  public Object scopedValue() {
    ScopedValue.where(HitBenchmark.SCOPED_VALUE, INNER).run(readScopedValue);
    return seen;
  }

  /** gRPC: a context with the value, and a run in it. */
  @Benchmark
  public Object grpc() {
    io.grpc.Context.current().withValue(GRPC, INNER).run(readGrpc);
    return seen;
  }

  /** OpenTelemetry: a context with the value, made current and closed. */
  @Benchmark
  public Object openTelemetry() {
    try (Scope scope = io.opentelemetry.context.Context.current().with(OTEL, INNER).makeCurrent()) {
      return io.opentelemetry.context.Context.current().get(OTEL);
    }
  }

  /** {@link ContextVar#bind}. */
  @Benchmark
  public Object contextVar() {
    try (Binding binding = CONTEXT_VAR.bind(INNER)) {
      return CONTEXT_VAR.get();
    }
  }

  /** {@link ContextVar#runWith}. */
  @Benchmark
  public Object contextVarRunWith() {
    CONTEXT_VAR.runWith(INNER, readContextVar);
    return seen;
  }

  /** {@link LongContextVar#bind}. */
  @Benchmark
  public long longContextVar() {
    try (Binding binding = LONG_CONTEXT_VAR.bind(2000)) {
      return LONG_CONTEXT_VAR.get();
    }
  }
}
