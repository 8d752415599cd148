package io.contexture.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A logical context: the mutable place that a {@link Root} is in.
 *
 * <p>Written by the thread on whose stack it is topmost, and by nobody while it is on no stack. The
 * interlock (S4) is {@link #holder}.
 */
public final class Lc {
  private static final VarHandle HOLDER;
  private static final VarHandle ROOT;

  static {
    try {
      HOLDER = MethodHandles.lookup().findVarHandle(Lc.class, "holder", ThreadState.class);
      ROOT = MethodHandles.lookup().findVarHandle(Lc.class, "root", Root.class);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** The contents; null while there never were any. Volatile for foreign lookups. */
  volatile @Nullable Root root;

  /** {@link #root} as its writer reads it, who needs no order for that (O2). */
  @Nullable Root ownRoot() {
    return (Root) ROOT.get(this);
  }

  /** Whether a snapshot has {@link #root}, so that the next write must copy it. */
  boolean shared;

  /** Number of open bindings made in this LC; they are closed in reverse order (V6). */
  public int bindings;

  /** Those among the open bindings that transparent generators have made, innermost first. */
  public @Nullable Guest guests;

  /**
   * An open binding that the body of a transparent generator has made in its resumer's LC. Once the
   * body has ended, or unwinds because the generator was dropped, nobody can close the binding any
   * more, and it doesn't count.
   */
  public static final class Guest {
    final ThreadState owner;

    /** Its place among the open bindings. */
    public int place;

    public @Nullable Guest next;

    Guest(ThreadState owner) {
      this.owner = owner;
    }
  }

  /** Stops counting the innermost open bindings as far as nobody can close them any more. */
  public void forgetGoneGuests() {
    for (Guest guest = guests;
        guest != null && guest.place == bindings && guest.owner.isGone();
        guest = guest.next) {
      bindings--;
      guests = guest.next;
    }
  }

  /**
   * Counts changes, so that a resumer can tell whether a transparent generator made any; but not
   * all of those made in a row: see {@link ThreadState}'s {@code writable}.
   */
  long changes;

  /** The link that stands for this LC while it is covered, and what it was made over. */
  @Nullable EcLink link;

  @Nullable EcLink linkBelow;

  /** The {@code ExecutionContext} last captured with this LC on top, if nothing changed since. */
  @Nullable Object captured;

  /**
   * The version to restore when this LC, unchanged since it was left, is entered by the same thread
   * state over an unchanged stack. Stamps and versions are never reused, so no reference is needed.
   */
  long lastOwner;

  long lastStamp;
  long lastVersion;

  /** The thread state that has this LC on its stack. */
  volatile @Nullable ThreadState holder;

  /** An LC that is empty and on no stack. */
  public Lc() {}

  boolean isEmpty() {
    Root r = root;
    return r == null || r.isEmpty();
  }

  /** Enters the interlock for {@code state}, or throws and changes nothing. */
  void acquire(ThreadState state) {
    ThreadState witness = (ThreadState) HOLDER.compareAndExchange(this, null, state);
    if (witness == null) {
      return;
    }
    // A thread that is gone, a virtual thread that was never resumed included, holds nothing.
    if (witness.isThreadDead() && HOLDER.compareAndSet(this, witness, state)) {
      // It never left, so nothing derived from the contents can be relied on.
      lastOwner = 0;
      shared = true;
      bindings = 0;
      guests = null;
      forgetDerived();
      return;
    }
    throw new IllegalStateException(
        "this logical context is entered already, by "
            + witness.describeThread()
            + ": an LC can be on one stack, once, at a time; use an LC per task or leave it first");
  }

  /** Leaves the interlock: what was written here is seen by whoever enters it next. */
  void release() {
    HOLDER.setRelease(this, (ThreadState) null);
  }

  /** Whether some living thread has this LC on its stack. Any thread. */
  public boolean isEntered() {
    ThreadState h = holder;
    return h != null && !h.isThreadDead();
  }

  /** V2 within this LC: the value, {@code null} included, or {@link Mark#ABSENT}. Any thread. */
  public @Nullable Object lookup(VarRef ref) {
    Root r = root;
    return r == null ? Mark.ABSENT : r.lookup(ref);
  }

  /** Whether the variable is bound in this LC. Any thread. */
  public boolean contains(VarRef ref) {
    Root r = root;
    return r != null && r.contains(ref);
  }

  /** Calls {@code action} with each variable bound in this LC. Any thread. */
  public void forEachLive(Consumer<VarRef> action) {
    Root r = root;
    if (r != null) {
      r.forEachLive(action);
    }
  }

  /**
   * Forgets what was derived from the contents; called with every change, unless nothing has been
   * derived since the last. No call, no allocation.
   */
  void forgetDerived() {
    changes++;
    if (link != null) {
      link = null;
      linkBelow = null;
    }
    if (captured != null) {
      captured = null;
    }
  }
}
