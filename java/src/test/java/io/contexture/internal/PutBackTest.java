package io.contexture.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a binding keeps of the map, to be put back, has the same slots as the map then. */
class PutBackTest {
  private static final int SLOTS = 16;

  private final List<Object> variables = new ArrayList<>();
  private final List<VarRef> refs = new ArrayList<>();

  private VarRef variable() {
    Object variable = new Object();
    variables.add(variable);
    VarRef ref = new VarRef(variable, Engines.engine().reserve(1), "v" + refs.size(), false);
    refs.add(ref);
    return ref;
  }

  private void set(VarRef ref, Object value) {
    ThreadStates.current().set(ref, variables.get(refs.indexOf(ref)), value);
  }

  /** Runs {@code body} in a context of its own that binds a number of variables. */
  private void inContext(int bound, Runnable body) {
    ThreadStates.current()
        .runInLc(
            new Lc(),
            () -> {
              for (int i = 0; i < bound; i++) {
                set(variable(), "value " + i);
              }
              body.run();
              Reference.reachabilityFence(variables);
            },
            null);
  }

  @Test
  void mapOfBeforeIsPutBack() {
    inContext(
        SLOTS,
        () -> {
          ThreadState state = ThreadStates.current();
          VarRef another = variable();
          AbstractLongHamt before = state.mapToPutBack(another);
          assertNotNull(before);
          set(another, "bound");
          assertEquals(true, state.putBack(another, state.keptMap(), before));
          assertEquals(Mark.ABSENT, state.lookupTopmost(another));
          assertEquals("value 3", state.lookupTopmost(refs.get(3)));
        });
  }

  @Test
  void notIfVariablesHaveGotOtherSlotsMeanwhile() {
    inContext(
        SLOTS,
        () -> {
          ThreadState state = ThreadStates.current();
          VarRef another = variable();
          assertNotNull(state.mapToPutBack(another));
          for (int i = 0; i < SLOTS / 2; i++) { // they die in between
            refs.get(i).clear();
          }
          set(another, "bound");
          assertNull(state.keptMap());
          assertEquals("bound", state.lookupTopmost(another));
          assertEquals("value 9", state.lookupTopmost(refs.get(9)));
        });
  }

  @Test
  void contextThatBindingWouldCompactIsCompactedBefore() {
    inContext(
        SLOTS,
        () -> {
          ThreadState state = ThreadStates.current();
          for (int i = 0; i < 4; i++) {
            refs.get(i).clear();
          }
          VarRef another = variable();
          AbstractLongHamt before = state.mapToPutBack(another);
          assertNotNull(before);
          set(another, "bound");
          AbstractLongHamt after = state.keptMap();
          assertNotNull(after);
          assertEquals(true, state.putBack(another, after, before));
          assertEquals(Mark.ABSENT, state.lookupTopmost(another));
          for (int i = 4; i < SLOTS; i++) {
            assertEquals("value " + i, state.lookupTopmost(refs.get(i)));
          }
        });
  }
}
