package io.contexture.internal.mirror;

import static io.contexture.internal.mirror.Bits.LAST_LEVEL;
import static io.contexture.internal.mirror.Bits.SLOT_BITS;
import static io.contexture.internal.mirror.Bits.hash;
import static io.contexture.internal.mirror.Bits.rank;
import static io.contexture.internal.mirror.Bits.slotSet;

import io.contexture.hamt.LongBinaryConsumer;
import java.util.Arrays;

/**
 * One immutable node of a trie, and the algorithms on the subtree below it.
 *
 * <pre>
 *   data      set of the slots that hold one entry         nodes     set of those that hold a child
 *   entries   [ key, value, key, value, ... ]              children  [ child, child, ... ]
 *             one pair per member of data, ascending                 one per member of nodes, ascending
 * </pre>
 *
 * <p>A node in which both sets are empty is a <i>collision</i>: it lies below the last level and
 * holds entries whose whole hashes are equal, sorted by unsigned key.
 *
 * <p>Methods that descend take the hash shifted right by the levels above ({@code rest}), so that
 * its lowest 5 bits choose the slot. They recurse once per level: 14 deep at most.
 *
 * <p>Every subtree below a root holds two entries or more. Only {@link #remove} returns a
 * <i>lone</i> node, of size 1, for its caller to pull the entry up; the slot it has it in means
 * nothing.
 *
 * <p>All fields are final, and nothing writes to the arrays once a node has them: a node may be
 * handed to other threads in any way.
 */
final class HamtNode {
  private static final long[] NO_ENTRIES = {};
  private static final HamtNode[] NO_CHILDREN = {};

  final int data;
  final int nodes;

  /** Entries in the whole subtree; below 0 if they are more than an {@code int} can count. */
  final int size;

  final long[] entries;
  final HamtNode[] children;

  private HamtNode(int data, int nodes, int size, long[] entries, HamtNode[] children) {
    this.data = data;
    this.nodes = nodes;
    this.size = size;
    this.entries = entries;
    this.children = children;
  }

  private static HamtNode collision(long[] entries) {
    return new HamtNode(0, 0, entries.length >>> 1, entries, NO_CHILDREN);
  }

  boolean isCollision() {
    return (data | nodes) == 0;
  }

  // ------------------------------------------------------------------------------- look-up --

  /** The value under {@code key} in the trie below {@code root}, or {@code absent}. */
  static long find(HamtNode root, long key, long hash, long absent) {
    HamtNode node = root;
    for (long rest = hash; ; rest >>>= SLOT_BITS) {
      int slot = slotSet(rest);
      if ((node.data & slot) != 0) {
        long[] entries = node.entries;
        int i = rank(node.data, slot) << 1;
        return entries[i] == key ? entries[i + 1] : absent;
      }
      if ((node.nodes & slot) == 0) {
        return node.isCollision() ? node.findColliding(key, absent) : absent;
      }
      node = node.children[rank(node.nodes, slot)];
    }
  }

  private long findColliding(long key, long absent) {
    for (int i = 0; i < entries.length; i += 2) {
      if (entries[i] == key) {
        return entries[i + 1];
      }
    }
    return absent;
  }

  private boolean contains(long key, long rest) {
    return find(this, key, rest, 0) == find(this, key, rest, 1);
  }

  // ---------------------------------------------------------------------------------- build --

  /**
   * A trie of up to 64 entries.
   *
   * @param keys distinct, ascending unsigned
   * @param values one per key
   */
  static HamtNode of(long[] keys, long[] values, boolean raw) {
    int n = keys.length;
    long[] hashes = new long[n];
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      hashes[i] = hash(keys[i], raw);
      order[i] = i;
    }
    return of(keys, values, hashes, order, 0, n, 0);
  }

  /**
   * The subtree of the entries whose indices are the lowest 6 bits of order[from] ... order[to -
   * 1].
   */
  private static HamtNode of(
      long[] keys, long[] values, long[] hashes, int[] order, int from, int to, int level) {
    if (level > LAST_LEVEL) {
      long[] entries = new long[2 * (to - from)];
      for (int i = from, e = 0; i < to; i++, e += 2) {
        entries[e] = keys[order[i] & 63];
        entries[e + 1] = values[order[i] & 63];
      }
      return collision(entries);
    }

    // Sort by slot and, within a slot, by index, that is, by key.
    int once = 0;
    int again = 0;
    for (int i = from; i < to; i++) {
      int index = order[i] & 63;
      int slotNumber = (int) (hashes[index] >>> (SLOT_BITS * level)) & 31;
      order[i] = slotNumber << 6 | index;
      again |= once & (1 << slotNumber);
      once |= 1 << slotNumber;
    }
    Arrays.sort(order, from, to);

    int data = once & ~again;
    long[] entries = newEntries(Integer.bitCount(data));
    HamtNode[] children = newChildren(Integer.bitCount(again));
    int e = 0;
    int c = 0;
    for (int i = from; i < to; ) {
      int slotNumber = order[i] >>> 6;
      int end = i + 1;
      while (end < to && order[end] >>> 6 == slotNumber) {
        end++;
      }
      if (end == i + 1) {
        entries[e++] = keys[order[i] & 63];
        entries[e++] = values[order[i] & 63];
      } else {
        children[c++] = of(keys, values, hashes, order, i, end, level + 1);
      }
      i = end;
    }
    return new HamtNode(data, again, to - from, entries, children);
  }

  /** The subtree of two entries on {@code level}. */
  private static HamtNode pair(
      long key1, long value1, long rest1, long key2, long value2, long rest2, int level) {
    if (level > LAST_LEVEL) {
      return collision(
          Long.compareUnsigned(key1, key2) < 0
              ? new long[] {key1, value1, key2, value2}
              : new long[] {key2, value2, key1, value1});
    }
    int slot1 = slotSet(rest1);
    int slot2 = slotSet(rest2);
    if (slot1 == slot2) {
      HamtNode child =
          pair(key1, value1, rest1 >>> SLOT_BITS, key2, value2, rest2 >>> SLOT_BITS, level + 1);
      return new HamtNode(0, slot1, 2, NO_ENTRIES, new HamtNode[] {child});
    }
    return new HamtNode(
        slot1 | slot2,
        0,
        2,
        Integer.compareUnsigned(slot1, slot2) < 0
            ? new long[] {key1, value1, key2, value2}
            : new long[] {key2, value2, key1, value1},
        NO_CHILDREN);
  }

  // ------------------------------------------------------------------------------------ put --

  /** This subtree with {@code key} bound to {@code value}; itself if it is bound so. */
  HamtNode put(long key, long value, long rest, int level, boolean raw) {
    if (isCollision()) {
      return putColliding(key, value);
    }
    int slot = slotSet(rest);
    if ((data & slot) != 0) {
      int i = rank(data, slot) << 1;
      long there = entries[i];
      if (there == key) {
        return entries[i + 1] == value ? this : withValue(i + 1, value);
      }
      return withChildForEntry(slot, pairWith(i, key, value, rest >>> SLOT_BITS, level + 1, raw));
    }
    if ((nodes & slot) != 0) {
      int c = rank(nodes, slot);
      HamtNode child = children[c].put(key, value, rest >>> SLOT_BITS, level + 1, raw);
      return child == children[c] ? this : withChild(c, child);
    }
    int i = rank(data, slot) << 1;
    return new HamtNode(data | slot, nodes, size + 1, inserted(entries, i, key, value), children);
  }

  /** The subtree, on {@code level}, of the entry at {@code entries[i]} and a new one. */
  private HamtNode pairWith(int i, long key, long value, long rest, int level, boolean raw) {
    long there = entries[i];
    // On the level of collisions the distance is 65, and nobody looks at the outcome.
    long restThere = hash(there, raw) >>> (SLOT_BITS * level);
    return pair(there, entries[i + 1], restThere, key, value, rest, level);
  }

  private HamtNode putColliding(long key, long value) {
    int i = 0;
    while (i < entries.length && Long.compareUnsigned(entries[i], key) < 0) {
      i += 2;
    }
    if (i < entries.length && entries[i] == key) {
      return entries[i + 1] == value ? this : withValue(i + 1, value);
    }
    return collision(inserted(entries, i, key, value));
  }

  private HamtNode withValue(int i, long value) {
    long[] copy = entries.clone();
    copy[i] = value;
    return new HamtNode(data, nodes, size, copy, children);
  }

  private HamtNode withChild(int c, HamtNode child) {
    HamtNode[] copy = children.clone();
    copy[c] = child;
    return new HamtNode(data, nodes, size - children[c].size + child.size, entries, copy);
  }

  private HamtNode withChildForEntry(int slot, HamtNode child) {
    int c = rank(nodes, slot);
    HamtNode[] more = new HamtNode[children.length + 1];
    System.arraycopy(children, 0, more, 0, c);
    more[c] = child;
    System.arraycopy(children, c, more, c + 1, children.length - c);
    return new HamtNode(
        data & ~slot,
        nodes | slot,
        size - 1 + child.size,
        without(entries, rank(data, slot) << 1),
        more);
  }

  // --------------------------------------------------------------------------------- remove --

  /** This subtree without {@code key}; itself if that isn't there, lone if one entry is left. */
  HamtNode remove(long key, long rest) {
    if (isCollision()) {
      for (int i = 0; i < entries.length; i += 2) {
        if (entries[i] == key) {
          return collision(without(entries, i));
        }
      }
      return this;
    }
    int slot = slotSet(rest);
    if ((data & slot) != 0) {
      int i = rank(data, slot) << 1;
      return entries[i] != key
          ? this
          : new HamtNode(data & ~slot, nodes, size - 1, without(entries, i), children);
    }
    if ((nodes & slot) == 0) {
      return this;
    }
    int c = rank(nodes, slot);
    HamtNode child = children[c].remove(key, rest >>> SLOT_BITS);
    if (child == children[c]) {
      return this;
    }
    if (child.size > 1) {
      return withChild(c, child);
    }
    return size == 2 ? child : withEntryForChild(slot, child);
  }

  private HamtNode withEntryForChild(int slot, HamtNode lone) {
    int c = rank(nodes, slot);
    HamtNode[] fewer = newChildren(children.length - 1);
    System.arraycopy(children, 0, fewer, 0, c);
    System.arraycopy(children, c + 1, fewer, c, fewer.length - c);
    int i = rank(data, slot) << 1;
    return new HamtNode(
        data | slot,
        nodes & ~slot,
        size - children[c].size + 1,
        inserted(entries, i, lone.entries[0], lone.entries[1]),
        fewer);
  }

  // ---------------------------------------------------------------------------------- merge --

  /**
   * The union of two subtrees that stand in the same place; {@code over}'s values win. One of the
   * two itself if that is the answer. Descends only where both have a child and these differ.
   */
  static HamtNode merge(HamtNode base, HamtNode over, int level, boolean raw) {
    if (base == over) {
      return base;
    }
    if (level > LAST_LEVEL) {
      return mergeColliding(base, over);
    }

    // A slot holds a child if it does on either side, or if both sides bring an entry of their own.
    int nodes = base.nodes | over.nodes;
    for (int both = base.data & over.data; both != 0; both &= both - 1) {
      int slot = Integer.lowestOneBit(both);
      if (base.keyIn(slot) != over.keyIn(slot)) {
        nodes |= slot;
      }
    }
    int data = (base.data | over.data) & ~nodes;

    boolean isBase = data == base.data && nodes == base.nodes;
    long[] entries = newEntries(Integer.bitCount(data));
    int e = 0;
    for (int todo = data; todo != 0; todo &= todo - 1) {
      int slot = Integer.lowestOneBit(todo);
      HamtNode from = (over.data & slot) != 0 ? over : base;
      int i = rank(from.data, slot) << 1;
      long value = from.entries[i + 1];
      isBase = isBase && (from == base || base.entries[(rank(base.data, slot) << 1) + 1] == value);
      entries[e++] = from.entries[i];
      entries[e++] = value;
    }

    HamtNode[] children = newChildren(Integer.bitCount(nodes));
    int c = 0;
    int size = e >>> 1;
    for (int todo = nodes; todo != 0; todo &= todo - 1) {
      int slot = Integer.lowestOneBit(todo);
      HamtNode child = mergeSlot(base, over, slot, level + 1, raw);
      isBase = isBase && base.childIn(slot) == child;
      children[c++] = child;
      size += child.size;
    }
    if (isBase) {
      return base;
    }
    // The union has all of over's entries: if it has no more, it is over.
    return size == over.size ? over : new HamtNode(data, nodes, size, entries, children);
  }

  /** The child, on {@code level}, for a slot that two or more entries of both sides reach. */
  private static HamtNode mergeSlot(
      HamtNode base, HamtNode over, int slot, int level, boolean raw) {
    if ((base.nodes & slot) != 0) {
      HamtNode child = base.childIn(slot);
      if ((over.nodes & slot) != 0) {
        return merge(child, over.childIn(slot), level, raw);
      }
      if ((over.data & slot) == 0) {
        return child;
      }
      int i = rank(over.data, slot) << 1;
      long key = over.entries[i];
      return child.put(key, over.entries[i + 1], rest(key, level, raw), level, raw);
    }
    if ((over.nodes & slot) != 0) {
      HamtNode child = over.childIn(slot);
      if ((base.data & slot) == 0) {
        return child;
      }
      int i = rank(base.data, slot) << 1;
      long key = base.entries[i];
      long rest = rest(key, level, raw);
      return child.contains(key, rest)
          ? child
          : child.put(key, base.entries[i + 1], rest, level, raw);
    }
    int i = rank(over.data, slot) << 1;
    long key = over.entries[i];
    return base.pairWith(
        rank(base.data, slot) << 1, key, over.entries[i + 1], rest(key, level, raw), level, raw);
  }

  private static HamtNode mergeColliding(HamtNode base, HamtNode over) {
    HamtNode merged = base;
    for (int i = 0; i < over.entries.length; i += 2) {
      merged = merged.putColliding(over.entries[i], over.entries[i + 1]);
    }
    return merged != base && merged.size == over.size ? over : merged;
  }

  private long keyIn(int slot) {
    return entries[rank(data, slot) << 1];
  }

  private HamtNode childIn(int slot) {
    return children[rank(nodes, slot)];
  }

  /**
   * What is left of the hash of {@code key} on {@code level}; anything where nobody looks at it.
   */
  private static long rest(long key, int level, boolean raw) {
    return hash(key, raw) >>> (SLOT_BITS * level);
  }

  // ------------------------------------------------------------------------------- contents --

  /** Whether two subtrees in the same place hold the same entries; the shape is canonical. */
  static boolean sameEntries(HamtNode one, HamtNode other) {
    if (one == other) {
      return true;
    }
    if (one.data != other.data
        || one.nodes != other.nodes
        || one.size != other.size
        || !Arrays.equals(one.entries, other.entries)) {
      return false;
    }
    for (int c = 0; c < one.children.length; c++) {
      if (!sameEntries(one.children[c], other.children[c])) {
        return false;
      }
    }
    return true;
  }

  /** Calls {@code action} with every entry of the subtree, in the order of the dump. */
  void forEach(LongBinaryConsumer action) {
    if (nodes == 0) {
      for (int i = 0; i < entries.length; i += 2) {
        action.accept(entries[i], entries[i + 1]);
      }
      return;
    }
    int e = 0;
    int c = 0;
    for (int todo = data | nodes; todo != 0; todo &= todo - 1) {
      if ((data & Integer.lowestOneBit(todo)) != 0) {
        action.accept(entries[e], entries[e + 1]);
        e += 2;
      } else {
        children[c++].forEach(action);
      }
    }
  }

  /** Copies the keys of the subtree to keys[from] and on, in no particular order. */
  int copyKeys(long[] keys, int from) {
    int to = from;
    for (int i = 0; i < entries.length; i += 2) {
      keys[to++] = entries[i];
    }
    for (HamtNode child : children) {
      to = child.copyKeys(keys, to);
    }
    return to;
  }

  // --------------------------------------------------------------------------------- arrays --

  private static long[] newEntries(int pairs) {
    return pairs == 0 ? NO_ENTRIES : new long[2 * pairs];
  }

  private static HamtNode[] newChildren(int count) {
    return count == 0 ? NO_CHILDREN : new HamtNode[count];
  }

  private static long[] inserted(long[] entries, int i, long key, long value) {
    long[] more = new long[entries.length + 2];
    System.arraycopy(entries, 0, more, 0, i);
    more[i] = key;
    more[i + 1] = value;
    System.arraycopy(entries, i, more, i + 2, entries.length - i);
    return more;
  }

  private static long[] without(long[] entries, int i) {
    long[] fewer = newEntries((entries.length >>> 1) - 1);
    System.arraycopy(entries, 0, fewer, 0, i);
    System.arraycopy(entries, i + 2, fewer, i, fewer.length - i);
    return fewer;
  }
}
