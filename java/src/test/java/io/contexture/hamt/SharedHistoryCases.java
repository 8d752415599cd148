package io.contexture.hamt;

import static io.contexture.hamt.Histories.ABSENT;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.hamt.Histories.Call;
import io.contexture.hamt.Histories.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small random histories of several threads are linearizable. */
abstract class SharedHistoryCases {
  private static final int KEYS = 3;
  private static final int ROUNDS = 400;

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void smallHistoriesAreLinearizable(int threads) throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      Seeds.run(ROUNDS, random -> round(threads, random, pool));
    }
  }

  private static void round(int threads, Random random, ExecutorService pool) {
    long[] keys = keys(random);
    long[] initial = new long[KEYS];
    try (ConcurrentLongHamt map = ConcurrentLongHamt.create()) {
      // Others that fill the leaf in which the keys are, or will be, or don't.
      int others = random.nextInt(40);
      for (long i = 0; i < others; i++) {
        long other = Keys.withHash(i << 58 | 21);
        if (Arrays.stream(keys).noneMatch(key -> key == other)) {
          map.put(other, i);
        }
      }
      for (int key = 0; key < KEYS; key++) {
        initial[key] = random.nextBoolean() ? ABSENT : random.nextInt(2);
        if (initial[key] != ABSENT) {
          map.put(keys[key], initial[key]);
        }
      }
      if (random.nextBoolean()) {
        map.snapshot(); // so that the first changes have to copy
      }
      CyclicBarrier start = new CyclicBarrier(threads);
      List<Future<List<Call>>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        Random own = new Random(random.nextLong());
        running.add(pool.submit(() -> play(map, keys, own, start, threads > 4 ? 3 : 5)));
      }
      List<Call> calls = new ArrayList<>();
      for (Future<List<Call>> one : running) {
        calls.addAll(one.get(Await.LIMIT_SECONDS, TimeUnit.SECONDS));
      }
      assertTrue(
          Histories.isLinearizable(initial, calls),
          () -> calls.stream().map(Call::toString).collect(Collectors.joining("\n", "", "\n")));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Keys that share a leaf, at some depth, or don't. */
  private static long[] keys(Random random) {
    int shift = random.nextInt(57);
    return random
        .longs()
        .map(word -> Keys.withHash(word << shift << 5 | 21))
        .distinct()
        .limit(KEYS)
        .toArray();
  }

  private static List<Call> play(
      ConcurrentLongHamt map, long[] keys, Random random, CyclicBarrier start, int length)
      throws Exception {
    Kind[] kinds = new Kind[length];
    int[] indices = new int[length];
    long[] as = new long[length];
    long[] bs = new long[length];
    long[][] results = new long[length][];
    long[] called = new long[length];
    long[] returned = new long[length];
    for (int i = 0; i < length; i++) {
      kinds[i] = Kind.values()[random.nextInt(Kind.values().length)];
      indices[i] = random.nextInt(KEYS);
      as[i] = random.nextInt(3);
      bs[i] = random.nextInt(3);
      if (kinds[i] == Kind.SIZE || (kinds[i] == Kind.CLEAR && random.nextBoolean())) {
        kinds[i] = Kind.SNAPSHOT; // the size counts the others too
      }
    }
    start.await(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
    for (int i = 0; i < length; i++) {
      called[i] = System.nanoTime();
      results[i] = run(map, kinds[i], keys, indices[i], as[i], bs[i]);
      returned[i] = System.nanoTime();
    }
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      calls.add(new Call(kinds[i], indices[i], as[i], bs[i], results[i], called[i], returned[i]));
    }
    return calls;
  }

  private static long[] run(
      ConcurrentLongHamt map, Kind kind, long[] keys, int index, long a, long b) {
    long key = keys[index];
    return switch (kind) {
      case GET -> new long[] {map.get(key, ABSENT)};
      case CONTAINS -> Histories.truth(map.containsKey(key));
      case PUT -> Histories.truth(map.put(key, a));
      case PUT_IF_ABSENT -> Histories.truth(map.putIfAbsent(key, a));
      case REMOVE -> Histories.truth(map.remove(key));
      case COMPARE_AND_SET -> Histories.truth(map.compareAndSet(key, a, b));
      case CLEAR -> {
        map.clear();
        yield new long[0];
      }
      case SIZE -> new long[] {map.size()};
      case SNAPSHOT -> {
        LongHamt snapshot = map.snapshot();
        long[] state = new long[KEYS];
        for (int i = 0; i < KEYS; i++) {
          state[i] = snapshot.get(keys[i], ABSENT);
        }
        yield state;
      }
    };
  }
}
