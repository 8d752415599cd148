package io.contexture.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Releases what the collector has found dead: values of dead variables, states of ended threads,
 * native slabs, abandoned generators.
 *
 * <p>Everything that waits for the collector is a {@link Reference} in one {@link #QUEUE} and
 * {@link Reapable}. One daemon thread serves the queue, as long as the class loader of this library
 * lives, and doesn't pin that, as a {@link java.lang.ref.Cleaner} would for as long as anything is
 * registered with it: while the daemon waits, its stack and its task have objects of the JDK alone,
 * method handles that lead to {@link #round} by a weak reference. That is enqueued, and the thread
 * ends, when the loader can be collected.
 *
 * <p>When an application is undeployed, its class loader is closed some time before it can be
 * collected. What releasing takes is therefore loaded before the daemon starts; should a class be
 * missing all the same, the daemon ends, and what is left goes with the loader.
 */
public final class Reaper {
  /** A reference that knows what to do once its referent is gone. */
  public interface Reapable {
    /**
     * Releases what the reference stood for. Called once, on any thread, and again, later, after a
     * {@link VirtualMachineError}; must not block or throw anything else.
     */
    void reap();
  }

  /** What else the daemon sees to. */
  public interface Upkeep {
    /**
     * Called by the daemon every now and then, and with {@code last} when it is about to rest. Must
     * not block or throw.
     */
    void pass(boolean last);
  }

  /** Where every reapable reference is enqueued. */
  public static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();

  // How long the daemon waits for a reference, in milliseconds. Boxed once, as there may be no
  // memory when it is to wait.

  /** Before it rests: as long as there has been anything to do. */
  private static final Long ACTIVE = 5_000L;

  /** While it rests: as long as the JDK's own cleaners do. */
  private static final Long RESTING = 60_000L;

  /**
   * While a thread may end at any time whose state is waiting for just that: ever longer, since it
   * may as well go on for ever.
   */
  private static final Long[] LINGERING = {50L, 100L, 200L, 400L, 800L, 1_600L, ACTIVE};

  private static final long RETRY_NANOS = 1_000_000;

  /** How many releases may fail before a thread leaves the rest to the next. */
  private static final int TOLERATED = 4;

  private static final Refused REFUSED = new Refused();

  /** How often in a row what was refused has been refused again. */
  private static volatile int starved;

  /** When to try that again, as {@link System#nanoTime} has it, if {@link #starved} isn't 0. */
  private static volatile long retryAt;

  private static volatile @Nullable Upkeep upkeep;

  /** How many references that the daemon finds in a row make a backlog. */
  private static final int BACKLOG = 64;

  /** More frames than releasing anything takes: a reference is polled once, and then must be. */
  private static final int STACK_NEEDED = 512;

  /** The method {@link #round}; reachable from here only. */
  private static final Function<@Nullable Reference<?>, @Nullable Long> ROUND = Reaper::round;

  /** The thread that serves the queue, or the one that starts it. */
  private static volatile @Nullable Thread daemon;

  /** Whether there can be no daemon: the class loader doesn't give any more what that takes. */
  private static volatile boolean closed;

  /** Whether there has been a slow path since the daemon last looked. */
  private static volatile boolean used;

  private static volatile boolean resting;

  /** How often in a row it has waited for a thread to end. The daemon's. */
  private static int lingered;

  /** When there was something to do, as {@link System#nanoTime} has it. The daemon's. */
  private static long busyAt = System.nanoTime();

  /** Whether the daemon has more to do than it keeps up with, as far as anyone has seen. */
  private static volatile boolean isBacklog;

  /**
   * What could not be released for want of Java heap, first in, first out: a reference comes out of
   * the queue once. Whoever takes one has a place for it here before.
   */
  private static final class Refused {
    private final @Nullable Reference<?>[] ring = new Reference<?>[1024];
    private int first;
    private int reserved;

    /** How many are here. Written under the lock. */
    private volatile int count;

    /** Reserves places; false if there are too few. */
    synchronized boolean reserve(int places) {
      if (count + reserved + places > ring.length) {
        return false;
      }
      reserved += places;
      return true;
    }

    /** Gives reserved places back. */
    synchronized void giveBack(int places) {
      reserved -= places;
    }

    /** Puts a reference into a reserved place. */
    synchronized void add(Reference<?> dead) {
      int before = count;
      ring[(first + before) % ring.length] = dead;
      count = before + 1;
      reserved--;
    }

    /** Takes what has been here longest, and reserves its place; null if nothing is here. */
    synchronized @Nullable Reference<?> take() {
      int before = count;
      if (before == 0) {
        return null;
      }
      Reference<?> dead = ring[first];
      ring[first] = null;
      first = (first + 1) % ring.length;
      count = before - 1;
      reserved++;
      return dead;
    }
  }

  /** Wakes the daemon. */
  private static final class Nudge extends WeakReference<Object> implements Reapable {
    Nudge() {
      super(QUEUE, QUEUE);
    }

    @Override
    public void reap() {}
  }

  private Reaper() {}

  /** Has the daemon do {@code work} too; one such work can be given. */
  public static void setUpkeep(Upkeep work) {
    upkeep = work;
  }

  /**
   * Called on slow paths: sees to it that the daemon lives, and helps it where it has fallen behind
   * and there is stack enough for that. Costs few loads if not.
   */
  public static void poke() {
    if (!used) {
      used = true;
    }
    Thread serving = daemon;
    boolean served = (serving != null && serving.isAlive()) || startDaemon();
    if (!served || isBacklog) {
      try {
        drain();
        if (!served) {
          Roots.purgeIfRequested();
        }
      } catch (StackOverflowError nothingTaken) {
        // A call from further up, or the daemon, does it.
      } catch (LinkageError undeployed) {
        closed = true; // what is left goes with the loader
      }
    }
  }

  /**
   * Releases what is due now, except the values of dead variables: the walk over all contexts that
   * this takes is left to the daemon.
   *
   * @throws StackOverflowError if there might not be stack enough; nothing has been taken then
   */
  public static void drain() {
    StackProbe.require(STACK_NEEDED);
    reapAll(false);
    ThreadStates.releaseEnded();
    if (resting
        && (REFUSED.count != 0 || Roots.isPurgeRequested() || ThreadStates.hasLingering())) {
      try {
        new Nudge().enqueue();
      } catch (OutOfMemoryError itWakesByItself) {
        // Within a minute.
      }
    }
  }

  /**
   * Releases what is due, as far as the Java heap suffices.
   *
   * @param asDaemon whether to tell others when help would be welcome
   */
  private static void reapAll(boolean asDaemon) {
    int places = 0;
    try {
      Reference<?> dead;
      int failures = 0;
      while (REFUSED.count != 0
          && (starved == 0 || System.nanoTime() - retryAt >= 0)
          && (dead = REFUSED.take()) != null) {
        places++;
        if (!tryReap(dead)) {
          REFUSED.add(dead);
          places--;
          failures++;
          break;
        }
        starved = 0;
      }
      if (places < TOLERATED) {
        if (!REFUSED.reserve(TOLERATED - places)) {
          return; // the daemon goes on trying
        }
        places = TOLERATED;
      }
      for (int n = 1; failures < TOLERATED && (dead = QUEUE.poll()) != null; n++) {
        if (!tryReap(dead)) {
          REFUSED.add(dead);
          places--;
          failures++;
        }
        if (asDaemon && n % BACKLOG == 0) {
          isBacklog = true;
        }
      }
      // Whoever has emptied the queue ends the backlog: the daemon may take its time to see that.
      if (isBacklog && (asDaemon || failures < TOLERATED)) {
        isBacklog = false;
      }
    } finally {
      REFUSED.giveBack(places);
    }
  }

  /** As {@link #reapAll} for one that the daemon has been given, which waits for a place. */
  private static void reap(Reference<?> dead) {
    for (int tries = 0; !tryReap(dead); tries++) {
      if (REFUSED.reserve(1)) {
        REFUSED.add(dead);
        return;
      }
      LockSupport.parkNanos(1_000_000 * LINGERING[Math.min(tries, LINGERING.length - 1)]);
    }
  }

  /**
   * Releases what a reference stood for.
   *
   * @return false if there is no Java heap for that; the JVM's own want of it comes as an {@link
   *     InternalError} at times
   */
  private static boolean tryReap(Reference<?> dead) {
    try {
      if (dead instanceof Reapable reapable) { // else it is what ends an earlier daemon
        reapable.reap();
      }
      return true;
    } catch (VirtualMachineError e) {
      int times = starved;
      retryAt = System.nanoTime() + 1_000_000 * LINGERING[times];
      starved = Math.min(times + 1, LINGERING.length - 1);
      return false;
    }
  }

  /** Whether the daemon has nothing to do; for tests. */
  static boolean isResting() {
    return resting;
  }

  private static void keepUp(boolean last) {
    Upkeep work = upkeep;
    if (work != null) {
      work.pass(last);
    }
  }

  /**
   * What the daemon does when it has waited.
   *
   * @param dead what came out of the queue; null if nothing did
   * @return how long to wait for the next; null to end
   */
  private static @Nullable Long round(@Nullable Reference<?> dead) {
    try {
      if (dead != null) {
        reap(dead);
      }
      reapAll(true);
      ThreadStates.releaseEnded();
      boolean purged = Roots.purgeIfRequested();
      keepUp(false);
      long now = System.nanoTime();
      if (used || dead != null || purged) {
        used = false;
        resting = false;
        busyAt = now;
      } else if (!resting && now - busyAt >= ACTIVE * 1_000_000) {
        keepUp(true);
        resting = true;
        if (Roots.isPurgeRequested()) { // by one who may not have seen that
          resting = false;
          return LINGERING[0];
        }
      }
      if (REFUSED.count != 0) {
        return LINGERING[starved];
      }
      if (!ThreadStates.hasLingering()) {
        lingered = 0;
        return resting ? RESTING : ACTIVE;
      }
      lingered = dead != null ? 0 : Math.min(lingered + 1, LINGERING.length - 1);
      return LINGERING[lingered];
    } catch (VirtualMachineError tryAgain) {
      return LINGERING[1];
    } catch (LinkageError undeployed) {
      closed = true;
      isBacklog = false;
      return null;
    }
  }

  private static synchronized boolean startDaemon() {
    Thread serving = daemon;
    if (serving != null && serving.isAlive()) {
      return true;
    }
    if (closed) {
      return false;
    }
    try {
      // It takes some milliseconds, which nobody need wait for.
      Thread starting = daemonOf(Reaper::start, (thread, thrown) -> {});
      daemon = starting;
      starting.start();
      return true;
    } catch (OutOfMemoryError noThreadToBeHad) {
      return false;
    }
  }

  private static Thread daemonOf(Runnable task, Thread.UncaughtExceptionHandler handler) {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    while (group != null && group.getParent() != null) {
      group = group.getParent(); // not one of the application's, whose class might be, too
    }
    Thread thread =
        Thread.ofPlatform()
            .group(group)
            .daemon()
            .name("contexture-reaper")
            .inheritInheritableThreadLocals(false)
            .unstarted(task);
    thread.setContextClassLoader(null);
    thread.setUncaughtExceptionHandler(handler);
    return thread;
  }

  /** Starts the daemon itself, and hands over to it. */
  private static void start() {
    try {
      loadAll();
      Thread.UncaughtExceptionHandler ignore =
          implement(
              Thread.UncaughtExceptionHandler.class,
              MethodHandles.empty(
                  MethodType.methodType(void.class, Thread.class, Throwable.class)));
      // Calling anything for the first time takes Java heap.
      Long _ = ROUND.apply(null);
      ignore.uncaughtException(Thread.currentThread(), new Error());
      implement(Runnable.class, MethodHandles.empty(MethodType.methodType(void.class))).run();
      Thread serving = daemonOf(service(), ignore);
      serving.start();
      daemon = serving;
    } catch (OutOfMemoryError | InternalError noHeap) {
      // The next slow path tries again.
    } catch (LinkageError | ReflectiveOperationException undeployed) {
      closed = true;
    }
  }

  /** Loads what releasing takes. */
  private static void loadAll() throws IllegalAccessException {
    StackProbe.require(1);
    MethodHandles.Lookup here = MethodHandles.lookup();
    for (Class<?> each :
        new Class<?>[] {
          Roots.class, ThreadStates.class, Visitors.class, VarCache.class, Engines.class
        }) {
      here.ensureInitialized(each);
    }
  }

  /**
   * The daemon's task: waits on the queue as long as {@link #round} says. Refers to nothing of this
   * class loader but weakly.
   */
  private static Runnable service() throws ReflectiveOperationException {
    MethodHandles.Lookup jdk = MethodHandles.publicLookup();
    WeakReference<Object> whileItLives = new WeakReference<>(ROUND, QUEUE);
    // No invoker of method handles: it takes Java heap where one has been called often.
    MethodHandle round =
        jdk.findVirtual(WeakReference.class, "get", MethodType.methodType(Object.class))
            .bindTo(whileItLives)
            .asType(MethodType.methodType(Function.class));
    MethodHandle apply =
        jdk.findVirtual(Function.class, "apply", MethodType.methodType(Object.class, Object.class))
            .asType(MethodType.methodType(Long.class, Function.class, Reference.class));
    MethodHandle wait =
        jdk.findVirtual(
                ReferenceQueue.class, "remove", MethodType.methodType(Reference.class, long.class))
            .bindTo(QUEUE)
            .asType(MethodType.methodType(Reference.class, Long.class));
    // After an interrupt, or where waiting fails for want of Java heap, it goes on: somebody has
    // to.
    // Where the reference is cleared there is nothing left to call, and it ends.
    MethodHandle pause =
        MethodHandles.insertArguments(
            jdk.findStatic(
                LockSupport.class, "parkNanos", MethodType.methodType(void.class, long.class)),
            0,
            RETRY_NANOS);
    MethodHandle waitAnyhow =
        MethodHandles.catchException(
            wait,
            Throwable.class,
            MethodHandles.foldArguments(giving(null, Reference.class, Throwable.class), pause));
    MethodHandle roundIfThere =
        MethodHandles.catchException(
            MethodHandles.catchException(
                MethodHandles.foldArguments(apply, round),
                OutOfMemoryError.class,
                giving(LINGERING[0], Long.class, OutOfMemoryError.class)),
            Throwable.class,
            giving(null, Long.class, Throwable.class));
    MethodHandle loop =
        MethodHandles.doWhileLoop(
            MethodHandles.constant(Long.class, LINGERING[0]),
            MethodHandles.filterReturnValue(waitAnyhow, roundIfThere),
            jdk.findStatic(
                    Objects.class, "nonNull", MethodType.methodType(boolean.class, Object.class))
                .asType(MethodType.methodType(boolean.class, Long.class)));
    return implement(Runnable.class, loop.asType(MethodType.methodType(void.class)));
  }

  /** An object of the JDK alone, if the method is. */
  private static <T> T implement(Class<T> type, MethodHandle method) {
    return MethodHandleProxies.asInterfaceInstance(type, method);
  }

  /** A handler of what is thrown. */
  private static <T> MethodHandle giving(
      @Nullable T result, Class<T> type, Class<? extends Throwable> thrown) {
    return MethodHandles.dropArguments(MethodHandles.constant(type, result), 0, thrown);
  }
}
