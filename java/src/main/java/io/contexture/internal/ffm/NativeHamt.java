package io.contexture.internal.ffm;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.contexture.internal.AbstractLongHamt;
import java.lang.foreign.MemorySegment;

/**
 * The persistent map in native memory: the address of a {@code cx_hamt}, and what keeps its slabs
 * alive. Twin of {@link io.contexture.internal.mirror.Hamt}.
 *
 * <p>A change borrows a slab, lets C write the new blocks into it in one critical downcall, and
 * makes a new map of the result. Nothing is visible before that, so a change that fails for want of
 * memory has changed nothing.
 *
 * <p>Why no read ever meets freed memory:
 *
 * <ol>
 *   <li>The blocks of a map never change (but see {@link #replaceUnshared}) and point only into
 *       slabs that {@link #keep} leads to.
 *   <li>The address is known to the map only; who copies it ({@link #address}) holds the map too.
 *   <li>Every downcall on the address is followed by {@link Keep#use} of its result, which no
 *       compiler can do without the slabs.
 *   <li>A slab is freed once, after the collector has found that nothing leads to it.
 * </ol>
 *
 * <p>Immutable with final fields only: any thread may use a map however it got it. What C wrote is
 * visible wherever the map is, because it was written before the constructor ended and is read
 * through the address.
 */
public final class NativeHamt extends AbstractLongHamt {
  /** The empty map. */
  public static final NativeHamt EMPTY = new NativeHamt(0, 0, false, Keep.NOTHING);

  /** Entries copied by one downcall: a critical one has to be short. */
  private static final int BLOCK = 64;

  private final long addr;
  private final int size;

  /** Whether keys are placed by the hook for tests. */
  private final boolean raw;

  private final Keep keep;

  private NativeHamt(long addr, int size, boolean raw, Keep keep) {
    this.addr = addr;
    this.size = size;
    this.raw = raw;
    this.keep = keep;
  }

  /**
   * For tests: an empty map in which keys are placed by {@code key >>> 4} in place of their mix, so
   * that keys that differ in their lowest 4 bits only collide fully, and any path can be forced.
   * All maps derived from it do so.
   */
  public static NativeHamt rawEmpty() {
    Slab slab = SlabPool.borrow();
    int status = Cx.testHamtRaw(slab.addr, slab.outAddr());
    if (status == Cx.NEED_SPACE) {
      slab = SlabPool.fresh(0);
      status = Cx.testHamtRaw(slab.addr, slab.outAddr());
    }
    long out = slab.out();
    if (status != Cx.OK) {
      throw failure(status);
    }
    SlabPool.giveBack(slab);
    return new NativeHamt(out, 0, true, slab.sole);
  }

  /** The map of {@code bytes} bytes that C has just written into {@code slab}, wholly. */
  static NativeHamt ofCopy(long addr, Slab slab, long bytes) {
    return addr == 0
        ? EMPTY
        : new NativeHamt(addr, sizeOf(addr, slab), false, Keep.ofCopy(slab, bytes));
  }

  /**
   * Where the {@code cx_hamt} is, for C to read; 0 for the empty map. Whoever stores it holds this
   * map for as long as C may read it, and stores another address before letting go.
   */
  public long address() {
    return addr;
  }

  /**
   * Native memory that this map keeps from being freed; what maps share counts for each of them.
   */
  public long bytesHeld() {
    return keep.bytes;
  }

  /** Native memory that this map needs for itself. O(size). */
  public long bytesUsed() {
    long bytes = Cx.hamtBytes(addr);
    keep.use(bytes);
    return bytes;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public long find(long key, long absent) {
    long found = Cx.hamtFind(addr, key, absent);
    keep.use(found);
    return found;
  }

  @Override
  public boolean containsKey(long key) {
    int status = Cx.hamtGet(addr, key, 0);
    keep.use(status);
    return status == Cx.OK;
  }

  @Override
  public NativeHamt put(long key, long value) {
    Slab slab = SlabPool.borrow();
    int status = Cx.hamtAssoc(addr, key, value, slab.addr, slab.outAddr());
    if (status == Cx.NEED_SPACE) {
      slab = SlabPool.fresh(Cx.hamtAssocBound(addr));
      status = Cx.hamtAssoc(addr, key, value, slab.addr, slab.outAddr());
    }
    keep.use(status);
    return changed(status, slab);
  }

  @Override
  public NativeHamt remove(long key) {
    Slab slab = SlabPool.borrow();
    int status = Cx.hamtDissoc(addr, key, slab.addr, slab.outAddr());
    if (status == Cx.NEED_SPACE) {
      slab = SlabPool.fresh(Cx.hamtAssocBound(addr));
      status = Cx.hamtDissoc(addr, key, slab.addr, slab.outAddr());
    }
    keep.use(status);
    return changed(status, slab);
  }

  /** The map that C has made of this one with the borrowed slab. */
  private NativeHamt changed(int status, Slab slab) {
    if (status != Cx.OK) {
      throw failure(status);
    }
    long out = slab.out();
    if (out == addr) {
      SlabPool.giveBack(slab);
      return this;
    }
    int count = sizeOf(out, slab);
    SlabPool.giveBack(slab);
    return of(out, count, raw, isFlat(count) ? slab.sole : keep.with(slab));
  }

  @Override
  protected AbstractLongHamt merge(AbstractLongHamt over) {
    return over instanceof NativeHamt other && other.raw == raw ? merge(other) : putEach(over);
  }

  private NativeHamt merge(NativeHamt over) {
    Slab slab = SlabPool.borrow();
    int status = Cx.hamtMerge(addr, over.addr, slab.addr, slab.outAddr());
    if (status == Cx.NEED_SPACE) {
      // The bound supposes that nothing can be shared. Growing towards it from the bytes of the
      // fewer
      // entries costs some attempts, but the slab isn't much larger than the result.
      long bound = Cx.hamtMergeBound(addr, over.addr);
      long room = Math.max(Slab.USUAL_ROOM, 2L * Long.BYTES * Math.min(size, over.size));
      while (true) {
        slab = SlabPool.fresh(Math.min(room, bound));
        status = Cx.hamtMerge(addr, over.addr, slab.addr, slab.outAddr());
        if (status != Cx.NEED_SPACE || room >= bound) {
          break;
        }
        room *= 2;
      }
    }
    keep.use(status);
    over.keep.use(status);
    if (status != Cx.OK) {
      throw failure(status);
    }
    long out = slab.out();
    if (out == addr || out == over.addr) {
      SlabPool.giveBack(slab);
      return out == addr ? this : over;
    }
    int count = sizeOf(out, slab);
    SlabPool.giveBack(slab);
    // A flat map has no nodes that another could share.
    return of(
        out,
        count,
        raw,
        isFlat(count)
            ? slab.sole
            : isFlat(size)
                ? over.keep.with(slab)
                : isFlat(over.size) ? keep.with(slab) : keep.with(over.keep, slab));
  }

  @Override
  public boolean replaceUnshared(long key, long value) {
    int status = Cx.hamtReplaceUnshared(addr, key, value);
    keep.use(status);
    return status == Cx.OK;
  }

  @Override
  protected boolean hasEntriesOf(AbstractLongHamt that) {
    return (that instanceof NativeHamt other && other.addr == addr) || super.hasEntriesOf(that);
  }

  @Override
  public Cursor cursor() {
    return new BlockCursor(this);
  }

  @Override
  public String dump() {
    long needed = 64L * size + 64;
    while (true) {
      long capacity = needed;
      long buffer = NativeMemory.allocate(capacity);
      try {
        long length = Cx.hamtDump(addr, buffer, capacity);
        keep.use(length);
        if (length < capacity) {
          return Cx.getAscii(buffer, Math.toIntExact(length));
        }
        needed = length + 1;
      } finally {
        NativeMemory.free(buffer, capacity);
      }
    }
  }

  private static boolean isFlat(int size) {
    return size <= CxLayout.FLAT_LIMIT;
  }

  /** The size of the map at {@code out}, which C has just written into {@code slab}. */
  private static int sizeOf(long out, Slab slab) {
    long count = Cx.hamtSize(out);
    slab.use(count);
    if (count > Integer.MAX_VALUE) {
      throw failure(Cx.TOO_LARGE);
    }
    return (int) count;
  }

  /**
   * The map at {@code addr}; a copy of it where {@code keep} holds much more than the map needs.
   */
  private static NativeHamt of(long addr, int size, boolean raw, Keep keep) {
    if (size == 0 && !raw) {
      return EMPTY;
    }
    if (isFlat(size) || !keep.isCopyDue()) {
      return new NativeHamt(addr, size, raw, keep);
    }
    long bytes = Cx.hamtBytes(addr);
    keep.use(bytes);
    Slab slab = keep.isWasteful(bytes) ? Slab.tryWithRoomFor(bytes) : null;
    if (slab == null) {
      // Nothing to gain, or no memory for the copy: then the map as it is will do for now.
      return new NativeHamt(addr, size, raw, keep.after(Math.max(bytes, keep.bytes >> 1)));
    }
    int status = Cx.hamtCopy(addr, slab.addr, slab.outAddr());
    keep.use(status);
    if (status != Cx.OK) {
      throw failure(status);
    }
    return new NativeHamt(slab.out(), size, raw, Keep.ofCopy(slab, bytes));
  }

  private static IllegalStateException failure(int status) {
    return new IllegalStateException(
        status == Cx.TOO_LARGE
            ? "a LongHamt holds 2^31 - 1 entries at most; split the data over several maps"
            : "native map: " + Cx.statusText(status));
  }

  /** Copies entries out of the map, a block by each downcall. */
  private static final class BlockCursor implements Cursor {
    private final NativeHamt map;

    /** Where the cx_hamt_cursor is, and after it the keys and the values. */
    private final long addr;

    private final Slab slab;
    private final int capacity;
    private int left;

    BlockCursor(NativeHamt map) {
      this.map = map;
      left = map.size;
      capacity = Math.min(BLOCK, left);
      long bytes = CxLayout.HAMT_CURSOR_SIZE + 2L * Long.BYTES * capacity;
      SlabPool.Block block = SlabPool.newBlock(bytes, Long.BYTES);
      addr = block.addr();
      slab = block.slab();
    }

    @Override
    public int next(long[] keys, long[] values) {
      long keysAddr = addr + CxLayout.HAMT_CURSOR_SIZE;
      long valuesAddr = keysAddr + (long) Long.BYTES * capacity;
      int done = 0;
      while (left > 0 && done < keys.length) {
        int want = Math.min(Math.min(capacity, left), keys.length - done);
        long got = Cx.hamtIterate(map.addr, addr, keysAddr, valuesAddr, want);
        map.keep.use(got);
        if (got != want) {
          throw failure(got < 0 ? (int) got : Cx.INVALID);
        }
        MemorySegment.copy(Cx.MEMORY, JAVA_LONG_UNALIGNED, keysAddr, keys, done, want);
        MemorySegment.copy(Cx.MEMORY, JAVA_LONG_UNALIGNED, valuesAddr, values, done, want);
        done += want;
        left -= want;
        slab.use(keys[done - 1] ^ values[done - 1]);
      }
      return done;
    }
  }
}
