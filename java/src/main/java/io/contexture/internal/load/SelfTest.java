package io.contexture.internal.load;

import io.contexture.internal.ffm.Cx;
import io.contexture.internal.ffm.CxLayout;
import org.jspecify.annotations.Nullable;

/**
 * Runs a few operations on a library that has just been loaded, through the very handles that the
 * backend uses: maps flat and deep, a chain, a thread state, numbers from a runtime, a shared map.
 *
 * <p>A wrong answer is a reason not to use the library. This doesn't replace its tests: it notices
 * a miscompiled or mismatched one before values depend on it.
 */
final class SelfTest {
  private static final long BLOCK_BYTES = 64 << 10;
  private static final long KEYS = CxLayout.FLAT_LIMIT + 8;
  private static final long ABSENT = -1;

  /*
   * The block: a cx_space over all that follows it, and words for what the functions write.
   *
   *     0  cx_space
   *    16  out       addresses
   *    24  word      values
   *    32  text      of TEXT_BYTES bytes
   *  4096  space
   */
  private static final long OUT = CxLayout.SPACE_SIZE;
  private static final long WORD = OUT + 8;
  private static final long TEXT = WORD + 8;
  private static final long SPACE = 4096;
  private static final long TEXT_BYTES = SPACE - TEXT;

  private final long block;

  private SelfTest(long block) {
    this.block = block;
  }

  /** What the library got wrong, or null if nothing. Takes microseconds; leaves nothing behind. */
  static @Nullable String problem() {
    long block = Cx.memoryAlloc(BLOCK_BYTES);
    if (block == 0) {
      return "no memory";
    }
    try {
      Cx.putLong(block + CxLayout.SPACE_NEXT, block + SPACE);
      Cx.putLong(block + CxLayout.SPACE_END, block + BLOCK_BYTES);
      SelfTest test = new SelfTest(block);
      test.maps();
      test.threads();
      test.sharedMaps();
      return null;
    } catch (WrongAnswer e) {
      return e.getMessage();
    } finally {
      Cx.memoryFree(block);
    }
  }

  private void maps() throws WrongAnswer {
    long map = 0;
    expect("cx_hamt_find in an empty map", ABSENT, Cx.hamtFind(map, 1, ABSENT));
    for (long key = 1; key <= KEYS; key++) {
      long bound = Cx.hamtAssocBound(map);
      long before = Cx.getLong(block + CxLayout.SPACE_NEXT);
      expect("cx_hamt_assoc", Cx.OK, Cx.hamtAssoc(map, key, -key, block, block + OUT));
      long used = Cx.getLong(block + CxLayout.SPACE_NEXT) - before;
      expect("cx_hamt_assoc_bound", 1, used > 0 && used <= bound ? 1 : 0);
      map = Cx.getLong(block + OUT);
    }
    expect("cx_hamt_size", KEYS, Cx.hamtSize(map));
    for (long key = 1; key <= KEYS; key++) {
      expect("cx_hamt_find", -key, Cx.hamtFind(map, key, 0));
      expect("cx_hamt_get", Cx.OK, Cx.hamtGet(map, key, block + WORD));
      expect("the value of cx_hamt_get", -key, Cx.getLong(block + WORD));
    }
    expect("cx_hamt_get of an absent key", Cx.ABSENT, Cx.hamtGet(map, 0, 0));
    for (long key = KEYS; key > 2; key--) {
      expect("cx_hamt_dissoc", Cx.OK, Cx.hamtDissoc(map, key, block, block + OUT));
      map = Cx.getLong(block + OUT);
    }
    String dump =
        """
        flat 2
          0000000000000001 ffffffffffffffff
          0000000000000002 fffffffffffffffe
        """;
    expect("the length of cx_hamt_dump", dump.length(), Cx.hamtDump(map, block + TEXT, TEXT_BYTES));
    if (!Cx.getString(block + TEXT).equals(dump)) {
      throw new WrongAnswer("cx_hamt_dump wrote another text than documented");
    }
    Cx.putLong(block + CxLayout.SPACE_END, Cx.getLong(block + CxLayout.SPACE_NEXT));
    expect(
        "cx_hamt_assoc without space", Cx.NEED_SPACE, Cx.hamtAssoc(map, 3, 3, block, block + OUT));
    Cx.putLong(block + CxLayout.SPACE_END, block + BLOCK_BYTES);
  }

  private void threads() throws WrongAnswer {
    expect("cx_runtime_new", Cx.OK, Cx.runtimeNew(block + OUT));
    long runtime = Cx.getLong(block + OUT);
    try {
      expect("cx_runtime_reserve", Cx.OK, Cx.runtimeReserve(runtime, 3, block + WORD));
      long first = Cx.getLong(block + WORD);
      expect("cx_runtime_reserve", Cx.OK, Cx.runtimeReserve(runtime, 1, block + WORD));
      expect("the next number of cx_runtime_reserve", first + 3, Cx.getLong(block + WORD));
      expect("cx_record_new", Cx.OK, Cx.threadNew(runtime, block + OUT));
      long thread = Cx.getLong(block + OUT);
      try {
        lookups(thread);
      } finally {
        Cx.threadFree(thread);
      }
    } finally {
      Cx.runtimeFree(runtime);
    }
  }

  private void lookups(long thread) throws WrongAnswer {
    expect("cx_record_set_cache", Cx.OK, Cx.threadSetCache(thread, 4));
    expect("cx_record_find on an empty stack", -1, Cx.threadFind(thread, 7, 70, block + WORD));
    expect("cx_hamt_assoc", Cx.OK, Cx.hamtAssoc(0, 7, 77, block, block + OUT));
    long map = Cx.getLong(block + OUT);
    expect("cx_link_new", Cx.OK, Cx.ecNew(map, 0, block, block + OUT));
    long link = Cx.getLong(block + OUT);
    expect("cx_link_find", Cx.OK, Cx.ecFind(link, 7, block + WORD));
    expect("the value of cx_link_find", 77, Cx.getLong(block + WORD));
    Cx.putLong(thread + CxLayout.THREAD_BELOW, link);
    Cx.putLong(block + WORD, 0);
    expect("cx_record_find", 1, Cx.threadFind(thread, 7, 71, block + WORD));
    expect("the value of cx_record_find", 77, Cx.getLong(block + WORD));
    long entry =
        Cx.getLong(thread + CxLayout.THREAD_CACHE)
            + (71 & Cx.getLong(thread + CxLayout.THREAD_CACHE_MASK)) * CxLayout.CACHE_ENTRY_SIZE;
    expect("the cached word", 77, Cx.getLong(entry + CxLayout.CACHE_ENTRY_WORD));
    expect("the cached hops", 1, Cx.getLong(entry + CxLayout.CACHE_ENTRY_HOPS));
    Cx.putLong(thread + CxLayout.THREAD_BELOW, 0);
  }

  private void sharedMaps() throws WrongAnswer {
    expect("cx_shared_new", Cx.OK, Cx.sharedNew(block + OUT));
    long map = Cx.getLong(block + OUT);
    try {
      for (long key = 1; key <= 2 * KEYS; key++) {
        expect("cx_shared_put", Cx.ABSENT, Cx.sharedPut(map, 0, key, -key, 0));
      }
      long snapshot = Cx.sharedSnapshotSeries(map, 0, 1);
      expect("whether cx_shared_snapshot_series gives an address", 1, snapshot > 0 ? 1 : 0);
      try {
        expect("cx_shared_remove", Cx.OK, Cx.sharedRemove(map, 0, 1, 0));
        expect("cx_shared_put_if_absent", Cx.OK, Cx.sharedPutIfAbsent(map, 0, 2, 7, 0));
        expect("cx_shared_compare_and_set", Cx.OK, Cx.sharedCompareAndSet(map, 0, 2, -2, 8));
        expect("cx_shared_compare_and_set", Cx.ABSENT, Cx.sharedCompareAndSet(map, 0, 2, -2, 9));
        expect("cx_shared_find", 8, Cx.sharedFind(map, 0, 2, 0));
        expect("cx_shared_get of an absent key", Cx.ABSENT, Cx.sharedGet(map, 0, 1, 0));
        expect("cx_shared_snapshot_find", -2, Cx.sharedSnapshotFind(snapshot, 2, 0));
        expect("cx_shared_snapshot_get", Cx.OK, Cx.sharedSnapshotGet(snapshot, 1, block + WORD));
        expect("the value of cx_shared_snapshot_get", -1, Cx.getLong(block + WORD));
        expect("cx_shared_snapshot_size", 2 * KEYS, Cx.sharedSnapshotSize(snapshot));
        expect(
            "cx_shared_snapshot_to_hamt",
            Cx.OK,
            Cx.sharedSnapshotToHamt(snapshot, block, block + OUT));
        expect("cx_hamt_find", -2, Cx.hamtFind(Cx.getLong(block + OUT), 2, 0));
        long next = Cx.sharedSnapshotNext(snapshot, 0);
        expect("whether cx_shared_snapshot_next gives an address", 1, next > 0 ? 1 : 0);
        expect("cx_shared_snapshot_find in it", 8, Cx.sharedSnapshotFind(next, 2, 0));
        expect("a full series", Cx.NEED_SPACE, Cx.sharedSnapshotNext(snapshot, 0));
        expect("cx_shared_free of a map in use", Cx.IN_USE, Cx.sharedFree(map));
      } finally {
        Cx.sharedSnapshotFree(snapshot);
      }
      expect("cx_shared_size", Cx.OK, Cx.sharedSize(map, 0, block + WORD));
      expect("the number of cx_shared_size", 2 * KEYS - 1, Cx.getLong(block + WORD));
      expect("cx_shared_clear", Cx.OK, Cx.sharedClear(map, 0));
      expect("cx_shared_find in an empty map", ABSENT, Cx.sharedFind(map, 0, 2, ABSENT));
    } finally {
      Cx.sharedFree(map);
    }
  }

  private static void expect(String what, long expected, long actual) throws WrongAnswer {
    if (actual != expected) {
      throw new WrongAnswer(what + " gave " + actual + " instead of " + expected);
    }
  }

  private static final class WrongAnswer extends Exception {
    private static final long serialVersionUID = 1;

    WrongAnswer(String message) {
      super(message, null, false, false);
    }
  }
}
