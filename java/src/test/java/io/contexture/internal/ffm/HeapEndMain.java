package io.contexture.internal.ffm;

import io.contexture.Await;
import io.contexture.ContextVar;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Fills the Java heap, then takes slabs, gives back what was kept for others, and has slabs found
 * dead; for a JVM of its own.
 */
final class HeapEndMain {
  /** Larger than what is kept for other slabs, so that it goes back to C. */
  private static final long LARGE = 100_000;

  private static final int ATTEMPTS = 20;

  private static @Nullable Node chain;

  private record Node(@Nullable Node next, byte @Nullable [] load) {}

  private HeapEndMain() {}

  public static void main(String[] args) {
    FfmHooks.load();
    ContextVar<String> variable = ContextVar.of("v");
    variable.set("x");
    // What is used from here on has been used before, or this test would see the JVM run out of
    // memory for linking it.
    hold(2);
    Slab.withRoomFor(3_000);
    awaitRelease();
    fail(2, 0);
    chain = null;
    awaitRelease();

    int failures = 0;
    for (int room = 0; room < ATTEMPTS; room++) {
      failures += fail(1, room / 2);
      chain = null;
      FreeBlocks.decay(true);
    }
    check(failures > 0);
    awaitBalance();

    keep();
    fill();
    try {
      FreeBlocks.decay(true);
    } catch (OutOfMemoryError possible) {
      failures++;
    }
    chain = null;
    awaitBalance();
    FreeBlocks.decay(true);
    check(FreeBlocks.bytes() == 0);
    awaitBalance();

    Slab[] slabs = hold(100);
    check(NativeMemory.bytesInUse() >= 100 * LARGE);
    fill();
    Arrays.fill(slabs, null);
    // Meanwhile releases fail.
    for (long end = System.nanoTime() + 300_000_000L; System.nanoTime() < end; ) {
      fill();
    }
    chain = null;
    awaitRelease();
    check(variable.get().equals("x"));
    System.out.println("as expected");
  }

  /** Adds to the chain until no node fits any more; with few large ones, then small ones. */
  private static void fill() {
    for (int load = 1 << 16; load >= 0; load = load == 0 ? -1 : load >> 8) {
      try {
        while (true) {
          chain = new Node(chain, load == 0 ? null : new byte[load]);
        }
      } catch (OutOfMemoryError expected) {
        // It's full.
      }
    }
  }

  /**
   * Tries to make slabs with room for so many nodes on the heap; how many times that has failed.
   */
  private static int fail(int attempts, int room) {
    int failures = 0;
    for (int i = 0; i < attempts; i++) {
      for (int times = 0; times < 2; times++) {
        fill();
      }
      for (int left = room; left > 0 && chain != null; left--) {
        chain = chain.next();
      }
      try {
        Slab.withRoomFor(3_000);
      } catch (OutOfMemoryError expected) {
        failures++;
      }
    }
    return failures;
  }

  private static Slab[] hold(int count) {
    Slab[] slabs = new Slab[count];
    for (int i = 0; i < count; i++) {
      slabs[i] = Slab.withRoomFor(LARGE);
    }
    return slabs;
  }

  /** Waits until none of the large slabs is left, nor anything that is nobody's. */
  private static void awaitRelease() {
    awaitThat(() -> NativeMemory.bytesInUse() < LARGE);
    awaitBalance();
  }

  private static void awaitBalance() {
    awaitThat(() -> FfmHooks.imbalance().isEmpty());
  }

  private static void awaitThat(BooleanSupplier condition) {
    check(FfmHooks.collectUntil(condition, Duration.ofSeconds(30 * Await.PATIENCE)));
  }

  /** Has blocks kept for other slabs. */
  private static void keep() {
    long size = FreeBlocks.sizeFor(3_000);
    long[] blocks = new long[100];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = NativeMemory.allocateSlabOrZero(size);
    }
    for (long addr : blocks) {
      NativeMemory.freeSlab(addr, size);
    }
    check(FreeBlocks.bytes() >= blocks.length * size);
  }

  private static void check(boolean condition) {
    if (!condition) {
      throw new AssertionError(
          NativeMemory.bytesInUse() + " bytes in use; " + FfmHooks.imbalance());
    }
  }
}
