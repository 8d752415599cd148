package io.contexture.internal.mirror;

/**
 * The arithmetic of the trie: the mix that spreads keys, and sets of 32 slots kept in an {@code
 * int}. Twin of {@code native/src/bits.h}.
 */
final class Bits {
  /** Bits of the hash that choose a slot on one level. */
  static final int SLOT_BITS = 5;

  /** The last level of nodes: 12 levels of 5 bits before it, 4 bits on it. */
  static final int LAST_LEVEL = 12;

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

  /** What places {@code key} in the trie: the mix, or in its place the hook for tests. */
  static long hash(long key, boolean raw) {
    return raw ? key >>> 4 : mix(key);
  }

  /**
   * The slot that a hash, shifted right by the levels above, has on this level, as a set of one.
   */
  static int slotSet(long shiftedHash) {
    return 1 << (int) shiftedHash; // the shift uses the lowest 5 bits of its distance
  }

  /** How many members of {@code set} are below the single member of {@code slot}. */
  static int rank(int set, int slot) {
    return Integer.bitCount(set & (slot - 1));
  }
}
