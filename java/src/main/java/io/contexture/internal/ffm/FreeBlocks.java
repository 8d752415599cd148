package io.contexture.internal.ffm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The memory of dead slabs, kept for new ones.
 *
 * <p>A program that changes maps all the time has thousands of slabs die at each collection and
 * makes as many before the next. Were they given back to the C library in between, each new one
 * would begin with page faults for memory that was at hand a moment ago.
 *
 * <p>Blocks come in sizes of four steps to each power of two. What hasn't been needed for a while
 * is given back: see {@link #decay}.
 *
 * <p>Thread-safe, lock-free. Taking and keeping cost one operation on a concurrent deque.
 */
final class FreeBlocks {
  /** The largest block that is kept. */
  static final long MAX_BYTES = 64 << 10;

  /** The smallest. */
  private static final int LEAST_BITS = 9;

  private static final List<ConcurrentLinkedDeque<Long>> BY_SIZE = new ArrayList<>();

  static {
    for (int i = 0; i <= indexOf(MAX_BYTES); i++) {
      BY_SIZE.add(new ConcurrentLinkedDeque<>());
    }
  }

  private static final AtomicLong BYTES = new AtomicLong();

  /**
   * The least that {@link #BYTES} was since {@link #decay} looked; not exact when threads race,
   * which is good enough for a guess at the future.
   */
  private static volatile long low;

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
    return BYTES.get();
  }

  /** A block of {@code bytes} bytes, a result of {@link #sizeFor}; 0 if there is none. */
  static long take(long bytes) {
    if (bytes > MAX_BYTES) {
      return 0;
    }
    Long addr = BY_SIZE.get(indexOf(bytes)).pollFirst();
    if (addr == null) {
      return 0;
    }
    long left = BYTES.addAndGet(-bytes);
    if (left < low) {
      low = left;
    }
    return addr;
  }

  /** Keeps the block, which has {@link #MAX_BYTES} bytes at most. */
  static void keep(long addr, long bytes) {
    BY_SIZE.get(indexOf(bytes)).addFirst(addr);
    BYTES.addAndGet(bytes);
  }

  /** Gives back {@code bytes} bytes or somewhat more, or all that there is. */
  static void release(long bytes) {
    long left = bytes;
    for (int i = BY_SIZE.size() - 1; i >= 0 && left > 0; i--) {
      @Nullable Long addr;
      while (left > 0 && (addr = BY_SIZE.get(i).pollLast()) != null) {
        BYTES.addAndGet(-sizeAt(i));
        left -= sizeAt(i);
        NativeMemory.giveBack(addr);
      }
    }
  }

  /** Gives back what has not been needed since the last call, or all of it. */
  static void decay(boolean all) {
    release(all ? Long.MAX_VALUE : low);
    low = BYTES.get();
  }
}
