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
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** What goes into a generator: values sent and errors thrown (PEP 342), and where it is refused. */
abstract class SendingCases {
  private final ContextVar<String> x = ContextVar.of("x");

  /** Yields "go", then what was sent, "none" for null. */
  private static SendingGenerator<String, String> echo() {
    return SendingGenerator.of(
        out -> {
          String said = "go";
          while (!"stop".equals(said)) {
            String heard = out.exchange(said);
            said = heard == null ? "none" : heard;
          }
        });
  }

  @Test
  void exchangeReturnsWhatIsSent() {
    try (SendingGenerator<String, String> echo = echo()) {
      assertEquals("go", echo.next());
      assertEquals("a", echo.send("a"));
      assertEquals("b", echo.send("b"));
      assertEquals("none", echo.next());
      assertEquals("none", echo.send(null));
      assertEquals("c", echo.send("c"));
      assertThrows(NoSuchElementException.class, () -> echo.send("stop"));
      assertThrows(NoSuchElementException.class, () -> echo.send("more"));
      assertFalse(echo.hasNext());
      assertFalse(echo.advance("more"));
    }
  }

  @Test
  void valueSentIsGotOnce() {
    List<String> heard = new ArrayList<>();
    try (SendingGenerator<String, Integer> generator =
        SendingGenerator.of(
            out -> {
              heard.add(out.exchange(1));
              out.yield(2);
              heard.add(out.exchange(3));
              heard.add(out.exchange(4));
            })) {
      assertEquals(1, generator.next());
      assertEquals(2, generator.send("to the first"));
      assertEquals(3, generator.send("to a plain yield"));
      assertEquals(4, generator.next());
      assertFalse(generator.advance("to the last"));
    }
    assertEquals(java.util.Arrays.asList("to the first", null, "to the last"), heard);
  }

  @Test
  void sendingNullBeginsAndAnythingElseIsRefusedBefore() {
    try (SendingGenerator<String, String> echo = echo()) {
      assertThrows(IllegalStateException.class, () -> echo.send("early"));
      assertThrows(IllegalStateException.class, () -> echo.advance("early"));
      assertEquals("go", echo.send(null));
      assertEquals("a", echo.send("a"));
    }
  }

  @Test
  void valueThatIsReadyHasToBeTakenBeforeSomethingGoesIn() {
    try (SendingGenerator<String, String> echo = echo()) {
      assertTrue(echo.hasNext());
      assertThrows(IllegalStateException.class, () -> echo.send("x"));
      assertThrows(IllegalStateException.class, () -> echo.advance("x"));
      assertThrows(
          IllegalStateException.class, () -> echo.throwInto(new RuntimeException("never seen")));
      assertEquals("go", echo.next());
      assertEquals("a", echo.send("a"));
    }
  }

  @Test
  void conversationThatTheBodyEndsIsALoop() {
    List<String> asked = new ArrayList<>();
    try (SendingGenerator<Integer, String> asker =
        SendingGenerator.of(
            out -> {
              int sum = 0;
              while (sum < 10) {
                sum += out.exchange("sum " + sum);
              }
            })) {
      for (boolean more = asker.hasNext(); more; ) {
        asked.add(asker.next());
        more = asker.advance(4);
      }
    }
    assertEquals(List.of("sum 0", "sum 4", "sum 8"), asked);
  }

  @Test
  void g1G2SendingKeepsContextsApart() {
    x.set("resumer");
    try (SendingGenerator<String, String> generator =
        SendingGenerator.of(
            out -> {
              String first = out.exchange(x.get());
              x.set("own " + first);
              String second = out.exchange(x.get());
              x.delete();
              out.yield(second + " " + x.get());
            })) {
      assertEquals("resumer", generator.next());
      assertEquals("own 1", generator.send("1"));
      assertEquals("resumer", x.get());
      x.set("resumer, later");
      assertEquals("2 resumer, later", generator.send("2"));
    }
  }

  @Test
  void g5TransparentSendingGeneratorWorksInItsResumersContext() {
    try (SendingGenerator<String, String> setter =
        SendingGenerator.transparent(
            out -> {
              while (true) {
                x.set(out.exchange(x.getOrElse("none")));
              }
            })) {
      assertEquals("none", setter.next());
      assertEquals("a", setter.send("a"));
      assertEquals("a", x.lookupTopmost());
      new LogicalContext().run(() -> assertEquals("b", setter.send("b")));
      assertEquals("a", x.get());
    }
  }

  // --------------------------------------------------------------------------- throwing into

  @Test
  void whatIsThrownIntoABodyComesOutOfItsYieldAndCanBeCaught() {
    IllegalArgumentException thrown = new IllegalArgumentException("thrown in");
    List<Throwable> caught = new ArrayList<>();
    x.set("resumer");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              x.set("own");
              try {
                out.yield("first");
              } catch (IllegalArgumentException e) {
                caught.add(e);
                out.yield("caught, " + x.get());
              }
              out.yield("after");
            })) {
      assertEquals("first", generator.next());
      assertEquals("caught, own", generator.throwInto(thrown));
      assertEquals("resumer", x.get());
      assertEquals("after", generator.next());
      assertSame(thrown, caught.getFirst());
      assertFalse(generator.hasNext());
    }
  }

  @Test
  void whatIsThrownIntoABodyAndNotCaughtEndsIt() {
    for (Throwable thrown : List.of(new IllegalArgumentException("in"), new AssertionError("in"))) {
      boolean[] unwound = new boolean[1];
      Generator<String> generator =
          Generator.of(
              out -> {
                try {
                  out.yield("first");
                } finally {
                  unwound[0] = true;
                }
              });
      generator.next();
      assertSame(thrown, assertThrows(Throwable.class, () -> generator.throwInto(thrown)));
      assertTrue(unwound[0]);
      assertFalse(generator.hasNext());
    }
  }

  @Test
  void checkedExceptionIsThrownIntoABodyAsACause() {
    IOException checked = new IOException("in");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              try {
                out.yield("first");
              } catch (CompletionException e) {
                out.yield(e.getCause().getMessage());
              }
            })) {
      generator.next();
      assertEquals("in", generator.throwInto(checked));
    }
    Generator<String> other = Generator.of(out -> out.yield("first"));
    other.next();
    CompletionException e = assertThrows(CompletionException.class, () -> other.throwInto(checked));
    assertSame(checked, e.getCause());
  }

  @Test
  void throwingIntoABodyThatHasNotBegunEndsItUnrun() {
    RuntimeException thrown = new RuntimeException("in");
    boolean[] ran = new boolean[1];
    Generator<String> generator =
        Generator.of(
            out -> {
              ran[0] = true;
              out.yield("never");
            });
    assertSame(thrown, assertThrows(RuntimeException.class, () -> generator.throwInto(thrown)));
    assertFalse(generator.hasNext());
    assertSame(thrown, assertThrows(RuntimeException.class, () -> generator.throwInto(thrown)));
    assertFalse(ran[0]);
  }

  @Test
  void bodyThatCatchesAndReturnsHasNoNextValue() {
    Generator<String> generator =
        Generator.of(
            out -> {
              try {
                out.yield("first");
              } catch (IllegalArgumentException e) {
                // Enough.
              }
            });
    generator.next();
    assertThrows(
        NoSuchElementException.class,
        () -> generator.throwInto(new IllegalArgumentException("in")));
    assertFalse(generator.hasNext());
  }

  @Test
  void throwingIntoABodyUnwindsItsRunsAndBindings() {
    LogicalContext lc = new LogicalContext();
    x.set("resumer");
    try (Generator<String> generator =
        Generator.of(
            out -> {
              try (Binding _ = x.bind("bound")) {
                lc.run(() -> out.yield("inside"));
              } catch (IllegalArgumentException e) {
                out.yield(x.get());
              }
            })) {
      generator.next();
      assertTrue(lc.isEntered());
      assertEquals("resumer", generator.throwInto(new IllegalArgumentException("in")));
      assertFalse(lc.isEntered());
    }
  }

  @Test
  void g7SendingFromInsideIsRefusedAndTheGeneratorGoesOn() {
    SendingGenerator<?, ?>[] self = new SendingGenerator<?, ?>[1];
    try (SendingGenerator<String, String> generator =
        SendingGenerator.of(
            out -> {
              assertThrows(IllegalStateException.class, () -> self[0].send(null));
              assertThrows(IllegalStateException.class, () -> self[0].advance(null));
              assertThrows(
                  IllegalStateException.class, () -> self[0].throwInto(new RuntimeException("in")));
              out.yield(out.exchange("first") + ", sent");
            })) {
      self[0] = generator;
      assertEquals("first", generator.next());
      assertEquals("second, sent", generator.send("second"));
    }
  }

  @Test
  void g7EachOfSeveralThreadsCanSend() throws Exception {
    try (SendingGenerator<String, String> generator =
        SendingGenerator.of(
            out -> {
              String heard = null;
              while (true) {
                heard = out.exchange(heard + " of " + x.getOrElse("nobody"));
              }
            })) {
      x.set("creator");
      assertEquals("null of creator", generator.next());
      for (ThreadKind kind : ThreadKind.values()) {
        kind.run(
            () -> {
              x.set(kind.name());
              assertEquals("sent of " + kind.name(), generator.send("sent"));
            });
      }
      assertEquals("again of creator", generator.send("again"));
    }
  }

  @Test
  void streamSendsNullAndItsCloseClosesTheGenerator() {
    boolean[] unwound = new boolean[1];
    SendingGenerator<String, String> generator =
        SendingGenerator.of(
            out -> {
              try {
                assertNull(out.exchange("1"));
                assertNull(out.exchange("2"));
                out.yield("3");
              } finally {
                unwound[0] = true;
              }
            });
    try (var stream = generator.stream()) {
      assertEquals(List.of("1", "2"), stream.limit(2).toList());
      assertFalse(unwound[0]);
    }
    assertTrue(unwound[0]);
  }

  @Test
  void nullArgumentsAreNamed() {
    VariableCases.assertNames(
        "body", assertThrows(NullPointerException.class, () -> SendingGenerator.of(null)));
    VariableCases.assertNames(
        "body", assertThrows(NullPointerException.class, () -> SendingGenerator.transparent(null)));
    try (SendingGenerator<String, String> echo = echo()) {
      echo.next();
      VariableCases.assertNames(
          "problem", assertThrows(NullPointerException.class, () -> echo.throwInto(null)));
      assertEquals("a", echo.send("a"));
    }
  }
}
