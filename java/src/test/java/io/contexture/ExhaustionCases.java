package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.ffm.FfmHooks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Native memory runs out at every single allocation of every operation. */
abstract class ExhaustionCases extends GeneratorFaultCases {
  /** What is left in the slab at hand when an operation begins. */
  private static final int[] ROOMS = {0, 24, 64, 128, 256, 512, 1024, 2048};

  /** No operation of a test makes as many slabs. */
  private static final int MOST_SLABS = 1000;

  /** How the names of those tests begin whose operation never takes native memory. */
  private static final List<String> NEED_NONE =
      List.of("lookup", "capture", "supplier", "nextOfAValueThatIsReady");

  /** How often each test has run out of memory; some do in some of their variants only. */
  private static final Map<String, Integer> FAILURES = new TreeMap<>();

  private String test = "";

  @BeforeEach
  void name(TestInfo info) {
    test = info.getTestMethod().orElseThrow().getName();
    FAILURES.putIfAbsent(test, 0);
  }

  @AfterEach
  void allocationSucceedsAgainAndNoNativeMemoryIsLost() {
    FfmHooks.failAllocation(0);
    FfmHooks.awaitBalance();
  }

  @AfterAll
  static void everyTestRanOutOfMemoryUnlessItsOperationTakesNone() {
    FAILURES.forEach(
        (test, failures) ->
            assertEquals(NEED_NONE.stream().noneMatch(test::startsWith), failures > 0, test));
    FAILURES.clear();
  }

  @Override
  void strikeEverywhere(Trial trial) {
    trial.run(
        operation -> {
          operation.run();
          return true;
        });
    for (int room : ROOMS) {
      boolean[] over = new boolean[1];
      for (int n = 1; !over[0]; n++) {
        assertTrue(n < MOST_SLABS, "never gets by");
        int nth = n;
        trial.run(
            operation -> {
              boolean completed = withFailure(room, nth, operation);
              over[0] = completed && FfmHooks.failAllocation(0) != 0;
              FfmHooks.failAllocation(0);
              return completed;
            });
      }
    }
  }

  /** Runs an operation of which the n-th allocation fails; false if that has made it fail. */
  private boolean withFailure(int room, int n, Runnable operation) {
    FfmHooks.leaveRoom(room);
    FfmHooks.failAllocation(n);
    try {
      operation.run();
      return true;
    } catch (OutOfMemoryError e) {
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains(" bytes in use, limit "), message);
      FAILURES.merge(test, 1, Integer::sum);
      return false;
    }
  }

  @ParameterizedTest
  @EnumSource
  void lookupThatIsTheFirstThingAThreadDoesNeverFails(ThreadKind kind) throws Exception {
    x.set("starter's");
    strikeOnNewThreads(
        kind,
        fault -> {
          boolean completed = fault.run(() -> assertEquals("none", x.getOrElse("none")));
          assertEquals(null, x.lookup());
          return completed;
        });
    x.setGlobal("global");
    n.setGlobal(4);
    strikeOnNewThreads(
        kind,
        fault ->
            fault.run(
                () -> {
                  assertEquals("global", x.get());
                  assertEquals(4, n.get());
                }));
  }

  @ParameterizedTest
  @EnumSource
  void firstSetOfAThreadThatFailsCanBeRepeated(ThreadKind kind) throws Exception {
    strikeOnNewThreads(
        kind,
        fault -> {
          boolean completed = fault.run(() -> x.set("new"));
          assertEquals(completed ? "new" : null, x.lookup());
          x.set("newer");
          assertEquals("newer", x.get());
          return completed;
        });
  }

  @ParameterizedTest
  @EnumSource
  void firstEntryOfAThreadThatFailsCanBeRepeated(ThreadKind kind) throws Exception {
    LogicalContext lc = new LogicalContext();
    lc.run(() -> x.set("inside"));
    strikeOnNewThreads(
        kind,
        fault -> {
          boolean completed = fault.run(() -> lc.run(() -> assertEquals("inside", x.get())));
          lc.run(() -> assertEquals("inside", x.get()));
          assertEquals(null, x.lookup());
          return completed;
        });
  }

  /** As {@link #strikeEverywhere}, each trial on a thread that has done nothing yet. */
  private void strikeOnNewThreads(ThreadKind kind, Trial trial) {
    strikeEverywhere(
        fault -> {
          try {
            return kind.call(() -> trial.run(fault));
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void setOfManyVariablesThatFailsKeepsTheOthersAndCanBeRepeated() {
    List<ContextVar<Integer>> variables = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      variables.add(ContextVar.of("v" + i));
    }
    strikeEverywhere(
        fault ->
            new LogicalContext()
                .call(
                    () -> {
                      int[] done = new int[1];
                      Runnable setRest =
                          () -> {
                            for (; done[0] < variables.size(); done[0]++) {
                              variables.get(done[0]).set(done[0]);
                            }
                          };
                      boolean completed = fault.run(setRest);
                      assertSet(variables, done[0]);
                      setRest.run();
                      assertSet(variables, variables.size());
                      return completed;
                    }));
  }

  /** Checks that exactly the first {@code count} have their numbers for values. */
  private static void assertSet(List<ContextVar<Integer>> variables, int count) {
    ExecutionContext snapshot = ExecutionContext.capture();
    assertEquals(count, snapshot.vars().size());
    for (int i = 0; i < variables.size(); i++) {
      assertEquals(i < count ? i : null, variables.get(i).lookup());
      assertEquals(i < count ? i : null, snapshot.lookup(variables.get(i)));
    }
  }
}
