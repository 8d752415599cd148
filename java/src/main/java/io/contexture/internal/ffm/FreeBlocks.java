package io.contexture.internal.ffm;

import io.contexture.internal.StackProbe;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The memory of dead slabs, kept for new ones.
 *
 * <p>A program that changes maps all the time has thousands of slabs die at each collection and
 * makes as many before the next. Were they given back to the C library in between, each new one
 * would begin with page faults for memory that was at hand a moment ago.
 *
 * <p>Blocks come in sizes of four steps to each power of two. The blocks of a size are a list whose
 * links lie in the blocks, so that keeping one needs no memory. Whoever finds a list in use does
 * without it: takes a block from the C library, or gives it back there. What hasn't been needed for
 * a while is given back: see {@link #decay}.
 *
 * <p>Thread-safe, and nobody waits. In a list all that can fail comes before the stores that change
 * it, and those are a few plain ones: so a list loses no block where the stack or the Java heap
 * ends.
 */
final class FreeBlocks {
  /** The largest block that is kept. */
  static final long MAX_BYTES = 64 << 10;

  /** The smallest. */
  private static final int LEAST_BITS = 9;

  /** More frames than giving a block back and taking it off its list: both happen, or neither. */
  private static final int STACK_NEEDED = 128;

  /** How often to come back to a list that is in use. */
  private static final int TRIES = 1000;

  private static final Size[] SIZES = new Size[indexOf(MAX_BYTES) + 1];

  static {
    for (int i = 0; i < SIZES.length; i++) {
      SIZES[i] = new Size(sizeAt(i));
    }
  }

  private FreeBlocks() {}

  /** The size in which a slab of {@code bytes} bytes comes, which may be larger than any kept. */
  static long sizeFor(long bytes) {
    return bytes > MAX_BYTES ? bytes : sizeAt(indexOf(bytes));
  }

  private static int indexOf(long bytes) {
    long last = Math.max(bytes, 1L << LEAST_BITS) - 1;
    int shift = Long.SIZE - 3 - Long.numberOfLeadingZeros(last);
    return 4 * (shift + 2 - LEAST_BITS) + (int) (last >>> shift) - 3;
  }

  private static long sizeAt(int index) {
    return (4L + index % 4) << (LEAST_BITS - 2 + index / 4);
  }

  /** Bytes of all blocks that are kept. */
  static long bytes() {
    long sum = 0;
    for (Size size : SIZES) {
      sum += size.count * size.bytes;
    }
    return sum;
  }

  /** Number of all blocks that are kept; for tests. */
  static long blocks() {
    long sum = 0;
    for (Size size : SIZES) {
      sum += size.count;
    }
    return sum;
  }

  /** A block of {@code bytes} bytes, a result of {@link #sizeFor}; 0 if none is at hand. */
  static long take(long bytes) {
    return bytes > MAX_BYTES ? 0 : SIZES[indexOf(bytes)].take();
  }

  /**
   * Keeps the block, of a size that {@link #sizeFor} gives.
   *
   * @return false if it isn't kept
   */
  static boolean keep(long addr, long bytes) {
    return bytes <= MAX_BYTES && SIZES[indexOf(bytes)].keep(addr);
  }

  /**
   * Gives back {@code bytes} bytes or somewhat more, or all that is at hand.
   *
   * @throws StackOverflowError if there might not be stack enough; nothing has been given back then
   * @throws OutOfMemoryError if there is no Java heap for that; the rest is still kept then
   */
  static void release(long bytes) {
    StackProbe.require(STACK_NEEDED);
    long left = bytes;
    for (int i = SIZES.length - 1; i >= 0 && left > 0; i--) {
      left -= SIZES[i].release((left - 1) / SIZES[i].bytes + 1);
    }
  }

  /**
   * Gives back what has not been needed since the last call, or all of it, but for what is in use
   * at this moment, again and again.
   *
   * @throws StackOverflowError as {@link #release}
   * @throws OutOfMemoryError as {@link #release}
   */
  static void decay(boolean all) {
    StackProbe.require(STACK_NEEDED);
    for (Size size : SIZES) {
      size.release(all ? Long.MAX_VALUE : size.least);
      for (int tries = 0; all && size.count != 0 && tries < TRIES; tries++) {
        Thread.onSpinWait();
        size.release(Long.MAX_VALUE);
      }
      size.least = size.count;
    }
  }

  /** The blocks of one size. */
  private static final class Size {
    private static final VarHandle BUSY;

    static {
      try {
        BUSY = MethodHandles.lookup().findVarHandle(Size.class, "busy", boolean.class);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage(), e);
      }
    }

    final long bytes;

    /** Whether a thread uses the list; whoever has set it resets it, by a store. */
    private volatile boolean busy;

    /**
     * The first block, or 0. Each holds the address of the next. Whoever doesn't hold the list may
     * see what was first before.
     */
    private long first;

    /** The number of blocks; written while busy. */
    private volatile long count;

    /**
     * The least that there were since {@link #decay} looked; not exact when threads race, which is
     * good enough for a guess at the future.
     */
    private volatile long least;

    Size(long bytes) {
      this.bytes = bytes;
    }

    private boolean enter() {
      return !busy && BUSY.compareAndSet(this, false, true);
    }

    long take() {
      if (first == 0 || !enter()) {
        return 0;
      }
      try {
        long addr = first;
        if (addr != 0) {
          dropFirst(Cx.getLong(addr));
        }
        return addr;
      } finally {
        busy = false;
      }
    }

    /** Takes the first block, of which there is one, off the list. While busy. */
    private void dropFirst(long next) {
      first = next;
      long left = count - 1;
      count = left;
      if (left < least) {
        least = left;
      }
    }

    boolean keep(long addr) {
      if (!enter()) {
        return false;
      }
      try {
        Cx.putLong(addr, first);
        first = addr;
        long more = count + 1; // nobody else writes it while this is busy
        count = more;
      } finally {
        busy = false;
      }
      return true;
    }

    /** Gives back that many blocks, or all at hand if that is fewer; returns the bytes. */
    long release(long blocks) {
      long released = 0;
      while (released / bytes < blocks && releaseFirst()) {
        released += bytes;
      }
      return released;
    }

    /** Gives back one block; false if none is at hand. */
    private boolean releaseFirst() {
      if (first == 0 || !enter()) {
        return false;
      }
      try {
        long addr = first;
        if (addr != 0) {
          long next = Cx.getLong(addr);
          NativeMemory.giveBack(addr); // may fail
          dropFirst(next);
        }
        return addr != 0;
      } finally {
        busy = false;
      }
    }
  }
}
