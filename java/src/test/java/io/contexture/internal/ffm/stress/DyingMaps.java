package io.contexture.internal.ffm.stress;

import io.contexture.Await;
import io.contexture.Effort;
import io.contexture.internal.ffm.FfmHooks;
import io.contexture.internal.ffm.NativeHamt;
import io.contexture.internal.ffm.NativeMemory;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Reads maps to which nothing else refers, so that each read is the last use of its map: the
 * compiler is free to forget the map as early as it dares, and the collector runs meanwhile.
 */
final class DyingMaps implements Workload {
  private static final int LARGE = 3_000;
  private static final int HUGE = Effort.of(60_000);

  /** Two halves whose union takes C a while to walk. */
  private NativeHamt low = NativeHamt.EMPTY;

  private NativeHamt high = NativeHamt.EMPTY;
  private long unionBytes;
  private final AtomicBoolean uniting = new AtomicBoolean();

  /** A period long enough for slabs that died at its start to be found dead and freed. */
  static final class Collection {
    private static final int SLABS = 20;
    private static final long LIMIT_NANOS = 200_000_000 * Await.PATIENCE;

    private final long freed;
    private final long start = System.nanoTime();

    /** Starts the period. The pool doesn't keep alive the slab that the last map was made in. */
    Collection() {
      FfmHooks.clearPool();
      freed = NativeMemory.slabsFreed();
    }

    /** Whether it lasts still. */
    boolean isAwaited() {
      return NativeMemory.slabsFreed() - freed < SLABS && System.nanoTime() - start < LIMIT_NANOS;
    }
  }

  @Override
  public String name() {
    return "dying";
  }

  @Override
  public Worker newWorker(SplittableRandom random) {
    if (low.isEmpty()) {
      low = build(0, HUGE);
      high = build(HUGE, HUGE);
      NativeHamt union = union();
      unionBytes = union.bytesUsed();
      expect(union.size(), 2 * HUGE);
    }
    return () -> {
      long salt = random.nextLong(1L << 40);
      return random.nextInt(16) == 0 ? readLarge(salt, random.nextInt(7)) : readSmall(salt);
    };
  }

  @Override
  public void dropShared() {
    low = NativeHamt.EMPTY;
    high = NativeHamt.EMPTY;
  }

  private static int readSmall(long salt) {
    expect(build(salt, 48).find(salt + 1, -1), 1);
    expect(build(salt, 8).containsKey(salt + 7) ? 1 : 0, 1);
    expect(
        build(salt, 3).put(salt + 9, 9).remove(salt).putAll(build(salt, 40)).get(salt + 9, -1), 9);
    expect(sum(build(salt, 8)), sumBelow(8));
    expect(sum(build(salt, 150)), sumBelow(150));
    expect(build(salt, 20).equals(build(salt, 20)) ? 1 : 0, 1);
    expect(build(salt, 20).hashCode(), build(salt, 20).hashCode());
    return 14;
  }

  /** Work that lasts long enough for a collection to come to its end meanwhile. */
  private int readLarge(long salt, int kind) {
    switch (kind) {
      case 0 -> expect(readThroughCollection(build(salt, 48), salt, 48), 0);
      case 1 -> expect(readThroughCollection(build(salt, 8), salt, 8), 0);
      case 2 -> expect(build(salt, LARGE).dump().hashCode(), build(salt, LARGE).dump().hashCode());
      case 3 -> expect(build(salt, LARGE).putAll(build(salt + LARGE, LARGE)).size(), 2 * LARGE);
      case 4, 5 -> uniteOften();
      default -> expect(sumThroughCollection(build(salt, LARGE)), sumBelow(LARGE));
    }
    return 1_000;
  }

  /** One worker at a time, because unions are large. */
  private void uniteOften() {
    if (uniting.compareAndSet(false, true)) {
      for (int i = 0; i < 10; i++) {
        expect(union().bytesUsed(), unionBytes);
      }
      uniting.set(false);
    }
  }

  private NativeHamt union() {
    return (NativeHamt) low.putAll(high);
  }

  /** Key salt + i under i. */
  private static NativeHamt build(long salt, int size) {
    NativeHamt map = NativeHamt.EMPTY;
    for (int i = 0; i < size; i++) {
      map = map.put(salt + i, i);
    }
    return map;
  }

  private static long sumBelow(long n) {
    return (n - 1) * n / 2;
  }

  private static long sum(NativeHamt map) {
    long[] sum = new long[1];
    map.forEach((key, value) -> sum[0] += value);
    return sum[0];
  }

  /** How many reads were wrong. The address may be taken out of the loop. */
  private static int readThroughCollection(NativeHamt map, long salt, int size) {
    int wrong = 0;
    Collection collection = new Collection();
    while (collection.isAwaited()) {
      for (int i = 0; i < 100 * size; i++) {
        wrong += map.find(salt + i % size, -1) == i % size ? 0 : 1;
      }
    }
    return wrong;
  }

  /** Pauses between two blocks of one iteration. */
  private static long sumThroughCollection(NativeHamt map) {
    long[] sum = new long[2];
    map.forEach(
        (key, value) -> {
          sum[0] += value;
          if (++sum[1] == LARGE / 2) {
            Collection collection = new Collection();
            while (collection.isAwaited()) {
              Thread.yield();
            }
          }
        });
    return sum[0];
  }

  private static void expect(long found, long expected) {
    if (found != expected) {
      throw new AssertionError("found " + Long.toHexString(found) + " instead of " + expected);
    }
  }
}
