package io.contexture;

import static io.contexture.ThreadKind.PLATFORM;
import static io.contexture.ThreadKind.VIRTUAL;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.Continuations;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * All that has to do with generators, in a JVM whose command line exports the JDK's internal
 * continuations to the library; on either backend. But for {@link OverflowCases}: the JDK aborts
 * where a continuation can't be resumed for want of stack.
 */
class GeneratorContinuationsSuite {
  @Test
  void theStatusSaysThatContinuationsAreUsed() {
    assertTrue(Continuations.areAvailable(), Continuations.unavailableReason());
    String status = Contexture.status();
    assertTrue(status.endsWith(" Generators run on the JDK's internal continuations."), status);
  }

  @Nested
  @RunsOn(PLATFORM)
  class OnContinuations extends ContinuationCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class OnContinuationsOnVirtualThreads extends ContinuationCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Generators extends GeneratorCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class GeneratorsOnVirtualThreads extends GeneratorCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Delegating extends DelegationCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class DelegatingOnVirtualThreads extends DelegationCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Sending extends SendingCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class SendingOnVirtualThreads extends SendingCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Caches extends CacheCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class CachesOnVirtualThreads extends CacheCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Globals extends GlobalCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Garbage extends GarbageCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class GarbageOnVirtualThreads extends GarbageCases {}
}
