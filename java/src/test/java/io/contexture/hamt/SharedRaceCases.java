package io.contexture.hamt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.ThreadKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The shared map under many threads: what must hold however they interleave. */
abstract class SharedRaceCases {
  private static final int CHANGES = 4_000;

  private final ConcurrentLongHamt map = ConcurrentLongHamt.create();

  static Stream<Arguments> crowds() {
    return Stream.of(ThreadKind.values())
        .flatMap(kind -> Stream.of(2, 4, 8).map(threads -> Arguments.of(kind, threads)));
  }

  /** What one of the threads does. */
  @FunctionalInterface
  private interface Part {
    void run(int thread) throws Throwable;
  }

  /** Threads that begin together. */
  private static final class Crowd {
    private final List<ThreadKind.Running> running = new ArrayList<>();

    /** How many of the first threads, those that change the map, are still at it. */
    final AtomicInteger busy;

    Crowd(ThreadKind kind, int threads, Part part, Part... observers) {
      busy = new AtomicInteger(threads);
      CountDownLatch ready = new CountDownLatch(threads + observers.length);
      for (int i = 0; i < threads + observers.length; i++) {
        int thread = i;
        running.add(
            kind.start(
                () -> {
                  ready.countDown();
                  Await.latch(ready);
                  if (thread >= threads) {
                    observers[thread - threads].run(thread);
                    return;
                  }
                  try {
                    part.run(thread);
                  } finally {
                    busy.decrementAndGet();
                  }
                }));
      }
    }

    void join() throws Exception {
      for (ThreadKind.Running one : running) {
        one.join();
      }
    }
  }

  /** Runs the parts to their end; each observer again and again until the threads have ended. */
  private static void run(ThreadKind kind, int threads, Part part, Runnable... observers)
      throws Exception {
    Crowd[] crowd = new Crowd[1];
    CountDownLatch made = new CountDownLatch(1);
    Part[] parts = new Part[observers.length];
    for (int i = 0; i < parts.length; i++) {
      Runnable observer = observers[i];
      parts[i] =
          thread -> {
            Await.latch(made);
            do {
              observer.run();
              giveWay();
            } while (crowd[0].busy.get() > 0);
            observer.run(); // the end is to be seen too
          };
    }
    crowd[0] = new Crowd(kind, threads, part, parts);
    made.countDown();
    crowd[0].join();
  }

  /**
   * Lets others run: there may be more threads than carriers. Parks rather than yields, because a
   * virtual thread that yields where others do so for ever may never get its turn again.
   */
  private static void giveWay() {
    LockSupport.parkNanos(1);
  }

  private static long key(int thread, long i) {
    return (long) thread << 32 | i;
  }

  // ---------------------------------------------------------------------------------- changes --

  @ParameterizedTest
  @MethodSource("crowds")
  void everyKeyHasOneThatPutItFirst(ThreadKind kind, int threads) throws Exception {
    AtomicInteger[] won = new AtomicInteger[threads];
    run(
        kind,
        threads,
        thread -> {
          won[thread] = new AtomicInteger();
          for (long key = 0; key < CHANGES; key++) {
            if (map.putIfAbsent(key, thread)) {
              won[thread].incrementAndGet();
              assertEquals(thread, map.get(key, -1));
            } else {
              assertTrue(map.containsKey(key));
            }
          }
        });
    int[] has = new int[threads];
    map.forEach((key, thread) -> has[(int) thread]++);
    for (int thread = 0; thread < threads; thread++) {
      assertEquals(won[thread].get(), has[thread]);
    }
    assertEquals(CHANGES, map.size());
  }

  @ParameterizedTest
  @MethodSource("crowds")
  void everyEntryIsRemovedOnce(ThreadKind kind, int threads) throws Exception {
    for (long key = 0; key < CHANGES; key++) {
      map.put(key, key);
    }
    AtomicInteger removed = new AtomicInteger();
    run(
        kind,
        threads,
        thread -> {
          for (long key = 0; key < CHANGES; key++) {
            if (map.remove(key)) {
              removed.incrementAndGet();
            }
          }
        });
    assertEquals(CHANGES, removed.get());
    assertEquals(0, map.size());
  }

  @ParameterizedTest
  @MethodSource("crowds")
  void differentKeysDoNotDisturbEachOther(ThreadKind kind, int threads) throws Exception {
    run(
        kind,
        threads,
        thread -> {
          for (long i = 0; i < CHANGES; i++) {
            assertTrue(map.put(key(thread, i), i));
            assertEquals(i, map.get(key(thread, i), -1));
            if (i % 3 == 0) {
              assertTrue(map.remove(key(thread, i / 3)));
            }
          }
        },
        map::snapshot);
    for (int thread = 0; thread < threads; thread++) {
      for (long i = 0; i < CHANGES; i++) {
        assertEquals(i <= (CHANGES - 1) / 3 ? -1 : i, map.get(key(thread, i), -1));
      }
    }
  }

  /** No increment is lost, however many snapshots make the nodes be copied; no sum goes back. */
  @ParameterizedTest
  @MethodSource("crowds")
  void countersKeepTheirSum(ThreadKind kind, int threads) throws Exception {
    int counters = 20;
    for (long key = 0; key < counters; key++) {
      map.put(key, 0);
    }
    long[] last = new long[1];
    run(
        kind,
        threads,
        thread -> {
          for (int i = 0; i < CHANGES; i++) {
            long key = (i + thread) % counters;
            long value;
            do {
              value = map.get(key, -1);
            } while (!map.compareAndSet(key, value, value + 1));
          }
        },
        () -> {
          long sum = sum(map.snapshot());
          assertTrue(sum >= last[0], () -> sum + " after " + last[0]);
          last[0] = sum;
        });
    assertEquals((long) threads * CHANGES, last[0]);
    assertEquals((long) threads * CHANGES, sum(map.snapshot()));
  }

  private static long sum(LongHamt map) {
    long[] sum = new long[1];
    map.forEach((key, value) -> sum[0] += value);
    return sum[0];
  }

  // -------------------------------------------------------------------------------- snapshots --

  /** A snapshot with a writer's k-th entry has all of that writer's entries before it. */
  @ParameterizedTest
  @MethodSource("crowds")
  void snapshotsContainPrefixesOfEveryWriter(ThreadKind kind, int threads) throws Exception {
    long[] before = new long[threads];
    run(
        kind,
        threads,
        thread -> {
          for (long i = 0; i < CHANGES; i++) {
            map.put(key(thread, i), i);
          }
        },
        () -> {
          long[] count = new long[threads];
          long[] max = new long[threads];
          LongHamt snapshot = map.snapshot();
          snapshot.forEach(
              (key, value) -> {
                int thread = (int) (key >> 32);
                count[thread]++;
                max[thread] = Math.max(max[thread], value + 1);
              });
          long size = 0;
          for (int thread = 0; thread < threads; thread++) {
            assertEquals(max[thread], count[thread], "a gap");
            assertTrue(count[thread] >= before[thread], "an older state");
            before[thread] = count[thread];
            size += count[thread];
          }
          assertEquals(size, snapshot.size());
        });
    assertEquals((long) threads * CHANGES, map.size());
  }

  /** Of two keys that are written in turns, the first is never behind, nor ahead by two. */
  @ParameterizedTest
  @MethodSource("crowds")
  void snapshotsKeepTheOrderOfWrites(ThreadKind kind, int threads) throws Exception {
    for (int thread = 0; thread < threads; thread++) {
      map.put(key(thread, 0), 0);
      map.put(key(thread, 1), 0);
    }
    run(
        kind,
        threads,
        thread -> {
          for (long i = 1; i <= CHANGES; i++) {
            map.put(key(thread, 0), i);
            map.put(key(thread, 1), i);
          }
        },
        () -> {
          LongHamt snapshot = map.snapshot();
          for (int thread = 0; thread < threads; thread++) {
            long first = snapshot.get(key(thread, 0), -1);
            long second = snapshot.get(key(thread, 1), -1);
            assertTrue(first == second || first == second + 1, () -> first + ", " + second);
          }
        },
        () -> {
          for (int thread = 0; thread < threads; thread++) {
            long second = map.get(key(thread, 1), -1);
            long first = map.get(key(thread, 0), -1);
            assertTrue(first >= second, () -> first + ", " + second);
          }
        });
  }

  /** What a snapshot shows is the same whenever it is read. */
  @ParameterizedTest
  @MethodSource("crowds")
  void snapshotsDoNotChange(ThreadKind kind, int threads) throws Exception {
    run(
        kind,
        threads,
        thread -> {
          for (long i = 0; i < CHANGES; i++) {
            long key = i * 7 % 300;
            switch ((int) (i + thread) % 4) {
              case 0 -> map.remove(key);
              case 1 -> map.putIfAbsent(key, i);
              default -> map.put(key, i);
            }
          }
        },
        () -> {
          LongHamt snapshot = map.snapshot();
          Map<Long, Long> first = new HashMap<>();
          snapshot.forEach(first::put);
          assertEquals(first.size(), snapshot.size());
          for (long key = 0; key < 300; key++) {
            assertEquals(first.getOrDefault(key, -1L), snapshot.get(key, -1));
          }
          assertEquals(first, snapshot.asMap());
        });
  }

  /** Every clear removes all of what was there: what is left is without a gap. */
  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void clearLeavesNothingBehind(ThreadKind kind) throws Exception {
    run(
        kind,
        1,
        thread -> {
          for (long i = 0; i < 4 * CHANGES; i++) {
            map.put(i, i);
          }
        },
        () -> map.clear(),
        () -> {
          long[] minMaxCount = {Long.MAX_VALUE, -1, 0};
          map.forEach(
              (key, value) -> {
                minMaxCount[0] = Math.min(minMaxCount[0], value);
                minMaxCount[1] = Math.max(minMaxCount[1], value);
                minMaxCount[2]++;
              });
          if (minMaxCount[2] > 0) {
            assertEquals(minMaxCount[1] - minMaxCount[0] + 1, minMaxCount[2]);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("crowds")
  void closeStopsEverybodyAndLeavesSnapshots(ThreadKind kind, int threads) throws Exception {
    for (long key = 0; key < 500; key++) {
      map.put(key, key);
    }
    LongHamt before = map.snapshot();
    CountDownLatch underWay = new CountDownLatch(threads);
    Crowd crowd =
        new Crowd(
            kind,
            threads,
            thread -> {
              try {
                assertThrows(
                    IllegalStateException.class,
                    () -> {
                      for (long i = 0; ; i++) {
                        map.put(i & 1023, i);
                        map.get(i & 1023, -1);
                        map.remove(i + 3 & 1023);
                        map.snapshot().get(i & 1023, -1);
                        if (i == 100) {
                          underWay.countDown();
                        }
                        giveWay();
                      }
                    });
              } finally {
                underWay.countDown(); // so that a failure is told, and not that it is missed here
              }
            });
    try {
      Await.latch(underWay);
    } finally {
      map.close(); // ends the others, also if one of them failed
    }
    crowd.join();
    assertEquals(500, before.size());
    for (long key = 0; key < 500; key++) {
      assertEquals(key, before.get(key, -1));
    }
  }
}
