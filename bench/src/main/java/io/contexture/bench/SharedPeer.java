package io.contexture.bench;

import io.contexture.hamt.ConcurrentLongHamt;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import scala.collection.concurrent.TrieMap;

/**
 * One kind of map that many threads use, filled with random keys, with the operations that the
 * benchmarks of shared maps measure.
 *
 * <p>Keys are chosen by index. Peers that box find the very objects that they contain, which spares
 * them an allocation and mostly a comparison; values are boxed when they are put.
 */
abstract class SharedPeer {
  final long[] keys;

  SharedPeer(int size) {
    keys = new SplittableRandom(550).longs().distinct().limit(size).toArray();
  }

  /** The kind of map that is called so. */
  static SharedPeer of(String name, int size) {
    SharedPeer peer =
        switch (name) {
          case "contexture" -> new Ours(size);
          case "TrieMap" -> new Trie(size);
          case "ConcurrentHashMap" -> new Hash(size);
          default -> throw new IllegalArgumentException(name);
        };
    for (int i = 0; i < size; i++) {
      peer.put(i, i);
    }
    return peer;
  }

  abstract long get(int index);

  abstract void put(int index, long value);

  /** A snapshot that can't be written to; the map may be. */
  abstract Object snapshot();

  private static final class Ours extends SharedPeer {
    private final ConcurrentLongHamt map = ConcurrentLongHamt.create();

    Ours(int size) {
      super(size);
    }

    @Override
    long get(int index) {
      return map.get(keys[index], -1);
    }

    @Override
    void put(int index, long value) {
      map.put(keys[index], value);
    }

    @Override
    Object snapshot() {
      return map.snapshot();
    }
  }

  private abstract static class Boxing extends SharedPeer {
    final Long[] boxed;

    Boxing(int size) {
      super(size);
      boxed = new Long[size];
      for (int i = 0; i < size; i++) {
        boxed[i] = keys[i];
      }
    }
  }

  private static final class Trie extends Boxing {
    private final TrieMap<Long, Long> map = new TrieMap<>();

    Trie(int size) {
      super(size);
    }

    @Override
    long get(int index) {
      return map.apply(boxed[index]);
    }

    @Override
    void put(int index, long value) {
      map.update(boxed[index], value);
    }

    @Override
    Object snapshot() {
      return map.readOnlySnapshot();
    }
  }

  private static final class Hash extends Boxing {
    private final ConcurrentHashMap<Long, Long> map = new ConcurrentHashMap<>();

    Hash(int size) {
      super(size);
    }

    @Override
    long get(int index) {
      return map.get(boxed[index]);
    }

    @Override
    void put(int index, long value) {
      map.put(boxed[index], value);
    }

    @Override
    Object snapshot() {
      throw new UnsupportedOperationException();
    }
  }
}
