package io.contexture.bench.tool;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether results may stand side by side: of the same sources, whole, and measured alike. Counts
 * are asked for less than JMH's results: they have no profile, no JVM, and are written when all is
 * done.
 */
final class Compatibility {
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]+");

  /** The feature version of a JVM, as {@link Run#fresh} writes it. */
  private static final Pattern FEATURE = Pattern.compile(".* (\\d+)\\S*");

  private Compatibility() {}

  /**
   * Refuses what can't be compared.
   *
   * @throws UsageException that names the file, says what is wrong, and what to do
   */
  static void check(List<Column> columns) {
    columns.forEach(Compatibility::checkAlone);
    if (columns.stream().map(Column::file).distinct().count() > 1) {
      columns.forEach(Compatibility::checkCommit);
    }
    checkPairs(columns);
    List<Column> jmh = columns.stream().filter(Column::isJmh).toList();
    jmh.forEach(column -> checkAlike(jmh.getFirst(), column));
  }

  private static void checkAlone(Column column) {
    if (column.isEmulated() && column.shown().isEmpty()) {
      throw refused(
          "%s (%s) is emulated and has times only, which mean nothing there: count instructions"
              .formatted(column.file(), column.label()));
    }
    if (column.isJmh() && !column.results().complete()) {
      throw refused(
          "%s isn't complete: go on with its run, with --resume, or measure again"
              .formatted(column.file()));
    }
  }

  /** One file's columns were built at once; of two files only a commit tells that. */
  private static void checkCommit(Column column) {
    String commit = column.results().commit();
    if (commit.endsWith("+")) {
      throw refused(
          "%s is of commit %s with changed sources, which may be others than those of another file: commit or undo the changes, build and measure again"
              .formatted(column.file(), commit.substring(0, commit.length() - 1)));
    }
    if (!COMMIT.matcher(commit).matches()) {
      throw refused(
          "%s doesn't tell of which commit it is (“%s”): build in a clone, with Git, and measure again"
              .formatted(column.file(), commit));
    }
  }

  private static void checkPairs(List<Column> columns) {
    Column first = columns.getFirst();
    Map<String, Column> seen = new LinkedHashMap<>();
    for (Column column : columns) {
      if (!column.results().commit().equals(first.results().commit())) {
        throw refused(
            "%s is of commit %s and %s of %s: measure the same sources on both"
                .formatted(
                    first.file(),
                    first.results().commit(),
                    column.file(),
                    column.results().commit()));
      }
      Column same = seen.put(column.label() + column.results().machine().id(), column);
      if (same != null) {
        throw refused(
            "%s and %s are of the same machine and lane (%s): use report FILE --against=FILE"
                .formatted(same.file(), column.file(), column.label()));
      }
    }
  }

  /** Both are JMH's. */
  private static void checkAlike(Column first, Column column) {
    String profile = first.results().profile();
    if (!profile.equals(column.results().profile())) {
      throw refused(
          "%s is of the profile “%s” and %s of “%s”: measure both with the same"
              .formatted(first.file(), profile, column.file(), column.results().profile()));
    }
    if (!feature(first).equals(feature(column))) {
      throw refused(
          "%s was measured on Java %s and %s on Java %s: measure both on the same"
              .formatted(first.file(), feature(first), column.file(), feature(column)));
    }
  }

  private static String feature(Column column) {
    Matcher version = FEATURE.matcher(column.results().jvm());
    if (!version.matches()) {
      throw refused(
          "%s doesn't tell the version of its JVM (“%s”): measure again"
              .formatted(column.file(), column.results().jvm()));
    }
    return version.group(1);
  }

  static UsageException refused(String why) {
    return new UsageException("can't compare: " + why);
  }
}
