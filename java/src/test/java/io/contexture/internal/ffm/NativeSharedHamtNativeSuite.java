package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.Effort;
import io.contexture.ThreadKind;
import io.contexture.hamt.LongHamt;
import io.contexture.internal.Engines;
import io.contexture.internal.Reaper;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What is special about the native shared map: its memory. What it has in common with the other is
 * in {@code SharedSuite}.
 */
class NativeSharedHamtNativeSuite {
  private static final long KIB = 1 << 10;

  /** Handles that are always there: the base layer's. */
  private static final int BASE = 1;

  @BeforeEach
  void nothingIsLeftOfOthers() {
    FfmHooks.load();
    Engines.engine().base(); // is there from now on, and has a handle
    awaitHandles(0);
  }

  @AfterEach
  void allocationSucceedsAgain() {
    NativeMemory.failAllocation(0);
  }

  private static void awaitHandles(int count) {
    Await.untilCollecting(
        "shared maps and snapshots that are left",
        () -> {
          Reaper.drain();
          return NativeHandle.live() <= BASE + count;
        });
  }

  private static NativeSharedHamt filled(int size) {
    NativeSharedHamt map = NativeSharedHamt.create();
    for (int i = 0; i < size; i++) {
      map.put(i, i);
    }
    return map;
  }

  // -------------------------------------------------------------------------------- accounts --

  @Test
  void memoryOfNodesIsCounted() {
    long before = NativeMemory.bytesInUse();
    NativeSharedHamt map = filled(50_000);
    long bytes = map.bytes();
    long counted = NativeMemory.bytesInUse() - before;
    assertTrue(bytes > 50_000 * 16, () -> bytes + " bytes");
    assertTrue(counted >= bytes, () -> counted + " counted of " + bytes);
    assertTrue(counted < bytes + 512 * KIB, () -> counted + " counted of " + bytes);
    map.close();
  }

  @Test
  void closeGivesMemoryBack() {
    NativeSharedHamt map = filled(50_000);
    long before = NativeMemory.bytesInUse();
    long bytes = map.bytes();
    map.close();
    assertTrue(map.bytes() < bytes / 4, () -> map.bytes() + " of " + bytes);
    assertTrue(NativeMemory.bytesInUse() < before - bytes + 256 * KIB);
  }

  @Test
  void clearGivesMemoryBack() {
    NativeSharedHamt map = filled(50_000);
    long bytes = map.bytes();
    map.clear();
    assertTrue(map.bytes() < bytes / 4, () -> map.bytes() + " of " + bytes);
    map.put(1, 2);
    assertEquals(1, map.size());
  }

  @Test
  void forgottenMapsAreFreed() {
    long before = NativeMemory.bytesInUse();
    for (int i = 0; i < 20; i++) {
      assertEquals(1000, filled(1000).size());
    }
    awaitHandles(0);
    assertTrue(NativeMemory.bytesInUse() - before < 256 * KIB);
  }

  @Test
  void forgottenSnapshotsLetGoOfTheirNodes() {
    NativeSharedHamt map = filled(20_000);
    long bytes = map.bytes();
    LongHamt snapshot = map.snapshot();
    for (int i = 0; i < 20_000; i++) {
      map.put(i, -i);
    }
    assertTrue(map.bytes() > bytes * 3 / 2, "both contents are there");
    assertEquals(19_999, snapshot.get(19_999, -1));
    snapshot = null;
    awaitHandles(1);
    assertTrue(map.bytes() < bytes * 3 / 2, () -> map.bytes() + " after " + bytes);
    assertEquals(-19_999, map.get(19_999, 0));
  }

  @Test
  void snapshotsOutliveTheirMap() {
    List<LongHamt> snapshots = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      NativeSharedHamt map = filled(500);
      snapshots.add(map.snapshot());
      if (i % 2 == 0) {
        map.close();
      }
    }
    awaitHandles(10);
    for (LongHamt snapshot : snapshots) {
      for (int i = 0; i < 500; i++) {
        assertEquals(i, snapshot.get(i, -1));
      }
      assertEquals(501, snapshot.put(-1, -1).size());
    }
  }

  /** Each handle is a phantom for the collector and a reservation for each scan of C. */
  @Test
  void snapshotsInARowShareHandles() {
    NativeSharedHamt map = filled(1000);
    List<LongHamt> snapshots = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      map.put(i % 1000, -i);
      snapshots.add(map.snapshot());
    }
    int handles = NativeHandle.live() - BASE - 1;
    assertTrue(handles < 2000 / 16, () -> handles + " handles");
    for (int i = 0; i < 2000; i++) {
      LongHamt snapshot = snapshots.get(i);
      assertEquals(-i, snapshot.get(i % 1000, 1));
      assertEquals(i < 999 ? 999 : -999 - (i - 999) / 1000 * 1000, snapshot.get(999, 1));
    }
    snapshots = null;
    awaitHandles(1);
    assertEquals(1000, map.size());
  }

  /** Others may have a snapshot of which only C knows. */
  @Test
  void mapsThatCRefusesToFreeAreFreedLater() {
    long before = NativeMemory.bytesInUse();
    NativeSharedHamt map = filled(20_000);
    long snapshot = Cx.sharedSnapshotSeries(map.address(), 0, 0);
    assertTrue(snapshot > 0);
    map = null;
    awaitHandles(0);
    assertTrue(NativeMemory.bytesInUse() - before > 256 * KIB, "it is counted until it is freed");
    assertEquals(7, Cx.sharedSnapshotFind(snapshot, 7, -1));
    Cx.sharedSnapshotFree(snapshot);
    assertEquals(5, filled(5).size());
    awaitHandles(0);
    assertTrue(NativeMemory.bytesInUse() - before < 256 * KIB);
  }

  /** What has been converted needs no snapshot any more, and no map. */
  @Test
  void convertedMapsOutliveTheirSnapshot() {
    LongHamt converted = filled(500).snapshot().put(-1, -1);
    awaitHandles(0);
    assertEquals(501, converted.size());
    assertEquals(499, converted.get(499, -1));
  }

  // -------------------------------------------------------------------------- out of memory --

  @Test
  void changesWithoutMemoryLeaveTheMapAsItWas() {
    NativeSharedHamt map = filled(1000);
    LongHamt before = map.snapshot();
    int size = 1000;
    try {
      for (; size < 50_000; size++) {
        NativeMemory.failAllocation(1); // the next one, whenever it comes
        map.put(size, size);
      }
    } catch (OutOfMemoryError e) {
      assertTrue(e.getMessage().contains("bytes in use, limit"), e::getMessage);
    }
    assertTrue(size < 50_000, "nothing has failed");
    NativeMemory.failAllocation(0);
    assertEquals(size, map.size());
    for (int i = 0; i < size; i++) {
      assertEquals(i, map.get(i, -1));
    }
    assertTrue(map.put(-1, -1), "the next call works");
    assertEquals(1000, before.size());
    assertEquals(999, before.get(999, -1));
  }

  @Test
  void snapshotsAndConversionsWithoutMemoryFailAlone() {
    NativeSharedHamt map = filled(1000);
    int failures = 0;
    for (int n = 1; n <= 3; n++) {
      FfmHooks.clearPool();
      NativeMemory.failAllocation(n);
      try {
        map.snapshot().put(-1, -1);
      } catch (OutOfMemoryError e) {
        assertTrue(e.getMessage().contains("bytes in use, limit"), e::getMessage);
        failures++;
      }
      NativeMemory.failAllocation(0);
      assertEquals(1000, map.size());
      assertEquals(1001, map.snapshot().put(-1, -1).size());
    }
    assertTrue(failures >= 2, failures + " failures");
  }

  @Test
  void creationWithoutMemoryFails() {
    FfmHooks.clearPool();
    NativeMemory.failAllocation(1);
    assertThrows(OutOfMemoryError.class, NativeSharedHamt::create);
    NativeMemory.failAllocation(2);
    assertThrows(OutOfMemoryError.class, NativeSharedHamt::create);
    NativeMemory.failAllocation(0);
    assertEquals(10, filled(10).size());
    awaitHandles(0);
  }

  @Test
  void limitIsToldAndObservedAndReleased() throws Exception {
    ForkedJvm.Outcome outcome =
        new ForkedJvm("-Xmx64m", "-D" + NativeMemory.LIMIT_PROPERTY + "=4000000")
            .run(SharedLimitMain.class);
    assertEquals(0, outcome.exit(), outcome::toString);
    assertTrue(outcome.output().contains("as expected"), outcome::toString);
  }

  // -------------------------------------------------------------------------------- lifetime --

  /** Calls on maps and snapshots to which nothing else refers, while the collector is at work. */
  @Test
  void nothingIsFreedUnderACall() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    int rounds = Effort.of(Effort.of(300), 8); // the collector is never at rest
    ThreadKind.Running collector =
        ThreadKind.PLATFORM.start(
            () -> {
              while (!done.get()) {
                System.gc();
                Reaper.drain();
              }
            });
    List<ThreadKind.Running> callers = new ArrayList<>();
    for (ThreadKind kind : ThreadKind.values()) {
      callers.add(
          kind.start(
              () -> {
                for (int i = 0; i < rounds; i++) {
                  assertEquals(63, filled(64).get(63, -1));
                  assertEquals(64, filled(64).size());
                  assertEquals(63, filled(64).snapshot().get(63, -1));
                  assertTrue(filled(64).snapshot().containsKey(5));
                  assertEquals(64, filled(64).snapshot().size());
                  assertEquals(65, filled(64).snapshot().put(-1, i).size());
                }
              }));
    }
    try {
      for (ThreadKind.Running caller : callers) {
        caller.join();
      }
    } finally {
      done.set(true);
      collector.join();
    }
    awaitHandles(0);
  }
}
