package io.contexture.stress;

import io.contexture.hamt.ConcurrentLongHamt;
import io.contexture.internal.mirror.BrokenSharedHamt;

/** One map for all stress tests of a process, and two keys of it for each of their states. */
final class StressKeys {
  static final ConcurrentLongHamt MAP = ConcurrentLongHamt.create();
  static final BrokenSharedHamt BROKEN = new BrokenSharedHamt();

  /** More states than are under way at once. */
  private static final int STATES = 1 << 12;

  private static int last;

  private StressKeys() {}

  /** The first of two keys, both with the value 0 or, if {@code present} is false, not there. */
  static synchronized long fresh(boolean present) {
    long key = 2L * (last++ & STATES - 1);
    for (long k = key; k <= key + 1; k++) {
      BROKEN.put(k, 0);
      if (present) {
        MAP.put(k, 0);
      } else {
        MAP.remove(k);
      }
    }
    return key;
  }
}
