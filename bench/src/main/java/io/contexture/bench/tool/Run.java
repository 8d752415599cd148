package io.contexture.bench.tool;

import io.contexture.Backend;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.openjdk.jmh.runner.RunnerException;

/**
 * One run: measures what a plan has, tells how far it is, and keeps what it has measured after
 * every fork, so that a run which was interrupted can go on.
 *
 * <p>The forks of a question take turns: first one of each of its trials, then another of each. So
 * a machine that gets slower or faster meanwhile does so for all that is compared.
 */
final class Run {
  /** Measures a trial once. */
  interface Measurer {
    /**
     * Measures.
     *
     * @param trial what
     * @return a measurement of one fork
     */
    Measurement measure(Trial trial) throws RunnerException, IOException;
  }

  /** How much of the estimate comes from the last fork. */
  private static final double WEIGHT = 0.1;

  private final Path file;
  private final Profile profile;
  private final PrintStream out;
  private final Measurer measurer;
  private Results results;

  /**
   * A run that starts from what there is.
   *
   * @param file where results go
   * @param profile how many forks
   * @param results nothing yet, or what was measured before it was interrupted
   * @param out where progress is told
   * @param measurer does the measuring
   */
  Run(Path file, Profile profile, Results results, PrintStream out, Measurer measurer) {
    this.file = file;
    this.profile = profile;
    this.results = results;
    this.out = out;
    this.measurer = measurer;
  }

  /**
   * Measures all trials that have not been measured by as many forks as the profile has.
   *
   * @param plan the trials of each question
   * @return all that was measured
   */
  Results measure(Map<Suite.Question, List<Trial>> plan) throws RunnerException, IOException {
    List<Trial> toDo = new ArrayList<>();
    for (List<Trial> trials : plan.values()) {
      for (int fork = 0; fork < profile.forks; fork++) {
        for (Trial trial : trials) {
          if (results.forksOf(trial.key()) <= fork) {
            toDo.add(trial);
          }
        }
      }
    }
    int all = plan.values().stream().mapToInt(List::size).sum() * profile.forks;
    int done = all - toDo.size();
    if (done > 0) {
      out.printf("%d of %d were measured before%n", done, all);
    }
    double seconds = profile.secondsPerFork();
    out.printf("%d to measure, about %s%n", toDo.size(), duration(seconds * toDo.size()));
    for (int i = 0; i < toDo.size(); i++) {
      Trial trial = toDo.get(i);
      long start = System.nanoTime();
      Measurement measured = measurer.measure(trial);
      results = results.plus(measured, now());
      results.write(file);
      double took = (System.nanoTime() - start) / 1e9;
      // An average that follows what the last ones took, but not the first, which tells little.
      seconds = i == 0 ? (seconds + took) / 2 : seconds + WEIGHT * (took - seconds);
      out.printf(
          Locale.ROOT,
          "[%3d/%d] %-72s %9s %s   %s left%n",
          done + i + 1,
          all,
          trial.key(),
          Text.number(measured.figure().value()),
          measured.unit(),
          duration(seconds * (toDo.size() - i - 1)));
    }
    results = results.completed(now());
    results.write(file);
    return results;
  }

  static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60 ? whole + " s" : whole / 60 + " min " + whole % 60 + " s";
  }

  static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  // ------------------------------------------------------------------------------- beginning

  /**
   * What to begin with: the results in the file, or none.
   *
   * @param file where results are, if there are any
   * @param fresh a run of the same kind, with nothing measured
   * @param resume whether to go on; otherwise earlier results are put aside
   * @throws UsageException if the earlier run was another than this
   */
  static Results begin(Path file, Results fresh, boolean resume) throws IOException {
    if (!resume) {
      putAside(file);
    }
    if (!Files.exists(file)) {
      return fresh;
    }
    Results before = ResultFiles.read(file);
    List<String> differences = new ArrayList<>();
    differ(differences, "machine", before.machine().describe(), fresh.machine().describe());
    differ(differences, "JVM", before.jvm(), fresh.jvm());
    differ(differences, "commit", before.commit(), fresh.commit());
    differ(differences, "filter", before.filter(), fresh.filter());
    differ(differences, "profile", before.profile(), fresh.profile());
    if (!differences.isEmpty()) {
      throw new UsageException(
          "can't resume %s, as that would mix two runs: %s. Leave --resume out to start anew"
              .formatted(file, String.join("; ", differences)));
    }
    return before;
  }

  /** Gives what is in a file another name, so that another can be written. */
  static void putAside(Path file) throws IOException {
    if (Files.exists(file)) {
      String name = file.getFileName().toString().replaceFirst("\\.json$", "");
      Files.move(
          file, file.resolveSibling(name + ".earlier.json"), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void differ(List<String> differences, String what, String then, String now) {
    if (!Objects.equals(then, now)) {
      differences.add(what + " was “" + then + "” and is “" + now + "”");
    }
  }

  /** A run of now and here, with nothing measured. */
  static Results fresh(Profile profile, String filter, Map<String, String> unavailable) {
    return new Results(
        Results.FORMAT,
        Results.JMH,
        profile.toString(),
        filter,
        now(),
        now(),
        false,
        Sources.commit(),
        "%s %s".formatted(System.getProperty("java.vm.name"), Runtime.version()),
        Machine.here(),
        unavailable,
        List.of());
  }

  /** The backends that can't run here, and why not. */
  static Map<String, String> unavailable() {
    Map<String, String> all = new TreeMap<>();
    for (Backend backend : Backend.values()) {
      if (!backend.isAvailable()) {
        all.put(backend.name().toLowerCase(Locale.ROOT), backend.unavailableReason());
      }
    }
    return all;
  }

  /** Where JMH's output goes, behind what is there. */
  static PrintStream log(Path file) throws IOException {
    return new PrintStream(new FileOutputStream(file.toFile(), true), true, StandardCharsets.UTF_8);
  }
}
