package io.contexture.internal.ffm;

import io.contexture.internal.AbstractConcurrentLongHamt;
import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.Reaper;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * The shared map in native memory: a {@code cx_shared}. Twin of {@link
 * io.contexture.internal.mirror.SharedHamt}.
 *
 * <p>Look-ups are critical downcalls; changes, which may allocate, are ordinary ones. No call
 * passes a {@code cx_shared_reader}: that would be a registration per thread, where a virtual
 * thread's calls come from any carrier.
 *
 * <p>Every downcall is followed by {@link NativeHandle#use} of its result, so the map can't be
 * freed under a call, and that is the only way it is ever freed: {@link #close} clears it, and
 * leaves the rest, less than a hundred kilobytes, to the collector.
 */
final class NativeSharedHamt extends AbstractConcurrentLongHamt {
  /** A power of two: after so many changes the memory is counted. */
  private static final int CHANGES_PER_SETTLEMENT = 64;

  /** Snapshots of a series after the first, at most. */
  private static final int MOST_ROOM = 64;

  private final SharedMemory memory;
  private final NativeHandle handle;

  /** What the latest snapshots belong to; any race will do. */
  private volatile @Nullable Series series;

  /** Set before the map is cleared, hence seen by whoever may have seen it cleared. */
  private volatile boolean closed;

  /** Changes so far; any race will do. */
  private int changes;

  /**
   * A series of snapshots, as long as one of them is reachable. It has its room from the last one:
   * twice that if it was full, else what was needed.
   */
  private static final class Series extends WeakReference<NativeHandle> {
    final int room;

    /** Snapshots after the first; any race will do. */
    int taken;

    Series(NativeHandle handle, int room) {
      super(handle);
      this.room = room;
    }
  }

  private NativeSharedHamt(SharedMemory memory, NativeHandle handle) {
    this.memory = memory;
    this.handle = handle;
  }

  /**
   * A new empty map.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  static NativeSharedHamt create() {
    SharedMemory memory = new SharedMemory();
    NativeHandle handle = NativeHandle.ofMap(memory);
    Slab slab = SlabPool.borrow();
    slab.out(); // if there is stack for this before the call, there is after it
    int status = Cx.sharedNew(slab.outAddr());
    if (status == Cx.OK) {
      memory.map = handle.addr = handle.phantom.addr = slab.out();
    }
    SlabPool.giveBack(slab);
    if (status != Cx.OK) {
      throw failure(status);
    }
    Ledger.MAPS.add(memory.map);
    NativeSharedHamt shared = new NativeSharedHamt(memory, handle);
    memory.enlist();
    shared.settle();
    return shared;
  }

  /**
   * The base layer of {@code runtime}, which owns it: it isn't freed with this object.
   *
   * @throws OutOfMemoryError when native memory is exhausted
   */
  static NativeSharedHamt ofRuntime(long runtime) {
    Slab slab = SlabPool.borrow();
    int status = Cx.runtimeGlobals(runtime, slab.outAddr());
    long map = slab.out();
    SlabPool.giveBack(slab);
    if (status != Cx.OK) {
      throw failure(status);
    }
    SharedMemory memory = new SharedMemory();
    memory.users.incrementAndGet(); // the runtime
    NativeHandle handle = NativeHandle.ofMap(memory);
    memory.map = handle.addr = handle.phantom.addr = map;
    NativeSharedHamt shared = new NativeSharedHamt(memory, handle);
    shared.settle();
    memory.enlist(); // the runtime goes on using it, so nothing would take it off the list
    return shared;
  }

  private static RuntimeException failure(int status) {
    if (status == Cx.NO_MEMORY) {
      throw NativeMemory.exhausted(Slab.USUAL_BYTES);
    }
    return new IllegalStateException(
        status == Cx.EXHAUSTED
            ? "the counter of a ConcurrentLongHamt's changes is exhausted; make another map and put"
                + " a snapshot of this one into it"
            : "native shared map: " + Cx.statusText(status));
  }

  // ---------------------------------------------------------------------------------- look-up --

  @Override
  public long get(long key, long absent) {
    long found = Cx.sharedFind(handle.addr, 0, key, absent);
    handle.use(found);
    requireOpen();
    return found;
  }

  @Override
  public boolean containsKey(long key) {
    int status = Cx.sharedGet(handle.addr, 0, key, 0);
    handle.use(status);
    requireOpen();
    return status == Cx.OK;
  }

  // ----------------------------------------------------------------------------------- change --

  @Override
  public boolean put(long key, long value) {
    beforeChange();
    int status = Cx.sharedPut(handle.addr, 0, key, value, 0);
    if (status == Cx.NO_MEMORY) {
      relieve();
      status = Cx.sharedPut(handle.addr, 0, key, value, 0);
    }
    return afterChange(status) == Cx.ABSENT;
  }

  @Override
  public boolean putIfAbsent(long key, long value) {
    beforeChange();
    int status = Cx.sharedPutIfAbsent(handle.addr, 0, key, value, 0);
    if (status == Cx.NO_MEMORY) {
      relieve();
      status = Cx.sharedPutIfAbsent(handle.addr, 0, key, value, 0);
    }
    return afterChange(status) == Cx.ABSENT;
  }

  @Override
  public boolean remove(long key) {
    beforeChange();
    int status = Cx.sharedRemove(handle.addr, 0, key, 0);
    if (status == Cx.NO_MEMORY) {
      relieve();
      status = Cx.sharedRemove(handle.addr, 0, key, 0);
    }
    return afterChange(status) == Cx.OK;
  }

  @Override
  public boolean compareAndSet(long key, long expected, long value) {
    beforeChange();
    int status = Cx.sharedCompareAndSet(handle.addr, 0, key, expected, value);
    if (status == Cx.NO_MEMORY) {
      relieve();
      status = Cx.sharedCompareAndSet(handle.addr, 0, key, expected, value);
    }
    return afterChange(status) == Cx.OK;
  }

  @Override
  protected void forget(long key) {
    int status = Cx.sharedRemove(handle.addr, 0, key, 0);
    handle.use(status);
    if (status == Cx.NO_MEMORY) {
      throw failure(status);
    }
  }

  private void beforeChange() {
    requireOpen();
    if ((changes++ & CHANGES_PER_SETTLEMENT - 1) == 0) {
      settle();
    }
  }

  private int afterChange(int status) {
    handle.use(status);
    if (status < 0) {
      throw failure(status);
    }
    requireOpen();
    return status;
  }

  private void settle() {
    memory.settle();
    handle.use(0);
  }

  /** The C library is out of memory: frees what is dead, before the last try. */
  private void relieve() {
    Reaper.drain();
    handle.use(Cx.sharedTrim(handle.addr));
  }

  private void requireOpen() {
    if (closed) {
      throw closed();
    }
  }

  // -------------------------------------------------------------------------------- whole map --

  @Override
  public AbstractLongHamt snapshot() {
    beforeChange();
    Series last = series;
    NativeHandle first = last == null ? null : last.get();
    if (last == null || first == null) {
      return snapshotOfNewSeries(null);
    }
    long next = Cx.sharedSnapshotNext(first.addr, 0);
    first.use(next);
    if (next == Cx.NO_MEMORY) {
      relieve();
      next = Cx.sharedSnapshotNext(first.addr, 0);
      first.use(next);
    }
    if (next == Cx.NEED_SPACE) {
      return snapshotOfNewSeries(last);
    }
    last.taken++;
    return snapshot(next, first);
  }

  /** After {@code last}, if there is one to which snapshots still refer. */
  private NativeSharedSnapshot snapshotOfNewSeries(@Nullable Series last) {
    int room =
        last == null
            ? 1
            : Math.clamp(last.taken < last.room ? last.taken : 2L * last.room, 1, MOST_ROOM);
    NativeHandle first = NativeHandle.ofSnapshots(memory);
    Series next = new Series(first, room);
    first.addr = first.phantom.addr = Cx.sharedSnapshotSeries(handle.addr, 0, room);
    if (first.addr == Cx.NO_MEMORY) {
      relieve();
      first.addr = first.phantom.addr = Cx.sharedSnapshotSeries(handle.addr, 0, room);
    }
    handle.use(first.addr);
    NativeSharedSnapshot snapshot = snapshot(first.addr, first);
    Ledger.SNAPSHOTS.add(first.addr);
    series = next;
    return snapshot;
  }

  /** What C has answered, if that is a snapshot of the open map. */
  private NativeSharedSnapshot snapshot(long answer, NativeHandle first) {
    if (answer < 0) {
      throw failure((int) answer);
    }
    NativeSharedSnapshot snapshot = new NativeSharedSnapshot(answer, first);
    requireOpen(); // or else it may be one of the cleared map
    return snapshot;
  }

  @Override
  public long size() {
    beforeChange();
    Slab slab = SlabPool.borrow();
    int status = Cx.sharedSize(handle.addr, 0, slab.outAddr());
    if (status == Cx.NO_MEMORY) {
      relieve();
      status = Cx.sharedSize(handle.addr, 0, slab.outAddr());
    }
    afterChange(status);
    long size = slab.out();
    SlabPool.giveBack(slab);
    return size;
  }

  @Override
  public void clear() {
    requireOpen();
    afterChange(clearNow());
  }

  private int clearNow() {
    int status = Cx.sharedClear(handle.addr, 0);
    if (status == Cx.NO_MEMORY) {
      relieve();
      status = Cx.sharedClear(handle.addr, 0);
    }
    memory.lower();
    handle.use(status);
    return status;
  }

  /** Without memory to clear it, the map is closed all the same, and freed by the collector. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      clearNow();
      handle.use(Cx.sharedTrim(handle.addr));
      memory.lower();
    }
  }

  @Override
  protected boolean isClosed() {
    return closed;
  }

  @Override
  protected String backend() {
    return "native";
  }

  // --------------------------------------------------------------------------------- for tests --

  /** Where the map is, as long as this object is reachable. */
  long address() {
    return handle.addr;
  }

  /** Bytes in all nodes, those included that wait to be freed. */
  long bytes() {
    long bytes = Cx.sharedBytes(handle.addr);
    handle.use(bytes);
    return bytes;
  }
}
