package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.StackEnd;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The memory of dead slabs: its sizes, that it is used again, and that it goes in the end. */
class FreeBlocksNativeSuite {
  /** A size in which no other test makes slabs, so that its blocks are this test's own. */
  private static final long ODD = 7 << 13;

  @BeforeAll
  static void load() {
    FfmHooks.load();
  }

  @Test
  void sizesHoldWhatWasAskedForAndWasteAQuarterAtMost() {
    long last = 0;
    for (long bytes = 1; bytes <= FreeBlocks.MAX_BYTES; bytes++) {
      long size = FreeBlocks.sizeFor(bytes);
      assertTrue(size >= bytes && size >= last, () -> "size of a block");
      assertTrue(size <= Math.max(512, bytes + (bytes - 1) / 4), size + " for " + bytes);
      assertEquals(size, FreeBlocks.sizeFor(size));
      assertEquals(0, size % 64);
      last = size;
    }
    assertEquals(FreeBlocks.MAX_BYTES, last);
    assertEquals(FreeBlocks.MAX_BYTES + 1, FreeBlocks.sizeFor(FreeBlocks.MAX_BYTES + 1));
  }

  @Test
  void freedBlockIsTheNextOfItsSize() {
    assertEquals(ODD, FreeBlocks.sizeFor(ODD));
    long inUse = NativeMemory.bytesInUse();
    long addr = NativeMemory.allocateSlabOrZero(ODD);
    assertNotEquals(0, addr);
    NativeMemory.freeSlab(addr, ODD);
    long again = NativeMemory.allocateSlabOrZero(ODD);
    long other = NativeMemory.allocateSlabOrZero(ODD);
    assertEquals(addr, again);
    assertNotEquals(addr, other);
    NativeMemory.freeSlab(again, ODD);
    NativeMemory.freeSlab(other, ODD);
    assertTrue(NativeMemory.bytesInUse() < inUse + ODD, "freed blocks count as in use");
  }

  /** Every block comes back exactly once, wherever in a call the stack ended. */
  @Test
  void overflowOfTheStackLosesNoBlock() throws Exception {
    int blocks = 8;
    long size = FreeBlocks.sizeFor(5 << 13);
    Set<Long> kept = new HashSet<>();
    for (int i = 0; i < blocks; i++) {
      kept.add(NativeMemory.allocateSlabOrZero(size));
    }
    kept.forEach(addr -> NativeMemory.freeSlab(addr, size));
    StackEnd.sweep(
        at -> {
          // One at least, if the daemon has given back all.
          NativeMemory.freeSlab(NativeMemory.allocateSlabOrZero(size), size);
          long[] held = new long[1];
          boolean done =
              at.run(
                  () -> {
                    held[0] = FreeBlocks.take(size);
                    if (held[0] != 0 && FreeBlocks.keep(held[0], size)) {
                      held[0] = 0;
                    }
                  });
          if (held[0] != 0 && !FreeBlocks.keep(held[0], size)) {
            NativeMemory.giveBack(held[0]);
          }
          return done;
        });
    Set<Long> taken = new HashSet<>();
    for (long addr; (addr = FreeBlocks.take(size)) != 0; ) {
      assertTrue(taken.add(addr), "a block came twice");
    }
    taken.forEach(NativeMemory::giveBack); // they have counted as kept, not as in use
    FfmHooks.awaitBalance(); // nor was one lost; the daemon may have given some back
  }

  @Test
  void largeBlocksAreNotKept() {
    long kept = FreeBlocks.bytes();
    long large = 16 * FreeBlocks.MAX_BYTES;
    long addr = NativeMemory.allocateSlabOrZero(large);
    assertNotEquals(0, addr);
    NativeMemory.freeSlab(addr, large);
    assertTrue(FreeBlocks.bytes() < kept + large);
  }

  @Test
  void whatIsNotNeededIsGivenBack() {
    long addr = NativeMemory.allocateSlabOrZero(ODD);
    NativeMemory.freeSlab(addr, ODD);
    assertTrue(FreeBlocks.bytes() >= ODD);
    Await.until( // the reaper may add what other tests have dropped
        "nothing kept",
        () -> {
          FreeBlocks.decay(true);
          return FreeBlocks.bytes() < ODD;
        });
  }
}
