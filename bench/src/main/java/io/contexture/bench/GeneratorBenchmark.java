package io.contexture.bench;

import io.contexture.ContextVar;
import io.contexture.Generator;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to ask a generator for the next value, and what the first look-ups of its body
 * after that, where nothing has changed since its last resumption?
 *
 * <p>A look-up is far cheaper than a resumption, so the body looks {@link #VARIABLES} variables up,
 * each once: a share of the difference between {@link #resumeAndLookUp} and {@link #resume} is a
 * first look-up. {@link #lookUp} is that many look-ups that hit, without a resumption.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GeneratorBenchmark extends OnBackend {
  private static final int VARIABLES = 512;

  private final SynchronousQueue<Integer> queue = new SynchronousQueue<>();
  private ContextVar<Integer>[] variables;
  private Generator<Integer> plain;
  private Generator<Integer> transparent;
  private Generator<Integer> looking;
  private Generator<Integer> setting;
  private Thread handing;

  /** Starts everything. */
  @Setup
  @SuppressWarnings("unchecked")
  public void start() {
    variables = (ContextVar<Integer>[]) new ContextVar<?>[VARIABLES];
    for (int i = 0; i < VARIABLES; i++) {
      variables[i] = ContextVar.of("object " + i);
      variables[i].set(i);
    }
    plain = Generator.of(GeneratorBenchmark::yieldForEver);
    transparent = Generator.transparent(GeneratorBenchmark::yieldForEver);
    looking =
        Generator.of(
            out -> {
              while (true) {
                out.yield(sum());
              }
            });
    setting =
        Generator.of(
            out -> {
              for (int i = 0; ; i++) {
                variables[0].set(i & 1);
                out.yield(variables[0].get());
              }
            });
    handing = Thread.ofVirtual().unstarted(this::handOver);
    handing.start();
  }

  private static void yieldForEver(Generator.Yielder<Integer> out) {
    while (true) {
      out.yield(0);
    }
  }

  private void handOver() {
    try {
      while (true) {
        queue.put(0);
      }
    } catch (InterruptedException end) {
      // as stop wants it
    }
  }

  private int sum() {
    int sum = 0;
    for (ContextVar<Integer> variable : variables) {
      sum += variable.get();
    }
    return sum;
  }

  /** Ends everything. */
  @TearDown
  public void stop() throws InterruptedException {
    plain.close();
    transparent.close();
    looking.close();
    setting.close();
    handing.interrupt();
    handing.join();
  }

  /** A value that a virtual thread puts into a {@link SynchronousQueue}, for comparison. */
  @Benchmark
  public Integer synchronousQueue() throws InterruptedException {
    return queue.take();
  }

  /** A generator whose body does nothing. */
  @Benchmark
  public Integer resume() {
    return plain.next();
  }

  /** A transparent one. */
  @Benchmark
  public Integer resumeTransparent() {
    return transparent.next();
  }

  /** A generator whose body sets a variable and reads it. */
  @Benchmark
  public Integer resumeAndSet() {
    return setting.next();
  }

  /** A generator whose body looks its resumer's variables up. */
  @Benchmark
  public Integer resumeAndLookUp() {
    return looking.next();
  }

  /** The same look-ups. */
  @Benchmark
  public int lookUp() {
    return sum();
  }
}
