package io.contexture.bench;

import io.contexture.hamt.LongHamt;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One kind of map, filled, with the operations that {@link MapBenchmark} measures.
 *
 * <p>Keys are random. Those to ask for lie in the order in which they are asked for, as primitives
 * and boxed, so that coming by a key costs next to nothing; boxed ones are the very objects that
 * are in the map, which spares the peers a comparison. Values are other keys.
 */
abstract class MapPeer {
  /** Kinds that can do all that is measured. */
  static final List<String> COMPLETE =
      List.of("longHamt", "clojure", "scala", "vavr", "kotlinx", "paguro");

  /** Kinds of which the old version survives a change. */
  static final List<String> PERSISTENT =
      List.of("longHamt", "clojure", "scala", "vavr", "kotlinx", "paguro", "grpc");

  /** Those, and hash tables that change in place. */
  static final List<String> ALL =
      List.of(
          "longHamt",
          "clojure",
          "scala",
          "vavr",
          "kotlinx",
          "paguro",
          "grpc",
          "eclipse",
          "fastutil",
          "agrona");

  /**
   * How many keys are asked for before the first comes again, at least: more than a branch
   * predictor can learn.
   */
  private static final int LENGTH = 1 << 17;

  /** The keys of the map, then as many that aren't in it. */
  final long[] keys;

  final Long[] boxed;

  /** Keys of the map in a random order; {@link #mask} wraps an index. */
  final long[] present;

  final Long[] presentBoxed;

  /** Keys that aren't in the map. */
  final long[] absent;

  final Long[] absentBoxed;
  final int mask;
  final int size;

  MapPeer(int size) {
    this.size = size;
    keys = new SplittableRandom(550).longs(2L * size).distinct().toArray();
    boxed = new Long[keys.length];
    for (int i = 0; i < keys.length; i++) {
      boxed[i] = Long.valueOf(keys[i]);
    }
    int length = Math.max(LENGTH, size);
    mask = length - 1;
    present = new long[length];
    presentBoxed = new Long[length];
    absent = new long[length];
    absentBoxed = new Long[length];
    SplittableRandom random = new SplittableRandom(2017);
    for (int i = 0; i < length; i++) {
      int at = random.nextInt(size);
      present[i] = keys[at];
      presentBoxed[i] = boxed[at];
      absent[i] = keys[size + at];
      absentBoxed[i] = boxed[size + at];
    }
  }

  /** A map of that kind, not filled yet. */
  static MapPeer of(String kind, int size) {
    return switch (kind) {
      case "longHamt" -> new Ours(size);
      case "clojure" -> new Clojure(size);
      case "scala" -> new Scala(size);
      case "vavr" -> new Vavr(size);
      case "kotlinx" -> new Kotlinx(size);
      case "paguro" -> new Paguro(size);
      case "grpc" -> new Grpc(size);
      case "eclipse" -> new Eclipse(size);
      case "fastutil" -> new Fastutil(size);
      case "agrona" -> new Agrona(size);
      default -> throw new IllegalArgumentException("no such map: " + kind);
    };
  }

  /** Makes the map of the first {@link #size} keys. */
  abstract Object build();

  /** Makes the map that the operations below start from, and the other side of a merge. */
  abstract void fill();

  abstract long get(int i);

  abstract long miss(int i);

  /** Not every kind can do the following. */
  Object putNew(int i) {
    throw new UnsupportedOperationException();
  }

  Object putReplace(int i) {
    throw new UnsupportedOperationException();
  }

  Object remove(int i) {
    throw new UnsupportedOperationException();
  }

  Object merge() {
    throw new UnsupportedOperationException();
  }

  /** The sum of all keys and values. */
  abstract long iterate();

  /** Bytes of the map that aren't in the Java heap. */
  long bytesOutside(Object map) {
    return 0;
  }

  static long valueOf(Long found) {
    return found == null ? 0 : found;
  }

  /** The index of the value that goes with key {@code i}. */
  int other(int i) {
    return keys.length - 1 - i;
  }

  // ------------------------------------------------------------------------------ persistent

  private static final class Ours extends MapPeer {
    private LongHamt map;
    private LongHamt half;

    Ours(int size) {
      super(size);
    }

    private LongHamt of(int from) {
      LongHamt made = LongHamt.empty();
      for (int i = from; i < from + size; i++) {
        made = made.put(keys[i], keys[other(i)]);
      }
      return made;
    }

    @Override
    Object build() {
      return of(0);
    }

    @Override
    void fill() {
      map = of(0);
      half = of(size / 2);
    }

    @Override
    long get(int i) {
      return map.get(present[i & mask], 0);
    }

    @Override
    long miss(int i) {
      return map.get(absent[i & mask], 0);
    }

    @Override
    Object putNew(int i) {
      return map.put(absent[i & mask], i);
    }

    @Override
    Object putReplace(int i) {
      return map.put(present[i & mask], i);
    }

    @Override
    Object remove(int i) {
      return map.remove(present[i & mask]);
    }

    @Override
    Object merge() {
      return map.putAll(half);
    }

    @Override
    long iterate() {
      long[] sum = new long[1];
      map.forEach((key, value) -> sum[0] += key + value);
      return sum[0];
    }

    @Override
    long bytesOutside(Object map) {
      return map instanceof io.contexture.internal.ffm.NativeHamt made ? made.bytesUsed() : 0;
    }
  }

  private static final class Clojure extends MapPeer {
    private clojure.lang.IPersistentMap map;
    private clojure.lang.IPersistentMap half;

    Clojure(int size) {
      super(size);
    }

    private clojure.lang.IPersistentMap of(int from) {
      clojure.lang.ITransientMap made = clojure.lang.PersistentHashMap.EMPTY.asTransient();
      for (int i = from; i < from + size; i++) {
        made = made.assoc(boxed[i], boxed[other(i)]);
      }
      return made.persistent();
    }

    @Override
    Object build() {
      return of(0);
    }

    @Override
    void fill() {
      map = of(0);
      half = of(size / 2);
    }

    @Override
    long get(int i) {
      return valueOf((Long) map.valAt(presentBoxed[i & mask]));
    }

    @Override
    long miss(int i) {
      return valueOf((Long) map.valAt(absentBoxed[i & mask]));
    }

    @Override
    Object putNew(int i) {
      return map.assoc(absentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object putReplace(int i) {
      return map.assoc(presentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object remove(int i) {
      return map.without(presentBoxed[i & mask]);
    }

    @Override
    Object merge() {
      clojure.lang.ITransientMap made = ((clojure.lang.PersistentHashMap) map).asTransient();
      for (Object entry : half) {
        Map.Entry<?, ?> next = (Map.Entry<?, ?>) entry;
        made = made.assoc(next.getKey(), next.getValue());
      }
      return made.persistent();
    }

    @Override
    long iterate() {
      long[] sum = new long[1];
      ((clojure.lang.IKVReduce) map)
          .kvreduce(
              new clojure.lang.AFn() {
                @Override
                public Object invoke(Object all, Object key, Object value) {
                  sum[0] += (Long) key + (Long) value;
                  return all;
                }
              },
              "");
      return sum[0];
    }
  }

  private static final class Scala extends MapPeer {
    private scala.collection.immutable.HashMap<Long, Long> map;
    private scala.collection.immutable.HashMap<Long, Long> half;

    Scala(int size) {
      super(size);
    }

    private scala.collection.immutable.HashMap<Long, Long> of(int from) {
      scala.collection.immutable.HashMapBuilder<Long, Long> made =
          new scala.collection.immutable.HashMapBuilder<>();
      for (int i = from; i < from + size; i++) {
        made.addOne(boxed[i], boxed[other(i)]);
      }
      return made.result();
    }

    @Override
    Object build() {
      return of(0);
    }

    @Override
    void fill() {
      map = of(0);
      half = of(size / 2);
    }

    @Override
    long get(int i) {
      return valueOf(map.getOrElse(presentBoxed[i & mask], () -> null));
    }

    @Override
    long miss(int i) {
      return valueOf(map.getOrElse(absentBoxed[i & mask], () -> null));
    }

    @Override
    Object putNew(int i) {
      return map.updated(absentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object putReplace(int i) {
      return map.updated(presentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object remove(int i) {
      return map.removed(presentBoxed[i & mask]);
    }

    @Override
    Object merge() {
      return map.concat(half);
    }

    @Override
    long iterate() {
      long[] sum = new long[1];
      map.foreachEntry(
          (key, value) -> {
            sum[0] += key + value;
            return null;
          });
      return sum[0];
    }
  }

  private static final class Vavr extends MapPeer {
    private io.vavr.collection.HashMap<Long, Long> map;
    private io.vavr.collection.HashMap<Long, Long> half;

    Vavr(int size) {
      super(size);
    }

    private io.vavr.collection.HashMap<Long, Long> of(int from) {
      io.vavr.collection.HashMap<Long, Long> made = io.vavr.collection.HashMap.empty();
      for (int i = from; i < from + size; i++) {
        made = made.put(boxed[i], boxed[other(i)]);
      }
      return made;
    }

    @Override
    Object build() {
      return of(0);
    }

    @Override
    void fill() {
      map = of(0);
      half = of(size / 2);
    }

    @Override
    long get(int i) {
      return valueOf(map.getOrElse(presentBoxed[i & mask], null));
    }

    @Override
    long miss(int i) {
      return valueOf(map.getOrElse(absentBoxed[i & mask], null));
    }

    @Override
    Object putNew(int i) {
      return map.put(absentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object putReplace(int i) {
      return map.put(presentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object remove(int i) {
      return map.remove(presentBoxed[i & mask]);
    }

    @Override
    Object merge() {
      return half.merge(map); // the receiver's values win
    }

    @Override
    long iterate() {
      long[] sum = new long[1];
      map.forEach((key, value) -> sum[0] += key + value);
      return sum[0];
    }
  }

  private static final class Kotlinx extends MapPeer {
    private kotlinx.collections.immutable.PersistentMap<Long, Long> map;
    private kotlinx.collections.immutable.PersistentMap<Long, Long> half;

    Kotlinx(int size) {
      super(size);
    }

    private kotlinx.collections.immutable.PersistentMap<Long, Long> of(int from) {
      kotlinx.collections.immutable.PersistentMap.Builder<Long, Long> made =
          kotlinx.collections.immutable.ExtensionsKt.<Long, Long>persistentHashMapOf().builder();
      for (int i = from; i < from + size; i++) {
        made.put(boxed[i], boxed[other(i)]);
      }
      return made.build();
    }

    @Override
    Object build() {
      return of(0);
    }

    @Override
    void fill() {
      map = of(0);
      half = of(size / 2);
    }

    @Override
    long get(int i) {
      return valueOf(map.get(presentBoxed[i & mask]));
    }

    @Override
    long miss(int i) {
      return valueOf(map.get(absentBoxed[i & mask]));
    }

    @Override
    Object putNew(int i) {
      return map.put(absentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object putReplace(int i) {
      return map.put(presentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object remove(int i) {
      return map.remove(presentBoxed[i & mask]);
    }

    @Override
    Object merge() {
      return map.putAll(half);
    }

    @Override
    long iterate() {
      long sum = 0;
      for (Map.Entry<Long, Long> entry : map.entrySet()) {
        sum += entry.getKey() + entry.getValue();
      }
      return sum;
    }
  }

  private static final class Paguro extends MapPeer {
    private org.organicdesign.fp.collections.PersistentHashMap<Long, Long> map;
    private org.organicdesign.fp.collections.PersistentHashMap<Long, Long> half;

    Paguro(int size) {
      super(size);
    }

    private org.organicdesign.fp.collections.PersistentHashMap<Long, Long> of(int from) {
      org.organicdesign.fp.collections.PersistentHashMap.MutHashMap<Long, Long> made =
          org.organicdesign.fp.collections.PersistentHashMap.<Long, Long>emptyMutable();
      for (int i = from; i < from + size; i++) {
        made = made.assoc(boxed[i], boxed[other(i)]);
      }
      return made.immutable();
    }

    @Override
    Object build() {
      return of(0);
    }

    @Override
    void fill() {
      map = of(0);
      half = of(size / 2);
    }

    @Override
    long get(int i) {
      return valueOf(map.get(presentBoxed[i & mask]));
    }

    @Override
    long miss(int i) {
      return valueOf(map.get(absentBoxed[i & mask]));
    }

    @Override
    Object putNew(int i) {
      return map.assoc(absentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object putReplace(int i) {
      return map.assoc(presentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object remove(int i) {
      return map.without(presentBoxed[i & mask]);
    }

    @Override
    Object merge() {
      org.organicdesign.fp.collections.PersistentHashMap.MutHashMap<Long, Long> made =
          map.mutable();
      for (Map.Entry<Long, Long> entry : half) {
        made = made.assoc(entry.getKey(), entry.getValue());
      }
      return made.immutable();
    }

    @Override
    long iterate() {
      long sum = 0;
      for (Map.Entry<Long, Long> entry : map) {
        sum += entry.getKey() + entry.getValue();
      }
      return sum;
    }
  }

  private static final class Grpc extends MapPeer {
    private io.grpc.GrpcTrie map;

    Grpc(int size) {
      super(size);
    }

    @Override
    Object build() {
      io.grpc.GrpcTrie made = io.grpc.GrpcTrie.EMPTY;
      for (int i = 0; i < size; i++) {
        made = made.put(boxed[i], boxed[other(i)]);
      }
      return made;
    }

    @Override
    void fill() {
      map = (io.grpc.GrpcTrie) build();
    }

    @Override
    long get(int i) {
      return valueOf(map.get(presentBoxed[i & mask]));
    }

    @Override
    long miss(int i) {
      return valueOf(map.get(absentBoxed[i & mask]));
    }

    @Override
    Object putNew(int i) {
      return map.put(absentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    Object putReplace(int i) {
      return map.put(presentBoxed[i & mask], boxed[i & size - 1]);
    }

    @Override
    long iterate() {
      throw new UnsupportedOperationException();
    }
  }

  // --------------------------------------------------------------- changed in place, to compare

  private static final class Eclipse extends MapPeer {
    private org.eclipse.collections.impl.map.mutable.primitive.LongLongHashMap map;

    Eclipse(int size) {
      super(size);
    }

    @Override
    Object build() {
      var made = new org.eclipse.collections.impl.map.mutable.primitive.LongLongHashMap();
      for (int i = 0; i < size; i++) {
        made.put(keys[i], keys[other(i)]);
      }
      return made;
    }

    @Override
    void fill() {
      map = (org.eclipse.collections.impl.map.mutable.primitive.LongLongHashMap) build();
    }

    @Override
    long get(int i) {
      return map.getIfAbsent(present[i & mask], 0);
    }

    @Override
    long miss(int i) {
      return map.getIfAbsent(absent[i & mask], 0);
    }

    @Override
    long iterate() {
      long[] sum = new long[1];
      map.forEachKeyValue((key, value) -> sum[0] += key + value);
      return sum[0];
    }
  }

  private static final class Fastutil extends MapPeer {
    private it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap map;

    Fastutil(int size) {
      super(size);
    }

    @Override
    Object build() {
      var made = new it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap();
      for (int i = 0; i < size; i++) {
        made.put(keys[i], keys[other(i)]);
      }
      return made;
    }

    @Override
    void fill() {
      map = (it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap) build();
    }

    @Override
    long get(int i) {
      return map.get(present[i & mask]);
    }

    @Override
    long miss(int i) {
      return map.get(absent[i & mask]);
    }

    @Override
    long iterate() {
      long sum = 0;
      var entries = map.long2LongEntrySet().fastIterator();
      while (entries.hasNext()) {
        var entry = entries.next();
        sum += entry.getLongKey() + entry.getLongValue();
      }
      return sum;
    }
  }

  private static final class Agrona extends MapPeer {
    private org.agrona.collections.Long2LongHashMap map;

    Agrona(int size) {
      super(size);
    }

    @Override
    Object build() {
      var made = new org.agrona.collections.Long2LongHashMap(0);
      for (int i = 0; i < size; i++) {
        made.put(keys[i], keys[other(i)]);
      }
      return made;
    }

    @Override
    void fill() {
      map = (org.agrona.collections.Long2LongHashMap) build();
    }

    @Override
    long get(int i) {
      return map.get(present[i & mask]);
    }

    @Override
    long miss(int i) {
      return map.get(absent[i & mask]);
    }

    @Override
    long iterate() {
      long[] sum = new long[1];
      map.forEachLong((key, value) -> sum[0] += key + value);
      return sum[0];
    }
  }
}
