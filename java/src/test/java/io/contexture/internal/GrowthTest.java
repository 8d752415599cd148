package io.contexture.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Effort;
import io.contexture.internal.mirror.MirrorEngine;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Variables that come and go don't grow the map of the context that they were set in. */
class GrowthTest {
  private static final int MANY = Effort.of(100_000, 30_000);

  private final MirrorEngine engine = new MirrorEngine();
  private final ThreadState state = engine.newThreadState(Thread.currentThread());
  private final List<Object> living = new ArrayList<>();

  private VarRef newVariable(boolean lives, boolean isLong) {
    Object variable = new Object();
    if (lives) {
      living.add(variable);
    }
    return new VarRef(variable, engine.reserve(1), "v", isLong);
  }

  private void set(VarRef ref, Object value) {
    if (ref.isLong) {
      state.setLong(ref, ref.get(), value.hashCode());
    } else {
      state.set(ref, ref.get(), value);
    }
  }

  private Root topmost() {
    Root root = state.topRoot();
    assertNotNull(root);
    return root;
  }

  @Test
  void variablesThatAreDeletedLeaveNothingInTheMap() {
    VarRef kept = newVariable(true, false);
    set(kept, "kept");
    for (int i = 0; i < MANY; i++) {
      VarRef ref = newVariable(false, i % 2 == 0);
      set(ref, i);
      assertTrue(state.delete(ref));
    }
    assertEquals(1, topmost().map().size());
    assertEquals("kept", state.lookupTopmost(kept));
    Reference.reachabilityFence(living);
  }

  @Test
  void variablesThatAreCollectedLeaveTheMapBounded() {
    List<VarRef> kept = new ArrayList<>();
    int largest = 0;
    for (int i = 0; i < MANY; i++) {
      boolean lives = i % (MANY / 100) == 0;
      VarRef ref = newVariable(lives, i % 3 == 0);
      set(ref, i);
      if (lives) {
        kept.add(ref);
      }
      if (i % 1000 == 999) {
        System.gc(); // all but the kept ones and, at most, the last
      }
      largest = Math.max(largest, topmost().map().size());
    }
    assertTrue(largest < 10_000, "the map came to hold " + largest);
    for (int i = 0; i < kept.size(); i++) {
      VarRef ref = kept.get(i);
      int expected = i * (MANY / 100);
      assertEquals(
          (Object) expected,
          ref.isLong ? (int) state.lookupTopmostLong(ref) : state.lookupTopmost(ref));
    }
    Reference.reachabilityFence(living);
  }

  @Test
  void variablesCollectedWhileSnapshotsAreTakenLeaveTheMapBounded() {
    for (int i = 0; i < MANY; i++) {
      set(newVariable(false, false), i);
      if (i % 50 == 0) {
        state.capturedBefore();
        state.captureTop();
      }
      if (i % 1000 == 999) {
        System.gc();
      }
    }
    int size = topmost().map().size();
    assertTrue(size < 10_000, "the map holds " + size);
  }
}
