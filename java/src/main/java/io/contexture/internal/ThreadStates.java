package io.contexture.internal;

import java.lang.ref.WeakReference;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Finds the state of the current thread, and lets go of it when the thread has ended (S9).
 *
 * <pre>
 *   TABLE     thread id mod size -> state          a cache in front of
 *   REGISTRY  thread id -> Keeper -> state         the strong reference to every live state
 *   ANCHOR    a ThreadLocal with a bare Object     what dies with the thread
 *   Visitors  thread -> Visitor -> state, if any   virtual threads since their first run in a snapshot
 * </pre>
 *
 * <p>The table is checked by the thread id, which the JDK never reuses, so a slot of another thread
 * is a miss and never a wrong answer; and only the thread itself writes its states there, so it
 * finds the last of them or none. A thread holds nothing of this library but an {@code Object} in a
 * {@code ThreadLocal}, so a pool thread doesn't pin the class loader of an application that is
 * gone; when that object dies the thread has ended (or its thread-locals were erased), and its
 * {@link Keeper} arrives in the reaper's queue. Not C thread-local storage, not a carrier: virtual
 * threads move. A virtual thread whose first use of the library is to run in a snapshot, as one
 * that was made by a factory of it, has no state before it needs one; see {@link Visitor}.
 */
public final class ThreadStates {
  private static final int TABLE_SIZE = 1 << 12;
  private static final ThreadState[] TABLE = new ThreadState[TABLE_SIZE];
  private static final ConcurrentHashMap<Id, Keeper> REGISTRY = new ConcurrentHashMap<>();

  /** What to look for in the registry where there is no memory for another; guarded by itself. */
  private static final Id SPARE = new Id(0);

  /** States whose anchor died before their thread did. */
  private static final ConcurrentLinkedQueue<ThreadState> LINGERING = new ConcurrentLinkedQueue<>();

  private static final ThreadLocal<Object> ANCHOR = new ThreadLocal<>();

  private ThreadStates() {}

  /**
   * The id of a thread. Not a {@link Long}: one that has a state is to be found, and let go of,
   * without memory.
   */
  static final class Id {
    private long number;

    Id(long number) {
      this.number = number;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Id id && id.number == number;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(number);
    }
  }

  /** What holds the state of the thread with the given id, if there is one. Never fails. */
  private static @Nullable Keeper keeper(long id) {
    Id key;
    try {
      key = new Id(id);
    } catch (OutOfMemoryError e) {
      synchronized (SPARE) {
        SPARE.number = id;
        return REGISTRY.get(SPARE);
      }
    }
    return REGISTRY.get(key);
  }

  /**
   * The state of the current thread, made if it has none yet.
   *
   * @throws IllegalStateException if a backend was forced that can't run; the message tells why
   */
  public static ThreadState current() {
    long id = Thread.currentThread().threadId();
    ThreadState state = TABLE[(int) id & (TABLE_SIZE - 1)];
    return state != null && state.threadId == id ? state : slowCurrent(id);
  }

  /**
   * The state of the current thread for a look-up, which needs none if there is no memory for one,
   * or if the thread visits a snapshot: then it sees {@link #visitedChain}, which is else empty.
   *
   * @return the state, made if need be, or {@code null} if that can't be
   */
  public static @Nullable ThreadState currentForLookup() {
    long id = Thread.currentThread().threadId();
    ThreadState state = TABLE[(int) id & (TABLE_SIZE - 1)];
    return state != null && state.threadId == id ? state : slowCurrentForLookup(id);
  }

  private static @Nullable ThreadState slowCurrentForLookup(long id) {
    try {
      Thread me = Thread.currentThread();
      Visitor visitor = visitorOf(me);
      return visitor != null && visitor.mayWalk() ? null : slowCurrent(id);
    } catch (OutOfMemoryError | IllegalStateException e) { // no memory, or no more numbers
      return null;
    }
  }

  private static ThreadState slowCurrent(long id) {
    Thread me = Thread.currentThread();
    Visitor visitor = visitorOf(me);
    ThreadState state = visitor == null ? null : visitor.settle(me);
    if (state == null) {
      Keeper keeper = keeper(id);
      state = keeper == null ? newState(me) : keeper.state;
      if (visitor != null) {
        Visitors.remove(me);
      }
    }
    TABLE[(int) id & (TABLE_SIZE - 1)] = state;
    return state;
  }

  // -------------------------------------------------------------------------------- visitors

  /**
   * The state of the current thread, made if it has none yet; or {@code null}, if the thread had
   * better {@link #visit} the snapshot that it is about to run in.
   */
  public static @Nullable ThreadState currentUnlessNew() {
    long id = Thread.currentThread().threadId();
    ThreadState state = TABLE[(int) id & (TABLE_SIZE - 1)];
    return state != null && state.threadId == id ? state : slowCurrentUnlessNew(id);
  }

  private static @Nullable ThreadState slowCurrentUnlessNew(long id) {
    Thread me = Thread.currentThread();
    if (!me.isVirtual() || Visitors.find(me) != null || keeper(id) != null) {
      return slowCurrent(id);
    }
    Engines.engine(); // if there can't be any, each use is to say so
    return null;
  }

  /**
   * The state of the current thread, made if it has none yet; or {@code null}, if the thread is in
   * {@link #visitedChain}, and has nothing on top of that.
   */
  public static @Nullable ThreadState currentUnlessVisiting() {
    long id = Thread.currentThread().threadId();
    ThreadState state = TABLE[(int) id & (TABLE_SIZE - 1)];
    return state != null && state.threadId == id ? state : slowCurrentUnlessVisiting(id);
  }

  private static @Nullable ThreadState slowCurrentUnlessVisiting(long id) {
    Thread me = Thread.currentThread();
    Visitor visitor = visitorOf(me);
    return visitor != null && visitor.isWithoutState() ? null : slowCurrent(id);
  }

  private static @Nullable Visitor visitorOf(Thread me) {
    return me.isVirtual() ? Visitors.find(me) : null;
  }

  /** The snapshot that the current thread visits without having a state; else the empty one. */
  public static @Nullable EcLink visitedChain() {
    Thread me = Thread.currentThread();
    Visitor visitor = visitorOf(me);
    return visitor == null ? null : visitor.chain();
  }

  /**
   * S6 where {@link #currentUnlessNew} gave no state: runs one of {@code body} and {@code op} with
   * {@code chain} current under a fresh LC. The caller has seen to it that there is stack enough to
   * end a visit, which mustn't fail.
   *
   * @param forLife whether the thread does nothing else, so that nothing is kept for its next run
   */
  @SuppressWarnings("NullAway") // a Runnable has no result, and nobody looks at it
  public static <R extends @Nullable Object, X extends Throwable> R visit(
      @Nullable EcLink chain,
      @Nullable Runnable body,
      ScopedValue.@Nullable CallableOp<? extends R, X> op,
      boolean forLife)
      throws X {
    Reaper.poke();
    Visitor visitor = Visitors.add(Thread.currentThread(), chain);
    try {
      if (body != null) {
        body.run();
        return null;
      }
      return Objects.requireNonNull(op).call();
    } finally {
      visitor.leave();
      if (forLife) {
        Visitors.remove(Thread.currentThread());
      }
    }
  }

  /** The chain of {@code root} over {@code chain}, where there is no state to make it. */
  public static EcLink linkOf(Root root, @Nullable EcLink chain) {
    Engine engine = Engines.engine();
    return EcLink.over(engine, root, chain, engine.reserve(1));
  }

  // ------------------------------------------------------------------------------ the registry

  private static ThreadState newState(Thread thread) {
    Reaper.poke();
    ThreadState state = Engines.engine().newThreadState(thread);
    Object anchor = new Object();
    Keeper keeper = new Keeper(anchor, state);
    ANCHOR.set(anchor);
    REGISTRY.put(state.id, keeper);
    return state;
  }

  /**
   * A state for the body of a generator, named after {@code thread}: the current state of that
   * thread if it ever runs. It is let go of by {@link #end}, or with the thread.
   */
  public static ThreadState newStateOf(Thread thread) {
    Reaper.poke();
    ThreadState state = Engines.engine().newThreadState(thread);
    REGISTRY.put(state.id, new Keeper(thread, state));
    return state;
  }

  /** Lets go of a state: its thread is about to end. */
  public static void end(ThreadState state) {
    Keeper keeper = REGISTRY.get(state.id);
    if (keeper != null) {
      keeper.clear();
      release(state);
    }
  }

  /** Clears every cached value of every thread: a variable has died. */
  static void clearCaches() {
    for (Keeper keeper : REGISTRY.values()) {
      keeper.state.clearCache();
    }
    Visitors.forEachState(ThreadState::clearCache);
  }

  /** Whether {@link #releaseEnded} has anything to look after. */
  static boolean hasLingering() {
    return !LINGERING.isEmpty();
  }

  /** Lets go of states whose anchor was erased while their thread went on, once that has ended. */
  static void releaseEnded() {
    if (!LINGERING.isEmpty()) {
      for (Iterator<ThreadState> each = LINGERING.iterator(); each.hasNext(); ) {
        ThreadState state = each.next();
        if (state.isThreadDead()) {
          release(state);
          each.remove();
        }
      }
    }
  }

  private static void release(ThreadState state) {
    try {
      REGISTRY.remove(state.id);
    } finally {
      letGo(state);
    }
  }

  /** Lets go of a state that isn't in the registry. Allocates nothing. */
  static void letGo(ThreadState state) {
    // Whatever is there now: the thread may go on with another state, and must not find this one.
    TABLE[(int) state.threadId & (TABLE_SIZE - 1)] = null;
    state.forgetStack();
  }

  /** The number of states held, and of threads that visit a snapshot without one; for tests. */
  public static int count() {
    return REGISTRY.size() + Visitors.count();
  }

  /** Holds a state for as long as its thread's anchor lives. */
  private static final class Keeper extends WeakReference<Object> implements Reaper.Reapable {
    final ThreadState state;

    Keeper(Object anchor, ThreadState state) {
      super(anchor, Reaper.QUEUE);
      this.state = state;
    }

    @Override
    public void reap() {
      if (state.isThreadDead()) {
        release(state);
      } else {
        LINGERING.add(state);
      }
    }
  }
}
