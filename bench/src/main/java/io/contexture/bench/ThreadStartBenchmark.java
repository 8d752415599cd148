package io.contexture.bench;

import com.alibaba.ttl.TransmittableThreadLocal;
import com.alibaba.ttl.TtlRunnable;
import io.contexture.ContextExecutors;
import io.contexture.ContextVar;
import io.opentelemetry.context.ContextKey;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What does it cost to start a thread that has the variables of the thread which starts it, reads
 * one and ends?
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ThreadStartBenchmark extends OnBackend {
  /** What kind of thread is started. */
  @Param({"virtual", "platform"})
  public String started;

  /** How many variables have a value. */
  @Param({"1", "100"})
  public int variables;

  private ThreadFactory factory;
  private ThreadFactory withoutInheritance;
  private ThreadFactory propagating;
  private InheritableThreadLocal<Integer> inheritable;
  private TransmittableThreadLocal<Integer> transmittable;
  private ContextVar<Integer> contextVar;
  private ContextKey<Integer> key;
  private volatile Object seen;

  /** Binds the variables; those that threads inherit only for who is asked about them. */
  @Setup
  public void bind(BenchmarkParams benchmark) {
    boolean transmits = benchmark.getBenchmark().endsWith(".transmittableThreadLocal");
    boolean virtual = started.equals("virtual");
    factory = builder(virtual).factory();
    withoutInheritance = builder(virtual).inheritInheritableThreadLocals(false).factory();
    propagating = ContextExecutors.threadFactory(withoutInheritance);
    io.opentelemetry.context.Context context = io.opentelemetry.context.Context.root();
    for (int i = 0; i < variables; i++) {
      inheritable = new InheritableThreadLocal<>();
      transmittable = new TransmittableThreadLocal<>();
      (transmits ? transmittable : inheritable).set(i);
      contextVar = ContextVar.of("object " + i);
      contextVar.set(i);
      key = ContextKey.named("object " + i);
      context = context.with(key, i);
    }
    context.makeCurrent();
  }

  private static Thread.Builder builder(boolean virtual) {
    return virtual ? Thread.ofVirtual() : Thread.ofPlatform();
  }

  private Object run(ThreadFactory how, Runnable task) throws InterruptedException {
    Thread thread = how.newThread(task);
    thread.start();
    thread.join();
    return seen;
  }

  /** A thread that inherits nothing and reads nothing. */
  @Benchmark
  public Object bare() throws InterruptedException {
    return run(withoutInheritance, () -> seen = "17");
  }

  /** {@link InheritableThreadLocal}. */
  @Benchmark
  public Object inheritableThreadLocal() throws InterruptedException {
    return run(factory, () -> seen = inheritable.get());
  }

  /** OpenTelemetry, by wrapping the task. */
  @Benchmark
  public Object openTelemetry() throws InterruptedException {
    Runnable task = () -> seen = io.opentelemetry.context.Context.current().get(key);
    return run(withoutInheritance, io.opentelemetry.context.Context.current().wrap(task));
  }

  /** TransmittableThreadLocal, by wrapping the task. */
  @Benchmark
  public Object transmittableThreadLocal() throws InterruptedException {
    Runnable task = () -> seen = transmittable.get();
    return run(withoutInheritance, TtlRunnable.get(task));
  }

  /** {@link ContextExecutors#threadFactory}. */
  @Benchmark
  public Object contexture() throws InterruptedException {
    return run(propagating, () -> seen = contextVar.get());
  }
}
