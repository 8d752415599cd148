package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences in which a careless look-up cache would give a stale or foreign value (C1, C2, C4). */
abstract class CacheCases {
  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");
  private final LongContextVar n = LongContextVar.of("n");

  /** The look-up that fills the cache, and the one that hits it. */
  private void assertX(String expected) {
    for (int i = 0; i < 3; i++) {
      assertEquals(expected, x.lookup());
      assertEquals(expected != null, x.isBound());
    }
  }

  @Test
  void c1GeneratorAndResumerThatLookUpInTurnsEachGetTheirOwn() {
    try (Generator<String> generator =
        Generator.of(
            out -> {
              x.set("generator's");
              while (true) {
                assertX("generator's");
                out.yield(x.get());
              }
            })) {
      for (int i = 0; i < 10; i++) {
        assertEquals("generator's", generator.next());
        x.set("resumer's " + i);
        assertX("resumer's " + i);
        assertEquals("generator's", generator.next());
        assertX("resumer's " + i);
      }
    }
  }

  @Test
  void c1AbsenceThatIsCachedGivesWayToAValueOnAnyLevel() {
    assertX(null);
    x.set("0");
    assertX("0");
    new LogicalContext()
        .run(
            () -> {
              assertX("0");
              x.set("1");
              assertX("1");
              x.delete();
              assertX("0");
            });
    x.delete();
    assertX(null);
    new LogicalContext()
        .run(
            () -> {
              assertX(null);
              x.set("2");
              assertX("2");
            });
    assertX(null);
  }

  @Test
  void c1ReenteredContextIsSeenAsItWasLeftAndOverWhatIsBelowNow() {
    LogicalContext lc = new LogicalContext();
    x.set("below 0");
    y.set("y 0");
    lc.run(
        () -> {
          assertX("below 0");
          y.set("lc");
        });
    for (int i = 1; i < 5; i++) {
      String below = "below " + i;
      lc.run(() -> assertEquals("lc", y.get()));
      x.set(below);
      lc.run(
          () -> {
            assertX(below);
            assertEquals("lc", y.get());
          });
      lc.run(() -> assertX(below));
    }
  }

  @Test
  void c2ContextChangedByAnotherThreadMeanwhileIsSeenChanged() throws Exception {
    LogicalContext lc = new LogicalContext();
    lc.run(
        () -> {
          x.set("0");
          n.set(0);
          assertX("0");
        });
    for (int i = 1; i < 10; i++) {
      String next = "" + i;
      long number = i;
      ThreadKind.values()[i % 2].run(
          () ->
              lc.run(
                  () -> {
                    assertX("" + (number - 1));
                    assertEquals(number - 1, n.get());
                    x.set(next);
                    n.set(number);
                    assertX(next);
                  }));
      lc.run(
          () -> {
            assertX(next);
            assertEquals(number, n.get());
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void c2ContextChangedByAnotherThreadOverTheSameSnapshotIsSeenChanged(ThreadKind kind)
      throws Exception {
    LogicalContext lc = new LogicalContext();
    y.set("below");
    for (ExecutionContext snapshot :
        List.of(ExecutionContext.empty(), ExecutionContext.capture())) {
      snapshot.<Void, Exception>call(
          () -> {
            for (int i = 0; i < 5; i++) {
              String mine = "mine " + i;
              String theirs = "theirs " + i;
              lc.run(
                  () -> {
                    x.set(mine);
                    n.set(1);
                    assertX(mine);
                  });
              kind.run(
                  () ->
                      snapshot.run(
                          () ->
                              lc.run(
                                  () -> {
                                    assertX(mine);
                                    x.set(theirs);
                                    n.delete();
                                    assertX(theirs);
                                  })));
              lc.run(
                  () -> {
                    assertX(theirs);
                    assertFalse(n.isBound());
                  });
            }
            return null;
          });
    }
  }

  @Test
  void c2ContextEmptiedAndFilledAgainIsSeenRight() {
    LogicalContext lc = new LogicalContext();
    x.set("below");
    for (int i = 0; i < 5; i++) {
      String value = "" + i;
      lc.run(
          () -> {
            assertX("below");
            x.set(value);
            assertX(value);
          });
      lc.run(
          () -> {
            assertX(value);
            x.delete();
            assertX("below");
          });
      assertX("below");
    }
  }

  @Test
  void c2RunsOfOneSnapshotDoNotSeeEachOthersChanges() {
    x.set("start");
    ExecutionContext snapshot = ExecutionContext.capture();
    for (int i = 0; i < 5; i++) {
      String value = "" + i;
      snapshot.run(
          () -> {
            assertX("start");
            x.set(value);
            n.set(1);
            assertX(value);
            x.delete();
            n.delete();
            assertX("start");
            snapshot.run(() -> assertX("start"));
          });
    }
    assertX("start");
    assertFalse(n.isBound());
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 9, 31, 255, 256, 257, 1000})
  void c1MoreVariablesThanTheCacheHasEntries(int count) {
    List<ContextVar<Integer>> objects = new ArrayList<>();
    List<LongContextVar> longs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      objects.add(ContextVar.of("o" + i));
      longs.add(LongContextVar.of("l" + i));
      if (i % 3 != 0) {
        objects.get(i).set(i);
        longs.get(i).set(-i);
      }
    }
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < count; i++) {
        boolean bound = i % 3 != 0;
        assertEquals(bound ? i : null, objects.get(i).lookup());
        assertEquals(bound ? -i : 5, longs.get(i).getOrElse(5));
      }
    }
    new LogicalContext()
        .run(
            () -> {
              for (int i = 0; i < count; i += 2) {
                objects.get(i).set(-1);
                longs.get(i).set(-1);
              }
              for (int i = 0; i < count; i++) {
                boolean bound = i % 3 != 0;
                assertEquals(
                    i % 2 == 0 ? Integer.valueOf(-1) : bound ? (Integer) i : null,
                    objects.get(i).lookup());
                assertEquals(i % 2 == 0 ? -1 : bound ? -i : 5, longs.get(i).getOrElse(5));
              }
            });
    assertNull(objects.getFirst().lookup());
  }

  @Test
  void c4ThreadsThatUseTheSameVariablesAtOnceSeeTheirOwnValuesOnly() throws Exception {
    int threads = 4;
    CountDownLatch start = new CountDownLatch(threads);
    ThreadKind.Running[] running = new ThreadKind.Running[threads];
    for (int t = 0; t < threads; t++) {
      long me = t + 1;
      running[t] =
          ThreadKind.values()[t % 2].start(
              () -> {
                start.countDown();
                Await.latch(start);
                LogicalContext lc = new LogicalContext();
                for (long i = 0; i < 5_000; i++) {
                  long mine = me << 32 | i;
                  String text = "thread " + me + " step " + i;
                  x.set(text);
                  n.set(mine);
                  assertX(text);
                  assertEquals(mine, n.get());
                  lc.run(
                      () -> {
                        assertX(text);
                        n.set(~mine);
                        assertEquals(~mine, n.get());
                      });
                  ExecutionContext.capture().run(() -> assertEquals(mine, n.get()));
                  assertX(text);
                  if (i % 3 == 0) {
                    x.delete();
                    assertX(null);
                  }
                }
              });
    }
    for (ThreadKind.Running r : running) {
      r.join();
    }
    assertX(null);
  }

  /** More variables than a thread has lines for, so that lines change hands. */
  @Test
  void c1MoreVariablesThanLinesKeepTheirValuesOverPushesAndPops() {
    List<ContextVar<Integer>> objects = new ArrayList<>();
    List<LongContextVar> longs = new ArrayList<>();
    for (int i = 0; i < 1500; i++) {
      objects.add(ContextVar.of("object " + i));
      longs.add(LongContextVar.of("long " + i));
      objects.get(i).set(i);
      longs.get(i).set(i);
    }
    LogicalContext inner = new LogicalContext();
    for (int round = 0; round < 3; round++) {
      assertAll(objects, longs, 0);
      inner.run(
          () -> {
            for (int i = 0; i < 1500; i += 3) {
              objects.get(i).set(i + 1);
              longs.get(i).set(i + 1);
            }
            assertAll(objects, longs, 1);
            new LogicalContext().run(() -> assertAll(objects, longs, 1));
            assertAll(objects, longs, 1);
          });
    }
    assertAll(objects, longs, 0);
  }

  private static void assertAll(
      List<ContextVar<Integer>> objects, List<LongContextVar> longs, int everyThird) {
    for (int i = 0; i < objects.size(); i++) {
      int expected = i % 3 == 0 ? i + everyThird : i;
      assertEquals(expected, objects.get(i).get());
      assertEquals(expected, longs.get(i).get());
    }
  }

  /** So many pairs of a thread and a variable that they share the cells of the cache. */
  @ParameterizedTest
  @EnumSource
  void c4ManyThreadsWithManyVariablesEachSeeTheirOwn(ThreadKind kind) throws Exception {
    int threads = 64;
    List<ContextVar<Integer>> variables = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      variables.add(ContextVar.of("v" + i));
    }
    CountDownLatch allSet = new CountDownLatch(threads);
    List<ThreadKind.Running> running = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int mine = t * 100_000;
      running.add(
          kind.start(
              () -> {
                for (int i = 0; i < variables.size(); i++) {
                  variables.get(i).set(mine + i);
                }
                allSet.countDown();
                Await.latch(allSet);
                for (int round = 0; round < 20; round++) {
                  for (int i = 0; i < variables.size(); i++) {
                    assertEquals(mine + i, variables.get(i).get());
                  }
                }
              }));
    }
    for (ThreadKind.Running thread : running) {
      thread.join();
    }
  }

  /** What the cache calls a variable by is used again for another once the first was collected. */
  @Test
  void c1VariablesThatComeAndGoNeverFindAnothersValue() {
    new LogicalContext()
        .run(
            () -> {
              for (int round = 0; round < 10; round++) {
                List<ContextVar<Integer>> objects = new ArrayList<>();
                List<LongContextVar> longs = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                  objects.add(ContextVar.of("object"));
                  longs.add(LongContextVar.of("long"));
                  assertFalse(objects.get(i).isBound());
                  assertFalse(longs.get(i).isBound());
                  objects.get(i).set(i);
                  longs.get(i).set(i);
                  assertEquals(i, objects.get(i).get());
                  assertEquals(i, longs.get(i).get());
                }
                objects.clear();
                longs.clear();
                Await.collectGarbage();
              }
            });
  }

  /** Around the number of variables from which on a context is kept as a map. */
  @Test
  void c1ContextsThatGrowAndShrinkKeepTheirValues() {
    List<ContextVar<Integer>> objects = new ArrayList<>();
    List<LongContextVar> longs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      objects.add(ContextVar.of("object " + i));
      longs.add(LongContextVar.of("long " + i));
    }
    for (int size = 1; size <= 12; size++) {
      int bound = size;
      LogicalContext lc = new LogicalContext();
      lc.run(
          () -> {
            for (int i = 0; i < bound; i++) {
              objects.get(i).set(i);
              longs.get(i).set(-i);
            }
          });
      ExecutionContext[] before = new ExecutionContext[1];
      lc.run(
          () -> {
            before[0] = ExecutionContext.capture();
            for (int i = 0; i < bound; i++) {
              objects.get(i).delete();
              assertFalse(objects.get(i).isBound());
              longs.get(i).set(i * 2L);
              objects.get(i).set(null);
              assertNull(objects.get(i).get());
              longs.get(i).delete();
              assertFalse(longs.get(i).isBound());
            }
          });
      assertEquals(bound, lc.vars().size());
      before[0].run(
          () -> {
            for (int i = 0; i < bound; i++) {
              assertEquals(i, objects.get(i).get());
              assertEquals(-i, longs.get(i).get());
            }
          });
    }
  }

  /** A variable that comes back gets its place back, wherever among many that was. */
  @Test
  void c1VariableThatIsSetAgainAmongManyIsFound() {
    List<ContextVar<String>> objects = new ArrayList<>();
    for (int i = 0; i < 90; i++) {
      objects.add(ContextVar.of("object " + i));
    }
    LogicalContext lc = new LogicalContext();
    for (int size : new int[] {8, 9, 32, 33, 90}) {
      for (int again = 0; again < size; again += 3) {
        ContextVar<String> v = objects.get(again);
        int most = size;
        lc.run(
            () -> {
              for (int i = 0; i < most; i++) {
                objects.get(i).set("first");
              }
              v.delete();
              assertNull(v.lookup());
              assertNull(v.lookupTopmost());
              v.set("again");
              assertEquals("again", v.lookup());
              assertEquals("again", v.lookupTopmost());
              assertEquals("again", ExecutionContext.capture().lookup(v));
              v.delete();
              try (Binding bound = v.bind("bound")) {
                assertEquals("bound", ExecutionContext.capture().lookup(v));
              }
              assertFalse(v.isBound());
              v.set("first");
              assertEquals(most, ExecutionContext.capture().vars().size());
            });
        assertEquals(size, lc.size());
        assertEquals(size, lc.vars().size());
      }
    }
  }

  /** What a body has looked up before a yield doesn't tell it where it stands after one. */
  @Test
  void c1TransparentBodyThatSetsWhatItLookedUpBeforeTheYieldLeavesSnapshotsAlone() {
    ContextVar<String> object = ContextVar.withDefault("object", "default");
    LongContextVar number = LongContextVar.withDefault("number", -1);
    List<Object> seen = new ArrayList<>();
    try (Generator<Integer> generator =
        Generator.transparent(
            out -> {
              object.get();
              number.get();
              out.yield(1);
              object.set("inner");
              number.set(7);
              ExecutionContext.empty()
                  .run(
                      () -> {
                        seen.add(object.get());
                        seen.add(number.get());
                      });
              out.yield(2);
            })) {
      new LogicalContext()
          .run(
              () -> {
                generator.next();
                object.set("outer");
                number.set(1);
                generator.next();
                assertEquals("inner", object.get());
                assertEquals(7, number.get());
              });
    }
    assertEquals(List.of("default", -1L), seen);
  }

  /** More variables than lie together, of which a snapshot has some and the context owns others. */
  private static LogicalContext inPartShared(List<ContextVar<Object>> variables, Object third) {
    LogicalContext lc = new LogicalContext();
    lc.run(
        () -> {
          variables.forEach(variable -> variable.set("old"));
          variables.get(3).set(third);
          ExecutionContext.capture();
        });
    lc.run(
        () -> {
          variables.get(40).set("copied");
          variables.get(40).set("in place");
        });
    return lc;
  }

  private static List<ContextVar<Object>> sixtyFourVariables() {
    return IntStream.range(0, 64).mapToObj(i -> ContextVar.<Object>of("v" + i)).toList();
  }

  @Test
  void c3ContextThatWasWrittenInPartAndLeftIsntHeld() {
    List<ContextVar<Object>> variables = sixtyFourVariables();
    WeakReference<Object> value = dropped(variables);
    Await.collected("the value", value);
    Reference.reachabilityFence(variables);
  }

  private static WeakReference<Object> dropped(List<ContextVar<Object>> variables) {
    Object value = new byte[100];
    inPartShared(variables, value);
    return new WeakReference<>(value);
  }

  @Test
  void s5WhatAnotherThreadHasCapturedSinceIsntWrittenInPlace() throws Exception {
    List<ContextVar<Object>> variables = sixtyFourVariables();
    LogicalContext lc = inPartShared(variables, "third");
    AtomicReference<ExecutionContext> snapshot = new AtomicReference<>();
    Thread other =
        Thread.ofPlatform()
            .start(
                () ->
                    lc.run(
                        () -> {
                          variables.subList(2, 64).forEach(ContextVar::delete);
                          x.set("compacts what is left");
                          n.set(1);
                          snapshot.set(ExecutionContext.capture());
                        }));
    other.join();
    assertEquals(1, (long) snapshot.get().call(n::get));
    lc.run(
        () -> {
          assertEquals(1, n.get());
          n.set(2);
        });
    assertEquals(1, (long) onAnotherThread(() -> snapshot.get().call(n::get)));
  }

  private static <T> T onAnotherThread(Callable<T> action) throws Exception {
    FutureTask<T> task = new FutureTask<>(action);
    Thread.ofPlatform().start(task).join();
    return task.get();
  }
}
