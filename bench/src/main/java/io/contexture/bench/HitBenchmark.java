package io.contexture.bench;

import com.alibaba.ttl.TransmittableThreadLocal;
import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import io.netty.util.concurrent.FastThreadLocal;
import io.opentelemetry.context.ContextKey;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * What does a look-up cost whose answer is cached, beside the JDK's own means and those of
 * libraries, on a platform thread and on a virtual one?
 *
 * <p>{@link #nothing} and {@link #field} tell how much of each figure is JMH's loop. Variables are
 * {@code static final}, but for those that are held in a field.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HitBenchmark extends OnBackend {
  static final Integer VALUE = 12345;
  static final ScopedValue<Integer> SCOPED_VALUE = ScopedValue.newInstance();

  private static final ContextVar<Integer> CONTEXT_VAR = ContextVar.of("object");
  private static final LongContextVar LONG_CONTEXT_VAR = LongContextVar.of("long");
  private static final ThreadLocal<Integer> THREAD_LOCAL = new ThreadLocal<>();
  private static final InheritableThreadLocal<Integer> INHERITABLE = new InheritableThreadLocal<>();
  private static final FastThreadLocal<Integer> FAST_THREAD_LOCAL = new FastThreadLocal<>();
  private static final TransmittableThreadLocal<Integer> TTL = new TransmittableThreadLocal<>();
  private static final io.grpc.Context.Key<Integer> GRPC = io.grpc.Context.key("object");
  private static final ContextKey<Integer> OTEL = ContextKey.named("object");

  /** What kind of thread looks up; see {@link BoundExecutor}. */
  @Param({"platform", "virtual"})
  public String thread;

  private Integer field;
  private ContextVar<Integer> contextVar;
  private LongContextVar longContextVar;
  private ThreadLocal<Integer> threadLocal;
  private ContextView reactor;

  /** Binds everything on the thread that measures. */
  @Setup
  public void bind() {
    if (Thread.currentThread().isVirtual() != thread.equals("virtual")) {
      throw new IllegalStateException("not a " + thread + " thread: run this through Main");
    }
    field = VALUE;
    contextVar = CONTEXT_VAR;
    longContextVar = LONG_CONTEXT_VAR;
    threadLocal = THREAD_LOCAL;
    CONTEXT_VAR.set(VALUE);
    LONG_CONTEXT_VAR.set(VALUE);
    THREAD_LOCAL.set(VALUE);
    INHERITABLE.set(VALUE);
    FAST_THREAD_LOCAL.set(VALUE);
    TTL.set(VALUE);
    io.grpc.Context.ROOT.withValue(GRPC, VALUE).attach();
    io.opentelemetry.context.Context.root().with(OTEL, VALUE).makeCurrent();
    reactor = Context.of("object", VALUE);
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

  /** {@link ThreadLocal#get} of one that is held in a field. */
  @Benchmark
  public Integer threadLocalInField() {
    return threadLocal.get();
  }

  /** {@link InheritableThreadLocal#get}. */
  @Benchmark
  public Integer inheritableThreadLocal() {
    return INHERITABLE.get();
  }

  /** {@link ScopedValue#get}; see {@link BoundExecutor}. */
  @Benchmark
  public Integer scopedValue() {
    return SCOPED_VALUE.get();
  }

  /** Netty, on a thread of its own class. */
  @Benchmark
  public Integer fastThreadLocal() {
    return FAST_THREAD_LOCAL.get();
  }

  /** TransmittableThreadLocal. */
  @Benchmark
  public Integer transmittableThreadLocal() {
    return TTL.get();
  }

  /** gRPC: the current context, and a look-up in it. */
  @Benchmark
  public Integer grpc() {
    return GRPC.get();
  }

  /** OpenTelemetry: the current context, and a look-up in it. */
  @Benchmark
  public Integer openTelemetry() {
    return io.opentelemetry.context.Context.current().get(OTEL);
  }

  /** Reactor: a look-up in a context that is at hand, as it is handed down there. */
  @Benchmark
  public Integer reactorAtHand() {
    return reactor.get("object");
  }

  /** {@link ContextVar#get}. */
  @Benchmark
  public Integer contextVar() {
    return CONTEXT_VAR.get();
  }

  /** {@link ContextVar#get} of one that is held in a field. */
  @Benchmark
  public Integer contextVarInField() {
    return contextVar.get();
  }

  /** {@link LongContextVar#get}. */
  @Benchmark
  public long longContextVar() {
    return LONG_CONTEXT_VAR.get();
  }

  /** {@link LongContextVar#get} of one that is held in a field. */
  @Benchmark
  public long longContextVarInField() {
    return longContextVar.get();
  }
}
