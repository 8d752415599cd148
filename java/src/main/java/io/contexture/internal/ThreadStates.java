package io.contexture.internal;

import java.lang.ref.WeakReference;
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
 * </pre>
 *
 * <p>The table is checked by the thread id, which the JDK never reuses, so a stale slot is a miss
 * and never a wrong answer. A thread holds nothing of this library but an {@code Object} in a
 * {@code ThreadLocal}, so a pool thread doesn't pin the class loader of an application that is
 * gone; when that object dies the thread has ended (or its thread-locals were erased), and its
 * {@link Keeper} arrives in the reaper's queue. Not C thread-local storage, not a carrier: virtual
 * threads move.
 */
public final class ThreadStates {
  private static final int TABLE_SIZE = 1 << 12;
  private static final ThreadState[] TABLE = new ThreadState[TABLE_SIZE];
  private static final ConcurrentHashMap<Long, Keeper> REGISTRY = new ConcurrentHashMap<>();

  /** States whose anchor died before their thread did. */
  private static final ConcurrentLinkedQueue<ThreadState> LINGERING = new ConcurrentLinkedQueue<>();

  private static final ThreadLocal<Object> ANCHOR = new ThreadLocal<>();

  private ThreadStates() {}

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
   * The state of the current thread for a look-up, which needs none if there is no memory for one:
   * then the thread's stack is empty.
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
      return slowCurrent(id);
    } catch (OutOfMemoryError | IllegalStateException e) { // no memory, or no more numbers
      return null;
    }
  }

  private static ThreadState slowCurrent(long id) {
    Keeper keeper = REGISTRY.get(id);
    ThreadState state = keeper == null ? newState() : keeper.state;
    TABLE[(int) id & (TABLE_SIZE - 1)] = state;
    return state;
  }

  private static ThreadState newState() {
    Reaper.poke();
    Thread thread = Thread.currentThread();
    ThreadState state = Engines.engine().newThreadState(thread);
    Object anchor = new Object();
    Keeper keeper = new Keeper(anchor, state);
    ANCHOR.set(anchor);
    REGISTRY.put(state.threadId, keeper);
    return state;
  }

  /**
   * A state for the body of a generator, named after {@code thread}: the current state of that
   * thread if it ever runs. It is let go of by {@link #end}, or with the thread.
   */
  public static ThreadState newStateOf(Thread thread) {
    Reaper.poke();
    ThreadState state = Engines.engine().newThreadState(thread);
    REGISTRY.put(state.threadId, new Keeper(thread, state));
    return state;
  }

  /** Lets go of a state: its thread is about to end. */
  public static void end(ThreadState state) {
    Keeper keeper = REGISTRY.get(state.threadId);
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
  }

  /** Whether {@link #releaseEnded} has anything to look after. */
  static boolean hasLingering() {
    return !LINGERING.isEmpty();
  }

  /** Lets go of states whose anchor was erased while their thread went on, once that has ended. */
  static void releaseEnded() {
    if (!LINGERING.isEmpty()) {
      LINGERING.removeIf(
          state -> {
            boolean ended = state.isThreadDead();
            if (ended) {
              release(state);
            }
            return ended;
          });
    }
  }

  private static void release(ThreadState state) {
    REGISTRY.remove(state.threadId);
    int i = (int) state.threadId & (TABLE_SIZE - 1);
    if (TABLE[i] == state) {
      TABLE[i] = null;
    }
    state.forgetStack();
  }

  /** The number of states held; for tests. */
  public static int count() {
    return REGISTRY.size();
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
