package io.contexture.internal.mirror;

import io.contexture.hamt.LongBinaryConsumer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a trie, and the algorithms on them.
 *
 * <pre>
 *   up to 16 entries   leaf        long[]    [ slots | spreads, in the order of the trie | values ]
 *   17 and more        directory   Object[]  [ child 0, ... child 15 ]
 * </pre>
 *
 * <p>A node is an array and nothing else, so that each level of a look-up is one load. The 4 bits
 * that choose a child are the next ones in the order of the trie ({@link Bits#place}): entries come
 * in the order of the dump, though the nodes of the canonical shape are others, with 5 bits each
 * and entries beside children. Those would make a look-up guess at each node whether it ends there;
 * here nearly all leaves of a map are on one level. {@link Dump} works the canonical shape out.
 *
 * <p>A leaf holds the {@link Bits#spread} of each key in its place: it is what everything but
 * iteration wants, and iteration can get the key back. In front is the set of the {@linkplain
 * #leafSlot slots} that they are in, of 64: the number of lower slots is where a look-up begins,
 * and since two entries seldom share a slot, also where it ends, nearly always.
 *
 * <p>This shape, too, depends on the contents only. Directories nest 17 deep at most: 64 bits in
 * chunks of {@value Bits#PLACE_BITS}, 5 levels each, of which the last has 4 bits and takes 2.
 *
 * <p>Nothing writes to a node once a map has it: it may be handed to other threads in any way.
 */
final class HamtNode {
  /** Entries up to which a subtree is a leaf. */
  static final int LEAF_LIMIT = 16;

  /** Children of a directory, and the bits that choose one. */
  static final int CHILDREN = 16;

  private static final int CHILD_BITS = 4;

  /** Levels of directories at most. */
  static final int LEVELS = 17;

  private static final int LEVELS_PER_PLACE = Bits.PLACE_BITS / CHILD_BITS;

  /** How far to shift a place on the first of its levels. */
  private static final int FIRST_SHIFT = Bits.PLACE_BITS - CHILD_BITS;

  private static final long[] EMPTY_LEAF = {0};

  private HamtNode() {}

  // ------------------------------------------------------------------------------------ leaves

  /** How many entries a leaf has. */
  static int count(long[] leaf) {
    return leaf.length >> 1;
  }

  static long spreadAt(long[] leaf, int i) {
    return leaf[1 + i];
  }

  static long valueAt(long[] leaf, int i) {
    return leaf[1 + count(leaf) + i];
  }

  private static long[] newLeaf(int count) {
    return new long[1 + 2 * count];
  }

  /**
   * The slot of a spread in a leaf below {@code level} directories: the next 6 bits in the order of
   * the trie.
   */
  static int leafSlot(long spread, int level) {
    long rest = spread >>> (Bits.PLACE_BITS * (level / LEVELS_PER_PLACE));
    int shift = FIRST_SHIFT - 2 - CHILD_BITS * (level % LEVELS_PER_PLACE);
    return shift >= 0
        ? (Bits.place(rest) >>> shift) & 63
        : ((Bits.place(rest) & 15) << 2) | (int) ((rest >>> (Bits.PLACE_BITS + 3)) & 3);
  }

  /** The index of a spread in a leaf, or -1; {@code slot} is its {@link #leafSlot}. */
  static int indexIn(long[] leaf, long spread, int slot) {
    long slots = leaf[0];
    long bit = 1L << slot;
    if ((slots & bit) != 0) {
      int count = count(leaf);
      for (int i = Long.bitCount(slots & (bit - 1)); i < count; i++) {
        if (leaf[1 + i] == spread) {
          return i;
        }
      }
    }
    return -1;
  }

  private static long[] withValue(long[] leaf, int i, long value) {
    long[] copy = leaf.clone();
    copy[1 + count(leaf) + i] = value;
    return copy;
  }

  private static long[] without(long[] leaf, int i, int level) {
    int count = count(leaf);
    if (count == 1) {
      return EMPTY_LEAF;
    }
    long[] fewer = newLeaf(count - 1);
    System.arraycopy(leaf, 1, fewer, 1, i);
    // The spreads after it and the values before it lie side by side.
    System.arraycopy(leaf, 2 + i, fewer, 1 + i, count - 1);
    int after = count + i;
    System.arraycopy(leaf, 2 + after, fewer, after, count - i - 1);
    // Those that share its slot are its neighbors.
    int slot = leafSlot(leaf[1 + i], level);
    boolean isShared =
        (i > 0 && leafSlot(leaf[i], level) == slot)
            || (i < count - 1 && leafSlot(leaf[2 + i], level) == slot);
    fewer[0] = isShared ? leaf[0] : leaf[0] & ~(1L << slot);
    return fewer;
  }

  /** The subtree below {@code level} directories of a leaf and one more entry. */
  private static Object inserted(long[] leaf, long spread, long value, int level) {
    int count = count(leaf);
    int i = 0;
    for (int at = 1; at <= count; at++) {
      i += Bits.before(leaf[at], spread);
    }
    if (count == LEAF_LIMIT) {
      Entries all = new Entries(count + 1);
      all.add(leaf, 0, i);
      all.add(spread, value);
      all.add(leaf, i, count);
      return of(all, 0, all.count, level);
    }
    long[] more = newLeaf(count + 1);
    more[0] = leaf[0] | 1L << leafSlot(spread, level);
    System.arraycopy(leaf, 1, more, 1, i);
    more[1 + i] = spread;
    System.arraycopy(leaf, 1 + i, more, 2 + i, count);
    int after = count + i;
    more[2 + after] = value;
    System.arraycopy(leaf, 1 + after, more, 3 + after, count - i);
    return more;
  }

  // ------------------------------------------------------------------------------------- build

  /** Entries on their way into a trie: in its order by the time they are built of. */
  static final class Entries {
    final long[] spreads;
    final long[] values;
    int count;

    Entries(int capacity) {
      spreads = new long[capacity];
      values = new long[capacity];
    }

    void add(long spread, long value) {
      spreads[count] = spread;
      values[count++] = value;
    }

    /** Adds some entries of a leaf. */
    void add(long[] leaf, int from, int to) {
      System.arraycopy(leaf, 1 + from, spreads, count, to - from);
      System.arraycopy(leaf, 1 + HamtNode.count(leaf) + from, values, count, to - from);
      count += to - from;
    }

    /** Adds the entries of a subtree, in its order. */
    void addAll(Object node) {
      if (node instanceof long[] leaf) {
        add(leaf, 0, HamtNode.count(leaf));
      } else {
        for (Object child : (Object[]) node) {
          addAll(child);
        }
      }
    }

    /** Brings few entries into the order of the trie. */
    void sort() {
      long[] places = new long[count];
      for (int i = 0; i < count; i++) {
        long spread = spreads[i];
        long value = values[i];
        long place = Bits.wholePlace(spread);
        int at = i;
        for (; at > 0 && Long.compareUnsigned(places[at - 1], place) > 0; at--) {
          places[at] = places[at - 1];
          spreads[at] = spreads[at - 1];
          values[at] = values[at - 1];
        }
        places[at] = place;
        spreads[at] = spread;
        values[at] = value;
      }
    }
  }

  /** The subtree on {@code level} of the entries from one index up to another. */
  static Object of(Entries entries, int from, int to, int level) {
    return to - from <= LEAF_LIMIT
        ? leafOf(entries, from, to, level)
        : directoryOf(entries, from, to, level);
  }

  private static long[] leafOf(Entries entries, int from, int to, int level) {
    int count = to - from;
    if (count == 0) {
      return EMPTY_LEAF;
    }
    long[] leaf = newLeaf(count);
    long slots = 0;
    for (int i = 0; i < count; i++) {
      long spread = entries.spreads[from + i];
      leaf[1 + i] = spread;
      leaf[1 + count + i] = entries.values[from + i];
      slots |= 1L << leafSlot(spread, level);
    }
    leaf[0] = slots;
    return leaf;
  }

  static Object[] directoryOf(Entries entries, int from, int to, int level) {
    Object[] directory = new Object[CHILDREN];
    int start = from;
    for (int slot = 0; slot < CHILDREN; slot++) {
      int end = start;
      while (end < to && slot(entries.spreads[end], level) == slot) {
        end++;
      }
      directory[slot] = of(entries, start, end, level + 1);
      start = end;
    }
    return directory;
  }

  /** Which child of a directory on {@code level} leads to a spread. */
  static int slot(long spread, int level) {
    int place = Bits.place(spread >>> (Bits.PLACE_BITS * (level / LEVELS_PER_PLACE)));
    return (place >>> (FIRST_SHIFT - CHILD_BITS * (level % LEVELS_PER_PLACE))) & (CHILDREN - 1);
  }

  // ------------------------------------------------------------------------- look-up, put, remove

  /** The value under a spread in the trie below {@code root}, or {@code absent}. */
  static long find(Object[] root, long spread, long absent) {
    // slot(spread, level) and leafSlot(spread, level) for the levels that most look-ups see.
    int low = (int) spread;
    Object child = root[(low >>> 1) & 15];
    if (child instanceof long[] leaf) {
      return find(leaf, spread, ((low << 5) & 32) | ((low >>> 5) & 31), absent);
    }
    child = ((Object[]) child)[((low << 3) & 8) | ((low >>> 7) & 7)];
    if (child instanceof long[] leaf) {
      return find(leaf, spread, ((low >>> 1) & 48) | ((low >>> 11) & 15), absent);
    }
    child = ((Object[]) child)[((low >>> 3) & 12) | ((low >>> 13) & 3)];
    for (int level = 3; ; level++) {
      if (child instanceof long[] leaf) {
        return find(leaf, spread, leafSlot(spread, level), absent);
      }
      child = ((Object[]) child)[slot(spread, level)];
    }
  }

  private static long find(long[] leaf, long spread, int slot, long absent) {
    int i = indexIn(leaf, spread, slot);
    return i >= 0 ? valueAt(leaf, i) : absent;
  }

  /**
   * The trie with a value under a spread: itself if the value is there, null if one more entry
   * would have to be.
   */
  static Object @Nullable [] replace(Object[] root, long spread, long value) {
    Object child = root;
    for (int level = 0; ; level++) {
      if (child instanceof long[] leaf) {
        int i = indexIn(leaf, spread, leafSlot(spread, level));
        return i < 0
            ? null
            : valueAt(leaf, i) == value
                ? root
                : withLeaf(root, spread, withValue(leaf, i, value), value);
      }
      child = ((Object[]) child)[slot(spread, level)];
    }
  }

  /** The trie with one more entry, whose spread isn't there. */
  static Object[] insert(Object[] root, long spread, long value) {
    return withLeaf(root, spread, null, value);
  }

  /**
   * Copies the path to the leaf of a spread, and puts {@code leaf} there or, if it is null, the old
   * one with the entry inserted.
   */
  private static Object[] withLeaf(Object[] root, long spread, @Nullable Object leaf, long value) {
    Object[] copy = root.clone();
    Object[] directory = copy;
    int level = 1;
    for (long rest = spread; ; rest >>>= Bits.PLACE_BITS) {
      int place = Bits.place(rest);
      for (int shift = FIRST_SHIFT; shift >= 0; shift -= CHILD_BITS) {
        int slot = (place >>> shift) & (CHILDREN - 1);
        if (directory[slot] instanceof Object[] child) {
          Object[] next = child.clone();
          directory[slot] = next;
          directory = next;
          level++;
          continue;
        }
        directory[slot] =
            leaf != null ? leaf : inserted((long[]) directory[slot], spread, value, level);
        return copy;
      }
    }
  }

  /**
   * The subtree on {@code level} without a spread; itself if that isn't there, a leaf if 16 entries
   * are left.
   */
  static Object remove(Object[] directory, long spread, int level) {
    int slot = slot(spread, level);
    Object child = directory[slot];
    Object left;
    if (child instanceof long[] leaf) {
      int i = indexIn(leaf, spread, leafSlot(spread, level + 1));
      left = i < 0 ? leaf : without(leaf, i, level + 1);
    } else {
      left = remove((Object[]) child, spread, level + 1);
    }
    if (left == child) {
      return directory;
    }
    Object[] copy = directory.clone();
    copy[slot] = left;
    return isSmall(copy) ? collapsed(copy, level) : copy;
  }

  /** Whether a directory holds no more than fits a leaf. */
  private static boolean isSmall(Object[] directory) {
    int count = 0;
    for (Object child : directory) {
      if (!(child instanceof long[] leaf)) {
        return false;
      }
      count += count(leaf);
      if (count > LEAF_LIMIT) {
        return false;
      }
    }
    return true;
  }

  private static long[] collapsed(Object[] directory, int level) {
    Entries entries = new Entries(LEAF_LIMIT);
    entries.addAll(directory);
    return leafOf(entries, 0, entries.count, level);
  }

  // ------------------------------------------------------------------------------------- merge

  /**
   * One union of two tries. Its size is that of the larger one plus what only the smaller one has,
   * so that subtrees of the larger one are never walked for the sake of counting.
   */
  static final class Merge {
    private final boolean overIsSmaller;
    private final Entries merged = new Entries(2 * LEAF_LIMIT);

    /** Entries that only the smaller side has, as far as the union is done. */
    long added;

    Merge(boolean overIsSmaller) {
      this.overIsSmaller = overIsSmaller;
    }

    /**
     * The union of two subtrees that stand in the same place; {@code over}'s values win. One of the
     * two itself if that is the answer. Descends only where both have entries and these differ.
     */
    Object union(Object base, Object over, int level) {
      if (base == over || over == EMPTY_LEAF) {
        added += base == over || overIsSmaller ? 0 : count(base);
        return base;
      }
      if (base == EMPTY_LEAF) {
        added += overIsSmaller ? count(over) : 0;
        return over;
      }
      if (base instanceof long[] one && over instanceof long[] other) {
        return leaves(one, other, level);
      }
      Object[] one = asDirectory(base, level);
      Object[] other = asDirectory(over, level);
      boolean isBase = base == one;
      boolean isOver = over == other;
      Object[] union = new Object[CHILDREN];
      for (int slot = 0; slot < CHILDREN; slot++) {
        Object child = union(one[slot], other[slot], level + 1);
        isBase &= child == one[slot];
        isOver &= child == other[slot];
        union[slot] = child;
      }
      return isBase || isOver ? choose(isBase, base, isOver, over) : union;
    }

    /**
     * Where both sides have the same contents, the larger map's node is the answer: only that map
     * can be the whole union, and it is recognized by its nodes.
     */
    private Object choose(boolean isBase, Object base, boolean isOver, Object over) {
      return isBase && (overIsSmaller || !isOver) ? base : over;
    }

    private static Object[] asDirectory(Object node, int level) {
      if (node instanceof Object[] directory) {
        return directory;
      }
      Entries entries = new Entries(LEAF_LIMIT);
      entries.addAll(node);
      return directoryOf(entries, 0, entries.count, level);
    }

    private Object leaves(long[] base, long[] over, int level) {
      int bases = count(base);
      int overs = count(over);
      long[] spreads = merged.spreads;
      long[] values = merged.values;
      int n = 0;
      int b = 0;
      int o = 0;
      boolean isBase = true;
      while (b < bases && o < overs) {
        long baseSpread = base[1 + b];
        long overSpread = over[1 + o];
        if (baseSpread == overSpread) {
          long value = over[1 + overs + o++];
          isBase &= value == base[1 + bases + b++];
          spreads[n] = overSpread;
          values[n++] = value;
        } else if (Bits.before(baseSpread, overSpread) != 0) {
          spreads[n] = baseSpread;
          values[n++] = base[1 + bases + b++];
        } else {
          isBase = false;
          spreads[n] = overSpread;
          values[n++] = over[1 + overs + o++];
        }
      }
      for (; b < bases; b++) {
        spreads[n] = base[1 + b];
        values[n++] = base[1 + bases + b];
      }
      for (; o < overs; o++) {
        spreads[n] = over[1 + o];
        values[n++] = over[1 + overs + o];
      }
      added += n - (overIsSmaller ? bases : overs);
      isBase = isBase && n == bases;
      boolean isOver = n == overs;
      return isBase || isOver ? choose(isBase, base, isOver, over) : of(merged, 0, n, level);
    }
  }

  // ---------------------------------------------------------------------------------- contents

  private static long count(Object node) {
    if (node instanceof long[] leaf) {
      return count(leaf);
    }
    long count = 0;
    for (Object child : (Object[]) node) {
      count += count(child);
    }
    return count;
  }

  /** Whether two subtrees in the same place hold the same entries. */
  static boolean sameEntries(Object one, Object other) {
    if (one == other) {
      return true;
    }
    if (one instanceof long[] leaf) {
      return other instanceof long[] otherLeaf && Arrays.equals(leaf, otherLeaf);
    }
    if (!(other instanceof Object[] otherDirectory)) {
      return false;
    }
    Object[] directory = (Object[]) one;
    for (int slot = 0; slot < CHILDREN; slot++) {
      if (!sameEntries(directory[slot], otherDirectory[slot])) {
        return false;
      }
    }
    return true;
  }

  /** Calls {@code action} with every entry of the subtree, in the order of the dump. */
  static void forEach(Object node, boolean raw, LongBinaryConsumer action) {
    if (node instanceof long[] leaf) {
      int count = count(leaf);
      for (int i = 1; i <= count; i++) {
        action.accept(Bits.unspread(leaf[i], raw), leaf[count + i]);
      }
    } else {
      for (Object child : (Object[]) node) {
        forEach(child, raw, action);
      }
    }
  }
}
