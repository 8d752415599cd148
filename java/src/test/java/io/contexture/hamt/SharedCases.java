package io.contexture.hamt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Contexture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The shared map in one thread: every operation, its exact result, and its errors. */
abstract class SharedCases {
  private final ConcurrentLongHamt map = ConcurrentLongHamt.create();

  /** Checks all that can be asked of {@code actual}. */
  static void check(Map<Long, Long> expected, ConcurrentLongHamt actual) {
    assertEquals(expected.size(), actual.size());
    expected.forEach(
        (key, value) -> {
          assertEquals(value, actual.get(key, ~value));
          assertTrue(actual.containsKey(key));
        });
    Map<Long, Long> seen = new HashMap<>();
    actual.forEach((key, value) -> assertEquals(null, seen.put(key, value), "seen twice"));
    assertEquals(expected, seen);
    assertEquals(expected, actual.snapshot().asMap());
  }

  private void fill(long size) {
    for (long key = 0; key < size; key++) {
      assertTrue(map.put(key, key * key));
    }
  }

  // ------------------------------------------------------------------------------ one by one --

  @Test
  void newMapHasNothing() {
    check(Map.of(), map);
    assertEquals(7, map.get(0, 7));
    assertFalse(map.containsKey(0));
    assertFalse(map.remove(0));
    assertFalse(map.compareAndSet(0, 0, 1));
    check(Map.of(), map);
  }

  @Test
  void everyMapIsItsOwn() {
    ConcurrentLongHamt other = ConcurrentLongHamt.create();
    map.put(1, 2);
    other.put(1, 3);
    assertEquals(2, map.get(1, 0));
    assertEquals(3, other.get(1, 0));
    assertNotEquals(map, other);
    other.close();
    check(Map.of(1L, 2L), map);
  }

  @Test
  void putTellsWhetherTheKeyIsNew() {
    assertTrue(map.put(5, 6));
    assertFalse(map.put(5, 7));
    assertEquals(7, map.get(5, 0));
    assertFalse(map.put(5, 7));
    check(Map.of(5L, 7L), map);
  }

  @Test
  void putIfAbsentLeavesWhatIsThere() {
    assertTrue(map.putIfAbsent(5, 6));
    assertFalse(map.putIfAbsent(5, 7));
    assertFalse(map.putIfAbsent(5, 6));
    check(Map.of(5L, 6L), map);
    assertTrue(map.remove(5));
    assertTrue(map.putIfAbsent(5, 7));
    check(Map.of(5L, 7L), map);
  }

  @Test
  void removeTellsWhetherTheKeyWasThere() {
    fill(3);
    assertTrue(map.remove(1));
    assertFalse(map.remove(1));
    assertFalse(map.remove(-1));
    check(Map.of(0L, 0L, 2L, 4L), map);
  }

  @Test
  void compareAndSetNeedsTheExpectedValue() {
    assertFalse(map.compareAndSet(5, 0, 6), "isn't there");
    assertFalse(map.containsKey(5));
    map.put(5, 6);
    assertFalse(map.compareAndSet(5, 7, 8));
    assertEquals(6, map.get(5, 0));
    assertTrue(map.compareAndSet(5, 6, 8));
    assertTrue(map.compareAndSet(5, 8, 8), "to the same");
    check(Map.of(5L, 8L), map);
    map.remove(5);
    assertFalse(map.compareAndSet(5, 8, 9));
    check(Map.of(), map);
  }

  @Test
  void extremeKeysAndValuesAreLegal() {
    long[] words = {0, 1, -1, 2, -2, Long.MAX_VALUE, Long.MIN_VALUE, 31, 32, 64, -64};
    for (long filler : new long[] {0, 1000}) {
      Map<Long, Long> model = new HashMap<>();
      LongStream.range(1_000_000, 1_000_000 + filler)
          .forEach(
              key -> {
                map.put(key, key);
                model.put(key, key);
              });
      for (int i = 0; i < words.length; i++) {
        assertTrue(map.put(words[i], words[words.length - 1 - i]));
        model.put(words[i], words[words.length - 1 - i]);
        check(model, map);
      }
      for (long word : words) {
        assertTrue(map.remove(word));
      }
      map.clear();
    }
  }

  @Test
  void absentIsToldFromEveryValue() {
    for (long key = 1; key <= 200; key++) {
      map.put(key, key & 1);
    }
    for (long key = 1; key <= 200; key++) {
      assertTrue(map.containsKey(key));
      assertEquals(key & 1, map.get(key, 0));
      assertEquals(key & 1, map.get(key, 1));
    }
    assertFalse(map.containsKey(0));
    assertEquals(0, map.get(0, 0));
    assertEquals(1, map.get(0, 1));
  }

  @Test
  void sizeIsExactAfterEveryChange() {
    long size = 0;
    assertEquals(size, map.size());
    for (long key = 0; key < 300; key++) {
      map.put(key, key);
      assertEquals(++size, map.size());
      map.put(key, key + 1);
      assertEquals(size, map.size());
    }
    for (long key = 0; key < 300; key += 2) {
      map.remove(key);
      assertEquals(--size, map.size());
      map.remove(key);
      assertEquals(size, map.size());
    }
    map.clear();
    assertEquals(0, map.size());
  }

  @Test
  void clearRemovesEverything() {
    for (long size : new long[] {0, 1, 40, 3000}) {
      fill(size);
      LongHamt before = map.snapshot();
      map.clear();
      check(Map.of(), map);
      assertEquals(size, before.size());
      map.clear();
      assertTrue(map.put(1, 1));
      assertTrue(map.remove(1));
    }
  }

  @Test
  void entriesThatWereAllRemovedCanComeBack() {
    for (int round = 0; round < 3; round++) {
      fill(2000);
      for (long key = 0; key < 2000; key++) {
        assertTrue(map.remove(key));
      }
      check(Map.of(), map);
    }
  }

  @Test
  void randomOperationsAgreeWithAHashMap() {
    Seeds.run(
        20,
        random -> {
          ConcurrentLongHamt shared = ConcurrentLongHamt.create();
          Map<Long, Long> model = new HashMap<>();
          List<LongHamt> snapshots = new ArrayList<>();
          List<Map<Long, Long>> copies = new ArrayList<>();
          long[] keys = keys(random);
          for (int step = 0; step < 3000; step++) {
            step(shared, model, random, keys[random.nextInt(keys.length)]);
            if (random.nextInt(100) == 0) {
              snapshots.add(shared.snapshot());
              copies.add(new HashMap<>(model));
            }
          }
          check(model, shared);
          for (int i = 0; i < snapshots.size(); i++) {
            assertEquals(copies.get(i), snapshots.get(i).asMap());
          }
          shared.close();
        });
  }

  /** Few or many; spread, or close together in the tree. */
  private static long[] keys(Random random) {
    int bits = random.nextInt(65);
    long common = random.nextLong();
    return random
        .longs(1 + random.nextInt(600))
        .map(word -> Keys.withHash(bits == 0 ? word : word << bits - 1 << 1 | common >>> 64 - bits))
        .toArray();
  }

  private static void step(
      ConcurrentLongHamt shared, Map<Long, Long> model, Random random, long key) {
    long value = random.nextInt(4);
    switch (random.nextInt(24)) {
      case 0, 1, 2, 3, 4, 5, 6 ->
          assertEquals(model.put(key, value) == null, shared.put(key, value));
      case 7, 8, 9, 10 ->
          assertEquals(model.putIfAbsent(key, value) == null, shared.putIfAbsent(key, value));
      case 11, 12, 13, 14 -> assertEquals(model.remove(key) != null, shared.remove(key));
      case 15, 16, 17, 18 ->
          assertEquals(
              model.replace(key, value, value + 1), shared.compareAndSet(key, value, value + 1));
      case 19, 20 -> assertEquals(model.getOrDefault(key, -1L), shared.get(key, -1));
      case 21 -> assertEquals(model.containsKey(key), shared.containsKey(key));
      case 22 -> assertEquals(model.size(), shared.size());
      default -> {
        if (random.nextInt(30) == 0) {
          model.clear();
          shared.clear();
        }
      }
    }
  }

  // ------------------------------------------------------------------------ adversarial keys --

  /** Keys whose hashes agree in all but their highest 4 bits: the deepest tree there is. */
  @Test
  void keysThatDifferInTheLastBitsOnlyAreToldApart() {
    Map<Long, Long> model = new HashMap<>();
    for (long i = 0; i < 16; i++) {
      long key = Keys.withHash(i << 60 | 0x0123_4567_89ab_cdefL);
      assertTrue(map.put(key, i));
      model.put(key, i);
      check(model, map);
    }
    // All that a lowest leaf can hold is there; others make it one of many.
    for (long i = 0; i < 64; i++) {
      long key = Keys.withHash(i << 54 ^ 0x0123_4567_89ab_cdefL);
      assertEquals(model.put(key, -i) == null, map.put(key, -i));
      check(model, map);
    }
    for (Long key : List.copyOf(model.keySet())) {
      model.remove(key);
      assertTrue(map.remove(key));
      check(model, map);
    }
  }

  /** However long the common part of the hashes is. */
  @Test
  void floodsOfCollidingHashesStayExact() {
    for (int common = 0; common <= 60; common++) {
      Map<Long, Long> model = new HashMap<>();
      for (long i = 0; i < 80; i++) {
        long key = Keys.withHash(i << common | (1L << common) - 1);
        assertEquals(model.put(key, i) == null, map.put(key, i));
      }
      check(model, map);
      for (long i = 0; i < 80; i += 2) {
        long key = Keys.withHash(i << common | (1L << common) - 1);
        assertEquals(model.remove(key) != null, map.remove(key));
      }
      check(model, map);
      map.clear();
    }
  }

  // ---------------------------------------------------------------------------------- in bulk --

  @Test
  void putAllTakesMapsOfEveryBackend() {
    for (HamtImplementation implementation : HamtImplementations.all()) {
      for (int size : new int[] {0, 1, 32, 33, 64, 65, 1000}) {
        LongHamt other = implementation.empty();
        Map<Long, Long> model = new HashMap<>(Map.of(0L, -1L, -5L, -5L));
        map.put(0, -1);
        map.put(-5, -5);
        for (long key = 0; key < size; key++) {
          other = other.put(key, key * key);
          model.put(key, key * key);
        }
        map.putAll(other);
        check(model, map);
        map.clear();
      }
    }
  }

  @Test
  void putAllTakesASnapshotOfTheSameMap() {
    fill(500);
    LongHamt before = map.snapshot();
    for (long key = 0; key < 500; key++) {
      map.put(key, -1);
    }
    map.put(1000, 1);
    map.putAll(before);
    assertEquals(501, map.size());
    for (long key = 0; key < 500; key++) {
      assertEquals(key * key, map.get(key, -1));
    }
  }

  @Test
  void forEachShowsTheMomentOfItsCall() {
    fill(100);
    long[] seen = new long[1];
    map.forEach(
        (key, value) -> {
          seen[0]++;
          map.remove(key);
          map.put(key + 1000, value);
        });
    assertEquals(100, seen[0]);
    assertEquals(100, map.size());
    assertEquals(99 * 99, map.get(1099, -1));
  }

  @Test
  void whatAnActionThrowsReachesTheCaller() {
    fill(100);
    IllegalArgumentException thrown = new IllegalArgumentException();
    assertSame(
        thrown,
        assertThrows(
            IllegalArgumentException.class,
            () ->
                map.forEach(
                    (key, value) -> {
                      throw thrown;
                    })));
    assertEquals(100, map.size());
  }

  // ----------------------------------------------------------------------------------- errors --

  @Test
  @SuppressWarnings("NullAway") // what is tested
  void nullIsRefusedByName() {
    fill(3);
    assertNames("other", () -> map.putAll(null));
    assertNames("action", () -> map.forEach(null));
    assertNames("backend", () -> ConcurrentLongHamt.create(null));
    assertEquals(3, map.size());
  }

  private static void assertNames(String name, Executable call) {
    NullPointerException e = assertThrows(NullPointerException.class, call);
    assertEquals(name, e.getMessage());
  }

  @Test
  void closedMapRefusesEveryCall() {
    fill(100);
    LongHamt before = map.snapshot();
    LongHamt few = LongHamt.empty().put(1, 1);
    map.close();
    assertClosed(() -> map.get(1, 0));
    assertClosed(() -> map.containsKey(1));
    assertClosed(() -> map.put(1, 1));
    assertClosed(() -> map.putIfAbsent(1, 1));
    assertClosed(() -> map.remove(1));
    assertClosed(() -> map.compareAndSet(1, 1, 2));
    assertClosed(() -> map.putAll(few));
    assertClosed(() -> map.putAll(LongHamt.empty()));
    assertClosed(map::clear);
    assertClosed(map::snapshot);
    assertClosed(map::size);
    assertClosed(() -> map.forEach((key, value) -> {}));
    map.close();
    assertClosed(() -> map.get(1, 0));
    assertEquals(100, before.size());
    assertEquals(81, before.get(9, 0));
    assertEquals(101, before.put(-1, -1).size());
  }

  @Test
  void closedEmptyMapRefusesToo() {
    map.close();
    assertClosed(() -> map.get(1, 0));
    assertClosed(() -> map.put(1, 0));
    assertClosed(map::size);
  }

  /** The message names the map and says what to do. */
  private void assertClosed(Executable call) {
    IllegalStateException e = assertThrows(IllegalStateException.class, call);
    assertTrue(e.getMessage().contains(map.toString()), e::getMessage);
    assertTrue(e.getMessage().contains("make another map"), e::getMessage);
  }

  @Test
  void toStringTellsIdentityAndBackend() {
    String text = map.toString();
    assertTrue(text.startsWith("ConcurrentLongHamt@"), text);
    map.put(1, 1);
    String backend = Contexture.backend().name().toLowerCase(Locale.ROOT);
    assertTrue(text.endsWith(" (" + backend + ")"), text);
    assertEquals(text, map.toString());
  }
}
