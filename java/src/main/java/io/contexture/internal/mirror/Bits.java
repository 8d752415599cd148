package io.contexture.internal.mirror;

/**
 * The arithmetic of the trie: the mix that spreads keys, the order of the trie, and tags, by which
 * one of up to 8 words is found with a handful of instructions. Twin of {@code native/src/bits.h}.
 */
final class Bits {
  /** Bits of the hash that choose a slot on one level of the canonical shape. */
  static final int SLOT_BITS = 5;

  /** The last level of nodes of that shape: 12 levels of 5 bits before it, 4 bits on it. */
  static final int LAST_LEVEL = 12;

  /** What {@link #place} looks at: four groups of 5 bits. */
  static final int PLACE_BITS = 20;

  private static final long EACH_BYTE = 0x0101010101010101L;
  private static final long LOW_BITS = 0x7f7f7f7f7f7f7f7fL;

  private Bits() {}

  /**
   * Spreads a key over the trie: Stafford's "Mix13" finalizer, a bijection. Frozen: to change it is
   * to change every dump and every test vector.
   */
  static long mix(long key) {
    long z = (key ^ (key >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** The key of which this is the {@link #mix}. */
  static long unmix(long mixed) {
    long z = (mixed ^ (mixed >>> 31) ^ (mixed >>> 62)) * 0x319642b2d24d8ec3L;
    z = (z ^ (z >>> 27) ^ (z >>> 54)) * 0x96de1b173f119089L;
    return z ^ (z >>> 30) ^ (z >>> 60);
  }

  /**
   * What a trie holds in place of a key, and finds it by: its mix or, with the hook for tests, its
   * bits with the lowest four moved to the top. A bijection either way.
   */
  static long spread(long key, boolean raw) {
    return raw ? Long.rotateRight(key, 4) : mix(key);
  }

  /** The key of which this is the {@link #spread}. */
  static long unspread(long spread, boolean raw) {
    return raw ? Long.rotateLeft(spread, 4) : unmix(spread);
  }

  /** The hash of a key, which is that of the canonical shape: the test hook drops four bits. */
  static long hash(long spread, boolean raw) {
    return raw ? spread & (-1L >>> 4) : spread;
  }

  // ------------------------------------------------------------------------------------ order

  /**
   * The lowest {@value #PLACE_BITS} bits with their four groups of 5 turned round, so that the
   * lowest group, which the canonical shape looks at first, weighs most: where numbers ascend, the
   * trie is in the order of its dump.
   */
  static int place(long bits) {
    int pairs = ((int) (bits & 0x07c1f) << 5) | (int) ((bits >>> 5) & 0x07c1f);
    return ((pairs & 0x3ff) << 10) | (pairs >>> 10);
  }

  /** All of a spread in that order: to be compared unsigned. */
  static long wholePlace(long spread) {
    return ((long) place(spread) << 44)
        | ((long) place(spread >>> 20) << 24)
        | ((long) place(spread >>> 40) << 4)
        | (spread >>> 60);
  }

  /** 1 if {@code one} comes before {@code other}, else 0: likewise, without turning them round. */
  static int before(long one, long other) {
    int group = SLOT_BITS * (Long.numberOfTrailingZeros(one ^ other) / SLOT_BITS);
    return (int) (((one >>> group) & 31) - ((other >>> group) & 31)) >>> 31;
  }

  // ------------------------------------------------------------------------------------- tags

  /** The tag of a spread: 7 bits of it and one that is always set. Never 0. */
  static long tag(long spread) {
    return (spread >>> 57) | 0x80;
  }

  /** The tag of a key that isn't spread: likewise of its product with an odd number. */
  static long tagOfKey(long key) {
    return tag(key * 0x9e3779b97f4a7c15L);
  }

  /** Eight times {@code tag}, for {@link #matches}. */
  static long eightTimes(long tag) {
    return tag * EACH_BYTE;
  }

  /**
   * The highest bit of each byte of {@code tags} that equals its counterpart in {@code wanted}. The
   * bytes of {@code tags} are tags, or 0 where there are no more.
   */
  static long matches(long tags, long wanted) {
    long differing = tags ^ wanted;
    // No carry leaves a byte that holds a tag: both have their highest bit set, so they differ in
    // the lower 7 at most. Of the zeros above, the highest bit differs.
    return ~((differing + LOW_BITS) | differing | LOW_BITS);
  }
}
