package io.contexture;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.contexture.internal.ffm.FfmHooks;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
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
    OutOfMemoryError failure = null;
    for (int tries = 0; failure == null && tries < 20; tries++) {
      setAndClear();
      FfmHooks.failAllocation(1);
      try {
        assertEquals("mine", ContextStreams.call(1, () -> x.get()));
        // The reaper, busy with what earlier tests have left, took the failure, or gave back a
        // slab.
      } catch (OutOfMemoryError e) {
        failure = e;
      }
    }
    assertNotNull(failure);
    assertEquals(0, FfmHooks.failAllocation(0), "the failure was this one: " + failure);
    assertEquals("mine", ContextStreams.call(1, () -> x.get()));
  }

  @Test
  void aPoolReplacesAWorkerThatCannotBegin() throws Exception {
    setAndClear();
    BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    try (ForkJoinPool pool =
        new ForkJoinPool(
            1,
            ContextExecutors.workerThreadFactory(ExecutionContext.capture()),
            (worker, failure) -> failures.add(failure),
            false)) {
      FfmHooks.failAllocation(1);
      assertEquals("mine", pool.submit(() -> x.get()).get(30, SECONDS));
      assertInstanceOf(OutOfMemoryError.class, failures.poll(30, SECONDS));
    }
  }
}
