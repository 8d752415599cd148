package io.contexture.internal.ffm.stress;

import java.util.SplittableRandom;

/** One way of making, sharing, reading and dropping what lies in native memory. */
interface Workload {
  /** What it is called in the summary and on the command line. */
  String name();

  /** A part of the work for one thread, which may share things with other workers. */
  Worker newWorker(SplittableRandom random);

  /** Drops everything that the workers share. Called when none of them runs any more. */
  default void dropShared() {}

  /** Number of things that should have been collected by now and haven't; polled at the end. */
  default long uncollected() {
    return 0;
  }

  /** The work of one thread; all it refers to is dropped with it. */
  interface Worker {
    /**
     * Works for well under a millisecond or so and verifies whatever it reads.
     *
     * @return how many operations that were
     * @throws AssertionError if it read something wrong
     */
    int step();
  }
}
