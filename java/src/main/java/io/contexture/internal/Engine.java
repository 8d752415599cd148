package io.contexture.internal;

import io.contexture.internal.ffm.NativeEngine;
import io.contexture.internal.mirror.MirrorEngine;
import org.jspecify.annotations.Nullable;

/**
 * What differs between the backends: where maps, links and thread records live and where numbers
 * come from. Everything else ({@link ThreadState}, {@link Lc}, {@link Root}, {@link EcLink}) is one
 * code.
 */
public abstract sealed class Engine permits MirrorEngine, NativeEngine {
  private volatile @Nullable AbstractConcurrentLongHamt base;

  /** For the permitted two. */
  protected Engine() {}

  /** The empty map of this backend. */
  public abstract AbstractLongHamt emptyMap();

  /** A new shared map of this backend. */
  public abstract AbstractConcurrentLongHamt newSharedMap();

  /** The map for {@link #base}, which is asked for once. */
  protected abstract AbstractConcurrentLongHamt newBase();

  /**
   * The process-wide values of long variables, by id (B1): the layer below every stack. Any thread.
   *
   * @throws OutOfMemoryError if there is no room for it
   */
  public final AbstractConcurrentLongHamt base() {
    AbstractConcurrentLongHamt map = base;
    return map != null ? map : makeBase();
  }

  private synchronized AbstractConcurrentLongHamt makeBase() {
    AbstractConcurrentLongHamt map = base;
    if (map == null) {
      map = newBase();
      base = map;
    }
    return map;
  }

  /**
   * Reserves {@code count} consecutive numbers that nobody else gets, for ids, versions and stamps;
   * never 0, never reused. Any thread; called once per variable and per some thousand versions.
   *
   * @throws IllegalStateException when the 64-bit counter is near its end
   */
  public abstract long reserve(long count);

  /** A state with an empty stack for {@code thread}. */
  public abstract ThreadState newThreadState(Thread thread);

  /** A link of {@code root} over {@code below}, which isn't too long. */
  protected abstract EcLink newLink(Root root, @Nullable EcLink below, long stamp);

  final Root newRoot() {
    return new Root(emptyMap());
  }
}
