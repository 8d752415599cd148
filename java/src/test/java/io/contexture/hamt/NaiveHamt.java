package io.contexture.hamt;

import io.contexture.internal.AbstractLongHamt;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * The model: a sorted map that is copied whole at every change. Also stands for "a map of another
 * backend" in tests of what {@link AbstractLongHamt} does across backends.
 */
final class NaiveHamt extends AbstractLongHamt {
  static final NaiveHamt EMPTY = new NaiveHamt(new TreeMap<>(Long::compareUnsigned));

  private final TreeMap<Long, Long> entries;

  private NaiveHamt(TreeMap<Long, Long> entries) {
    this.entries = entries;
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public long find(long key, long absent) {
    return entries.getOrDefault(key, absent);
  }

  @Override
  public NaiveHamt put(long key, long value) {
    TreeMap<Long, Long> copy = new TreeMap<>(entries);
    copy.put(key, value);
    return new NaiveHamt(copy);
  }

  @Override
  public NaiveHamt remove(long key) {
    TreeMap<Long, Long> copy = new TreeMap<>(entries);
    copy.remove(key);
    return new NaiveHamt(copy);
  }

  @Override
  protected AbstractLongHamt merge(AbstractLongHamt over) {
    return putEach(over);
  }

  @Override
  public boolean replaceUnshared(long key, long value) {
    return entries.replace(key, value) != null;
  }

  @Override
  public Cursor cursor() {
    Iterator<Map.Entry<Long, Long>> rest = entries.entrySet().iterator();
    return (keys, values) -> {
      int n = 0;
      while (n < keys.length && rest.hasNext()) {
        Map.Entry<Long, Long> entry = rest.next();
        keys[n] = entry.getKey();
        values[n++] = entry.getValue();
      }
      return n;
    };
  }

  /** Not the canonical text, which tells shapes that a model doesn't have. */
  @Override
  public String dump() {
    return toString();
  }
}
