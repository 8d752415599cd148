package io.contexture.internal.ffm;

import io.contexture.Await;
import io.contexture.internal.Reaper;
import io.contexture.internal.load.NativeLibrary;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** What tests in other packages need of this one's inside. */
public final class FfmHooks {
  private FfmHooks() {}

  /** Loads the native library, or fails with the reason why it can't be. */
  public static void load() {
    if (NativeLibrary.load() instanceof NativeLibrary.Unavailable unavailable) {
      throw new AssertionError(unavailable.reason());
    }
  }

  /** Drops the slabs that are kept for the next borrower. */
  public static void clearPool() {
    SlabPool.clear();
  }

  /**
   * As {@link #clearPool}, but leaves this thread a slab with room for {@code bytes} bytes but not
   * much more.
   */
  public static void leaveRoom(long bytes) {
    SlabPool.clear();
    if (bytes > 0) {
      Slab slab = SlabPool.fresh(bytes);
      boolean more = true;
      while (more) {
        more = slab.take(bytes + Long.BYTES) != 0;
      }
      SlabPool.giveBack(slab);
    }
  }

  /** Lets the n-th allocation of a slab from now fail; see {@link NativeMemory#failAllocation}. */
  public static long failAllocation(long n) {
    return NativeMemory.failAllocation(n);
  }

  /** Number of slabs that wait for the collector. */
  public static int phantoms() {
    return Slab.phantoms();
  }

  /** The map look-up in C on a bare address: what no code outside of tests may do. */
  public static long findAt(long addr, long key, long absent) {
    return Cx.hamtFind(addr, key, absent);
  }

  /** The 64-bit word at a bare address. */
  public static long wordAt(long addr) {
    return Cx.getLong(addr);
  }

  /** Whether {@code word} is what freed memory is filled with. */
  public static boolean isPoison(long word) {
    return word == (NativeMemory.POISON & 0xffL) * 0x0101_0101_0101_0101L;
  }

  /**
   * Has garbage collected and released until {@code condition} holds.
   *
   * @return whether it came to hold within {@code limit}
   */
  public static boolean collectUntil(BooleanSupplier condition, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      clearPool();
      System.gc();
      Reaper.drain();
      if (condition.getAsBoolean()) {
        return true;
      }
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  /**
   * Waits until every byte that is counted as in use is one that a slab or a shared map has, and
   * every block is in a slab or kept for one: what isn't then has been lost for good. Of what isn't
   * poisoned.
   */
  public static void awaitBalance() {
    try {
      Await.until("lost native memory", () -> imbalance().isEmpty());
    } catch (AssertionError e) {
      throw new AssertionError(imbalance(), e);
    }
  }

  /** Says what doesn't add up, if anything, at this moment. */
  static String imbalance() {
    long[] owned = Slab.owned();
    long slabs = NativeMemory.slabsLive();
    long blocks = Ledger.BLOCKS.size() - owned[0] - FreeBlocks.blocks();
    long bytes = NativeMemory.bytesInUse() - owned[1] - SharedMemory.shares();
    // An engine has a block for good, of 64 bytes.
    return slabs == owned[0] && bytes == 64 * blocks
        ? ""
        : slabs
            + " slabs live, "
            + owned[0]
            + " have memory; blocks of nobody: "
            + blocks
            + "; bytes of nobody: "
            + bytes;
  }
}
