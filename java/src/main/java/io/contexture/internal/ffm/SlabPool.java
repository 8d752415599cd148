package io.contexture.internal.ffm;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Lends slabs with free room, each to one borrower at a time.
 *
 * <p>A borrower takes a slab out of a stripe chosen by its thread's id, and puts it back when it is
 * done. In between nobody else can see it: no lock is held, so a virtual thread may be unmounted
 * with a slab in its hands, and one that never comes back loses it to the collector, as does one
 * that fails half-way with a {@link StackOverflowError}. The others take another slab.
 *
 * <p>Taking is an atomic exchange, giving back a release store: what the last borrower wrote is
 * visible to the next, and is read by the former before the slab is given back. Of two that are
 * given back to one stripe at the same instant one is dropped.
 *
 * <p>Thread-safe, lock-free. The pool holds at most one usual slab for each stripe.
 */
final class SlabPool {
  /** Stripes are 64 bytes apart, so that threads don't contend for a cache line. */
  private static final int SPREAD = 16;

  /** Up to this many live slabs, 1 MiB of them, their size doesn't matter. */
  private static final long FEW = 128;

  private static final int MASK =
      Integer.highestOneBit(4 * Runtime.getRuntime().availableProcessors() - 1) - 1;

  private static final AtomicReferenceArray<@Nullable Slab> STRIPES =
      new AtomicReferenceArray<>((MASK + 1) * SPREAD);

  /** A block and what keeps it alive; what the block points to isn't kept. */
  record Block(long addr, Slab slab) {}

  private SlabPool() {}

  /**
   * A slab that is the caller's alone until it is {@linkplain #giveBack given back}; it may be
   * full.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  static Slab borrow() {
    int stripe = stripe();
    Slab slab = STRIPES.getAndSet(stripe, null);
    if (slab == null) {
      slab = STRIPES.getAndSet(stripe ^ SPREAD, null);
    }
    return slab != null ? slab : fresh(0);
  }

  /**
   * A new slab with room for {@code bytes} bytes or more, the caller's alone. What the caller had
   * borrowed before, and found too small, it forgets.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  static Slab fresh(long bytes) {
    return Slab.withRoomFor(Math.max(bytes, usualBytes() - Slab.HEADER_BYTES));
  }

  /**
   * The size of the next ordinary slab. One small map that lives long keeps the whole slab in which
   * it lies, so the more slabs survive collections, the smaller the new ones are: with few,
   * allocating seldom matters more; with many, it is what lies between the survivors. Where
   * collections have left next to nothing of many, slabs are larger than usual.
   */
  private static long usualBytes() {
    long live = NativeMemory.slabsSurviving();
    if (live < FEW) {
      int doublings =
          NativeMemory.slabsFreed() < FEW ? 0 : live < FEW / 8 ? 3 : live < FEW / 4 ? 2 : 0;
      return Math.min(
          Slab.USUAL_BYTES << doublings, Math.max(Slab.USUAL_BYTES, NativeMemory.limit() >> 10));
    }
    return Slab.USUAL_BYTES >> Math.min(4, 1 + (64 - Long.numberOfLeadingZeros(live / FEW)) / 2);
  }

  /** Lets others have the slab. It is dropped if there is no place for it, or if it is unusual. */
  static void giveBack(Slab slab) {
    int stripe = stripe();
    if (slab.bytes <= FreeBlocks.MAX_BYTES && STRIPES.getOpaque(stripe) == null) {
      STRIPES.setRelease(stripe, slab);
    }
  }

  /**
   * A new {@code cx_link}: the map at {@code map}, which isn't empty, over the chain at {@code
   * below}, which has fewer than {@link CxLayout#EC_MAX_LINKS} links. The caller keeps both alive
   * for the duration of the call, and as long as it uses the result.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  static Block newEc(long map, long below) {
    Slab slab = borrow();
    int status = Cx.ecNew(map, below, slab.addr, slab.outAddr());
    if (status == Cx.NEED_SPACE) {
      slab = fresh(CxLayout.EC_SIZE);
      status = Cx.ecNew(map, below, slab.addr, slab.outAddr());
    }
    long addr = slab.out();
    if (status != Cx.OK) {
      throw new IllegalStateException("cx_link_new: " + Cx.statusText(status));
    }
    giveBack(slab);
    return new Block(addr, slab);
  }

  /**
   * A new zeroed block of {@code bytes} bytes, a multiple of 8, at a multiple of {@code alignment},
   * which is a power of two and at least 8.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  static Block newBlock(long bytes, long alignment) {
    long needed = bytes + alignment - Long.BYTES;
    Slab slab = borrow();
    long taken = slab.take(needed);
    if (taken == 0) {
      slab = fresh(needed);
      taken = slab.take(needed);
    }
    long addr = (taken + alignment - 1) & -alignment;
    Cx.fill(addr, bytes, (byte) 0);
    giveBack(slab);
    return new Block(addr, slab);
  }

  /** For tests: drops every slab that nobody has borrowed. */
  static void clear() {
    for (int i = 0; i <= MASK; i++) {
      STRIPES.set(i * SPREAD, null);
    }
  }

  private static int stripe() {
    return ((int) Thread.currentThread().threadId() & MASK) * SPREAD;
  }
}
