package io.contexture.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.contexture.Backend;
import io.contexture.model.ModelLc;
import io.contexture.model.ModelStack;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Both engines in one JVM, driven step by step below the public API together with the naive model:
 * equal results, and equal dumps of the stack to the letter, after each step.
 *
 * <p>A failure names its seed; {@code -Dcontexture.model.seed} sets the first one.
 */
class EngineDifferentialNativeSuite {
  private static final long SEED = Long.getLong("contexture.model.seed", 1);

  @Test
  void enginesAreTwo() {
    assertNotEquals(
        Engines.engine(Backend.JAVA).getClass(), Engines.engine(Backend.NATIVE).getClass());
  }

  @ParameterizedTest
  @CsvSource({"1, 30, 200, 1", "5, 30, 300, 1", "33, 20, 500, 1", "70, 10, 800, 3"})
  void randomStepsGiveEqualResultsAndDumps(
      int variables, int programs, int steps, int compareEvery) {
    sweep(variables, programs, steps, compareEvery);
  }

  @ParameterizedTest
  @CsvSource({"1100, 2, 6000, 97", "5000, 1, 20000, 997"})
  void randomStepsOverThousandsOfVariablesGiveEqualResultsAndDumps(
      int variables, int programs, int steps, int compareEvery) {
    sweep(variables, programs, steps, compareEvery);
  }

  private static void sweep(int variables, int programs, int steps, int compareEvery) {
    for (long seed = SEED; seed < SEED + programs; seed++) {
      Program program = new Program(seed, variables, steps, compareEvery);
      try {
        program.run();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + " of " + variables + " variables fails", e);
      }
    }
  }

  /** One engine's part of a program. */
  private static final class Side {
    final Engine engine;
    final ThreadState state;
    final List<Lc> contexts = new ArrayList<>();
    final List<EcLink> snapshots = new ArrayList<>();

    /** The body of the one generator, and its LC. */
    final ThreadState body;

    final Lc own = new Lc();

    Side(Backend backend) {
      engine = Engines.engine(backend);
      state = engine.newThreadState(Thread.currentThread());
      body = engine.newThreadState(Thread.currentThread());
      snapshots.add(null);
    }

    /** What a capture gives, as a chain. */
    static EcLink capture(ThreadState state) {
      Object before = state.capturedBefore();
      if (before != null) {
        return (EcLink) before;
      }
      Root top = state.captureTop();
      EcLink below = state.capturedBelow();
      EcLink snapshot = top == null ? below : state.linkOfSnapshot(top, below);
      if (snapshot != null) {
        state.captured(snapshot);
      }
      return snapshot;
    }

    /** V2, through the cache. */
    static Object look(ThreadState state, VarRef ref) {
      Object found = state.find(ref, ref.get());
      return found != Mark.LONG ? found : (Object) state.foundWord();
    }

    /** V2 in a snapshot. */
    static Object look(EcLink snapshot, VarRef ref) {
      for (EcLink link = snapshot; link != null; link = link.below()) {
        if (link.root().contains(ref)) {
          return ref.isLong
              ? (Object) link.root().lookupLong(ref, 0)
              : Mark.mask(link.root().lookup(ref));
        }
      }
      return Mark.ABSENT;
    }
  }

  /** One random program over both engines and the model. */
  private static final class Program {
    private final Random random;
    private final int compareEvery;
    private final List<VarRef> refs = new ArrayList<>();
    private final Object variable = new Object(); // all references are to this, which lives on
    private final Side mirror = new Side(Backend.JAVA);
    private final Side nativeSide = new Side(Backend.NATIVE);
    private final List<Side> sides = List.of(mirror, nativeSide);
    private final List<ModelLc> contexts = new ArrayList<>();
    private final List<ModelStack.Snapshot> snapshots = new ArrayList<>();
    private final ModelStack stack = ModelStack.ofThread();
    private final ModelStack body = ModelStack.ofGenerator(new ModelLc());
    private final Map<Long, Long> base = new HashMap<>();
    private int budget;
    private int counter;

    Program(long seed, int variables, int steps, int compareEvery) {
      // Scrambled: the first numbers drawn from neighboring seeds are nearly equal.
      random = new Random(seed * 0x9E3779B97F4A7C15L);
      budget = steps;
      this.compareEvery = compareEvery;
      Set<Long> ids = new HashSet<>();
      while (refs.size() < variables) {
        long id = (random.nextBoolean() ? random.nextLong() : random.nextInt(1, 1 << 16)) & ~1L;
        if (id != 0 && ids.add(id)) {
          refs.add(new VarRef(variable, id, "v" + refs.size(), random.nextInt(3) == 0));
        }
      }
      for (int i = 0; i < 3; i++) {
        addContext();
      }
      snapshots.add(ModelStack.Snapshot.empty());
    }

    private void addContext() {
      contexts.add(new ModelLc());
      sides.forEach(side -> side.contexts.add(new Lc()));
    }

    void run() {
      while (budget > 0) {
        block(0);
      }
      clearBase();
      compare(stack, false, refs.size());
      for (int i = 0; i < snapshots.size(); i++) {
        compareSnapshot(i);
      }
      Reference.reachabilityFence(variable);
    }

    private void block(int depth) {
      // Long blocks on the lower levels, so that contexts come to hold many variables.
      int longest = Math.max(10, refs.size() * 2 >> depth);
      for (int steps = 1 + random.nextInt(longest); steps > 0 && budget > 0; steps--) {
        budget--;
        int kind = random.nextInt(100);
        if (kind < 57 || depth > 40) {
          change(stack, false);
        } else if (kind < 60) {
          changeBase();
        } else if (kind < 70) {
          lookAt(stack, false, 1 + random.nextInt(20));
        } else if (kind < 78) {
          capture(stack, false);
        } else if (kind < 84) {
          resume();
        } else if (kind < 93) {
          runInContext(depth);
        } else {
          runInSnapshot(depth);
        }
        if (budget % compareEvery == 0) {
          compare(stack, false, 30);
        }
      }
    }

    /** One set, delete or refused delete, on the thread's stack or on that of the body. */
    private void change(ModelStack model, boolean inBody) {
      VarRef ref = refs.get(random.nextInt(refs.size()));
      if (random.nextInt(4) == 0) {
        boolean held = model.delete(ref);
        for (Side side : sides) {
          assertEquals(held, (inBody ? side.body : side.state).delete(ref));
        }
      } else if (ref.isLong) {
        long word = random.nextInt(4) == 0 ? Long.MIN_VALUE : random.nextLong();
        model.set(ref, word);
        for (Side side : sides) {
          (inBody ? side.body : side.state).setLong(ref, ref.get(), word);
        }
      } else {
        Object value = random.nextInt(8) == 0 ? null : "value " + counter++;
        model.set(ref, value);
        for (Side side : sides) {
          (inBody ? side.body : side.state).set(ref, ref.get(), value);
        }
      }
      lookAt(model, inBody, 1);
    }

    /** One change of the base layer (B2, B3), and a comparison of what it has. */
    private void changeBase() {
      VarRef ref = refs.get(random.nextInt(refs.size()));
      boolean delete = random.nextInt(3) == 0;
      long word = random.nextInt(4) == 0 ? 0 : random.nextLong();
      boolean held = base.containsKey(ref.id);
      if (delete) {
        base.remove(ref.id);
      } else {
        base.put(ref.id, word);
      }
      VarRef other = refs.get(random.nextInt(refs.size()));
      for (Side side : sides) {
        AbstractConcurrentLongHamt map = side.engine.base();
        assertEquals(
            delete == held, delete ? map.remove(ref.id) : map.put(ref.id, word), "new, or gone");
        for (VarRef each : List.of(ref, other)) {
          assertEquals(base.containsKey(each.id), map.containsKey(each.id));
          assertEquals(base.getOrDefault(each.id, 5L), map.get(each.id, 5));
        }
      }
    }

    /** Clears the base layers, which outlive a program. */
    private void clearBase() {
      for (Side side : sides) {
        assertEquals(base.size(), side.engine.base().size());
        side.engine.base().clear();
      }
    }

    private void lookAt(ModelStack model, boolean inBody, int count) {
      int first = random.nextInt(refs.size());
      for (int k = 0; k < Math.min(count, refs.size()); k++) {
        VarRef ref = refs.get((first + k) % refs.size());
        Object expected = masked(model.lookup(ref));
        for (Side side : sides) {
          ThreadState state = inBody ? side.body : side.state;
          assertEquals(expected, Side.look(state, ref), ref.name);
          assertEquals(model.lookupTopmost(ref).bound(), state.isBoundTopmost(ref));
        }
      }
    }

    private static Object masked(ModelStack.Found found) {
      return found.bound() ? Mark.mask(found.value()) : Mark.ABSENT;
    }

    private void compare(ModelStack model, boolean inBody, int count) {
      lookAt(model, inBody, count);
      assertEquals(
          (inBody ? mirror.body : mirror.state).dump(),
          (inBody ? nativeSide.body : nativeSide.state).dump());
    }

    private void capture(ModelStack model, boolean inBody) {
      snapshots.add(model.capture());
      for (Side side : sides) {
        side.snapshots.add(Side.capture(inBody ? side.body : side.state));
      }
      compareSnapshot(random.nextInt(snapshots.size()));
    }

    private void compareSnapshot(int i) {
      int first = random.nextInt(refs.size());
      for (int k = 0; k < Math.min(50, refs.size()); k++) {
        VarRef ref = refs.get((first + k) % refs.size());
        Object expected = masked(snapshots.get(i).lookup(ref));
        for (Side side : sides) {
          assertEquals(expected, Side.look(side.snapshots.get(i), ref), ref.name);
        }
      }
    }

    private void runInContext(int depth) {
      if (random.nextInt(4) == 0) {
        addContext();
      }
      int i = random.nextInt(contexts.size());
      if (contexts.get(i).entered) {
        for (Side side : sides) {
          assertThrows(
              IllegalStateException.class,
              () -> side.state.runInLc(side.contexts.get(i), Program::mustNotRun, null));
        }
        return;
      }
      mirror.state.runInLc(
          mirror.contexts.get(i),
          () ->
              nativeSide.state.runInLc(
                  nativeSide.contexts.get(i),
                  () -> {
                    stack.push(contexts.get(i));
                    compare(stack, false, 5);
                    block(depth + 1);
                    stack.pop();
                  },
                  null),
          null);
    }

    private static void mustNotRun() {
      throw new AssertionError("an entered context was entered again");
    }

    private void runInSnapshot(int depth) {
      int i = random.nextInt(snapshots.size());
      mirror.state.runInEc(
          mirror.snapshots.get(i),
          () ->
              nativeSide.state.runInEc(
                  nativeSide.snapshots.get(i),
                  () -> {
                    stack.enter(snapshots.get(i));
                    compare(stack, false, 5);
                    block(depth + 1);
                    stack.leave();
                  },
                  null),
          null);
    }

    /** One resumption of the one generator, whose body takes some steps. */
    private void resume() {
      List<ThreadState.Resumption> resumptions = new ArrayList<>();
      for (Side side : sides) {
        ThreadState.Resumption resumption = side.state.beginResumption(false);
        side.body.attach(side.own, resumption);
        resumptions.add(resumption);
      }
      body.resumeOver(stack);
      compare(body, true, 3);
      for (int steps = random.nextInt(6); steps > 0; steps--) {
        if (random.nextInt(4) == 0) {
          capture(body, true);
        } else {
          change(body, true);
        }
      }
      for (int i = 0; i < sides.size(); i++) {
        Side side = sides.get(i);
        boolean captured = side.body.detach(side.own);
        side.state.endResumption(resumptions.get(i), captured);
      }
    }
  }
}
