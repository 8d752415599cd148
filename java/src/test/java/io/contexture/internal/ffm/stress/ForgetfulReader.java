package io.contexture.internal.ffm.stress;

import io.contexture.internal.ffm.FfmHooks;
import java.util.SplittableRandom;

/**
 * The control, broken on purpose: it keeps the addresses of maps and forgets the maps. The stress
 * is worth something only if it catches this one.
 */
final class ForgetfulReader implements Workload {
  private static final int PLACES = 64;
  private static final long KEY = 7;

  @Override
  public String name() {
    return "forgetful";
  }

  @Override
  public Worker newWorker(SplittableRandom random) {
    long[] addresses = new long[PLACES];
    long[] values = new long[PLACES];
    return () -> step(random, addresses, values);
  }

  private static int step(SplittableRandom random, long[] addresses, long[] values) {
    int place = random.nextInt(PLACES);
    if (addresses[place] == 0) {
      values[place] = random.nextLong(Long.MAX_VALUE);
      addresses[place] = CheckedMap.random(random, 60).put(KEY, values[place]).map().address();
    }
    for (int i = 0; i < PLACES; i++) {
      if (addresses[i] != 0 && FfmHooks.findAt(addresses[i], KEY, -1) != values[i]) {
        long word = FfmHooks.wordAt(addresses[i]);
        throw new StaleRead(
            (FfmHooks.isPoison(word) ? "poison" : "the word " + Long.toHexString(word))
                + " where a map was");
      }
    }
    return PLACES;
  }
}
