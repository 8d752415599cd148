package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.StackEnd;
import io.contexture.hamt.LongHamt;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Native memory that is taken or given back where the stack or the Java heap ends: all of it is
 * somebody's or free then, and what is counted is what is had.
 */
class NativeMemoryNativeSuite {
  @BeforeEach
  void nothingIsLostYet() {
    FfmHooks.load();
    FfmHooks.awaitBalance();
  }

  /** Runs an operation near the end of the stack; every slab that it needs comes from C. */
  private static void overflowEverywhere(Runnable operation) throws Exception {
    StackEnd.sweep(
        end -> {
          SlabPool.clear();
          FreeBlocks.decay(true);
          return end.run(operation);
        });
    FfmHooks.awaitBalance();
  }

  /** The smaller slabs are kept for others when they are freed, the larger ones aren't. */
  @ParameterizedTest
  @ValueSource(longs = {3_000, 100_000})
  void slabsAreNeverLostNearTheEndOfTheStack(long bytes) throws Exception {
    overflowEverywhere(() -> Slab.withRoomFor(bytes));
    overflowEverywhere(() -> Slab.tryWithRoomFor(bytes));
  }

  @Test
  void changesOfMapsLoseNothingNearTheEndOfTheStack() throws Exception {
    LongHamt map = LongHamt.empty();
    for (int i = 0; i < 100; i++) {
      map = map.put(i, i);
    }
    LongHamt full = map;
    overflowEverywhere(() -> full.put(7, 8));
    overflowEverywhere(() -> full.putAll(full.remove(7).put(9, 10)));
    assertEquals(7, full.get(7, -1));
  }

  @Test
  void dumpsGiveTheirBufferBackNearTheEndOfTheStack() throws Exception {
    NativeHamt map = NativeHamt.EMPTY.put(1, 2).put(3, 4);
    String dump = map.dump();
    overflowEverywhere(() -> assertEquals(dump, map.dump()));
  }

  @Test
  void sharedMapsAreCountedRightNearTheEndOfTheStack() throws Exception {
    overflowEverywhere(NativeSharedHamt::create);
    NativeSharedHamt map = NativeSharedHamt.create();
    for (int i = 0; i < 1_000; i++) {
      map.put(i, i);
    }
    long[] next = {1_000};
    overflowEverywhere(
        () -> {
          for (int i = 0; i < 100; i++) { // some of which settle
            map.put(next[0]++, i);
          }
        });
    overflowEverywhere(() -> map.snapshot().put(-1, -1));
    overflowEverywhere(map::clear);
    assertEquals(0, map.size());
  }

  /** What is kept for other slabs goes back to C where it's needed. */
  @Test
  void releaseOfKeptBlocksLosesNoneNearTheEndOfTheStack() throws Exception {
    long size = FreeBlocks.sizeFor(3_000);
    StackEnd.sweep(
        end -> {
          List<Long> blocks = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            blocks.add(NativeMemory.allocateSlabOrZero(size));
          }
          blocks.forEach(addr -> NativeMemory.freeSlab(addr, size));
          return end.run(() -> FreeBlocks.release(4 * size));
        });
    FfmHooks.awaitBalance();
  }

  @Test
  void nothingIsLostWhereTheJavaHeapEnds() throws Exception {
    ForkedJvm.Outcome outcome =
        new ForkedJvm(
                "-Xmx8m", "-XX:+UseSerialGC", "-D" + NativeMemory.LIMIT_PROPERTY + "=100000000")
            .run(HeapEndMain.class);
    assertEquals(0, outcome.exit(), outcome::toString);
    assertTrue(outcome.output().contains("as expected"), outcome::toString);
  }
}
