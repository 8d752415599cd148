package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import io.contexture.LogicalContext;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does a look-up cost whose answer isn't cached, each logical context having 8 variables?
 *
 * <p>A logical context that is entered over another stack than before makes every look-up in it
 * miss. So one is entered in turns over two snapshots, and 8 variables are looked up once each:
 * {@link #enterAndLookUp}. {@link #enter} is the same without the look-ups; an eighth of the
 * difference is a miss.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MissBenchmark extends OnBackend {
  private static final int VARIABLES = 8;

  /** In which logical context the values are, the topmost being 1 and the lowest 2 or this. */
  @Param({"1", "2", "10"})
  public int depth;

  private final LogicalContext logicalContext = new LogicalContext();
  private final ExecutionContext[] bases = new ExecutionContext[2];
  private ContextVar<Integer>[] variables;
  private Runnable enterAndLookUp;
  private Runnable enter;
  private int turn;
  private int sum;

  /** Fills the contexts. */
  @Setup
  public void fill() {
    variables = variables("looked up");
    ContextVar<Integer>[] others = variables("other");
    for (int i = 0; i < bases.length; i++) {
      int value = i;
      ExecutionContext base = ExecutionContext.empty();
      base = over(base, depth == 1 ? others : variables, value);
      for (int level = 2; level < depth; level++) {
        base = over(base, others, value);
      }
      bases[i] = base;
    }
    logicalContext.run(() -> set(depth == 1 ? variables : others, 0));
    Runnable lookUp =
        () -> {
          for (ContextVar<Integer> variable : variables) {
            sum += variable.get();
          }
        };
    Runnable nothing = () -> sum++;
    enterAndLookUp = () -> logicalContext.run(lookUp);
    enter = () -> logicalContext.run(nothing);
  }

  @SuppressWarnings("unchecked")
  private static ContextVar<Integer>[] variables(String name) {
    ContextVar<Integer>[] made = (ContextVar<Integer>[]) new ContextVar<?>[VARIABLES];
    for (int i = 0; i < VARIABLES; i++) {
      made[i] = ContextVar.of(name + " " + i);
    }
    return made;
  }

  /** A snapshot with another logical context on top. */
  private static ExecutionContext over(
      ExecutionContext base, ContextVar<Integer>[] variables, int value) {
    return base.call(
        () -> {
          set(variables, value);
          return ExecutionContext.capture();
        });
  }

  private static void set(ContextVar<Integer>[] variables, int value) {
    for (ContextVar<Integer> variable : variables) {
      variable.set(value);
    }
  }

  /** Enters, looks the 8 variables up, leaves. */
  @Benchmark
  public int enterAndLookUp() {
    bases[++turn & 1].run(enterAndLookUp);
    return sum;
  }

  /** Enters and leaves. */
  @Benchmark
  public int enter() {
    bases[++turn & 1].run(enter);
    return sum;
  }
}
