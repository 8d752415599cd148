package io.contexture.hamt;

import io.contexture.Backend;
import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.Engines;
import java.util.Map;
import java.util.Objects;

/**
 * An immutable map from 64-bit keys to 64-bit values: a hash array mapped trie. "Changing" a map
 * gives another one, which shares all but one path of nodes with the first.
 *
 * <pre>{@code
 * LongHamt none = LongHamt.empty();
 * LongHamt one = none.put(7, 49);
 * one.get(7, -1);   // 49
 * none.get(7, -1);  // -1: none hasn't changed
 * }</pre>
 *
 * <p><b>Contents.</b> Every {@code long} is a legal key and a legal value, 0 and -1 included.
 *
 * <p><b>Equality.</b> Two maps are equal if they hold the same entries, whatever their histories
 * and backends; {@code hashCode} is that of {@link #asMap()}.
 *
 * <p><b>Order.</b> {@link #forEach}, {@link #asMap()} and {@code toString} agree on one order, that
 * of {@link #dump()}. It depends on the contents only: up to 32 entries ascend by unsigned key;
 * more of them come in an order that looks random and is the same on every machine and in every
 * run.
 *
 * <p><b>Threads.</b> Any thread may use any map at any time, also one that it got through a data
 * race.
 *
 * <p><b>Cost.</b> Let <i>n</i> be the size. Up to 32 entries lie in one sorted block, so that a
 * look-up takes O(min(<i>n</i>, 32)); above, in a trie of 32-way nodes, where look-up and change
 * take O(log<sub>32</sub> <i>n</i>): at most 13 levels, about 4 at a million entries. The bits of a
 * key are mixed by a bijection before they choose a path, so no choice of keys can make two of them
 * collide fully.
 *
 * <p><b>Memory.</b> On the native backend the nodes lie outside the Java heap; they are released
 * after the last map that shares them has become unreachable.
 */
public sealed interface LongHamt permits AbstractLongHamt {
  /**
   * Returns the empty map of the backend that this process uses, see {@link
   * io.contexture.Contexture#backend()}. Doesn't allocate, once the backend is loaded.
   *
   * @return the empty map
   * @throws IllegalStateException if the system property {@code contexture.backend} demands the
   *     native backend and that can't be used; the message says why
   * @throws IllegalArgumentException if that property has none of its legal values
   */
  static LongHamt empty() {
    return Engines.emptyHamt();
  }

  /**
   * Returns the empty map of a backend, whichever one this process uses otherwise. All maps derived
   * from it are of that backend.
   *
   * @param backend the backend
   * @return its empty map
   * @throws IllegalStateException if the backend can't be used, see {@link
   *     Backend#unavailableReason()}
   * @throws NullPointerException if {@code backend} is {@code null}
   */
  static LongHamt empty(Backend backend) {
    return Engines.emptyHamt(Objects.requireNonNull(backend, "backend"));
  }

  /**
   * Returns the value under a key. Never boxes.
   *
   * @param key the key
   * @param absent what to return if the key isn't there
   * @return the value under {@code key}, or {@code absent}
   */
  long get(long key, long absent);

  /**
   * Returns whether there is an entry with this key. Costs at most two look-ups.
   *
   * @param key the key
   * @return whether the key is there
   */
  boolean containsKey(long key);

  /**
   * Returns this map with {@code key} bound to {@code value}: this map itself if it is bound so
   * already. Copies at most one path of nodes, or the block of up to 32 entries.
   *
   * @param key the key to bind
   * @param value its new value
   * @return a map with the entry
   * @throws IllegalStateException if the map would get more than {@link Integer#MAX_VALUE} entries
   * @throws OutOfMemoryError if there is no memory for the copy; no map has changed
   */
  LongHamt put(long key, long value);

  /**
   * Returns this map without {@code key}: this map itself if it isn't there. Copies at most one
   * path of nodes, or the block of up to 32 entries.
   *
   * @param key the key to remove
   * @return a map without the key
   * @throws OutOfMemoryError if there is no memory for the copy; no map has changed
   */
  LongHamt remove(long key);

  /**
   * Returns the union of both maps; where both have a key, {@code other}'s value wins. Returns one
   * of the two itself if that is the answer and they are of one backend.
   *
   * <p>On one backend, subtrees that only one side has, or that both share, are taken over as they
   * are, so that the cost is that of the parts in which both differ. Across backends it is that of
   * one {@link #put} per entry of {@code other}.
   *
   * @param other the map whose entries to add, of any backend
   * @return a map of this map's backend or, if this one is empty, possibly {@code other}
   * @throws IllegalStateException if the union would have more than {@link Integer#MAX_VALUE}
   *     entries
   * @throws NullPointerException if {@code other} is {@code null}
   * @throws OutOfMemoryError if there is no memory for new nodes; no map has changed
   */
  LongHamt putAll(LongHamt other);

  /**
   * Returns the number of entries. O(1).
   *
   * @return the number of entries
   */
  int size();

  /**
   * Returns whether there is no entry. O(1).
   *
   * @return whether {@link #size()} is 0
   */
  boolean isEmpty();

  /**
   * Calls {@code action} with every entry, in the order given above. O(n), never boxes. What the
   * action throws ends the iteration and reaches the caller.
   *
   * @param action what to do with each entry
   * @throws NullPointerException if {@code action} is {@code null}
   */
  void forEach(LongBinaryConsumer action);

  /**
   * Returns an unmodifiable view of this map as a {@link Map}, in the order given above. O(1); its
   * {@code get}, {@code containsKey} and the {@code contains} of its key and entry sets cost a
   * look-up, {@code containsValue} a scan. Every mutator throws {@link
   * UnsupportedOperationException}. Queries for {@code null} or for anything that isn't a {@link
   * Long} find nothing.
   *
   * @return an unmodifiable view
   */
  Map<Long, Long> asMap();

  /**
   * Returns the canonical text of this map's shape: equal texts for equal contents, on every
   * backend, machine and history. The format is fixed ({@code docs/dump-format.md}); every line
   * ends with a line feed. O(n).
   *
   * @return the canonical text
   * @throws OutOfMemoryError if the text doesn't fit in a {@link String}
   */
  String dump();
}
