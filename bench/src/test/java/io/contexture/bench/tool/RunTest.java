package io.contexture.bench.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run keeps what it has measured, and goes on where it was interrupted. */
class RunTest {
  private static final int FORKS = Profile.FULL.forks;

  private final List<String> measured = new ArrayList<>();
  private final ByteArrayOutputStream told = new ByteArrayOutputStream();
  private Path file;
  private Map<Suite.Question, List<Trial>> plan;
  private int trials;

  @BeforeEach
  void plan(@TempDir Path directory) {
    file = directory.resolve("full.json");
    plan =
        Plan.of(
            Suite.load(), Profile.FULL, "HitBenchmark.(contextVar|threadLocal)$", List.of("java"));
    trials = plan.values().iterator().next().size();
  }

  private Measurement measure(Trial trial) {
    measured.add(trial.key());
    return new Measurement(
        trial.benchmark(),
        trial.method(),
        trial.params(),
        trial.backend(),
        Measurement.TIME,
        List.of(List.of((double) measured.size())),
        List.of(0.0),
        Map.of());
  }

  private Results run(Results start, Run.Measurer measurer) throws Exception {
    PrintStream out = new PrintStream(told, true, StandardCharsets.UTF_8);
    return new Run(file, Profile.FULL, start, out, measurer).measure(plan);
  }

  private static Results empty(String commit, Machine machine) {
    return new Results(
        Results.FORMAT,
        Results.JMH,
        "full",
        "",
        "then",
        "then",
        false,
        commit,
        "JVM",
        machine,
        Map.of(),
        List.of());
  }

  private static Results empty() {
    return empty(Samples.COMMIT, Samples.machine("aaaa", "x86_64", false));
  }

  @Test
  void forksOfAQuestionTakeTurns() throws Exception {
    Results results = run(empty(), this::measure);
    assertEquals(FORKS * trials, measured.size());
    assertEquals(measured.subList(0, trials), measured.subList(trials, 2 * trials));
    assertTrue(results.complete());
    assertEquals(trials, results.measurements().size());
    // The first trial was measured first, and again after each other one.
    assertEquals(
        List.of(List.of(1.0), List.of(1.0 + trials), List.of(1.0 + 2 * trials)),
        results.measurements().getFirst().forks());
  }

  @Test
  void whatWasMeasuredIsKeptWhenItIsInterrupted() {
    assertThrows(IOException.class, () -> run(empty(), this::failAfterFive));
    Results kept = ResultFiles.read(file);
    assertFalse(kept.complete());
    assertEquals(5, kept.measurements().stream().mapToInt(m -> m.forks().size()).sum());
  }

  private Measurement failAfterFive(Trial trial) throws IOException {
    if (measured.size() == 5) {
      throw new IOException("interrupted");
    }
    return measure(trial);
  }

  @Test
  void resumeMeasuresTheRestOnly() throws Exception {
    assertThrows(IOException.class, () -> run(empty(), this::failAfterFive));
    List<String> before = List.copyOf(measured);
    Results results = run(Run.begin(file, empty(), true), this::measure);
    assertEquals(before, measured.subList(0, 5));
    assertEquals(FORKS * trials, measured.size());
    assertTrue(results.measurements().stream().allMatch(m -> m.forks().size() == FORKS));
    assertTrue(told.toString(StandardCharsets.UTF_8).contains("5 of " + FORKS * trials));
  }

  @Test
  void resumingACompleteRunMeasuresNothing() throws Exception {
    Results first = run(empty(), this::measure);
    measured.clear();
    Results again = run(Run.begin(file, empty(), true), this::measure);
    assertEquals(List.of(), measured);
    assertEquals(first.measurements(), again.measurements());
  }

  @Test
  void refusesToResumeAnotherRun() throws Exception {
    run(empty(), this::measure);
    String otherMachine =
        assertThrows(
                UsageException.class,
                () ->
                    Run.begin(
                        file,
                        empty(Samples.COMMIT, Samples.machine("bbbb", "x86_64", false)),
                        true))
            .getMessage();
    assertTrue(otherMachine.contains("machine") && otherMachine.contains("bbbb"), otherMachine);
    String otherCommit =
        assertThrows(
                UsageException.class,
                () ->
                    Run.begin(file, empty("ffff", Samples.machine("aaaa", "x86_64", false)), true))
            .getMessage();
    assertTrue(otherCommit.contains("commit") && otherCommit.contains("ffff"), otherCommit);
  }

  @Test
  void startingAnewPutsEarlierResultsAside() throws Exception {
    Results first = run(empty(), this::measure);
    assertEquals(List.of(), Run.begin(file, empty(), false).measurements());
    assertFalse(Files.exists(file));
    assertEquals(
        first.measurements(),
        ResultFiles.read(file.resolveSibling("full.earlier.json")).measurements());
  }

  @Test
  void tellsHowFarItIs() throws Exception {
    run(empty(), this::measure);
    String text = told.toString(StandardCharsets.UTF_8);
    int all = FORKS * trials;
    assertTrue(text.contains(all + " to measure, about "), text);
    assertTrue(
        text.contains("[  1/" + all + "]") && text.contains("[ " + all + "/" + all + "]"), text);
    assertTrue(text.lines().filter(line -> line.startsWith("[")).allMatch(l -> l.endsWith("left")));
  }
}
