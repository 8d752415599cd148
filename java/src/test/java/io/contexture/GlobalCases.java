package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.Engines;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Process-wide values (B1 to B4). */
abstract class GlobalCases {
  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> withDefault = ContextVar.withDefault("d", "default");
  private final LongContextVar n = LongContextVar.of("n");
  private final LongContextVar longWithDefault = LongContextVar.withDefault("l", 9);

  private void assertSeen(String object, long number) {
    for (int i = 0; i < 2; i++) { // the second time the cache knows what the stack has
      assertEquals(object, x.get());
      assertEquals(object, x.lookup());
      assertEquals(object, x.getOrElse("other"));
      assertTrue(x.isBound());
      assertEquals(number, n.get());
      assertEquals(number, n.getOrElse(~number));
      assertTrue(n.isBound());
    }
  }

  private void assertUnseen() {
    for (int i = 0; i < 2; i++) {
      assertThrows(NoSuchElementException.class, x::get);
      assertNull(x.lookup());
      assertEquals("other", x.getOrElse("other"));
      assertFalse(x.isBound());
      assertThrows(NoSuchElementException.class, n::get);
      assertEquals(5, n.getOrElse(5));
      assertFalse(n.isBound());
    }
  }

  @Test
  void b1SeenBelowTheStackAndAboveTheDefault() {
    assertUnseen();
    x.setGlobal("global");
    n.setGlobal(1);
    assertSeen("global", 1);
    x.set("mine");
    n.set(2);
    assertSeen("mine", 2);
    new LogicalContext().run(() -> assertSeen("mine", 2));
    x.setGlobal("changed");
    n.setGlobal(3);
    assertSeen("mine", 2);
    x.delete();
    n.delete();
    assertSeen("changed", 3);

    assertEquals("default", withDefault.get());
    assertEquals(9, longWithDefault.get());
    withDefault.setGlobal("global");
    longWithDefault.setGlobal(10);
    assertEquals("global", withDefault.get());
    assertEquals(10, longWithDefault.get());
    withDefault.deleteGlobal();
    longWithDefault.deleteGlobal();
    assertEquals("default", withDefault.get());
    assertEquals(9, longWithDefault.get());
  }

  @Test
  void b1NullIsAValue() {
    withDefault.setGlobal(null);
    assertTrue(withDefault.isBound());
    assertNull(withDefault.get());
    assertNull(withDefault.lookup());
    assertNull(withDefault.getOrElse("other"));
    withDefault.deleteGlobal();
    assertFalse(withDefault.isBound());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 2})
  void b1EveryLongIsAValue(long value) {
    n.setGlobal(value);
    assertEquals(value, n.get());
    assertEquals(value, n.getOrElse(~value));
    assertEquals(value, n.getOrElse(value));
    assertTrue(n.isBound());
    longWithDefault.setGlobal(value);
    assertEquals(value, longWithDefault.get());
  }

  @ParameterizedTest
  @EnumSource
  void b1SeenByThreadsThatRunAlreadyAndByNewOnesWhateverTheyAreIn(ThreadKind kind)
      throws Exception {
    ExecutionContext before = ExecutionContext.capture();
    CountDownLatch looked = new CountDownLatch(3);
    CountDownLatch set = new CountDownLatch(1);
    List<ThreadKind.Running> running = new ArrayList<>();
    ThreadKind.Action action =
        () -> {
          assertUnseen();
          looked.countDown();
          Await.latch(set);
          assertSeen("global", 1);
        };
    running.add(kind.start(action));
    running.add(kind.start(() -> before.call(() -> runChecked(action))));
    running.add(kind.start(() -> new LogicalContext().call(() -> runChecked(action))));
    Await.latch(looked);
    x.setGlobal("global");
    n.setGlobal(1);
    set.countDown();
    for (ThreadKind.Running each : running) {
      each.join();
    }
    kind.run(() -> assertSeen("global", 1));
  }

  private static Object runChecked(ThreadKind.Action action) {
    try {
      action.run();
      return "done";
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @Test
  void b1GeneratorsSeeItBelowTheirResumers() {
    try (Generator<String> generator =
        Generator.of(
            out -> {
              out.yield(x.getOrElse("none"));
              out.yield(x.get());
              out.yield(x.get());
              x.set("own");
              out.yield(x.get());
            })) {
      assertEquals("none", generator.next());
      x.setGlobal("global");
      assertEquals("global", generator.next());
      x.set("resumer's");
      assertEquals("resumer's", generator.next());
      assertEquals("own", generator.next());
    }
  }

  @Test
  void b2NoThreadSeesAnOlderValueOnceTheCallHasReturned() throws Exception {
    int rounds = 2000;
    CyclicBarrier barrier = new CyclicBarrier(2);
    ThreadKind.Running reader =
        ThreadKind.PLATFORM.start(
            () -> {
              for (int i = 0; i < rounds; i++) {
                barrier.await(2 * Await.LIMIT_SECONDS, TimeUnit.SECONDS); // set
                assertEquals("value " + i, x.get());
                assertEquals(i, n.get());
                barrier.await(2 * Await.LIMIT_SECONDS, TimeUnit.SECONDS); // looked
              }
            });
    for (int i = 0; i < rounds; i++) {
      x.setGlobal("value " + i);
      n.setGlobal(i);
      barrier.await(2 * Await.LIMIT_SECONDS, TimeUnit.SECONDS);
      barrier.await(2 * Await.LIMIT_SECONDS, TimeUnit.SECONDS);
    }
    reader.join();
  }

  @Test
  void b2LookupsThatRaceWithChangesSeeOneOfTheValues() throws Exception {
    CountDownLatch stop = new CountDownLatch(1);
    n.setGlobal(0);
    x.setGlobal("even");
    ThreadKind.Running writer =
        ThreadKind.PLATFORM.start(
            () -> {
              while (stop.getCount() != 0) {
                for (long value : new long[] {1, -1, 0}) {
                  n.setGlobal(value);
                }
                x.setGlobal(null);
                x.setGlobal("odd");
                x.setGlobal("even");
              }
            });
    try {
      for (int i = 0; i < 100_000; i++) {
        long number = n.get();
        assertTrue(number >= -1 && number <= 1);
        assertTrue(n.isBound());
        String value = x.get();
        assertTrue(value == null || value.equals("odd") || value.equals("even"));
        assertTrue(x.isBound());
      }
    } finally {
      stop.countDown();
      writer.join();
    }
  }

  @Test
  void b3DeleteGlobalRemovesItAndOnlyIt() {
    x.set("mine");
    n.set(1);
    NoSuchElementException e = assertThrows(NoSuchElementException.class, x::deleteGlobal);
    assertTrue(e.getMessage().contains("'x' has no process-wide value"), e.getMessage());
    e = assertThrows(NoSuchElementException.class, n::deleteGlobal);
    assertTrue(e.getMessage().contains("'n' has no process-wide value"), e.getMessage());
    assertSeen("mine", 1);
    x.setGlobal("global");
    n.setGlobal(2);
    x.deleteGlobal();
    n.deleteGlobal();
    assertSeen("mine", 1);
    x.delete();
    n.delete();
    assertUnseen();
    assertThrows(NoSuchElementException.class, x::deleteGlobal);
    assertThrows(NoSuchElementException.class, n::deleteGlobal);
    x.setGlobal("again");
    n.setGlobal(3);
    assertSeen("again", 3);
  }

  @Test
  void b3OfSeveralThreadsThatDeleteOneValueOneSucceeds() throws Exception {
    for (int i = 0; i < 200; i++) {
      x.setGlobal("global");
      n.setGlobal(1);
      AtomicInteger deleted = new AtomicInteger();
      CyclicBarrier start = new CyclicBarrier(2);
      ThreadKind.Action action =
          () -> {
            start.await(2 * Await.LIMIT_SECONDS, TimeUnit.SECONDS);
            for (Runnable delete : List.<Runnable>of(x::deleteGlobal, n::deleteGlobal)) {
              try {
                delete.run();
                deleted.incrementAndGet();
              } catch (NoSuchElementException theOtherWasFaster) {
                continue;
              }
            }
          };
      ThreadKind.Running first = ThreadKind.PLATFORM.start(action);
      ThreadKind.Running second = ThreadKind.PLATFORM.start(action);
      first.join();
      second.join();
      assertEquals(2, deleted.get());
      assertUnseen();
    }
  }

  @Test
  void b4SetDeleteAndBindLeaveItAlone() {
    x.setGlobal("global");
    n.setGlobal(1);
    assertThrows(NoSuchElementException.class, x::delete);
    assertThrows(NoSuchElementException.class, n::delete);
    assertNull(x.lookupTopmost());
    try (Binding _ = x.bind("bound");
        Binding _ = n.bind(2)) {
      assertSeen("bound", 2);
      x.setGlobal("changed");
      n.setGlobal(3);
      assertSeen("bound", 2);
      ThreadKind.PLATFORM.run(() -> assertSeen("changed", 3));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    assertSeen("changed", 3);
    assertNull(x.lookupTopmost());
  }

  @Test
  void b4SnapshotsSeeItAsItIsAndDoNotContainIt() {
    x.setGlobal("then");
    withDefault.set("in the snapshot");
    ExecutionContext snapshot = ExecutionContext.capture();
    x.setGlobal("now");
    n.setGlobal(1);
    snapshot.run(() -> assertSeen("now", 1));
    assertEquals("now", snapshot.lookup(x));
    assertFalse(snapshot.contains(x));
    assertEquals(Set.of(withDefault), snapshot.vars());
    withDefault.setGlobal("global");
    assertEquals("in the snapshot", snapshot.lookup(withDefault));
    assertEquals("now", ExecutionContext.empty().lookup(x));
    x.setGlobal(null);
    assertNull(snapshot.lookup(x));
    x.deleteGlobal();
    n.deleteGlobal();
    snapshot.run(this::assertUnseen);
    assertNull(snapshot.lookup(x));
    LogicalContext lc = new LogicalContext();
    x.setGlobal("global");
    assertNull(lc.lookup(x));
    assertFalse(lc.contains(x));
  }

  @Test
  void v7ProcessWideValueDiesWithItsVariable() {
    WeakReference<Object> plain = setGlobalAndForget(false);
    WeakReference<Object> self = setGlobalAndForget(true);
    Await.collected("the value", plain);
    Await.collected("the value that refers to its variable", self);
  }

  private static WeakReference<Object> setGlobalAndForget(boolean cyclic) {
    ContextVar<Object> variable = ContextVar.of("short-lived");
    Object value = cyclic ? new Object[] {variable} : new byte[100];
    variable.setGlobal(value);
    assertEquals(value, variable.get());
    variable.set("so that a context knows it");
    return new WeakReference<>(value);
  }

  @Test
  void v7EntriesOfDeadLongVariablesLeaveTheBaseLayer() {
    for (int i = 0; i < 1000; i++) {
      LongContextVar.of("short-lived").setGlobal(i);
    }
    n.setGlobal(1);
    // Other tests have left a few, which live as long as they do.
    Await.untilCollecting(
        "entries of dead variables are left", () -> Engines.engine().base().size() < 100);
    assertEquals(1, n.get());
  }
}
