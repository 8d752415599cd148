package io.contexture.internal;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The table of {@link Visitor}s, in which each thread finds its own by its id, without a lock.
 *
 * <p>Open addressing in stripes. Only the thread that a visitor stands for adds it, looks for it
 * and removes it, and these happen in this order, so a look-up can't miss it: writers hold the
 * stripe's lock and never move a visitor within an array. A removed visitor leaves {@link #REMOVED}
 * behind, or nothing if nothing comes after it; those of collected threads stay until their place
 * is wanted, or until they are many.
 */
final class Visitors {
  private static final int STRIPE_BITS = 4;
  private static final int LEAST = 16;

  /** Odd, about 2^32 divided by the golden ratio. */
  private static final int SCATTER = 0x9E3779B9;

  /** Where a visitor was that is gone: it is nobody's. */
  private static final Visitor REMOVED = removed();

  /** How many threads must at least have been collected before their visitors are taken out. */
  private static final int MANY = 64;

  /** How many have been since that was last done. */
  private static final AtomicInteger COLLECTED = new AtomicInteger();

  private static final Stripe[] STRIPES = new Stripe[1 << STRIPE_BITS];

  static {
    for (int i = 0; i < STRIPES.length; i++) {
      STRIPES[i] = new Stripe();
    }
  }

  private Visitors() {}

  private static Visitor removed() {
    Visitor nobody = new Visitor(Thread.currentThread(), null);
    nobody.leave();
    nobody.clear();
    return nobody;
  }

  /** The visitor that stands for {@code me}, the current thread; null if there is none. */
  static @Nullable Visitor find(Thread me) {
    long id = me.threadId();
    @Nullable Visitor[] all = stripe(id).slots;
    int mask = all.length - 1;
    for (int i = place(id, mask); ; i = (i + 1) & mask) {
      Visitor visitor = all[i];
      if (visitor == null) {
        return null;
      }
      if (visitor.refersTo(me)) {
        return visitor;
      }
    }
  }

  /**
   * Makes a visitor for {@code me}, the current thread, which has none.
   *
   * @throws OutOfMemoryError if there is no room for it; nothing has changed then
   */
  static Visitor add(Thread me, @Nullable EcLink chain) {
    Visitor visitor = new Visitor(me, chain);
    stripe(me.threadId()).add(visitor, me.threadId());
    return visitor;
  }

  /** Removes the visitor of {@code me}, the current thread, if there is one. */
  static void remove(Thread me) {
    stripe(me.threadId()).remove(me);
  }

  /** Counts a visitor whose thread was collected; takes them all out once they are the half. */
  static void collected() {
    int dead = COLLECTED.incrementAndGet();
    if (dead >= MANY) {
      int used = 0;
      for (Stripe stripe : STRIPES) {
        used += stripe.used; // races, and is good enough
      }
      if (2 * dead >= used) {
        COLLECTED.set(0);
        for (Stripe stripe : STRIPES) {
          stripe.sweep();
        }
      }
    }
  }

  /** The number of slots; for tests. */
  static int slots() {
    int slots = 0;
    for (Stripe stripe : STRIPES) {
      slots += stripe.slots.length;
    }
    return slots;
  }

  /** Calls {@code action} with each state that was made for a visitor. Any thread. */
  static void forEachState(Consumer<ThreadState> action) {
    for (Stripe stripe : STRIPES) {
      for (Visitor visitor : stripe.slots) {
        ThreadState state = visitor == null ? null : visitor.stateIfMade();
        if (state != null) {
          action.accept(state);
        }
      }
    }
  }

  /** The number of visitors whose threads haven't been collected; for tests. */
  static int count() {
    int count = 0;
    for (Stripe stripe : STRIPES) {
      for (Visitor visitor : stripe.slots) {
        if (visitor != null && !visitor.refersTo(null)) {
          count++;
        }
      }
    }
    return count;
  }

  private static Stripe stripe(long id) {
    return STRIPES[(int) id & ((1 << STRIPE_BITS) - 1)];
  }

  private static int place(long id, int mask) {
    int scattered = (int) (id >>> STRIPE_BITS) * SCATTER;
    return (scattered ^ scattered >>> 15) & mask;
  }

  private static final class Stripe {
    /** A power of two of them, never full. */
    volatile @Nullable Visitor[] slots = new Visitor[LEAST];

    /** The slots that aren't null. */
    private int used;

    /** The visitors, those included that were collected and not yet taken out. */
    private int live;

    synchronized void add(Visitor visitor, long id) {
      if (4 * (used + 1) > 3 * slots.length) {
        rebuild();
      }
      @Nullable Visitor[] all = slots;
      int i = place(id, all.length - 1);
      while (true) {
        Visitor other = all[i];
        if (other == null || other.refersTo(null)) {
          break;
        }
        i = (i + 1) & (all.length - 1);
      }
      Visitor before = all[i];
      if (before == null) {
        used++;
      }
      if (before == null || before == REMOVED) { // else it takes the place of one that counts
        live++;
      }
      all[i] = visitor;
    }

    synchronized void remove(Thread me) {
      @Nullable Visitor[] all = slots;
      int mask = all.length - 1;
      int i = place(me.threadId(), mask);
      while (true) {
        Visitor visitor = all[i];
        if (visitor == null) {
          return;
        }
        if (visitor.refersTo(me)) {
          visitor.clear();
          break;
        }
        i = (i + 1) & mask;
      }
      live--;
      all[i] = REMOVED;
      if (all[(i + 1) & mask] == null) {
        for (; all[i] == REMOVED; i = (i - 1) & mask) {
          all[i] = null;
          used--;
        }
      }
      if (all.length > LEAST && 8 * live < all.length) {
        sweep();
      }
    }

    /** Takes out what is of no use. */
    synchronized void sweep() {
      if (used > 0) {
        try {
          rebuild();
        } catch (OutOfMemoryError e) {
          // It stays as large as it is.
        }
      }
    }

    /** Copies what is alive into an array of which it takes up to a half. */
    private void rebuild() {
      @Nullable Visitor[] old = slots;
      int alive = 0;
      for (Visitor visitor : old) {
        if (visitor != null && !visitor.refersTo(null)) {
          alive++;
        }
      }
      int length = LEAST;
      while (length < 2 * alive) {
        length *= 2;
      }
      @Nullable Visitor[] next = new Visitor[length];
      int copied = 0;
      for (Visitor visitor : old) {
        Thread thread = visitor == null ? null : visitor.get();
        if (thread != null) {
          int i = place(thread.threadId(), length - 1);
          while (next[i] != null) {
            i = (i + 1) & (length - 1);
          }
          next[i] = visitor;
          copied++;
        }
      }
      used = copied;
      live = copied;
      slots = next;
    }
  }
}
