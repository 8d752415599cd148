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
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Capture, running in a snapshot, squashing and listing (S5 to S8), wrapped tasks (T1, T3). */
abstract class SnapshotCases {
  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");
  private final LongContextVar n = LongContextVar.of("n");

  // ------------------------------------------------------------------------------------ S5

  @Test
  void s5LaterChangesOfTheThreadAreUnseenByTheSnapshot() {
    x.set("then");
    n.set(1);
    ExecutionContext snapshot = ExecutionContext.capture();
    x.set("now");
    y.set("now");
    n.set(2);
    assertEquals("then", snapshot.lookup(x));
    assertNull(snapshot.lookup(y));
    assertFalse(snapshot.contains(y));
    snapshot.run(
        () -> {
          assertEquals("then", x.get());
          assertFalse(y.isBound());
          assertEquals(1, n.get());
        });
    x.delete();
    n.delete();
    assertEquals("then", snapshot.lookup(x));
    snapshot.run(() -> assertEquals(1, n.get()));
  }

  @Test
  void s5ChangesInTheSnapshotAreUnseenByTheThread() {
    x.set("thread's");
    n.set(1);
    ExecutionContext.capture()
        .run(
            () -> {
              x.set("snapshot's");
              y.set("snapshot's");
              n.set(2);
            });
    assertEquals("thread's", x.get());
    assertFalse(y.isBound());
    assertEquals(1, n.get());
  }

  @Test
  void s5ContextsCoveredAtCaptureMayChangeAfterwardsUnseen() {
    LogicalContext[] lcs = {new LogicalContext(), new LogicalContext(), new LogicalContext()};
    List<ContextVar<Integer>> vars = new ArrayList<>();
    for (int i = 0; i < lcs.length; i++) {
      vars.add(ContextVar.of("v" + i));
    }
    ExecutionContext[] snapshot = new ExecutionContext[1];
    x.set("bottom");
    n.set(0);
    captureUnder(lcs, vars, 0, snapshot);
    x.set("bottom, changed");
    n.set(-1);
    snapshot[0].run(
        () -> {
          assertEquals("bottom", x.get());
          assertEquals(0, n.get());
          for (int i = 0; i < lcs.length; i++) {
            assertEquals(i, vars.get(i).get());
          }
        });
    for (int i = 0; i < lcs.length; i++) {
      assertEquals(-1, lcs[i].lookup(vars.get(i)));
    }
  }

  private static void captureUnder(
      LogicalContext[] lcs, List<ContextVar<Integer>> vars, int i, ExecutionContext[] snapshot) {
    if (i == lcs.length) {
      snapshot[0] = ExecutionContext.capture();
      return;
    }
    lcs[i].run(
        () -> {
          vars.get(i).set(i);
          captureUnder(lcs, vars, i + 1, snapshot);
          vars.get(i).set(-1); // in place, were it not for the snapshot
        });
  }

  @Test
  void s5CaptureUnderAnEmptyContextKeepsWhatIsBelow() {
    x.set("then");
    ExecutionContext[] snapshots = new ExecutionContext[3];
    new LogicalContext()
        .run(
            () -> {
              snapshots[0] = ExecutionContext.capture();
              new LogicalContext().run(() -> snapshots[1] = ExecutionContext.capture());
            });
    x.set("now");
    new LogicalContext().run(() -> snapshots[2] = ExecutionContext.capture());
    assertEquals("then", snapshots[0].lookup(x));
    assertEquals("then", snapshots[1].lookup(x));
    assertEquals("now", snapshots[2].lookup(x));
  }

  @Test
  void s5ManyCapturesBetweenChangesEachKeepTheirMoment() {
    List<ExecutionContext> snapshots = new ArrayList<>();
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic array
    ContextVar<Integer>[] vars = new ContextVar[100];
    for (int i = 0; i < vars.length; i++) {
      vars[i] = ContextVar.of("v" + i);
      vars[i].set(i);
      x.set("moment " + i);
      n.set(i);
      snapshots.add(ExecutionContext.capture());
    }
    for (ContextVar<Integer> v : vars) {
      v.delete();
    }
    for (int i = 0; i < vars.length; i++) {
      int moment = i;
      ExecutionContext snapshot = snapshots.get(i);
      assertEquals("moment " + i, snapshot.lookup(x));
      assertEquals(i + 2, snapshot.vars().size(), "x and the v, but no long variable");
      snapshot.run(
          () -> {
            assertEquals(moment, n.get());
            for (int v = 0; v < vars.length; v++) {
              assertEquals(v <= moment ? v : -1, vars[v].getOrElse(-1));
            }
          });
    }
  }

  @Test
  void s5CaptureWithinARunInASnapshotDoesNotFreezeOrLeakTheOuterStack() {
    x.set("outer");
    ExecutionContext first = ExecutionContext.capture();
    ExecutionContext second =
        first.call(
            () -> {
              x.set("inner");
              ExecutionContext here = ExecutionContext.capture();
              x.set("inner, changed");
              return here;
            });
    x.set("outer, changed");
    assertEquals("outer", first.lookup(x));
    assertEquals("inner", second.lookup(x));
    second.run(() -> assertEquals("inner", x.get()));
  }

  @Test
  void s5EmptyStackGivesTheEmptyContext() {
    assertSame(ExecutionContext.empty(), ExecutionContext.capture());
    x.set("v");
    x.delete();
    assertEquals(Set.of(), ExecutionContext.capture().vars());
    ExecutionContext.empty().run(() -> assertEquals(0, ExecutionContext.capture().depth()));
    assertNull(ExecutionContext.empty().lookup(x));
    assertEquals("ExecutionContext[]", ExecutionContext.empty().toString());
  }

  @ParameterizedTest
  @EnumSource
  void s5SnapshotIsTheSameOnAnotherThread(ThreadKind kind) throws Exception {
    x.set("then");
    n.set(1);
    ExecutionContext snapshot = ExecutionContext.capture();
    x.set("now");
    kind.run(
        () -> {
          x.set("other thread's");
          assertEquals("then", snapshot.lookup(x));
          snapshot.run(
              () -> {
                assertEquals("then", x.get());
                assertEquals(1, n.get());
                x.set("changed there");
              });
          assertEquals("other thread's", x.get());
          assertFalse(n.isBound());
        });
    assertEquals("now", x.get());
    assertEquals("then", snapshot.lookup(x));
  }

  // ------------------------------------------------------------------------------------ S6

  @Test
  void s6EveryRunStartsTheSame() {
    x.set("start");
    ExecutionContext snapshot = ExecutionContext.capture();
    for (int i = 0; i < 10; i++) {
      snapshot.run(
          () -> {
            assertEquals("start", x.get());
            assertNull(x.lookupTopmost());
            assertThrows(NoSuchElementException.class, x::delete);
            x.set("changed");
            y.set("changed");
          });
      assertEquals(Set.of(x), snapshot.vars());
    }
  }

  @Test
  void s6WhatWasCurrentIsHiddenMeanwhileAndRestored() {
    LogicalContext lc = new LogicalContext();
    x.set("outer");
    lc.run(
        () -> {
          y.set("outer");
          ExecutionContext.empty()
              .run(
                  () -> {
                    assertFalse(x.isBound());
                    assertFalse(y.isBound());
                    x.set("inner");
                    assertTrue(lc.isEntered(), "still on this thread's stack");
                    assertThrows(IllegalStateException.class, () -> lc.run(() -> {}));
                  });
          assertEquals("outer", x.get());
          assertEquals("outer", y.lookupTopmost());
        });
    assertFalse(y.isBound());
  }

  @Test
  void s6BodyThatThrowsIsPopped() {
    x.set("outer");
    IOException checked = new IOException("body");
    Error error = new Error("body");
    assertSame(
        checked,
        assertThrows(
            IOException.class,
            () ->
                ExecutionContext.empty()
                    .call(
                        () -> {
                          x.set("inner");
                          throw checked;
                        })));
    assertEquals("outer", x.get());
    assertSame(
        error,
        assertThrows(
            Error.class,
            () ->
                ExecutionContext.capture()
                    .run(
                        () -> {
                          x.set("inner");
                          throw error;
                        })));
    assertEquals("outer", x.lookupTopmost());
  }

  @Test
  void s6SnapshotRunsWithinItselfAndWithinItsOwnLogicalContexts() {
    LogicalContext lc = new LogicalContext();
    x.set("0");
    lc.run(
        () -> {
          y.set("in lc");
          ExecutionContext snapshot = ExecutionContext.capture();
          snapshot.run(
              () -> {
                x.set("1");
                snapshot.run(
                    () -> {
                      assertEquals("0", x.get());
                      assertEquals("in lc", y.get());
                    });
                assertEquals("1", x.get());
              });
        });
  }

  @Test
  void s6T3RunningOnManyThreadsAtOnceGivesEachTheSameStart() throws Exception {
    for (int i = 0; i < 50; i++) {
      ContextVar.of("filler" + i).set(i);
    }
    x.set("start");
    n.set(5);
    ExecutionContext snapshot = ExecutionContext.capture();
    CountDownLatch start = new CountDownLatch(4);
    ThreadKind.Running[] running = new ThreadKind.Running[4];
    for (int t = 0; t < running.length; t++) {
      String mine = "thread " + t;
      long number = t;
      running[t] =
          ThreadKind.values()[t % 2].start(
              () -> {
                start.countDown();
                Await.latch(start);
                for (int i = 0; i < 1000; i++) {
                  snapshot.run(
                      () -> {
                        assertEquals("start", x.get());
                        assertEquals(5, n.get());
                        x.set(mine);
                        n.set(number);
                        assertEquals(mine, x.get());
                        assertEquals(number, n.get());
                      });
                }
              });
    }
    for (ThreadKind.Running r : running) {
      r.join();
    }
    assertEquals("start", snapshot.lookup(x));
  }

  // ------------------------------------------------------------------------------------ S7

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void s7ChainOfTenThousandStepsStaysBoundedAndRight(boolean alsoInLogicalContexts) {
    int steps = 10_000;
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic array
    ContextVar<Integer>[] vars = new ContextVar[100];
    for (int i = 0; i < vars.length; i++) {
      vars[i] = ContextVar.of("v" + i);
    }
    ExecutionContext[] current = {ExecutionContext.capture()};
    for (int i = 0; i < steps; i++) {
      int step = i;
      Runnable body =
          () -> {
            vars[step % vars.length].set(step);
            x.set("step " + step);
            n.set(step);
            current[0] = ExecutionContext.capture();
          };
      current[0].run(alsoInLogicalContexts ? () -> new LogicalContext().run(body) : body);
      assertTrue(current[0].depth() <= 34, "depth " + current[0].depth());
      if (i % 997 == 0 || i == steps - 1) {
        assertEquals(Math.min(i + 1, vars.length) + 1, current[0].vars().size());
        current[0].run(
            () -> {
              for (int v = 0; v < vars.length; v++) {
                int last = step - Math.floorMod(step - v, vars.length);
                assertEquals(last < 0 ? -1 : last, vars[v].getOrElse(-1));
              }
              assertEquals("step " + step, x.get());
              assertEquals(step, n.get());
            });
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 32, 33, 34, 65, 100})
  void s7FoldingShowsInDepthOnly(int depth) {
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic array
    ContextVar<Integer>[] vars = new ContextVar[depth];
    ExecutionContext snapshot = nestAndCapture(vars, 0);
    assertTrue(snapshot.depth() <= 34);
    assertTrue(depth > 34 || snapshot.depth() >= 1);
    assertEquals(depth + 2, snapshot.vars().size());
    snapshot.run(
        () -> {
          for (int i = 0; i < depth; i++) {
            assertEquals(i, vars[i].get());
          }
          assertEquals("level " + (depth - 1), x.get());
          assertNull(y.get());
          assertTrue(y.isBound(), "a null survives folding");
          assertEquals(Long.MIN_VALUE + depth - 1, n.get());
        });
  }

  private ExecutionContext nestAndCapture(ContextVar<Integer>[] vars, int i) {
    if (i == vars.length) {
      return ExecutionContext.capture();
    }
    return new LogicalContext()
        .call(
            () -> {
              vars[i] = ContextVar.of("v" + i);
              vars[i].set(i);
              x.set("level " + i);
              n.set(Long.MIN_VALUE + i);
              y.set(i == 0 ? null : "hidden");
              if (i > 0) {
                y.delete();
              }
              ExecutionContext result = nestAndCapture(vars, i + 1);
              vars[i].set(-1);
              x.set("changed");
              n.set(-1);
              return result;
            });
  }

  // ------------------------------------------------------------------------------------ S8

  @Test
  void s8VarsListsEachBoundVariableOnce() {
    ContextVar<String> deleted = ContextVar.of("deleted");
    ContextVar<String> unset = ContextVar.withDefault("unset", "default");
    x.set("bottom");
    y.set(null);
    deleted.set("d");
    deleted.delete();
    Set<ContextVar<?>> vars =
        new LogicalContext()
            .call(
                () -> {
                  x.set("again");
                  return new LogicalContext()
                      .call(
                          () -> {
                            x.set("and again");
                            return ExecutionContext.capture().vars();
                          });
                });
    assertEquals(Set.of(x, y), vars);
    assertFalse(vars.contains(unset));
    assertThrows(UnsupportedOperationException.class, () -> vars.remove(x));
  }

  @Test
  void s8ToStringShowsNamesAndNoValues() {
    x.set("secret");
    n.set(1234567);
    new LogicalContext()
        .run(
            () -> {
              x.set("secret too");
              y.set("secret three");
              assertEquals("ExecutionContext[n, x, y]", ExecutionContext.capture().toString());
            });
  }

  // -------------------------------------------------------------------------------- T1, T3

  @Test
  void t1T3WrappedTasksRunInTheSnapshotEachTimeFromTheSameStart() throws Exception {
    x.set("then");
    ExecutionContext snapshot = ExecutionContext.capture();
    List<String> seen = new ArrayList<>();
    Supplier<String> observe =
        () -> {
          String value = x.get();
          x.set("changed");
          seen.add(value);
          return value;
        };
    Runnable runnable = snapshot.wrap((Runnable) observe::get);
    Callable<String> callable = snapshot.wrap((Callable<String>) observe::get);
    Supplier<String> supplier = snapshot.wrapSupplier(observe);
    Consumer<String> consumer = snapshot.wrapConsumer(a -> seen.add(a + observe.get()));
    Function<String, String> function = snapshot.wrapFunction(a -> a + observe.get());
    BiConsumer<String, String> biConsumer =
        snapshot.wrapBiConsumer((a, b) -> seen.add(a + b + observe.get()));
    BiFunction<String, String, String> biFunction =
        snapshot.wrapBiFunction((a, b) -> a + b + observe.get());
    x.set("now");
    for (int i = 0; i < 2; i++) {
      seen.clear();
      runnable.run();
      assertEquals("then", callable.call());
      assertEquals("then", supplier.get());
      consumer.accept("a ");
      assertEquals("a then", function.apply("a "));
      biConsumer.accept("a ", "b ");
      assertEquals("a b then", biFunction.apply("a ", "b "));
      assertEquals(
          List.of("then", "then", "then", "then", "a then", "then", "then", "a b then", "then"),
          seen);
      assertEquals("now", x.get());
    }
  }

  @Test
  void t1WrappedTasksThrowWhatTheTaskThrows() {
    IOException checked = new IOException("task");
    IllegalStateException unchecked = new IllegalStateException("task");
    Callable<Object> callable =
        ExecutionContext.capture()
            .wrap(
                (Callable<Object>)
                    () -> {
                      throw checked;
                    });
    Runnable runnable =
        ExecutionContext.capture()
            .wrap(
                (Runnable)
                    () -> {
                      x.set("inner");
                      throw unchecked;
                    });
    assertSame(checked, assertThrows(IOException.class, callable::call));
    assertSame(unchecked, assertThrows(IllegalStateException.class, runnable::run));
    assertFalse(x.isBound());
  }

  @Test
  void t1WrappingTwiceKeepsTheInnerSnapshot() {
    x.set("inner");
    Runnable inner = ExecutionContext.capture().wrap(() -> assertEquals("inner", x.get()));
    x.set("outer");
    ExecutionContext other = ExecutionContext.capture();
    assertSame(inner, other.wrap(inner), "the inner one would count anyway");
    Runnable outer =
        other.wrap(
            () -> {
              assertEquals("outer", x.get());
              inner.run();
              assertEquals("outer", x.get());
            });
    outer.run();
    outer.run();
  }

  @Test
  void nullArgumentsAreNamed() {
    ExecutionContext ec = ExecutionContext.capture();
    assertRefused("body", () -> ec.run(null));
    assertRefused("body", () -> ec.call(null));
    assertRefused("task", () -> ec.wrap((Runnable) null));
    assertRefused("task", () -> ec.wrap((Callable<?>) null));
    assertRefused("supplier", () -> ec.wrapSupplier(null));
    assertRefused("consumer", () -> ec.wrapConsumer(null));
    assertRefused("function", () -> ec.wrapFunction(null));
    assertRefused("consumer", () -> ec.wrapBiConsumer(null));
    assertRefused("function", () -> ec.wrapBiFunction(null));
    assertRefused("variable", () -> ec.lookup(null));
    assertRefused("variable", () -> ec.contains(null));
  }

  private static void assertRefused(String parameter, Executable call) {
    VariableCases.assertNames(parameter, assertThrows(NullPointerException.class, call));
  }
}
