package io.contexture.internal.ffm;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What keeps the slabs alive in which the blocks of one map lie: a node of an immutable, acyclic
 * graph of such.
 *
 * <pre>
 *   map A --- Keep ---> slab 1
 *              ^
 *   map B --- Keep ---> slab 2       B was made from A: new blocks in slab 2, shared ones in slab 1
 *              ^
 *   map C --- Keep ---> slab 3       C is the union of B and D
 *              |
 *              v
 *   map D --- Keep ---> slab 4
 * </pre>
 *
 * <p><b>Using it.</b> A reference to a map protects its memory only as long as the compiler
 * believes that the reference is still needed, which ends with its last use, and a read of raw
 * memory isn't one. So every reader calls {@link #use} with what it has read: to compute the
 * element that is looked at there, the machine needs the result of the read and the array, and the
 * array leads to every slab. Hence no compiler can end the life of the slabs before the read is
 * done. A {@link java.lang.ref.Reference#reachabilityFence} is meant to achieve the same, but the
 * JVM's compiler doesn't always honor it (JDK-8290892).
 *
 * <p><b>How much it holds.</b> A version of a trie shares most of its nodes with older ones, whose
 * slabs hold much that is dead by now. {@link #isCopyDue} tells when to look, so that a map holds
 * at most a constant multiple of its own size.
 */
final class Keep {
  /** Keeps nothing: for the empty map. */
  static final Keep NOTHING = new Keep();

  /** What a map may hold beyond a multiple of its own size. */
  private static final long SLACK_BYTES = 128 << 10;

  /**
   * What one change of a map may copy, on average, to spare memory: so much that a version hardly
   * ever gets past the limit by half of it.
   */
  private static final long COPY_BYTES = 16 << 10;

  /** How many keeps back an alternation between slabs is recognized. */
  private static final int LOOK_BACK = 4;

  private final @Nullable Slab slab;
  private final @Nullable Keep older;

  /** Leads to every slab; no element is null. */
  private final Object[] guard;

  /** Bytes of all slabs, those counted several times that several paths lead to. */
  final long bytes;

  /** What {@link #bytes} may reach before a copy is worth considering. */
  private final long limit;

  private Keep() {
    this.slab = null;
    this.older = null;
    this.guard = new Object[] {this, this};
    this.bytes = 0;
    this.limit = SLACK_BYTES;
  }

  /** Keeps one slab. */
  Keep(Slab slab) {
    this(slab, SLACK_BYTES);
  }

  private Keep(Slab slab, long limit) {
    this.slab = slab;
    this.older = null;
    this.guard = new Object[] {slab, slab};
    this.bytes = slab.bytes;
    this.limit = limit;
  }

  private Keep(Slab slab, Keep older) {
    this.slab = slab;
    this.older = older;
    this.guard = new Object[] {slab, older};
    this.bytes = slab.bytes + older.bytes;
    this.limit = older.limit;
  }

  private Keep(Slab slab, Keep a, Keep b) {
    this.slab = slab;
    this.older = null;
    this.guard = new Object[] {a, b, slab};
    this.bytes = slab.bytes + a.bytes + b.bytes;
    this.limit = Math.max(a.limit, b.limit);
  }

  private Keep(Keep same, long limit) {
    this.slab = same.slab;
    this.older = same.older;
    this.guard = same.guard;
    this.bytes = same.bytes;
    this.limit = limit;
  }

  /**
   * Keeps every slab alive until {@code read} has been read. Call it after the read or the
   * downcall, with its result.
   */
  void use(long read) {
    if (guard[(int) (read >>> 63)] == null) {
      throw new AssertionError("a keep without a slab");
    }
  }

  /** What keeps these slabs and {@code newer}. O(1). */
  Keep with(Slab newer) {
    // Where two threads take turns in changing a map, two slabs take turns.
    Keep keep = this;
    for (int i = 0; i < LOOK_BACK && keep != null; i++) {
      if (keep.slab == newer) {
        return this;
      }
      keep = keep.older;
    }
    return new Keep(newer, this);
  }

  /** What keeps these slabs, those of {@code other} and {@code newer}. O(1). */
  Keep with(Keep other, Slab newer) {
    return other == this || other.isJust(newer) ? with(newer) : new Keep(newer, this, other);
  }

  private boolean isJust(Slab only) {
    return slab == only && bytes == only.bytes;
  }

  /**
   * Whether it is time to compare {@link #bytes} with the size of the map, and to copy the map if
   * too much is dead. Both take time in proportion to the map, so both have to be paid for by the
   * changes made since the last copy, and that by each change for itself: many versions may descend
   * from one that is just below a limit, and a firm limit would let each of them copy the whole
   * map. Past {@link #limit} therefore a die is cast, so that a change copies {@value #COPY_BYTES}
   * bytes on average, whatever its ancestors did. Only past one and a half times the limit, where
   * hardly any version gets, copying is certain.
   */
  boolean isCopyDue() {
    long over = bytes - limit;
    if (over <= 0) {
      return false;
    }
    long size = (limit - SLACK_BYTES) >> 1;
    return over > limit >> 1
        || size <= COPY_BYTES
        || ThreadLocalRandom.current().nextLong(size) < COPY_BYTES;
  }

  /**
   * Whether a map of {@code size} bytes should be copied. Well below the limit of {@link #after}.
   */
  boolean isWasteful(long size) {
    return bytes - size > (size >> 1) + SLACK_BYTES / 2;
  }

  /** These slabs, now that the map was found to have {@code size} bytes. */
  Keep after(long size) {
    return new Keep(this, limitFor(size));
  }

  /** What keeps {@code slab} alone, which holds a map of {@code size} bytes. */
  static Keep ofCopy(Slab slab, long size) {
    return new Keep(slab, limitFor(size));
  }

  private static long limitFor(long size) {
    return 2 * size + SLACK_BYTES;
  }
}
