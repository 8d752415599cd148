package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.ThreadStates;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What must become collectable, and when (V7, S9, C3, abandoned generators). */
abstract class GarbageCases {
  private static final ContextVar<Object> KEPT = ContextVar.of("kept");

  /** A variable and its value, seen weakly. */
  private record Pair(WeakReference<ContextVar<Object>> variable, WeakReference<Object> value) {
    void awaitCollected() {
      Await.collected("the variable", variable);
      Await.collected("the value", value);
    }
  }

  /** Sets a new variable in the topmost context and forgets it. */
  private static Pair setAndForget() {
    ContextVar<Object> variable = ContextVar.of("short-lived");
    Object value = new byte[100];
    variable.set(value);
    assertEquals(value, variable.get());
    return new Pair(new WeakReference<>(variable), new WeakReference<>(value));
  }

  /** Sets a variable that lives on to a new value. */
  private static WeakReference<Object> setKept() {
    Object value = new byte[100];
    KEPT.set(value);
    assertEquals(value, KEPT.get());
    return new WeakReference<>(value);
  }

  // ------------------------------------------------------------------------------------ V7

  @Test
  void v7ValueInTheTopmostContextDiesWithItsVariable() {
    Pair pair = setAndForget();
    pair.awaitCollected();
    new LogicalContext().run(() -> setAndForget().awaitCollected());
  }

  @Test
  void v7ValueInACoveredContextDiesWithItsVariable() {
    Pair bottom = setAndForget();
    new LogicalContext()
        .run(
            () -> {
              KEPT.set("kept");
              Pair middle = setAndForget();
              new LogicalContext()
                  .run(
                      () -> {
                        setAndForget().awaitCollected();
                        middle.awaitCollected();
                        bottom.awaitCollected();
                      });
              assertEquals("kept", KEPT.get());
            });
  }

  @Test
  void v7ValueUnderARunInASnapshotDiesWithItsVariable() {
    Pair pair = setAndForget();
    ExecutionContext.empty().run(pair::awaitCollected);
  }

  @Test
  void v7ValueInASuspendedGeneratorDiesWithItsVariable() {
    Pair[] pairs = new Pair[2];
    try (Generator<String> generator =
        Generator.of(
            out -> {
              KEPT.set("kept");
              pairs[0] = setAndForget();
              new LogicalContext()
                  .run(
                      () -> {
                        pairs[1] = setAndForget();
                        out.yield("first");
                      });
              out.yield((String) KEPT.get());
            })) {
      generator.next();
      pairs[0].awaitCollected();
      pairs[1].awaitCollected();
      assertEquals("kept", generator.next());
    }
  }

  @Test
  void v7ValueInASnapshotDiesWithItsVariable() {
    Pair pair = setAndForget();
    KEPT.set("kept");
    ExecutionContext snapshot = ExecutionContext.capture();
    KEPT.set("changed");
    assertEquals(2, snapshot.vars().size());
    pair.awaitCollected();
    assertEquals("kept", snapshot.lookup(KEPT));
    assertEquals(Set.of(KEPT), snapshot.vars());
  }

  @Test
  void v7ValueInAFoldedSnapshotDiesWithItsVariable() {
    List<Pair> pairs = new ArrayList<>();
    ExecutionContext snapshot = captureUnder(100, pairs);
    assertTrue(snapshot.depth() <= 34);
    pairs.forEach(Pair::awaitCollected);
    assertEquals("level 1", snapshot.lookup(KEPT));
    assertEquals(1, snapshot.vars().size());
  }

  private static ExecutionContext captureUnder(int levels, List<Pair> pairs) {
    return new LogicalContext()
        .call(
            () -> {
              KEPT.set("level " + levels);
              pairs.add(setAndForget());
              return levels == 1 ? ExecutionContext.capture() : captureUnder(levels - 1, pairs);
            });
  }

  @Test
  void v7ValueInAContextThatIsNotEnteredDiesWithItsVariable() {
    LogicalContext lc = new LogicalContext();
    Pair pair = lc.call(GarbageCases::setAndForget);
    lc.run(() -> KEPT.set("kept"));
    pair.awaitCollected();
    assertEquals(1, lc.size());
    assertEquals("kept", lc.lookup(KEPT));
  }

  @ParameterizedTest
  @EnumSource
  void v7ValueInTheContextAndCacheOfAnIdleThreadDiesWithItsVariable(ThreadKind kind)
      throws Exception {
    AtomicReference<Pair> pair = new AtomicReference<>();
    CountDownLatch ready = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    ThreadKind.Running idle =
        kind.start(
            () -> {
              pair.set(setAndForget());
              ready.countDown();
              Await.latch(end);
            });
    Await.latch(ready);
    pair.get().awaitCollected();
    end.countDown();
    idle.join();
  }

  @ParameterizedTest
  @EnumSource
  void v7ValueThatAnIdleThreadHasLookedUpDiesWithItsVariable(ThreadKind kind) throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    AtomicReference<ContextVar<Object>> variable = new AtomicReference<>(ContextVar.of("v"));
    variable.get().set(new byte[100]);
    WeakReference<Object> value = new WeakReference<>(variable.get().get());
    ExecutionContext snapshot = ExecutionContext.capture();
    ThreadKind.Running idle =
        kind.start(
            () ->
                snapshot.run(
                    () -> {
                      assertNotNull(variable.get().get());
                      ready.countDown();
                      Await.latch(end);
                    }));
    Await.latch(ready);
    WeakReference<ContextVar<Object>> seen = new WeakReference<>(variable.getAndSet(null));
    new Pair(seen, value).awaitCollected();
    end.countDown();
    idle.join();
  }

  @Test
  void v7ValueThatRefersToItsVariableLivesAsLongAsTheContextAndNoLonger() {
    LogicalContext lc = new LogicalContext();
    WeakReference<Object> value =
        lc.call(
            () -> {
              ContextVar<Object> variable = ContextVar.of("self");
              variable.set(new Object[] {variable});
              return new WeakReference<>(variable.get());
            });
    Await.collectGarbage();
    assertNotNull(value.get());
    assertEquals(1, lc.size());
    lc = null;
    Await.collected("the value, after its context,", value);
  }

  @Test
  void valueThatHoldsASnapshotOfItsOwnContextIsCollectable() {
    WeakReference<Object> value =
        new LogicalContext()
            .call(
                () -> {
                  Object[] holder = new Object[1];
                  KEPT.set(holder);
                  holder[0] = ExecutionContext.capture();
                  return new WeakReference<>(holder);
                });
    Await.collected("the value", value);
  }

  @Test
  void valueThatHoldsItsOwnLogicalContextIsCollectable() {
    WeakReference<Object> value = contextWithItself();
    Await.collected("the value", value);
  }

  private static WeakReference<Object> contextWithItself() {
    LogicalContext lc = new LogicalContext();
    return lc.call(
        () -> {
          Object holder = new Object[] {lc};
          KEPT.set(holder);
          return new WeakReference<>(holder);
        });
  }

  @Test
  void v7HundredThousandShortLivedVariablesDoNotGrowTheContext() {
    LogicalContext lc = new LogicalContext();
    lc.run(
        () -> {
          KEPT.set("kept");
          for (int i = 0; i < 100_000; i++) {
            ContextVar<Object> variable = ContextVar.of("short-lived");
            variable.set("value");
            if (i % 3 == 0) {
              LongContextVar.of("short-lived").set(i);
            }
          }
        });
    Await.untilCollecting("values of dead variables are left", () -> lc.size() == 1);
    assertEquals("kept", lc.lookup(KEPT));
  }

  @Test
  void v7HundredThousandBoundAndUnboundVariablesLeaveNothing() {
    LogicalContext lc = new LogicalContext();
    lc.run(
        () -> {
          for (int i = 0; i < 100_000; i++) {
            ContextVar<Object> variable = ContextVar.of("short-lived");
            try (Binding _ = variable.bind(new byte[1000])) {
              assertNotNull(variable.get());
            }
          }
          assertEquals(0, lc.size());
        });
  }

  /**
   * An open binding, and what it is about, seen weakly.
   *
   * @param pair the variable, and the value that {@code close} puts back
   */
  private record Bound(Binding binding, Pair pair) {
    /** Sets a new variable, to which nobody else refers, and binds it. */
    static Bound make() {
      ContextVar<Object> variable = ContextVar.of("bound");
      Object before = new byte[100];
      variable.set(before);
      Binding binding = variable.bind("while bound");
      return new Bound(
          binding, new Pair(new WeakReference<>(variable), new WeakReference<>(before)));
    }

    /** Closes the binding, checks that it restores, and lets go of it. */
    Pair close() {
      Await.collectGarbage();
      ContextVar<Object> variable = pair.variable().get();
      assertNotNull(variable, "the variable of an open binding has been collected");
      assertEquals("while bound", variable.get());
      binding.close();
      assertNotNull(pair.value().get());
      assertSame(pair.value().get(), variable.get());
      return pair;
    }
  }

  @Test
  void v7OpenBindingKeepsItsVariableSoThatCloseRestoresIt() {
    Bound.make().close().awaitCollected();
    assertEquals(Set.of(), ExecutionContext.capture().vars());
  }

  @Test
  void v7OpenBindingOfALongKeepsItsVariableSoThatCloseRestoresIt() {
    LogicalContext lc = new LogicalContext();
    WeakReference<LongContextVar> reference =
        lc.call(
            () -> {
              LongContextVar variable = LongContextVar.of("bound");
              variable.set(1);
              WeakReference<LongContextVar> weak = new WeakReference<>(variable);
              Binding binding = variable.bind(2);
              variable = null;
              Await.collectGarbage();
              variable = weak.get();
              assertNotNull(variable, "the variable of an open binding has been collected");
              assertEquals(2, variable.get());
              binding.close();
              assertEquals(1, variable.get());
              return weak;
            });
    Await.collected("the variable", reference);
    Await.untilCollecting("the variable is left", () -> lc.size() == 0);
  }

  @Test
  void v7OpenBindingThatIsDroppedLetsGoOfItsVariableAndTheValueBefore() {
    Pair pair = Bound.make().pair();
    pair.awaitCollected();
    assertEquals(Set.of(), ExecutionContext.capture().vars());
  }

  // ------------------------------------------------------------------------------------ S9

  @ParameterizedTest
  @EnumSource
  void s9ValuesOfAThreadThatEndedAreCollectableThoughTheThreadIsReferenced(ThreadKind kind)
      throws Exception {
    AtomicReference<WeakReference<Object>> value = new AtomicReference<>();
    ThreadKind.Running running = kind.start(() -> value.set(setKept()));
    running.join();
    Await.collected("the value", value.get());
    Reference.reachabilityFence(running);
  }

  @ParameterizedTest
  @EnumSource
  void s9ValuesOfManyEndedThreadsAreCollectable(ThreadKind kind) throws Exception {
    Queue<WeakReference<Object>> values = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < 200; i++) {
      kind.run(
          () -> {
            values.add(setKept());
            new LogicalContext()
                .run(
                    () -> {
                      values.add(setKept());
                      ExecutionContext.capture().run(() -> values.add(setKept()));
                    });
          });
    }
    for (WeakReference<Object> value : values) {
      Await.collected("a value", value);
    }
  }

  // ------------------------------------------------------------------------------------ C3

  @Test
  void c3CacheDoesNotPinAValueAfterTheOutermostOperation() {
    List<Supplier<WeakReference<Object>>> uses =
        List.of(
            () -> new LogicalContext().call(GarbageCases::setKept),
            () -> ExecutionContext.empty().call(GarbageCases::setKept),
            () -> {
              LogicalContext lc = new LogicalContext();
              WeakReference<Object> value = lc.call(GarbageCases::setKept);
              ExecutionContext snapshot = lc.call(ExecutionContext::capture);
              snapshot.run(() -> assertNotNull(KEPT.get()));
              return value;
            });
    assertNull(KEPT.lookup()); // this thread has a cache from now on
    for (Supplier<WeakReference<Object>> use : uses) {
      Await.collected("a value that was looked up", use.get());
    }
  }

  @Test
  void c3OverwrittenDeletedAndUnboundValuesAreCollectable() {
    WeakReference<Object> overwritten = setKept();
    WeakReference<Object> deleted = setKept();
    Await.collected("the overwritten value", overwritten);
    KEPT.delete();
    Await.collected("the deleted value", deleted);
    WeakReference<Object> bound =
        KEPT.callWith(new byte[100], () -> new WeakReference<>(KEPT.get()));
    Await.collected("the value that was bound", bound);
  }

  @Test
  void c3ValueOverwrittenAfterACaptureDiesWithTheSnapshot() {
    WeakReference<Object> value = setKept();
    ExecutionContext snapshot = ExecutionContext.capture();
    KEPT.set("other");
    Await.collectGarbage();
    assertFalse(value.refersTo(null));
    assertNotNull(snapshot.lookup(KEPT));
    snapshot = null;
    Await.collected("the value", value);
  }

  @Test
  void c3ValueOverwrittenByATransparentBodyIsCollectable() {
    WeakReference<Object> value = setKept();
    assertNotNull(KEPT.get());
    try (Generator<Object> generator =
        Generator.transparent(
            out -> {
              KEPT.set("other");
              out.yield("first");
            })) {
      generator.next();
      Await.collected("the overwritten value", value);
    }
  }

  @Test
  void c3SuspendedGeneratorHoldsNothingOfItsResumer() {
    try (Generator<Object> generator =
        Generator.of(
            out -> {
              assertNotNull(KEPT.get());
              out.yield("first");
              out.yield(KEPT.lookup());
            })) {
      WeakReference<Object> value =
          new LogicalContext()
              .call(
                  () -> {
                    WeakReference<Object> set = setKept();
                    generator.next();
                    return set;
                  });
      Await.collected("the resumer's value", value);
      assertNull(generator.next());
    }
  }

  @Test
  void c3GeneratorSuspendedInALogicalContextHoldsNothingOfItsResumer() {
    try (Generator<Object> generator =
        Generator.of(
            out ->
                new LogicalContext()
                    .run(
                        () -> {
                          new LogicalContext().run(() -> assertNotNull(KEPT.get()));
                          assertNotNull(KEPT.get());
                          out.yield("first");
                          out.yield(KEPT.lookup());
                        }))) {
      WeakReference<Object> value =
          new LogicalContext()
              .call(
                  () -> {
                    WeakReference<Object> set = setKept();
                    generator.next();
                    return set;
                  });
      Await.collected("the resumer's value", value);
      assertNull(generator.next());
    }
  }

  // ------------------------------------------------------------------- abandoned generators

  @Test
  void generatorsDroppedHalfWayUnwindAndLeaveNothing() throws Exception {
    int count = 2000;
    AtomicInteger unwound = new AtomicInteger();
    Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    List<WeakReference<Object>> values = new ArrayList<>();
    List<LogicalContext> entered = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      LogicalContext lc = new LogicalContext();
      values.add(dropHalfWay(lc, threads, unwound));
      entered.add(lc);
    }
    Await.untilCollecting("finally blocks are due", () -> unwound.get() == count);
    Await.until("body threads live", () -> threads.stream().noneMatch(Thread::isAlive));
    assertEquals(count, threads.size());
    for (LogicalContext lc : entered) {
      assertFalse(lc.isEntered());
      lc.run(() -> assertEquals("in lc", KEPT.get()));
    }
    for (WeakReference<Object> value : values) {
      Await.collected("a value in a generator's context", value);
    }
  }

  private static WeakReference<Object> dropHalfWay(
      LogicalContext lc, Queue<Thread> threads, AtomicInteger unwound) {
    Generator<WeakReference<Object>> generator =
        Generator.of(
            out -> {
              threads.add(Thread.currentThread());
              WeakReference<Object> value = setKept();
              try {
                lc.run(
                    () -> {
                      KEPT.set("in lc");
                      out.yield(value);
                      throw new AssertionError("must not go on");
                    });
              } finally {
                unwound.incrementAndGet();
              }
            });
    return generator.next();
  }

  @Test
  void thousandsOfGeneratorsDroppedHalfWayUnwindAndLeaveNothingRunning() {
    int many = Effort.of(3_000, 1_000);
    AtomicInteger unwound = new AtomicInteger();
    List<Thread> bodies = Collections.synchronizedList(new ArrayList<>());
    List<WeakReference<Object>> values = new ArrayList<>();
    int states = ThreadStates.count();
    for (int i = 0; i < many; i++) {
      values.add(dropHalfWay(i, unwound, bodies));
    }
    Await.untilCollecting("not all are unwound", () -> unwound.get() == many);
    Await.until("bodies are left running", () -> bodies.stream().noneMatch(Thread::isAlive));
    Await.untilCollecting(
        "values are left", () -> values.stream().allMatch(value -> value.refersTo(null)));
    Await.untilCollecting(
        "thread states are left", () -> ThreadStates.count() <= states + many / 100);
  }

  /** Begins one of several kinds of generator and forgets it; gives what its context holds. */
  private WeakReference<Object> dropHalfWay(int i, AtomicInteger unwound, List<Thread> bodies) {
    Object value = new byte[1000];
    Generator.Body<Integer> body =
        out -> {
          bodies.add(Thread.currentThread());
          try {
            KEPT.set(value);
            out.yield(i);
            out.yield(-1);
          } finally {
            unwound.incrementAndGet();
          }
        };
    Generator<Integer> generator =
        switch (i % 4) {
          case 0 -> Generator.of(body);
          case 1 -> Generator.of(out -> out.yieldAll(Generator.of(body)));
          case 2 -> Generator.of(out -> new LogicalContext().run(() -> rethrow(body, out)));
          default -> SendingGenerator.<String, Integer>of(body::run).generator();
        };
    assertEquals(i, generator.next());
    return new WeakReference<>(value);
  }

  private static void rethrow(Generator.Body<Integer> body, Generator.Yielder<Integer> out) {
    try {
      body.run(out);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void generatorsDroppedBeforeTheFirstResumptionAreCollectable() {
    List<WeakReference<Object>> bodies = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      byte[] captured = new byte[100];
      bodies.add(new WeakReference<>(captured));
      Generator.of(out -> out.yield(captured));
    }
    for (WeakReference<Object> body : bodies) {
      Await.collected("what a body refers to", body);
    }
  }

  @Test
  void finishedGeneratorHoldsNeitherBodyNorThreadNorValues() {
    AtomicReference<Thread> thread = new AtomicReference<>();
    List<WeakReference<Object>> references = new ArrayList<>();
    Generator<Object> generator = finishable(references, thread);
    generator.next();
    assertFalse(generator.hasNext());
    Await.until("the body's thread lives", () -> !thread.get().isAlive());
    for (WeakReference<Object> reference : references) {
      Await.collected("what the body had", reference);
    }
    assertFalse(generator.hasNext());
  }

  private static Generator<Object> finishable(
      List<WeakReference<Object>> references, AtomicReference<Thread> thread) {
    byte[] captured = new byte[100];
    references.add(new WeakReference<>(captured));
    return Generator.of(
        out -> {
          thread.set(Thread.currentThread());
          references.add(setKept());
          out.yield(captured.length);
        });
  }

  @Test
  void generatorWhoseCloseWasRefusedAndThatIsDroppedHalfWayUnwinds() throws Exception {
    AtomicInteger unwound = new AtomicInteger();
    dropAfterARefusedClose(unwound);
    Await.untilCollecting("the finally block is due", () -> unwound.get() == 1);
  }

  private static void dropAfterARefusedClose(AtomicInteger unwound) throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch refused = new CountDownLatch(1);
    Generator<String> generator =
        Generator.of(
            out -> {
              try {
                inside.countDown();
                Await.latch(refused);
                out.yield("half-way");
              } finally {
                unwound.incrementAndGet();
              }
            });
    ThreadKind.Running resumer =
        ThreadKind.PLATFORM.start(() -> assertEquals("half-way", generator.next()));
    Await.latch(inside);
    assertThrows(IllegalStateException.class, generator::close);
    refused.countDown();
    resumer.join();
  }

  @Test
  void transparentGeneratorDroppedHalfWayLeavesItsResumerAlone() {
    KEPT.set("resumer's");
    AtomicInteger unwound = new AtomicInteger();
    startTransparent(unwound);
    assertEquals("set by the body", KEPT.get());
    KEPT.set("resumer's again");
    Await.untilCollecting("the finally block is due", () -> unwound.get() == 1);
    assertEquals("resumer's again", KEPT.get());
  }

  private static void startTransparent(AtomicInteger unwound) {
    Generator.transparent(
            out -> {
              try {
                KEPT.set("set by the body");
                out.yield(null);
              } finally {
                KEPT.set("while unwinding");
                unwound.incrementAndGet();
              }
            })
        .next();
  }

  @Test
  void bindingThatADroppedTransparentGeneratorLeftOpenDoesNotBlockItsResumers() {
    ContextVar<String> x = ContextVar.of("x");
    LongContextVar n = LongContextVar.of("n");
    AtomicInteger unwound = new AtomicInteger();
    List<Throwable> thrown = new ArrayList<>();
    try (Binding _ = x.bind("outer")) {
      Binding second = n.bind(1);
      dropWithOpenBindings(x, n, unwound, thrown);
      assertEquals("body's", x.get());
      assertEquals(2, n.get());
      Await.untilCollecting("the finally block is due", () -> unwound.get() == 1);
      assertEquals(List.of(), thrown);
      assertEquals("body's", x.get());
      second.close();
      assertFalse(n.isBound());
      try (Binding _ = n.bind(3)) {
        assertEquals(3, n.get());
      }
    }
    assertFalse(x.isBound());
  }

  private static void dropWithOpenBindings(
      ContextVar<String> x, LongContextVar n, AtomicInteger unwound, List<Throwable> thrown) {
    Generator.transparent(
            out -> {
              Binding ofX = x.bind("body's");
              Binding ofN = n.bind(2);
              try {
                out.yield(null);
              } finally {
                try {
                  ofN.close();
                  assertFalse(x.isBound());
                  try (Binding _ = x.bind("while unwinding")) {
                    assertEquals("while unwinding", x.get());
                  }
                  ofX.close();
                  ofX.close();
                } catch (RuntimeException | Error e) {
                  thrown.add(e);
                }
                unwound.incrementAndGet();
              }
            })
        .next();
  }
}
