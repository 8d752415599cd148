package io.contexture.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.mirror.MirrorEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The counter of ids and versions near 2^64: a clear error, never a number given twice. */
class ExhaustionTest {
  /** Where the engine stops; {@code -(1L << 32)} read as unsigned. */
  private static final long LIMIT = -(1L << 32);

  private static void assertExhausted(MirrorEngine engine, long count) {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> engine.reserve(count));
    assertTrue(e.getMessage().contains("exhausted"), e.getMessage());
  }

  @Test
  void numbersBelowTheLimitAreGivenOnceEachAndNoneAbove() {
    MirrorEngine engine = new MirrorEngine(LIMIT - 5);
    assertEquals(LIMIT - 5, engine.reserve(2));
    assertEquals(LIMIT - 3, engine.reserve(1));
    assertEquals(LIMIT - 2, engine.reserve(1));
    assertEquals(LIMIT - 1, engine.reserve(1));
    for (int i = 0; i < 1000; i++) {
      assertExhausted(engine, 1);
      assertExhausted(engine, 4096);
    }
  }

  @Test
  void counterPassesTheSignBitWithoutNotice() {
    MirrorEngine engine = new MirrorEngine(Long.MAX_VALUE);
    assertEquals(Long.MAX_VALUE, engine.reserve(1));
    assertEquals(Long.MIN_VALUE, engine.reserve(2));
    assertEquals(Long.MIN_VALUE + 2, engine.reserve(1));
  }

  @Test
  void threadsThatAskAtOnceNeverGetOneNumberTwiceNorOneAboveTheLimit() throws Exception {
    int threads = 4;
    int left = 1000;
    MirrorEngine engine = new MirrorEngine(LIMIT - left);
    List<Long> given = new ArrayList<>();
    List<Thread> running = new ArrayList<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch start = new CountDownLatch(threads);
    for (int t = 0; t < threads; t++) {
      Thread thread =
          new Thread(
              () -> {
                start.countDown();
                List<Long> mine = new ArrayList<>();
                for (int i = 0; i < 2 * left; i++) {
                  try {
                    mine.add(engine.reserve(1));
                  } catch (IllegalStateException exhausted) {
                    continue; // as it must, for more than half of all
                  }
                }
                synchronized (given) {
                  given.addAll(mine);
                }
              });
      thread.setUncaughtExceptionHandler((_, e) -> failure.set(e));
      running.add(thread);
      thread.start();
    }
    for (Thread thread : running) {
      thread.join();
    }
    assertEquals(null, failure.get());
    assertEquals(given.size(), given.stream().distinct().count(), "given twice");
    assertEquals(left, given.size());
    for (long number : given) {
      assertTrue(Long.compareUnsigned(number, LIMIT) < 0);
    }
  }

  @Test
  void stateThatRunsOutOfVersionsRefusesTheChangeAndKeepsWhatItHas() {
    // One block of versions is left: enough to set in some contexts, not in all.
    MirrorEngine engine = new MirrorEngine(LIMIT - 2);
    ThreadState state = engine.newThreadState(Thread.currentThread());
    Object variable = new Object();
    VarRef ref = new VarRef(variable, 7, "v", false);
    VarRef other = new VarRef(variable, 9, "w", false);
    state.set(ref, ref.get(), "first");
    int refused = 0;
    for (int i = 0; i < 10_000 && refused == 0; i++) {
      Lc lc = new Lc();
      String value = "value " + i;
      int[] failures = new int[1];
      try {
        state.runInLc(
            lc,
            () -> {
              assertEquals("first", state.find(ref, ref.get()));
              try {
                state.set(ref, ref.get(), value);
                assertEquals(value, state.find(ref, ref.get()));
              } catch (IllegalStateException e) {
                assertTrue(e.getMessage().contains("exhausted"), e.getMessage());
                failures[0]++;
                assertEquals("first", state.find(ref, ref.get()));
              }
            },
            null);
      } catch (IllegalStateException e) { // the push itself needed a number
        assertTrue(e.getMessage().contains("exhausted"), e.getMessage());
        failures[0]++;
      }
      refused += failures[0];
      assertEquals("first", state.find(ref, ref.get()));
      assertEquals(false, lc.isEntered());
    }
    assertTrue(refused > 0, "never exhausted");
    assertEquals(Mark.ABSENT, state.find(other, variable));
    state.set(ref, ref.get(), "replaced in place, which takes no number");
    assertEquals("replaced in place, which takes no number", state.find(ref, ref.get()));
    java.lang.ref.Reference.reachabilityFence(variable);
  }
}
