package io.contexture.bench;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * What does a snapshot of a shared map cost, together with what it makes the next write cost? Goal
 * on the Java backend: at 1024 entries and more, a quarter of the time of Scala's TrieMap.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SharedSnapshotBenchmark extends OnBackend {
  private static final int LENGTH = 1 << 17;

  /** Which map. */
  @Param({"contexture", "TrieMap"})
  public String map;

  /** How many entries it has. */
  @Param({"8", "64", "1024", "32768", "1048576"})
  public int items;

  private SharedPeer peer;
  private final int[] order = new int[LENGTH];
  private int at;

  /** Fills it with random keys. */
  @Setup
  public void fill() {
    peer = SharedPeer.of(map, items);
    SplittableRandom random = new SplittableRandom(2017);
    for (int i = 0; i < LENGTH; i++) {
      order[i] = random.nextInt(items);
    }
  }

  /** A snapshot, then a write of a random key. */
  @Benchmark
  public Object snapshotAndPut() {
    Object snapshot = peer.snapshot();
    peer.put(order[at & (LENGTH - 1)], at++);
    return snapshot;
  }
}
