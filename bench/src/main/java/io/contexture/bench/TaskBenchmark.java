package io.contexture.bench;

import com.alibaba.ttl.TransmittableThreadLocal;
import com.alibaba.ttl.threadpool.TtlExecutors;
import io.contexture.ContextExecutors;
import io.contexture.ContextFuture;
import io.contexture.ContextVar;
import io.opentelemetry.context.ContextKey;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does a context add to a task of an executor, and to a stage of a {@code CompletableFuture},
 * beside a bare one of each and what the peers add?
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TaskBenchmark extends OnBackend {
  static final int TASKS = 1000;
  static final int STAGES = 10;

  private static final ContextVar<String> VARIABLE = ContextVar.of("request");
  private static final ContextKey<String> OTEL = ContextKey.named("request");
  private static final TransmittableThreadLocal<String> TTL = new TransmittableThreadLocal<>();

  private ExecutorService bare;
  private ExecutorService propagating;
  private ExecutorService openTelemetry;
  private ExecutorService transmittable;
  private ExecutorService bareVirtual;
  private ExecutorService propagatingVirtual;

  /** Starts the executors. */
  @Setup
  public void start() {
    bare = Executors.newFixedThreadPool(1);
    propagating = ContextExecutors.propagating(bare);
    openTelemetry = io.opentelemetry.context.Context.taskWrapping(bare);
    transmittable = TtlExecutors.getTtlExecutorService(bare);
    bareVirtual = Executors.newVirtualThreadPerTaskExecutor();
    propagatingVirtual = ContextExecutors.propagating(bareVirtual);
  }

  /** Gives the variable a value. */
  @Setup(Level.Iteration)
  public void bind() {
    VARIABLE.set("17");
    io.opentelemetry.context.Context.root().with(OTEL, "17").makeCurrent();
    TTL.set("17");
  }

  /** Ends the executors. */
  @TearDown
  public void stop() {
    bare.close();
    bareVirtual.close();
  }

  /** A task through one pool thread. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public Object taskBare() throws ExecutionException, InterruptedException {
    return submit(bare);
  }

  /** The same in the context of the submitter. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public Object taskPropagating() throws ExecutionException, InterruptedException {
    return submit(propagating);
  }

  /** The same in OpenTelemetry's. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public Object taskOpenTelemetry() throws ExecutionException, InterruptedException {
    return submit(openTelemetry);
  }

  /** The same with TransmittableThreadLocal. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public Object taskTransmittableThreadLocal() throws ExecutionException, InterruptedException {
    return submit(transmittable);
  }

  /** A task on a virtual thread of its own. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public Object virtualBare() throws ExecutionException, InterruptedException {
    return submit(bareVirtual);
  }

  /** The same in the context of the submitter. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public Object virtualPropagating() throws ExecutionException, InterruptedException {
    return submit(propagatingVirtual);
  }

  private static Object submit(ExecutorService executor)
      throws ExecutionException, InterruptedException {
    Future<?>[] futures = new Future<?>[TASKS];
    for (int i = 0; i < TASKS; i++) {
      int number = i;
      futures[i] = executor.submit(() -> number + 1);
    }
    Object last = null;
    for (Future<?> future : futures) {
      last = future.get();
    }
    return last;
  }

  /** A stage of a plain future, attached and then run. */
  @Benchmark
  @OperationsPerInvocation(STAGES)
  public Object stageBare() {
    return chain(new CompletableFuture<>());
  }

  /** The same in the context in which it was attached. */
  @Benchmark
  @OperationsPerInvocation(STAGES)
  public Object stagePropagating() {
    return chain(new ContextFuture<>());
  }

  private static Object chain(CompletableFuture<Integer> first) {
    CompletableFuture<Integer> last = first;
    for (int i = 0; i < STAGES; i++) {
      last = last.thenApply(value -> value + 1);
    }
    first.complete(0);
    return last.join();
  }
}
