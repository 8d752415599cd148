package io.contexture.internal.ffm;

import io.contexture.hamt.LongHamt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fills shared maps up to a small limit of native memory; for a JVM of its own. */
final class SharedLimitMain {
  private static final long LIMIT = 4_000_000;

  private static final Pattern MESSAGE =
      Pattern.compile(
          "native memory: no room for \\d+ bytes more: (\\d+) bytes in use, limit "
              + LIMIT
              + " \\(system property contexture.native.limit\\)");

  private SharedLimitMain() {}

  public static void main(String[] args) {
    FfmHooks.load();
    NativeSharedHamt map = NativeSharedHamt.create();
    for (int round = 0; round < 2; round++) {
      fill(map);
      map.clear();
    }
    // Snapshots that are garbage make room: far more than the limit is copied for them here.
    for (int i = 0; i < 10_000; i++) {
      map.put(i % 1000, i);
      LongHamt snapshot = map.snapshot();
      check(snapshot.get(i % 1000, -1) == i, "snapshot " + i);
    }
    // And so do maps that are garbage, closed or not.
    for (int i = 0; i < 500; i++) {
      NativeSharedHamt other = NativeSharedHamt.create();
      for (int key = 0; key < 500; key++) {
        other.put(key, i);
      }
      check(other.size() == 500, "size " + other.size());
      if (i % 2 == 0) {
        other.close();
      }
    }
    check(map.size() == 1000, "size " + map.size());
    System.out.println("as expected");
  }

  private static void fill(NativeSharedHamt map) {
    int size = 0;
    try {
      while (true) {
        map.put(size, size);
        size++;
      }
    } catch (OutOfMemoryError expected) {
      Matcher told = MESSAGE.matcher(expected.getMessage());
      check(told.matches(), expected.getMessage());
      long used = Long.parseLong(told.group(1));
      check(used <= LIMIT, used + " bytes in use");
      check(used > LIMIT / 2, used + " bytes in use");
    }
    check(map.bytes() <= LIMIT, map.bytes() + " bytes of nodes");
    for (int i = 0; i < size; i++) {
      check(map.get(i, -1) == i, "entry " + i);
    }
    check(!map.containsKey(size), "the entry that failed");
  }

  private static void check(boolean condition, String problem) {
    if (!condition) {
      throw new AssertionError(problem);
    }
  }
}
