package io.contexture.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.StackEnd;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What the collector has found dead is released exactly once, whoever does it and wherever. */
class ReaperTest {
  private static final AtomicInteger REAPED = new AtomicInteger();

  /** Isn't enqueued by the collector before the test does that. */
  private abstract static class Held extends WeakReference<Object> implements Reaper.Reapable {
    @SuppressWarnings({"unused", "UnusedVariable"}) // keeps it reachable
    private final Object referent;

    Held() {
      this(new Object());
    }

    private Held(Object referent) {
      super(referent, Reaper.QUEUE);
      this.referent = referent;
    }
  }

  private static final class Counted extends Held {
    @Override
    public void reap() {
      StackProbe.require(60); // stands for what releasing something takes
      REAPED.incrementAndGet();
    }
  }

  /** Keeps the thread that releases it until it is let go. */
  private static final class Detention extends Held {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch end = new CountDownLatch(1);

    @Override
    public void reap() {
      begun.countDown();
      Await.latch(end);
    }
  }

  @Test
  void nothingIsLostWhereTheStackEnds() throws Exception {
    REAPED.set(0);
    int[] made = new int[1];
    Detention daemon = new Detention();
    Reaper.poke();
    assertTrue(daemon.enqueue());
    Await.latch(daemon.begun); // now nobody else takes anything
    StackEnd.sweep(
        at -> {
          made[0]++;
          assertTrue(new Counted().enqueue());
          return at.run(Reaper::drain);
        });
    Reaper.drain();
    daemon.end.countDown();
    assertEquals(made[0], REAPED.get());
  }

  /** Cannot be released so many times. */
  private static final class Starved extends Held {
    private final AtomicInteger left;

    Starved(int times) {
      left = new AtomicInteger(times);
    }

    @Override
    public void reap() {
      if (left.getAndUpdate(n -> n == 0 ? 0 : n - 1) > 0) {
        throw left.get() % 2 == 0
            ? new OutOfMemoryError("as where the Java heap ends")
            : new InternalError("as where the JVM wants Java heap for itself");
      }
      REAPED.incrementAndGet();
    }

    void giveHeap() {
      left.set(0);
    }
  }

  @Test
  void whatFindsNoHeapIsReleasedLater() {
    REAPED.set(0);
    int many = 20;
    for (int i = 0; i < many; i++) {
      assertTrue(new Starved(i % 3).enqueue());
    }
    Await.until(
        "all released",
        () -> {
          Reaper.drain();
          return REAPED.get() == many;
        });
  }

  /** More of them than there are places, and what needs no heap comes through all the same. */
  @Test
  void nothingIsLostWhileThereIsNoHeap() {
    REAPED.set(0);
    List<Starved> starved = new ArrayList<>();
    int many = 100;
    for (int i = 0; i < many; i++) {
      starved.add(new Starved(Integer.MAX_VALUE));
      assertTrue(starved.getLast().enqueue());
      assertTrue(new Starved(0).enqueue());
    }
    Await.until(
        "what needs no heap is released",
        () -> {
          Reaper.drain();
          return REAPED.get() == many;
        });
    for (int i = 0; i < 2_000; i++) {
      starved.add(new Starved(Integer.MAX_VALUE));
      assertTrue(starved.getLast().enqueue());
      Reaper.drain(); // ends, though there are no places left
    }
    starved.forEach(Starved::giveHeap);
    Await.until(
        "all released",
        () -> {
          Reaper.drain();
          return REAPED.get() == many + starved.size();
        });
  }

  @Test
  void theDaemonTriesAgainByItself() {
    REAPED.set(0);
    Reaper.poke();
    assertTrue(new Starved(3).enqueue());
    Await.until("released", () -> REAPED.get() == 1);
  }

  @Test
  void aDaemonReleasesWhatNobodyElseDoes() {
    REAPED.set(0);
    int many = 1000; // a backlog
    for (int i = 0; i < many; i++) {
      assertTrue(new Counted().enqueue());
    }
    Reaper.poke();
    Await.until("all released", () -> REAPED.get() == many);
  }

  /** So that nobody has to look again and again while the daemon gets no processor. */
  @Test
  void whoeverEmptiesTheQueueEndsTheBacklog() {
    REAPED.set(0);
    int many = 100;
    Detention first = new Detention();
    Detention last = new Detention();
    Reaper.poke();
    assertTrue(first.enqueue());
    Await.latch(first.begun); // now nobody else takes anything
    assertTrue(last.enqueue()); // comes out last, as a queue of references is a stack
    for (int i = 0; i < many; i++) {
      assertTrue(new Counted().enqueue());
    }
    first.end.countDown();
    Await.latch(last.begun);
    assertEquals(many, REAPED.get());
    assertTrue(new Counted().enqueue());
    Reaper.poke(); // there was a backlog
    assertEquals(many + 1, REAPED.get());
    assertTrue(new Counted().enqueue());
    Reaper.poke(); // there is none any more
    assertEquals(many + 1, REAPED.get());
    last.end.countDown();
    Await.until("released", () -> REAPED.get() == many + 2);
  }

  @Test
  void anInterruptDoesNotEndTheDaemon() {
    REAPED.set(0);
    Reaper.poke();
    Await.until("interrupted", ReaperTest::interruptDaemon);
    assertTrue(new Counted().enqueue());
    Await.until("released", () -> REAPED.get() == 1);
    assertTrue(interruptDaemon());
  }

  private static boolean interruptDaemon() {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      ThreadGroup group = thread.getThreadGroup(); // null if it has ended meanwhile
      if (group != null && thread.getName().equals("contexture-reaper")) {
        assertNull(group.getParent());
        thread.interrupt();
        return true;
      }
    }
    return false;
  }

  @Test
  void theDaemonReleasesWhileItRests() {
    REAPED.set(0);
    Reaper.poke();
    Await.until("resting", Reaper::isResting);
    assertTrue(new Counted().enqueue());
    Await.until("released", () -> REAPED.get() == 1);
  }

  @Test
  void whatOthersFindWhileTheDaemonRestsIsPurged() {
    Reaper.poke();
    Await.until("resting", Reaper::isResting);
    purged();
    Await.until("awake", () -> !Reaper.isResting()); // which it isn't after a look once a minute
  }

  /** What is left of a variable that died, and was found dead by this thread. */
  private static VarRef purged() {
    Object variable = new Object();
    VarRef dead = new VarRef(variable, 17, "dead", false);
    dead.clear();
    Reference.reachabilityFence(variable); // the collector hasn't found it
    dead.reap();
    Reaper.drain();
    Await.until("purged", () -> !Roots.isPurgeRequested());
    return dead;
  }

  @Test
  void variableThatIsReapedTwiceGivesItsTagBackOnce() {
    VarRef dead = purged();
    Object variable = new Object();
    VarRef next;
    do { // other tests' variables may have died, too
      next = new VarRef(variable, 19, "next", false);
    } while (next.tag < dead.tag);
    dead.reap();
    VarCache.giveBackTag(dead);
    Reaper.drain();
    Await.until("nothing to purge", () -> !Roots.isPurgeRequested());
    assertNotEquals(next.tag, new VarRef(variable, 20, "another", false).tag);
    Reference.reachabilityFence(variable);
  }
}
