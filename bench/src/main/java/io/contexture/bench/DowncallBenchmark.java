package io.contexture.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/**
 * What does a call into C cost that does nothing there: an ordinary one and a critical one? They
 * call the C library's {@code labs}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DowncallBenchmark extends OnBackend {
  private static final MethodHandle ORDINARY;
  private static final MethodHandle CRITICAL;

  static {
    Linker linker = Linker.nativeLinker();
    MemorySegment labs = linker.defaultLookup().findOrThrow("labs");
    FunctionDescriptor type = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
    ORDINARY = linker.downcallHandle(labs, type);
    CRITICAL = linker.downcallHandle(labs, type, Linker.Option.critical(false));
  }

  private long argument = -12345;

  /** No call. */
  @Benchmark
  public long nothing() {
    return Math.abs(argument);
  }

  /** A critical downcall. */
  @Benchmark
  public long critical() throws Throwable {
    return (long) CRITICAL.invokeExact(argument);
  }

  /** An ordinary downcall. */
  @Benchmark
  public long ordinary() throws Throwable {
    return (long) ORDINARY.invokeExact(argument);
  }
}
