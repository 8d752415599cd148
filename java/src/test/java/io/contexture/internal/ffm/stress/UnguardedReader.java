package io.contexture.internal.ffm.stress;

import io.contexture.internal.ffm.FfmHooks;
import io.contexture.internal.ffm.NativeHamt;
import java.util.SplittableRandom;

/**
 * A control, broken on purpose: {@link DyingMaps} without the use of what was read. Each map is a
 * parameter of the method that reads it, and compiled code forgets it after its last use, which is
 * before the reads.
 */
final class UnguardedReader implements Workload {
  @Override
  public String name() {
    return "unguarded";
  }

  @Override
  public Worker newWorker(SplittableRandom random) {
    return () -> {
      long key = random.nextLong();
      return readThroughCollection(CheckedMap.random(random, 60).put(key, 42).map(), key);
    };
  }

  private static int readThroughCollection(NativeHamt map, long key) {
    int ops = 0;
    long addr = map.address();
    DyingMaps.Collection collection = new DyingMaps.Collection();
    while (collection.isAwaited()) {
      for (int i = 0; i < 10_000; i++) {
        long found = FfmHooks.findAt(addr, key, -1);
        if (found != 42) {
          throw new StaleRead("that there is no such key");
        }
      }
      ops += 10_000;
    }
    return ops;
  }
}
