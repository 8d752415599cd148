package io.contexture.internal;

import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * A virtual thread that has no state of its own, for the time of its first run in a snapshot.
 *
 * <pre>
 *   stay    EcLink, or EMPTY    the snapshot; nothing has been looked up yet
 *           Looks               the snapshot, and how much looking up may still cost
 *           ThreadState         made by all that is more than a few look-ups
 *           null                the run is over
 * </pre>
 *
 * <p>Most threads of a program that has very many do little: they inherit a snapshot, look a few
 * variables up and wait. A snapshot can't change and the logical context on top of it is empty as
 * long as nobody sets anything, so a look-up can walk the snapshot and needs neither a record nor a
 * cache. A thread that goes on looking up gets them once it has spent on walks about what they
 * cost. A state that was made for a visit ends with it, as the thread had none before.
 *
 * <p>Its own thread alone changes what a visitor is, but for its end if the thread is collected in
 * the middle. It is found in {@link Visitors}.
 */
final class Visitor extends WeakReference<Thread> implements Reaper.Reapable {
  /** Stands for the snapshot that has no link at all. */
  private static final Object EMPTY = new Object();

  /** How many links the look-ups of a visitor may walk together. */
  private static final int MOST_WALKED = 64;

  /** A snapshot in which something has been looked up. */
  private static final class Looks {
    final Object snapshot;
    int left = MOST_WALKED;

    Looks(Object snapshot) {
      this.snapshot = snapshot;
    }
  }

  private volatile @Nullable Object stay;

  /** A visitor for {@code thread}, the current one, in {@code chain}. */
  Visitor(Thread thread, @Nullable EcLink chain) {
    super(thread, Reaper.QUEUE);
    stay = chain == null ? EMPTY : chain;
  }

  /** Whether the run goes on, and there is no state. */
  boolean isWithoutState() {
    Object now = stay;
    return now != null && !(now instanceof ThreadState);
  }

  /** The snapshot, if this is {@link #isWithoutState}. */
  @Nullable EcLink chain() {
    Object now = stay;
    Object snapshot = now instanceof Looks looks ? looks.snapshot : now;
    return snapshot instanceof EcLink link ? link : null;
  }

  /** The state that was made for this visit, if any. */
  @Nullable ThreadState stateIfMade() {
    return stay instanceof ThreadState state ? state : null;
  }

  /**
   * Counts a look-up.
   *
   * @return whether it should walk the snapshot; else a state is due, or there is one
   */
  boolean mayWalk() {
    Object now = stay;
    if (now == null || now instanceof ThreadState) {
      return false;
    }
    Looks looks;
    if (now instanceof Looks before) {
      looks = before;
    } else {
      looks = new Looks(now);
      stay = looks;
    }
    looks.left -= looks.snapshot instanceof EcLink chain ? chain.links : 1;
    return looks.left >= 0;
  }

  /**
   * The state of this visit, made if need be; null if the run is over.
   *
   * @param me the visitor's thread, the current one
   */
  @Nullable ThreadState settle(Thread me) {
    Object now = stay;
    if (now == null || now instanceof ThreadState) {
      return (ThreadState) now;
    }
    Reaper.poke();
    ThreadState state = Engines.engine().newThreadState(me);
    state.beginVisit(chain());
    stay = state;
    return state;
  }

  /** The run is over: lets go of everything. Allocates nothing. */
  void leave() {
    ThreadState state = stateIfMade();
    stay = null;
    if (state != null) {
      ThreadStates.letGo(state);
    }
  }

  /** The thread was collected in the middle of the run. */
  @Override
  public void reap() {
    leave();
    Visitors.collected();
  }
}
