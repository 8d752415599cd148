package io.contexture.internal;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.ConcurrentModificationException;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A persistent map seen as a {@link Map}. Doesn't offer any change; {@link
 * AbstractLongHamt#asMap()} wraps it so that every mutator throws, also one that would change
 * nothing.
 */
final class HamtMapView extends AbstractMap<Long, Long> {
  /** Entries that an iterator copies at a time; few, since many an iteration stops early. */
  private static final int BLOCK = 32;

  private final AbstractLongHamt map;

  HamtMapView(AbstractLongHamt map) {
    this.map = map;
  }

  @Override
  public int size() {
    return map.size();
  }

  @Override
  public boolean containsKey(@Nullable Object key) {
    return key instanceof Long k && map.containsKey(k);
  }

  @Override
  public @Nullable Long get(@Nullable Object key) {
    if (key instanceof Long k) {
      long value = map.find(k, 0);
      return value != 0 || map.containsKey(k) ? value : null;
    }
    return null;
  }

  /** As {@link #containsKey} and {@link #get}, but with one look-up for most values. */
  @Override
  public @Nullable Long getOrDefault(@Nullable Object key, @Nullable Long other) {
    Long value = get(key);
    return value != null ? value : other;
  }

  @Override
  public int hashCode() {
    return map.hashCode();
  }

  /** Must agree with {@link Map#equals} of any other map; said here beside {@link #hashCode}. */
  @Override
  public boolean equals(@Nullable Object other) {
    return super.equals(other);
  }

  @Override
  public Set<Entry<Long, Long>> entrySet() {
    return new Entries(map);
  }

  private static final class Entries extends AbstractSet<Entry<Long, Long>> {
    private final AbstractLongHamt map;

    Entries(AbstractLongHamt map) {
      this.map = map;
    }

    @Override
    public int size() {
      return map.size();
    }

    @Override
    public boolean contains(@Nullable Object o) {
      return o instanceof Entry<?, ?> entry
          && entry.getKey() instanceof Long key
          && entry.getValue() instanceof Long value
          && map.find(key, ~value) == value;
    }

    @Override
    public Iterator<Entry<Long, Long>> iterator() {
      return new EntryIterator(map);
    }
  }

  private static final class EntryIterator implements Iterator<Entry<Long, Long>> {
    private final AbstractLongHamt.Cursor cursor;
    private final long[] keys;
    private final long[] values;

    /** Entries that haven't been copied yet. */
    private int ahead;

    private int copied;
    private int next;
    private final AtomicBoolean fetching = new AtomicBoolean();

    EntryIterator(AbstractLongHamt map) {
      cursor = map.cursor();
      ahead = map.size();
      keys = new long[Math.min(BLOCK, ahead)];
      values = new long[keys.length];
    }

    @Override
    public boolean hasNext() {
      return next < copied || ahead > 0;
    }

    @Override
    public Entry<Long, Long> next() {
      if (next == copied) {
        if (ahead == 0) {
          throw new NoSuchElementException();
        }
        // A cursor may lie in native memory, where two threads at once could lead it astray.
        if (!fetching.compareAndSet(false, true)) {
          throw new ConcurrentModificationException(
              "an iterator of a LongHamt is used by two threads at once; give each its own");
        }
        try {
          copied = cursor.next(keys, values);
          ahead -= copied;
          next = 0;
        } finally {
          fetching.set(false);
        }
      }
      int i = next++;
      return Map.entry(keys[i], values[i]);
    }
  }
}
