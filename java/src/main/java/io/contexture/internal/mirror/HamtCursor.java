package io.contexture.internal.mirror;

import io.contexture.internal.AbstractLongHamt;

/**
 * An iteration over a map in the order of its dump: slots ascending, depth first. Twin of {@code
 * cx_hamt_cursor}.
 */
final class HamtCursor implements AbstractLongHamt.Cursor {
  /** 13 levels of nodes and the collisions below. */
  private static final int DEPTH = Bits.LAST_LEVEL + 2;

  /** The nodes from the root down to the current one; empty for an exhausted or an empty map. */
  private final HamtNode[] path;

  /** For each node of the path, what is still to do: slots, or the index of the next entry. */
  private final int[] todo;

  private int depth;

  HamtCursor(HamtNode root) {
    path = new HamtNode[DEPTH];
    todo = new int[DEPTH];
    enter(root);
  }

  private void enter(HamtNode node) {
    path[depth] = node;
    todo[depth++] = node.nodes == 0 ? 0 : node.data | node.nodes;
  }

  @Override
  public int next(long[] keys, long[] values) {
    int n = 0;
    while (depth > 0 && n < keys.length) {
      int top = depth - 1;
      HamtNode node = path[top];
      long[] entries = node.entries;
      if (node.nodes == 0) {
        // A leaf or a collision: entries only.
        int i = todo[top];
        while (i < entries.length && n < keys.length) {
          keys[n] = entries[i];
          values[n++] = entries[i + 1];
          i += 2;
        }
        todo[top] = i;
        if (i == entries.length) {
          leave();
        }
        continue;
      }
      int slots = todo[top];
      if (slots == 0) {
        leave();
        continue;
      }
      int slot = Integer.lowestOneBit(slots);
      todo[top] = slots ^ slot;
      if ((node.data & slot) != 0) {
        int i = Bits.rank(node.data, slot) << 1;
        keys[n] = entries[i];
        values[n++] = entries[i + 1];
      } else {
        enter(node.children[Bits.rank(node.nodes, slot)]);
      }
    }
    return n;
  }

  private void leave() {
    path[--depth] = null;
  }
}
