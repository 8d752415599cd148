package io.contexture.internal.ffm;

import io.contexture.internal.AbstractSharedSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a {@link NativeSharedHamt} as a persistent map. Look-ups go over the shared map's
 * frozen nodes; the rest, whose order is that of a {@link NativeHamt}, goes over one with the same
 * entries, which C makes when it is first needed. Twin of {@code SharedSnapshot}.
 *
 * <p>Immutable; any thread may use it however it got it.
 */
final class NativeSharedSnapshot extends AbstractSharedSnapshot {
  private final long addr;

  /** Of the series, which is released with the last of its snapshots. */
  private final NativeHandle handle;

  private static final int UNKNOWN = -1;
  private static final int NOT_EMPTY = -2;

  /** The number of entries, or what else is known of it; any race will do. */
  private int size = UNKNOWN;

  /** The same entries once they are needed; any race will do, as a map is immutable. */
  private @Nullable NativeHamt converted;

  /** The snapshot at {@code addr}, in the series of {@code handle}. */
  NativeSharedSnapshot(long addr, NativeHandle handle) {
    this.addr = addr;
    this.handle = handle;
  }

  @Override
  protected NativeHamt convert() {
    NativeHamt map = converted;
    if (map == null) {
      long bytes = Cx.sharedSnapshotHamtBytes(addr);
      handle.use(bytes);
      if (bytes < 0) {
        throw failure((int) bytes);
      }
      Slab slab = Slab.withRoomFor(bytes);
      int status = Cx.sharedSnapshotToHamt(addr, slab.addr, slab.outAddr());
      handle.use(status);
      long out = slab.out();
      if (status != Cx.OK) {
        throw failure(status);
      }
      map = NativeHamt.ofCopy(out, slab, bytes);
      converted = map;
    }
    return map;
  }

  private static RuntimeException failure(int status) {
    if (status == Cx.NO_MEMORY) {
      throw NativeMemory.exhausted(Slab.USUAL_BYTES);
    }
    return new IllegalStateException(
        status == Cx.TOO_LARGE
            ? "this snapshot has more than the 2^31 - 1 entries that a LongHamt holds; split the"
                + " data over several maps"
            : "snapshot of a native shared map: " + Cx.statusText(status));
  }

  @Override
  public long find(long key, long absent) {
    long found = Cx.sharedSnapshotFind(addr, key, absent);
    handle.use(found);
    return found;
  }

  @Override
  public boolean containsKey(long key) {
    int status = Cx.sharedSnapshotGet(addr, key, 0);
    handle.use(status);
    return status == Cx.OK;
  }

  @Override
  public int size() {
    int known = size;
    if (known >= 0) {
      return known;
    }
    long count = Cx.sharedSnapshotSize(addr);
    handle.use(count);
    if (count > Integer.MAX_VALUE) {
      throw failure(Cx.TOO_LARGE);
    }
    size = (int) count;
    return (int) count;
  }

  /** Looks for one entry, instead of counting all. */
  @Override
  public boolean isEmpty() {
    int known = size;
    if (known == UNKNOWN) {
      SlabPool.Block block =
          SlabPool.newBlock(CxLayout.HAMT_CURSOR_SIZE + 2L * Long.BYTES, Long.BYTES);
      long key = block.addr() + CxLayout.HAMT_CURSOR_SIZE;
      long found = Cx.sharedSnapshotIterate(addr, block.addr(), key, key + Long.BYTES, 1);
      block.slab().use(found);
      handle.use(found);
      known = found == 0 ? 0 : NOT_EMPTY;
      size = known;
    }
    return known == 0;
  }
}
