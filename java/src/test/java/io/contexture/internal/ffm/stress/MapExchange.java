package io.contexture.internal.ffm.stress;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * All workers share an array of maps without any synchronization: each reads what others wrote,
 * derives from it and publishes the result by a data race.
 */
final class MapExchange implements Workload {
  private static final int PLACES = 32;
  private static final int RANGE = 500;

  private final CheckedMap[] places = new CheckedMap[PLACES];

  MapExchange() {
    dropShared();
  }

  @Override
  public String name() {
    return "exchange";
  }

  @Override
  public Worker newWorker(SplittableRandom random) {
    return () -> step(random);
  }

  @Override
  public void dropShared() {
    Arrays.fill(places, CheckedMap.EMPTY);
  }

  private int step(SplittableRandom random) {
    final int ops = 64;
    for (int i = 0; i < ops; i++) {
      CheckedMap map = places[random.nextInt(PLACES)];
      long key = random.nextLong(RANGE);
      map.check(key);
      switch (random.nextInt(8)) {
        case 0 -> map = map.remove(key).remove(key + 1).remove(key + 2);
        case 1 -> map = map.putAll(places[random.nextInt(PLACES)]);
        case 2 -> map = CheckedMap.random(random, 50);
        default -> map = map.put(key, random.nextLong());
      }
      places[random.nextInt(PLACES)] = map;
    }
    if (random.nextInt(64) == 0) {
      places[random.nextInt(PLACES)].checkAll();
    }
    return 3 * ops;
  }
}
