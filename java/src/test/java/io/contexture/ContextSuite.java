package io.contexture;

import static io.contexture.ThreadKind.PLATFORM;
import static io.contexture.ThreadKind.VIRTUAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.contexture.internal.ffm.ForkedJvm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * The suite of the whole public API: every topic on platform and on virtual threads. Each backend
 * runs it in a JVM of its own; see the subclasses.
 */
abstract class ContextSuite {
  private final Backend expected;

  ContextSuite(Backend expected) {
    this.expected = expected;
  }

  @Test
  void theBackendUnderTestIsTheOneThatRuns() {
    assertEquals(expected, Contexture.backend());
  }

  @Test
  void s4S9ContextsOfVirtualThreadsThatAreNeverResumedAreReleased() throws Exception {
    runForked(NeverResumed.class, "-Djdk.trackAllThreads=false");
  }

  @Test
  void t2s7TasksThatRescheduleThemselvesForEverStayBounded() throws Exception {
    runForked(EndlessTask.class, "-Xmx24m", "-XX:+UseSerialGC");
  }

  /** Runs a main class on the backend under test, in a JVM of its own. */
  private static void runForked(Class<?> main, String... given) throws Exception {
    List<String> options = new ArrayList<>(List.of(given));
    for (String property : List.of("contexture.backend", "contexture.library.path")) {
      String value = System.getProperty(property);
      if (value != null) {
        options.add("-D" + property + "=" + value);
      }
    }
    ForkedJvm.Outcome outcome = new ForkedJvm(options.toArray(String[]::new)).run(main);
    assertEquals(0, outcome.exit(), outcome.output());
  }

  @Nested
  @RunsOn(PLATFORM)
  class Variables extends VariableCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class VariablesOnVirtualThreads extends VariableCases {}

  @Nested
  @RunsOn(PLATFORM)
  class LongVariables extends LongVariableCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class LongVariablesOnVirtualThreads extends LongVariableCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Bindings extends BindingCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class BindingsOnVirtualThreads extends BindingCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Stacks extends StackCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class StacksOnVirtualThreads extends StackCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Snapshots extends SnapshotCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class SnapshotsOnVirtualThreads extends SnapshotCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Visits extends VisitCases {}

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
  class Executing extends ExecutorCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class ExecutingOnVirtualThreads extends ExecutorCases {}

  @Nested
  @RunsOn(PLATFORM)
  class ForkJoin extends ForkJoinCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class ForkJoinOnVirtualThreads extends ForkJoinCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Tasks extends TaskCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class TasksOnVirtualThreads extends TaskCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Futures extends FutureCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class FuturesOnVirtualThreads extends FutureCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Flows extends FlowCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class FlowsOnVirtualThreads extends FlowCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Iterators extends IteratorCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class IteratorsOnVirtualThreads extends IteratorCases {}

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
  @RunsOn(VIRTUAL)
  class GlobalsOnVirtualThreads extends GlobalCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Overflows extends OverflowCases {}

  @Nested
  @RunsOn(PLATFORM)
  class Garbage extends GarbageCases {}

  @Nested
  @RunsOn(VIRTUAL)
  class GarbageOnVirtualThreads extends GarbageCases {}
}
