package io.contexture.bench;

import com.sun.management.ThreadMXBean;
import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import io.contexture.LogicalContext;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What does a snapshot cost, on stacks of different depth and with different numbers of variables?
 * Goal: at most 32 B for the snapshot itself, whatever the depth and the number.
 *
 * <p>Each invocation enters the stack once and captures many times, so that entering counts for
 * nothing. The topmost logical context always has values, and so has each below it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(CaptureBenchmark.OPERATIONS)
public class CaptureBenchmark extends OnBackend {
  static final int OPERATIONS = 100_000;

  private static final Integer[] VALUES = {1000, 2000};
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** How many logical contexts are on the stack. */
  @Param({"1", "10", "100"})
  public int depth;

  /** How many variables have a value; one of them has one in each logical context. */
  @Param({"1", "100", "1000"})
  public int variables;

  private LogicalContext[] stack;
  private ContextVar<Integer> variable;
  private ContextVar<?>[] all;

  /** Bytes that captures have allocated, and the number of those captures. */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Allocation {
    /** Bytes on the Java heap. */
    public long captureBytes;

    /** Captures. */
    public long captures;
  }

  /** Spreads the variables over the stack; all contexts have the variable that is set later. */
  @Setup
  public void bind() {
    stack = new LogicalContext[depth];
    variable = ContextVar.of("set again and again");
    all = new ContextVar<?>[variables];
    for (int i = 0; i < depth; i++) {
      stack[i] = new LogicalContext();
      stack[i].run(() -> variable.set(0));
    }
    for (int i = 1; i < variables; i++) {
      ContextVar<Integer> other = ContextVar.of("other " + i);
      all[i] = other;
      stack[depth * i / variables].run(() -> other.set(0));
    }
  }

  /** {@link ExecutionContext#capture} where nothing has changed since the last. */
  @Benchmark
  public void unchanged(Blackhole blackhole) {
    enter(
        0,
        () -> {
          for (int i = 0; i < OPERATIONS; i++) {
            blackhole.consume(ExecutionContext.capture());
          }
        });
  }

  /** A set, which has to copy what the last snapshot shares, and a capture. */
  @Benchmark
  public void setAndCapture(Blackhole blackhole) {
    enter(
        0,
        () -> {
          for (int i = 0; i < OPERATIONS; i++) {
            variable.set(VALUES[i & 1]);
            blackhole.consume(ExecutionContext.capture());
          }
        });
  }

  /** The same; counts what the capture alone allocates. Its time is of no interest. */
  @Benchmark
  public void captureAlone(Allocation allocation, Blackhole blackhole) {
    enter(
        0,
        () -> {
          long bytes = 0;
          for (int i = 0; i < OPERATIONS; i++) {
            variable.set(VALUES[i & 1]);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            blackhole.consume(ExecutionContext.capture());
            bytes += THREADS.getCurrentThreadAllocatedBytes() - before;
          }
          allocation.captureBytes += bytes;
          allocation.captures += OPERATIONS;
        });
  }

  private void enter(int from, Runnable body) {
    if (from == depth) {
      body.run();
    } else {
      stack[from].run(() -> enter(from + 1, body));
    }
  }
}
