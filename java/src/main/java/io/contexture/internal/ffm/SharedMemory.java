package io.contexture.internal.ffm;

import io.contexture.internal.Reaper;
import io.contexture.internal.StackProbe;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One {@code cx_shared} and its share of the counted native memory. Freed with the last of the map
 * and its snapshots, in whatever order the collector finds them.
 *
 * <p>C allocates nodes by itself. So the share is kept ahead of what the map has: before some dozen
 * changes it is compared with {@code cx_shared_bytes} ({@link #settle}), and raised by a {@link
 * #CHUNK}, or lowered. Thread-safe.
 */
final class SharedMemory {
  /** More frames than it takes to change the share and the count with it. */
  private static final int STACK_NEEDED = 64;

  /** By how much the share exceeds what the map has, at most twice that. */
  private static final long CHUNK = 64 << 10;

  /** All maps that aren't freed. */
  private static final Set<SharedMemory> LIVE = ConcurrentHashMap.newKeySet();

  /**
   * The latest of those that nobody refers to and that C refused to free. A stack, linked through
   * them, so that none needs memory to get there; who tries again takes all of it.
   */
  private static final AtomicReference<@Nullable SharedMemory> REFUSED = new AtomicReference<>();

  /** The one refused before this one. */
  private @Nullable SharedMemory refusedBefore;

  /** Where the {@code cx_shared} is; nothing yet if it isn't positive. */
  long map;

  /** The handles of the map itself and of each series of snapshots. */
  final AtomicInteger users = new AtomicInteger();

  /** What {@link NativeMemory} counts for this map. */
  private final AtomicLong share = new AtomicLong();

  /** Lets the map be trimmed when memory is scarce; it is there until it is freed. */
  void enlist() {
    LIVE.add(this);
  }

  /**
   * Frees the map when everybody has let go. What C refuses to free, since somebody is using it who
   * doesn't count here, stays enlisted and is tried again with the next map, as is what can't be
   * freed for want of Java heap. Throws nothing.
   */
  void release() {
    if (users.decrementAndGet() == 0) {
      SharedMemory other = REFUSED.getAndSet(null);
      while (other != null) {
        SharedMemory next = other.refusedBefore;
        other.freeOrRefuse();
        other = next;
      }
      freeOrRefuse();
    }
  }

  private void freeOrRefuse() {
    boolean freed = false;
    try {
      freed = free();
    } catch (OutOfMemoryError laterThen) {
      // The ledger has wanted some.
    }
    if (!freed) {
      do {
        refusedBefore = REFUSED.get();
      } while (!REFUSED.compareAndSet(refusedBefore, this));
    }
  }

  /** May be repeated, by the only thread that knows this one. */
  private boolean free() {
    if (map > 0) {
      Ledger.MAPS.remove(map);
      if (Cx.sharedFree(map) != Cx.OK) {
        Ledger.MAPS.add(map);
        return false;
      }
      map = 0;
    }
    LIVE.remove(this);
    NativeMemory.uncount(share.getAndSet(0));
    return true;
  }

  /**
   * Gives back what no map needs any more, so that whoever waits for memory sees it come. The
   * caller has just had {@link Reaper#drain} find that there is stack enough.
   */
  static void trimAll() {
    for (SharedMemory memory : LIVE) {
      int users = memory.users.get();
      while (users > 0 && !memory.users.compareAndSet(users, users + 1)) {
        users = memory.users.get();
      }
      if (users > 0) {
        try {
          Cx.sharedTrim(memory.map);
          memory.lowerShare();
        } finally {
          memory.release();
        }
      }
    }
  }

  /** What is counted for all maps; for tests. */
  static long shares() {
    long sum = 0;
    for (SharedMemory memory : LIVE) {
      sum += memory.share.get();
    }
    return sum;
  }

  /**
   * Makes sure that some dozen changes are within the limit.
   *
   * @throws OutOfMemoryError if they aren't, even after collections; the map hasn't changed
   * @throws StackOverflowError if there might not be stack enough; the map hasn't changed
   */
  void settle() {
    lower();
    long wanted = Cx.sharedBytes(map) + CHUNK;
    long had = share.get();
    if (wanted - had < CHUNK / 2) {
      return;
    }
    NativeMemory.requireStack();
    if (NativeMemory.count(wanted - had)) {
      share.addAndGet(wanted - had);
      return;
    }
    if (Cx.sharedTrim(map) == Cx.OK && Cx.sharedBytes(map) + CHUNK / 2 <= share.get()) {
      return;
    }
    throw NativeMemory.exhausted(wanted - had);
  }

  /** Gives back what the map doesn't need any more. */
  void lower() {
    StackProbe.require(STACK_NEEDED);
    lowerShare();
  }

  /** As {@link #lower}, for a thread that has made sure that there is stack enough. */
  void lowerShare() {
    long wanted = Cx.sharedBytes(map) + CHUNK;
    long had = share.get();
    if (had - wanted > CHUNK && share.compareAndSet(had, wanted)) {
      NativeMemory.uncount(had - wanted);
    }
  }
}
