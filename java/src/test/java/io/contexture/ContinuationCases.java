package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.ThreadStates;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What is particular to generators whose bodies run on their resumers' threads. */
abstract class ContinuationCases {
  private final ContextVar<String> x = ContextVar.of("x");

  @Test
  void bodyRunsOnTheThreadOfItsResumer() throws Exception {
    try (Generator<Thread> generator =
        Generator.of(
            out -> {
              while (true) {
                out.yield(Thread.currentThread());
              }
            })) {
      assertSame(Thread.currentThread(), generator.next());
      for (ThreadKind kind : ThreadKind.values()) {
        kind.run(() -> assertSame(Thread.currentThread(), generator.next()));
      }
      assertSame(Thread.currentThread(), generator.next());
    }
  }

  /** What this thread sees must be its own again whatever a body does on it. */
  @Test
  void resumersStateIsItsOwnAgainAfterEveryTurn() {
    x.set("resumer");
    Object mine = ThreadStates.current();
    List<Object> states = new ArrayList<>();
    Generator<String> failing =
        Generator.of(
            out -> {
              states.add(ThreadStates.current());
              x.set("failing");
              out.yield(x.get());
              throw new IllegalArgumentException("by the body");
            });
    try (Generator<String> outer =
        Generator.of(
            out -> {
              x.set("outer");
              states.add(ThreadStates.current());
              out.yield(failing.next() + ", " + x.get());
              assertThrows(IllegalArgumentException.class, failing::next);
              out.yield(x.get());
            })) {
      assertEquals("failing, outer", outer.next());
      assertSame(mine, ThreadStates.current());
      assertEquals("resumer", x.get());
      assertEquals("outer", outer.next());
      assertSame(mine, ThreadStates.current());
      assertEquals("resumer", x.get());
    }
    assertSame(mine, ThreadStates.current());
    assertEquals(2, states.size());
    assertFalse(states.contains(mine));
  }

  /** The virtual thread of a resumer parks and goes on while a body is on it. */
  @Test
  void bodyMayBlockAndItsContextStays() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    ThreadKind.Running running =
        ThreadKind.VIRTUAL.start(
            () -> {
              x.set("resumer");
              try (Generator<String> generator =
                  Generator.of(
                      out -> {
                        x.set("own");
                        started.countDown();
                        Await.latch(go);
                        LockSupport.parkNanos(100_000);
                        out.yield(x.get());
                        Thread.yield();
                        out.yield(x.get());
                      })) {
                assertEquals("own", generator.next());
                assertEquals("resumer", x.get());
                LockSupport.parkNanos(100_000);
                assertEquals("own", generator.next());
                assertEquals("resumer", x.get());
              }
            });
    Await.latch(started);
    go.countDown();
    running.join();
  }

  /** Many virtual threads, more than carriers, hand generators on to each other. */
  @Test
  void generatorsMigrateBetweenManyVirtualThreads() throws Exception {
    List<Generator<String>> generators = new ArrayList<>();
    for (int g = 0; g < 20; g++) {
      String name = "generator " + g;
      generators.add(
          Generator.of(
              out -> {
                x.set(name);
                for (int i = 0; ; i++) {
                  LockSupport.parkNanos(1_000);
                  out.yield(x.get() + " " + i);
                }
              }));
    }
    for (int round = 0; round < 20; round++) {
      List<ThreadKind.Running> all = new ArrayList<>();
      for (int g = 0; g < 20; g++) {
        int which = g;
        int step = round;
        all.add(
            ThreadKind.VIRTUAL.start(
                () -> {
                  String mine = "thread of " + which;
                  x.set(mine);
                  assertEquals("generator " + which + " " + step, generators.get(which).next());
                  assertEquals(mine, x.get());
                }));
      }
      for (ThreadKind.Running running : all) {
        running.join();
      }
    }
    generators.forEach(Generator::close);
  }

  private static Generator.Yielder<String> forInitializer;

  /** Yields while it is initialized. */
  private static final class Yielding {
    static final String REFUSAL;

    static {
      String refusal = null;
      try {
        forInitializer.yield("in a class initializer");
      } catch (IllegalStateException e) {
        refusal = e.getMessage();
      }
      REFUSAL = refusal;
    }
  }

  @Test
  void yieldWithANativeFrameBelowIsRefusedAndTheBodyGoesOn() throws Exception {
    // A class is initialized once in a JVM, so by the first of the suites that run this.
    x.set("resumer");
    List<String> refusals = new ArrayList<>();
    try (Generator<String> generator =
        Generator.of(
            out -> {
              x.set("own");
              forInitializer = out;
              refusals.add(Yielding.REFUSAL);
              out.yield(x.get());
            })) {
      assertEquals("own", generator.next());
      assertEquals("resumer", x.get());
      assertFalse(generator.hasNext());
    }
    assertTrue(refusals.getFirst().contains("native frame"), refusals.getFirst());
    assertTrue(refusals.getFirst().contains("export of jdk.internal.vm"), refusals.getFirst());
  }

  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  @Test
  void yieldWithAScopedValueBoundInTheBodyIsRefusedAndTheBodyGoesOn() {
    try (Generator<String> generator =
        Generator.of(
            out -> {
              ScopedValue.where(SCOPED, "body's")
                  .run(
                      () -> {
                        IllegalStateException e =
                            assertThrows(IllegalStateException.class, () -> out.yield("never"));
                        assertTrue(e.getMessage().contains("ScopedValue"), e.getMessage());
                        assertEquals("body's", SCOPED.get());
                      });
              out.yield(SCOPED.orElse("none"));
            })) {
      ScopedValue.where(SCOPED, "resumer's")
          .run(
              () -> {
                assertEquals("resumer's", generator.next());
                assertEquals("resumer's", SCOPED.get());
              });
      assertFalse(SCOPED.isBound());
      assertFalse(generator.hasNext());
    }
  }

  @Test
  void refusedDelegationLeavesTheInnerToOthers() {
    Generator<String> inner = Generator.of(out -> out.yield("inner's"));
    try (Generator<String> outer =
        Generator.of(
            out -> {
              ScopedValue.where(SCOPED, "body's")
                  .run(() -> assertThrows(IllegalStateException.class, () -> out.yieldAll(inner)));
              out.yield("goes on");
            })) {
      assertEquals("goes on", outer.next());
      assertEquals("inner's", inner.next());
      assertFalse(inner.hasNext());
    }
  }
}
