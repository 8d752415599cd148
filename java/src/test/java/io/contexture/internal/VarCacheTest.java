package io.contexture.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.internal.mirror.MirrorEngine;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The names that cached values go by: unique among what is alive, and used again afterwards. */
class VarCacheTest {
  private static VarRef newVariable(List<Object> living) {
    Object variable = new Object();
    living.add(variable);
    return new VarRef(variable, 7, "v", false);
  }

  @Test
  void keysOfDifferentVariablesOrThreadsDiffer() {
    List<Object> living = new ArrayList<>();
    Random random = new Random(5);
    long[] threads = new long[100];
    for (int i = 0; i < threads.length; i++) {
      threads[i] = i < 50 ? i + 1 : random.nextLong(1L << 43);
    }
    Set<Long> keys = new HashSet<>();
    for (int v = 0; v < 2000; v++) {
      long tag = newVariable(living).tag;
      for (long thread : threads) {
        assertTrue(VarCache.isCacheable(tag, thread));
        long key = tag ^ thread;
        assertTrue(key > 0, "a complement must not look like a key, nor a line that is new");
        assertTrue(keys.add(key));
      }
    }
    Reference.reachabilityFence(living);
  }

  @Test
  void tagsOfCollectedVariablesAreUsedAgain() {
    List<Object> living = new ArrayList<>();
    VarRef kept = newVariable(living);
    Set<Long> tags = new HashSet<>();
    for (int round = 0; round < 6; round++) {
      List<Object> dying = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        tags.add(newVariable(dying).tag);
      }
      int taken = VarCache.tagsTaken();
      dying.clear();
      Await.untilCollecting(
          "tags given back",
          () -> {
            Reaper.poke();
            return VarCache.tagsTaken() <= taken - 1000;
          });
    }
    assertFalse(tags.contains(kept.tag));
    assertTrue(tags.size() < 3_000, tags.size() + " tags for 1000 variables at a time");
    Reference.reachabilityFence(living);
  }

  @Test
  void moreVariablesThanLinesTakeNoMoreLines() {
    ThreadState state = new MirrorEngine().newThreadState(Thread.currentThread());
    List<Object> living = new ArrayList<>();
    List<VarRef> refs = new ArrayList<>();
    for (int i = 0; i < 1500; i++) {
      refs.add(newVariable(living));
    }
    for (int round = 0; round < 6; round++) {
      for (VarRef ref : refs) {
        assertEquals(Mark.ABSENT, state.find(ref, ref.get()));
      }
    }
    assertTrue(state.validLines() <= 1024, state.validLines() + " lines are listed");
    Reference.reachabilityFence(living);
  }
}
