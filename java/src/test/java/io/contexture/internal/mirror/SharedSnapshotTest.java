package io.contexture.internal.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What a snapshot of the mirror's shared map needn't look at. */
class SharedSnapshotTest {
  @Test
  void isEmptyCountsNothing() {
    SharedHamt map = new SharedHamt();
    for (long key = 0; key < 10_000; key++) {
      map.put(key, key);
    }
    SharedSnapshot full = (SharedSnapshot) map.snapshot();
    assertFalse(full.isEmpty());
    assertFalse(full.isCounted(), "all entries were looked at");
    assertEquals(10_000, full.size());
    assertFalse(full.isEmpty());
  }

  @Test
  void isEmptyWhereLeavesAreLeft() {
    SharedHamt map = new SharedHamt();
    for (long key = 0; key < 1_000; key++) {
      map.put(key, key);
    }
    for (long key = 0; key < 1_000; key++) {
      map.remove(key);
    }
    SharedSnapshot empty = (SharedSnapshot) map.snapshot();
    assertTrue(empty.isEmpty());
    assertTrue(empty.isCounted(), "it is known from now on");
    assertEquals(0, empty.size());
    map.put(5, 5);
    assertFalse(((SharedSnapshot) map.snapshot()).isEmpty());
    assertTrue(empty.isEmpty());
  }
}
