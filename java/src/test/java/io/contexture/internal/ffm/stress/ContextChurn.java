package io.contexture.internal.ffm.stress;

import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import io.contexture.Generator;
import io.contexture.LongContextVar;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Whole contexts: sets and captures over each other's snapshots, with values that hold the snapshot
 * they are in. Every look-up is compared with what was set; long variables are read from native
 * memory itself, so that freed memory would show.
 */
final class ContextChurn implements Workload {
  private static final int OBJECTS = 12;
  private static final int LONGS = 4;
  private static final int ALL = OBJECTS + LONGS;
  private static final int SHARED = 64;

  /** More variables than a flat map holds, set now and then. */
  private static final int EXTRA = 40;

  private final List<ContextVar<Value>> objects = new ArrayList<>();
  private final List<LongContextVar> longs = new ArrayList<>();
  private final List<ContextVar<Long>> extra = new ArrayList<>();
  private final AtomicReferenceArray<@Nullable Snapshot> shared =
      new AtomicReferenceArray<>(SHARED);
  private final ReferenceQueue<Object> dead = new ReferenceQueue<>();
  private final Set<Reference<?>> phantoms = ConcurrentHashMap.newKeySet();

  ContextChurn() {
    for (int i = 0; i < OBJECTS; i++) {
      objects.add(ContextVar.of("object " + i));
    }
    for (int i = 0; i < LONGS; i++) {
      longs.add(LongContextVar.of("long " + i));
    }
    for (int i = 0; i < EXTRA; i++) {
      extra.add(ContextVar.of("extra " + i));
    }
  }

  /** A value that refers to a context that holds it. */
  private static final class Value {
    final long number;
    @Nullable ExecutionContext home;

    Value(long number) {
      this.number = number;
    }
  }

  /** A snapshot and the number that each variable has in it; -1 where it has none. */
  private record Snapshot(ExecutionContext context, long[] numbers) {}

  @Override
  public String name() {
    return "contexts";
  }

  @Override
  public Worker newWorker(SplittableRandom random) {
    return () -> step(random);
  }

  @Override
  public void dropShared() {
    for (int i = 0; i < SHARED; i++) {
      shared.set(i, null);
    }
  }

  @Override
  public long uncollected() {
    for (Reference<?> ref; (ref = dead.poll()) != null; ) {
      phantoms.remove(ref);
    }
    return phantoms.size();
  }

  private int step(SplittableRandom random) {
    uncollected();
    Snapshot from = shared.get(random.nextInt(SHARED));
    if (from == null || random.nextInt(16) == 0) {
      long[] none = new long[ALL];
      java.util.Arrays.fill(none, -1);
      from = new Snapshot(ExecutionContext.empty(), none);
    }
    Snapshot start = from;
    checkFromOutside(start);
    return start.context.<Integer, RuntimeException>call(() -> inside(random, start.numbers));
  }

  private int inside(SplittableRandom random, long[] start) {
    long[] numbers = start.clone();
    final int ops = 24;
    for (int i = 0; i < ops; i++) {
      check(random.nextInt(ALL), numbers);
      change(random, numbers);
      if (i % 8 == 7) {
        Snapshot made = new Snapshot(ExecutionContext.capture(), numbers.clone());
        shared.set(random.nextInt(SHARED), made);
        checkFromOutside(made);
      }
    }
    if (random.nextInt(8) == 0) {
      setMany(random.nextInt(EXTRA));
    }
    if (random.nextInt(8) == 0) {
      generate(random, numbers);
    }
    for (int i = 0; i < ALL; i++) {
      check(i, numbers);
    }
    return ops;
  }

  private void change(SplittableRandom random, long[] numbers) {
    int i = random.nextInt(ALL);
    long number = random.nextLong(Long.MAX_VALUE);
    if (i >= OBJECTS) {
      longs.get(i - OBJECTS).set(number);
    } else {
      Value value = new Value(number);
      objects.get(i).set(value);
      if (random.nextInt(4) == 0) {
        value.home = ExecutionContext.capture();
        phantoms.add(new PhantomReference<>(value, dead));
      }
    }
    numbers[i] = number;
  }

  /** A body that changes what its resumer must not see, over a context that changes under it. */
  private void generate(SplittableRandom random, long[] numbers) {
    long[] own = numbers.clone();
    try (Generator<Long> generator =
        Generator.of(
            out -> {
              longs.getFirst().set(7);
              own[OBJECTS] = 7;
              out.yield(1L);
              check(OBJECTS, own);
              out.yield(2L);
            })) {
      generator.next();
      longs.getFirst().set(8);
      numbers[OBJECTS] = 8;
      generator.next();
      check(random.nextInt(ALL), numbers);
    }
  }

  /** Grows the context's map into a trie and back, and makes variables that die at once. */
  private void setMany(int from) {
    for (int i = from; i < EXTRA; i++) {
      extra.get(i).set((long) i);
      ContextVar.<Object>of("passing").set(new long[8]);
    }
    ExecutionContext.capture();
    for (int i = from; i < EXTRA; i++) {
      if (extra.get(i).get() != i) {
        throw new AssertionError("extra " + i + " is " + extra.get(i).get());
      }
      extra.get(i).delete();
    }
  }

  private void check(int i, long[] numbers) {
    long found;
    if (i >= OBJECTS) {
      found = longs.get(i - OBJECTS).getOrElse(-1);
    } else {
      Value value = objects.get(i).lookup();
      found = value == null ? -1 : value.number;
    }
    if (found != numbers[i]) {
      throw new AssertionError("variable " + i + " is " + found + " instead of " + numbers[i]);
    }
  }

  private void checkFromOutside(Snapshot snapshot) {
    for (int i = 0; i < OBJECTS; i++) {
      Value value = snapshot.context.lookup(objects.get(i));
      long found = value == null ? -1 : value.number;
      if (found != snapshot.numbers[i]) {
        throw new AssertionError(
            "variable " + i + " is " + found + " in a snapshot, not " + snapshot.numbers[i]);
      }
    }
  }
}
