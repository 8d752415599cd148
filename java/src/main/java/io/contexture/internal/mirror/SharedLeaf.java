package io.contexture.internal.mirror;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The leaves of the shared map: arrays of keys, in no order, followed by their values.
 *
 * <pre>
 *   key 0 ... key n-1   value 0 ... value n-1
 * </pre>
 *
 * <p>A leaf is never written to once others can see it. It has {@link #CAPACITY} entries at most,
 * but for the lowest level, where no more than 16 hashes are left to differ; it may have none.
 */
final class SharedLeaf {
  /** Entries up to which a leaf isn't split: at least the 16 of the lowest level. */
  static final int CAPACITY = 16;

  static final long[] EMPTY = {};

  private SharedLeaf() {}

  /** Number of entries in a leaf, or in {@code null}. */
  static int size(@Nullable Object leaf) {
    return leaf == null ? 0 : ((long[]) leaf).length >>> 1;
  }

  /** The index of {@code key}, or -1. */
  static int indexOf(long[] leaf, long key) {
    int n = leaf.length >>> 1;
    for (int i = 0; i < n; i++) {
      if (leaf[i] == key) {
        return i;
      }
    }
    return -1;
  }

  static long value(long[] leaf, int index) {
    return leaf[(leaf.length >>> 1) + index];
  }

  /** A copy with another value. */
  static long[] replaced(long[] leaf, int index, long value) {
    long[] copy = leaf.clone();
    copy[(leaf.length >>> 1) + index] = value;
    return copy;
  }

  /** A copy without the entry. */
  static long[] without(long[] leaf, int index) {
    int n = leaf.length >>> 1;
    long[] copy = Arrays.copyOf(leaf, 2 * (n - 1));
    System.arraycopy(leaf, n, copy, n - 1, n - 1);
    if (index < n - 1) { // the last entry takes the place of the removed one
      copy[index] = leaf[n - 1];
      copy[n - 1 + index] = leaf[2 * n - 1];
    }
    return copy;
  }

  /** A copy with one entry more, or a table of them where they are too many for a leaf. */
  static Object with(long[] leaf, long key, long value, int level, long gen) {
    int n = leaf.length >>> 1;
    long[] more = new long[2 * (n + 1)];
    System.arraycopy(leaf, 0, more, 0, n);
    System.arraycopy(leaf, n, more, n + 1, n);
    more[n] = key;
    more[2 * n + 1] = value;
    return n < CAPACITY ? more : split(more, level, gen);
  }

  /** A leaf of level {@code level}, as a table of leaves one level down. */
  private static SharedTable split(long[] leaf, int level, long gen) {
    int n = leaf.length >>> 1;
    int[] sizes = new int[SharedTable.WIDTH];
    int[] slots = new int[n];
    for (int i = 0; i < n; i++) {
      slots[i] = SharedTable.slot(Bits.mix(leaf[i]) >>> (level * SharedTable.SLOT_BITS));
      sizes[slots[i]]++;
    }
    SharedTable table = new SharedTable(gen);
    for (int slot = 0; slot < sizes.length; slot++) {
      int size = sizes[slot];
      if (size > 0) {
        long[] part = new long[2 * size];
        for (int i = 0, to = 0; to < size; i++) {
          if (slots[i] == slot) {
            part[to] = leaf[i];
            part[size + to++] = leaf[n + i];
          }
        }
        table.init(slot, size > CAPACITY ? split(part, level + 1, gen) : part);
      }
    }
    return table;
  }
}
