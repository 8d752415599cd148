package io.contexture.internal.mirror;

import io.contexture.internal.AbstractSharedSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a {@link SharedHamt} as a persistent map: look-ups and iterations go over the
 * shared map's frozen nodes, changes and the dump over a {@link Hamt} of the same entries, which
 * the first of them makes.
 *
 * <p>Refers to the nodes only, not to the map. Thread-safe.
 */
final class SharedSnapshot extends AbstractSharedSnapshot {
  /** A leaf or a frozen table. */
  private final Object node;

  /** The same contents once they are needed; any race will do, as a {@link Hamt} is immutable. */
  private @Nullable Hamt converted;

  SharedSnapshot(Object node) {
    this.node = node;
  }

  @Override
  protected Hamt convert() {
    Hamt map = converted;
    if (map == null) {
      long[] keys = new long[64];
      long[] values = new long[64];
      map = Hamt.EMPTY;
      SharedCursor cursor = new SharedCursor(node);
      for (int n; (n = cursor.next(keys, values)) > 0; ) {
        for (int i = 0; i < n; i++) {
          map = map.put(keys[i], values[i]);
        }
      }
      converted = map;
    }
    return map;
  }

  @Override
  public long find(long key, long absent) {
    long[] leaf = leaf(key);
    if (leaf != null) {
      int i = SharedLeaf.indexOf(leaf, key);
      if (i >= 0) {
        return SharedLeaf.value(leaf, i);
      }
    }
    return absent;
  }

  @Override
  public boolean containsKey(long key) {
    long[] leaf = leaf(key);
    return leaf != null && SharedLeaf.indexOf(leaf, key) >= 0;
  }

  private long @Nullable [] leaf(long key) {
    Object content = node;
    for (long rest = Bits.mix(key);
        content instanceof SharedTable table;
        rest >>>= SharedTable.SLOT_BITS) {
      content = table.frozen(SharedTable.slot(rest));
    }
    return (long[]) content;
  }

  @Override
  public int size() {
    long count = SharedTable.count(node);
    if (count > Integer.MAX_VALUE) {
      throw new IllegalStateException(
          "this snapshot has "
              + count
              + " entries, more than a LongHamt can count; ask the ConcurrentLongHamt for its"
              + " size(), and split the data over several maps");
    }
    return (int) count;
  }

  @Override
  public boolean isEmpty() {
    return SharedTable.isEmpty(node);
  }

  /** For tests: whether {@link #size} has to look at nothing any more. */
  boolean isCounted() {
    return !(node instanceof SharedTable table) || table.isCounted();
  }

  /** Few entries come in another order than many: that of a flat {@link Hamt}. */
  @Override
  public Cursor cursor() {
    return size() <= Hamt.FLAT_LIMIT ? convert().cursor() : new SharedCursor(node);
  }
}
