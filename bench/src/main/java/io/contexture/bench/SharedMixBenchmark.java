package io.contexture.bench;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;

/**
 * How do threads that read and write one map of 100 000 random keys get on? Each operation reads or
 * replaces the value of a random key. Goal at two threads, on the Java backend: 1.5 × the
 * throughput of Scala's TrieMap at each mix, 0.8 × that of ConcurrentHashMap at 95 % reads.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Threads(2)
public class SharedMixBenchmark extends OnBackend {
  private static final int KEYS = 100_000;
  private static final int LENGTH = 1 << 17;

  /** The map, one for all threads. */
  @State(Scope.Benchmark)
  public static class Shared {
    /** Which one. */
    @Param({"contexture", "TrieMap", "ConcurrentHashMap"})
    public String map;

    private SharedPeer peer;

    /** Fills it. */
    @Setup
    public void fill() {
      peer = SharedPeer.of(map, KEYS);
    }
  }

  /** How many of 100 operations read. */
  @Param({"100", "95", "50"})
  public int reads;

  /** Indices of keys; complemented for a write. */
  private final int[] script = new int[LENGTH];

  private int at;

  /** Throws the dice, for each thread others. */
  @Setup
  public void prepare() {
    SplittableRandom random = new SplittableRandom(Thread.currentThread().threadId());
    for (int i = 0; i < LENGTH; i++) {
      int index = random.nextInt(KEYS);
      script[i] = random.nextInt(100) < reads ? index : ~index;
    }
  }

  /** One read or write. */
  @Benchmark
  public long readOrWrite(Shared shared) {
    int index = script[at++ & (LENGTH - 1)];
    if (index >= 0) {
      return shared.peer.get(index);
    }
    shared.peer.put(~index, at);
    return 0;
  }
}
