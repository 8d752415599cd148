package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An error strikes in the middle of every operation: the contexts are exactly as before, and all
 * later look-ups and operations are right. Which error, and where, is up to the subclasses.
 */
public abstract class FaultCases {
  /** What is done for each place where the error may strike. */
  @FunctionalInterface
  public interface Trial {
    /**
     * Prepares, runs its operation through {@code fault} and checks, with the error gone, what that
     * has left behind.
     *
     * @return what {@code fault} has returned
     */
    boolean run(Fault fault);
  }

  /** Lets the error strike once while an operation runs. */
  @FunctionalInterface
  public interface Fault {
    /** Whether the operation has completed, rather than thrown the error. */
    boolean run(Runnable operation);
  }

  /** Runs a trial for every place where the error can strike, until the operation gets by. */
  abstract void strikeEverywhere(Trial trial) throws Exception;

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

  final ContextVar<String> x = ContextVar.of("x");
  final ContextVar<String> y = ContextVar.of("y");
  final LongContextVar n = LongContextVar.of("n");
  final LongContextVar m = LongContextVar.of("m");
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
   * Checks that {@code operation} either fails and leaves everything as it was, or completes and
   * does what it does without the error.
   */
  private void sweep(History history, boolean lookBefore, Runnable operation) throws Exception {
    sweep(history, lookBefore, operation, null);
  }

  /**
   * As above; {@code after} runs in the topmost context after each operation that failed, and if
   * there is none, the operation itself once more, which must do then what it does.
   */
  private void sweep(
      History history, boolean lookBefore, Runnable operation, @Nullable Runnable after)
      throws Exception {
    new LogicalContext().run(() -> history.make(this)); // so that the fillers are there
    String[] reference = new String[2];
    strikeEverywhere(
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
                              if (!completes && after == null) {
                                operation.run();
                                left[0] = state();
                                assertEquals(reference[1], left[0]);
                              } else if (!completes) {
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
  void setThatFailsChangesNothing(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, () -> x.set("new"), () -> x.set("set afterwards"));
      sweep(history, lookBefore, () -> x.set(null), x::lookup);
    }
  }

  @ParameterizedTest
  @EnumSource
  void setOfALongThatFailsChangesNothing(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, () -> n.set(77), () -> n.set(78));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BOUND", "CAPTURED", "TRIE", "TRIE_CAPTURED"})
  void deleteThatFailsChangesNothing(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, x::delete);
      sweep(history, lookBefore, n::delete);
    }
  }

  @ParameterizedTest
  @EnumSource
  void bindThatFailsChangesNothing(History history) throws Exception {
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
  void bindThatFailsLeavesEarlierBindingsCloseable() throws Exception {
    strikeEverywhere(
        end ->
            new LogicalContext()
                .call(
                    () -> {
                      fill(32);
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
  @EnumSource
  void runWithLeavesNothingBehind(History history) throws Exception {
    Runnable again = () -> x.runWith("again", () -> assertEquals("again", x.get()));
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, () -> x.runWith("bound", ExecutionContext::capture), again);
      sweep(
          history,
          lookBefore,
          () -> {
            try (Binding _ = x.bind("bound");
                Binding _ = n.bind(77)) {
              ExecutionContext.capture();
            }
          },
          again);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void closeOfABindingThatFailsLeavesItOpen(boolean boundBefore) throws Exception {
    strikeEverywhere(
        end ->
            new LogicalContext()
                .call(
                    () -> {
                      fill(32);
                      if (boundBefore) {
                        x.set("before");
                        n.set(1);
                      }
                      Binding bindingOfX = x.bind("bound");
                      Binding bindingOfN = n.bind(2);
                      m.set(5); // so that no earlier state of all can be put back
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
  void enteringAContextThatFailsEntersNothing(boolean withContents) throws Exception {
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
  void whatABodyChangesBeforeItFailsStaysInItsContextOnly() throws Exception {
    strikeEverywhere(
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
  void runningInASnapshotThatFailsRestoresTheStack() throws Exception {
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
  void captureThatFailsLeavesNoSnapshotThatChangesLater() throws Exception {
    strikeEverywhere(
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
  void lookupThatFailsCachesNothingWrong(History history) throws Exception {
    for (boolean lookBefore : new boolean[] {false, true}) {
      sweep(history, lookBefore, x::lookup);
      sweep(history, lookBefore, n::isBound);
      sweep(history, lookBefore, () -> ContextVar.of("new").lookup());
    }
  }

  @Test
  void supplierOfASnapshotThatFailsCanBeCalledAgain() throws Exception {
    x.set("then");
    Supplier<String> supplier = ExecutionContext.capture().wrapSupplier(x::get);
    x.set("now");
    strikeEverywhere(
        end -> {
          String here = x.lookup(); // the error may strike on another thread than this test's
          boolean completed = end.run(supplier::get);
          assertEquals("then", supplier.get());
          assertEquals(here, x.lookup());
          return completed;
        });
    assertNotEquals(supplier.get(), x.get());
  }

  // ------------------------------------------------------------------------------ many levels

  @Test
  void runningInSnapshotsWithinSnapshotsThatFailsRestoresTheStack() throws Exception {
    for (History history : List.of(History.NEW, History.BOUND, History.TRIE_CAPTURED)) {
      sweep(history, false, () -> captureAndRun(40));
    }
  }

  /** Captures, sets and runs in what was captured, so many times within each other. */
  private void captureAndRun(int levels) {
    ContextVar<Integer> own = ContextVar.of("level " + levels);
    ExecutionContext.capture()
        .run(
            () -> {
              own.set(levels);
              x.set("level " + levels);
              if (levels > 1) {
                captureAndRun(levels - 1);
              }
              assertEquals(levels, own.get());
              assertEquals("level " + levels, x.get());
            });
  }
}
