package io.contexture.internal.ffm;

import java.util.ArrayList;
import java.util.List;

/** Fills native memory up to a small limit, three times over; for a JVM of its own. */
final class LimitMain {
  private LimitMain() {}

  public static void main(String[] args) {
    FfmHooks.load();
    for (int round = 0; round < 3; round++) {
      fill();
    }
    // Garbage makes room by itself: far more is allocated here than the limit allows at once.
    NativeHamt map = NativeHamt.EMPTY;
    for (int i = 0; i < 50_000; i++) {
      map = map.put(i % 100, i);
    }
    check(map.size() == 100, "size " + map.size());
    System.out.println("as expected");
  }

  private static void fill() {
    List<NativeHamt> all = new ArrayList<>();
    NativeHamt map = NativeHamt.EMPTY;
    try {
      while (true) {
        map = map.put(all.size(), all.size());
        all.add(map);
      }
    } catch (OutOfMemoryError expected) {
      check(NativeMemory.bytesInUse() <= 1_000_000, NativeMemory.bytesInUse() + " bytes in use");
      check(NativeMemory.bytesInUse() > 900_000, NativeMemory.bytesInUse() + " bytes in use");
      check(
          expected
              .getMessage()
              .equals(
                  "native memory: no room for 8192 bytes more: "
                      + NativeMemory.bytesInUse()
                      + " bytes in use, limit 1000000 (system property contexture.native.limit)"),
          expected.getMessage());
    }
    for (int i = 0; i < all.size(); i++) {
      check(all.get(i).size() == i + 1, "size " + all.get(i).size());
      check(all.get(i).find(i, -1) == i, "entry " + i);
    }
  }

  private static void check(boolean condition, String problem) {
    if (!condition) {
      throw new AssertionError(problem);
    }
  }
}
