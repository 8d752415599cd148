package io.contexture.quickstart;

import io.contexture.ContextVar;
import io.contexture.Contexture;
import io.contexture.LongContextVar;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.IntToLongFunction;

/**
 * Measures how long it takes to read a value that belongs to the current context or thread, on the
 * backend that this process runs, and prints a line for each kind: its name, a tab, nanoseconds.
 *
 * <p>Run in a process of its own. A loop like this gives an idea; {@code bench/} measures.
 */
final class GetLatency {
  private static final int READS_PER_ROUND = 100_000;
  private static final int ROUNDS = 150;

  /** Long enough for the compilers, where other programs want the processors, too. */
  private static final long WARM_UP_NANOS = 500_000_000;

  private static final Integer VALUE = 12345;
  private static final ContextVar<Integer> CONTEXT_VAR = ContextVar.of("object");
  private static final LongContextVar LONG_CONTEXT_VAR = LongContextVar.of("long");
  private static final ThreadLocal<Integer> THREAD_LOCAL = new ThreadLocal<>();
  private static final ScopedValue<Integer> SCOPED_VALUE = ScopedValue.newInstance();

  private GetLatency() {}

  /**
   * Measures and prints.
   *
   * @param args the backend that is expected to run here
   */
  public static void main(String[] args) {
    if (!Contexture.backend().name().equals(args[0])) {
      throw new IllegalStateException(Contexture.status());
    }
    CONTEXT_VAR.set(VALUE);
    LONG_CONTEXT_VAR.set(VALUE);
    THREAD_LOCAL.set(VALUE);
    print("ContextVar", GetLatency::readContextVar);
    print("LongContextVar", GetLatency::readLongContextVar);
    print("ThreadLocal", GetLatency::readThreadLocal);
    ScopedValue.where(SCOPED_VALUE, VALUE)
        .run(() -> print("ScopedValue", GetLatency::readScopedValue));
  }

  // Each loop is a method of its own, so that it is compiled on its own. The fence costs nothing on
  // x86-64 and little elsewhere; it keeps the compiler from reading once for the whole loop.

  private static long readContextVar(int reads) {
    long sum = 0;
    for (int i = 0; i < reads; i++) {
      sum += CONTEXT_VAR.get();
      VarHandle.acquireFence();
    }
    return sum;
  }

  private static long readLongContextVar(int reads) {
    long sum = 0;
    for (int i = 0; i < reads; i++) {
      sum += LONG_CONTEXT_VAR.get();
      VarHandle.acquireFence();
    }
    return sum;
  }

  private static long readThreadLocal(int reads) {
    long sum = 0;
    for (int i = 0; i < reads; i++) {
      sum += THREAD_LOCAL.get();
      VarHandle.acquireFence();
    }
    return sum;
  }

  private static long readScopedValue(int reads) {
    long sum = 0;
    for (int i = 0; i < reads; i++) {
      sum += SCOPED_VALUE.get();
      VarHandle.acquireFence();
    }
    return sum;
  }

  /** Prints the median of the rounds, after as many that warm up. */
  private static void print(String name, IntToLongFunction reads) {
    long start = System.nanoTime();
    for (int round = 0; round < ROUNDS || System.nanoTime() - start < WARM_UP_NANOS; round++) {
      measure(name, reads);
    }
    double[] nanos = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      nanos[round] = measure(name, reads);
    }
    Arrays.sort(nanos);
    System.out.printf("%s\t%.2f%n", name, nanos[ROUNDS / 2]);
  }

  private static double measure(String name, IntToLongFunction reads) {
    long start = System.nanoTime();
    long sum = reads.applyAsLong(READS_PER_ROUND);
    double nanos = (double) (System.nanoTime() - start) / READS_PER_ROUND;
    if (sum != (long) VALUE * READS_PER_ROUND) {
      throw new AssertionError(name + " gave a wrong value");
    }
    return nanos;
  }
}
