package io.contexture.internal.ffm;

import io.contexture.internal.Reaper;
import io.contexture.internal.StackProbe;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Native memory by the byte: counts it, limits it, and presses the collector when it gets scarce.
 *
 * <p>What the collector owns natively doesn't weigh on the Java heap, so that a program which drops
 * maps quickly would grow without ever causing a collection. Hence the soft limit: {@value
 * #LIMIT_PROPERTY} in bytes, by default {@link Runtime#maxMemory}. A request that would exceed it
 * first releases what the collector has found dead already, then has it collect, at most every 50
 * ms, and waits with growing pauses for what that frees. It fails once half a second has passed and
 * nothing was freed for anybody. Nothing has been changed at that point.
 *
 * <p>With {@value #POISON_PROPERTY}{@code =true} freed blocks are filled with {@link #POISON} and
 * given back to the C library late, first in, first out, once {@link #QUARANTINE_BYTES} of them are
 * waiting: reading one is then seen rather than believed.
 *
 * <p>The memory of slabs is kept for other slabs for a while, see {@link FreeBlocks}; it counts
 * neither as in use nor against the limit, and goes back where another request needs the room.
 *
 * <p>What is still in use when the class loader goes is given back then, see {@link Ledger}.
 *
 * <p>Wherever the stack or the Java heap ends, what is counted is what somebody has. Whoever takes
 * memory has made sure before that there is stack enough ({@link #requireStack}), also for giving
 * it back from where it was taken. Giving it back takes next to no Java heap; where it fails for
 * want of that, nothing has changed, and it can be done again.
 *
 * <p>Thread-safe. Costs one call of the C library's allocator, an atomic addition and an entry in
 * the ledger.
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

  private static final long GC_INTERVAL_NANOS = 50_000_000;

  /** The pauses are 1, 2, 4 ... 256 ms: {@code java.nio.Bits} waits as long for direct buffers. */
  private static final int PAUSES = 9;

  private static final boolean POISONING = Boolean.getBoolean(POISON_PROPERTY);

  /** The soft limit; negative when the property doesn't hold a number of bytes. */
  private static final long LIMIT = limit(System.getProperty(LIMIT_PROPERTY));

  private static final AtomicLong IN_USE = new AtomicLong();

  /** How often memory has been given back. */
  private static final AtomicLong FREED = new AtomicLong();

  private static final AtomicLong SLABS_MADE = new AtomicLong();
  private static final AtomicLong SLABS_FREED = new AtomicLong();

  /** Held by the one thread that presses the collector. Fair, so that nobody starves. */
  private static final ReentrantLock TURN = new ReentrantLock(true);

  /** How many threads hold that lock or wait for it. */
  private static final AtomicInteger WAITING = new AtomicInteger();

  /** How many of them went away empty-handed. */
  private static final AtomicInteger FAILURES = new AtomicInteger();

  /** What {@link #FREED} was when the last of those failed; guarded by {@link #TURN}. */
  private static long freedAtFailure;

  /**
   * When the last collection ended, as {@link System#nanoTime} has it; guarded by {@link #TURN}.
   */
  private static long lastCollection = System.nanoTime() - GC_INTERVAL_NANOS;

  /** For tests: which allocation is to fail, counted from the next, which is 1; 0 for none. */
  private static final AtomicLong FAIL_IN = new AtomicLong();

  /** Guards what is in quarantine. */
  private static final Object QUARANTINE = new Object();

  /** The oldest of the poisoned blocks, and the newest, if there are any. */
  private static @Nullable Block oldest;

  private static @Nullable Block newest;

  private static long quarantined;

  /**
   * More frames than it takes to get memory, to give it an owner, and to give it back; but a thread
   * that has to wait for memory may find that it needs even more, and get none.
   */
  private static final int STACK_NEEDED = 192;

  /** The number of the latest slab that was freed. */
  private static final AtomicLong LATEST_FREED = new AtomicLong();

  private static final long DECAY_NANOS = 1_000_000_000;

  private static long lastDecay = System.nanoTime();

  static {
    Reaper.setUpkeep(NativeMemory::decay);
  }

  private enum Kind {
    /** Only counted: C allocates it by itself. */
    COUNTED,
    ZEROED,
    SLAB
  }

  /** A poisoned block. The list is one of their own, so that nothing fails while it changes. */
  private static final class Block {
    final long addr;
    final long bytes;
    @Nullable Block next;

    Block(long addr, long bytes) {
      this.addr = addr;
      this.bytes = bytes;
    }
  }

  private NativeMemory() {}

  /**
   * To be called before memory is taken or counted, before anything has changed.
   *
   * @throws StackOverflowError if there might not be stack enough to get it, to note down who has
   *     it, and to give it back
   */
  static void requireStack() {
    StackProbe.require(STACK_NEEDED);
  }

  /**
   * Zeroed memory of {@code bytes} bytes at a 64-byte boundary, to be given back with {@link
   * #free}.
   *
   * @throws OutOfMemoryError when the limit or the C library doesn't allow it, even after
   *     collections; nothing has changed then
   * @throws StackOverflowError as {@link #requireStack}
   * @throws IllegalStateException when {@value #LIMIT_PROPERTY} is set to something unintelligible
   */
  static long allocate(long bytes) {
    long addr = allocateOrZero(bytes);
    if (addr == 0) {
      throw exhausted(bytes);
    }
    return addr;
  }

  /** What to throw when there is no room for {@code bytes} bytes more; states the figures. */
  static OutOfMemoryError exhausted(long bytes) {
    return new OutOfMemoryError(
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

  /**
   * Counts {@code bytes} bytes that C allocates by itself, to be given back with {@link #uncount}.
   * Presses the collector as {@link #allocate} does. The caller has {@linkplain #requireStack
   * stack}.
   *
   * @return whether they are within the limit; if not, nothing was counted
   */
  static boolean count(long bytes) {
    return take(bytes, Kind.COUNTED) != 0;
  }

  /** Gives back what was {@linkplain #count counted}. */
  static void uncount(long bytes) {
    IN_USE.addAndGet(-bytes);
    FREED.incrementAndGet();
  }

  /** As {@link #allocate}, but returns 0 where that throws an {@link OutOfMemoryError}. */
  static long allocateOrZero(long bytes) {
    requireStack();
    return take(bytes, Kind.ZEROED);
  }

  /**
   * As {@link #allocateOrZero}, but of a size that {@link FreeBlocks#sizeFor} gives, with undefined
   * contents, and to be given back with {@link #freeSlab}. The caller has {@linkplain #requireStack
   * stack}.
   */
  static long allocateSlabOrZero(long bytes) {
    return take(bytes, Kind.SLAB);
  }

  /** Counts memory and, if it is of that kind, allocates it; 0 if there is none. */
  private static long take(long bytes, Kind kind) {
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
    long addr = WAITING.get() == 0 ? tryTake(bytes, kind) : 0;
    return addr != 0 ? addr : takeAfterCollections(bytes, kind);
  }

  /** Gives back what {@link #allocate} returned; may be repeated after an OutOfMemoryError. */
  static void free(long addr, long bytes) {
    if (!POISONING || !quarantine(addr, bytes)) {
      giveBack(addr);
    }
    IN_USE.addAndGet(-bytes);
    FREED.incrementAndGet();
  }

  /**
   * Gives back what {@link #allocateSlabOrZero} returned; it may be kept for the next slab. May be
   * repeated after an OutOfMemoryError.
   */
  static void freeSlab(long addr, long bytes) {
    if (POISONING || !FreeBlocks.keep(addr, bytes)) {
      free(addr, bytes);
      return;
    }
    IN_USE.addAndGet(-bytes);
    FREED.incrementAndGet();
  }

  /**
   * Bytes handed out and not given back. Poisoned memory in quarantine doesn't count, nor does what
   * is kept for the next slabs.
   */
  public static long bytesInUse() {
    return IN_USE.get();
  }

  /** The soft limit in bytes. */
  static long limit() {
    return LIMIT;
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

  /** Counts a new slab and returns its number. */
  static long slabMade() {
    return SLABS_MADE.incrementAndGet();
  }

  /** Counts that the slab with this number was freed. */
  static void slabFreed(long number) {
    long latest;
    do { // no lambda: to link it takes Java heap
      latest = LATEST_FREED.get();
    } while (latest < number && !LATEST_FREED.compareAndSet(latest, number));
    SLABS_FREED.incrementAndGet();
  }

  /**
   * How many slabs the last collection has left: those older than the latest that was freed. While
   * its finds are being freed, those still to be freed count too.
   */
  static long slabsSurviving() {
    long freed = SLABS_FREED.get();
    return Math.max(0, LATEST_FREED.get() - freed);
  }

  /** The reaper's upkeep: at most once a second, what no slab has needed goes back to C. */
  private static void decay(boolean last) {
    long now = System.nanoTime();
    if (last || now - lastDecay >= DECAY_NANOS) {
      lastDecay = now;
      try {
        FreeBlocks.decay(last);
      } catch (OutOfMemoryError laterThen) {
        // There is no Java heap at the moment; what wasn't given back is still kept.
      }
    }
  }

  /**
   * For tests: lets the n-th allocation from now fail, and none after it; 0 cancels that. Returns
   * what is left of the n of the last call, 0 if that failure has happened.
   */
  static long failAllocation(long n) {
    return FAIL_IN.getAndSet(n);
  }

  private static boolean isToFail() {
    return FAIL_IN.get() != 0 && FAIL_IN.getAndUpdate(n -> n == 0 ? 0 : n - 1) == 1;
  }

  /** Memory within the limit, or 0; 1 if it was to be counted only. */
  private static long tryTake(long bytes, Kind kind) {
    long used;
    do {
      used = IN_USE.get();
      if (bytes > LIMIT - used) {
        return 0;
      }
    } while (!IN_USE.compareAndSet(used, used + bytes));
    if (kind == Kind.COUNTED) {
      return 1;
    }
    long addr = 0;
    try {
      addr = kind == Kind.SLAB ? FreeBlocks.take(bytes) : 0;
      if (addr == 0) {
        addr = newBlock(bytes, LIMIT - used - bytes);
      }
    } finally {
      if (addr == 0) {
        IN_USE.addAndGet(-bytes);
      }
    }
    return addr;
  }

  /** Gives a block back to the C library; may be repeated after an OutOfMemoryError. */
  static void giveBack(long addr) {
    Ledger.BLOCKS.remove(addr);
    Cx.memoryFree(addr);
  }

  /** A block from the C library, or 0; what is kept may be as much as {@code left} bytes. */
  private static long newBlock(long bytes, long left) {
    long excess = FreeBlocks.bytes() - left;
    if (excess > 0) {
      FreeBlocks.release(excess);
    }
    long addr = Cx.memoryAlloc(bytes);
    if (addr == 0 && FreeBlocks.bytes() > 0) {
      FreeBlocks.decay(true);
      addr = Cx.memoryAlloc(bytes);
    }
    if (addr != 0) {
      try {
        Ledger.BLOCKS.add(addr);
      } catch (OutOfMemoryError e) {
        Cx.memoryFree(addr); // it isn't in the ledger
        throw e;
      }
    }
    return addr;
  }

  /**
   * Memory after what is dead has been freed, or 0. One thread after the other gets here, and none
   * passes them by ({@link #WAITING}): what is freed goes to the one that has waited longest.
   */
  private static long takeAfterCollections(long bytes, Kind kind) {
    if (bytes > LIMIT) {
      return 0; // no collection can help
    }
    int failures = FAILURES.get();
    WAITING.incrementAndGet();
    try {
      TURN.lock();
      try {
        return collectAndTake(bytes, kind, failures);
      } finally {
        TURN.unlock();
      }
    } finally {
      WAITING.decrementAndGet();
    }
  }

  private static long collectAndTake(long bytes, Kind kind, int failures) {
    // Whoever waited behind one that failed needn't wait as long again for the same nothing.
    int idle = failures == FAILURES.get() || FREED.get() != freedAtFailure ? 0 : PAUSES;
    boolean interrupted = false;
    try {
      while (true) {
        Reaper.drain();
        SharedMemory.trimAll();
        long freed = FREED.get();
        long addr = tryTake(bytes, kind);
        if (addr != 0) {
          return addr;
        }
        if (idle == PAUSES) {
          freedAtFailure = freed;
          FAILURES.incrementAndGet();
          return 0;
        }
        if (idle == 0 || idle == PAUSES / 2) {
          interrupted |= pause(GC_INTERVAL_NANOS - (System.nanoTime() - lastCollection));
          System.gc();
          lastCollection = System.nanoTime();
        }
        // What a collection finds is queued by another thread, and perhaps freed by one.
        interrupted |= pause(1_000_000L << idle);
        idle = FREED.get() == freed ? idle + 1 : 0;
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits that long, if it is positive, and tells whether the thread was interrupted. */
  private static boolean pause(long nanos) {
    boolean interrupted = Thread.interrupted();
    if (nanos > 0) {
      LockSupport.parkNanos(nanos);
    }
    return interrupted;
  }

  /** Poisons the block and holds it back; false if there is no Java heap for that. */
  private static boolean quarantine(long addr, long bytes) {
    Block block;
    try {
      block = new Block(addr, bytes);
      Cx.fill(addr, bytes, POISON);
    } catch (OutOfMemoryError e) {
      return false;
    }
    synchronized (QUARANTINE) {
      if (newest == null) {
        oldest = block;
      } else {
        newest.next = block;
      }
      newest = block;
      quarantined += bytes;
      try {
        shortenQuarantine();
      } catch (OutOfMemoryError laterThen) {
        // It is longer than it should be, until the next block.
      }
    }
    return true;
  }

  /** Gives back the oldest poisoned blocks if there are too many; {@link #QUARANTINE} is held. */
  private static void shortenQuarantine() {
    for (Block block = oldest; block != null && quarantined > QUARANTINE_BYTES; block = oldest) {
      giveBack(block.addr);
      oldest = block.next;
      if (oldest == null) {
        newest = null;
      }
      quarantined -= block.bytes;
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
