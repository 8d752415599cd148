package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.hamt.Seeds;
import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.mirror.Hamt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What is special about the native map: its memory. What it has in common with the other is in
 * {@code HamtTest}.
 */
class NativeHamtNativeSuite {
  private static final Duration PATIENCE = Duration.ofSeconds(Await.LIMIT_SECONDS);
  private static final long KIB = 1 << 10;

  @BeforeAll
  static void load() {
    FfmHooks.load();
  }

  @AfterEach
  void allocationSucceedsAgain() {
    NativeMemory.failAllocation(0);
  }

  private static NativeHamt filled(int size) {
    NativeHamt map = NativeHamt.EMPTY;
    for (int i = 0; i < size; i++) {
      map = map.put(i, i);
    }
    return map;
  }

  // -------------------------------------------------------------------------- like the mirror --

  @Test
  void dumpsLikeTheMirrorInRandomPrograms() {
    Seeds.run(
        20,
        random -> {
          differ(random, NativeHamt.EMPTY, Hamt.EMPTY);
          differ(random, NativeHamt.rawEmpty(), Hamt.rawEmpty());
        });
  }

  /** Changes versions of both, kept in pairs, in the same way. */
  private static void differ(Random random, NativeHamt empty, Hamt mirrorEmpty) {
    final int range = 1 << (3 + random.nextInt(9));
    List<AbstractLongHamt> natives = new ArrayList<>(List.of(empty, empty, empty, empty));
    List<AbstractLongHamt> mirrors =
        new ArrayList<>(List.of(mirrorEmpty, mirrorEmpty, mirrorEmpty, mirrorEmpty));
    for (int i = 0; i < 1_500; i++) {
      int from = random.nextInt(4);
      int to = random.nextInt(4);
      AbstractLongHamt map = natives.get(from);
      AbstractLongHamt mirror = mirrors.get(from);
      long key = random.nextInt(range);
      long value = random.nextInt(4);
      int choice = random.nextInt(50);
      if (choice == 0) {
        map = map.putAll(natives.get(to));
        mirror = mirror.putAll(mirrors.get(to));
      } else if (choice < 30) {
        map = map.put(key, value);
        mirror = mirror.put(key, value);
      } else {
        map = map.remove(key);
        mirror = mirror.remove(key);
      }
      assertEquals(mirror.size(), map.size());
      assertEquals(mirror.find(key, -1), map.find(key, -1));
      natives.set(to, map);
      mirrors.set(to, mirror);
      if (i % 100 == 99) {
        assertEquals(mirror.dump(), map.dump());
        assertEquals(mirror, map);
        assertEquals(map, mirror);
        assertEquals(mirror.toString(), map.toString());
      }
    }
  }

  @Test
  void cursorFillsAnyArray() {
    NativeHamt map = filled(200);
    for (int length : new int[] {1, 7, 63, 64, 65, 199, 200, 201, 1000}) {
      AbstractLongHamt.Cursor cursor = map.cursor();
      long[] keys = new long[length];
      long[] values = new long[length];
      int seen = 0;
      for (int n; (n = cursor.next(keys, values)) > 0; seen += n) {
        assertEquals(Math.min(length, 200 - seen), n);
        for (int i = 0; i < n; i++) {
          assertEquals(map.find(keys[i], -1), values[i]);
        }
      }
      assertEquals(200, seen);
      assertEquals(0, cursor.next(keys, values));
    }
  }

  @Test
  void rawAndMixedMapsMergeByTheirEntries() {
    NativeHamt raw = NativeHamt.rawEmpty().put(1, 1).put(2, 2);
    NativeHamt mixed = NativeHamt.EMPTY.put(2, 3).put(4, 4);
    assertEquals("{1=1, 2=3, 4=4}", raw.putAll(mixed).toString());
    assertTrue(raw.putAll(mixed).dump().startsWith("flat 3 raw\n"));
    assertTrue(mixed.putAll(raw).dump().startsWith("flat 3\n"));
  }

  // ------------------------------------------------------------------------------------ memory --

  @Test
  void droppedMapsAreFreed() {
    // What other tests left behind goes first: until several collections find nothing more.
    long[] last = new long[2];
    assertTrue(
        FfmHooks.collectUntil(
            () -> {
              long live = NativeMemory.slabsLive();
              last[1] = live == last[0] ? last[1] + 1 : 0;
              last[0] = live;
              return last[1] == 5;
            },
            PATIENCE));
    long before = NativeMemory.slabsLive();
    List<NativeHamt> maps = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      maps.add(filled(1_000));
    }
    long held = NativeMemory.slabsLive();
    assertTrue(held > before + 50, held + " after " + before);
    maps.clear();
    assertTrue(
        FfmHooks.collectUntil(() -> NativeMemory.slabsLive() <= before, PATIENCE),
        () -> NativeMemory.slabsLive() + " slabs live, " + before + " before");
  }

  @Test
  void longChainOfChangesHoldsBoundedMemory() {
    for (int size : new int[] {33, 1_000, 20_000}) {
      Random random = new Random(size);
      NativeHamt map = filled(size);
      for (int i = 0; i < 60_000; i++) {
        map = map.put(random.nextInt(size), i);
        if (i % 500 == 0) {
          checkHeld(map);
        }
      }
    }
  }

  @Test
  void growingMapHoldsBoundedMemory() {
    NativeHamt map = NativeHamt.EMPTY;
    for (int i = 0; i < 60_000; i++) {
      map = map.put(i, i);
      if (i % 500 == 0) {
        checkHeld(map);
      }
    }
  }

  @Test
  void repeatedMergesHoldBoundedMemory() {
    NativeHamt map = filled(5_000);
    Random random = new Random(5);
    for (int i = 0; i < 500; i++) {
      NativeHamt over = NativeHamt.EMPTY;
      for (int j = 0; j < 60; j++) {
        over = over.put(random.nextInt(5_000), random.nextLong());
      }
      map = (NativeHamt) map.putAll(over);
      checkHeld(map);
    }
  }

  private static void checkHeld(NativeHamt map) {
    long used = map.bytesUsed();
    long held = map.bytesHeld();
    assertTrue(held >= used, () -> "held " + held + " of " + used);
    assertTrue(
        held <= 3 * used + 256 * KIB,
        () -> map.size() + " entries of " + used + " bytes hold " + held);
  }

  @Test
  void manyVersionsOfOneDoNotEachCopyIt() {
    // Whatever a version holds, changing it doesn't mean a copy every time.
    NativeHamt map = filled(20_000);
    Random random = new Random(1);
    int copies = 0;
    for (int i = 0; i < 6_000; i++) {
      map = map.put(random.nextInt(20_000), -i);
      if (i % 20 == 0) {
        int copied = 0;
        for (int branch = 0; branch < 20; branch++) {
          copied += map.put(random.nextInt(20_000), i).bytesHeld() < map.bytesHeld() ? 1 : 0;
        }
        assertTrue(
            copied < 10, copied + " of 20 changes copied a map that holds " + map.bytesHeld());
        copies += copied;
      }
    }
    assertTrue(copies > 0, "no version ever was due for a copy: this test shows nothing");
  }

  @Test
  void flatMapsHoldOneSlab() {
    NativeHamt map = filled(1_000);
    for (int i = 0; i < 968; i++) {
      map = map.remove(i);
    }
    assertEquals(32, map.size());
    assertTrue(map.bytesHeld() <= FreeBlocks.MAX_BYTES, map.bytesHeld() + " bytes");
  }

  @Test
  void replacedInPlaceWithoutMemory() {
    NativeHamt map = filled(10);
    assertTrue(map.replaceUnshared(3, 33));
    assertEquals(33, map.find(3, -1));
    assertFalse(map.replaceUnshared(10, 1));
    assertFalse(NativeHamt.EMPTY.replaceUnshared(1, 1));
    assertFalse(filled(100).replaceUnshared(3, 33));
  }

  @Test
  void linkNamesItsMapAndTheChainBelow() {
    NativeHamt lower = filled(3);
    NativeHamt upper = filled(40);
    SlabPool.Block first = SlabPool.newEc(lower.address(), 0);
    SlabPool.Block second = SlabPool.newEc(upper.address(), first.addr());
    assertEquals(lower.address(), Cx.getLong(first.addr() + CxLayout.EC_MAP));
    assertEquals(0, Cx.getLong(first.addr() + CxLayout.EC_BELOW));
    assertEquals(1, Cx.getLong(first.addr() + CxLayout.EC_LINKS));
    assertEquals(upper.address(), Cx.getLong(second.addr() + CxLayout.EC_MAP));
    assertEquals(first.addr(), Cx.getLong(second.addr() + CxLayout.EC_BELOW));
    assertEquals(2, Cx.getLong(second.addr() + CxLayout.EC_LINKS));
    first.slab().use(first.addr());
    second.slab().use(second.addr());
    assertEquals(3, lower.size() + 40 - upper.size());
  }

  // ------------------------------------------------------------------------ exhausted memory --

  /** Lets each allocation of {@code change} fail in turn, from the first to the last. */
  private static void failEveryAllocation(NativeHamt map, UnaryOperator<NativeHamt> change) {
    final String before = map.dump();
    SlabPool.clear();
    final String after = change.apply(map).dump();
    for (int n = 1; ; n++) {
      SlabPool.clear();
      NativeMemory.failAllocation(n);
      NativeHamt result = null;
      OutOfMemoryError thrown = null;
      try {
        result = change.apply(map);
      } catch (OutOfMemoryError expected) {
        thrown = expected;
      }
      long left = NativeMemory.failAllocation(0);
      assertEquals(before, map.dump());
      if (result != null) {
        assertEquals(after, result.dump());
      } else {
        assertTrue(thrown.getMessage().contains(" bytes in use, limit "), thrown.getMessage());
        assertTrue(thrown.getMessage().contains(NativeMemory.LIMIT_PROPERTY), thrown.getMessage());
      }
      if (left > 0) {
        assertTrue(n > 1, "nothing was allocated: this test shows nothing");
        return;
      }
    }
  }

  @Test
  void everyFailedAllocationLeavesTheMapAsItWas() {
    for (int size : new int[] {0, 1, 31, 32, 33, 1_000}) {
      NativeHamt map = filled(size);
      failEveryAllocation(map, m -> m.put(5_000, 1));
      failEveryAllocation(map, m -> m.put(0, 77).remove(0).put(9, 9));
      failEveryAllocation(map, m -> (NativeHamt) m.putAll(filled(100)));
      failEveryAllocation(
          map,
          m -> {
            m.forEach((key, value) -> assertEquals(key, value));
            return NativeHamt.rawEmpty();
          });
      failEveryAllocation(map, m -> m.dump().isEmpty() ? m : m.put(1, 2));
    }
  }

  @Test
  void mergeOfManySlabsFailsAtEachWithoutLoss() {
    NativeHamt over = NativeHamt.EMPTY;
    for (int i = 0; i < 3_000; i++) {
      over = over.put(10_000 - i, -i);
    }
    NativeHamt both = over;
    failEveryAllocation(filled(3_000), m -> (NativeHamt) m.putAll(both));
  }

  @Test
  void changeSucceedsWhereOnlyTheCopyFindsNoMemory() {
    Random random = new Random(3);
    NativeHamt map = filled(1_000);
    int failed = 0;
    for (int i = 0; i < 3_000; i++) {
      NativeHamt result = map.put(random.nextInt(1_000), i);
      if (result.bytesHeld() < map.bytesHeld()) {
        // This one was copied; so may be others made of the same, if there were memory for it.
        for (int key = 5_000; key < 5_050; key++) {
          NativeMemory.failAllocation(1);
          try {
            assertEquals(1, map.put(key, 1).find(key, -1));
            failed += NativeMemory.failAllocation(0) == 0 ? 1 : 0;
          } catch (OutOfMemoryError noSlab) {
            assertEquals(0, NativeMemory.failAllocation(0));
          }
        }
      }
      map = result;
    }
    assertTrue(failed > 0, "no copy failed: this test shows nothing");
  }

  @Test
  void stackOverflowLosesNothing() throws InterruptedException {
    NativeHamt map = filled(100);
    final String before = map.dump();
    List<Throwable> thrown = new ArrayList<>();
    int[] overflows = new int[1];
    Thread thread =
        new Thread(
            null,
            () -> {
              for (int i = 0; i < 100; i++) {
                try {
                  dive(map, i, 0);
                } catch (StackOverflowError expected) {
                  overflows[0]++;
                } catch (Throwable t) {
                  thrown.add(t);
                }
              }
            },
            "diver",
            256 * KIB);
    thread.start();
    thread.join();
    assertEquals(List.of(), thrown);
    assertEquals(100, overflows[0]);
    assertEquals(before, map.dump());
    assertEquals(7, map.put(7, 7).find(7, -1));
  }

  private static long dive(NativeHamt map, long key, int depth) {
    NativeHamt next = map.put(key, depth).remove(key + 1);
    return next.find(key, -1) + dive(map, key, depth + 1);
  }

  @Test
  void limitIsToldAndObservedAndReleased() throws Exception {
    ForkedJvm.Outcome outcome =
        new ForkedJvm("-Xmx64m", "-D" + NativeMemory.LIMIT_PROPERTY + "=1000000")
            .run(LimitMain.class);
    assertEquals(0, outcome.exit(), outcome::toString);
    assertTrue(outcome.output().contains("as expected"), outcome::toString);
  }

  @Test
  void limitThatIsNoNumberIsNamed() throws Exception {
    ForkedJvm.Outcome outcome =
        new ForkedJvm("-Xmx64m", "-D" + NativeMemory.LIMIT_PROPERTY + "=much").run(LimitMain.class);
    assertNotSame(0, outcome.exit(), outcome::toString);
    assertTrue(
        outcome
            .output()
            .contains(NativeMemory.LIMIT_PROPERTY + " must be a number of bytes, not \"much\""),
        outcome::toString);
  }

  @Test
  void emptyResultIsTheEmptyMap() {
    assertSame(NativeHamt.EMPTY, filled(1).remove(0));
    assertEquals(0, NativeHamt.EMPTY.address());
    assertThrows(NullPointerException.class, () -> NativeHamt.EMPTY.putAll(null));
  }
}
