package io.contexture.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Binding;
import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import io.contexture.Generator;
import io.contexture.LogicalContext;
import io.contexture.LongContextVar;
import io.contexture.ThreadKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;

/**
 * A random program over the public API, run on the library and on the naive model side by side;
 * everything that can be observed is compared after each step.
 *
 * <p>One thread at a time has control (threads are joined, generators hand over), so that a seed
 * names one program.
 */
final class RandomProgram {
  private static final int DEEPEST = 12;
  private static final String DEFAULT = "default";
  private static final long LONG_DEFAULT = Long.MIN_VALUE;

  /** What a body throws on purpose. */
  @SuppressWarnings("serial")
  private static final class Thrown extends RuntimeException {}

  /** A logical context and its model. */
  private record Context(LogicalContext real, ModelLc model) {}

  /** A snapshot and its model. */
  private record Snapshot(ExecutionContext real, ModelStack.Snapshot model) {}

  /** A generator and its model. */
  private static final class Gen {
    final ModelStack stack;
    final ModelLc own;
    Generator<Integer> real;
    boolean running;
    boolean started;
    boolean finished;
    int yielded;

    Gen(boolean transparent) {
      own = transparent ? null : new ModelLc();
      stack = transparent ? ModelStack.ofTransparentGenerator() : ModelStack.ofGenerator(own);
    }
  }

  private final Random random;
  private final int variables;
  private final List<ContextVar<Object>> objects = new ArrayList<>();
  private final List<LongContextVar> longs = new ArrayList<>();
  private final List<Context> contexts = new ArrayList<>();
  private final List<Snapshot> snapshots = new ArrayList<>();
  private final List<Gen> generators = new ArrayList<>();

  /** The base layer of the model: variable to value, {@code null} included (B1). */
  private final Map<Object, Object> globals = new HashMap<>();

  private final List<String> trace = new ArrayList<>();
  private int budget;
  private int counter;

  RandomProgram(long seed) {
    // Scrambled: the first numbers drawn from neighboring seeds are nearly equal.
    random = new Random(seed * 0x9E3779B97F4A7C15L);
    variables = random.nextInt(10) == 0 ? 70 : 1 + random.nextInt(8);
    budget = 20 + random.nextInt(180);
    for (int i = 0; i < variables; i++) {
      objects.add(i % 3 == 2 ? ContextVar.withDefault("o", DEFAULT) : ContextVar.of("o"));
      longs.add(
          i % 3 == 2 ? LongContextVar.withDefault("l", LONG_DEFAULT) : LongContextVar.of("l"));
    }
    for (int i = 0; i < 3; i++) {
      contexts.add(new Context(new LogicalContext(), new ModelLc()));
    }
    snapshots.add(new Snapshot(ExecutionContext.empty(), ModelStack.Snapshot.empty()));
  }

  /** What has been done so far, for a failure's message. */
  String trace() {
    return String.join("\n", trace.subList(Math.max(0, trace.size() - 60), trace.size()));
  }

  /** Runs the program on the current thread, which must be a new one. */
  void run() {
    ModelStack here = ModelStack.ofThread();
    while (budget > 0) {
      try {
        block(here, 0, null);
      } catch (Thrown _) {
        check(here);
      }
    }
    for (Gen gen : generators) {
      close(here, gen);
    }
    check(here);
  }

  private void note(int depth, String what) {
    trace.add("  ".repeat(depth) + what);
  }

  // ----------------------------------------------------------------------------------- steps

  /** Some steps; {@code out} is that of the innermost generator whose body this is, or null. */
  private void block(ModelStack here, int depth, Generator.Yielder<Integer> out) {
    for (int steps = 1 + random.nextInt(8); steps > 0 && budget > 0; steps--) {
      budget--;
      step(here, depth, out);
      check(here);
    }
    if (random.nextInt(25) == 0) {
      note(depth, "throw");
      throw new Thrown();
    }
  }

  private void step(ModelStack here, int depth, Generator.Yielder<Integer> out) {
    int kind = random.nextInt(depth < DEEPEST ? 100 : 45);
    if (kind < 15) {
      set(here, depth);
    } else if (kind < 18) {
      changeGlobal(depth);
    } else if (kind < 24) {
      delete(here, depth);
    } else if (kind < 30) {
      capture(here, depth);
    } else if (kind < 35) {
      checkFromOutside();
    } else if (kind < 45) {
      if (out != null) {
        yieldOne(here, depth, out);
      } else {
        set(here, depth);
      }
    } else if (kind < 52) {
      bind(here, depth, out);
    } else if (kind < 64) {
      runInContext(here, depth, out);
    } else if (kind < 73) {
      runInSnapshot(here, depth, out);
    } else if (kind < 79) {
      newGenerator(depth);
    } else if (kind < 91) {
      resumeSome(here, depth);
    } else if (kind < 94) {
      if (!generators.isEmpty()) {
        note(depth, "close a generator");
        close(here, generators.get(random.nextInt(generators.size())));
      }
    } else if (kind < 97) {
      onAnotherThread(depth);
    } else if (out != null) {
      yieldAll(here, depth, out);
    }
  }

  private Object someValue() {
    return random.nextInt(8) == 0 ? null : "value " + counter++;
  }

  private long someLong() {
    return switch (random.nextInt(6)) {
      case 0 -> Long.MIN_VALUE;
      case 1 -> -1;
      case 2 -> 0;
      default -> random.nextLong();
    };
  }

  private void set(ModelStack here, int depth) {
    int i = random.nextInt(variables);
    if (random.nextBoolean()) {
      Object value = someValue();
      note(depth, "set o" + i + " = " + value);
      objects.get(i).set(value);
      here.set(objects.get(i), value);
    } else {
      long value = someLong();
      note(depth, "set l" + i + " = " + value);
      longs.get(i).set(value);
      here.set(longs.get(i), value);
    }
  }

  private void delete(ModelStack here, int depth) {
    int i = random.nextInt(variables);
    boolean object = random.nextBoolean();
    note(depth, "delete " + (object ? "o" : "l") + i);
    Runnable delete = object ? objects.get(i)::delete : longs.get(i)::delete;
    if (here.delete(object ? objects.get(i) : longs.get(i))) {
      delete.run();
    } else {
      assertThrows(NoSuchElementException.class, delete::run);
    }
  }

  private void changeGlobal(int depth) {
    int i = random.nextInt(variables);
    ContextVar<Object> object = objects.get(i);
    LongContextVar number = longs.get(i);
    boolean ofObject = random.nextBoolean();
    Object variable = ofObject ? object : number;
    if (random.nextInt(3) == 0) {
      note(depth, "delete global " + variable + i);
      Runnable delete = ofObject ? object::deleteGlobal : number::deleteGlobal;
      if (globals.containsKey(variable)) {
        globals.remove(variable);
        delete.run();
      } else {
        assertThrows(NoSuchElementException.class, delete::run);
      }
    } else if (ofObject) {
      Object value = someValue();
      note(depth, "set global o" + i + " = " + value);
      object.setGlobal(value);
      globals.put(object, value);
    } else {
      long value = someLong();
      note(depth, "set global l" + i + " = " + value);
      number.setGlobal(value);
      globals.put(number, value);
    }
  }

  /** B1: {@code found}, or the global value. */
  private ModelStack.Found orGlobal(ModelStack.Found found, Object variable) {
    return found.bound() || !globals.containsKey(variable)
        ? found
        : new ModelStack.Found(true, globals.get(variable));
  }

  private void bind(ModelStack here, int depth, Generator.Yielder<Integer> out) {
    int i = random.nextInt(variables);
    Object variable;
    Object value;
    Binding binding;
    ModelLc lc = here.topmost();
    if (random.nextBoolean()) {
      value = someValue();
      variable = objects.get(i);
      binding = objects.get(i).bind(value);
    } else {
      value = someLong();
      variable = longs.get(i);
      binding = longs.get(i).bind((Long) value);
    }
    note(depth, "bind " + variable + i + " = " + value + " {");
    ModelStack.Found before = here.lookupTopmost(variable);
    here.set(variable, value);
    here.bind(binding);
    try {
      check(here);
      block(here, depth + 1, out);
    } finally {
      note(depth, "} unbind " + variable + i);
      if (here.topmost() == lc && lc.bindings.getLast() == binding) {
        binding.close();
        lc.bindings.removeLast();
        if (before.bound()) {
          lc.values.put(variable, before.value());
        } else {
          lc.values.remove(variable);
        }
        binding.close();
      } else {
        assertThrows(IllegalStateException.class, binding::close);
      }
      check(here);
    }
  }

  private void runInContext(ModelStack here, int depth, Generator.Yielder<Integer> out) {
    if (random.nextInt(4) == 0) {
      contexts.add(new Context(new LogicalContext(), new ModelLc()));
    }
    int i = random.nextInt(contexts.size());
    Context lc = contexts.get(i);
    note(depth, "run in lc" + i + (lc.model.entered ? ", refused" : " {"));
    if (lc.model.entered) {
      assertThrows(
          IllegalStateException.class,
          () ->
              lc.real.run(
                  () -> {
                    throw new AssertionError("must not run");
                  }));
      return;
    }
    try {
      lc.real.run(
          () -> {
            here.push(lc.model);
            try {
              check(here);
              block(here, depth + 1, out);
            } finally {
              here.pop();
            }
          });
    } catch (Thrown t) {
      if (random.nextBoolean()) {
        throw t;
      }
    } finally {
      note(depth, "} left lc" + i);
      check(here);
    }
  }

  private void runInSnapshot(ModelStack here, int depth, Generator.Yielder<Integer> out) {
    int i = random.nextInt(snapshots.size());
    Snapshot ec = snapshots.get(i);
    note(depth, "run in ec" + i + " {");
    try {
      ec.real.run(
          () -> {
            here.enter(ec.model);
            try {
              check(here);
              block(here, depth + 1, out);
            } finally {
              here.leave();
            }
          });
    } catch (Thrown t) {
      if (random.nextBoolean()) {
        throw t;
      }
    } finally {
      note(depth, "} left ec" + i);
      check(here);
    }
  }

  private void capture(ModelStack here, int depth) {
    note(depth, "capture ec" + snapshots.size());
    Snapshot snapshot = new Snapshot(ExecutionContext.capture(), here.capture());
    assertTrue(snapshot.real.depth() <= 34, "S7");
    snapshots.add(snapshot);
    check(snapshot);
  }

  // ------------------------------------------------------------------------------ generators

  private void newGenerator(int depth) {
    if (generators.size() < 10) {
      note(depth, "new generator " + generators.size());
      generators.add(generator(depth));
    }
  }

  private Gen generator(int depth) {
    Gen gen = new Gen(random.nextInt(4) == 0);
    Generator.Body<Integer> body =
        out -> {
          gen.started = true;
          try {
            check(gen.stack);
            for (int blocks = 1 + random.nextInt(4); blocks > 0; blocks--) {
              block(gen.stack, depth + 1, out);
              yieldOne(gen.stack, depth + 1, out);
            }
          } finally {
            check(gen.stack);
            gen.stack.end();
            gen.finished = true;
          }
        };
    gen.real = gen.own == null ? Generator.transparent(body) : Generator.of(body);
    return gen;
  }

  private void yieldOne(ModelStack here, int depth, Generator.Yielder<Integer> out) {
    int token = counter++;
    note(depth, "yield " + token);
    lastYielded = token;
    out.yield(token);
    note(depth, "resumed");
    check(here);
  }

  /** What the innermost running body has yielded last; handed over with control. */
  private int lastYielded;

  private void yieldAll(ModelStack here, int depth, Generator.Yielder<Integer> out) {
    Gen inner = generator(depth);
    inner.stack.resumeOver(here);
    note(depth, "yield all of " + (inner.own == null ? "a transparent one" : "one") + " {");
    try (Generator<Integer> real = inner.real) {
      out.yieldAll(real);
    } catch (Thrown t) {
      assertFalse(inner.real.hasNext());
      if (random.nextBoolean()) {
        throw t;
      }
    } finally {
      note(depth, "} yielded all");
      check(here);
    }
  }

  private void resumeSome(ModelStack here, int depth) {
    if (generators.isEmpty()) {
      return;
    }
    int i = random.nextInt(generators.size());
    Gen gen = generators.get(i);
    if (gen.running) {
      note(depth, "resume generator " + i + ", refused");
      assertThrows(IllegalStateException.class, gen.real::hasNext);
      assertThrows(IllegalStateException.class, gen.real::next);
      assertThrows(IllegalStateException.class, gen.real::close);
      return;
    }
    if (gen.finished) {
      assertFalse(gen.real.hasNext());
      assertThrows(NoSuchElementException.class, gen.real::next);
      return;
    }
    note(depth, "resume generator " + i + " {");
    gen.stack.resumeOver(here);
    gen.running = true;
    try {
      boolean more = gen.real.hasNext();
      assertEquals(!gen.finished, more);
      if (more) {
        assertEquals(lastYielded, gen.real.next());
      }
    } catch (Thrown t) {
      assertTrue(gen.finished);
      if (random.nextBoolean()) {
        throw t;
      }
    } finally {
      gen.running = false;
      note(depth, "} generator " + i);
      check(here);
    }
  }

  private void close(ModelStack here, Gen gen) {
    if (gen.running) {
      assertThrows(IllegalStateException.class, gen.real::close);
      return;
    }
    gen.stack.resumeOver(here);
    gen.running = true;
    gen.real.close();
    gen.running = false;
    gen.finished = true;
    assertFalse(gen.real.hasNext());
    gen.real.close();
    check(here);
  }

  // --------------------------------------------------------------------------------- threads

  private void onAnotherThread(int depth) {
    ThreadKind kind = ThreadKind.values()[random.nextInt(2)];
    note(depth, "on a " + kind + " thread {");
    try {
      kind.run(
          () -> {
            ModelStack there = ModelStack.ofThread();
            check(there);
            block(there, depth + 1, null);
          });
    } catch (Thrown t) {
      if (random.nextBoolean()) {
        throw t;
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    } finally {
      note(depth, "} thread");
    }
  }

  // ---------------------------------------------------------------------------------- checks

  /** Compares what the current thread sees with the model of its stack. */
  private void check(ModelStack here) {
    int first = random.nextInt(variables);
    for (int k = 0; k < Math.min(variables, 12); k++) {
      int i = (first + k) % variables;
      ContextVar<Object> object = objects.get(i);
      ModelStack.Found found = orGlobal(here.lookup(object), object);
      assertEquals(found.value(), object.lookup(), () -> "o" + i);
      assertEquals(found.bound(), object.isBound());
      assertEquals(found.bound() ? found.value() : "other", object.getOrElse("other"));
      assertEquals(here.lookupTopmost(object).value(), object.lookupTopmost());
      if (found.bound() || i % 3 == 2) {
        assertEquals(found.bound() ? found.value() : DEFAULT, object.get());
      } else {
        assertThrows(NoSuchElementException.class, object::get);
      }
      LongContextVar number = longs.get(i);
      ModelStack.Found foundLong = orGlobal(here.lookup(number), number);
      assertEquals(foundLong.bound(), number.isBound(), () -> "l" + i);
      assertEquals(foundLong.bound() ? foundLong.value() : (Object) 5L, number.getOrElse(5));
      if (foundLong.bound() || i % 3 == 2) {
        assertEquals(foundLong.bound() ? foundLong.value() : (Object) LONG_DEFAULT, number.get());
      } else {
        assertThrows(NoSuchElementException.class, number::get);
      }
    }
  }

  private void check(Snapshot snapshot) {
    for (ContextVar<Object> object : objects) {
      ModelStack.Found found = snapshot.model.lookup(object);
      assertEquals(orGlobal(found, object).value(), snapshot.real.lookup(object));
      assertEquals(found.bound(), snapshot.real.contains(object));
    }
    assertEquals(objectsAmong(snapshot.model.vars()), snapshot.real.vars());
  }

  private void checkFromOutside() {
    check(snapshots.get(random.nextInt(snapshots.size())));
    Context lc = contexts.get(random.nextInt(contexts.size()));
    assertEquals(lc.model.entered, lc.real.isEntered());
    assertEquals(lc.model.values.size(), lc.real.size());
    assertEquals(objectsAmong(lc.model.values.keySet()), lc.real.vars());
    for (ContextVar<Object> object : objects) {
      assertEquals(lc.model.values.get(object), lc.real.lookup(object));
      assertEquals(lc.model.values.containsKey(object), lc.real.contains(object));
    }
  }

  private static Set<Object> objectsAmong(Set<Object> variables) {
    Set<Object> objects = new HashSet<>(variables);
    for (Iterator<Object> it = objects.iterator(); it.hasNext(); ) {
      if (!(it.next() instanceof ContextVar<?>)) {
        it.remove();
      }
    }
    return objects;
  }
}
