package io.contexture.internal;

import io.contexture.hamt.LongBinaryConsumer;
import io.contexture.hamt.LongHamt;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * What the persistent maps of both backends have in common: everything that follows from look-up,
 * change and a bulk cursor.
 *
 * <p>A backend implements the abstract methods. It may override {@link #containsKey}, {@link
 * #forEach} and {@link #hasEntriesOf} where it knows a quicker way.
 */
public abstract non-sealed class AbstractLongHamt implements LongHamt {
  /** How many entries an iteration copies at a time: enough to make a downcall per block cheap. */
  private static final int BLOCK = 64;

  /** For the backends. */
  protected AbstractLongHamt() {}

  /**
   * A position in one iteration over one map, in the order of its dump. Made by {@link #cursor},
   * used by one thread. It keeps its map alive.
   */
  public interface Cursor {
    /**
     * Copies further entries to {@code keys} and {@code values}, from index 0 on, and moves on.
     *
     * @param keys where the keys go; at least one long
     * @param values where the values go; as long as {@code keys}
     * @return how many entries were copied: as many as fit, fewer at the end, 0 after it
     */
    int next(long[] keys, long[] values);
  }

  /** The value under {@code key}, or {@code absent}: {@link #get}, as the native code calls it. */
  public abstract long find(long key, long absent);

  @Override
  public abstract AbstractLongHamt put(long key, long value);

  @Override
  public abstract AbstractLongHamt remove(long key);

  /** A cursor before the first entry. */
  public abstract Cursor cursor();

  /**
   * Replaces the value under {@code key} in place. The caller vouches that nobody else has this
   * map: it got it from a {@link #put}, {@link #remove} or {@link #putAll} that returned a map
   * other than its receiver and argument, and it hasn't given it away since.
   *
   * @return {@code false}, with nothing changed, if {@code key} isn't there or the map isn't one
   *     flat block: the nodes of a trie may be shared with older maps
   */
  public abstract boolean replaceUnshared(long key, long value);

  /**
   * {@link #putAll} of a map that is neither empty nor this one, when this one isn't empty either.
   * Falls back on {@link #putEach} where {@code over} is of another kind.
   */
  protected abstract AbstractLongHamt merge(AbstractLongHamt over);

  @Override
  public final long get(long key, long absent) {
    return find(key, absent);
  }

  @Override
  public boolean containsKey(long key) {
    return find(key, 0) == find(key, 1);
  }

  @Override
  public boolean isEmpty() {
    return size() == 0;
  }

  @Override
  public final AbstractLongHamt putAll(LongHamt other) {
    AbstractLongHamt over = (AbstractLongHamt) Objects.requireNonNull(other, "other");
    if (over == this || over.isEmpty()) {
      return this;
    }
    return isEmpty() && over.getClass() == getClass() ? over : merge(over);
  }

  /** The entries of {@code over} put into this map one by one. */
  protected final AbstractLongHamt putEach(AbstractLongHamt over) {
    long[] keys = new long[Math.min(BLOCK, over.size())];
    long[] values = new long[keys.length];
    AbstractLongHamt result = this;
    Cursor cursor = over.cursor();
    for (int n; (n = cursor.next(keys, values)) > 0; ) {
      for (int i = 0; i < n; i++) {
        result = result.put(keys[i], values[i]);
      }
    }
    return result;
  }

  @Override
  public void forEach(LongBinaryConsumer action) {
    Objects.requireNonNull(action, "action");
    if (isEmpty()) {
      return;
    }
    long[] keys = new long[Math.min(BLOCK, size())];
    long[] values = new long[keys.length];
    Cursor cursor = cursor();
    for (int n; (n = cursor.next(keys, values)) > 0; ) {
      for (int i = 0; i < n; i++) {
        action.accept(keys[i], values[i]);
      }
    }
  }

  @Override
  public final Map<Long, Long> asMap() {
    return Collections.unmodifiableMap(new HamtMapView(this));
  }

  @Override
  public final boolean equals(@Nullable Object other) {
    return other == this
        || (other instanceof AbstractLongHamt that
            && that.size() == size()
            && (isEmpty() || hasEntriesOf(that)));
  }

  /** Whether every entry of {@code that}, which is of equal size and not empty, is in this map. */
  protected boolean hasEntriesOf(AbstractLongHamt that) {
    long[] keys = new long[Math.min(BLOCK, that.size())];
    long[] values = new long[keys.length];
    Cursor cursor = that.cursor();
    for (int n; (n = cursor.next(keys, values)) > 0; ) {
      for (int i = 0; i < n; i++) {
        if (find(keys[i], ~values[i]) != values[i]) {
          return false;
        }
      }
    }
    return true;
  }

  /** The sum over all entries that {@link Map#hashCode} prescribes. */
  @Override
  public final int hashCode() {
    int[] sum = new int[1];
    forEach((key, value) -> sum[0] += Long.hashCode(key) ^ Long.hashCode(value));
    return sum[0];
  }

  /** All entries as <code>{key=value, key=value}</code>, in signed decimal. */
  @Override
  public final String toString() {
    StringJoiner text = new StringJoiner(", ", "{", "}");
    forEach((key, value) -> text.add(key + "=" + value));
    return text.toString();
  }
}
