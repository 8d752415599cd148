package io.contexture.bench.tool;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What is asked, of which benchmarks, how much of it each profile runs, how the answers are laid
 * out, and the goals: {@code suite.json}, which README.md explains.
 *
 * @param questions all of them, in the order in which they are run and reported
 */
record Suite(List<Question> questions) {
  /**
   * One class of benchmarks.
   *
   * @param benchmark its name, without the package
   * @param title the heading of its part of the report
   * @param subject what is compared: {@code method}, or the name of a parameter
   * @param ours a regular expression for those subjects that are Contexture's and run on each
   *     backend; the others are peers and run once
   * @param on the backends that ours run on; none named: all
   * @param quick what the profile {@code quick} runs; nothing if absent
   * @param full what {@code full} runs; all if absent
   * @param tables how the results are shown; all in one table if absent
   * @param goals what is to be reached
   */
  record Question(
      String benchmark,
      String title,
      String subject,
      String ours,
      List<String> on,
      List<Selection> quick,
      List<Selection> full,
      List<Table> tables,
      List<Goal> goals) {
    Question {
      subject = subject == null ? "method" : subject;
      on = on == null ? List.of("native", "java") : on;
      quick = quick == null ? List.of() : quick;
      full = full == null ? List.of(new Selection(".*", Map.of())) : full;
      tables = tables == null ? List.of(new Table(null, ".*", List.of())) : tables;
      goals = goals == null ? List.of() : goals;
    }

    /** What is compared. */
    String subjectOf(String method, Map<String, String> params) {
      return subject.equals("method") ? method : params.get(subject);
    }

    boolean isOurs(String subject) {
      return Pattern.matches(ours, subject);
    }
  }

  /**
   * Some of the methods of a class, with some values of their parameters.
   *
   * @param methods a regular expression
   * @param params the values to be run, of parameters that aren't to be run with all
   */
  record Selection(String methods, Map<String, List<String>> params) {
    Selection {
      methods = methods == null ? ".*" : methods;
      params = params == null ? Map.of() : params;
    }
  }

  /**
   * A table of a report: a row for each subject, a column for each combination of parameters.
   *
   * @param title what is above it; nothing if absent
   * @param methods a regular expression
   * @param references the subjects that the others are divided by
   */
  record Table(String title, String methods, List<String> references) {
    Table {
      methods = methods == null ? ".*" : methods;
      references = references == null ? List.of() : references;
    }
  }

  /**
   * A goal: {@code of}, divided by {@code to} if there is one, is at most {@code atMost}.
   *
   * @param question in words
   * @param of an {@link Expression}
   * @param to another; without it, {@code of} itself is compared
   * @param atMost the goal
   * @param on the backends that it is set for; none named: those of the question
   * @param bytes whether it is about the bytes allocated, not the time
   */
  record Goal(
      String question, String of, String to, double atMost, List<String> on, boolean bytes) {}

  /** The suite of this jar. */
  static Suite load() {
    try (InputStream in = Suite.class.getResourceAsStream("suite.json")) {
      return new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .readValue(in, Suite.class);
    } catch (IOException e) {
      throw new UncheckedIOException("suite.json: " + e.getMessage(), e);
    }
  }
}
