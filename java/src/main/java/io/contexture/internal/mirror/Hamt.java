package io.contexture.internal.mirror;

import io.contexture.hamt.LongBinaryConsumer;
import io.contexture.internal.AbstractLongHamt;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The persistent map in Java: same shape, same dump and same results as {@code native/src/hamt.c}.
 *
 * <pre>
 *   up to 32 entries   keys    [ ascending, unsigned ]          33 and more   root -> trie of HamtNode
 *                      values  [ one per key ]
 * </pre>
 *
 * <p>The shape is canonical: it depends on the contents only, as {@code docs/dump-format.md} has
 * it.
 *
 * <p>Immutable, with final fields only, so that any thread may use a map however it got it. The one
 * exception, {@link #replaceUnshared}, leaves it to its caller to see that nobody else has the map;
 * therefore two maps may have the same {@code keys} array, but never the same {@code values}.
 */
public final class Hamt extends AbstractLongHamt {
  /** The empty map. */
  public static final Hamt EMPTY = new Hamt(false);

  private static final Hamt RAW_EMPTY = new Hamt(true);

  /** Entries up to which a map is flat; equal to {@code CX_FLAT_LIMIT}. */
  static final int FLAT_LIMIT = 32;

  private static final long[] NONE = {};

  final long[] keys;
  final long[] values;

  /** The trie, or {@code null} for a flat map. */
  final @Nullable HamtNode root;

  /** Whether keys are placed by the hook for tests. */
  final boolean raw;

  private Hamt(boolean raw) {
    this(new long[0], new long[0], raw);
  }

  private Hamt(long[] keys, long[] values, boolean raw) {
    this.keys = keys;
    this.values = values;
    this.root = null;
    this.raw = raw;
  }

  private Hamt(HamtNode root, boolean raw) {
    if (root.size < 0) {
      throw new IllegalStateException(
          "a LongHamt holds 2^31 - 1 entries at most; split the data over several maps");
    }
    this.keys = NONE;
    this.values = NONE;
    this.root = root;
    this.raw = raw;
  }

  /**
   * For tests: an empty map in which keys are placed by {@code key >>> 4} in place of their mix, so
   * that keys that differ in their lowest 4 bits only collide fully, and any path can be forced.
   * All maps derived from it do so.
   */
  public static Hamt rawEmpty() {
    return RAW_EMPTY;
  }

  private static Hamt empty(boolean raw) {
    return raw ? RAW_EMPTY : EMPTY;
  }

  /** Any entries up to 64, ascending by unsigned key. */
  private static Hamt of(long[] keys, long[] values, boolean raw) {
    return keys.length <= FLAT_LIMIT
        ? new Hamt(keys, values, raw)
        : new Hamt(HamtNode.of(keys, values, raw), raw);
  }

  @Override
  public int size() {
    HamtNode trie = root;
    return trie == null ? keys.length : trie.size;
  }

  @Override
  public long find(long key, long absent) {
    HamtNode trie = root;
    if (trie != null) {
      return HamtNode.find(trie, key, Bits.hash(key, raw), absent);
    }
    int i = indexOf(key);
    return i >= 0 ? values[i] : absent;
  }

  @Override
  public boolean containsKey(long key) {
    return root == null ? indexOf(key) >= 0 : super.containsKey(key);
  }

  /** The index of {@code key} in {@link #keys}, or -1. */
  private int indexOf(long key) {
    long[] all = keys;
    if (all.length == 0) {
      return -1;
    }
    int i = floor(all, key);
    return all[i] == key ? i : -1;
  }

  /**
   * The index of the last of the {@code sorted} keys that isn't above {@code key}; 0 if all are
   * above it. A binary search without a branch that depends on the keys: which way it goes is a
   * coin flip, and the choice between two numbers compiles to a conditional move.
   */
  private static int floor(long[] sorted, long key) {
    int from = 0;
    for (int n = sorted.length; n > 1; ) {
      int half = n >>> 1;
      from = Long.compareUnsigned(sorted[from + half], key) <= 0 ? from + half : from;
      n -= half;
    }
    return from;
  }

  @Override
  public Hamt put(long key, long value) {
    HamtNode trie = root;
    if (trie != null) {
      HamtNode next = trie.put(key, value, Bits.hash(key, raw), 0, raw);
      return next == trie ? this : new Hamt(next, raw);
    }
    if (keys.length == 0) {
      return new Hamt(new long[] {key}, new long[] {value}, raw);
    }
    int i = floor(keys, key);
    if (keys[i] != key) {
      int at = Long.compareUnsigned(keys[i], key) < 0 ? i + 1 : i;
      return of(inserted(keys, at, key), inserted(values, at, value), raw);
    }
    if (values[i] == value) {
      return this;
    }
    long[] copy = values.clone();
    copy[i] = value;
    return new Hamt(keys, copy, raw);
  }

  @Override
  public Hamt remove(long key) {
    HamtNode trie = root;
    if (trie != null) {
      HamtNode next = trie.remove(key, Bits.hash(key, raw));
      return next == trie ? this : next.size > FLAT_LIMIT ? new Hamt(next, raw) : flat(next);
    }
    int i = indexOf(key);
    if (i < 0) {
      return this;
    }
    return keys.length == 1 ? empty(raw) : new Hamt(without(keys, i), without(values, i), raw);
  }

  /** The flat map of a trie that has shrunk to 32 entries. */
  private Hamt flat(HamtNode trie) {
    long[] sorted = new long[trie.size];
    trie.copyKeys(sorted, 0);
    sortUnsigned(sorted);
    long[] found = new long[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      found[i] = HamtNode.find(trie, sorted[i], Bits.hash(sorted[i], raw), 0);
    }
    return new Hamt(sorted, found, raw);
  }

  @Override
  protected AbstractLongHamt merge(AbstractLongHamt over) {
    return over instanceof Hamt other && other.raw == raw ? merge(other) : putEach(over);
  }

  private Hamt merge(Hamt over) {
    if (root == null && over.root == null) {
      return mergeFlat(over);
    }
    HamtNode base = root == null ? HamtNode.of(keys, values, raw) : root;
    HamtNode other = over.root == null ? HamtNode.of(over.keys, over.values, raw) : over.root;
    HamtNode merged = HamtNode.merge(base, other, 0, raw);
    return merged == root ? this : merged == over.root ? over : new Hamt(merged, raw);
  }

  private Hamt mergeFlat(Hamt over) {
    int n = keys.length;
    int m = over.keys.length;
    long[] mergedKeys = new long[n + m];
    long[] mergedValues = new long[n + m];
    int i = 0;
    int j = 0;
    int to = 0;
    boolean isThis = true;
    boolean isOver = true;
    while (i < n || j < m) {
      int order = i == n ? 1 : j == m ? -1 : Long.compareUnsigned(keys[i], over.keys[j]);
      if (order < 0) {
        isOver = false;
        mergedKeys[to] = keys[i];
        mergedValues[to++] = values[i++];
      } else {
        isThis = isThis && order == 0 && values[i] == over.values[j];
        mergedKeys[to] = over.keys[j];
        mergedValues[to++] = over.values[j++];
        i += order == 0 ? 1 : 0;
      }
    }
    return isThis
        ? this
        : isOver ? over : of(Arrays.copyOf(mergedKeys, to), Arrays.copyOf(mergedValues, to), raw);
  }

  @Override
  public boolean replaceUnshared(long key, long value) {
    int i = indexOf(key);
    if (i < 0) {
      return false; // not there, or not flat: a trie has no keys here
    }
    values[i] = value;
    return true;
  }

  @Override
  protected boolean hasEntriesOf(AbstractLongHamt that) {
    if (!(that instanceof Hamt other) || other.raw != raw) {
      return super.hasEntriesOf(that);
    }
    // Equal in size, so both are flat or neither is.
    return (root != null && other.root != null)
        ? HamtNode.sameEntries(root, other.root)
        : Arrays.equals(keys, other.keys) && Arrays.equals(values, other.values);
  }

  @Override
  public void forEach(LongBinaryConsumer action) {
    Objects.requireNonNull(action, "action");
    if (root != null) {
      root.forEach(action);
      return;
    }
    for (int i = 0; i < keys.length; i++) {
      action.accept(keys[i], values[i]);
    }
  }

  @Override
  public Cursor cursor() {
    return root == null ? new FlatCursor(this) : new HamtCursor(root);
  }

  private static final class FlatCursor implements Cursor {
    private final Hamt map;
    private int from;

    FlatCursor(Hamt map) {
      this.map = map;
    }

    @Override
    public int next(long[] keys, long[] values) {
      int n = Math.min(keys.length, map.keys.length - from);
      System.arraycopy(map.keys, from, keys, 0, n);
      System.arraycopy(map.values, from, values, 0, n);
      from += n;
      return n;
    }
  }

  @Override
  public String dump() {
    return Dump.of(this);
  }

  private static long[] inserted(long[] array, int i, long word) {
    long[] more = new long[array.length + 1];
    System.arraycopy(array, 0, more, 0, i);
    more[i] = word;
    System.arraycopy(array, i, more, i + 1, array.length - i);
    return more;
  }

  private static long[] without(long[] array, int i) {
    long[] fewer = new long[array.length - 1];
    System.arraycopy(array, 0, fewer, 0, i);
    System.arraycopy(array, i + 1, fewer, i, fewer.length - i);
    return fewer;
  }

  private static void sortUnsigned(long[] words) {
    for (int i = 0; i < words.length; i++) {
      words[i] ^= Long.MIN_VALUE;
    }
    Arrays.sort(words);
    for (int i = 0; i < words.length; i++) {
      words[i] ^= Long.MIN_VALUE;
    }
  }
}
