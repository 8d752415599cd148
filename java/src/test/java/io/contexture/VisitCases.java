package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.ThreadStates;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Virtual threads whose first use of the library is to run in a snapshot, which have no state of
 * their own until they do more than look a few variables up: that mustn't be seen.
 */
abstract class VisitCases {
  private static final ContextVar<Object> OBJECT = ContextVar.of("object");
  private static final ContextVar<Object> NULL = ContextVar.of("null");
  private static final ContextVar<Object> ABOVE = ContextVar.of("above");
  private static final ContextVar<Object> UNBOUND = ContextVar.withDefault("unbound", "default");
  private static final ContextVar<Object> GLOBAL = ContextVar.of("global");
  private static final LongContextVar LONG = LongContextVar.of("long");
  private static final LongContextVar LONG_GLOBAL = LongContextVar.of("long global");

  /** More look-ups than a thread makes without a state. */
  private static final int MANY = 1_000;

  @BeforeEach
  void setGlobals() {
    GLOBAL.setGlobal("global's");
    LONG_GLOBAL.setGlobal(5);
  }

  @AfterEach
  void deleteGlobals() {
    GLOBAL.deleteGlobal();
    LONG_GLOBAL.deleteGlobal();
  }

  private static ExecutionContext snapshot() {
    return ExecutionContext.empty()
        .call(
            () -> {
              OBJECT.set("object's");
              NULL.set(null);
              LONG.set(17);
              ABOVE.set("hidden");
              return new LogicalContext()
                  .call(
                      () -> {
                        ABOVE.set("above's");
                        return ExecutionContext.capture();
                      });
            });
  }

  /** Runs {@code action} on a new virtual thread in {@code context}, each way there is. */
  private static void runVisiting(ExecutionContext context, ThreadKind.Action action)
      throws Exception {
    ThreadFactory factory = ContextExecutors.threadFactory(context, Thread.ofVirtual().factory());
    ThreadKind.start(factory, action).join();
    ThreadKind.VIRTUAL.run(
        () ->
            context.<Object, Throwable>call(
                () -> {
                  action.run();
                  return "done";
                }));
  }

  private static void lookUpAll() {
    assertEquals("object's", OBJECT.get());
    assertEquals("above's", ABOVE.get());
    assertNull(NULL.get());
    assertTrue(NULL.isBound());
    assertEquals("default", UNBOUND.get());
    assertFalse(UNBOUND.isBound());
    assertNull(OBJECT.lookupTopmost());
    assertEquals(17, LONG.get());
    assertEquals(17, LONG.getOrElse(1));
    assertTrue(LONG.isBound());
    assertEquals("global's", GLOBAL.get());
    assertEquals(5, LONG_GLOBAL.get());
    assertEquals(5, LONG_GLOBAL.getOrElse(1));
    assertTrue(LONG_GLOBAL.isBound());
  }

  @Test
  void fewLookUpsAndManyFindTheSame() throws Exception {
    runVisiting(
        snapshot(),
        () -> {
          for (int i = 0; i < MANY; i++) {
            lookUpAll();
          }
        });
  }

  @Test
  void nothingIsFoundInTheEmptySnapshot() throws Exception {
    runVisiting(
        ExecutionContext.empty(),
        () -> {
          for (int i = 0; i < MANY; i++) {
            assertThrows(NoSuchElementException.class, OBJECT::get);
            assertThrows(NoSuchElementException.class, LONG::get);
            assertEquals(3, LONG.getOrElse(3));
            assertFalse(LONG.isBound());
          }
          assertSame(ExecutionContext.empty(), ExecutionContext.capture());
        });
  }

  @Test
  void capturesWhatItVisits() throws Exception {
    ExecutionContext visited = snapshot();
    runVisiting(
        visited,
        () -> {
          ExecutionContext captured = ExecutionContext.capture();
          assertSame(captured, ExecutionContext.capture());
          assertEquals(visited.vars(), captured.vars());
          OBJECT.set("changed");
          assertEquals("object's", captured.lookup(OBJECT));
          assertEquals("changed", ExecutionContext.capture().lookup(OBJECT));
          captured.run(VisitCases::lookUpAll);
        });
    visited.run(VisitCases::lookUpAll);
  }

  @Test
  void changesAndWhatIsEnteredAreAsAnywhere() throws Exception {
    ExecutionContext visited = snapshot();
    LogicalContext lc = new LogicalContext();
    runVisiting(
        visited,
        () -> {
          lookUpAll();
          try (Binding _ = OBJECT.bind("bound")) {
            assertEquals("bound", OBJECT.get());
            assertEquals("bound", OBJECT.lookupTopmost());
          }
          assertThrows(NoSuchElementException.class, ABOVE::delete);
          lc.run(
              () -> {
                LONG.set(18);
                ExecutionContext.empty().run(() -> assertFalse(OBJECT.isBound()));
                visited.run(VisitCases::lookUpAll);
                assertEquals(18, LONG.get());
              });
          assertFalse(lc.isEntered());
          try (Generator<Object> generator =
              Generator.of(
                  out -> {
                    out.yield(OBJECT.get());
                    OBJECT.set("generator's");
                    out.yield(OBJECT.get());
                  })) {
            assertEquals("object's", generator.next());
            assertEquals("generator's", generator.next());
          }
          lookUpAll();
        });
  }

  @Test
  void s6WhatWasCurrentIsRestoredAfterEachRun() throws Exception {
    ExecutionContext visited = snapshot();
    ThreadKind.VIRTUAL.run(
        () -> {
          for (int i = 0; i < 5; i++) {
            boolean sets = i % 2 == 0;
            Runnable body =
                () -> {
                  lookUpAll();
                  if (sets) {
                    OBJECT.set("in the run");
                    throw new IllegalArgumentException("from the body");
                  }
                };
            if (sets) {
              assertThrows(IllegalArgumentException.class, () -> visited.run(body));
            } else {
              visited.run(body);
            }
            assertFalse(OBJECT.isBound());
            assertFalse(LONG.isBound());
            assertSame(ExecutionContext.empty(), ExecutionContext.capture());
          }
          OBJECT.set("own");
          visited.run(VisitCases::lookUpAll);
          assertEquals("own", OBJECT.get());
        });
  }

  @Test
  void bindingThatOutlivesTheRunIsRefused() throws Exception {
    ExecutionContext visited = snapshot();
    ThreadKind.VIRTUAL.run(
        () -> {
          Binding open = visited.call(() -> OBJECT.bind("bound"));
          assertThrows(IllegalStateException.class, open::close);
          assertFalse(OBJECT.isBound());
        });
  }

  @Test
  void v6BindingInAnEnteredContextIsClosedAfterTheVisitThatOpenedIt() throws Exception {
    for (boolean inAnotherRun : new boolean[] {false, true}) {
      LogicalContext lc = new LogicalContext();
      lc.run(() -> OBJECT.set("before"));
      ThreadKind.VIRTUAL.run(
          () -> {
            Binding open = ExecutionContext.empty().call(() -> lc.call(() -> OBJECT.bind("bound")));
            Runnable close = () -> lc.run(open::close);
            if (inAnotherRun) {
              ExecutionContext.empty().run(close);
            } else {
              close.run();
            }
            assertEquals("before", lc.lookup(OBJECT));
          });
    }
  }

  @Test
  void s9ValuesOfAVisitAreCollectableOnceItIsOverThoughTheThreadGoesOn() throws Exception {
    ExecutionContext visited = snapshot();
    CountDownLatch over = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    AtomicReference<WeakReference<Object>> value = new AtomicReference<>();
    ThreadKind.Running running =
        ThreadKind.VIRTUAL.start(
            () -> {
              visited.run(
                  () -> {
                    Object set = new byte[100];
                    value.set(new WeakReference<>(set));
                    OBJECT.set(set);
                    assertSame(set, OBJECT.get());
                  });
              over.countDown();
              Await.latch(end);
            });
    Await.latch(over);
    Await.collected("the value", value.get());
    end.countDown();
    running.join();
  }

  @Test
  void v7ValueThatAVisitorHasCachedDiesWithItsVariable() throws Exception {
    CountDownLatch cached = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    Queue<WeakReference<Object>> values = new ConcurrentLinkedQueue<>();
    ThreadFactory factory =
        ContextExecutors.threadFactory(snapshot(), Thread.ofVirtual().factory());
    Thread thread =
        factory.newThread(
            () -> {
              lookUpAll();
              ContextVar<Object> variable = ContextVar.of("variable");
              Object value = new byte[100];
              values.add(new WeakReference<>(value));
              variable.set(value);
              assertSame(value, variable.get());
              variable = null;
              value = null;
              cached.countDown();
              Await.latch(end);
            });
    thread.start();
    Await.latch(cached);
    Await.collected("the value", values.remove());
    end.countDown();
    thread.join();
  }

  @Test
  void thousandsOfThreadsComeAndGoAndLeaveNothing() throws Exception {
    ExecutionContext visited = snapshot();
    int states = ThreadStates.count();
    int threads = 5_000;
    ThreadFactory factory = ContextExecutors.threadFactory(visited, Thread.ofVirtual().factory());
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    CountDownLatch half = new CountDownLatch(threads / 2);
    CountDownLatch end = new CountDownLatch(1);
    List<Thread> started = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int n = i;
      Thread thread =
          factory.newThread(
              () -> {
                try {
                  lookUpAll();
                  if (n % 2 == 0) {
                    half.countDown();
                    Await.latch(end);
                  }
                  if (n % 3 == 0) {
                    OBJECT.set(n);
                    assertEquals(n, OBJECT.get());
                  } else {
                    lookUpAll();
                  }
                } catch (Throwable t) {
                  failures.add(t);
                }
              });
      started.add(thread);
      thread.start();
    }
    Await.latch(half);
    assertTrue(ThreadStates.count() >= threads / 2);
    assertTrue(states < threads / 4, "those of earlier tests, some of which may have gone since");
    end.countDown();
    for (Thread thread : started) {
      thread.join();
    }
    assertEquals(List.of(), List.copyOf(failures));
    Await.untilCollecting("states are left", () -> ThreadStates.count() <= states + threads / 100);
    Reference.reachabilityFence(started);
  }
}
