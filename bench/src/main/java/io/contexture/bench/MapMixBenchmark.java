package io.contexture.bench;

import io.contexture.hamt.LongHamt;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Does the persistent map stay flat as it grows? Ten look-ups and one replacement per operation,
 * the workload of the figure in PEP 550. Goal: at 1000 items at most twice the time at 10.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MapMixBenchmark extends OnBackend {
  /** How many entries the map has. */
  @Param({"5", "10", "30", "100", "300", "1000"})
  public int items;

  private final long[] keys = new long[Walk.LENGTH];
  private final Walk walk = new Walk();
  private LongHamt map;
  private long value;

  /** Fills the map with random keys. */
  @Setup
  public void fill() {
    SplittableRandom random = new SplittableRandom(550);
    long[] distinct = random.longs(items).toArray();
    map = LongHamt.empty();
    for (long key : distinct) {
      map = map.put(key, ++value);
    }
    int[] order = Walk.order(items);
    for (int i = 0; i < keys.length; i++) {
      keys[i] = distinct[order[i]];
    }
  }

  /** {@link LongHamt#get} ten times, {@link LongHamt#put} once. */
  @Benchmark
  public long tenGetsOnePut() {
    LongHamt now = map;
    long sum = 0;
    for (int i = 0; i < Walk.GETS; i++) {
      sum += now.get(keys[walk.next()], 0);
    }
    map = now.put(keys[walk.next()], ++value);
    return sum;
  }
}
