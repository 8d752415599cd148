package io.contexture.internal.ffm.stress;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Each worker changes maps of its own, keeps some old versions and drops others. */
final class MapChurn implements Workload {
  private static final int VERSIONS = 12;
  private static final int[] RANGES = {6, 40, 300, 3_000};

  @Override
  public String name() {
    return "churn";
  }

  @Override
  public Worker newWorker(SplittableRandom random) {
    CheckedMap[] versions = new CheckedMap[VERSIONS];
    Arrays.fill(versions, CheckedMap.EMPTY);
    int range = RANGES[random.nextInt(RANGES.length)];
    return () -> step(random, versions, range);
  }

  private static int step(SplittableRandom random, CheckedMap[] versions, int range) {
    final int ops = 64;
    CheckedMap map = versions[random.nextInt(VERSIONS)];
    for (int i = 0; i < ops; i++) {
      long key = random.nextLong(range);
      map = random.nextInt(5) < 3 ? map.put(key, random.nextLong()) : map.remove(key);
      map.check(key);
      map.check(random.nextLong(range));
    }
    if (random.nextInt(4) == 0) {
      map = map.putAll(versions[random.nextInt(VERSIONS)]);
    }
    versions[random.nextInt(VERSIONS)] = map;
    versions[random.nextInt(VERSIONS)].check(random.nextLong(range));
    switch (random.nextInt(64)) {
      case 0 -> versions[random.nextInt(VERSIONS)].checkAll();
      case 1 -> versions[random.nextInt(VERSIONS)] = CheckedMap.EMPTY;
      case 2 -> Arrays.fill(versions, CheckedMap.EMPTY);
      default -> {}
    }
    return 3 * ops;
  }
}
