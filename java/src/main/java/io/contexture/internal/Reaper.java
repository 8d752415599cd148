package io.contexture.internal;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Releases what the collector has found dead: values of dead variables, states of ended threads,
 * native slabs, abandoned generators.
 *
 * <p>Everything that waits for the collector is a {@link Reference} in one {@link #QUEUE} and
 * {@link Reapable}. One daemon thread serves the queue. It lives only while the library is in use:
 * after {@link #IDLE_MILLIS} without a slow path it ends, and the next slow path starts another
 * ({@link #poke}). So no thread of ours pins the class loader of an application that is redeployed,
 * as a {@link java.lang.ref.Cleaner} would for as long as anything is registered with it; and a
 * program that has stood still for longer releases what died meanwhile with its next slow path.
 */
public final class Reaper {
  /** A reference that knows what to do once its referent is gone. */
  public interface Reapable {
    /** Releases what the reference stood for. Runs once, on any thread; must not block or throw. */
    void reap();
  }

  /** What else the daemon sees to. */
  public interface Upkeep {
    /**
     * Called by the daemon every now and then, and once more, with {@code last}, before it ends.
     * Must not block or throw.
     */
    void pass(boolean last);
  }

  /** Where every reapable reference is enqueued. */
  public static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();

  private static final long IDLE_MILLIS = 5_000;

  /** How often to look whether a thread has ended whose state is waiting for just that. */
  private static final long LINGER_MILLIS = 50;

  private static final int RETRIES = 100;
  private static final long RETRY_NANOS = 1_000_000;

  private static volatile @Nullable Upkeep upkeep;

  /** How many references in a row make a backlog. */
  private static final int BACKLOG = 64;

  /** More frames than releasing anything takes: a reference is polled once, and then must be. */
  private static final int STACK_NEEDED = 512;

  private static volatile @Nullable Thread daemon;
  private static volatile boolean used;

  /** Whether the daemon has more to do than it keeps up with. */
  private static volatile boolean isBacklog;

  static {
    StackProbe.require(1); // loads it: the daemon goes on when the class loader has been closed
  }

  private Reaper() {}

  /** Has the daemon do {@code work} too; one such work can be given. */
  public static void setUpkeep(Upkeep work) {
    upkeep = work;
  }

  /**
   * Called on slow paths: sees to it that the daemon lives, and helps it where it has fallen behind
   * and there is stack enough for that. Costs three loads if not.
   */
  public static void poke() {
    if (!used) {
      used = true;
    }
    boolean served = daemon != null || startDaemon();
    if (!served || isBacklog) {
      try {
        drain();
        if (!served) {
          Roots.purgeIfRequested();
        }
      } catch (StackOverflowError nothingTaken) {
        // A call from further up, or the daemon, does it.
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
    Reference<?> dead;
    while ((dead = QUEUE.poll()) != null) {
      reap(dead);
    }
    ThreadStates.releaseEnded();
  }

  /** As {@link #drain}, on the daemon, which tells when it could do with help. */
  private static void drainAsDaemon() {
    Reference<?> dead;
    for (int n = 1; (dead = QUEUE.poll()) != null; n++) {
      reap(dead);
      if (n == BACKLOG) {
        isBacklog = true;
      }
    }
    if (isBacklog) {
      isBacklog = false;
    }
    ThreadStates.releaseEnded();
  }

  /** A reference comes out of the queue once, so what it stood for is released here or never. */
  private static void reap(Reference<?> dead) {
    for (int tries = 0; ; tries++) {
      try {
        ((Reapable) dead).reap();
        return;
      } catch (OutOfMemoryError e) {
        if (tries == RETRIES) {
          return;
        }
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }

  private static void keepUp(boolean last) {
    Upkeep work = upkeep;
    if (work != null) {
      work.pass(last);
    }
  }

  private static synchronized boolean startDaemon() {
    if (daemon != null) {
      return true;
    }
    try {
      Thread thread =
          Thread.ofPlatform()
              .daemon()
              .name("contexture-reaper")
              .inheritInheritableThreadLocals(false)
              .unstarted(Reaper::serve);
      thread.setContextClassLoader(null);
      daemon = thread;
      thread.start();
      return true;
    } catch (OutOfMemoryError noThreadToBeHad) {
      daemon = null;
      return false;
    }
  }

  private static void serve() {
    try {
      long idleSince = System.nanoTime();
      while (true) {
        Reference<?> dead = QUEUE.remove(ThreadStates.hasLingering() ? LINGER_MILLIS : IDLE_MILLIS);
        if (dead != null) {
          reap(dead);
        }
        try {
          drainAsDaemon();
          Roots.purgeIfRequested();
          keepUp(false);
        } catch (OutOfMemoryError e) {
          used = true; // the purge is still requested: stay, and try again
        }
        long now = System.nanoTime();
        if (used || dead != null) {
          used = false;
          idleSince = now;
        } else if (now - idleSince >= IDLE_MILLIS * 1_000_000) {
          keepUp(true);
          return;
        }
      }
    } catch (InterruptedException endNow) {
      // Nobody but a container that shuts down interrupts us: end; the next slow path starts anew.
    } finally {
      isBacklog = false;
      daemon = null;
    }
  }
}
