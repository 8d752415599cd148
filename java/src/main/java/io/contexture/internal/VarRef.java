package io.contexture.internal;

import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * What contexts know of a variable: its id, and the variable itself weakly (V7).
 *
 * <p>Contexts hold {@code VarRef}s and never variables. When the variable has been collected, this
 * reference arrives in the {@link Reaper}'s queue, and every context drops what it held for it.
 */
public final class VarRef extends WeakReference<Object> implements Reaper.Reapable {
  /** The key of the variable in every map; never 0, never reused. */
  public final long id;

  /** The variable's name, for people. */
  public final String name;

  /** Whether the variable's value is the map's word itself rather than an object. */
  public final boolean isLong;

  /** A reference to {@code variable}, which has the given id and name. */
  public VarRef(Object variable, long id, String name, boolean isLong) {
    super(variable, Reaper.QUEUE);
    this.id = id;
    this.name = name;
    this.isLong = isLong;
  }

  /** Whether the variable has been collected. */
  boolean isDead() {
    return refersTo(null);
  }

  /**
   * Called after a value of {@code variable} was stored in a context or cache: the variable must
   * not die before that store, or a purge might be over before there is anything to purge. The
   * fence keeps this access to the variable behind the store.
   */
  void keepAlive(@Nullable Object variable) {
    VarHandle.loadLoadFence();
    if (!refersTo(variable)) {
      throw new AssertionError(); // a weak reference to a reachable object isn't cleared
    }
  }

  @Override
  public void reap() {
    Roots.requestPurge();
  }
}
