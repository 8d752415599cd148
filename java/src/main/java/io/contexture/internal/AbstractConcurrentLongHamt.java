package io.contexture.internal;

import io.contexture.hamt.ConcurrentLongHamt;
import io.contexture.hamt.LongBinaryConsumer;
import io.contexture.hamt.LongHamt;
import java.util.Objects;

/** What the shared maps of both backends have in common: everything that follows from the rest. */
public abstract non-sealed class AbstractConcurrentLongHamt implements ConcurrentLongHamt {
  private static final int BLOCK = 64;

  /** For the backends. */
  protected AbstractConcurrentLongHamt() {}

  @Override
  public abstract AbstractLongHamt snapshot();

  /** Whether {@link #close} has been called. */
  protected abstract boolean isClosed();

  /**
   * As {@link #remove}, for the reaper: what that would wait for, to stay within a limit of memory,
   * is left to later changes.
   *
   * @throws OutOfMemoryError if there is no memory at all; it can be repeated
   */
  protected void forget(long key) {
    remove(key);
  }

  /** What a call of a closed map throws. */
  protected final IllegalStateException closed() {
    return new IllegalStateException(
        this
            + " was closed before or during this call; make another map, or use a snapshot that was"
            + " taken before");
  }

  @Override
  public final void putAll(LongHamt other) {
    AbstractLongHamt from = (AbstractLongHamt) Objects.requireNonNull(other, "other");
    if (isClosed()) {
      throw closed();
    }
    long[] keys = new long[BLOCK];
    long[] values = new long[BLOCK];
    AbstractLongHamt.Cursor cursor = from.cursor();
    for (int n; (n = cursor.next(keys, values)) > 0; ) {
      for (int i = 0; i < n; i++) {
        put(keys[i], values[i]);
      }
    }
  }

  @Override
  public final void forEach(LongBinaryConsumer action) {
    Objects.requireNonNull(action, "action");
    snapshot().forEach(action);
  }

  /** The identity of this map and its backend: the contents may change any time. */
  @Override
  public final String toString() {
    return "ConcurrentLongHamt@" + Integer.toHexString(hashCode()) + " (" + backend() + ")";
  }

  /** The name of the backend, for messages. */
  protected abstract String backend();
}
