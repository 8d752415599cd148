package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The stack overflows at every depth of every operation. */
abstract class OverflowCases extends GeneratorFaultCases {
  @Override
  void strikeEverywhere(Trial trial) throws Exception {
    StackEnd.sweep(trial);
  }

  @ParameterizedTest
  @EnumSource
  void overflowDeepInABodyPopsEveryContext(ThreadKind kind) throws Exception {
    kind.run(
        () -> {
          x.set("outside");
          LogicalContext[] first = new LogicalContext[1];
          assertThrows(StackOverflowError.class, () -> enterForEver(first));
          assertFalse(first[0].isEntered());
          assertEquals("inside", first[0].lookup(x));
          assertEquals("outside", x.get());
          assertEquals("outside", x.lookupTopmost());
        });
  }

  private void enterForEver(LogicalContext[] first) {
    LogicalContext lc = new LogicalContext();
    if (first[0] == null) {
      first[0] = lc;
    }
    lc.run(
        () -> {
          x.set("inside");
          ExecutionContext.capture().run(() -> enterForEver(first));
        });
  }
}
