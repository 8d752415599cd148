package io.contexture.internal.ffm;

import io.contexture.internal.Reaper;
import java.lang.ref.PhantomReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The address of something that C has allocated and that is released once this handle is
 * unreachable: a shared map or a snapshot of one.
 *
 * <p>Whoever passes the address to C {@linkplain #use uses} the handle afterwards with the result,
 * so that it is reachable until the call has ended; {@link Keep} says why nothing less will do.
 */
final class NativeHandle {
  /** What keeps the phantoms alive until their handles are dead. */
  private static final Set<Phantom> PHANTOMS = ConcurrentHashMap.newKeySet();

  final long addr;
  private final Object[] guard = {this, this};

  private NativeHandle(long addr) {
    this.addr = addr;
  }

  /**
   * The handle of what is at {@code addr}, to be released by {@code release}, which must not refer
   * to the handle, block or throw. If there is no memory for the handle, it is released at once.
   */
  static NativeHandle of(long addr, Runnable release) {
    boolean owned = false;
    try {
      Reaper.poke(); // what is dead makes room, and whoever makes handles will want them released
      NativeHandle handle = new NativeHandle(addr);
      PHANTOMS.add(new Phantom(handle, release));
      owned = true;
      return handle;
    } finally {
      if (!owned) {
        release.run();
      }
    }
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

  private static final class Phantom extends PhantomReference<Object> implements Reaper.Reapable {
    private final Runnable release;
    private final AtomicBoolean released = new AtomicBoolean();

    Phantom(NativeHandle handle, Runnable release) {
      super(handle, Reaper.QUEUE);
      this.release = release;
    }

    @Override
    public void reap() {
      if (released.compareAndSet(false, true)) {
        release.run();
        PHANTOMS.remove(this); // so whoever sees it gone knows that it was released
      }
    }
  }
}
