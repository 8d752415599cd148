package io.contexture.internal.mirror;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * An inner node of the shared map: one slot for each value of the next 5 bits of the hash.
 *
 * <p>A slot contains {@code null} for no entry, a {@code long[]} for a {@link SharedLeaf}, another
 * table, or a {@link SharedPending} that stands for one of these. While the table is of the map's
 * generation its slots are compared and set in place; afterwards the table is <i>frozen</i>: what
 * its slots stand for stays as it is.
 */
final class SharedTable {
  /** Bits of the hash that choose a slot. */
  static final int SLOT_BITS = Bits.SLOT_BITS;

  static final int WIDTH = 1 << SLOT_BITS;

  private static final int MASK = WIDTH - 1;

  private static final VarHandle SLOTS =
      MethodHandles.arrayElementVarHandle(Object[].class).withInvokeExactBehavior();

  /** The generation of the map in which this table may change. */
  final long gen;

  private final @Nullable Object[] slots;

  /** Number of entries below, or -1. Written once it can't change any more. */
  private volatile long count = -1;

  /** A table without entries. */
  SharedTable(long gen) {
    this(gen, new Object[WIDTH]);
  }

  private SharedTable(long gen, @Nullable Object[] slots) {
    this.gen = gen;
    this.slots = slots;
  }

  /** The slot of a hash that was shifted right by the levels above. */
  static int slot(long rest) {
    return (int) rest & MASK;
  }

  /**
   * A copy for a later generation, nobody else's yet. Copies changes that are pending as they are:
   * their decisions count for both tables.
   */
  SharedTable copy(long gen) {
    Object[] copy = slots.clone();
    VarHandle.acquireFence(); // between these plain reads and those of the leaves that they found
    return new SharedTable(gen, copy);
  }

  @Nullable Object get(int slot) {
    return (Object) SLOTS.getVolatile(slots, slot);
  }

  /** Plain, for a table that nobody else has yet. */
  void init(int slot, Object content) {
    slots[slot] = content;
  }

  boolean compareAndSet(int slot, @Nullable Object expected, @Nullable Object content) {
    return SLOTS.compareAndSet(slots, slot, expected, content);
  }

  // ---------------------------------------------------------------------------------- frozen --

  /** What a slot of a frozen table stands for: {@code null}, a leaf or a table. */
  @Nullable Object frozen(int slot) {
    Object content = get(slot);
    return content instanceof SharedPending pending ? pending.decide(false) : content;
  }

  /** Number of entries below what a slot of a frozen table, or the root of one, contains. */
  static long count(@Nullable Object content) {
    return content instanceof SharedTable table ? table.count() : SharedLeaf.size(content);
  }

  /** Whether {@link #count} is 0. Looks no further than to the first entry. */
  static boolean isEmpty(@Nullable Object content) {
    return content instanceof SharedTable table ? table.isEmpty() : SharedLeaf.size(content) == 0;
  }

  private boolean isEmpty() {
    long known = count;
    if (known >= 0) {
      return known == 0;
    }
    for (int i = 0; i < WIDTH; i++) {
      if (!isEmpty(frozen(i))) {
        return false;
      }
    }
    count = 0;
    return true;
  }

  /** For tests: whether the entries of a table have been counted. */
  boolean isCounted() {
    return count >= 0;
  }

  private long count() {
    long known = count;
    if (known >= 0) {
      return known;
    }
    long sum = 0;
    for (int i = 0; i < WIDTH; i++) {
      sum += count(frozen(i));
    }
    count = sum;
    return sum;
  }
}
