package io.contexture.internal.ffm.stress;

import io.contexture.internal.ffm.NativeHamt;
import io.contexture.internal.mirror.Hamt;
import java.util.SplittableRandom;

/**
 * A native map beside what it has to contain: the same map in the Java heap. Final fields only, so
 * that threads may hand it over by a data race.
 */
record CheckedMap(NativeHamt map, Hamt model) {
  static final CheckedMap EMPTY = new CheckedMap(NativeHamt.EMPTY, Hamt.EMPTY);

  private static final long ABSENT = 0x0BAD_0BAD_0BAD_0BADL;

  /** A map of up to {@code most} entries, put one after the other. */
  static CheckedMap random(SplittableRandom random, int most) {
    CheckedMap result = EMPTY;
    for (int i = random.nextInt(most) + 1; i > 0; i--) {
      result = result.put(random.nextLong(2L * most), random.nextLong());
    }
    return result;
  }

  CheckedMap put(long key, long value) {
    return new CheckedMap(map.put(key, value), model.put(key, value));
  }

  CheckedMap remove(long key) {
    return new CheckedMap(map.remove(key), model.remove(key));
  }

  CheckedMap putAll(CheckedMap over) {
    return new CheckedMap((NativeHamt) map.putAll(over.map), (Hamt) model.putAll(over.model));
  }

  /** Verifies what is found under {@code key}. */
  void check(long key) {
    long expected = model.find(key, ABSENT);
    long found = map.find(key, ABSENT);
    if (found != expected) {
      throw new AssertionError(
          "key %x: found %x instead of %x in a map of %d entries at %x"
              .formatted(key, found, expected, model.size(), map.address()));
    }
  }

  /** Verifies the size and every entry. */
  void checkAll() {
    if (map.size() != model.size() || !map.equals(model) || !model.equals(map)) {
      throw new AssertionError("expected\n" + model.dump() + "but there is\n" + map.dump());
    }
  }
}
