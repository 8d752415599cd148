package io.contexture.internal.ffm;

import io.contexture.internal.Reaper;
import java.lang.ref.PhantomReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The address of something that C has allocated and that is released once this handle is
 * unreachable: a shared map or a series of snapshots of one.
 *
 * <p>The handle comes first, with all that takes Java heap or stack, and the call that allocates
 * after it: its result is stored here by the caller, in the very expression of the call, so that
 * neither a {@link StackOverflowError} nor an {@link OutOfMemoryError} can come in between.
 *
 * <p>Whoever passes the address to C {@linkplain #use uses} the handle afterwards with the result,
 * so that it is reachable until the call has ended; {@link Keep} says why nothing less will do.
 */
final class NativeHandle {
  /** What keeps the phantoms alive until their handles are dead. */
  private static final Set<Phantom> PHANTOMS = ConcurrentHashMap.newKeySet();

  /**
   * The address, or nothing yet if it isn't positive. Not written any more once the handle is
   * reachable from a final field.
   */
  long addr;

  /** Has the same address, which is to be written before that of the handle. */
  final Phantom phantom;

  private final Object[] guard = {this, this};

  private NativeHandle(SharedMemory memory, boolean ofSnapshots) {
    phantom = new Phantom(this, memory, ofSnapshots);
  }

  /** For a series of snapshots that is about to be taken by somebody who holds the map. */
  static NativeHandle ofSnapshots(SharedMemory memory) {
    return registered(new NativeHandle(memory, true));
  }

  /** For a shared map that is about to be made. */
  static NativeHandle ofMap(SharedMemory memory) {
    return registered(new NativeHandle(memory, false));
  }

  private static NativeHandle registered(NativeHandle handle) {
    Reaper.poke(); // what is dead makes room, and whoever makes handles will want them released
    NativeMemory.requireStack(); // also for the entry in the ledger that comes with the address
    PHANTOMS.add(handle.phantom);
    handle.phantom.retain();
    return handle;
  }

  /** Keeps what is at {@link #addr} until {@code read}, which a call on it gave, is there. */
  void use(long read) {
    if (guard[(int) (read >>> 63)] == null) {
      throw new AssertionError("a handle of nothing");
    }
  }

  /** Number of handles that haven't been released; for tests. */
  static int live() {
    return PHANTOMS.size();
  }

  /** Lets go of the memory when the handle is dead. */
  static final class Phantom extends PhantomReference<Object> implements Reaper.Reapable {
    private final SharedMemory memory;
    private final boolean ofSnapshots;

    /** Whether the memory counts this as a user. */
    private boolean counted;

    /** As in the handle; nothing any more once it has been released. */
    long addr;

    private Phantom(NativeHandle handle, SharedMemory memory, boolean ofSnapshots) {
      super(handle, Reaper.QUEUE);
      this.memory = memory;
      this.ofSnapshots = ofSnapshots;
    }

    private void retain() {
      memory.users.incrementAndGet();
      counted = true;
    }

    /** Repeated after an {@link OutOfMemoryError}, it does what is left. */
    @Override
    public void reap() {
      long first = addr;
      if (ofSnapshots && first > 0) {
        Ledger.SNAPSHOTS.remove(first);
        Cx.sharedSnapshotFree(first);
        addr = 0;
        memory.lowerShare();
      }
      if (counted) {
        counted = false;
        memory.release();
      }
      PHANTOMS.remove(this); // so whoever sees it gone knows that it was released
    }
  }
}
