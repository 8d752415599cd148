package io.contexture.hamt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.contexture.Backend;
import io.contexture.Contexture;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The suite of the shared map. Each backend runs it in a JVM of its own; see the subclasses. */
abstract class SharedSuite {
  private final Backend expected;

  SharedSuite(Backend expected) {
    this.expected = expected;
  }

  @Test
  void theBackendUnderTestIsTheOneThatRuns() {
    assertEquals(expected, Contexture.backend());
  }

  @Nested
  class Operations extends SharedCases {}

  @Nested
  class Snapshots extends SharedSnapshotCases {}

  @Nested
  class Races extends SharedRaceCases {}

  @Nested
  class Histories extends SharedHistoryCases {}
}
