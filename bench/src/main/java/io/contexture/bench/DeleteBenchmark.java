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
import org.openjdk.jmh.annotations.Setup;

/**
 * What does it cost to bind a variable that had no value, and to delete it again, beside another
 * one that keeps its value?
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DeleteBenchmark extends OnBackend {
  private static final Integer VALUE = 12345;
  private static final ContextVar<Integer> CONTEXT_VAR = ContextVar.of("object");
  private static final ContextVar<Integer> OTHER = ContextVar.of("other");
  private static final LongContextVar LONG_CONTEXT_VAR = LongContextVar.of("long");
  private static final ThreadLocal<Integer> THREAD_LOCAL = new ThreadLocal<>();
  private static final FastThreadLocal<Integer> FAST_THREAD_LOCAL = new FastThreadLocal<>();
  private static final TransmittableThreadLocal<Integer> TTL = new TransmittableThreadLocal<>();

  /** Binds the other one. */
  @Setup
  public void bind() {
    OTHER.set(0);
  }

  /** {@link ThreadLocal#set} and {@link ThreadLocal#remove}. */
  @Benchmark
  public void threadLocal() {
    THREAD_LOCAL.set(VALUE);
    THREAD_LOCAL.remove();
  }

  /** Netty, on a thread of its own class. */
  @Benchmark
  public void fastThreadLocal() {
    FAST_THREAD_LOCAL.set(VALUE);
    FAST_THREAD_LOCAL.remove();
  }

  /** TransmittableThreadLocal. */
  @Benchmark
  public void transmittableThreadLocal() {
    TTL.set(VALUE);
    TTL.remove();
  }

  /** {@link ContextVar#set} and {@link ContextVar#delete}. */
  @Benchmark
  public void contextVar() {
    CONTEXT_VAR.set(VALUE);
    CONTEXT_VAR.delete();
  }

  /** {@link LongContextVar#set} and {@link LongContextVar#delete}. */
  @Benchmark
  public void longContextVar() {
    LONG_CONTEXT_VAR.set(12345);
    LONG_CONTEXT_VAR.delete();
  }
}
