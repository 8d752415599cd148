package io.contexture.internal.ffm;

import io.contexture.internal.Reaper;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Native memory by the byte: counts it, limits it, and presses the collector when it gets scarce.
 *
 * <p>What the collector owns natively doesn't weigh on the Java heap, so that a program which drops
 * maps quickly would grow without ever causing a collection. Hence the soft limit: {@value
 * #LIMIT_PROPERTY} in bytes, by default {@link Runtime#maxMemory}. A request that would exceed it
 * first releases what the collector has found dead already, then asks for collections, no more than
 * one per {@value #GC_INTERVAL_MILLIS} ms over all threads, and waits with growing pauses for what
 * they free: half a second if that is nothing, ten seconds if it is always taken by other threads.
 * Only then it fails. Nothing has been changed at that point.
 *
 * <p>With {@value #POISON_PROPERTY}{@code =true} freed blocks are filled with {@link #POISON} and
 * given back to the C library late, first in, first out, once {@link #QUARANTINE_BYTES} of them are
 * waiting: reading one is then seen rather than believed.
 *
 * <p>Thread-safe. Costs one call of the C library's allocator and one atomic addition.
 */
public final class NativeMemory {
  /** The system property with the soft limit in bytes. */
  public static final String LIMIT_PROPERTY = "contexture.native.limit";

  /** The system property that makes freed memory recognizable. */
  public static final String POISON_PROPERTY = "contexture.debug.poison";

  /** What freed blocks are filled with, if at all. */
  public static final byte POISON = (byte) 0xDB;

  /** How much poisoned memory is held back. */
  static final long QUARANTINE_BYTES = 64L << 20;

  private static final long GC_INTERVAL_MILLIS = 50;

  /** The pauses are 1, 2, 4 ... 256 ms: {@code java.nio.Bits} waits as long for direct buffers. */
  private static final int PAUSES = 9;

  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private static final boolean POISONING = Boolean.getBoolean(POISON_PROPERTY);

  /** The soft limit; negative when the property doesn't hold a number of bytes. */
  private static final long LIMIT = limit(System.getProperty(LIMIT_PROPERTY));

  private static final AtomicLong IN_USE = new AtomicLong();
  /** How often memory has been given back. */
  private static final AtomicLong FREED = new AtomicLong();

  private static final AtomicLong SLABS_MADE = new AtomicLong();
  private static final AtomicLong SLABS_FREED = new AtomicLong();

  /** When the last collection was asked for, in {@link System#nanoTime} terms. */
  private static final AtomicLong LAST_GC =
      new AtomicLong(System.nanoTime() - GC_INTERVAL_MILLIS * 1_000_000);

  /** For tests: how many allocations are still to succeed, one to fail after them; 0 is "all". */
  private static final AtomicLong FAIL_IN = new AtomicLong();

  /** Poisoned blocks, oldest first, guarded by itself. */
  private static final ArrayDeque<Block> QUARANTINE = new ArrayDeque<>();

  private static long quarantined;

  private record Block(long addr, long bytes) {}

  private NativeMemory() {}

  /**
   * Zeroed memory of {@code bytes} bytes at a 64-byte boundary, to be given back with {@link #free}.
   *
   * @throws OutOfMemoryError when the limit or the C library doesn't allow it, even after
   *     collections; nothing has changed then
   * @throws IllegalStateException when {@value #LIMIT_PROPERTY} is set to something unintelligible
   */
  static long allocate(long bytes) {
    long addr = allocateOrZero(bytes);
    if (addr == 0) {
      throw new OutOfMemoryError(
          "native memory: no room for "
              + bytes
              + " bytes more: "
              + IN_USE.get()
              + " bytes in use, limit "
              + LIMIT
              + " (system property "
              + LIMIT_PROPERTY
              + ")");
    }
    return addr;
  }

  /** As {@link #allocate}, but returns 0 where that throws an {@link OutOfMemoryError}. */
  static long allocateOrZero(long bytes) {
    if (LIMIT < 0) {
      throw new IllegalStateException(
          "system property "
              + LIMIT_PROPERTY
              + " must be a number of bytes, not \""
              + System.getProperty(LIMIT_PROPERTY)
              + '"');
    }
    if (isToFail()) {
      return 0;
    }
    long addr = tryAllocate(bytes);
    return addr != 0 ? addr : allocateAfterCollections(bytes);
  }

  /** Gives back what {@link #allocate} returned. */
  static void free(long addr, long bytes) {
    if (POISONING) {
      quarantine(new Block(addr, bytes));
    } else {
      Cx.memoryFree(addr);
    }
    IN_USE.addAndGet(-bytes);
    FREED.incrementAndGet();
  }

  /** Bytes handed out and not given back. Poisoned memory in quarantine doesn't count. */
  public static long bytesInUse() {
    return IN_USE.get();
  }

  /** Number of slabs that have been made and not yet freed. */
  public static long slabsLive() {
    long freed = SLABS_FREED.get();
    return SLABS_MADE.get() - freed;
  }

  /** Number of slabs that the collector found dead and that were freed. */
  public static long slabsFreed() {
    return SLABS_FREED.get();
  }

  /** Whether freed memory is poisoned. */
  public static boolean isPoisoning() {
    return POISONING;
  }

  static void slabMade() {
    SLABS_MADE.incrementAndGet();
  }

  static void slabFreed() {
    SLABS_FREED.incrementAndGet();
  }

  /** For tests: lets the n-th allocation from now fail, and none after it; 0 cancels that. */
  static void failAllocation(long n) {
    FAIL_IN.set(n);
  }

  private static boolean isToFail() {
    return FAIL_IN.get() != 0 && FAIL_IN.getAndUpdate(n -> n == 0 ? 0 : n - 1) == 1;
  }

  /** Memory within the limit, or 0. */
  private static long tryAllocate(long bytes) {
    long used;
    do {
      used = IN_USE.get();
      if (bytes > LIMIT - used) {
        return 0;
      }
    } while (!IN_USE.compareAndSet(used, used + bytes));
    long addr = 0;
    try {
      addr = Cx.memoryAlloc(bytes);
    } finally {
      if (addr == 0) {
        IN_USE.addAndGet(-bytes);
      }
    }
    return addr;
  }

  /**
   * Memory after what is dead has been freed, or 0. Where many threads want memory, what is freed goes
   * to any of them: one that gets nothing gives up after {@link #PAUSES} rounds in which nothing was
   * freed for anybody, or {@link #PATIENCE_NANOS} in all.
   */
  private static long allocateAfterCollections(long bytes) {
    Reaper.poke();
    long addr = tryAllocate(bytes);
    if (bytes > LIMIT) {
      return addr; // no collection can help
    }
    boolean interrupted = false;
    try {
      long start = System.nanoTime();
      int idle = 0;
      while (addr == 0 && idle < PAUSES && System.nanoTime() - start < PATIENCE_NANOS) {
        final long freed = FREED.get();
        collect();
        Reaper.drain();
        addr = tryAllocate(bytes);
        if (addr == 0) {
          // A collection's finds are queued by another thread, and perhaps freed by one: wait.
          interrupted |= Thread.interrupted();
          LockSupport.parkNanos(1_000_000L << idle);
          Reaper.drain();
          addr = tryAllocate(bytes);
        }
        idle = FREED.get() == freed ? idle + 1 : 0;
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return addr;
  }

  /** Asks for a collection unless somebody has just done so. */
  private static void collect() {
    long last = LAST_GC.get();
    long now = System.nanoTime();
    if (now - last >= GC_INTERVAL_MILLIS * 1_000_000 && LAST_GC.compareAndSet(last, now)) {
      System.gc();
    }
  }

  private static void quarantine(Block block) {
    Cx.fill(block.addr, block.bytes, POISON);
    synchronized (QUARANTINE) {
      QUARANTINE.addLast(block);
      quarantined += block.bytes;
      while (quarantined > QUARANTINE_BYTES) {
        Block oldest = QUARANTINE.removeFirst();
        quarantined -= oldest.bytes;
        Cx.memoryFree(oldest.addr);
      }
    }
  }

  private static long limit(@Nullable String text) {
    if (text == null) {
      return Runtime.getRuntime().maxMemory();
    }
    try {
      return Long.parseLong(text.trim());
    } catch (NumberFormatException reportedWhereItIsUsed) {
      return -1;
    }
  }
}
