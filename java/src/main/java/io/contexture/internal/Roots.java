package io.contexture.internal;

import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A weak registry of every {@link Root}, and the purge that walks it when a variable has died (V7).
 *
 * <h2>Why a purge misses nothing</h2>
 *
 * <p>The collector clears a dead variable's {@link VarRef} first; the purge starts later. A root is
 * registered before values are copied into it, and the copying skips values whose {@code VarRef} is
 * cleared. What is left is a value that was copied, or a chunk that was shared, while its variable
 * lived or while a purge walked, by a root that the walk didn't find. Hence {@link #epoch}: it is
 * raised before the walk begins and again when it has ended. Whoever copies reads it before, and
 * again, after a full fence, once the copy can be found. If a purge was walking at any time in
 * between, the copier scrubs the copy itself; if not, a purge that begins later sees the copy
 * (Dekker's argument).
 *
 * <p>The registry holds plain weak references without a queue: cleared ones are swept out when a
 * stripe is full, so that registering costs one small object and, amortized, a constant number of
 * steps.
 */
final class Roots {
  private static final int STRIPES = 16;
  private static final Stripe[] STRIPE = new Stripe[STRIPES];
  private static final AtomicLong EPOCH = new AtomicLong();

  /** The dead variables that no purge has begun for yet, linked: a purge is due while there are. */
  private static final AtomicReference<@Nullable VarRef> DEAD = new AtomicReference<>();

  static {
    for (int i = 0; i < STRIPES; i++) {
      STRIPE[i] = new Stripe();
    }
  }

  private Roots() {}

  /** Makes {@code root} known to later purges. */
  static void register(Root root) {
    Reaper.poke();
    STRIPE[(int) Thread.currentThread().threadId() & (STRIPES - 1)].add(root);
  }

  /** Odd while a purge walks, and never the same again; see the class comment. */
  static long epoch() {
    return EPOCH.get();
  }

  /** Whether a purge has been walking at any time since {@link #epoch} gave {@code before}. */
  static boolean purgedSince(long before) {
    VarHandle.fullFence();
    return (before & 1) != 0 || EPOCH.get() != before;
  }

  /** Notes that the variable of {@code dead} has died. Allocates nothing. */
  static void requestPurge(VarRef dead) {
    VarRef next;
    do {
      next = DEAD.get();
      dead.nextDead = next;
    } while (!DEAD.compareAndSet(next, dead));
  }

  /** Whether a variable has died since the last purge began. */
  static boolean isPurgeRequested() {
    return DEAD.get() != null;
  }

  /** Purges if so, and returns whether it was. */
  static boolean purgeIfRequested() {
    boolean requested = isPurgeRequested();
    if (requested) {
      purge();
    }
    return requested;
  }

  private static synchronized void purge() {
    VarRef dead = DEAD.getAndSet(null);
    if (dead == null) {
      return;
    }
    boolean done = false;
    EPOCH.incrementAndGet();
    try {
      for (Stripe stripe : STRIPE) {
        stripe.purge();
      }
      ThreadStates.clearCaches();
      done = true;
    } finally {
      EPOCH.incrementAndGet();
      while (dead != null) {
        VarRef next = dead.nextDead;
        if (done) {
          dead.nextDead = null;
          VarCache.giveBackTag(dead);
        } else { // out of memory: the values are still there
          requestPurge(dead);
        }
        dead = next;
      }
    }
  }

  /** Number of registered roots that are still alive; for tests. */
  static int count() {
    int count = 0;
    for (Stripe stripe : STRIPE) {
      count += stripe.count();
    }
    return count;
  }

  private static final class Stripe {
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic arrays
    private @Nullable WeakReference<Root>[] refs = new WeakReference[64];

    private int used;

    synchronized void add(Root root) {
      if (used == refs.length) {
        sweep();
      }
      refs[used] = new WeakReference<>(root);
      used++;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // generic arrays
    private void sweep() {
      int live = 0;
      for (int i = 0; i < used; i++) {
        WeakReference<Root> ref = refs[i];
        if (ref != null && !ref.refersTo(null)) {
          live++;
        }
      }
      // At least half of the new array is free, so a sweep is paid for by as many additions.
      int capacity = Math.max(64, Integer.highestOneBit(Math.max(1, live * 2 - 1)) << 1);
      WeakReference<Root>[] kept = new WeakReference[capacity];
      int n = 0;
      for (int i = 0; i < used && n < capacity; i++) {
        WeakReference<Root> ref = refs[i];
        if (ref != null && !ref.refersTo(null)) {
          kept[n++] = ref;
        }
      }
      refs = kept;
      used = n;
    }

    void purge() {
      // Roots are purged outside the lock: scrubbing a large one shall not hold up its siblings.
      WeakReference<Root>[] snapshot;
      int n;
      synchronized (this) {
        snapshot = refs.clone();
        n = used;
      }
      for (int i = 0; i < n; i++) {
        WeakReference<Root> ref = snapshot[i];
        Root root = ref == null ? null : ref.get();
        if (root != null) {
          root.scrub();
        }
      }
    }

    synchronized int count() {
      int live = 0;
      for (int i = 0; i < used; i++) {
        WeakReference<Root> ref = refs[i];
        if (ref != null && !ref.refersTo(null)) {
          live++;
        }
      }
      return live;
    }
  }
}
