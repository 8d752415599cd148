package io.contexture.internal.mirror;

import io.contexture.internal.AbstractLongHamt;

/**
 * An iteration over a trie in the order of its dump, which is that of its leaves. Twin of {@code
 * cx_hamt_cursor}.
 */
final class HamtCursor implements AbstractLongHamt.Cursor {
  private static final long[] NO_LEAF = {0};

  private final boolean raw;

  /** The directories from the root down to the current one. */
  private final Object[][] path = new Object[HamtNode.LEVELS][];

  /** For each directory of the path, the next child to visit. */
  private final int[] next = new int[HamtNode.LEVELS];

  private int depth;
  private long[] leaf = NO_LEAF;

  /** The next entry of the leaf. */
  private int at;

  HamtCursor(Object[] root, boolean raw) {
    this.raw = raw;
    enter(root);
  }

  private void enter(Object[] directory) {
    path[depth] = directory;
    next[depth++] = 0;
  }

  /** Goes on to the next leaf; false at the end. */
  private boolean advance() {
    while (depth > 0) {
      int top = depth - 1;
      if (next[top] == HamtNode.CHILDREN) {
        path[--depth] = null;
        continue;
      }
      Object child = path[top][next[top]++];
      if (child instanceof long[] found) {
        leaf = found;
        at = 0;
        return true;
      }
      enter((Object[]) child);
    }
    leaf = NO_LEAF;
    at = 0;
    return false;
  }

  @Override
  public int next(long[] keys, long[] values) {
    int n = 0;
    while (n < keys.length) {
      int count = HamtNode.count(leaf);
      if (at == count) {
        if (!advance()) {
          return n;
        }
        continue;
      }
      for (; at < count && n < keys.length; at++, n++) {
        keys[n] = Bits.unspread(HamtNode.spreadAt(leaf, at), raw);
        values[n] = HamtNode.valueAt(leaf, at);
      }
    }
    return n;
  }
}
