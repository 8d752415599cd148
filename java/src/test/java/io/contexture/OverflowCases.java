package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.contexture.internal.ffm.FfmHooks;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The stack overflows at every depth of every operation. */
abstract class OverflowCases extends GeneratorFaultCases {
  @Override
  void strikeEverywhere(Trial trial) throws Exception {
    StackEnd.sweep(trial);
  }

  @AfterEach
  void noNativeMemoryIsLost() {
    if (Contexture.backend() == Backend.NATIVE) {
      FfmHooks.awaitBalance();
    }
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

  @Test
  void whatIsBoundWhereTheStackEndsIsClosed() throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .stackSize(256 << 10)
            .unstarted(
                () -> {
                  x.runWith("warm", () -> {});
                  for (int round = 0; round < Effort.of(60); round++) {
                    try (Binding _ = x.bind("outer")) {
                      tries = 2;
                      assertThrows(StackOverflowError.class, this::bindWhereTheStackEnds);
                      assertEquals("outer", x.get());
                    }
                    assertFalse(x.isBound());
                  }
                });
    thread.setUncaughtExceptionHandler((_, t) -> failure.set(t));
    thread.start();
    new ThreadKind.Running(thread, failure).join();
  }

  private int tries;

  /** Binds in the last frames that there are, as far as that is possible. */
  private void bindWhereTheStackEnds() {
    try {
      bindWhereTheStackEnds();
    } catch (StackOverflowError e) {
      if (tries > 0) {
        x.runWith("inner", () -> {});
        tries--;
      }
      throw e;
    }
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
