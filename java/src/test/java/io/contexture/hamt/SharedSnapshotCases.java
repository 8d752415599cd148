package io.contexture.hamt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.AbstractLongHamt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Snapshots of the shared map: unaffected by it, and persistent maps like any other. */
abstract class SharedSnapshotCases {
  /** On both sides of every boundary: of leaves, flat maps, blocks of iterations and levels. */
  private static final int[] SIZES = {0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 300, 3000};

  private final ConcurrentLongHamt map = ConcurrentLongHamt.create();

  /** A snapshot of so many entries. */
  private LongHamt snapshotOf(int size) {
    map.clear();
    for (long key = 0; key < size; key++) {
      map.put(key * key - 5, key & 3);
    }
    return map.snapshot();
  }

  /** An ordinary map of the same entries. */
  private static LongHamt ordinary(LongHamt empty, int size) {
    LongHamt result = empty;
    for (long key = 0; key < size; key++) {
      result = result.put(key * key - 5, key & 3);
    }
    return result;
  }

  private static List<Map.Entry<Long, Long>> entriesOf(LongHamt map) {
    List<Map.Entry<Long, Long>> entries = new ArrayList<>();
    map.forEach((key, value) -> entries.add(Map.entry(key, value)));
    return entries;
  }

  @Test
  void snapshotDoesNotSeeLaterChanges() {
    for (int size : SIZES) {
      LongHamt snapshot = snapshotOf(size);
      String before = ordinary(LongHamt.empty(), size).dump();
      for (long key = 0; key < size; key++) {
        switch ((int) key % 3) {
          case 0 -> map.put(key * key - 5, 9);
          case 1 -> map.remove(key * key - 5);
          default -> map.compareAndSet(key * key - 5, key & 3, 8);
        }
        map.put(key - 1_000_000, 7);
      }
      assertEquals(size, snapshot.size());
      for (long key = 0; key < size; key++) {
        assertEquals(key & 3, snapshot.get(key * key - 5, -1));
        assertFalse(snapshot.containsKey(key - 1_000_000));
      }
      assertEquals(before, snapshot.dump());
      map.clear();
      assertEquals(size, snapshot.size());
      assertEquals(before, snapshot.dump());
    }
  }

  @Test
  void everySnapshotOfManyKeepsItsOwnMoment() {
    List<LongHamt> snapshots = new ArrayList<>();
    for (long key = 0; key < 500; key++) {
      snapshots.add(map.snapshot());
      map.put(key, key);
      if (key % 3 == 0) {
        map.remove(key / 2);
      }
    }
    Map<Long, Long> model = new HashMap<>();
    for (long key = 0; key < 500; key++) {
      assertEquals(model, snapshots.get((int) key).asMap());
      model.put(key, key);
      if (key % 3 == 0) {
        model.remove(key / 2);
      }
    }
    assertEquals(model, map.snapshot().asMap());
  }

  @Test
  void snapshotsWithoutAChangeInBetweenAreEqual() {
    for (int size : SIZES) {
      LongHamt one = snapshotOf(size);
      LongHamt two = map.snapshot();
      assertEquals(one, two);
      map.put(3, 77);
      assertNotEquals(two, map.snapshot());
      assertEquals(one, two);
    }
  }

  @Test
  void snapshotEqualsOrdinaryMapsOfTheSameEntries() {
    for (int size : SIZES) {
      LongHamt snapshot = snapshotOf(size);
      assertEquals(size == 0, snapshot.isEmpty());
      for (HamtImplementation implementation : HamtImplementations.all()) {
        LongHamt same = ordinary(implementation.empty(), size);
        assertEquals(same, snapshot);
        assertEquals(snapshot, same);
        assertEquals(same.hashCode(), snapshot.hashCode());
        assertEquals(same.asMap(), snapshot.asMap());
        assertEquals(same.isEmpty(), snapshot.isEmpty());
        LongHamt other = same.put(-7, 1);
        assertNotEquals(other, snapshot);
        assertNotEquals(snapshot, other);
        if (size > 0) {
          LongHamt changed = same.put(-5, 9);
          assertNotEquals(changed, snapshot);
          assertNotEquals(snapshot, changed);
        }
      }
    }
  }

  @Test
  void orderDumpAndTextAreThoseOfOrdinaryMaps() {
    for (int size : SIZES) {
      LongHamt snapshot = snapshotOf(size);
      LongHamt same = ordinary(LongHamt.empty(), size);
      assertEquals(entriesOf(same), entriesOf(snapshot));
      assertEquals(List.copyOf(same.asMap().keySet()), List.copyOf(snapshot.asMap().keySet()));
      assertEquals(same.toString(), snapshot.toString());
      assertEquals(same.dump(), snapshot.dump());
    }
  }

  @Test
  void orderIsThatOfOrdinaryMapsForCollidingHashesToo() {
    for (int common = 0; common <= 60; common += 3) {
      map.clear();
      LongHamt same = LongHamt.empty();
      for (long i = 0; i < 64; i++) {
        long key = Keys.withHash(i * 0x9e37_79b9_7f4a_7c15L << common);
        map.put(key, i);
        same = same.put(key, i);
      }
      LongHamt snapshot = map.snapshot();
      assertEquals(entriesOf(same), entriesOf(snapshot));
      assertEquals(same.dump(), snapshot.dump());
    }
  }

  @Test
  void changesGiveOrdinaryMapsAndLeaveTheSnapshot() {
    for (int size : SIZES) {
      LongHamt snapshot = snapshotOf(size);
      LongHamt same = ordinary(LongHamt.empty(), size);
      assertEquals(same.put(-7, 1).dump(), snapshot.put(-7, 1).dump());
      assertEquals(same.put(-5, 1).dump(), snapshot.put(-5, 1).dump());
      assertEquals(same.remove(-5).dump(), snapshot.remove(-5).dump());
      assertSame(snapshot, snapshot.remove(-7), "isn't there");
      if (size > 0) {
        assertSame(snapshot, snapshot.put(-5, 0), "is there");
      }
      for (HamtImplementation implementation : HamtImplementations.all()) {
        LongHamt other = implementation.empty().put(-7, 1).put(-5, 2);
        for (long key = 100; key < 200; key++) {
          other = other.put(key, key);
        }
        assertEquals(same.putAll(other).dump(), snapshot.putAll(other).dump());
        assertEquals(other.putAll(same).dump(), other.putAll(snapshot).dump());
        assertEquals(same, implementation.empty().putAll(snapshot));
        assertSame(snapshot, snapshot.putAll(implementation.empty()));
      }
      assertEquals(same, snapshot.putAll(map.snapshot()));
      assertEquals(same, LongHamt.empty().putAll(snapshot));
      assertEquals(same.dump(), snapshot.dump());
      assertEquals(size, snapshot.size());
    }
  }

  @Test
  void snapshotIsNeverReplacedInPlace() {
    for (int size : new int[] {1, 30, 100}) {
      LongHamt snapshot = snapshotOf(size);
      assertFalse(((AbstractLongHamt) snapshot).replaceUnshared(-5, 99));
      assertEquals(0, snapshot.get(-5, -1));
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what is tested
  void nullIsRefused() {
    LongHamt snapshot = snapshotOf(40);
    assertThrows(NullPointerException.class, () -> snapshot.putAll(null));
    assertThrows(NullPointerException.class, () -> snapshot.forEach(null));
    assertEquals(40, snapshot.size());
  }

  @Test
  void viewThrowsOnEveryChange() {
    Map<Long, Long> view = snapshotOf(40).asMap();
    assertThrows(UnsupportedOperationException.class, () -> view.put(1L, 1L));
    assertThrows(UnsupportedOperationException.class, view::clear);
    assertEquals(40, view.size());
  }

  @Test
  void snapshotOfAManyEntriesMapCountsAgainOnlyWhatChanged() {
    LongHamt before = snapshotOf(3000);
    assertEquals(3000, before.size());
    for (int i = 1; i <= 20; i++) {
      map.put(-1000 - i, i);
      LongHamt after = map.snapshot();
      assertEquals(3000 + i, after.size());
      assertEquals(3000, before.size());
      assertTrue(after.containsKey(-1000 - i));
    }
  }

  @TestFactory
  Stream<DynamicNode> guavaConformance() {
    return Stream.of(
        HamtMapViewTest.conformance(
            "snapshot",
            entries -> {
              ConcurrentLongHamt shared = ConcurrentLongHamt.create();
              entries.forEach(shared::put);
              return shared.snapshot().asMap();
            }));
  }
}
