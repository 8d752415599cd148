package io.contexture.bench.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** What suite.json says fits the benchmarks that there are. */
class SuiteTest {
  private static final List<String> BACKENDS = List.of("native", "java");
  private static final double MOST_QUICK_SECONDS = 300;

  private static List<Trial> trials(Profile profile) {
    return Plan.of(Suite.load(), profile, "", BACKENDS).values().stream()
        .flatMap(List::stream)
        .toList();
  }

  private static boolean isOf(Trial trial, Expression.Term term) {
    return trial.benchmark().equals(term.benchmark())
        && trial.method().equals(term.method())
        && trial.params().entrySet().containsAll(term.params().entrySet());
  }

  @Test
  void everyBenchmarkIsAsked() {
    Set<String> asked =
        Suite.load().questions().stream()
            .map(Suite.Question::benchmark)
            .collect(Collectors.toSet());
    assertEquals(Plan.benchmarks().keySet(), asked);
  }

  @Test
  void everyMethodIsMeasuredByTheFullProfileAndTried() {
    Set<String> all = new HashSet<>();
    Plan.benchmarks()
        .forEach((type, methods) -> methods.keySet().forEach(m -> all.add(type + "." + m)));
    for (Profile profile : List.of(Profile.FULL, Profile.SMOKE)) {
      Set<String> measured =
          trials(profile).stream()
              .map(t -> t.benchmark() + "." + t.method())
              .collect(Collectors.toSet());
      assertEquals(all, measured);
    }
  }

  @Test
  void everyMethodIsInATable() {
    for (Suite.Question question : Suite.load().questions()) {
      Plan.of(Suite.load(), Profile.FULL, "\\." + question.benchmark() + "\\.", BACKENDS)
          .getOrDefault(question, List.of())
          .forEach(
              trial ->
                  assertTrue(
                      question.tables().stream().anyMatch(t -> trial.method().matches(t.methods()))
                          || trial
                              .method()
                              .equals("captureAlone"), // counts, its time means nothing
                      trial.key()));
    }
  }

  /** A term that names too few parameters would take whichever comes first. */
  @Test
  void everyTermOfAGoalIsOneOperationOfTheFullProfile() {
    List<Trial> full = trials(Profile.FULL);
    for (Suite.Question question : Suite.load().questions()) {
      for (Suite.Goal goal : question.goals()) {
        for (String text : goal.to() == null ? List.of(goal.of()) : List.of(goal.of(), goal.to())) {
          for (Expression.Term term : Expression.parse(text).terms()) {
            List<Map<String, String>> found =
                full.stream().filter(t -> isOf(t, term)).map(Trial::params).distinct().toList();
            assertEquals(1, found.size(), goal.question() + ": " + text + " is " + found);
          }
        }
      }
    }
  }

  @Test
  void everyReferenceIsASubject() {
    for (Suite.Question question : Suite.load().questions()) {
      Set<String> subjects =
          trials(Profile.FULL).stream()
              .filter(t -> t.benchmark().equals(question.benchmark()))
              .map(t -> String.valueOf(question.subjectOf(t.method(), t.params())))
              .collect(Collectors.toSet());
      question.tables().forEach(t -> assertTrue(subjects.containsAll(t.references()), t.title()));
    }
  }

  @Test
  void quickIsPartOfFullAndTakesFiveMinutesAtMost() {
    List<Trial> quick = trials(Profile.QUICK);
    assertTrue(new HashSet<>(trials(Profile.FULL)).containsAll(quick));
    double seconds = quick.size() * Profile.QUICK.secondsPerFork();
    assertTrue(seconds <= MOST_QUICK_SECONDS, quick.size() + " trials, " + seconds + " s");
  }

  @Test
  void peersAreMeasuredOnceAndOursOnEachBackend() {
    Map<String, List<String>> backends =
        trials(Profile.FULL).stream()
            .filter(t -> t.benchmark().equals("HitBenchmark"))
            .filter(t -> t.params().get("thread").equals("platform"))
            .collect(
                Collectors.groupingBy(
                    Trial::method, Collectors.mapping(Trial::backend, Collectors.toList())));
    assertEquals(List.of("none"), backends.get("threadLocal"));
    assertEquals(BACKENDS, backends.get("contextVar"));
  }

  /** Of how many threads a trial runs, the class or a parameter decides. */
  @Test
  void sharedMapsAreMeasuredWithTwoThreads() throws Exception {
    assertEquals(2, threads("SharedMixBenchmark", Map.of()));
    assertEquals(2, threads("ContendedBenchmark", Map.of("threads", "2")));
    assertEquals(1, threads("ContendedBenchmark", Map.of("threads", "1")));
  }

  private static int threads(String benchmark, Map<String, String> params) throws Exception {
    OptionsBuilder options = new OptionsBuilder();
    new Trial(benchmark, "any", params, "java").setParameters(options);
    Threads annotation = Class.forName(Trial.PACKAGE + benchmark).getAnnotation(Threads.class);
    return options.getThreads().orElse(annotation == null ? 1 : annotation.value());
  }

  @Test
  void filterChoosesByName() {
    List<Trial> some =
        Plan.of(Suite.load(), Profile.FULL, "Hit.*[.]contextVar$", BACKENDS).values().stream()
            .flatMap(List::stream)
            .toList();
    assertFalse(some.isEmpty());
    List<String> methods = new ArrayList<>(some.stream().map(Trial::method).distinct().toList());
    assertEquals(List.of("contextVar"), methods);
  }

  @Test
  void nothingIsMeasuredOfABackendThatCannotRun() {
    assertFalse(
        Plan.of(Suite.load(), Profile.FULL, "", List.of("java")).values().stream()
            .flatMap(List::stream)
            .map(Trial::backend)
            .anyMatch("native"::equals));
    assertTrue(
        Stream.of("java", "none")
            .allMatch(b -> trials(Profile.QUICK).stream().anyMatch(t -> t.backend().equals(b))));
  }
}
