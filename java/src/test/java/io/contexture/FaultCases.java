package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The stack overflows in the middle of every operation: the contexts are exactly as before, and all
 * later look-ups and operations are right.
 */
abstract class FaultCases {
  /** What the topmost context has been through when the operation comes. */
  enum History {
    /** Nothing: it is as new. */
    NEW {
      @Override
      void make(FaultCases c) {}
    },
    /** It holds nothing any more. */
    EMPTIED {
      @Override
      void make(FaultCases c) {
        c.x.set("x");
        c.x.delete();
      }
    },
    /** It holds the variables that the operations are about. */
    BOUND {
      @Override
      void make(FaultCases c) {
        c.x.set("x");
        c.n.set(3);
      }
    },
    /** As {@link #BOUND}, and a snapshot has it too. */
    CAPTURED {
      @Override
      void make(FaultCases c) {
        BOUND.make(c);
        ExecutionContext.capture();
      }
    },
    /** It holds as many others as a flat map can. */
    FLAT_FULL {
      @Override
      void make(FaultCases c) {
        c.fill(32);
      }
    },
    /** It holds many, those that the operations are about included. */
    TRIE {
      @Override
      void make(FaultCases c) {
        c.fill(70);
        BOUND.make(c);
      }
    },
    /** As {@link #TRIE}, and a snapshot has it too. */
    TRIE_CAPTURED {
      @Override
      void make(FaultCases c) {
        TRIE.make(c);
        ExecutionContext.capture();
      }
    };

    abstract void make(FaultCases c);
  }

  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<String> y = ContextVar.of("y");
  private final LongContextVar n = LongContextVar.of("n");
  private final LongContextVar m = LongContextVar.of("m");
  private final List<ContextVar<Integer>> fillers = new ArrayList<>();

  private void fill(int variables) {
    for (int i = fillers.size(); i < variables; i++) {
      fillers.add(ContextVar.of("filler " + i));
    }
    for (int i = 0; i < variables; i++) {
      fillers.get(i).set(i);
    }
  }

  /** What look-ups tell of the current stack; captures nothing. */
  private String state() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2; i++) { // the second time from the cache
      text.append(x.lookup()).append(' ').append(y.lookup()).append(' ');
      text.append(n.getOrElse(-1)).append(' ').append(m.getOrElse(-1)).append(' ');
      for (ContextVar<Integer> filler : fillers) {
        text.append(filler.lookup()).append(' ');
      }
    }
    return text.append(x.lookupTopmost()).append(' ').append(y.lookupTopmost()).toString();
  }

  /**
   * Checks that {@code operation} either overflows and leaves everything as it was, or completes
   * and does what it does with plenty of stack.
   */
  private void sweep(History history, boolean lookBefore, Runnable operation) throws Exception {
    sweep(history, lookBefore, operation, () -> {});
  }

  /** As above; {@code after} runs in the topmost context after each operation that overflowed. */
  private void sweep(History history, boolean lookBefore, Runnable operation, Runnable after)
      throws Exception {
    new LogicalContext().run(() -> history.make(this)); // so that the fillers are there
    String[] reference = new String[2];
    StackEnd.sweep(
        end -> {
          LogicalContext lower = new LogicalContext();
          LogicalContext upper = new LogicalContext();
          x.set("x at the bottom");
          y.set("y at the bottom");
          m.set(1);
          String bottom = state();
          boolean completed =
              lower.call(
                  () -> {
                    y.set("y below");
                    n.set(2);
                    String below = state();
                    if (reference[0] == null) {
                      new LogicalContext()
                          .run(
                              () -> {
                                history.make(this);
                                reference[0] = state();
                                operation.run();
                                reference[1] = state();
                              });
                    }
                    String[] left = new String[1];
                    boolean done =
                        upper.call(
                            () -> {
                              history.make(this);
                              if (lookBefore) {
                                assertEquals(reference[0], state());
                              }
                              boolean completes = end.run(operation);
                              left[0] = state();
                              assertEquals(reference[completes ? 1 : 0], left[0]);
                              if (!completes) {
                                after.run();
                                left[0] = state();
                              }
                              return completes;
                            });
                    assertFalse(upper.isEntered());
                    assertEquals(below, state());
                    upper.run(() -> assertEquals(left[0], state()));
                    assertEquals(below, state());
                    return done;
                  });
          assertEquals(bottom, state());
          return completed;
        });
  }

  @ParameterizedTest
  @EnumSource
  void setThatOverflowsChangesNothing(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, () -> x.set("new"), () -> x.set("set afterwards"));
      sweep(history, lookBefore, () -> x.set(null), x::lookup);
    }
  }

  @ParameterizedTest
  @EnumSource
  void setOfALongThatOverflowsChangesNothing(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, () -> n.set(77), () -> n.set(78));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BOUND", "CAPTURED", "TRIE", "TRIE_CAPTURED"})
  void deleteThatOverflowsChangesNothing(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, x::delete, x::delete);
      sweep(history, lookBefore, n::delete, n::delete);
    }
  }

  @ParameterizedTest
  @EnumSource
  void bindThatOverflowsChangesNothing(History history) throws Exception {
    Runnable bindAgain =
        () -> {
          try (Binding _ = x.bind("again")) {
            assertEquals("again", x.get());
          }
        };
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, () -> x.bind("bound"), bindAgain);
      sweep(history, lookBefore, () -> n.bind(77), bindAgain);
    }
  }

  @Test
  void bindThatOverflowsLeavesEarlierBindingsCloseable() throws Exception {
    StackEnd.sweep(
        end ->
            new LogicalContext()
                .call(
                    () -> {
                      Binding first = y.bind("first");
                      Binding[] second = new Binding[1];
                      boolean completed = end.run(() -> second[0] = x.bind("second"));
                      assertEquals(completed, second[0] != null);
                      if (completed) {
                        assertThrows(IllegalStateException.class, first::close);
                        second[0].close();
                      }
                      assertFalse(x.isBound());
                      first.close();
                      assertFalse(y.isBound());
                      return completed;
                    }));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void closeOfABindingThatOverflowsLeavesItOpen(boolean boundBefore) throws Exception {
    StackEnd.sweep(
        end ->
            new LogicalContext()
                .call(
                    () -> {
                      if (boundBefore) {
                        x.set("before");
                        n.set(1);
                      }
                      Binding bindingOfX = x.bind("bound");
                      Binding bindingOfN = n.bind(2);
                      boolean completed = end.run(bindingOfN::close);
                      long before = boundBefore ? 1 : -1;
                      assertEquals(completed ? before : 2, n.getOrElse(-1));
                      bindingOfN.close();
                      assertEquals(before, n.getOrElse(-1));
                      boolean alsoCompleted = end.run(bindingOfX::close);
                      assertEquals(
                          alsoCompleted ? boundBefore ? "before" : null : "bound", x.lookup());
                      bindingOfX.close();
                      assertEquals(boundBefore ? "before" : null, x.lookup());
                      return completed && alsoCompleted;
                    }));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void enteringAContextThatOverflowsEntersNothing(boolean withContents) throws Exception {
    LogicalContext inner = new LogicalContext();
    if (withContents) {
      inner.run(
          () -> {
            x.set("inner");
            n.set(9);
          });
    }
    for (History history : History.values()) {
      sweep(history, true, () -> inner.run(() -> {}));
      sweep(history, false, () -> inner.run(x::lookup));
      assertFalse(inner.isEntered());
    }
    inner.run(() -> assertEquals(withContents ? 9 : -1, n.getOrElse(-1)));
  }

  @Test
  void whatABodyChangesBeforeItOverflowsStaysInItsContextOnly() throws Exception {
    StackEnd.sweep(
        end -> {
          LogicalContext inner = new LogicalContext();
          x.set("outside");
          boolean[] ran = new boolean[1];
          boolean completed =
              end.run(
                  () ->
                      inner.run(
                          () -> {
                            x.set("inside");
                            ran[0] = true;
                          }));
          assertFalse(inner.isEntered());
          assertEquals("outside", x.get());
          inner.run(() -> assertEquals(ran[0] ? "inside" : "outside", x.get()));
          inner.run(() -> x.set("afterwards"));
          assertEquals("outside", x.get());
          return completed;
        });
  }

  @Test
  void runningInASnapshotThatOverflowsRestoresTheStack() throws Exception {
    n.set(8);
    ExecutionContext snapshot = ExecutionContext.capture();
    for (History history : History.values()) {
      sweep(history, true, () -> snapshot.run(() -> x.set("in the snapshot")));
      sweep(history, false, () -> ExecutionContext.empty().run(() -> n.set(4)));
      sweep(history, true, () -> ExecutionContext.capture().run(x::lookup));
    }
    snapshot.run(() -> assertEquals(8, n.get()));
  }

  @Test
  void captureThatOverflowsLeavesNoSnapshotThatChangesLater() throws Exception {
    StackEnd.sweep(
        end ->
            new LogicalContext()
                .call(
                    () -> {
                      ExecutionContext[] snapshot = new ExecutionContext[1];
                      x.set("then");
                      boolean completed = end.run(() -> snapshot[0] = ExecutionContext.capture());
                      ExecutionContext afterwards = ExecutionContext.capture();
                      x.set("now");
                      assertEquals("then", afterwards.lookup(x));
                      if (completed) {
                        assertEquals("then", snapshot[0].lookup(x));
                      }
                      assertEquals("now", x.get());
                      return completed;
                    }));
  }

  @ParameterizedTest
  @EnumSource
  void lookupThatOverflowsCachesNothingWrong(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, x::lookup);
      sweep(history, lookBefore, n::isBound);
      sweep(history, lookBefore, () -> ContextVar.of("new").lookup());
    }
  }

  @ParameterizedTest
  @EnumSource
  void overflowDeepInABodyPopsEveryContext(ThreadKind kind) throws Exception {
    kind.run(
        () -> {
          x.set("outside");
          LogicalContext[] first = new LogicalContext[1];
          assertThrows(StackOverflowError.class, () -> enterForEver(first));
          assertFalse(first[0].isEntered());
          assertEquals("inside", first[0].lookup(x));
          assertEquals("outside", x.get());
          assertEquals("outside", x.lookupTopmost());
        });
  }

  private void enterForEver(LogicalContext[] first) {
    LogicalContext lc = new LogicalContext();
    if (first[0] == null) {
      first[0] = lc;
    }
    lc.run(
        () -> {
          x.set("inside");
          ExecutionContext.capture().run(() -> enterForEver(first));
        });
  }

  @Test
  void supplierOfASnapshotThatOverflowsCanBeCalledAgain() throws Exception {
    x.set("then");
    Supplier<String> supplier = ExecutionContext.capture().wrapSupplier(x::get);
    x.set("now");
    StackEnd.sweep(
        end -> {
          boolean completed = end.run(supplier::get);
          assertEquals("then", supplier.get());
          assertFalse(x.isBound(), "this thread has set nothing");
          return completed;
        });
    assertNotEquals(supplier.get(), x.get());
  }
}
