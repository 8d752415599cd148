package io.contexture.internal.mirror;

import io.contexture.internal.AbstractLongHamt;
import org.jspecify.annotations.Nullable;

/**
 * An iteration over frozen nodes in the order in which a {@link HamtNode} trie of the same entries
 * has them: slots ascending, depth first. That order is the hashes' alone: they ascend by their
 * lowest 5 bits, among equal ones by the next 5, and so on. Tables are in it; leaves are sorted
 * when the iteration comes to them.
 */
final class SharedCursor implements AbstractLongHamt.Cursor {
  /** 12 levels of tables and the leaf below. */
  private static final int DEPTH = Bits.LAST_LEVEL + 1;

  /** The tables from the root down to the current one, and for each its next slot. */
  private final SharedTable[] path = new SharedTable[DEPTH];

  private final int[] slots = new int[DEPTH];
  private int depth;

  /** The current leaf's entries in order, of which the first {@link #done} have been copied. */
  private long[] leaf = SharedLeaf.EMPTY;

  private int done;

  SharedCursor(Object node) {
    enter(node);
  }

  private void enter(@Nullable Object content) {
    if (content instanceof SharedTable table) {
      path[depth] = table;
      slots[depth++] = 0;
    } else if (content != null) {
      leaf = sorted((long[]) content);
      done = 0;
    }
  }

  @Override
  public int next(long[] keys, long[] values) {
    int n = 0;
    while (true) {
      int size = leaf.length >>> 1;
      while (done < size && n < keys.length) {
        keys[n] = leaf[done];
        values[n++] = leaf[size + done++];
      }
      if (n == keys.length || depth == 0) {
        return n;
      }
      int top = depth - 1;
      if (slots[top] == SharedTable.WIDTH) {
        path[top] = null;
        depth = top;
      } else {
        enter(path[top].frozen(slots[top]++));
      }
    }
  }

  private static long[] sorted(long[] leaf) {
    int n = leaf.length >>> 1;
    long[] copy = leaf.clone();
    long[] hashes = new long[n];
    for (int i = 0; i < n; i++) {
      long hash = Bits.mix(leaf[i]);
      int at = i;
      for (; at > 0 && isBefore(hash, hashes[at - 1]); at--) {
        hashes[at] = hashes[at - 1];
        copy[at] = copy[at - 1];
        copy[n + at] = copy[n + at - 1];
      }
      hashes[at] = hash;
      copy[at] = leaf[i];
      copy[n + at] = leaf[n + i];
    }
    return copy;
  }

  /** Whether {@code a} has the lower one of the first slots in which the hashes differ. */
  private static boolean isBefore(long a, long b) {
    int shift = Long.numberOfTrailingZeros(a ^ b) / Bits.SLOT_BITS * Bits.SLOT_BITS;
    return SharedTable.slot(a >>> shift) < SharedTable.slot(b >>> shift);
  }
}
