package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code yieldAll} of a generator (G4): what goes in goes on, what ends goes back (PEP 380). */
abstract class DelegationCases {
  private static final int DEEP = 1000;

  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");

  // ------------------------------------------------------------------- against PEP 380 by hand

  /** What {@code yieldAll} of a sending generator stands for, as PEP 380 has it. */
  private static void delegateByHand(
      SendingGenerator.Yielder<String, String> out, SendingGenerator<String, String> inner) {
    if (!inner.hasNext()) {
      return;
    }
    String value = inner.next();
    try {
      while (true) {
        boolean more;
        String sent;
        try {
          sent = out.exchange(value);
        } catch (RuntimeException thrown) {
          value = inner.throwInto(thrown);
          continue;
        } catch (Error closing) {
          inner.close();
          throw closing;
        }
        more = sent == null ? inner.hasNext() : inner.advance(sent);
        if (!more) {
          return;
        }
        value = inner.next();
      }
    } catch (NoSuchElementException innerCaughtItAndReturned) {
      return;
    }
  }

  private interface Delegation {
    void delegate(
        SendingGenerator.Yielder<String, String> out, SendingGenerator<String, String> inner);
  }

  /** A body that does at random what bodies do, at some depth, and logs what it sees. */
  private SendingGenerator<String, String> random(
      int seed, int depth, Delegation delegation, List<String> log) {
    SendingGenerator.Body<String, String> body =
        out -> {
          Random random = new Random(seed);
          String name = depth + ": ";
          int steps = 2 + random.nextInt(4);
          try {
            for (int i = 0; i < steps; i++) {
              switch (random.nextInt(depth > 0 ? 7 : 4)) {
                case 0 -> x.set(name + i);
                case 1 -> y.set(name + i);
                case 2 -> log.add(name + "sent " + out.exchange(name + i + see()));
                case 3 -> {
                  try {
                    new LogicalContext()
                        .run(
                            () -> {
                              x.set(name + "in a context");
                              log.add(name + "got " + out.exchange(name + see()));
                            });
                  } catch (IllegalArgumentException e) {
                    log.add(name + "caught " + e.getMessage() + see());
                  }
                }
                case 4 -> ExecutionContext.empty().run(() -> inner(out, random, name));
                default -> inner(out, random, name);
              }
            }
            if (random.nextInt(4) == 0) {
              throw new IllegalArgumentException("by the body at " + depth);
            }
          } finally {
            log.add(name + "ends" + see());
          }
        };
    return seed % 5 == 4 ? SendingGenerator.transparent(body) : SendingGenerator.of(body);
  }

  private String see() {
    return " (" + x.getOrElse("-") + ", " + y.getOrElse("-") + ")";
  }

  /** The part of a random body that needs what {@link #random} was given. */
  private void inner(SendingGenerator.Yielder<String, String> out, Random random, String name) {
    Present now = present;
    int depth = Integer.parseInt(name.substring(0, name.indexOf(':')));
    try (SendingGenerator<String, String> inner =
        random(random.nextInt(1 << 20), depth - 1, now.delegation, now.log)) {
      now.delegation.delegate(out, inner);
    } catch (IllegalArgumentException e) {
      now.log.add(name + "inner threw " + e.getMessage() + see());
    }
  }

  private record Present(Delegation delegation, List<String> log) {}

  private volatile Present present;

  /** Talks at random to a random generator; gives the whole story. */
  private List<String> talk(int seed, Delegation delegation) {
    List<String> log = new ArrayList<>();
    present = new Present(delegation, log);
    return new LogicalContext()
        .call(
            () -> {
              x.set("resumer");
              Random random = new Random(~seed);
              SendingGenerator<String, String> generator = random(seed, 3, delegation, log);
              boolean begun = false;
              try {
                while (true) {
                  String got;
                  switch (begun ? random.nextInt(12) : 0) {
                    case 1, 2, 3 -> got = generator.send("sent " + random.nextInt(100));
                    case 4 -> got = generator.throwInto(new IllegalArgumentException("thrown in"));
                    case 5 -> got = new LogicalContext().call(generator::next);
                    case 6 -> {
                      y.set("resumer " + random.nextInt(100));
                      got = generator.next();
                    }
                    case 7 -> {
                      if (random.nextInt(6) == 0) {
                        generator.close();
                        log.add("closed" + see());
                      }
                      got = generator.next();
                    }
                    default -> got = generator.next();
                  }
                  begun = true;
                  log.add("got " + got + see());
                }
              } catch (NoSuchElementException e) {
                log.add("the end" + see());
              } catch (IllegalArgumentException e) {
                log.add("threw " + e.getMessage() + see());
              }
              assertFalse(generator.hasNext());
              return log;
            });
  }

  @Test
  void g4RandomConversationsAreTheSameAsWithDelegationByHand() {
    int lines = 0;
    for (int seed = 0; seed < 300; seed++) {
      List<String> byHand = talk(seed, DelegationCases::delegateByHand);
      assertEquals(byHand, talk(seed, (out, inner) -> out.yieldAll(inner)), "seed " + seed);
      lines += byHand.size();
    }
    assertTrue(lines > 3000, "only " + lines + " lines");
  }

  // --------------------------------------------------------------------------------- by case

  @Test
  void g4WhatIsSentGoesToTheInnermostThatTakesIt() {
    List<String> heard = new ArrayList<>();
    SendingGenerator<String, String> innermost =
        SendingGenerator.of(
            out -> {
              heard.add(out.exchange("1"));
              heard.add(out.exchange("2"));
            });
    SendingGenerator<String, String> middle = SendingGenerator.of(out -> out.yieldAll(innermost));
    try (SendingGenerator<String, String> outer =
        SendingGenerator.of(
            out -> {
              out.yieldAll(middle);
              heard.add("outer " + out.exchange("3"));
              Iterator<String> untyped =
                  SendingGenerator.<Integer, String>of(o -> heard.add("" + o.exchange("4")));
              out.yieldAll(untyped);
            })) {
      assertEquals("1", outer.next());
      assertEquals("2", outer.send("a"));
      assertEquals("3", outer.send("b"));
      assertEquals("4", outer.send("c"));
      assertFalse(outer.advance("not for one that might want something else"));
    }
    assertEquals(List.of("a", "b", "outer c", "null"), heard);
  }

  @Test
  void g4WhatTheInnerThrowsComesOutOfYieldAll() {
    IllegalArgumentException thrown = new IllegalArgumentException("inner");
    x.set("resumer");
    try (Generator<String> outer =
        Generator.of(
            out -> {
              x.set("outer");
              Generator<String> inner =
                  Generator.of(
                      o -> {
                        x.set("inner");
                        o.yield("first");
                        throw thrown;
                      });
              try {
                out.yieldAll(inner);
              } catch (IllegalArgumentException e) {
                assertSame(thrown, e);
                out.yield("caught, " + x.get());
              }
            })) {
      assertEquals("first", outer.next());
      assertEquals("caught, outer", outer.next());
      assertFalse(outer.hasNext());
    }
  }

  @Test
  void g4CloseUnwindsFromTheInside() {
    List<String> log = new ArrayList<>();
    Generator<String> outer = logging(DEEP, log);
    assertEquals("value", outer.next());
    outer.close();
    assertEquals(DEEP + 1, log.size());
    for (int i = 0; i <= DEEP; i++) {
      assertEquals("end of " + i, log.get(i));
    }
    assertFalse(outer.hasNext());
  }

  private Generator<String> logging(int depth, List<String> log) {
    return Generator.of(
        out -> {
          try {
            if (depth == 0) {
              out.yield("value");
            } else {
              out.yieldAll(logging(depth - 1, log));
            }
          } finally {
            log.add("end of " + depth);
          }
        });
  }

  @Test
  void g4ThrowingIntoADeepChainUnwindsFromTheInside() {
    List<String> log = new ArrayList<>();
    Generator<String> outer = logging(DEEP, log);
    outer.next();
    IllegalArgumentException thrown = new IllegalArgumentException("in");
    assertSame(thrown, assertThrows(IllegalArgumentException.class, () -> outer.throwInto(thrown)));
    assertEquals(DEEP + 1, log.size());
    assertEquals("end of 0", log.getFirst());
  }

  @Test
  void g4GeneratorDroppedInTheMiddleOfDelegationUnwindsFromTheInside() {
    List<String> log = java.util.Collections.synchronizedList(new ArrayList<>());
    startAndDrop(log);
    Await.untilCollecting("the chain isn't unwound", () -> log.size() == 21);
    assertEquals("end of 0", log.getFirst());
    assertEquals("end of 20", log.getLast());
  }

  private void startAndDrop(List<String> log) {
    assertEquals("value", logging(20, log).next());
  }

  /** Delegates {@code depth} times; each has its own x on even levels, and counts its elements. */
  private Generator<String> deep(int depth) {
    return Generator.of(
        out -> {
          if (depth % 2 == 0) {
            x.set("of " + depth);
          }
          if (depth == 0) {
            y.set("innermost");
            for (int i = 0; i < 3; i++) {
              out.yield(i + " " + x.get() + " " + y.get());
              x.delete();
              out.yield(i + " " + x.get() + " " + y.get());
              x.set("again");
            }
          } else {
            out.yieldAll(deep(depth - 1));
            out.yield(depth + " " + x.get() + " " + y.get());
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 31, 100, DEEP})
  void g3G4ContextsAreRightAtAnyDepthOfDelegation(int depth) {
    x.set("resumer's x");
    try (Generator<String> outermost = deep(depth)) {
      String below = depth < 2 ? "resumer's x" : "of 2";
      for (int i = 0; i < 3; i++) {
        y.set("resumer " + i);
        String own = i == 0 ? "of 0" : "again";
        assertEquals(i + " " + own + " innermost", outermost.next());
        assertEquals(i + " " + below + " innermost", outermost.next());
        assertEquals("resumer's x", x.get());
        assertEquals("resumer " + i, y.get());
      }
      for (int d = 1; d <= depth; d++) {
        int setter = d % 2 == 0 ? d : d + 1;
        y.set("y " + d);
        String seen = setter <= depth ? "of " + setter : "resumer's x";
        assertEquals(d + " " + seen + " y " + d, outermost.next());
      }
      assertFalse(outermost.hasNext());
    }
  }

  @Test
  void g4DeepDelegationMigratesBetweenThreads() throws Exception {
    try (Generator<String> outermost = deep(100)) {
      y.set("resumer");
      assertEquals("0 of 0 innermost", outermost.next());
      for (ThreadKind kind : ThreadKind.values()) {
        kind.run(() -> assertTrue(outermost.next().endsWith(" innermost")));
      }
      assertEquals("1 of 2 innermost", outermost.next());
    }
  }

  @Test
  void g4DelegateCanBeResumedByOthersInBetween() {
    try (Generator<Integer> inner =
            Generator.of(
                out -> {
                  for (int i = 0; i < 6; i++) {
                    out.yield(i);
                  }
                });
        Generator<Integer> outer =
            Generator.of(
                out -> {
                  out.yieldAll(inner);
                  out.yield(100);
                })) {
      assertEquals(0, outer.next());
      assertEquals(1, inner.next());
      assertEquals(2, outer.next());
      assertTrue(inner.hasNext());
      assertEquals(3, outer.next(), "which was ready");
      assertTrue(inner.hasNext());
      inner.next();
      inner.next();
      assertFalse(inner.hasNext());
      assertEquals(100, outer.next());
      assertFalse(outer.hasNext());
    }
  }

  @Test
  void g4WhatIsSentWhileADelegateHasAValueReadyIsRefusedOrDropped() {
    List<String> refused = new ArrayList<>();
    SendingGenerator<String, String> inner =
        SendingGenerator.of(
            out -> {
              while (true) {
                out.yield("inner's");
              }
            });
    try (SendingGenerator<String, String> taking =
            SendingGenerator.of(
                out -> {
                  try {
                    out.yieldAll(inner);
                  } catch (IllegalStateException e) {
                    refused.add(e.getMessage());
                  }
                  out.yield("refused");
                });
        SendingGenerator<String, String> dropping =
            SendingGenerator.of(
                out -> {
                  Iterator<String> untyped = inner;
                  out.yieldAll(untyped);
                })) {
      assertEquals("inner's", taking.next());
      assertEquals("inner's", dropping.next());
      assertTrue(inner.hasNext());
      assertEquals("inner's", dropping.send("dropped"));
      assertTrue(inner.hasNext());
      assertEquals("refused", taking.send("refused, as by the inner one"));
      assertEquals(1, refused.size());
      assertEquals("inner's", inner.next());
    }
  }

  @Test
  void g4DelegateClosedByOthersIsAtItsEnd() {
    try (Generator<Integer> inner = Generator.of(out -> out.yield(1));
        Generator<Integer> outer =
            Generator.of(
                out -> {
                  out.yieldAll(inner);
                  out.yield(100);
                })) {
      assertEquals(1, outer.next());
      inner.close();
      assertEquals(100, outer.next());
    }
  }

  @Test
  void g7DelegateThatRunsElsewhereIsRefusedInTheOutersBody() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Generator<String> inner =
        Generator.of(
            out -> {
              out.yield("first");
              inside.countDown();
              Await.latch(go);
              out.yield("for the other thread");
              out.yield("last");
            });
    try (Generator<String> outer =
        Generator.of(
            out -> {
              try {
                out.yieldAll(inner);
              } catch (IllegalStateException e) {
                out.yield("refused");
              }
              out.yieldAll(inner);
            })) {
      assertEquals("first", outer.next());
      ThreadKind.Running other =
          ThreadKind.PLATFORM.start(() -> assertEquals("for the other thread", inner.next()));
      Await.latch(inside);
      assertEquals("refused", outer.next());
      go.countDown();
      other.join();
      assertEquals("last", outer.next());
      assertFalse(outer.hasNext());
    }
  }

  @Test
  void g7ChainThatRunsCannotBeResumedAtAnyOfItsLinks() {
    Generator<?>[] chain = new Generator<?>[3];
    AtomicInteger refused = new AtomicInteger();
    Generator<String> innermost =
        Generator.of(
            out -> {
              for (Generator<?> link : chain) {
                assertThrows(IllegalStateException.class, link::hasNext);
                assertThrows(IllegalStateException.class, link::close);
                refused.incrementAndGet();
              }
              out.yield("value");
            });
    Generator<String> middle = Generator.of(out -> out.yieldAll(innermost));
    Generator<String> outer = Generator.of(out -> out.yieldAll(middle));
    chain[0] = innermost;
    chain[1] = middle;
    chain[2] = outer;
    assertEquals("value", outer.next());
    assertEquals(3, refused.get());
    outer.close();
    assertFalse(innermost.hasNext());
  }

  @Test
  void g7GeneratorThatYieldsAllOfItselfIsRefused() {
    Generator<?>[] self = new Generator<?>[1];
    @SuppressWarnings("unchecked")
    Generator<String> generator =
        Generator.of(
            out -> {
              Generator<String> me = (Generator<String>) self[0];
              assertThrows(IllegalStateException.class, () -> out.yieldAll(me));
              out.yield("goes on");
            });
    self[0] = generator;
    assertEquals("goes on", generator.next());
    generator.close();
  }

  @Test
  void g4DelegationWhileTheBodyIsClosedStillRunsTheInner() {
    List<String> log = new ArrayList<>();
    Generator<String> outer =
        Generator.of(
            out -> {
              try {
                out.yield("first");
              } finally {
                out.yieldAll(Generator.of(o -> log.add("ran")));
                log.add("nothing to yield");
                out.yieldAll(
                    Generator.of(
                        o -> {
                          log.add("yields");
                          o.yield("never taken");
                        }));
                log.add("must not go on");
              }
            });
    outer.next();
    outer.close();
    assertEquals(List.of("ran", "nothing to yield", "yields"), log);
  }

  @Test
  void s5SnapshotTakenByTheInnermostKeepsTheMomentOfTheWholeChain() {
    ExecutionContext[] snapshot = new ExecutionContext[1];
    ContextVar<String> z = ContextVar.of("z");
    x.set("resumer");
    try (Generator<String> outer =
        Generator.of(
            out -> {
              y.set("outer");
              out.yieldAll(
                  Generator.of(
                      o -> {
                        z.set("inner");
                        snapshot[0] = ExecutionContext.capture();
                        o.yield("captured");
                        z.set("inner, changed");
                      }));
              y.set("outer, changed");
              out.yield("changed");
            })) {
      assertEquals("captured", outer.next());
      x.set("resumer, changed");
      assertEquals("changed", outer.next());
    }
    assertEquals("resumer", snapshot[0].lookup(x));
    assertEquals("outer", snapshot[0].lookup(y));
    assertEquals("inner", snapshot[0].lookup(z));
  }
}
