package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.ThreadStates;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Generators: isolation, nesting, delegation, transparency, migration (G1 to G5, G7), the ends. */
abstract class GeneratorCases {
  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");

  // ------------------------------------------------------------------------------------ G1

  @Test
  void g1ChangesInsidePersistAndAreUnseenByTheResumer() {
    x.set("outside");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              x.set("inside");
              y.set("inside");
              out.yield(x.get());
              out.yield(x.get());
              x.delete();
              y.delete();
              out.yield(x.get());
              assertFalse(y.isBound());
            })) {
      assertEquals("inside", generator.next());
      assertEquals("outside", x.get());
      assertFalse(y.isBound());
      assertEquals("inside", generator.next());
      assertEquals("outside", x.get());
      assertEquals("outside", generator.next());
      assertFalse(generator.hasNext());
    }
    assertEquals("outside", x.lookupTopmost());
  }

  @Test
  void g1GeneratorsOfOneBodyAreIsolatedFromEachOther() {
    Generator.Body<String> body =
        out -> {
          for (int i = 0; ; i++) {
            String before = x.getOrElse("none");
            x.set("step " + i);
            out.yield(before);
          }
        };
    try (Generator<String> a = Generator.of(body);
        Generator<String> b = Generator.of(body)) {
      assertEquals("none", a.next());
      assertEquals("step 0", a.next());
      assertEquals("none", b.next());
      assertEquals("step 1", a.next());
      assertEquals("step 0", b.next());
    }
  }

  @Test
  void g1BodyDoesNotRunBeforeTheFirstValueIsAskedFor() {
    boolean[] ran = new boolean[1];
    x.set("at creation");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              ran[0] = true;
              out.yield(x.get());
            })) {
      assertFalse(ran[0]);
      x.set("at resumption");
      assertEquals("at resumption", generator.next());
    }
  }

  @Test
  void g1ResumedInALogicalContextTheGeneratorStillKeepsItsOwn() {
    LogicalContext lc = new LogicalContext();
    try (Generator<String> generator =
        Generator.of(
            out -> {
              x.set("inside");
              out.yield("");
              out.yield(x.get());
            })) {
      lc.run(generator::next);
      assertEquals(0, lc.size());
      assertEquals("inside", generator.next());
      assertFalse(x.isBound());
    }
  }

  // ------------------------------------------------------------------------------------ G2

  @Test
  void g2WhatTheResumerChangesIsSeenInsideUnlessSetThere() {
    y.set("y0");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              out.yield(x.getOrElse("none") + " " + y.get());
              out.yield(x.getOrElse("none") + " " + y.get());
              y.set("own");
              out.yield(x.getOrElse("none") + " " + y.get());
              out.yield(x.getOrElse("none") + " " + y.get());
              y.delete();
              out.yield(x.getOrElse("none") + " " + y.get());
            })) {
      assertEquals("none y0", generator.next());
      x.set("x1");
      y.set("y1");
      assertEquals("x1 y1", generator.next());
      assertEquals("x1 own", generator.next());
      x.delete();
      y.set("y2");
      assertEquals("none own", generator.next());
      assertEquals("none y2", generator.next());
    }
  }

  @Test
  void g2ResumersStackOfTheMomentIsSeen() {
    try (Generator<String> generator =
        Generator.of(
            out -> {
              while (true) {
                out.yield(x.getOrElse("none"));
              }
            })) {
      x.set("0");
      assertEquals("0", generator.next());
      new LogicalContext()
          .run(
              () -> {
                x.set("1");
                assertEquals("1", generator.next());
                ExecutionContext.empty().run(() -> assertEquals("none", generator.next()));
                assertEquals("1", generator.next());
              });
      assertEquals("0", generator.next());
    }
  }

  // ------------------------------------------------------------------------------------ G3

  /** A generator that resumes the next one, {@code depth} times; each has its own x. */
  private Generator<List<String>> nested(int depth) {
    return Generator.of(
        out -> {
          ContextVar<Integer> mine = ContextVar.of("mine");
          mine.set(depth);
          try (Generator<List<String>> inner = depth == 0 ? null : nested(depth - 1)) {
            for (int step = 0; ; step++) {
              if (depth % 2 == 0) {
                x.set("d" + depth + " s" + step);
              }
              List<String> seen = inner == null ? new ArrayList<>() : inner.next();
              assertEquals(depth, mine.get());
              seen.add(x.getOrElse("none"));
              seen.add(y.getOrElse("none"));
              out.yield(seen);
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 50})
  void g3IsolationHoldsAtAnyDepth(int depth) {
    try (Generator<List<String>> outermost = nested(depth)) {
      for (int step = 0; step < 5; step++) {
        x.set("resumer " + step);
        y.set("y " + step);
        List<String> seen = outermost.next();
        for (int d = 0; d <= depth; d++) {
          int setter = d % 2 == 0 ? d : d + 1; // who set what shows through at depth d
          assertEquals(
              setter <= depth ? "d" + setter + " s" + step : "resumer " + step, seen.get(2 * d));
          assertEquals("y " + step, seen.get(2 * d + 1));
        }
        assertEquals("resumer " + step, x.get());
      }
    }
  }

  // ------------------------------------------------------------------------------------ G4

  /** What a delegating generator sees and yields, by explicit iteration or by yieldAll. */
  private List<String> delegate(boolean byYieldAll, Supplier<Iterator<String>> inner) {
    List<String> log = new ArrayList<>();
    x.set("resumer");
    y.set("resumer");
    try (Generator<String> outer =
        Generator.of(
            out -> {
              x.set("outer");
              Iterator<String> values = inner.get();
              if (byYieldAll) {
                out.yieldAll(values);
              } else {
                while (values.hasNext()) {
                  out.yield(values.next());
                }
              }
              log.add("outer sees " + x.get() + ", " + y.get());
              x.set("outer again");
              out.yield("outer's last " + x.get());
            })) {
      int step = 0;
      while (outer.hasNext()) {
        log.add(outer.next());
        log.add("resumer sees " + x.get() + ", " + y.get());
        y.set("resumer, step " + ++step);
      }
    }
    return log;
  }

  @Test
  void g4YieldAllIsolatesLikeExplicitIteration() {
    Supplier<Iterator<String>> inner =
        () ->
            Generator.of(
                out -> {
                  out.yield("inner sees " + x.get() + ", " + y.get());
                  x.set("inner");
                  y.set("inner");
                  out.yield("inner sees " + x.get() + ", " + y.get());
                  y.delete();
                  out.yield("inner sees " + x.get() + ", " + y.get());
                });
    List<String> expected =
        List.of(
            "inner sees outer, resumer",
            "resumer sees resumer, resumer",
            "inner sees inner, inner",
            "resumer sees resumer, resumer, step 1",
            "inner sees inner, resumer, step 2",
            "resumer sees resumer, resumer, step 2",
            "outer sees outer, resumer, step 3",
            "outer's last outer again",
            "resumer sees resumer, resumer, step 3");
    assertEquals(expected, delegate(false, inner));
    assertEquals(expected, delegate(true, inner));
  }

  @Test
  void g4YieldAllOfAnOrdinaryIteratorRunsInTheOuterContext() {
    Supplier<Iterator<String>> inner =
        () ->
            List.of("a", "b").stream()
                .map(
                    s -> {
                      String seen = s + " " + x.get();
                      x.set("mapper");
                      return seen;
                    })
                .iterator();
    assertEquals(delegate(false, inner), delegate(true, inner));
    assertTrue(delegate(true, inner).contains("b mapper"));
  }

  @Test
  void g4YieldAllOfATransparentGeneratorWritesToTheOuterContext() {
    Supplier<Iterator<String>> inner =
        () ->
            Generator.transparent(
                out -> {
                  x.set("transparent");
                  out.yield("1");
                  out.yield("2 " + x.get());
                });
    List<String> log = delegate(true, inner);
    assertEquals(delegate(false, inner), log);
    assertTrue(log.contains("outer sees transparent, resumer, step 2"), log.toString());
  }

  // ------------------------------------------------------------------------------------ G5

  @Test
  void g5TransparentGeneratorWorksInItsResumersTopmostContext() {
    LogicalContext lc = new LogicalContext();
    x.set("before");
    try (Generator<String> generator =
        Generator.transparent(
            out -> {
              x.set("by the body");
              out.yield(x.lookupTopmost());
              out.yield(x.getOrElse("none"));
              x.set("in lc");
              out.yield(x.lookupTopmost());
              x.delete();
            })) {
      assertEquals("by the body", generator.next());
      assertEquals("by the body", x.get());
      x.set("by the resumer");
      assertEquals("by the resumer", generator.next());
      lc.run(
          () -> {
            assertEquals("in lc", generator.next());
            assertEquals("in lc", x.lookupTopmost());
            assertFalse(generator.hasNext());
            assertNull(x.lookupTopmost());
            assertEquals("by the resumer", x.get());
          });
    }
    assertEquals("by the resumer", x.get());
  }

  @Test
  void g5TransparentGeneratorOnAnEmptyStackMakesTheResumersFirstContext() {
    try (Generator<String> generator =
        Generator.transparent(
            out -> {
              x.set("made");
              out.yield("");
            })) {
      generator.next();
      assertEquals("made", x.get());
      x.delete();
    }
  }

  /** A context manager: sets on the first step, restores on the second. */
  private Generator<Void> binding(String value) {
    return Generator.transparent(
        out -> {
          try (Binding _ = x.bind(value)) {
            out.yield(null);
          }
        });
  }

  @Test
  void g5ContextManagersWrittenAsGeneratorsBindInTheirResumersContext() {
    x.set("before");
    Generator<Void> outer = binding("outer");
    outer.next();
    assertEquals("outer", x.get());
    try (Generator<Void> inner = binding("inner")) {
      inner.next();
      assertEquals("inner", x.get());
      y.set("set meanwhile");
    } // unwinds the body, which closes its binding
    assertEquals("outer", x.get());
    assertEquals("set meanwhile", y.get());
    assertFalse(outer.hasNext());
    assertEquals("before", x.get());
  }

  @Test
  void g5ContextManagerLeftUnderAnotherContextIsRefused() {
    x.set("before");
    Generator<Void> manager = binding("bound");
    manager.next();
    new LogicalContext().run(() -> assertThrows(IllegalStateException.class, manager::hasNext));
    assertEquals("bound", x.get(), "the binding is still open");
  }

  @Test
  void g5TransparentWithinGeneratorsWritesToThoseOnly() {
    x.set("resumer");
    try (Generator<String> outer =
        Generator.of(
            out -> {
              try (Generator<String> inner =
                  Generator.transparent(
                      o -> {
                        for (int i = 0; ; i++) {
                          x.set("transparent " + i);
                          o.yield("");
                        }
                      })) {
                while (true) {
                  inner.next();
                  out.yield(x.get());
                }
              }
            })) {
      assertEquals("transparent 0", outer.next());
      assertEquals("resumer", x.get());
      assertEquals("transparent 1", outer.next());
      assertEquals("resumer", x.get());
    }
  }

  @Test
  void g5SnapshotsTakenAroundATransparentGeneratorKeepTheirMoment() {
    List<ExecutionContext> snapshots = new ArrayList<>();
    x.set("0");
    try (Generator<Void> generator =
        Generator.transparent(
            out -> {
              snapshots.add(ExecutionContext.capture());
              x.set("1");
              snapshots.add(ExecutionContext.capture());
              out.yield(null);
              snapshots.add(ExecutionContext.capture());
              x.set("3");
              out.yield(null);
            })) {
      generator.next();
      x.set("2");
      generator.next();
      snapshots.add(ExecutionContext.capture());
      x.set("4");
    }
    for (int i = 0; i < 4; i++) {
      assertEquals("" + i, snapshots.get(i).lookup(x));
    }
  }

  // ------------------------------------------------------------------------------------ G7

  @ParameterizedTest
  @EnumSource
  void g7GeneratorMigratesBetweenThreadsAndSeesTheCurrentResumersContext(ThreadKind kind)
      throws Exception {
    x.set("creator");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              for (int i = 0; ; i++) {
                String own = y.getOrElse("none");
                y.set("own " + i);
                out.yield(x.getOrElse("none") + ", " + own);
              }
            })) {
      assertEquals("creator, none", generator.next());
      kind.run(
          () -> {
            assertEquals("none, own 0", generator.next());
            x.set("other thread");
            assertEquals("other thread, own 1", generator.next());
            assertFalse(y.isBound());
          });
      assertEquals("creator, own 2", generator.next());
      assertFalse(y.isBound());
    }
  }

  @ParameterizedTest
  @EnumSource
  void g7ResumingFromTwoThreadsAtOnceIsRefusedForOneAndUndisturbedForTheOther(ThreadKind kind)
      throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    try (Generator<String> generator =
        Generator.of(
            out -> {
              inside.countDown();
              Await.latch(go);
              out.yield(x.get());
              out.yield(x.getOrElse("none"));
            })) {
      ThreadKind.Running first =
          kind.start(
              () -> {
                x.set("first");
                assertEquals("first", generator.next());
                assertEquals("first", x.get());
              });
      Await.latch(inside);
      x.set("second");
      String name = "#" + first.thread().threadId() + " \"" + first.thread().getName() + "\"";
      for (ThreadKind.Action use :
          List.<ThreadKind.Action>of(generator::next, generator::hasNext, generator::close)) {
        IllegalStateException e = assertThrows(IllegalStateException.class, use::run);
        assertTrue(e.getMessage().contains(name), e.getMessage());
      }
      assertEquals("second", x.get());
      go.countDown();
      first.join();
      assertEquals("second", generator.next());
      assertFalse(generator.hasNext());
    }
  }

  @Test
  void g7ResumingFromInsideIsRefusedAndTheGeneratorGoesOn() {
    Generator<?>[] self = new Generator<?>[1];
    try (Generator<String> generator =
        Generator.of(
            out -> {
              x.set("own");
              assertThrows(IllegalStateException.class, self[0]::hasNext);
              assertThrows(IllegalStateException.class, self[0]::next);
              assertThrows(IllegalStateException.class, self[0]::close);
              out.yield(x.get());
              assertThrows(IllegalStateException.class, self[0]::hasNext);
            })) {
      self[0] = generator;
      assertEquals("own", generator.next());
      assertFalse(generator.hasNext());
    }
  }

  @Test
  void g7ResumingAroundACycleOfGeneratorsIsRefused() {
    Generator<?>[] outer = new Generator<?>[1];
    try (Generator<String> inner = Generator.of(out -> out.yield("" + outer[0].next()));
        Generator<String> generator = Generator.of(out -> out.yield(inner.next()))) {
      outer[0] = generator;
      assertThrows(IllegalStateException.class, generator::next);
      assertFalse(generator.hasNext());
      assertFalse(inner.hasNext());
    }
  }

  // ------------------------------------------------------------ runs and bindings across yields

  @Test
  void yieldWithinALogicalContextKeepsItEnteredAndIsolated() {
    LogicalContext lc = new LogicalContext();
    x.set("resumer 0");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              y.set("own");
              lc.run(
                  () -> {
                    out.yield(x.get() + ", " + y.get());
                    x.set("in lc");
                    out.yield(x.get() + ", " + y.get());
                    y.set("in lc");
                    out.yield(x.get() + ", " + y.get());
                  });
              out.yield(x.get() + ", " + y.get());
            })) {
      assertEquals("resumer 0, own", generator.next());
      assertTrue(lc.isEntered());
      assertThrows(IllegalStateException.class, () -> lc.run(() -> {}));
      x.set("resumer 1");
      assertEquals("in lc, own", generator.next());
      assertEquals("resumer 1", x.get());
      new LogicalContext().run(() -> assertEquals("in lc, in lc", generator.next()));
      x.set("resumer 2");
      assertEquals("resumer 2, own", generator.next());
      assertFalse(lc.isEntered());
    }
    assertEquals("in lc", lc.lookup(x));
    assertEquals("in lc", lc.lookup(y));
  }

  @Test
  void yieldWithinALogicalContextSeesTheNewResumerBelow() throws Exception {
    LogicalContext lc = new LogicalContext();
    try (Generator<String> generator =
        Generator.of(
            out ->
                lc.run(
                    () ->
                        new LogicalContext()
                            .run(
                                () -> {
                                  while (true) {
                                    out.yield(x.getOrElse("none"));
                                  }
                                })))) {
      assertEquals("none", generator.next());
      x.set("a");
      assertEquals("a", generator.next());
      x.set("b");
      assertEquals("b", generator.next());
      ThreadKind.VIRTUAL.run(
          () -> {
            assertEquals("none", generator.next());
            x.set("c");
            assertEquals("c", generator.next());
          });
      assertEquals("b", generator.next());
      x.delete();
      assertEquals("none", generator.next());
    }
    assertFalse(lc.isEntered());
  }

  @Test
  void yieldWithinASnapshotSeesTheSnapshotOnly() {
    x.set("then");
    ExecutionContext snapshot = ExecutionContext.capture();
    x.set("now");
    y.set("resumer");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              y.set("own");
              snapshot.run(
                  () -> {
                    out.yield(x.get() + ", " + y.getOrElse("none"));
                    y.set("in snapshot");
                    out.yield(x.get() + ", " + y.getOrElse("none"));
                    new LogicalContext()
                        .run(
                            () -> {
                              x.set("in lc over snapshot");
                              out.yield(x.get() + ", " + y.getOrElse("none"));
                            });
                  });
              out.yield(x.get() + ", " + y.get());
            })) {
      assertEquals("then, none", generator.next());
      assertEquals("now", x.get());
      x.set("later");
      assertEquals("then, in snapshot", generator.next());
      assertEquals("resumer", y.get());
      x.set("even later");
      assertEquals("in lc over snapshot, in snapshot", generator.next());
      assertEquals("even later, own", generator.next());
    }
  }

  @Test
  void yieldWithinNestedRunsOfATransparentGenerator() {
    LogicalContext lc = new LogicalContext();
    x.set("then");
    ExecutionContext snapshot = ExecutionContext.capture();
    x.set("now");
    try (Generator<String> generator =
        Generator.transparent(
            out -> {
              lc.run(
                  () -> {
                    out.yield(x.get());
                    y.set("in lc");
                    out.yield(x.get());
                  });
              snapshot.run(
                  () -> {
                    out.yield(x.get());
                    x.set("in snapshot");
                    out.yield(x.get());
                  });
              x.set("by the body");
              out.yield(x.get());
            })) {
      assertEquals("now", generator.next());
      x.set("changed");
      assertEquals("changed", generator.next());
      assertFalse(y.isBound());
      assertEquals("then", generator.next());
      x.set("changed again");
      assertEquals("in snapshot", generator.next());
      assertEquals("changed again", x.get());
      LogicalContext other = new LogicalContext();
      other.run(() -> assertEquals("by the body", generator.next()));
      assertEquals("by the body", other.lookup(x));
      assertEquals("changed again", x.get());
    }
  }

  @Test
  void bindingsStayOpenAcrossYields() {
    x.set("resumer");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              try (Binding _ = x.bind("bound")) {
                out.yield(x.get());
                try (Binding _ = x.bind("bound twice")) {
                  out.yield(x.get());
                }
                out.yield(x.get());
              }
              out.yield(x.get());
            })) {
      assertEquals("bound", generator.next());
      try (Binding _ = x.bind("resumer's own")) {
        assertEquals("bound twice", generator.next());
        assertEquals("resumer's own", x.get());
        assertEquals("bound", generator.next());
      }
      x.set("resumer, later");
      assertEquals("resumer, later", generator.next());
    }
  }

  @Test
  void bindingOfASuspendedTransparentGeneratorIsClosedBeforeEarlierOnes() {
    Binding outer = x.bind("outer");
    try (Generator<String> generator =
        Generator.transparent(
            out -> {
              try (Binding _ = y.bind("inner")) {
                out.yield("suspended");
              }
            })) {
      generator.next();
      IllegalStateException e = assertThrows(IllegalStateException.class, outer::close);
      assertTrue(e.getMessage().contains("transparent generator"), e.getMessage());
      assertEquals("outer", x.get());
    }
    outer.close();
    assertFalse(x.isBound());
  }

  @Test
  void bindingThatAFinishedTransparentGeneratorLeftOpenDoesNotBlockItsResumers() {
    try (Binding _ = x.bind("outer")) {
      Binding[] left = new Binding[1];
      assertFalse(Generator.transparent(_ -> left[0] = y.bind("left")).hasNext());
      assertEquals("left", y.get());
      assertThrows(IllegalStateException.class, left[0]::close);
    }
    assertFalse(x.isBound());
    y.delete();
  }

  @Test
  void bindingMadeInsideCannotBeClosedOutside() {
    Binding[] binding = new Binding[1];
    try (Generator<String> generator =
        Generator.of(
            out -> {
              binding[0] = x.bind("inside");
              out.yield(x.get());
              binding[0].close();
              out.yield(x.getOrElse("none"));
            })) {
      assertEquals("inside", generator.next());
      assertThrows(IllegalStateException.class, binding[0]::close);
      assertEquals("none", generator.next());
    }
  }

  // -------------------------------------------------------------------------- captures inside

  @Test
  void s5CaptureInsideSeesTheGeneratorAndItsResumerAtThatMoment() {
    List<ExecutionContext> snapshots = new ArrayList<>();
    x.set("resumer 0");
    try (Generator<Void> generator =
        Generator.of(
            out -> {
              for (int i = 0; ; i++) {
                y.set("own " + i);
                snapshots.add(ExecutionContext.capture());
                y.set("own " + i + ", changed");
                out.yield(null);
              }
            })) {
      for (int i = 0; i < 5; i++) {
        x.set("resumer " + i);
        generator.next();
        x.set("resumer " + i + ", changed");
      }
    }
    for (int i = 0; i < 5; i++) {
      assertEquals("resumer " + i, snapshots.get(i).lookup(x));
      assertEquals("own " + i, snapshots.get(i).lookup(y));
    }
  }

  @Test
  void s5CaptureInsideFreezesEveryContextOfTheResumer() {
    ExecutionContext[] snapshot = new ExecutionContext[1];
    ContextVar<String> z = ContextVar.of("z");
    LogicalContext lc = new LogicalContext();
    try (Generator<Void> generator =
        Generator.of(
            out -> {
              snapshot[0] = ExecutionContext.capture();
              out.yield(null);
            })) {
      x.set("bottom");
      lc.run(
          () -> {
            y.set("middle");
            new LogicalContext()
                .run(
                    () -> {
                      z.set("top");
                      generator.next();
                      z.set("top, changed");
                    });
            y.set("middle, changed");
          });
      x.set("bottom, changed");
    }
    assertEquals("bottom", snapshot[0].lookup(x));
    assertEquals("middle", snapshot[0].lookup(y));
    assertEquals("top", snapshot[0].lookup(z));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void s5CaptureAfterARunInASnapshotThatYielded(boolean transparent) {
    List<ExecutionContext> snapshots = new ArrayList<>();
    Generator.Body<Void> body =
        out -> {
          ExecutionContext.empty()
              .run(
                  () -> {
                    ExecutionContext.capture();
                    out.yield(null);
                  });
          snapshots.add(ExecutionContext.capture());
          out.yield(null);
          new LogicalContext().run(() -> snapshots.add(ExecutionContext.capture()));
          out.yield(null);
        };
    x.set("0");
    try (Generator<Void> generator =
        transparent ? Generator.transparent(body) : Generator.of(body)) {
      generator.next();
      x.set("1");
      generator.next();
      x.set("2");
      generator.next();
      x.set("3");
    }
    assertEquals("1", snapshots.get(0).lookup(x));
    assertEquals("2", snapshots.get(1).lookup(x));
  }

  @Test
  void s5CaptureInsideARunThatYieldsKeepsItsMoment() {
    ExecutionContext[] snapshot = new ExecutionContext[1];
    LogicalContext lc = new LogicalContext();
    x.set("resumer");
    try (Generator<Void> generator =
        Generator.of(
            out -> {
              y.set("own");
              lc.run(
                  () -> {
                    snapshot[0] = ExecutionContext.capture();
                    out.yield(null);
                  });
              y.set("own, changed");
              out.yield(null);
            })) {
      generator.next();
      x.set("resumer, changed");
      generator.next();
      x.set("resumer, changed again");
    }
    assertEquals("resumer", snapshot[0].lookup(x));
    assertEquals("own", snapshot[0].lookup(y));
  }

  // ------------------------------------------------------------------------------------ ends

  @Test
  void hasNextRunsTheBodyOnceAndNextPastTheEndThrows() {
    AtomicInteger steps = new AtomicInteger();
    try (Generator<Integer> generator =
        Generator.of(
            out -> {
              out.yield(steps.incrementAndGet());
              steps.incrementAndGet();
            })) {
      assertTrue(generator.hasNext());
      assertTrue(generator.hasNext());
      assertEquals(1, steps.get());
      assertEquals(1, generator.next());
      assertFalse(generator.hasNext());
      assertFalse(generator.hasNext());
      assertEquals(2, steps.get());
      assertThrows(NoSuchElementException.class, generator::next);
      assertThrows(NoSuchElementException.class, generator::next);
    }
  }

  @Test
  void g1HasNextLeavesTheCallersStackAsItWas() {
    String untouched = ThreadStates.current().dump();
    try (Generator<String> onNothing = Generator.of(out -> out.yield(x.getOrElse("none")))) {
      assertTrue(onNothing.hasNext());
      assertEquals(untouched, ThreadStates.current().dump());
    }
    x.set("caller");
    new LogicalContext()
        .run(
            () -> {
              y.set("caller");
              ExecutionContext captured = ExecutionContext.capture();
              String before = ThreadStates.current().dump();
              LogicalContext lc = new LogicalContext();
              Generator<String> generator =
                  Generator.of(
                      out -> {
                        x.set("inside");
                        y.delete();
                        out.yield("never reached");
                      });
              assertThrows(NoSuchElementException.class, generator::hasNext);
              assertEquals(before, ThreadStates.current().dump());
              try (Generator<String> other =
                  Generator.of(
                      out -> {
                        x.set("inside");
                        lc.run(
                            () -> {
                              y.set("in lc");
                              out.yield(x.get() + ", " + y.get());
                            });
                        out.yield(x.get() + ", " + y.get());
                      })) {
                for (int i = 0; i < 3; i++) {
                  assertTrue(other.hasNext());
                  assertEquals(before, ThreadStates.current().dump());
                }
                assertEquals("inside, in lc", other.next());
                assertTrue(other.hasNext());
                assertEquals("inside, caller", other.next());
                assertFalse(other.hasNext());
                assertFalse(other.hasNext());
              }
              assertEquals(before, ThreadStates.current().dump());
              assertSame(captured, ExecutionContext.capture(), "nothing has changed since");
              y.delete();
            });
  }

  @Test
  void g2ValueThatHasNextMadeReadyIsOfTheContextThatAsked() {
    try (Generator<String> generator =
        Generator.of(
            out -> {
              while (true) {
                out.yield(x.getOrElse("none"));
              }
            })) {
      new LogicalContext()
          .run(
              () -> {
                x.set("asker's");
                assertTrue(generator.hasNext());
              });
      x.set("taker's");
      assertEquals("asker's", generator.next());
      assertEquals("taker's", generator.next());
    }
  }

  @Test
  void nullIsAValueToYield() {
    try (Generator<String> generator =
        Generator.of(
            out -> {
              out.yield(null);
              out.yield("last");
            })) {
      assertTrue(generator.hasNext());
      assertNull(generator.next());
      assertEquals("last", generator.next());
      assertFalse(generator.hasNext());
    }
  }

  @Test
  void whatTheBodyThrowsReachesTheResumerOnceAndTheGeneratorIsFinished() {
    IOException checked = new IOException("body");
    IllegalArgumentException unchecked = new IllegalArgumentException("body");
    StackOverflowError error = new StackOverflowError("body");
    for (Throwable thrown : List.of(checked, unchecked, error)) {
      x.set("resumer");
      LogicalContext lc = new LogicalContext();
      Generator<String> generator =
          Generator.of(
              out -> {
                x.set("inside");
                out.yield("first");
                lc.run(
                    () -> {
                      x.set("in lc");
                      GeneratorCases.<RuntimeException>sneak(thrown);
                    });
              });
      assertEquals("first", generator.next());
      Throwable seen = assertThrows(Throwable.class, generator::hasNext);
      if (thrown == checked) {
        assertSame(CompletionException.class, seen.getClass());
        seen = seen.getCause();
      }
      assertSame(thrown, seen);
      assertFalse(generator.hasNext());
      assertFalse(lc.isEntered());
      assertEquals("resumer", x.get());
      generator.close();
    }
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> void sneak(Throwable t) throws X {
    throw (X) t;
  }

  @Test
  void realStackOverflowOfTheBodyReachesTheResumer() {
    x.set("resumer");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              x.set("inside");
              out.yield("first");
              recurse(0);
            })) {
      generator.next();
      assertThrows(StackOverflowError.class, generator::next);
      assertFalse(generator.hasNext());
    }
    assertEquals("resumer", x.get());
  }

  private static int recurse(int depth) {
    return recurse(depth + 1) + 1;
  }

  @Test
  void closeBeforeTheFirstResumptionNeverRunsTheBody() {
    boolean[] ran = new boolean[1];
    Generator<String> generator =
        Generator.of(
            out -> {
              ran[0] = true;
              out.yield("");
            });
    generator.close();
    assertFalse(generator.hasNext());
    assertThrows(NoSuchElementException.class, generator::next);
    generator.close();
    assertFalse(ran[0]);
  }

  @Test
  void closeUnwindsTheBodyInItsContextOverTheClosers() {
    List<String> log = new ArrayList<>();
    LogicalContext lc = new LogicalContext();
    y.set("resumer");
    Generator<String> generator =
        Generator.of(
            out -> {
              x.set("own");
              try {
                lc.run(
                    () -> {
                      try {
                        x.set("in lc");
                        out.yield("first");
                        log.add("must not go on");
                      } finally {
                        log.add(x.get() + ", " + y.get());
                      }
                    });
              } finally {
                log.add(x.get() + ", " + y.get());
                x.set("changed while unwinding");
              }
            });
    generator.next();
    y.set("closer");
    generator.close();
    assertEquals(List.of("in lc, closer", "own, closer"), log);
    assertFalse(lc.isEntered());
    assertFalse(x.isBound());
    assertFalse(generator.hasNext());
    generator.close();
    assertEquals(2, log.size());
  }

  @Test
  void closeAfterHasNextDropsTheValueThatWasReady() {
    boolean[] unwound = new boolean[1];
    Generator<String> generator =
        Generator.of(
            out -> {
              try {
                out.yield("never taken");
              } finally {
                unwound[0] = true;
              }
            });
    assertTrue(generator.hasNext());
    generator.close();
    assertTrue(unwound[0]);
    assertFalse(generator.hasNext());
  }

  @Test
  void closeThrowsWhatTheFinallyBlocksThrow() {
    IOException checked = new IOException("while unwinding");
    Generator<String> generator =
        Generator.of(
            out -> {
              try {
                out.yield("first");
              } finally {
                x.set("inside");
                throwIt(checked);
              }
            });
    x.set("closer");
    generator.next();
    CompletionException e = assertThrows(CompletionException.class, generator::close);
    assertSame(checked, e.getCause());
    assertEquals("closer", x.get());
    assertFalse(generator.hasNext());
    generator.close();
  }

  private static void throwIt(IOException e) throws IOException {
    throw e;
  }

  @Test
  void bodyThatYieldsWhileItIsClosedIsUnwoundAllTheSame() {
    List<String> log = new ArrayList<>();
    Generator<String> generator =
        Generator.of(
            out -> {
              for (int i = 0; i < 3; i++) {
                try {
                  out.yield("value");
                  log.add("must not go on");
                } catch (Error unwinding) {
                  log.add("caught " + i);
                }
              }
            });
    generator.next();
    generator.close();
    assertEquals(List.of("caught 0", "caught 1", "caught 2"), log);
    assertFalse(generator.hasNext());
  }

  @Test
  void bodyThatWillNotBeUnwoundIsLeftStandingStill() {
    x.set("closer");
    Generator<Integer> generator =
        Generator.of(
            out -> {
              while (true) {
                try {
                  x.set("inside");
                  out.yield(1);
                } catch (Throwable caught) { // as no body should
                  x.set("caught");
                }
              }
            });
    assertEquals(1, generator.next());
    IllegalStateException e = assertThrows(IllegalStateException.class, generator::close);
    assertTrue(e.getMessage().contains("let errors through"), e.getMessage());
    assertFalse(generator.hasNext());
    generator.close();
    assertEquals("closer", x.get());
  }

  @Test
  void closeInsideALogicalContextLeavesTheClosersStackAsItWas() {
    LogicalContext lc = new LogicalContext();
    Generator<String> generator =
        Generator.of(
            out -> {
              try {
                out.yield("first");
              } finally {
                x.set("while unwinding");
              }
            });
    generator.next();
    lc.run(
        () -> {
          x.set("closer");
          generator.close();
          assertEquals("closer", x.get());
        });
    assertEquals(1, lc.size());
  }

  @Test
  void yieldOutsideTheBodysThreadIsRefused() throws Exception {
    Generator.Yielder<?>[] leaked = new Generator.Yielder<?>[1];
    try (Generator<String> generator =
        Generator.of(
            out -> {
              leaked[0] = out;
              out.yield("first");
              out.yield("second");
            })) {
      generator.next();
      assertThrows(IllegalStateException.class, () -> leaked[0].yield(null));
      ThreadKind.VIRTUAL.run(
          () -> assertThrows(IllegalStateException.class, () -> leaked[0].yield(null)));
      assertEquals("second", generator.next());
    }
  }

  @Test
  void interruptOfTheResumerReachesTheBodyAndComesBack() {
    AtomicInteger interrupts = new AtomicInteger();
    CountDownLatch never = new CountDownLatch(1);
    Thread resumer = Thread.currentThread();
    try (Generator<String> generator =
        Generator.of(
            out -> {
              resumer.interrupt();
              try {
                never.await();
              } catch (InterruptedException e) {
                interrupts.incrementAndGet();
              }
              out.yield("after the interrupt");
            })) {
      assertEquals("after the interrupt", generator.next());
      assertTrue(Thread.interrupted(), "the resumer is interrupted still");
      assertEquals(1, interrupts.get());
      assertFalse(generator.hasNext());
    }
  }

  // ---------------------------------------------------------------------------------- streams

  @Test
  void streamIsLazyAndItsCloseClosesTheGenerator() {
    AtomicInteger made = new AtomicInteger();
    boolean[] unwound = new boolean[1];
    try (Stream<Integer> stream =
        Generator.<Integer>of(
            out -> {
              try {
                while (true) {
                  out.yield(made.incrementAndGet());
                }
              } finally {
                unwound[0] = true;
              }
            })
            .stream()) {
      assertEquals(0, made.get());
      assertEquals(List.of(2, 4, 6), stream.map(i -> 2 * i).limit(3).toList());
      assertTrue(made.get() <= 4, "made " + made.get());
      assertFalse(unwound[0]);
    }
    assertTrue(unwound[0]);
  }

  @Test
  void streamRunsTheBodyOnlyWhenAskedAndOnlyAsFarAsAsked() {
    AtomicInteger made = new AtomicInteger();
    boolean[] unwound = new boolean[1];
    Generator<Integer> generator =
        Generator.of(
            out -> {
              try {
                while (true) {
                  out.yield(made.incrementAndGet());
                }
              } finally {
                unwound[0] = true;
              }
            });
    AtomicInteger closed = new AtomicInteger();
    try (Stream<Integer> stream = generator.stream().onClose(closed::incrementAndGet)) {
      Iterator<Integer> iterator = stream.filter(i -> i % 2 == 0).iterator();
      assertEquals(0, made.get());
      assertEquals(2, iterator.next());
      assertEquals(2, made.get());
      assertEquals(4, iterator.next());
      assertEquals(4, made.get());
      assertFalse(unwound[0]);
    }
    assertTrue(unwound[0]);
    assertEquals(1, closed.get());
    assertFalse(generator.hasNext());
    try (Stream<Integer> neverUsed =
        Generator.<Integer>of(out -> out.yield(made.getAndSet(-1))).stream()) {
      assertFalse(neverUsed.isParallel());
    }
    assertEquals(4, made.get());
  }

  @Test
  void streamGivesTheRemainingValuesInOrder() {
    try (Generator<Integer> generator =
        Generator.of(
            out -> {
              for (int i = 0; i < 100; i++) {
                out.yield(i);
              }
            })) {
      assertEquals(0, generator.next());
      List<Integer> rest = generator.stream().toList();
      assertEquals(99, rest.size());
      assertEquals(1, rest.getFirst());
      assertEquals(99, rest.getLast());
    }
  }

  // --------------------------------------------------------------------------------- bad input

  @Test
  void nullArgumentsAreNamed() {
    VariableCases.assertNames(
        "body", assertThrows(NullPointerException.class, () -> Generator.of(null)));
    VariableCases.assertNames(
        "body", assertThrows(NullPointerException.class, () -> Generator.transparent(null)));
    try (Generator<String> generator =
        Generator.of(
            out -> {
              VariableCases.assertNames(
                  "inner", assertThrows(NullPointerException.class, () -> out.yieldAll(null)));
              out.yield("goes on");
            })) {
      assertEquals("goes on", generator.next());
    }
  }

  @Test
  void thousandsOfResumptionsOfManyGenerators() {
    int n = 100;
    List<Generator<Integer>> generators = new ArrayList<>();
    ContextVar<Integer> count = ContextVar.withDefault("count", 0);
    for (int i = 0; i < n; i++) {
      int first = i;
      generators.add(
          Generator.of(
              out -> {
                count.set(first);
                while (true) {
                  out.yield(count.get());
                  count.set(count.get() + 1);
                }
              }));
    }
    for (int step = 0; step < 50; step++) {
      for (int i = 0; i < n; i++) {
        assertEquals(i + step, generators.get(i).next());
        assertEquals(0, count.get());
      }
    }
    generators.forEach(Generator::close);
  }

  /** However late it reaches the body, which may have yielded by then. */
  @ParameterizedTest
  @EnumSource
  void interruptOfOneResumptionIsNotSeenInTheNext(ThreadKind kind) throws Exception {
    kind.run(
        () -> {
          int[] seen = new int[1];
          try (Generator<Integer> generator =
              Generator.of(
                  out -> {
                    for (int i = 0; ; i++) {
                      for (int turns = 0; turns < 300; turns++) {
                        Thread.onSpinWait();
                      }
                      out.yield(i); // this one's resumer is interrupted
                      if (Thread.interrupted()) {
                        seen[0]++;
                      }
                      out.yield(i);
                    }
                  })) {
            for (int round = 0; round < 5_000; round++) {
              Thread.currentThread().interrupt();
              generator.next();
              assertTrue(Thread.interrupted());
              generator.next();
            }
          }
          assertEquals(0, seen[0]);
        });
  }
}
