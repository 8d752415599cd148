package io.contexture.hamt;

/** Keys with chosen hashes, through the inverse of the frozen mix. */
public final class Keys {
  private static final long INVERSE_1 = inverse(0xbf58476d1ce4e5b9L);
  private static final long INVERSE_2 = inverse(0x94d049bb133111ebL);

  private Keys() {}

  /** The one key whose mix is {@code hash}. */
  public static long withHash(long hash) {
    long z = undoShift(hash, 31) * INVERSE_2;
    z = undoShift(z, 27) * INVERSE_1;
    return undoShift(z, 30);
  }

  /** The x for which {@code x ^ (x >>> distance)} is {@code y}. */
  private static long undoShift(long y, int distance) {
    long x = y;
    for (int known = distance; known < Long.SIZE; known += distance) {
      x = y ^ (x >>> distance);
    }
    return x;
  }

  /**
   * The x for which {@code x * odd} is 1, by Newton's method: every step doubles the right bits.
   */
  private static long inverse(long odd) {
    long x = odd; // right in 3 bits
    for (int bits = 3; bits < Long.SIZE; bits *= 2) {
      x *= 2 - odd * x;
    }
    return x;
  }
}
