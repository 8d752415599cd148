package io.contexture.internal;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import org.jspecify.annotations.Nullable;

/**
 * Releases what the collector has found dead: values of dead variables, states of ended threads,
 * native slabs, abandoned generators.
 *
 * <p>Everything that waits for the collector is a {@link Reference} in one {@link #QUEUE} and
 * {@link Reapable}. The queue is drained by whoever passes through a slow path ({@link #poke}) and,
 * so that a program that merely waits is served too, by one daemon thread. That thread lives only
 * while the library is in use: after {@link #IDLE_MILLIS} without a slow path it ends, and the next
 * slow path starts another. So no thread of ours pins the class loader of an application that is
 * redeployed (a {@link java.lang.ref.Cleaner} would, for as long as anything is registered with it).
 */
public final class Reaper {
  /** A reference that knows what to do once its referent is gone. */
  public interface Reapable {
    /** Releases what the reference stood for. Runs once, on any thread; must not block or throw. */
    void reap();
  }

  /** Where every reapable reference is enqueued. */
  public static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();

  private static final long IDLE_MILLIS = 5_000;

  private static volatile @Nullable Thread daemon;
  private static volatile boolean used;

  private Reaper() {}

  /** Called on slow paths: releases what is due and keeps the daemon alive. Cost: two loads. */
  public static void poke() {
    if (!used) {
      used = true;
    }
    if (daemon == null) {
      startDaemon();
    }
    drain();
  }

  /** Releases everything that is due now. */
  public static void drain() {
    Reference<?> dead;
    boolean any = false;
    while ((dead = QUEUE.poll()) != null) {
      ((Reapable) dead).reap();
      any = true;
    }
    if (any) {
      Roots.purgeIfRequested();
    }
  }

  private static synchronized void startDaemon() {
    if (daemon != null) {
      return;
    }
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("contexture-reaper")
            .inheritInheritableThreadLocals(false)
            .unstarted(Reaper::runDaemon);
    thread.setContextClassLoader(null);
    try {
      thread.start();
      daemon = thread;
    } catch (OutOfMemoryError noThreadToBeHad) {
      // Slow paths drain the queue all the same.
    }
  }

  private static void runDaemon() {
    try {
      do {
        used = false;
        Reference<?> dead;
        while ((dead = QUEUE.remove(IDLE_MILLIS)) != null) {
          ((Reapable) dead).reap();
          drain();
          Roots.purgeIfRequested();
        }
      } while (used);
    } catch (InterruptedException endNow) {
      // Nobody but a container that shuts down interrupts us: end; the next slow path starts anew.
    } finally {
      daemon = null;
    }
  }
}
