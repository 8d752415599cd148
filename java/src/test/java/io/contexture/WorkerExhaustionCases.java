package io.contexture;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.contexture.internal.ffm.FfmHooks;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A worker has no native memory to enter its context with. */
abstract class WorkerExhaustionCases {
  private final ContextVar<String> x = ContextVar.of("x");

  /** Sees to it that the next snapshot needs memory when it is first entered. */
  private void setAndClear() {
    x.set("mine");
    FfmHooks.clearPool();
  }

  @AfterEach
  void allocationSucceedsAgain() {
    FfmHooks.failAllocation(0);
  }

  @Test
  void anOperationWhoseWorkerCannotBeginFailsAndTheNextSucceeds() {
    // What earlier tests have left may take the failure, or give back a slab.
    Await.until("the worker cannot begin", this::workerCannotBegin);
    assertEquals("mine", ContextStreams.call(1, () -> x.get()));
  }

  private boolean workerCannotBegin() {
    setAndClear();
    FfmHooks.failAllocation(1);
    try {
      assertEquals("mine", ContextStreams.call(1, () -> x.get()));
      return false;
    } catch (OutOfMemoryError e) {
      assertEquals(0, FfmHooks.failAllocation(0), "the failure was this one: " + e);
      return true;
    }
  }

  @Test
  void aPoolReplacesAWorkerThatCannotBegin() {
    Await.until("a worker cannot begin", this::poolReplacedWorker);
  }

  private boolean poolReplacedWorker() {
    setAndClear();
    BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    try (ForkJoinPool pool =
        new ForkJoinPool(
            1,
            ContextExecutors.workerThreadFactory(ExecutionContext.capture()),
            (worker, failure) -> failures.add(failure),
            false)) {
      FfmHooks.failAllocation(1);
      assertEquals("mine", pool.submit(() -> x.get()).get(Await.LIMIT_SECONDS, SECONDS));
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
    Throwable failure = failures.poll(); // it came before the result
    if (failure != null) {
      assertInstanceOf(OutOfMemoryError.class, failure);
    }
    return failure != null;
  }
}
