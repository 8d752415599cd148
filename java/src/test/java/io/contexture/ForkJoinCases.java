package io.contexture;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.Future;
import java.util.concurrent.RecursiveTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Fork-join pools, their tasks, and parallel streams (T1, T3). */
abstract class ForkJoinCases {
  private static final ContextVar<String> X = ContextVar.of("x");

  private static String readAndChange() {
    String seen = X.getOrElse("nothing");
    X.set("changed by a task");
    return seen;
  }

  /** A plain task that gives what X is. */
  private static final class Read extends RecursiveTask<String> {
    @Override
    protected String compute() {
      assertInstanceOf(ForkJoinWorkerThread.class, Thread.currentThread());
      return readAndChange();
    }
  }

  /** Forks down to a depth; each level says what it sees in turn. */
  private static final class Descend extends ContextRecursiveTask<Set<String>> {
    private final int depth;

    Descend(int depth) {
      this.depth = depth;
    }

    @Override
    protected Set<String> compute() {
      Set<String> seen = new HashSet<>();
      seen.add(X.getOrElse("nothing"));
      if (depth == 0) {
        X.set("changed by a leaf");
        return seen;
      }
      Descend left = new Descend(depth - 1);
      Descend right = new Descend(depth - 1);
      left.fork();
      seen.addAll(right.invoke());
      seen.addAll(left.join());
      Descend third = new Descend(depth - 1);
      Descend fourth = new Descend(depth - 1);
      ForkJoinTask.invokeAll(third, fourth);
      seen.addAll(third.join());
      seen.addAll(fourth.join());
      assertEquals(seen, Set.of(X.getOrElse("nothing")), "what leaves set never comes back");
      return seen;
    }
  }

  /** Invokes the next one through the pool, whose worker this runs on. */
  private static final class InvokeNext extends RecursiveTask<Integer> {
    private final ContextForkJoinPool pool;
    private final int depth;

    InvokeNext(ContextForkJoinPool pool, int depth) {
      this.pool = pool;
      this.depth = depth;
    }

    @Override
    protected Integer compute() {
      assertEquals("depth " + depth, X.get());
      X.set("depth " + (depth - 1));
      return depth == 0 ? 0 : 1 + pool.invoke(new InvokeNext(pool, depth - 1));
    }
  }

  // ------------------------------------------------------------------------------- the pool

  @Test
  void t1InvokeByAWorkerOfThePoolNeedsNoOtherWorker() {
    try (ForkJoinPool bare = new ForkJoinPool(1)) {
      ContextForkJoinPool pool = ContextExecutors.propagating(bare);
      X.set("depth 20");
      assertEquals(20, pool.invoke(new InvokeNext(pool, 20)));
      assertEquals("depth 20", X.get());
      assertEquals(1, bare.getPoolSize());
    }
  }

  @Test
  void t1TasksOfAPoolRunInTheContextInWhichTheyWereHandedIn() throws Exception {
    try (ForkJoinPool bare = new ForkJoinPool(2)) {
      ContextForkJoinPool pool = ContextExecutors.propagating(bare);
      assertSame(bare, pool.pool());
      X.set("mine");
      assertEquals("mine", pool.invoke(new Read()));
      Read submitted = new Read();
      assertSame(submitted, pool.submit(submitted));
      assertEquals("mine", submitted.get(Await.LIMIT_SECONDS, SECONDS));
      Read executed = new Read();
      pool.execute(executed);
      assertEquals("mine", executed.get(Await.LIMIT_SECONDS, SECONDS));
      ForkJoinTask<String> adapted = ForkJoinTask.adapt((Callable<String>) new Read()::compute);
      pool.execute((Runnable) adapted);
      assertEquals("mine", adapted.get(Await.LIMIT_SECONDS, SECONDS));
      ForkJoinTask<String> other = ForkJoinTask.adapt((Callable<String>) new Read()::compute);
      assertSame(other, pool.submit((Runnable) other));
      assertEquals("mine", other.get(Await.LIMIT_SECONDS, SECONDS));
      ForkJoinTask<String> callable = pool.submit((Callable<String>) new Read()::compute);
      assertEquals("mine", callable.get(Await.LIMIT_SECONDS, SECONDS));
      AtomicReference<String> seen = new AtomicReference<>();
      ForkJoinTask<String> runnable = pool.submit(() -> seen.set(readAndChange()), "r");
      assertEquals("r", runnable.get(Await.LIMIT_SECONDS, SECONDS));
      assertEquals("mine", seen.getAndSet(null));
      pool.submit(() -> seen.set(readAndChange())).get(Await.LIMIT_SECONDS, SECONDS);
      assertEquals("mine", seen.getAndSet(null));
      for (Future<String> future :
          pool.invokeAllUninterruptibly(List.<Callable<String>>of(new Read()::compute))) {
        assertEquals("mine", future.resultNow());
      }
      assertEquals("mine", X.get());
      assertEquals("nothing", ContextExecutors.detached(bare).invoke(new Read()));
      ExecutionContext fixed = ExecutionContext.capture();
      X.set("other");
      assertEquals("mine", ContextExecutors.fixed(fixed, bare).invoke(new Read()));
    }
  }

  @Test
  void t1ATimeoutActionRunsInTheContextOfItsTask() throws Exception {
    try (ForkJoinPool bare = new ForkJoinPool(2)) {
      ContextForkJoinPool pool = ContextExecutors.propagating(bare);
      X.set("then");
      CountDownLatch release = new CountDownLatch(1);
      ForkJoinTask<String> late =
          pool.submitWithTimeout(
              () -> {
                Await.latch(release);
                return "late";
              },
              1,
              MILLISECONDS,
              task -> task.complete("timed out, " + readAndChange()));
      ForkJoinTask<String> inTime =
          pool.submitWithTimeout(new Read()::compute, Await.LIMIT_SECONDS, SECONDS, null);
      X.set("now");
      assertEquals("timed out, then", late.get(Await.LIMIT_SECONDS, SECONDS));
      release.countDown();
      assertEquals("then", inTime.get(Await.LIMIT_SECONDS, SECONDS));
      bare.shutdownNow(); // a plain close may take a minute where there were timeouts (JDK 25)
    }
  }

  @Test
  void exceptionsOfATaskAreInTheTask() {
    try (ForkJoinPool bare = new ForkJoinPool(2)) {
      ContextForkJoinPool pool = ContextExecutors.propagating(bare);
      class Failing extends RecursiveTask<String> {
        @Override
        protected String compute() {
          throw new IllegalStateException("mine");
        }
      }
      assertThrows(IllegalStateException.class, () -> pool.invoke(new Failing()));
      ForkJoinTask<String> submitted = pool.submit(new Failing());
      submitted.quietlyJoin();
      assertTrue(submitted.isCompletedAbnormally());
      assertInstanceOf(IllegalStateException.class, submitted.getException());
    }
  }

  @Test
  void aTaskThatThePoolGivesUpIsCancelled() throws Exception {
    ForkJoinPool bare = new ForkJoinPool(1);
    ContextForkJoinPool pool = ContextExecutors.propagating(bare);
    CountDownLatch occupied = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    pool.execute(
        () -> {
          occupied.countDown();
          while (release.getCount() > 0) {
            try {
              release.await();
            } catch (InterruptedException e) {
              // of shutdownNow
            }
          }
        });
    Await.latch(occupied);
    ForkJoinTask<String> waiting = pool.submit(new Read());
    ForkJoinTask<String> cancelled = pool.submit(new Read());
    assertTrue(cancelled.cancel(false));
    pool.shutdownNow();
    release.countDown();
    assertTrue(pool.awaitTermination(Await.LIMIT_SECONDS, SECONDS));
    assertThrows(CancellationException.class, waiting::join);
    assertThrows(CancellationException.class, cancelled::join);
    Read rejected = new Read();
    assertThrows(RejectedExecutionException.class, () -> pool.submit(rejected));
    assertThrows(RejectedExecutionException.class, () -> pool.invoke(rejected));
    assertFalse(rejected.isDone(), "it is as it was");
  }

  // -------------------------------------------------------------------------------- tasks

  @Test
  void t1ForksRunInTheContextInWhichTheyWereMade() {
    try (ForkJoinPool bare = new ForkJoinPool(4)) {
      X.set("mine");
      assertEquals(Set.of("mine"), bare.invoke(new Descend(5)));
      assertEquals(Set.of("mine"), ContextExecutors.detached(bare).invoke(new Descend(3)));
      Descend made = new Descend(2);
      X.set("changed");
      assertEquals(Set.of("mine"), ContextExecutors.propagating(bare).invoke(made));
      assertEquals(Set.of("changed"), new Descend(2).invoke(), "in the common pool");
      assertEquals("changed", X.get());
    }
  }

  @Test
  void t1ForksSeeWhatTheirTaskHasSetBefore() {
    class Task extends ContextRecursiveAction {
      private final int depth;
      private final List<String> seen;

      Task(int depth, List<String> seen) {
        this.depth = depth;
        this.seen = seen;
      }

      @Override
      protected void compute() {
        seen.add(X.getOrElse("nothing"));
        if (depth > 0) {
          X.set("level " + depth);
          Task forked = new Task(depth - 1, seen);
          X.set("later");
          forked.fork();
          forked.join();
          assertEquals("later", X.get());
        }
      }
    }
    try (ForkJoinPool bare = new ForkJoinPool(2)) {
      List<String> seen = Collections.synchronizedList(new ArrayList<>());
      bare.invoke(new Task(3, seen));
      assertEquals(List.of("nothing", "level 3", "level 2", "level 1"), seen);
    }
  }

  @Test
  void s2ComputeIsAPlainCall() {
    class Change extends ContextRecursiveTask<String> {
      @Override
      protected String compute() {
        return readAndChange();
      }
    }
    X.set("then");
    Change task = new Change();
    X.set("now");
    assertEquals("now", task.compute());
    assertEquals("changed by a task", X.get());
    assertEquals("then", task.invoke());
    X.set("once more");
    task.reinitialize();
    X.set("later");
    assertEquals("once more", task.invoke());
    assertEquals("later", X.get());
    assertEquals("once more", task.getRawResult());
  }

  /** Has no outer instance, so that it can be serialized. */
  private static final class Serial extends ContextRecursiveTask<String> {
    private static final long serialVersionUID = 1;

    @Override
    protected String compute() {
      return X.getOrElse("nothing");
    }
  }

  @Test
  void aDeserializedTaskRunsWhereItWasDeserialized() throws Exception {
    X.set("there");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new Serial());
    }
    X.set("here");
    Serial read;
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      read = (Serial) in.readObject();
    }
    X.set("later");
    assertEquals("here", read.invoke());
  }

  // ------------------------------------------------------------------------------- workers

  @Test
  void workersOfOneContextCarryItIntoPlainForks() {
    X.set("workers'");
    ExecutionContext context = ExecutionContext.capture();
    X.set("other");
    class Plain extends RecursiveTask<String> {
      private final int depth;

      Plain(int depth) {
        this.depth = depth;
      }

      @Override
      protected String compute() {
        if (depth == 0) {
          return X.getOrElse("nothing");
        }
        Plain left = new Plain(depth - 1);
        left.fork();
        String right = new Plain(depth - 1).compute();
        assertEquals(right, left.join());
        return right;
      }
    }
    try (ForkJoinPool pool =
        new ForkJoinPool(3, ContextExecutors.workerThreadFactory(context), null, false)) {
      assertEquals("workers'", pool.invoke(new Plain(8)));
    }
    assertEquals("other", X.get());
  }

  // ------------------------------------------------------------------------ parallel streams

  /** What X is, and on which thread it was asked for. */
  private static String read(Set<Thread> threads) {
    threads.add(Thread.currentThread());
    return X.getOrElse("nothing");
  }

  private static void assertMine() {
    if (!X.getOrElse("nothing").equals("mine")) {
      throw new AssertionError("seen: " + X.getOrElse("nothing"));
    }
  }

  /** An element whose comparisons look at the context. */
  private record Element(int value) implements Comparable<Element> {
    @Override
    public int compareTo(Element other) {
      assertMine();
      return Integer.compare(value, other.value);
    }

    @Override
    public boolean equals(Object other) {
      assertMine();
      return other instanceof Element element && element.value == value;
    }

    @Override
    public int hashCode() {
      assertMine();
      return Objects.hash(value);
    }
  }

  @Test
  void t1LambdasOfAParallelStreamRunInTheCallersContext() {
    X.set("mine");
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    CountDownLatch two = new CountDownLatch(2);
    Set<String> seen =
        ContextStreams.call(
            4,
            () ->
                IntStream.range(0, 64)
                    .parallel()
                    .mapToObj(
                        i -> {
                          String read = read(threads);
                          two.countDown();
                          Await.latch(two); // so that more than one worker takes part
                          return read;
                        })
                    .collect(Collectors.toSet()));
    assertEquals(Set.of("mine"), seen);
    assertTrue(threads.size() > 1, threads.toString());
    assertFalse(threads.contains(Thread.currentThread()));
    assertEquals("mine", X.get());
  }

  @Test
  void t1EveryKindOfCodeInAParallelStreamIsInTheCallersContext() {
    X.set("mine");
    int n = 1000;
    ContextStreams.run(
        () -> {
          Supplier<Stream<Element>> elements =
              () -> IntStream.range(0, n).parallel().mapToObj(i -> new Element((i * 37) % n));
          assertEquals(n, elements.get().sorted().distinct().filter(e -> check(e.value)).count());
          assertEquals(
              n * (n - 1) / 2,
              elements.get().reduce(0, (sum, e) -> add(sum, e.value), ForkJoinCases::add));
          assertEquals(
              n,
              elements
                  .get()
                  .collect(
                      () -> {
                        assertMine();
                        return new ArrayList<Element>();
                      },
                      (list, e) -> {
                        assertMine();
                        list.add(e);
                      },
                      (left, right) -> {
                        assertMine();
                        left.addAll(right);
                      })
                  .size());
          assertEquals(
              2 * n,
              elements
                  .get()
                  .flatMap(e -> Stream.of(e, e).filter(inner -> check(inner.value)))
                  .count());
          assertEquals(
              10,
              elements.get().collect(Collectors.groupingByConcurrent(e -> mod(e.value))).size());
          assertEquals(
              n / 2, elements.get().gather(Gatherers.windowFixed(2)).filter(w -> check(0)).count());
          elements.get().forEach(e -> assertMine());
          elements.get().sorted((a, b) -> b.compareTo(a)).forEachOrdered(e -> assertMine());
          assertEquals(new Element(n - 1), elements.get().max(Element::compareTo).get());
          Element[] array = elements.get().toArray(Element[]::new);
          Element[] large =
              Stream.of(array, array, array, array, array, array, array, array, array)
                  .flatMap(Arrays::stream)
                  .toArray(Element[]::new);
          Arrays.parallelSort(large);
          assertEquals(new Element(0), large[0]);
        });
  }

  private static boolean check(int value) {
    assertMine();
    return value >= 0;
  }

  private static int add(int a, int b) {
    assertMine();
    return a + b;
  }

  private static int mod(int a) {
    assertMine();
    return a % 10;
  }

  @Test
  void aParallelStreamsExceptionIsTheVeryObject() {
    IOException thrown = new IOException("mine");
    assertSame(
        thrown,
        assertThrows(
            IOException.class,
            () ->
                ContextStreams.<String, IOException>call(
                    () -> {
                      throw thrown;
                    })));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ContextStreams.run(
                () ->
                    IntStream.range(0, 100)
                        .parallel()
                        .forEach(
                            i -> {
                              throw new IllegalArgumentException("mine");
                            })));
  }

  @Test
  void parallelStreamsInParallelStreamsAndTheirWorkersEnd() throws Exception {
    X.set("outer");
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Set<String> seen =
        ContextStreams.call(
            2,
            () -> {
              X.set("mine");
              return ContextStreams.call(
                  2,
                  () ->
                      IntStream.range(0, 100)
                          .parallel()
                          .mapToObj(i -> read(threads))
                          .collect(Collectors.toSet()));
            });
    assertEquals(Set.of("mine"), seen);
    assertEquals("outer", X.get());
    for (Thread thread : threads) {
      assertTrue(
          thread.join(java.time.Duration.ofSeconds(Await.LIMIT_SECONDS)), thread + " still runs");
    }
  }

  @Test
  void anInterruptOfTheCallerIsKept() {
    Thread.currentThread().interrupt();
    int sum = ContextStreams.call(() -> IntStream.range(0, 100).parallel().sum());
    assertEquals(4950, sum);
    assertTrue(Thread.interrupted());
  }

  @Test
  void badParallelismIsRefused() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> ContextStreams.call(0, () -> ""))
            .getMessage();
    assertTrue(message.contains("parallelism is 0"), message);
    assertThrows(IllegalArgumentException.class, () -> ContextStreams.call(1 << 20, () -> ""));
    assertEquals(
        "operation",
        assertThrows(NullPointerException.class, () -> ContextStreams.run(null)).getMessage());
  }
}
