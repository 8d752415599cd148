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
