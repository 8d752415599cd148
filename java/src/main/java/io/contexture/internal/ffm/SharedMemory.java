package io.contexture.internal.ffm;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One {@code cx_shared} and its share of the counted native memory. Freed with the last of the map
 * and its snapshots, in whatever order the collector finds them.
 *
 * <p>C allocates nodes by itself. So the share is kept ahead of what the map has: before some dozen
 * changes it is compared with {@code cx_shared_bytes} ({@link #settle}), and raised by a {@link
 * #CHUNK}, or lowered. Thread-safe.
 */
final class SharedMemory {
  /** By how much the share exceeds what the map has, at most twice that. */
  private static final long CHUNK = 64 << 10;

  /** Where the {@code cx_shared} is. */
  final long map;

  /** The map itself, and each snapshot. */
  private final AtomicInteger users = new AtomicInteger(1);

  /** What {@link NativeMemory} counts for this map. */
  private final AtomicLong share = new AtomicLong();

  SharedMemory(long map) {
    this.map = map;
  }

  /** For a snapshot that is about to be taken, by somebody who holds the map. */
  void retain() {
    users.incrementAndGet();
  }

  /** Frees the map when everybody has let go. */
  void release() {
    if (users.decrementAndGet() == 0 && Cx.sharedFree(map) == Cx.OK) {
      NativeMemory.uncount(share.getAndSet(0));
    }
  }

  /** As {@link #release}, by a snapshot, which has given back what only it had. */
  void releaseSnapshot(long snapshot) {
    Cx.sharedSnapshotFree(snapshot);
    lower();
    release();
  }

  /**
   * Makes sure that some dozen changes are within the limit.
   *
   * @throws OutOfMemoryError if they aren't, even after collections; the map hasn't changed
   */
  void settle() {
    lower();
    long wanted = Cx.sharedBytes(map) + CHUNK;
    long had = share.get();
    if (wanted - had < CHUNK / 2) {
      return;
    }
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
    long wanted = Cx.sharedBytes(map) + CHUNK;
    long had = share.get();
    if (had - wanted > CHUNK && share.compareAndSet(had, wanted)) {
      NativeMemory.uncount(had - wanted);
    }
  }
}
