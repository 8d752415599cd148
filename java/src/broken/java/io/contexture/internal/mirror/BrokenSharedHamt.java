package io.contexture.internal.mirror;

import io.contexture.internal.AbstractLongHamt;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A broken twin of {@link SharedHamt}, to show that the checks of concurrency find what is wrong. A
 * change is put into its slot without asking, once it is there, whether a snapshot was taken
 * meanwhile: the snapshot then changes.
 */
public final class BrokenSharedHamt {
  private record Root(long gen, Object node) {}

  private final AtomicReference<Root> root = new AtomicReference<>(new Root(1, SharedLeaf.EMPTY));

  /** As that of {@link SharedHamt}. */
  public long get(long key, long absent) {
    Object node = root.get().node;
    for (long rest = Bits.mix(key); node instanceof SharedTable table; rest >>>= 5) {
      node = table.get(SharedTable.slot(rest));
    }
    long[] leaf = leaf(node);
    int i = SharedLeaf.indexOf(leaf, key);
    return i < 0 ? absent : SharedLeaf.value(leaf, i);
  }

  private static long[] leaf(@Nullable Object node) {
    return node == null ? SharedLeaf.EMPTY : (long[]) node;
  }

  /** As that of {@link SharedHamt}, but for the decision. */
  public boolean put(long key, long value) {
    while (true) {
      Root now = root.get();
      long rest = Bits.mix(key);
      if (!(now.node instanceof SharedTable table)) {
        long[] leaf = leaf(now.node);
        int i = SharedLeaf.indexOf(leaf, key);
        if (root.compareAndSet(now, new Root(now.gen, with(leaf, i, key, value, 0, now.gen)))) {
          return i < 0;
        }
        continue;
      }
      if (table.gen != now.gen) {
        root.compareAndSet(now, new Root(now.gen, table.copy(now.gen)));
        continue;
      }
      for (int level = 1; ; level++) {
        int slot = SharedTable.slot(rest);
        Object seen = table.get(slot);
        rest >>>= SharedTable.SLOT_BITS;
        if (!(seen instanceof SharedTable below)) {
          long[] leaf = leaf(seen);
          int i = SharedLeaf.indexOf(leaf, key);
          if (table.compareAndSet(slot, seen, with(leaf, i, key, value, level, now.gen))) {
            return i < 0; // here the check is missing
          }
          break;
        }
        if (below.gen == now.gen) {
          table = below;
          continue;
        }
        SharedTable copy = below.copy(now.gen);
        if (!table.compareAndSet(slot, seen, copy)) {
          break;
        }
        table = copy;
      }
    }
  }

  private static Object with(long[] leaf, int i, long key, long value, int level, long gen) {
    return i < 0
        ? SharedLeaf.with(leaf, key, value, level, gen)
        : SharedLeaf.replaced(leaf, i, value);
  }

  /** As that of {@link SharedHamt}. */
  public AbstractLongHamt snapshot() {
    while (true) {
      Root now = root.get();
      if (root.compareAndSet(now, new Root(now.gen + 1, now.node))) {
        return new SharedSnapshot(now.node);
      }
    }
  }
}
