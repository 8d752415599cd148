package io.contexture;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Executors, thread factories and decorators that carry contexts (T1, T3, T4). */
abstract class ExecutorCases {
  private final ContextVar<String> x = ContextVar.of("x");
  private final ContextVar<Object> held = ContextVar.of("held");
  private final LongContextVar n = LongContextVar.of("n");

  /** The ways to hand a task with a result to an executor service, each waiting for the result. */
  enum Way {
    EXECUTE {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        AtomicReference<String> result = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        e.execute(
            () -> {
              result.set(unchecked(task));
              done.countDown();
            });
        Await.latch(done);
        return result.get();
      }
    },
    SUBMIT_CALLABLE {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        return e.submit(task).get(Await.LIMIT_SECONDS, SECONDS);
      }
    },
    SUBMIT_RUNNABLE {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        AtomicReference<String> result = new AtomicReference<>();
        assertNull(e.submit(() -> result.set(unchecked(task))).get(Await.LIMIT_SECONDS, SECONDS));
        return result.get();
      }
    },
    SUBMIT_RUNNABLE_AND_RESULT {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        AtomicReference<String> result = new AtomicReference<>();
        assertEquals(
            "r",
            e.submit(() -> result.set(unchecked(task)), "r").get(Await.LIMIT_SECONDS, SECONDS));
        return result.get();
      }
    },
    INVOKE_ALL {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        List<Future<String>> futures = e.invokeAll(List.of(() -> "first", task, () -> "last"));
        assertEquals("first", futures.get(0).get());
        assertEquals("last", futures.get(2).get());
        return futures.get(1).get();
      }
    },
    INVOKE_ALL_TIMED {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        return e.invokeAll(List.of(task), Await.LIMIT_SECONDS, SECONDS).get(0).get();
      }
    },
    INVOKE_ANY {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        return e.invokeAny(
            List.of(
                () -> {
                  throw new IOException("not this one");
                },
                task));
      }
    },
    INVOKE_ANY_TIMED {
      @Override
      String ask(ExecutorService e, Callable<String> task) throws Exception {
        return e.invokeAny(List.of(task), Await.LIMIT_SECONDS, SECONDS);
      }
    };

    abstract String ask(ExecutorService e, Callable<String> task) throws Exception;
  }

  private static <V> V unchecked(Callable<V> task) {
    try {
      return task.call();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** What x is, which is changed afterwards. */
  private String readAndChange() {
    String seen = x.getOrElse("nothing");
    x.set("changed by a task");
    n.set(-1);
    return seen;
  }

  private static ExecutorService pool(ThreadKind kind, int threads) {
    return Executors.newFixedThreadPool(threads, kind::unstarted);
  }

  /** Occupies the only thread of a pool until the latch is opened. */
  private static CountDownLatch occupy(Executor pool) {
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
    return release;
  }

  // ------------------------------------------------------------------------------------ T1

  @ParameterizedTest
  @EnumSource
  void t1EveryWayToHandInATaskGivesItTheContextOfThatMoment(Way way) throws Exception {
    for (ThreadKind kind : ThreadKind.values()) {
      try (ExecutorService pool = ContextExecutors.propagating(pool(kind, 2))) {
        for (String moment : List.of("first", "second")) {
          x.set(moment);
          n.set(1);
          assertEquals(moment, way.ask(pool, this::readAndChange));
          assertEquals(moment, x.get(), "a task's changes never come back");
          assertEquals(1, n.get());
        }
        x.delete();
        assertEquals("nothing", way.ask(pool, this::readAndChange));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void t1LaterChangesOfTheCreatorAreUnseen(ThreadKind kind) throws Exception {
    try (ExecutorService bare = pool(kind, 1)) {
      ExecutorService pool = ContextExecutors.propagating(bare);
      CountDownLatch release = occupy(bare);
      x.set("then");
      Future<String> task = pool.submit(this::readAndChange);
      x.set("now");
      release.countDown();
      assertEquals("then", task.get(Await.LIMIT_SECONDS, SECONDS));
      assertEquals("now", x.get());
    }
  }

  @ParameterizedTest
  @EnumSource
  void t1TasksOfTasksCarryOn(ThreadKind kind) throws Exception {
    try (ExecutorService bare = pool(kind, 2)) {
      ExecutorService pool = ContextExecutors.propagating(bare);
      x.set("outer");
      String seen =
          pool.submit(
                  () -> {
                    x.set(x.get() + ", inner");
                    return pool.submit(this::readAndChange).get(Await.LIMIT_SECONDS, SECONDS);
                  })
              .get(Await.LIMIT_SECONDS, SECONDS);
      assertEquals("outer, inner", seen);
      assertEquals("outer", x.get());
    }
  }

  @ParameterizedTest
  @EnumSource
  void t1WhatATaskLeftOnAPoolsThreadIsUnseenByOthers(ThreadKind kind) throws Exception {
    try (ExecutorService bare = pool(kind, 1)) {
      bare.submit(() -> x.set("left behind")).get(Await.LIMIT_SECONDS, SECONDS);
      assertEquals("nothing", ContextExecutors.propagating(bare).submit(this::readAndChange).get());
      assertEquals("nothing", ContextExecutors.detached(bare).submit(this::readAndChange).get());
      assertEquals("left behind", bare.submit(() -> x.get()).get());
    }
  }

  @Test
  void t1ATaskThatIsRunByTheCallerChangesNothingForIt() {
    x.set("mine");
    AtomicReference<String> seen = new AtomicReference<>();
    ContextExecutors.propagating((Executor) Runnable::run).execute(() -> seen.set(readAndChange()));
    assertEquals("mine", seen.get());
    assertEquals("mine", x.get());
  }

  // ------------------------------------------------------------------------------------ T3

  @ParameterizedTest
  @EnumSource
  void t3OneTaskOnTwoThreadsAtOnceHasTheSameStartOnBoth(ThreadKind kind) throws Exception {
    try (ExecutorService pool = ContextExecutors.propagating(pool(kind, 2))) {
      CyclicBarrier both = new CyclicBarrier(2);
      Callable<String> task =
          () -> {
            both.await(Await.LIMIT_SECONDS, SECONDS);
            String seen = readAndChange();
            both.await(Await.LIMIT_SECONDS, SECONDS);
            return seen + ", " + readAndChange();
          };
      x.set("start");
      for (int i = 0; i < 3; i++) {
        for (Future<String> future : pool.invokeAll(List.of(task, task))) {
          assertEquals("start, changed by a task", future.get());
        }
      }
    }
  }

  // -------------------------------------------------------------------------- detached, fixed

  @ParameterizedTest
  @EnumSource
  void t4DetachedTasksStartEmpty(Way way) throws Exception {
    x.set("request");
    for (ThreadKind kind : ThreadKind.values()) {
      ThreadFactory factory = ContextExecutors.threadFactory(kind::unstarted);
      try (ExecutorService bare = Executors.newFixedThreadPool(2, factory)) {
        assertEquals("nothing", way.ask(ContextExecutors.detached(bare), this::readAndChange));
        assertEquals("request", bare.submit(() -> x.get()).get(), "else this shows nothing");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void t3FixedTasksAllStartInTheGivenContext(Way way) throws Exception {
    x.set("fixed");
    ExecutionContext context = ExecutionContext.capture();
    x.set("other");
    for (ThreadKind kind : ThreadKind.values()) {
      try (ExecutorService pool = ContextExecutors.fixed(context, pool(kind, 2))) {
        assertEquals("fixed", way.ask(pool, this::readAndChange));
        assertEquals("fixed", way.ask(pool, this::readAndChange));
        kind.run(() -> assertEquals("fixed", way.ask(pool, this::readAndChange)));
      }
    }
    assertEquals("other", x.get());
  }

  // ------------------------------------------------------------------------------ scheduled

  @ParameterizedTest
  @EnumSource
  void t1DelayedTasksRunInTheContextInWhichTheyWereScheduled(ThreadKind kind) throws Exception {
    try (ScheduledExecutorService pool =
        ContextExecutors.propagating(Executors.newScheduledThreadPool(1, kind::unstarted))) {
      x.set("then");
      ScheduledFuture<String> call = pool.schedule(this::readAndChange, 1, MILLISECONDS);
      AtomicReference<String> seen = new AtomicReference<>();
      ScheduledFuture<?> run = pool.schedule(() -> seen.set(readAndChange()), 1, MILLISECONDS);
      x.set("now");
      assertEquals("then", call.get(Await.LIMIT_SECONDS, SECONDS));
      run.get(Await.LIMIT_SECONDS, SECONDS);
      assertEquals("then", seen.get());
      assertEquals("now", pool.submit(this::readAndChange).get(Await.LIMIT_SECONDS, SECONDS));
    }
  }

  @ParameterizedTest
  @EnumSource
  void t2t3PeriodicTasksHaveTheSameStartEachTime(ThreadKind kind) throws Exception {
    try (ScheduledExecutorService pool =
        ContextExecutors.propagating(Executors.newScheduledThreadPool(2, kind::unstarted))) {
      ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
      CountDownLatch atRate = new CountDownLatch(5);
      CountDownLatch withDelay = new CountDownLatch(5);
      x.set("start");
      pool.scheduleAtFixedRate(
          () -> {
            seen.add(readAndChange());
            atRate.countDown();
          },
          0,
          1,
          MILLISECONDS);
      pool.scheduleWithFixedDelay(
          () -> {
            seen.add(readAndChange());
            withDelay.countDown();
          },
          0,
          1,
          MILLISECONDS);
      x.set("changed");
      Await.latch(atRate);
      Await.latch(withDelay);
      pool.shutdownNow();
      assertTrue(seen.size() >= 10);
      assertTrue(seen.stream().allMatch("start"::equals), seen.toString());
    }
  }

  @Test
  void fixedAndDetachedHoldForScheduledTasksToo() throws Exception {
    x.set("fixed");
    ExecutionContext context = ExecutionContext.capture();
    x.set("other");
    try (ScheduledThreadPoolExecutor bare = new ScheduledThreadPoolExecutor(1)) {
      assertEquals(
          "fixed",
          ContextExecutors.fixed(context, bare)
              .schedule(this::readAndChange, 0, SECONDS)
              .get(Await.LIMIT_SECONDS, SECONDS));
      assertEquals(
          "nothing",
          ContextExecutors.detached(bare)
              .schedule(this::readAndChange, 0, SECONDS)
              .get(Await.LIMIT_SECONDS, SECONDS));
    }
  }

  // ---------------------------------------------------------- what must be as without a context

  @Test
  void exceptionsArriveAsTheyAre() throws Exception {
    IOException checked = new IOException("checked");
    Error error = new AssertionError("error");
    try (ExecutorService pool = ContextExecutors.propagating(pool(ThreadKind.VIRTUAL, 1))) {
      assertSame(
          checked,
          assertThrows(
                  ExecutionException.class,
                  () ->
                      pool.submit(
                              () -> {
                                throw checked;
                              })
                          .get(Await.LIMIT_SECONDS, SECONDS))
              .getCause());
      assertSame(
          error,
          assertThrows(
                  ExecutionException.class,
                  () ->
                      pool.submit(
                              (Runnable)
                                  () -> {
                                    throw error;
                                  })
                          .get(Await.LIMIT_SECONDS, SECONDS))
              .getCause());
      assertSame(
          checked,
          assertThrows(
                  ExecutionException.class,
                  () ->
                      pool.invokeAny(
                          List.of(
                              () -> {
                                throw checked;
                              })))
              .getCause());
    }
    AtomicReference<Throwable> uncaught = new AtomicReference<>();
    CountDownLatch died = new CountDownLatch(1);
    ThreadFactory factory =
        Thread.ofVirtual()
            .uncaughtExceptionHandler(
                (thread, thrown) -> {
                  uncaught.set(thrown);
                  died.countDown();
                })
            .factory();
    try (ExecutorService pool =
        ContextExecutors.propagating(Executors.newThreadPerTaskExecutor(factory))) {
      pool.execute(
          () -> {
            throw new IllegalArgumentException("mine");
          });
      Await.latch(died);
    }
    assertEquals("mine", uncaught.get().getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void cancellationInterruptsTheTaskAndItsThreadIsCleanAfterwards(ThreadKind kind)
      throws Exception {
    try (ExecutorService pool = ContextExecutors.propagating(pool(kind, 1))) {
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch interrupted = new CountDownLatch(1);
      x.set("request");
      Future<?> future =
          pool.submit(
              () -> {
                running.countDown();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  assertEquals("request", x.get());
                  interrupted.countDown();
                }
              });
      Await.latch(running);
      assertTrue(future.cancel(true));
      Await.latch(interrupted);
      assertTrue(future.isCancelled());
      assertThrows(CancellationException.class, future::get);
      x.set("next request");
      assertEquals(
          "next request", pool.submit(this::readAndChange).get(Await.LIMIT_SECONDS, SECONDS));
    }
  }

  @Test
  void invokeAllCancelsWhatIsLateAndInvokeAnyFailsInTime() throws Exception {
    try (ExecutorService pool = ContextExecutors.propagating(pool(ThreadKind.VIRTUAL, 2))) {
      CountDownLatch never = new CountDownLatch(1);
      Callable<String> late =
          () -> {
            never.await();
            return "late";
          };
      assertTrue(pool.invokeAll(List.of(late), 1, MILLISECONDS).get(0).isCancelled());
      assertThrows(TimeoutException.class, () -> pool.invokeAny(List.of(late), 1, MILLISECONDS));
      assertThrows(IllegalArgumentException.class, () -> pool.invokeAny(List.of()));
      assertEquals(List.of(), pool.invokeAll(List.<Callable<String>>of()));
    }
  }

  @Test
  void waitingForATaskIsInterruptible() throws Exception {
    try (ExecutorService pool = ContextExecutors.propagating(pool(ThreadKind.VIRTUAL, 1))) {
      Callable<String> late =
          () -> {
            new CountDownLatch(1).await();
            return "late";
          };
      Thread.currentThread().interrupt();
      assertThrows(InterruptedException.class, () -> pool.invokeAll(List.of(late)));
      pool.shutdownNow();
    }
  }

  @Test
  void theLifeCycleIsThatOfTheWrappedExecutor() throws Exception {
    ExecutorService bare = pool(ThreadKind.PLATFORM, 1);
    ExecutorService pool = ContextExecutors.propagating(bare);
    CountDownLatch release = occupy(bare);
    x.set("then");
    AtomicReference<String> seen = new AtomicReference<>();
    Runnable task = () -> seen.set(readAndChange());
    pool.execute(task);
    x.set("now");
    assertFalse(pool.isShutdown());
    List<Runnable> waiting = pool.shutdownNow();
    assertTrue(bare.isShutdown() && pool.isShutdown());
    release.countDown();
    assertTrue(pool.awaitTermination(Await.LIMIT_SECONDS, SECONDS));
    assertTrue(bare.isTerminated() && pool.isTerminated());
    assertEquals(1, waiting.size());
    assertSame(task, ContextExecutors.unwrap(waiting.get(0)));
    waiting.get(0).run();
    assertEquals("then", seen.get(), "it has brought its context along");
    ExecutorService second = ContextExecutors.propagating(pool(ThreadKind.VIRTUAL, 1));
    Future<String> last = second.submit(this::readAndChange);
    second.close();
    assertEquals("now", last.resultNow(), "close waits");
    assertTrue(second.isTerminated());
    second.shutdown();
  }

  // ------------------------------------------------------------------------------ rejection

  private static ThreadPoolExecutor tiny(BlockingQueue<Runnable> queue) {
    return new ThreadPoolExecutor(1, 1, 0, SECONDS, queue, ThreadKind.PLATFORM::unstarted);
  }

  /** Hands in a task in a context that has an object, and forgets both. */
  private WeakReference<Object> hold(Runnable handIn) {
    Object value = new byte[100];
    held.set(value);
    handIn.run();
    held.delete();
    return new WeakReference<>(value);
  }

  @Test
  void rejectedTasksLeaveNothingBehind() {
    try (ThreadPoolExecutor bare = tiny(new LinkedBlockingQueue<>(1))) {
      ExecutorService pool = ContextExecutors.propagating(bare);
      CountDownLatch release = occupy(bare);
      bare.execute(() -> {});
      List<WeakReference<Object>> values = new ArrayList<>();
      for (Executable rejected :
          List.<Executable>of(
              () -> pool.execute(() -> {}),
              () -> pool.submit(() -> {}),
              () -> pool.submit(() -> {}, "r"),
              () -> pool.submit(() -> "r"))) {
        values.add(hold(() -> assertThrows(RejectedExecutionException.class, rejected)));
      }
      values.forEach(value -> Await.collected("the value of a rejected task", value));
      assertEquals(1, bare.getQueue().size());
      release.countDown();
    }
  }

  @Test
  void rejectionHandlersCanTellTheTaskAndRunIt() {
    AtomicReference<Runnable> rejected = new AtomicReference<>();
    try (ThreadPoolExecutor bare = tiny(new LinkedBlockingQueue<>(1))) {
      ExecutorService pool = ContextExecutors.propagating(bare);
      CountDownLatch release = occupy(bare);
      bare.execute(() -> {});
      bare.setRejectedExecutionHandler((task, executor) -> rejected.set(task));
      x.set("then");
      AtomicReference<String> seen = new AtomicReference<>();
      Runnable task = () -> seen.set(readAndChange());
      pool.execute(task);
      assertSame(task, ContextExecutors.unwrap(rejected.get()));
      bare.setRejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy());
      pool.execute(task);
      assertEquals("then", seen.get());
      assertEquals("then", x.get(), "though run by the caller");
      release.countDown();
    }
  }

  // -------------------------------------------------------------------- identity of futures

  @Test
  void theWrappedExecutorKnowsItsFutures() throws Exception {
    try (ScheduledThreadPoolExecutor bare = new ScheduledThreadPoolExecutor(1)) {
      ScheduledExecutorService pool = ContextExecutors.propagating(bare);
      ScheduledFuture<?> removed = pool.schedule(() -> {}, 1, DAYS);
      ScheduledFuture<String> cancelled = pool.schedule(() -> "", 1, DAYS);
      ScheduledFuture<?> periodic = pool.scheduleAtFixedRate(() -> {}, 1, 1, DAYS);
      assertTrue(bare.getQueue().containsAll(List.of(removed, cancelled, periodic)));
      assertTrue(bare.remove((Runnable) removed));
      assertFalse(bare.remove((Runnable) removed));
      assertTrue(cancelled.cancel(false));
      assertEquals(2, bare.getQueue().size());
      bare.purge();
      assertEquals(List.of(periodic), List.copyOf(bare.getQueue()));
      bare.setRemoveOnCancelPolicy(true);
      assertTrue(periodic.cancel(false));
      assertEquals(0, bare.getQueue().size());
      assertTrue(removed.getDelay(SECONDS) > 0);
      assertTrue(pool.schedule(() -> {}, 2, DAYS).compareTo(pool.schedule(() -> {}, 1, DAYS)) > 0);
      bare.shutdownNow();
    }
  }

  @Test
  void cancelledTasksKeepNothingAliveWhileTheyAreInTheQueue() {
    try (ScheduledThreadPoolExecutor bare = new ScheduledThreadPoolExecutor(1)) {
      ScheduledExecutorService pool = ContextExecutors.propagating(bare);
      AtomicReference<Future<?>> future = new AtomicReference<>();
      WeakReference<Object> value = hold(() -> future.set(pool.schedule(() -> {}, 1, DAYS)));
      Await.collectGarbage();
      assertFalse(value.refersTo(null), "a task that waits keeps its context");
      future.get().cancel(false);
      Await.collected("the value of a cancelled task", value);
      assertEquals(1, bare.getQueue().size());
      bare.shutdownNow();
    }
  }

  @ParameterizedTest
  @EnumSource
  void detachedTasksKeepNoRequestAlive(ThreadKind kind) {
    ScheduledThreadPoolExecutor bare =
        new ScheduledThreadPoolExecutor(1, ContextExecutors.detachedThreadFactory(kind::unstarted));
    ScheduledExecutorService timers = ContextExecutors.detached(bare);
    WeakReference<Object> value =
        hold(
            () -> {
              timers.schedule(() -> {}, 1, DAYS);
              timers.scheduleAtFixedRate(() -> {}, 0, 1, DAYS);
              timers.execute(() -> {});
            });
    Await.collected("the request", value);
    Await.until("the tasks wait again", () -> bare.getQueue().size() == 2);
    bare.shutdownNow();
  }

  @Test
  void tasksInAPriorityQueueKeepTheirOrder() {
    record Ranked(int rank, List<Integer> ran) implements Runnable, Comparable<Ranked> {
      @Override
      public void run() {
        ran.add(rank);
      }

      @Override
      public int compareTo(Ranked other) {
        return Integer.compare(rank, other.rank);
      }
    }
    List<Integer> ran = new ArrayList<>();
    try (ThreadPoolExecutor bare = tiny(new PriorityBlockingQueue<>())) {
      ExecutorService pool = ContextExecutors.propagating(bare);
      CountDownLatch release = occupy(bare);
      x.set("wrapped");
      for (int rank : new int[] {5, 3, 9, 1}) {
        pool.execute(new Ranked(rank, ran));
      }
      release.countDown();
    }
    assertEquals(List.of(1, 3, 5, 9), ran);
  }

  // -------------------------------------------------------------------------------- nesting

  @Test
  void wrappingAgainReplacesWhatAnExecutorDoes() throws Exception {
    x.set("fixed");
    ExecutionContext context = ExecutionContext.capture();
    x.set("mine");
    try (ExecutorService bare = pool(ThreadKind.VIRTUAL, 1)) {
      ExecutorService propagating = ContextExecutors.propagating(bare);
      ExecutorService detached = ContextExecutors.detached(bare);
      assertSame(propagating, ContextExecutors.propagating(propagating));
      assertEquals(
          "nothing", ContextExecutors.detached(propagating).submit(this::readAndChange).get());
      assertEquals(
          "mine", ContextExecutors.propagating(detached).submit(this::readAndChange).get());
      assertEquals(
          "fixed", ContextExecutors.fixed(context, detached).submit(this::readAndChange).get());
    }
  }

  @Test
  void wrappedExecutorsTellWhatTheyDo() {
    Executor bare =
        new Executor() {
          @Override
          public void execute(Runnable task) {
            task.run();
          }

          @Override
          public String toString() {
            return "bare";
          }
        };
    x.set("secret");
    ExecutionContext context = ExecutionContext.capture();
    Executor detached = ContextExecutors.detached(bare);
    assertEquals("detached(bare)", detached.toString());
    assertEquals("propagating(bare)", ContextExecutors.propagating(detached).toString());
    assertEquals("fixed(bare)", ContextExecutors.fixed(context, bare).toString());
  }

  @ParameterizedTest
  @EnumSource
  void t1ATaskThatBringsAContextAlongIsNotWrappedAgain(Way way) throws Exception {
    x.set("brought");
    ExecutionContext brought = ExecutionContext.capture();
    x.set("mine");
    for (UnaryOperator<ExecutorService> kind :
        List.<UnaryOperator<ExecutorService>>of(
            ContextExecutors::propagating, ContextExecutors::detached)) {
      try (ExecutorService pool = kind.apply(pool(ThreadKind.VIRTUAL, 1))) {
        assertEquals(
            "brought", way.ask(pool, brought.wrap((Callable<String>) this::readAndChange)));
        AtomicReference<String> seen = new AtomicReference<>();
        pool.submit(brought.wrap(() -> seen.set(readAndChange())))
            .get(Await.LIMIT_SECONDS, SECONDS);
        assertEquals("brought", seen.get());
      }
    }
    List<Runnable> handedOn = new ArrayList<>();
    Runnable wrapped = brought.wrap(() -> {});
    ContextExecutors.propagating(handedOn::add).execute(wrapped);
    assertSame(wrapped, handedOn.get(0));
    assertSame(wrapped, ExecutionContext.capture().wrap(wrapped));
    Callable<String> call = brought.wrap(() -> "");
    assertSame(call, ExecutionContext.empty().wrap(call));
  }

  @Test
  void theResultIsAsCapableAsTheWrappedExecutor() {
    try (ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1);
        ExecutorService service = pool(ThreadKind.VIRTUAL, 1);
        ForkJoinPool forkJoin = new ForkJoinPool(1)) {
      for (Function<Executor, Executor> kind :
          List.<Function<Executor, Executor>>of(
              ContextExecutors::propagating,
              ContextExecutors::detached,
              e -> ContextExecutors.fixed(ExecutionContext.capture(), e))) {
        assertInstanceOf(ScheduledExecutorService.class, kind.apply(timers));
        assertInstanceOf(ExecutorService.class, kind.apply(service));
        assertFalse(kind.apply(service) instanceof ScheduledExecutorService);
        assertInstanceOf(ContextForkJoinPool.class, kind.apply(forkJoin));
        assertFalse(kind.apply(Runnable::run) instanceof ExecutorService);
      }
    }
  }

  // -------------------------------------------------------------------------------- threads

  @ParameterizedTest
  @EnumSource
  void t4ThreadsStartInTheContextInWhichTheyWereMade(ThreadKind kind) throws Exception {
    ThreadFactory factory =
        kind == ThreadKind.VIRTUAL
            ? ContextExecutors.virtualThreadFactory()
            : ContextExecutors.platformThreadFactory();
    AtomicReference<String> seen = new AtomicReference<>();
    x.set("then");
    Thread thread = factory.newThread(() -> seen.set(readAndChange()));
    assertEquals(kind == ThreadKind.VIRTUAL, thread.isVirtual());
    x.set("now");
    thread.start();
    thread.join();
    assertEquals("then", seen.get());
    assertEquals("now", x.get());
    x.set("fixed");
    ExecutionContext context = ExecutionContext.capture();
    x.set("other");
    run(ContextExecutors.threadFactory(context, kind::unstarted), () -> seen.set(readAndChange()));
    assertEquals("fixed", seen.get());
  }

  @ParameterizedTest
  @EnumSource
  void t4DetachedThreadsStartEmpty(ThreadKind kind) throws Exception {
    x.set("request");
    AtomicReference<String> seen = new AtomicReference<>();
    ThreadFactory inheriting = ContextExecutors.threadFactory(kind::unstarted);
    run(inheriting, () -> seen.set(readAndChange()));
    assertEquals("request", seen.get());
    run(ContextExecutors.detachedThreadFactory(inheriting), () -> seen.set(readAndChange()));
    assertEquals("nothing", seen.get());
  }

  private static void run(ThreadFactory factory, Runnable task) throws InterruptedException {
    Thread thread = factory.newThread(task);
    thread.start();
    thread.join();
  }

  @Test
  void t4AFactoryThatRefusesStaysRefusing() {
    assertNull(ContextExecutors.threadFactory(task -> null).newThread(() -> {}));
  }

  @Test
  void t1AVirtualThreadPerTaskRunsInTheContextOfItsTask() throws Exception {
    try (ExecutorService pool = ContextExecutors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> futures = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        x.set("request " + i);
        futures.add(
            pool.submit(
                () -> {
                  assertTrue(Thread.currentThread().isVirtual());
                  return readAndChange();
                }));
      }
      for (int i = 0; i < futures.size(); i++) {
        assertEquals("request " + i, futures.get(i).get(Await.LIMIT_SECONDS, SECONDS));
      }
    }
  }

  // ----------------------------------------------------------------------------- decorators

  @Test
  void t1DecoratorsWrapWhereTheyAreCalled() {
    UnaryOperator<Runnable> decorator = ContextExecutors.decorator();
    x.set("then");
    AtomicReference<String> seen = new AtomicReference<>();
    Runnable task = () -> seen.set(readAndChange());
    Runnable decorated = decorator.apply(task);
    assertNotSame(task, decorated);
    assertSame(task, ContextExecutors.unwrap(decorated));
    assertSame(task, ContextExecutors.unwrap(task));
    assertSame(decorated, decorator.apply(decorated));
    ExecutionContext then = ExecutionContext.capture();
    x.set("now");
    for (int i = 0; i < 2; i++) {
      decorated.run();
      assertEquals("then", seen.get());
    }
    ContextExecutors.decorator(ExecutionContext.empty()).apply(task).run();
    assertEquals("nothing", seen.get());
    ContextExecutors.decorator(then).apply(task).run();
    assertEquals("then", seen.get());
    assertEquals("now", x.get());
  }

  @Test
  void wrappedTasksTellWhatTheyAre() {
    x.set("secret");
    Runnable task =
        new Runnable() {
          @Override
          public void run() {}

          @Override
          public String toString() {
            return "my task";
          }
        };
    assertEquals(
        "my task in ExecutionContext[x]", ContextExecutors.decorator().apply(task).toString());
  }

  // ------------------------------------------------------------------------------ bad input

  @Test
  void nullsAreRefusedByName() {
    ExecutorService bare = Executors.newThreadPerTaskExecutor(ThreadKind.VIRTUAL::unstarted);
    ExecutorService pool = ContextExecutors.propagating(bare);
    AtomicInteger checked = new AtomicInteger();
    class Check {
      void named(String name, Executable call) {
        NullPointerException e = assertThrows(NullPointerException.class, call);
        assertEquals(name, e.getMessage());
        checked.incrementAndGet();
      }
    }
    Check check = new Check();
    check.named("executor", () -> ContextExecutors.propagating((Executor) null));
    check.named("executor", () -> ContextExecutors.detached((ExecutorService) null));
    check.named("pool", () -> ContextExecutors.detached((ForkJoinPool) null));
    check.named("context", () -> ContextExecutors.fixed(null, bare));
    check.named(
        "executor",
        () -> ContextExecutors.fixed(ExecutionContext.empty(), (ScheduledExecutorService) null));
    check.named("factory", () -> ContextExecutors.threadFactory(null));
    check.named("context", () -> ContextExecutors.threadFactory(null, kind -> null));
    check.named("context", () -> ContextExecutors.decorator(null));
    check.named("context", () -> ContextExecutors.workerThreadFactory(null));
    check.named("task", () -> ContextExecutors.unwrap(null));
    check.named("task", () -> ContextExecutors.decorator().apply(null));
    check.named("task", () -> pool.execute(null));
    check.named("task", () -> pool.submit((Runnable) null));
    check.named("task", () -> pool.submit(null, "r"));
    check.named("task", () -> pool.submit((Callable<String>) null));
    check.named("tasks", () -> pool.invokeAll(null));
    check.named("tasks", () -> pool.invokeAny(null));
    check.named("task", () -> pool.invokeAll(Arrays.asList(() -> "", null)));
    assertEquals(18, checked.get());
    pool.close();
  }
}
