package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 64-bit variables: everything that object variables do (V1 to V6), for every pattern of bits. */
abstract class LongVariableCases {
  private static final long[] VALUES = {
    0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 31, 1L << 32, 0x8000_0000L, -2, 42
  };

  private final LongContextVar x = LongContextVar.of("x");

  @Test
  void v1VariablesOfOneNameAreDifferentVariables() {
    LongContextVar twin = LongContextVar.of("x");
    assertNotEquals(x, twin);
    x.set(1);
    assertFalse(twin.isBound());
    assertEquals("x", twin.name());
    assertEquals("LongContextVar[x]", x.toString());
  }

  @Test
  void v2V4EveryValueIsFoundOnEveryLevel() {
    for (long value : VALUES) {
      x.set(value);
      assertFound(value);
      new LogicalContext()
          .run(
              () -> {
                assertFound(value);
                new LogicalContext()
                    .run(
                        () -> {
                          x.set(~value);
                          assertFound(~value);
                        });
                assertFound(value);
              });
      ExecutionContext snapshot = ExecutionContext.capture();
      x.set(~value);
      assertFound(~value);
      snapshot.run(() -> assertFound(value));
    }
  }

  private void assertFound(long value) {
    for (int i = 0; i < 2; i++) { // the second answer comes from the cache
      assertTrue(x.isBound());
      assertEquals(value, x.get());
      assertEquals(value, x.getOrElse(~value));
    }
  }

  @Test
  void v3GetGivesTheValueElseTheDefaultElseThrows() {
    for (long value : VALUES) {
      LongContextVar withDefault = LongContextVar.withDefault("d", value);
      for (int i = 0; i < 2; i++) {
        assertEquals(value, withDefault.get());
        assertEquals(7, withDefault.getOrElse(7));
        assertFalse(withDefault.isBound());
      }
      withDefault.set(~value);
      assertEquals(~value, withDefault.get());
      withDefault.delete();
      assertEquals(value, withDefault.get());
    }
    for (int i = 0; i < 2; i++) {
      NoSuchElementException e = assertThrows(NoSuchElementException.class, x::get);
      assertTrue(e.getMessage().contains("'x'"), e.getMessage());
      assertEquals(Long.MIN_VALUE, x.getOrElse(Long.MIN_VALUE));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 31, 32, 33, 34, 100})
  void v3DefaultIsGivenExactlyWhileTheVariableIsUnboundAtAnyDepth(int depth) {
    for (long value : VALUES) {
      nest(depth, () -> changeWithDefault(LongContextVar.withDefault("d", value), value));
    }
  }

  /** Runs {@code body} under {@code depth} logical contexts, each with a variable of its own. */
  private static void nest(int depth, Runnable body) {
    if (depth == 0) {
      body.run();
    } else {
      LongContextVar own = LongContextVar.of("level " + depth);
      new LogicalContext()
          .run(
              () -> {
                own.set(depth);
                nest(depth - 1, body);
                assertEquals(depth, own.get());
              });
    }
  }

  /** Changes a variable in every way, each time after it was found unbound and cached as that. */
  private static void changeWithDefault(LongContextVar d, long value) {
    assertUnbound(d, value);
    d.set(~value);
    assertBound(d, ~value);
    new LogicalContext().run(() -> assertBound(d, ~value));
    d.delete();
    assertUnbound(d, value);
    try (Binding _ = d.bind(5)) {
      assertBound(d, 5);
      ExecutionContext.empty().run(() -> assertUnbound(d, value));
      assertBound(d, 5);
    }
    assertUnbound(d, value);
    ExecutionContext unbound = ExecutionContext.capture();
    LogicalContext lc = new LogicalContext();
    lc.run(
        () -> {
          assertUnbound(d, value);
          d.set(6);
          assertBound(d, 6);
          unbound.run(() -> assertUnbound(d, value));
          assertBound(d, 6);
        });
    assertUnbound(d, value);
    lc.run(() -> assertBound(d, 6));
    lc.run(d::delete);
    lc.run(() -> assertUnbound(d, value));
    d.set(value); // the default itself
    lc.run(() -> assertBound(d, value));
    d.delete();
    lc.run(() -> assertUnbound(d, value));
    try (Generator<Long> generator =
        Generator.of(
            out -> {
              assertUnbound(d, value);
              out.yield(d.get());
              assertBound(d, 7);
              out.yield(d.get());
              assertUnbound(d, value);
            })) {
      assertEquals(value, generator.next());
      d.set(7);
      assertEquals(7, generator.next());
      d.delete();
      assertFalse(generator.hasNext());
    }
  }

  private static void assertUnbound(LongContextVar d, long value) {
    for (int i = 0; i < 2; i++) { // the second answers come from the cache
      assertEquals(value, d.get());
      assertFalse(d.isBound());
      assertEquals(~value, d.getOrElse(~value));
    }
  }

  private static void assertBound(LongContextVar d, long value) {
    for (int i = 0; i < 2; i++) {
      assertEquals(value, d.get());
      assertTrue(d.isBound());
      assertEquals(value, d.getOrElse(~value));
    }
  }

  @Test
  void v5DeleteLetsTheValueBelowShowThroughAgain() {
    x.set(Long.MIN_VALUE);
    new LogicalContext()
        .run(
            () -> {
              NoSuchElementException e = assertThrows(NoSuchElementException.class, x::delete);
              assertTrue(e.getMessage().contains("'x'"), e.getMessage());
              assertFound(Long.MIN_VALUE);
              x.set(-1);
              x.delete();
              assertFound(Long.MIN_VALUE);
              assertThrows(NoSuchElementException.class, x::delete);
            });
    x.delete();
    assertFalse(x.isBound());
  }

  @Test
  void v6BindingPutsTheOldValueOrAbsenceBack() {
    for (long value : VALUES) {
      try (Binding _ = x.bind(value)) {
        assertFound(value);
        try (Binding _ = x.bind(~value)) {
          assertFound(~value);
        }
        assertFound(value);
      }
      assertFalse(x.isBound());
      new LogicalContext()
          .run(
              () -> {
                try (Binding _ = x.bind(value)) {
                  assertFound(value);
                }
                assertThrows(NoSuchElementException.class, x::delete, "absent again, not copied");
              });
    }
  }

  @Test
  void v6MisuseOfABindingIsRefusedAndTheCorrectCloseStillWorks() {
    x.set(1);
    Binding outer = x.bind(2);
    Binding inner = x.bind(3);
    assertThrows(IllegalStateException.class, outer::close);
    assertFound(3);
    new LogicalContext().run(() -> assertThrows(IllegalStateException.class, inner::close));
    assertFound(3);
    inner.close();
    inner.close();
    assertFound(2);
    outer.close();
    assertFound(1);
  }

  @Test
  void longAndObjectVariablesOfOneContextDoNotMix() {
    int n = 300;
    LongContextVar[] longs = new LongContextVar[n];
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic array
    ContextVar<Long>[] objects = new ContextVar[n];
    for (int i = 0; i < n; i++) {
      longs[i] = LongContextVar.of("l" + i);
      longs[i].set(i);
      objects[i] = ContextVar.of("o" + i);
      objects[i].set(-1L - i);
    }
    for (int i = 0; i < n; i += 2) {
      longs[i].delete();
      objects[n - 1 - i].delete();
    }
    for (int i = 0; i < n; i++) {
      assertEquals(i % 2 == 0 ? 5 : i, longs[i].getOrElse(5));
      assertEquals((n - 1 - i) % 2 == 0 ? 5 : -1L - i, objects[i].getOrElse(5L));
    }
  }

  @Test
  void g1G2ValuesInGeneratorsAreIsolatedAndSeenThrough() {
    LongContextVar own = LongContextVar.of("own");
    x.set(Long.MIN_VALUE);
    try (Generator<Long> generator =
        Generator.of(
            out -> {
              own.set(-1);
              while (true) {
                out.yield(own.get());
                out.yield(x.get());
                own.set(own.get() - 1);
              }
            })) {
      Iterator<Long> expected = List.of(-1L, Long.MIN_VALUE, -2L, 0L, -3L, 1L).iterator();
      for (long value = 0; expected.hasNext(); value++) {
        assertEquals(expected.next(), generator.next());
        assertEquals(expected.next(), generator.next());
        assertFalse(own.isBound());
        x.set(value);
      }
    }
  }

  @Test
  void factoriesRefuseNullNames() {
    VariableCases.assertNames(
        "name", assertThrows(NullPointerException.class, () -> LongContextVar.of(null)));
    VariableCases.assertNames(
        "name",
        assertThrows(NullPointerException.class, () -> LongContextVar.withDefault(null, 1)));
  }
}
