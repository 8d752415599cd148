package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Threads, calls, logical contexts and their interlock (S1 to S4). */
abstract class StackCases {
  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");

  // ------------------------------------------------------------------------------- S1, S2

  @ParameterizedTest
  @EnumSource
  void s1NewThreadsStartEmptyWhoeverStartsThem(ThreadKind kind) throws Exception {
    x.set("starter's");
    kind.run(
        () -> {
          assertFalse(x.isBound());
          assertEquals(Set.of(), ExecutionContext.capture().vars());
          x.set("own");
          kind.run(() -> assertFalse(x.isBound()));
        });
    assertEquals("starter's", x.get());
  }

  private void callee() {
    x.set("set by the callee");
    y.delete();
  }

  @Test
  void s2ChangesOfACalleeAreSeenByTheCaller() {
    y.set("y");
    callee();
    assertEquals("set by the callee", x.get());
    assertFalse(y.isBound());
    new LogicalContext()
        .run(
            () -> {
              y.set("y");
              callee();
              assertEquals("set by the callee", x.lookupTopmost());
              assertFalse(y.isBound());
            });
  }

  @Test
  void s2WaitingForAnotherThreadCreatesNoContext() throws Exception {
    x.set("before");
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      executor.submit(() -> x.set("the task's own")).get();
      CompletableFuture.runAsync(() -> y.set("the task's own"), executor).join();
    }
    assertEquals("before", x.get());
    x.set("after");
    assertEquals("after", x.lookupTopmost());
    assertFalse(y.isBound());
  }

  // ------------------------------------------------------------------------------------ S3

  @Test
  void s3ChangesOfTheBodyStayInTheContextAndComeBackWithIt() {
    LogicalContext lc = new LogicalContext();
    x.set("outside");
    lc.run(
        () -> {
          assertEquals("outside", x.get());
          x.set("inside");
          y.set("y");
        });
    assertEquals("outside", x.get());
    assertFalse(y.isBound());
    lc.run(
        () -> {
          assertEquals("inside", x.get());
          assertEquals("y", y.get());
          y.delete();
        });
    assertEquals("inside", lc.lookup(x));
    assertFalse(lc.contains(y));
    x.set("outside, changed");
    lc.run(() -> assertEquals("inside", x.get()));
  }

  @Test
  void s3CallReturnsWhatTheBodyReturns() {
    LogicalContext lc = new LogicalContext();
    assertEquals(
        "value",
        lc.call(
            () -> {
              x.set("value");
              return x.get();
            }));
    assertNull(lc.call(() -> null));
  }

  @Test
  void s3BodyThatThrowsIsPoppedAndItsChangesStay() {
    LogicalContext lc = new LogicalContext();
    x.set("outside");
    RuntimeException unchecked = new RuntimeException("body");
    Error error = new Error("body");
    IOException checked = new IOException("body");
    assertSame(
        unchecked,
        assertThrows(
            RuntimeException.class,
            () ->
                lc.run(
                    () -> {
                      x.set("1");
                      throw unchecked;
                    })));
    assertAfterThrow(lc, "1");
    assertSame(
        error,
        assertThrows(
            Error.class,
            () ->
                lc.run(
                    () -> {
                      x.set("2");
                      throw error;
                    })));
    assertAfterThrow(lc, "2");
    assertSame(
        checked,
        assertThrows(
            IOException.class,
            () ->
                lc.call(
                    () -> {
                      x.set("3");
                      throw checked;
                    })));
    assertAfterThrow(lc, "3");
  }

  private void assertAfterThrow(LogicalContext lc, String left) {
    assertFalse(lc.isEntered());
    assertEquals("outside", x.get());
    assertEquals("outside", x.lookupTopmost());
    assertEquals(left, lc.lookup(x));
    lc.run(() -> assertEquals(left, x.get()));
  }

  @Test
  void s3ExceptionThroughManyLevelsPopsThemAll() {
    LogicalContext[] lcs = new LogicalContext[50];
    x.set("outside");
    for (int i = 0; i < lcs.length; i++) {
      lcs[i] = new LogicalContext();
    }
    assertThrows(IllegalArgumentException.class, () -> enterAllAndThrow(lcs, 0));
    assertEquals("outside", x.get());
    for (int i = 0; i < lcs.length; i++) {
      assertFalse(lcs[i].isEntered());
      assertEquals("level " + i, lcs[i].lookup(x));
    }
  }

  private void enterAllAndThrow(LogicalContext[] lcs, int i) {
    if (i == lcs.length) {
      throw new IllegalArgumentException("at the bottom");
    }
    lcs[i].run(
        () -> {
          x.set("level " + i);
          enterAllAndThrow(lcs, i + 1);
        });
  }

  @Test
  void s3AThousandNestedContextsLookUpRight() {
    Nest nest = new Nest(1000);
    nest.run();
    for (ContextVar<Integer> v : nest.vars) {
      assertFalse(v.isBound());
    }
    assertEquals("d0", x.get());
  }

  /** Enters context in context, setting a variable in each; few frames, for small stacks. */
  private final class Nest implements Runnable {
    final List<ContextVar<Integer>> vars = new ArrayList<>();
    private final int levels;
    private int depth;

    Nest(int levels) {
      this.levels = levels;
    }

    @Override
    public void run() {
      int d = depth;
      if (d > 0) {
        vars.add(ContextVar.of("v"));
        vars.getLast().set(d);
      }
      x.set("d" + d);
      if (d == levels) {
        checkInnermost();
      } else {
        depth = d + 1;
        new LogicalContext().run(this);
        depth = d;
        assertFalse(vars.get(d).isBound());
      }
      assertEquals("d" + d, x.get());
      if (d > 0) {
        vars.get(d - 1).set(-1);
        assertEquals(-1, vars.get(d - 1).get());
      }
    }

    private void checkInnermost() {
      for (int i = 0; i < levels; i++) {
        assertEquals(i + 1, vars.get(i).get());
      }
      ExecutionContext snapshot = ExecutionContext.capture();
      assertEquals(levels + 1, snapshot.vars().size());
      assertTrue(snapshot.depth() <= 34, "S7: depth " + snapshot.depth());
    }
  }

  // ------------------------------------------------------------------------------------ S4

  @Test
  void s4EnteringAnEnteredContextRecursivelyIsRefusedNamingTheThread() {
    LogicalContext lc = new LogicalContext();
    x.set("outside");
    lc.run(
        () -> {
          x.set("inside");
          assertTrue(lc.isEntered());
          for (LogicalContext between : new LogicalContext[] {null, new LogicalContext()}) {
            Runnable attempt =
                () -> {
                  IllegalStateException e =
                      assertThrows(
                          IllegalStateException.class, () -> lc.run(() -> x.set("must not run")));
                  String me = "#" + Thread.currentThread().threadId();
                  assertTrue(e.getMessage().contains(me), e.getMessage());
                  assertTrue(e.getMessage().contains(Thread.currentThread().getName()));
                };
            if (between == null) {
              attempt.run();
            } else {
              between.run(attempt);
            }
          }
          assertTrue(lc.isEntered());
          assertEquals("inside", x.get());
          x.set("inside, changed");
        });
    assertFalse(lc.isEntered());
    assertEquals("outside", x.get());
    lc.run(() -> assertEquals("inside, changed", x.get()));
  }

  @ParameterizedTest
  @EnumSource
  void s4EnteringAContextEnteredByAnotherThreadIsRefusedNamingIt(ThreadKind kind) throws Exception {
    LogicalContext lc = new LogicalContext();
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    ThreadKind.Running holder =
        kind.start(
            () ->
                lc.run(
                    () -> {
                      x.set("holder's");
                      entered.countDown();
                      Await.latch(leave);
                      assertEquals("holder's", x.get());
                      x.set("holder's, later");
                    }));
    Await.latch(entered);
    x.set("mine");
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> lc.run(() -> x.set("must not run")));
    String name = "#" + holder.thread().threadId() + " \"" + holder.thread().getName() + "\"";
    assertTrue(e.getMessage().contains(name), e.getMessage());
    assertTrue(lc.isEntered());
    assertEquals("mine", x.get());
    assertEquals("holder's", lc.lookup(x));
    leave.countDown();
    holder.join();
    assertFalse(lc.isEntered());
    lc.run(() -> assertEquals("holder's, later", x.get()));
    assertEquals("mine", x.get());
  }

  @Test
  void s4ContextMayBeEnteredByOneThreadAfterTheOther() throws Exception {
    LogicalContext lc = new LogicalContext();
    ContextVar<Integer> count = ContextVar.withDefault("count", 0);
    for (int i = 0; i < 20; i++) {
      int expected = i;
      ThreadKind.values()[i % 2].run(
          () ->
              lc.run(
                  () -> {
                    assertEquals(expected, count.get());
                    count.set(expected + 1);
                  }));
    }
    assertEquals(20, lc.lookup(count));
  }

  @Test
  void s4OfManyThreadsThatEnterAtOnceOneAtATimeGetsIn() throws Exception {
    LogicalContext lc = new LogicalContext();
    ContextVar<Integer> count = ContextVar.withDefault("count", 0);
    int threads = 4;
    int each = 500;
    CountDownLatch start = new CountDownLatch(threads);
    ThreadKind.Running[] running = new ThreadKind.Running[threads];
    for (int t = 0; t < threads; t++) {
      running[t] =
          ThreadKind.values()[t % 2].start(
              () -> {
                start.countDown();
                Await.latch(start);
                for (int done = 0; done < each; ) {
                  try {
                    lc.run(() -> count.set(count.get() + 1)); // lost updates would show
                    done++;
                  } catch (IllegalStateException entered) {
                    Thread.yield();
                  }
                }
              });
    }
    for (ThreadKind.Running r : running) {
      r.join();
    }
    assertEquals(threads * each, lc.lookup(count));
    assertFalse(lc.isEntered());
  }

  // ------------------------------------------------------------------- the object itself

  /**
   * Two threads get in by turns, trying again while the other is in. What the one found out before
   * it got in may be out of date by then, what it has cached as well.
   */
  @ParameterizedTest
  @EnumSource
  void s4WhoeverGetsInSeesWhatTheLastHolderHasLeft(ThreadKind kind) throws Exception {
    for (boolean emptying : new boolean[] {false, true}) {
      LogicalContext lc = new LogicalContext();
      AtomicBoolean end = new AtomicBoolean();
      ThreadKind.Running writer =
          kind.start(
              () -> {
                for (int i = 0; !end.get(); i++) {
                  String value = emptying && (i & 1) == 0 ? null : "written " + i;
                  enterOnceLeft(lc, () -> change(lc, value));
                  if (i % 101 == 0) { // after either kind of change by turns
                    Thread.yield();
                  }
                }
              });
      int[] changes = new int[1];
      try {
        x.set("outside");
        String[] last = {"outside"};
        long start = System.nanoTime();
        // Long enough for many changes of hands; much longer only where the writer gets no turn.
        for (long spent = 0;
            spent < 400_000_000L || (changes[0] == 0 && spent < 30_000_000_000L * Await.PATIENCE);
            spent = System.nanoTime() - start) {
          for (int i = 0; i < 100; i++) {
            enterOnceLeft(
                lc,
                () -> {
                  String expected = lc.contains(x) ? lc.lookup(x) : "outside";
                  assertEquals(expected, x.get());
                  if (!expected.equals(last[0])) {
                    last[0] = expected;
                    changes[0]++;
                  }
                });
          }
          Thread.yield();
        }
      } finally {
        end.set(true);
      }
      writer.join();
      assertTrue(changes[0] > 0, "the other thread was never in");
      assertEquals("outside", x.get());
    }
  }

  private void change(LogicalContext lc, @Nullable String value) {
    if (value != null) {
      x.set(value);
    } else if (lc.contains(x)) {
      x.delete();
    }
  }

  /** Runs {@code body} in {@code lc} as soon as nobody else is in there. */
  private static void enterOnceLeft(LogicalContext lc, Runnable body) {
    while (true) {
      try {
        lc.run(body);
        return;
      } catch (IllegalStateException stillEntered) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void contextTellsItsContentsFromOutsideAndFromAnyThread() throws Exception {
    LogicalContext lc = new LogicalContext();
    LongContextVar number = LongContextVar.of("number");
    assertEquals(0, lc.size());
    assertEquals(Set.of(), lc.vars());
    assertFalse(lc.isEntered());
    lc.run(
        () -> {
          x.set("value");
          y.set(null);
          number.set(7);
        });
    ThreadKind.Action check =
        () -> {
          assertEquals(3, lc.size());
          assertEquals(Set.of(x, y), lc.vars());
          assertEquals("value", lc.lookup(x));
          assertNull(lc.lookup(y));
          assertTrue(lc.contains(y));
          assertFalse(lc.contains(ContextVar.of("x")));
        };
    for (ThreadKind kind : ThreadKind.values()) {
      kind.run(check);
    }
    assertEquals("LogicalContext[number, x, y]", lc.toString());
    assertThrows(UnsupportedOperationException.class, () -> lc.vars().clear());
    lc.run(x::delete);
    assertEquals(Set.of(y), lc.vars());
    assertEquals(2, lc.size());
  }

  @Test
  void lookupTopmostAndDefaultsDoNotReachFromOneContextIntoAnother() {
    LogicalContext lc = new LogicalContext();
    ContextVar<String> withDefault = ContextVar.withDefault("d", "default");
    assertNull(lc.lookup(withDefault));
    assertFalse(lc.contains(withDefault));
  }

  @Test
  void nullArgumentsAreNamed() {
    LogicalContext lc = new LogicalContext();
    VariableCases.assertNames("body", assertThrows(NullPointerException.class, () -> lc.run(null)));
    VariableCases.assertNames(
        "body", assertThrows(NullPointerException.class, () -> lc.call(null)));
    VariableCases.assertNames(
        "variable", assertThrows(NullPointerException.class, () -> lc.lookup(null)));
    VariableCases.assertNames(
        "variable", assertThrows(NullPointerException.class, () -> lc.contains(null)));
    assertFalse(lc.isEntered());
  }
}
