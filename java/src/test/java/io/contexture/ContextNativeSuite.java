package io.contexture;

import static io.contexture.ThreadKind.PLATFORM;
import static io.contexture.ThreadKind.VIRTUAL;

import org.junit.jupiter.api.Nested;

/** The whole API on the native backend, and what happens when that runs out of memory. */
class ContextNativeSuite extends ContextSuite {
  ContextNativeSuite() {
    super(Backend.NATIVE);
  }

  @Nested
  @RunsOn(PLATFORM)
  class Exhaustion extends ExhaustionCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class ExhaustionOnVirtualThreads extends ExhaustionCases {}

  @Nested
  @RunsOn(PLATFORM)
  class WorkerExhaustion extends WorkerExhaustionCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class WorkerExhaustionOnVirtualThreads extends WorkerExhaustionCases {}
}
