package io.contexture.internal.mirror;

import io.contexture.hamt.LongBinaryConsumer;
import io.contexture.internal.AbstractLongHamt;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The persistent map in Java: same dump and same results as {@code native/src/hamt.c}.
 *
 * <pre>
 *   up to 32 entries   block   [ tags | keys, ascending, unsigned ]   33 and more   block   -> HamtNode
 *                      values  [ one per key ]
 * </pre>
 *
 * <p>The dump depends on the contents only, as {@code docs/dump-format.md} has it. So does the
 * shape in memory, which isn't that of the dump: see {@link HamtNode}.
 *
 * <p>Immutable, with final fields only, so that any thread may use a map however it got it. The one
 * exception, {@link #replaceUnshared}, leaves it to its caller to see that nobody else has the map;
 * therefore two maps may have the same block of keys, but never the same {@code values}.
 */
public final class Hamt extends AbstractLongHamt {
  private static final long[] NONE = {};

  /** The empty map. */
  public static final Hamt EMPTY = new Hamt(NONE, NONE, false);

  private static final Hamt RAW_EMPTY = new Hamt(NONE, NONE, true);

  /** Entries up to which a map is flat; equal to {@code CX_FLAT_LIMIT}. */
  static final int FLAT_LIMIT = 32;

  /** A {@code long[]}, the {@link Tags} and keys of a flat map, or an {@code Object[]}, a trie. */
  final Object block;

  /** The values of a flat map, {@code null} in a trie. */
  final long @Nullable [] values;

  /** The size; with all bits inverted, hence negative, where keys are placed by the test hook. */
  private final int count;

  private Hamt(long[] block, long[] values, boolean raw) {
    this.block = block;
    this.values = values;
    this.count = raw ? ~values.length : values.length;
  }

  private Hamt(Object[] trie, long size, boolean raw) {
    if (size > Integer.MAX_VALUE) {
      throw new IllegalStateException(
          "a LongHamt holds 2^31 - 1 entries at most; split the data over several maps");
    }
    this.block = trie;
    this.values = null;
    this.count = raw ? ~(int) size : (int) size;
  }

  /**
   * For tests: an empty map in which keys are placed by {@code key >>> 4} in place of their mix, so
   * that keys that differ in their lowest 4 bits only collide fully, and any path can be forced.
   * All maps derived from it do so.
   */
  public static Hamt rawEmpty() {
    return RAW_EMPTY;
  }

  /** Whether keys are placed by the hook for tests. */
  boolean isRaw() {
    return count < 0;
  }

  @Override
  public int size() {
    return count ^ (count >> 31);
  }

  @Override
  public long find(long key, long absent) {
    if (block instanceof Object[] trie) {
      return HamtNode.find(trie, Bits.spread(key, isRaw()), absent);
    }
    long[] flat = flatValues();
    int i = indexOf(key);
    return i >= 0 ? flat[i] : absent;
  }

  @Override
  public boolean containsKey(long key) {
    return block instanceof long[] ? indexOf(key) >= 0 : super.containsKey(key);
  }

  // -------------------------------------------------------------------------------------- flat

  private long[] flatValues() {
    return Objects.requireNonNull(values);
  }

  /** The index of {@code key} in a flat map, or -1. */
  private int indexOf(long key) {
    return Tags.indexOf((long[]) block, flatValues().length, key, Bits.tagOfKey(key));
  }

  /** The {@code i}-th key of a flat map. */
  long keyAt(int i) {
    return ((long[]) block)[Tags.words(flatValues().length) + i];
  }

  /** Where in a flat map a key belongs that isn't there. */
  private int positionOf(long key) {
    long[] keys = (long[]) block;
    int position = 0;
    for (int i = Tags.words(flatValues().length); i < keys.length; i++) {
      position += Long.compareUnsigned(keys[i], key) < 0 ? 1 : 0;
    }
    return position;
  }

  private Hamt putFlat(long key, long value) {
    int i = indexOf(key);
    long[] old = flatValues();
    if (i >= 0) {
      if (old[i] == value) {
        return this;
      }
      long[] copy = old.clone();
      copy[i] = value;
      return new Hamt((long[]) block, copy, isRaw());
    }
    int n = old.length;
    if (n == FLAT_LIMIT) {
      HamtNode.Entries entries = new HamtNode.Entries(n + 1);
      addTo(entries);
      entries.add(Bits.spread(key, isRaw()), value);
      return trieOf(entries);
    }
    int at = positionOf(key);
    long[] keys = (long[]) block;
    int from = Tags.words(n);
    int to = Tags.words(n + 1);
    long[] more = new long[to + n + 1];
    Tags.copyInserting(keys, from, more, to, at, Bits.tagOfKey(key));
    System.arraycopy(keys, from, more, to, at);
    more[to + at] = key;
    System.arraycopy(keys, from + at, more, to + at + 1, n - at);
    long[] moreValues = new long[n + 1];
    System.arraycopy(old, 0, moreValues, 0, at);
    moreValues[at] = value;
    System.arraycopy(old, at, moreValues, at + 1, n - at);
    return new Hamt(more, moreValues, isRaw());
  }

  private Hamt removeFlat(long key) {
    int i = indexOf(key);
    if (i < 0) {
      return this;
    }
    long[] old = flatValues();
    int left = old.length - 1;
    if (left == 0) {
      return isRaw() ? RAW_EMPTY : EMPTY;
    }
    long[] keys = (long[]) block;
    int from = Tags.words(old.length);
    int to = Tags.words(left);
    long[] fewer = new long[to + left];
    Tags.copyWithout(keys, from, fewer, to, i);
    System.arraycopy(keys, from, fewer, to, i);
    System.arraycopy(keys, from + i + 1, fewer, to + i, left - i);
    long[] fewerValues = new long[left];
    System.arraycopy(old, 0, fewerValues, 0, i);
    System.arraycopy(old, i + 1, fewerValues, i, left - i);
    return new Hamt(fewer, fewerValues, isRaw());
  }

  /** The flat map of up to 32 entries whose keys ascend, unsigned. */
  private static Hamt flatOf(long[] keys, long[] values, int count, boolean raw) {
    int tags = Tags.words(count);
    long[] block = new long[tags + count];
    for (int i = 0; i < count; i++) {
      block[i >>> 3] |= Bits.tagOfKey(keys[i]) << (i << 3);
      block[tags + i] = keys[i];
    }
    return new Hamt(block, Arrays.copyOf(values, count), raw);
  }

  private void addTo(HamtNode.Entries entries) {
    long[] flat = flatValues();
    for (int i = 0; i < flat.length; i++) {
      entries.add(Bits.spread(keyAt(i), isRaw()), flat[i]);
    }
  }

  // --------------------------------------------------------------------------------- put, remove

  @Override
  public Hamt put(long key, long value) {
    if (!(block instanceof Object[] trie)) {
      return putFlat(key, value);
    }
    long spread = Bits.spread(key, isRaw());
    Object[] replaced = HamtNode.replace(trie, spread, value);
    return replaced == null
        ? new Hamt(HamtNode.insert(trie, spread, value), size() + 1L, isRaw())
        : replaced == trie ? this : new Hamt(replaced, size(), isRaw());
  }

  @Override
  public Hamt remove(long key) {
    if (!(block instanceof Object[] trie)) {
      return removeFlat(key);
    }
    Object left = HamtNode.remove(trie, Bits.spread(key, isRaw()), 0);
    // A root has 33 entries or more, so what is left of it isn't a leaf.
    return left == trie
        ? this
        : size() > FLAT_LIMIT + 1
            ? new Hamt((Object[]) left, size() - 1L, isRaw())
            : flatten((Object[]) left, isRaw());
  }

  /** The trie of 33 entries or more. */
  private Hamt trieOf(HamtNode.Entries entries) {
    entries.sort();
    return new Hamt(HamtNode.directoryOf(entries, 0, entries.count, 0), entries.count, isRaw());
  }

  /** The flat map of a trie that has shrunk to 32 entries. */
  private static Hamt flatten(Object[] trie, boolean raw) {
    HamtNode.Entries entries = new HamtNode.Entries(FLAT_LIMIT);
    entries.addAll(trie);
    long[] keys = entries.spreads;
    long[] values = entries.values;
    for (int i = 0; i < FLAT_LIMIT; i++) {
      long key = Bits.unspread(keys[i], raw);
      long value = values[i];
      int at = i;
      for (; at > 0 && Long.compareUnsigned(keys[at - 1], key) > 0; at--) {
        keys[at] = keys[at - 1];
        values[at] = values[at - 1];
      }
      keys[at] = key;
      values[at] = value;
    }
    return flatOf(keys, values, FLAT_LIMIT, raw);
  }

  @Override
  public boolean replaceUnshared(long key, long value) {
    long[] flat = values;
    int i = flat == null ? -1 : indexOf(key);
    if (flat == null || i < 0) {
      return false;
    }
    flat[i] = value;
    return true;
  }

  // ------------------------------------------------------------------------------------- merge

  @Override
  protected AbstractLongHamt merge(AbstractLongHamt over) {
    return over instanceof Hamt other && other.isRaw() == isRaw() ? merge(other) : putEach(over);
  }

  private Hamt merge(Hamt over) {
    if (values != null && over.values != null) {
      return mergeFlat(over);
    }
    boolean overIsSmaller = over.size() < size();
    HamtNode.Merge merge = new HamtNode.Merge(overIsSmaller);
    Object union = merge.union(asNode(), over.asNode(), 0);
    long size = (overIsSmaller ? size() : over.size()) + merge.added;
    return union == block
        ? this
        : union == over.block ? over : new Hamt((Object[]) union, size, isRaw());
  }

  /** This map as one side of a merge of tries. */
  private Object asNode() {
    if (values == null) {
      return block;
    }
    HamtNode.Entries entries = new HamtNode.Entries(values.length);
    addTo(entries);
    entries.sort();
    return HamtNode.of(entries, 0, entries.count, 0);
  }

  private Hamt mergeFlat(Hamt over) {
    long[] values = flatValues();
    long[] overValues = over.flatValues();
    int n = values.length;
    int m = overValues.length;
    long[] mergedKeys = new long[n + m];
    long[] mergedValues = new long[n + m];
    int i = 0;
    int j = 0;
    int to = 0;
    boolean isThis = true;
    boolean isOver = true;
    while (i < n || j < m) {
      int order = i == n ? 1 : j == m ? -1 : Long.compareUnsigned(keyAt(i), over.keyAt(j));
      if (order < 0) {
        isOver = false;
        mergedKeys[to] = keyAt(i);
        mergedValues[to++] = values[i++];
      } else {
        isThis = isThis && order == 0 && values[i] == overValues[j];
        mergedKeys[to] = over.keyAt(j);
        mergedValues[to++] = overValues[j++];
        i += order == 0 ? 1 : 0;
      }
    }
    if (isThis || isOver) {
      return isThis ? this : over;
    }
    if (to <= FLAT_LIMIT) {
      return flatOf(mergedKeys, mergedValues, to, isRaw());
    }
    HamtNode.Entries entries = new HamtNode.Entries(to);
    for (int e = 0; e < to; e++) {
      entries.add(Bits.spread(mergedKeys[e], isRaw()), mergedValues[e]);
    }
    return trieOf(entries);
  }

  // ---------------------------------------------------------------------------------- contents

  @Override
  protected boolean hasEntriesOf(AbstractLongHamt that) {
    if (!(that instanceof Hamt other) || other.isRaw() != isRaw()) {
      return super.hasEntriesOf(that);
    }
    // Equal in size, so both are flat or neither is.
    return values == null
        ? HamtNode.sameEntries(block, other.block)
        : Arrays.equals((long[]) block, (long[]) other.block)
            && Arrays.equals(values, other.values);
  }

  @Override
  public void forEach(LongBinaryConsumer action) {
    Objects.requireNonNull(action, "action");
    if (values == null) {
      HamtNode.forEach(block, isRaw(), action);
      return;
    }
    for (int i = 0; i < values.length; i++) {
      action.accept(keyAt(i), values[i]);
    }
  }

  @Override
  public Cursor cursor() {
    return block instanceof Object[] trie ? new HamtCursor(trie, isRaw()) : new FlatCursor(this);
  }

  private static final class FlatCursor implements Cursor {
    private final long[] block;
    private final long[] values;
    private int from;

    FlatCursor(Hamt map) {
      block = (long[]) map.block;
      values = map.flatValues();
    }

    @Override
    public int next(long[] keys, long[] values) {
      int all = this.values.length;
      int n = Math.min(keys.length, all - from);
      System.arraycopy(block, Tags.words(all) + from, keys, 0, n);
      System.arraycopy(this.values, from, values, 0, n);
      from += n;
      return n;
    }
  }

  @Override
  public String dump() {
    return Dump.of(this);
  }
}
