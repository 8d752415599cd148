package io.contexture;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tasks that run in steps (T2). */
abstract class TaskCases {
  private final ContextVar<Integer> count = ContextVar.withDefault("count", 0);
  private final ContextVar<String> request = ContextVar.of("request");

  @ParameterizedTest
  @EnumSource
  void t2StepsShareOneContextOverOneSnapshot(ThreadKind kind) throws Exception {
    try (ExecutorService bare = Executors.newFixedThreadPool(3, kind::unstarted)) {
      for (Executor executor :
          List.of(bare, ContextExecutors.propagating(bare), ContextExecutors.detached(bare))) {
        request.set("17");
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch left = new CountDownLatch(1000);
        ContextTask task =
            ContextTask.of(
                self -> {
                  count.set(count.get() + 1);
                  left.countDown();
                  if (left.getCount() > 0) {
                    executor.execute(self); // whose thread may be quicker than this one
                  }
                  seen.add(request.get() + "/" + count.get());
                });
        request.set("18");
        executor.execute(task);
        Await.latch(left);
        Await.until("the last step ends", () -> seen.size() == 1000);
        for (int i = 0; i < 1000; i++) {
          assertEquals("17/" + (i + 1), seen.get(i));
        }
        assertEquals(0, count.get());
        assertEquals("18", request.get());
      }
    }
  }

  @Test
  void t2PeriodicStepsKeepTheirContextToo() {
    try (ScheduledExecutorService timer = Executors.newScheduledThreadPool(2)) {
      request.set("17");
      List<String> seen = Collections.synchronizedList(new ArrayList<>());
      CountDownLatch steps = new CountDownLatch(5);
      timer.scheduleAtFixedRate(
          ContextTask.of(
              () -> {
                count.set(count.get() + 1);
                seen.add(request.get() + "/" + count.get());
                steps.countDown();
              }),
          0,
          1,
          MILLISECONDS);
      request.set("18");
      Await.latch(steps);
      timer.shutdownNow();
      assertEquals(List.of("17/1", "17/2", "17/3", "17/4", "17/5"), seen.subList(0, 5));
    }
  }

  @Test
  void t2StepsOfDifferentCodeShareTheContext() throws Exception {
    request.set("17");
    ContextTask task = ContextTask.of(() -> count.set(count.get() + 1));
    request.set("18");
    task.run();
    List<Object> seen = new ArrayList<>();
    Runnable runnable = task.step((Runnable) () -> seen.add(count.get()));
    runnable.run();
    Callable<String> callable =
        task.step(
            () -> {
              count.set(count.get() + 10);
              return request.get();
            });
    assertEquals("17", callable.call());
    Consumer<String> consumer = task.stepConsumer(a -> seen.add(a + count.get()));
    consumer.accept("a");
    BiConsumer<String, Throwable> biConsumer = task.stepBiConsumer((a, b) -> seen.add(a + b));
    CompletableFuture.completedFuture("done, ").whenComplete(biConsumer);
    assertEquals(11, task.<Integer, RuntimeException>call(count::get));
    task.run();
    runnable.run();
    assertEquals(List.of(1, "a11", "done, null", 12), seen);
    assertEquals(0, count.get());
    assertEquals("18", request.get());
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      assertEquals(
          "17", ContextExecutors.detached(pool).submit(callable).get(Await.LIMIT_SECONDS, SECONDS));
    }
    List<Runnable> handedOn = new ArrayList<>();
    ContextExecutors.propagating(handedOn::add).execute(runnable);
    ContextExecutors.propagating(handedOn::add).execute(task);
    assertSame(runnable, handedOn.get(0), "it has its context already");
    assertSame(task, handedOn.get(1));
  }

  @Test
  void t2TheContextCanBeGiven() {
    request.set("17");
    ExecutionContext context = ExecutionContext.capture();
    request.set("18");
    List<String> seen = new ArrayList<>();
    ContextTask.of(context, self -> seen.add(request.get())).run();
    ContextTask.of(ExecutionContext.empty(), self -> seen.add(request.getOrElse("none"))).run();
    assertEquals(List.of("17", "none"), seen);
  }

  @ParameterizedTest
  @EnumSource
  void t2AStepWaitsForTheOneThatIsRunning(ThreadKind kind) throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    ContextTask task =
        ContextTask.of(
            () -> {
              inside.countDown();
              Await.latch(release);
              count.set(5);
              order.add("first");
            });
    ThreadKind.Running first = kind.start(task::run);
    Await.latch(inside);
    ThreadKind.Running second =
        kind.start(() -> task.step((Runnable) () -> order.add("second " + count.get())).run());
    Await.until("the second step waits", () -> second.thread().getState() == Thread.State.WAITING);
    assertEquals(List.of(), order);
    release.countDown();
    first.join();
    second.join();
    assertEquals(List.of("first", "second 5"), order);
  }

  @Test
  void aStepThatRunsAnotherDirectlyIsRefused() {
    List<Throwable> thrown = new ArrayList<>();
    ContextTask task =
        ContextTask.of(self -> thrown.add(assertThrows(IllegalStateException.class, self::run)));
    task.run();
    task.run();
    assertEquals(2, thrown.size());
    assertTrue(thrown.get(0).getMessage().contains("entered already"), thrown.toString());
  }

  @Test
  void aTaskGoesOnAfterAStepThatFails() {
    IOException checked = new IOException("mine");
    ContextTask task =
        ContextTask.of(
            () -> {
              count.set(count.get() + 1);
              if (count.get() == 1) {
                throw new IllegalArgumentException("mine");
              }
            });
    assertThrows(IllegalArgumentException.class, task::run);
    assertFalse(request.isBound());
    task.run();
    assertEquals(2, task.<Integer, RuntimeException>call(count::get));
    Callable<String> failing =
        task.step(
            (Callable<String>)
                () -> {
                  throw checked;
                });
    assertSame(checked, assertThrows(IOException.class, failing::call));
    assertEquals(0, count.get());
  }

  @Test
  void t1AnOrdinaryTaskThatReschedulesItselfCarriesItsChangesOn() throws Exception {
    try (ExecutorService bare = Executors.newFixedThreadPool(2)) {
      ExecutorService pool = ContextExecutors.propagating(bare);
      CompletableFuture<ExecutionContext> last = new CompletableFuture<>();
      request.set("17");
      Runnable step =
          new Runnable() {
            @Override
            public void run() {
              count.set(count.get() + 1); // goes along: the next step is created here
              if (count.get() == 1000) {
                last.complete(ExecutionContext.capture());
              } else {
                pool.execute(this);
              }
            }
          };
      pool.execute(step);
      ExecutionContext end = last.get(Await.LIMIT_SECONDS, SECONDS);
      assertEquals(1000, end.lookup(count));
      assertEquals("17", end.lookup(request));
      assertTrue(end.depth() <= 33, "S7: folded, not " + end.depth());
    }
  }

  @Test
  void tasksTellNoValues() {
    request.set("secret");
    ContextTask task = ContextTask.of(() -> count.set(1));
    task.run();
    assertEquals(
        "ContextTask[own=LogicalContext[count], over=ExecutionContext[request]]", task.toString());
  }

  @Test
  void nullsAreRefusedByName() {
    ContextTask task = ContextTask.of(() -> {});
    assertEquals("step", name(() -> ContextTask.of((Runnable) null)));
    assertEquals("step", name(() -> ContextTask.of((Consumer<ContextTask>) null)));
    assertEquals("context", name(() -> ContextTask.of(null, self -> {})));
    assertEquals("other", name(() -> task.step((Runnable) null)));
    assertEquals("other", name(() -> task.stepConsumer(null)));
    assertEquals("other", name(() -> task.stepBiConsumer(null)));
    assertEquals("body", name(() -> task.call(null)));
  }

  private static String name(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(NullPointerException.class, call).getMessage();
  }
}
