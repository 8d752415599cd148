package io.contexture.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * How does {@code LongHamt} compare with the persistent maps that there are for the JVM? Every
 * operation starts from the same map, as it does where versions fan out from a snapshot. Goals: a
 * {@code get} in 0.8 times (8 and 64 entries) and 0.6 times (1 Ki and 32 Ki) what the fastest peer
 * takes, a {@code put} in 0.8 times, bytes included, a merge in 0.8 times that of kotlinx.
 *
 * <p>Peers hold boxed keys and values; boxing them isn't part of what is measured. {@code eclipse},
 * {@code fastutil} and {@code agrona} are primitive hash tables that change in place: a reference
 * for look-ups, not peers.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MapBenchmark extends OnBackend {
  /** Which map. */
  @Param({
    "longHamt",
    "clojure",
    "scala",
    "vavr",
    "kotlinx",
    "paguro",
    "grpc",
    "eclipse",
    "fastutil",
    "agrona"
  })
  public String map;

  /** How many entries it has: a power of two. */
  @Param({"8", "64", "1024", "32768", "1048576"})
  public int size;

  private MapPeer peer;
  private int turn;

  /** Fills the map. */
  @Setup
  public void fill() {
    peer = MapPeer.of(map, size);
    peer.fill();
  }

  /** Looks a key up that is there. */
  @Benchmark
  public long getHit() {
    return peer.get(turn++);
  }

  /** Looks a key up that isn't there. */
  @Benchmark
  public long getMiss() {
    return peer.miss(turn++);
  }

  /** Adds an entry. */
  @Benchmark
  public Object putNew() {
    return peer.putNew(turn++);
  }

  /** Gives a key another value. */
  @Benchmark
  public Object putReplace() {
    return peer.putReplace(turn++);
  }

  /** Removes an entry. */
  @Benchmark
  public Object remove() {
    return peer.remove(turn++);
  }

  /** Visits all entries. */
  @Benchmark
  public long iterate() {
    return peer.iterate();
  }

  /** Makes the map from nothing, by the quickest means that the kind offers. */
  @Benchmark
  public Object build() {
    return peer.build();
  }

  /** The union with a map of the same size that has half of the keys too. */
  @Benchmark
  public Object merge() {
    return peer.merge();
  }
}
