package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bindings (V6): exact restoration, and every misuse. */
abstract class BindingCases {
  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");

  @Test
  void v6CloseRestoresTheOldValueOfTheTopmostContext() {
    x.set("old");
    try (Binding _ = x.bind("new")) {
      assertEquals("new", x.get());
    }
    assertEquals("old", x.get());
    assertEquals("old", x.lookupTopmost());
  }

  @Test
  void v6CloseRestoresABoundNull() {
    x.set(null);
    try (Binding _ = x.bind("new")) {
      assertEquals("new", x.get());
    }
    assertTrue(x.isBound());
    assertNull(x.lookup());
  }

  @Test
  void v6CloseRestoresAbsenceSoThatLaterChangesBelowShowThrough() {
    LogicalContext lower = new LogicalContext();
    LogicalContext upper = new LogicalContext();
    lower.run(
        () -> {
          x.set("below");
          upper.run(
              () -> {
                try (Binding _ = x.bind("bound")) {
                  assertEquals("bound", x.get());
                }
                assertEquals("below", x.get());
                assertNull(x.lookupTopmost());
              });
          x.set("below, changed");
          upper.run(() -> assertEquals("below, changed", x.get()));
        });
    assertFalse(upper.contains(x));
  }

  @Test
  void v6CloseUndoesWhatHappenedToTheVariableMeanwhile() {
    x.set("old");
    try (Binding _ = x.bind("new")) {
      x.set("newer");
    }
    assertEquals("old", x.get());
    try (Binding _ = x.bind("new")) {
      x.delete();
      assertFalse(x.isBound());
    }
    assertEquals("old", x.get());
    x.delete();
    try (Binding _ = x.bind("new")) {
      x.delete();
    }
    assertFalse(x.isBound());
  }

  @Test
  void v6CloseLeavesOtherVariablesAlone() {
    y.set("y before");
    try (Binding _ = x.bind("bound")) {
      y.set("y changed meanwhile");
    }
    assertEquals("y changed meanwhile", y.get());
    assertFalse(x.isBound());
  }

  @Test
  void v6CloseRestoresTheVeryObjectAlsoAfterACapture() {
    String old = new String("old");
    x.set(old);
    try (Binding _ = x.bind("new")) {
      ExecutionContext snapshot = ExecutionContext.capture();
      x.set("newer");
      assertEquals("new", snapshot.lookup(x));
    }
    assertSame(old, x.get());
  }

  @Test
  void v6ClosingTwiceIsANoOp() {
    x.set("old");
    Binding binding = x.bind("new");
    binding.close();
    x.set("later");
    binding.close();
    assertEquals("later", x.get());
    try (Binding _ = x.bind("again")) {
      binding.close();
      assertEquals("again", x.get());
    }
    new LogicalContext().run(binding::close);
    assertEquals("later", x.get());
  }

  @ParameterizedTest
  @EnumSource
  void v6ClosingAClosedBindingOnAnotherThreadIsANoOp(ThreadKind kind) throws Exception {
    Binding binding = x.bind("new");
    binding.close();
    kind.run(binding::close);
    assertFalse(x.isBound());
  }

  @Test
  void v6ClosingOutOfOrderIsRefusedAndTheCorrectOrderStillWorks() {
    x.set("0");
    Binding first = x.bind("1");
    Binding second = y.bind("2");
    Binding third = x.bind("3");
    for (Binding tooEarly : new Binding[] {first, second}) {
      IllegalStateException e = assertThrows(IllegalStateException.class, tooEarly::close);
      assertTrue(e.getMessage().contains("out of order"), e.getMessage());
      assertEquals("3", x.get());
      assertEquals("2", y.get());
    }
    third.close();
    assertEquals("1", x.get());
    IllegalStateException e = assertThrows(IllegalStateException.class, first::close);
    assertTrue(e.getMessage().contains("'x'"), e.getMessage());
    second.close();
    assertFalse(y.isBound());
    first.close();
    assertEquals("0", x.get());
  }

  @Test
  void v6ClosingUnderAnotherTopmostContextIsRefused() {
    LogicalContext lc = new LogicalContext();
    x.set("0");
    Binding binding = x.bind("1");
    lc.run(
        () -> {
          assertThrows(IllegalStateException.class, binding::close);
          x.set("in lc");
          assertThrows(IllegalStateException.class, binding::close);
          assertEquals("in lc", x.get());
        });
    ExecutionContext.capture().run(() -> assertThrows(IllegalStateException.class, binding::close));
    ExecutionContext.empty().run(() -> assertThrows(IllegalStateException.class, binding::close));
    assertEquals("1", x.get());
    assertEquals("in lc", lc.lookup(x));
    binding.close();
    assertEquals("0", x.get());
  }

  @Test
  void v6ClosingAfterTheContextWasLeftIsRefusedUntilItIsEnteredAgain() {
    LogicalContext lc = new LogicalContext();
    Binding[] binding = new Binding[1];
    lc.run(() -> binding[0] = x.bind("bound"));
    assertThrows(IllegalStateException.class, binding[0]::close);
    assertEquals("bound", lc.lookup(x));
    lc.run(binding[0]::close);
    assertFalse(lc.contains(x));
  }

  @ParameterizedTest
  @EnumSource
  void v6ClosingOnAnotherThreadIsRefused(ThreadKind kind) throws Exception {
    Binding binding = x.bind("1");
    kind.run(
        () -> {
          assertThrows(IllegalStateException.class, binding::close);
          x.set("other thread's");
          assertThrows(IllegalStateException.class, binding::close);
          assertEquals("other thread's", x.get());
        });
    assertEquals("1", x.get());
    binding.close();
    assertFalse(x.isBound());
  }

  @Test
  void v6BindingsOfDifferentContextsNestIndependently() {
    Binding outer = x.bind("outer");
    LogicalContext lc = new LogicalContext();
    lc.run(
        () -> {
          try (Binding _ = x.bind("inner")) {
            assertThrows(IllegalStateException.class, outer::close);
            assertEquals("inner", x.get());
          }
          assertEquals("outer", x.get());
        });
    outer.close();
    assertFalse(x.isBound());
  }

  @Test
  void v6AThousandNestedBindingsUnwindExactly() {
    Binding[] bindings = new Binding[1000];
    for (int i = 0; i < bindings.length; i++) {
      bindings[i] = (i % 3 == 0 ? y : x).bind("v" + i);
    }
    for (int i = bindings.length - 1; i >= 0; i--) {
      assertEquals("v" + i, (i % 3 == 0 ? y : x).get());
      bindings[i].close();
    }
    assertFalse(x.isBound());
    assertFalse(y.isBound());
  }

  @Test
  void v6RunWithAndCallWithBindForTheBodyOnly() throws IOException {
    x.set("old");
    x.runWith(
        "new",
        () -> {
          assertEquals("new", x.get());
          y.set("stays");
        });
    assertEquals("old", x.get());
    assertEquals("stays", y.get());
    String result = x.callWith("new", () -> x.get() + "!");
    assertEquals("new!", result);
    assertNull(x.callWith("new", () -> null));
    assertEquals("old", x.get());
  }

  @Test
  void v6RunWithAndCallWithRestoreWhenTheBodyThrows() {
    x.set("old");
    Error error = new Error("body");
    IOException checked = new IOException("body");
    assertSame(
        error,
        assertThrows(
            Error.class,
            () ->
                x.runWith(
                    "new",
                    () -> {
                      throw error;
                    })));
    assertEquals("old", x.get());
    assertSame(
        checked,
        assertThrows(
            IOException.class,
            () ->
                x.callWith(
                    "new",
                    () -> {
                      throw checked;
                    })));
    assertEquals("old", x.get());
  }
}
