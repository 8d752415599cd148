package io.contexture.hamt;

import io.contexture.Backend;
import io.contexture.internal.AbstractConcurrentLongHamt;
import io.contexture.internal.Engines;
import java.util.Objects;

/**
 * A map from 64-bit keys to 64-bit values that many threads read and write at once, with snapshots
 * that cost the same whatever the size.
 *
 * <pre>{@code
 * try (ConcurrentLongHamt map = ConcurrentLongHamt.create()) {
 *   map.put(7, 49);
 *   LongHamt before = map.snapshot();
 *   map.compareAndSet(7, 49, 50);
 *   map.get(7, -1);     // 50
 *   before.get(7, -1);  // 49: a snapshot doesn't change
 * }
 * }</pre>
 *
 * <p><b>Contents.</b> Every {@code long} is a legal key and a legal value, 0 and -1 included. Never
 * boxes.
 *
 * <p><b>Threads.</b> Any thread, platform or virtual, may call anything at any time. Every
 * operation but {@link #putAll} is <i>linearizable</i>: it takes effect at one instant between its
 * call and its return, for all threads alike and in all snapshots. What a thread did before it
 * changed an entry is visible to whoever reads that entry.
 *
 * <p><b>Progress.</b> {@link #get} and {@link #containsKey} are wait-free: they end after a bounded
 * number of steps, whatever other threads do, or fail to do. Changes, {@link #snapshot} and {@link
 * #clear} are lock-free: they are repeated only if another one has got through. Nothing blocks, and
 * a thread that stops in the middle of a call stops nobody else.
 *
 * <p><b>Cost.</b> Let <i>n</i> be the size. A look-up takes O(log<sub>32</sub> <i>n</i>), at most
 * 13 levels for any choice of keys; a change takes the same and copies up to some dozen entries.
 * {@link #snapshot} takes O(1). After it, the first change on a path of nodes copies that path,
 * later ones don't.
 *
 * <p><b>Memory.</b> Removed entries are released; nodes stay until {@link #clear}, and a snapshot
 * keeps what it shows until it is unreachable. On the native backend the nodes lie outside the Java
 * heap; closing the map gives them back at once, a map that was forgotten is found by the
 * collector.
 *
 * <p><b>Sources.</b> Snapshots by generations of nodes, where each change checks that no snapshot
 * was taken meanwhile: Prokopec, Bronson, Bagwell, Odersky, <cite>Concurrent Tries with Efficient
 * Non-Blocking Snapshots</cite> (PPoPP 2012). Here on the slots of uncompressed nodes, with several
 * entries to a leaf.
 */
public sealed interface ConcurrentLongHamt extends AutoCloseable
    permits AbstractConcurrentLongHamt {
  /**
   * Returns a new empty map on the backend that this process uses, see {@link
   * io.contexture.Contexture#backend()}.
   *
   * @return a new map
   * @throws IllegalStateException if the system property {@code contexture.backend} demands the
   *     native backend and that can't be used; the message says why
   * @throws IllegalArgumentException if that property has none of its legal values
   * @throws OutOfMemoryError if there is no memory for it
   */
  static ConcurrentLongHamt create() {
    return Engines.newSharedHamt();
  }

  /**
   * Returns a new empty map on a backend, whichever one this process uses otherwise.
   *
   * @param backend the backend
   * @return a new map
   * @throws IllegalStateException if the backend can't be used, see {@link
   *     Backend#unavailableReason()}
   * @throws NullPointerException if {@code backend} is {@code null}
   * @throws OutOfMemoryError if there is no memory for it
   */
  static ConcurrentLongHamt create(Backend backend) {
    return Engines.newSharedHamt(Objects.requireNonNull(backend, "backend"));
  }

  /**
   * Returns the value under a key. Wait-free.
   *
   * @param key the key
   * @param absent what to return if the key isn't there
   * @return the value under {@code key}, or {@code absent}
   * @throws IllegalStateException if the map is closed
   */
  long get(long key, long absent);

  /**
   * Returns whether there is an entry with this key. Wait-free.
   *
   * @param key the key
   * @return whether the key is there
   * @throws IllegalStateException if the map is closed
   */
  boolean containsKey(long key);

  /**
   * Binds {@code key} to {@code value}, whether or not it is there. Lock-free.
   *
   * @param key the key to bind
   * @param value its new value
   * @return {@code true} if the key is new, {@code false} if a value was replaced
   * @throws IllegalStateException if the map is closed
   * @throws OutOfMemoryError if there is no memory for the entry; the map hasn't changed
   */
  boolean put(long key, long value);

  /**
   * Binds {@code key} to {@code value} if it isn't there. Lock-free.
   *
   * @param key the key to bind
   * @param value its value
   * @return {@code true} if it was bound, {@code false} if it is there, with whatever value
   * @throws IllegalStateException if the map is closed
   * @throws OutOfMemoryError if there is no memory for the entry; the map hasn't changed
   */
  boolean putIfAbsent(long key, long value);

  /**
   * Removes {@code key} with its value. Lock-free.
   *
   * @param key the key to remove
   * @return {@code true} if it was there
   * @throws IllegalStateException if the map is closed
   * @throws OutOfMemoryError if there is no memory for the change; the map hasn't changed
   */
  boolean remove(long key);

  /**
   * Binds {@code key} to {@code value} if it is bound to {@code expected}. Lock-free.
   *
   * @param key the key
   * @param expected the value that it must have
   * @param value its new value
   * @return {@code true} if it had the expected value; {@code false} if it has another one, or
   *     isn't there
   * @throws IllegalStateException if the map is closed
   * @throws OutOfMemoryError if there is no memory for the change; the map hasn't changed
   */
  boolean compareAndSet(long key, long expected, long value);

  /**
   * {@linkplain #put Puts} every entry of {@code other} into this map, one after the other. Each of
   * these is linearizable, the whole isn't: other threads see some of them before others. If one
   * fails, those before it are there. O(size of {@code other}).
   *
   * @param other the map whose entries to put, of any backend; a snapshot of this map will do
   * @throws IllegalStateException if the map is closed, or gets closed meanwhile
   * @throws NullPointerException if {@code other} is {@code null}
   * @throws OutOfMemoryError if there is no memory for an entry
   */
  void putAll(LongHamt other);

  /**
   * Removes all entries at one instant. Lock-free, O(1).
   *
   * @throws IllegalStateException if the map is closed
   * @throws OutOfMemoryError if there is no memory for the change; the map hasn't changed
   */
  void clear();

  /**
   * Returns the contents at one instant, unaffected by later changes and by {@link #close}.
   * Lock-free, O(1), whatever the size; without a change since the last one, it is a read.
   *
   * <p>The snapshot is a {@link LongHamt} in every respect but cost: its {@code get} and {@code
   * containsKey} work on the nodes of this map. Its {@code size} has to count once what changed
   * since the last count, O(n) at worst. Its {@code put}, {@code remove}, {@code putAll} and {@code
   * dump} and, on the native backend, what iterates first build an ordinary map of the same
   * contents, O(n) once for all of them, and keep it.
   *
   * @return the contents of this moment
   * @throws IllegalStateException if the map is closed
   * @throws OutOfMemoryError if there is no memory for the snapshot; the map hasn't changed
   */
  LongHamt snapshot();

  /**
   * Returns the number of entries at one instant, exactly. Counts a {@link #snapshot}, hence O(n)
   * the first time and later what has changed since the last count. Makes later changes copy their
   * paths, as a snapshot does.
   *
   * @return the number of entries
   * @throws IllegalStateException if the map is closed
   * @throws OutOfMemoryError if there is no memory for the snapshot; the map hasn't changed
   */
  long size();

  /**
   * Calls {@code action} with every entry of a {@link #snapshot}. What the action throws ends the
   * iteration and reaches the caller; the action may change this map, and won't see it. O(n).
   *
   * @param action what to do with each entry
   * @throws IllegalStateException if the map is closed
   * @throws NullPointerException if {@code action} is {@code null}
   * @throws OutOfMemoryError if there is no memory for the snapshot
   */
  void forEach(LongBinaryConsumer action);

  /**
   * Removes all entries and ends the use of this map: every later call but this one throws an
   * {@link IllegalStateException}, as may calls that are under way. Snapshots that were taken
   * before stay valid. Lock-free; does nothing if the map is closed already.
   */
  @Override
  void close();
}
