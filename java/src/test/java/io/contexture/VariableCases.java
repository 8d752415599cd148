package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Object variables: identity, look-up, set, delete (V1 to V5), and what they refuse. */
abstract class VariableCases {
  private final ContextVar<String> x = ContextVar.of("x");

  @Test
  void v1VariablesOfOneNameAreDifferentVariables() {
    ContextVar<String> twin = ContextVar.of("x");
    x.set("mine");
    assertEquals("x", twin.name());
    assertNotEquals(x, twin);
    assertNull(twin.lookup());
    twin.set("its own");
    assertEquals("mine", x.get());
    assertEquals("its own", twin.get());
  }

  @Test
  void v1NameIsShownButNeverTheValue() {
    x.set("secret");
    assertEquals("ContextVar[x]", x.toString());
    assertEquals("", ContextVar.of("").name());
  }

  @Test
  void v2LookupFindsTheTopmostValueAndNullWhereThereIsNone() {
    assertNull(x.lookup());
    x.set("bottom");
    new LogicalContext()
        .run(
            () -> {
              assertEquals("bottom", x.lookup());
              new LogicalContext()
                  .run(
                      () -> {
                        x.set("top");
                        assertEquals("top", x.lookup());
                      });
              assertEquals("bottom", x.lookup());
            });
    assertEquals("bottom", x.lookup());
  }

  @Test
  void v2LookupAndIsBoundIgnoreTheDefault() {
    ContextVar<String> withDefault = ContextVar.withDefault("d", "default");
    assertNull(withDefault.lookup());
    assertNull(withDefault.lookupTopmost());
    assertFalse(withDefault.isBound());
  }

  @Test
  void v3GetGivesTheValueElseTheDefault() {
    ContextVar<String> withDefault = ContextVar.withDefault("d", "default");
    assertEquals("default", withDefault.get());
    assertEquals("default", withDefault.get(), "also from the cache");
    withDefault.set("value");
    assertEquals("value", withDefault.get());
    withDefault.delete();
    assertEquals("default", withDefault.get());
  }

  @Test
  void v3GetWithoutValueAndDefaultThrowsNamingTheVariable() {
    for (int i = 0; i < 2; i++) { // the second answer comes from the cache
      NoSuchElementException e = assertThrows(NoSuchElementException.class, x::get);
      assertTrue(e.getMessage().contains("'x'"), e.getMessage());
    }
  }

  @Test
  void v3NullIsAValue() {
    x.set("below");
    new LogicalContext()
        .run(
            () -> {
              x.set(null);
              for (int i = 0; i < 2; i++) {
                assertNull(x.get());
                assertNull(x.lookup());
                assertNull(x.getOrElse("other"));
                assertNull(x.lookupTopmost());
                assertTrue(x.isBound());
              }
            });
    assertEquals("below", x.get());
  }

  @Test
  void v3NullValueHidesTheDefaultAndNullMayBeTheDefault() {
    ContextVar<String> withDefault = ContextVar.withDefault("d", "default");
    withDefault.set(null);
    assertNull(withDefault.get());
    assertNull(withDefault.get());
    ContextVar<String> nullDefault = ContextVar.withDefault("n", null);
    assertNull(nullDefault.get());
    assertFalse(nullDefault.isBound());
    assertEquals("other", nullDefault.getOrElse("other"));
  }

  @Test
  void v3GetOrElseDoesNotConsultTheDefault() {
    ContextVar<String> withDefault = ContextVar.withDefault("d", "default");
    assertEquals("other", withDefault.getOrElse("other"));
    assertNull(withDefault.getOrElse(null));
    withDefault.set("value");
    assertEquals("value", withDefault.getOrElse("other"));
  }

  @Test
  void v4SetWithoutAnyContextMakesOneThatStays() {
    x.set("first");
    assertEquals("first", x.get());
    assertEquals("first", x.lookupTopmost());
    x.set("second");
    assertEquals("second", x.get());
  }

  @Test
  void v4SetWritesToTheTopmostContextOnly() {
    LogicalContext lower = new LogicalContext();
    LogicalContext upper = new LogicalContext();
    lower.run(
        () -> {
          x.set("lower");
          upper.run(
              () -> {
                assertNull(x.lookupTopmost());
                x.set("upper");
                assertEquals("upper", x.lookupTopmost());
                assertEquals("lower", lower.lookup(x));
              });
          assertEquals("lower", x.get());
        });
    assertEquals("upper", upper.lookup(x));
    assertFalse(x.isBound());
  }

  @Test
  void v4SetTakesTheVeryObject() {
    String value = new String("value");
    x.set(value);
    assertSame(value, x.get());
    assertSame(value, x.lookup());
    assertSame(value, x.lookupTopmost());
    assertSame(value, x.getOrElse("other"));
  }

  @Test
  void v5DeleteLetsTheValueBelowShowThroughAgain() {
    x.set("below");
    new LogicalContext()
        .run(
            () -> {
              x.set("above");
              x.delete();
              assertEquals("below", x.get());
              assertNull(x.lookupTopmost());
              assertThrows(NoSuchElementException.class, x::delete);
              assertEquals("below", x.get());
            });
  }

  @Test
  void v5DeleteOfWhatTheTopmostContextDoesNotHoldThrowsAndChangesNothing() {
    ContextVar<String> other = ContextVar.of("other");
    NoSuchElementException nothingAtAll = assertThrows(NoSuchElementException.class, x::delete);
    assertTrue(nothingAtAll.getMessage().contains("'x'"), nothingAtAll.getMessage());
    x.set("below");
    new LogicalContext()
        .run(
            () -> {
              assertThrows(NoSuchElementException.class, x::delete, "no topmost contents");
              other.set("o");
              assertThrows(NoSuchElementException.class, x::delete, "other topmost contents");
              assertEquals("below", x.get());
              assertEquals("o", other.get());
            });
    assertEquals("below", x.get());
    x.delete();
    assertThrows(NoSuchElementException.class, x::delete);
    assertFalse(x.isBound());
  }

  @Test
  void v5VariableCanBeSetAgainAfterDelete() {
    for (int i = 0; i < 100; i++) {
      x.set("a" + i);
      assertEquals("a" + i, x.get());
      x.delete();
      assertFalse(x.isBound());
    }
  }

  @Test
  void manyVariablesKeepTheirValuesThroughSetsAndDeletes() {
    int n = 1500; // beyond a flat map, a cache and several chunks of values
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic array
    ContextVar<Integer>[] vars = new ContextVar[n];
    for (int i = 0; i < n; i++) {
      vars[i] = ContextVar.of("v" + i);
      vars[i].set(i);
    }
    Consumer<Integer> check =
        deletedEvery -> {
          for (int i = 0; i < n; i++) {
            boolean deleted = deletedEvery > 0 && i % deletedEvery == 0;
            assertEquals(!deleted, vars[i].isBound());
            assertEquals(deleted ? -1 : i, vars[i].getOrElse(-1));
          }
        };
    check.accept(0);
    for (int i = 0; i < n; i += 3) {
      vars[i].delete();
    }
    check.accept(3);
    new LogicalContext().run(() -> check.accept(3));
    for (int i = 0; i < n; i += 3) {
      vars[i].set(i);
    }
    check.accept(0);
  }

  @Test
  void factoriesRefuseNullNames() {
    assertNames("name", assertThrows(NullPointerException.class, () -> ContextVar.of(null)));
    assertNames(
        "name", assertThrows(NullPointerException.class, () -> ContextVar.withDefault(null, 1)));
  }

  @Test
  void runWithAndCallWithRefuseNullBodiesBeforeBinding() {
    assertNames("body", assertThrows(NullPointerException.class, () -> x.runWith("v", null)));
    assertNames("body", assertThrows(NullPointerException.class, () -> x.callWith("v", null)));
    assertFalse(x.isBound());
  }

  /** That the message of {@code e} names {@code parameter}. */
  static void assertNames(String parameter, NullPointerException e) {
    assertTrue(e.getMessage().contains(parameter), e.getMessage());
  }
}
