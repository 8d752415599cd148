package io.contexture.bench.tool;

import io.contexture.bench.tool.Document.Block;
import io.contexture.bench.tool.Document.Cell;
import io.contexture.bench.tool.Document.Kind;
import io.contexture.bench.tool.Document.Section;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Two runs on the same machine, one after the other: what got faster, what slower. */
final class Comparison {
  private Comparison() {}

  /**
   * Refuses to compare what can't be compared as if it were one run.
   *
   * @throws UsageException if the two were measured on different machines or in different ways, or
   *     one has the same operation twice
   */
  static void check(Results now, Results earlier) {
    String problem = null;
    if (!now.machine().id().equals(earlier.machine().id())) {
      problem =
          String.format(
              Locale.ROOT,
              "the earlier result is of another machine (%s) than this one (%s), and times of two machines say nothing about the code",
              earlier.machine().describe(),
              now.machine().describe());
    } else if (!now.lane().equals(earlier.lane())) {
      problem =
          String.format(
              Locale.ROOT,
              "the earlier result comes from the lane %s, and this one from %s",
              earlier.lane(),
              now.lane());
    } else if ((now.machine().emulated() || earlier.machine().emulated())
        && now.lane().equals(Results.JMH)) {
      problem = "times of an emulator mean nothing";
    }
    if (problem != null) {
      throw new UsageException(
          String.format(
              Locale.ROOT,
              "can't compare: %s. Ratios within each run can be put side by side: architectures FILE FILE",
              problem));
    }
    checkKeys(earlier, "the earlier");
    checkKeys(now, "this");
  }

  private static void checkKeys(Results results, String which) {
    Set<String> seen = new HashSet<>();
    for (Measurement measured : results.measurements()) {
      if (!seen.add(measured.key())) {
        throw new UsageException(
            String.format(
                Locale.ROOT, "can't compare: %s result has %s twice", which, measured.key()));
      }
    }
  }

  /** What both have measured. */
  static Section section(Results now, Results earlier) {
    check(now, earlier);
    Map<String, Measurement> before =
        earlier.measurements().stream()
            .collect(Collectors.toMap(Measurement::key, Function.identity()));
    List<List<Cell>> rows = new ArrayList<>();
    int faster = 0;
    int slower = 0;
    for (Measurement measured : now.measurements()) {
      Measurement old = before.get(measured.key());
      if (old == null
          || !old.unit().equals(measured.unit())
          || !old.figure().isKnown()
          || !measured.figure().isKnown()) {
        continue;
      }
      Figure ratio = measured.figure().over(old.figure());
      boolean isFaster = !ratio.isSurelyMoreThan(1) && ratio.value() + ratio.error() < 1;
      boolean isSlower = ratio.isSurelyMoreThan(1);
      faster += isFaster ? 1 : 0;
      slower += isSlower ? 1 : 0;
      Cell verdict =
          ratio.isKnown()
              ? Cell.of(
                  isFaster ? Kind.GOOD : isSlower ? Kind.BAD : Kind.PLAIN,
                  Text.figure(ratio) + " ×",
                  isFaster ? "faster" : isSlower ? "slower" : "within the error")
              : Cell.of("–"); // it was nothing
      rows.add(
          List.of(
              Cell.of(Kind.NAME, measured.operation()),
              Cell.of(Kind.ofBackend(measured.backend()), backend(measured)),
              Cell.of(Text.figure(old.figure()) + " " + old.unit()),
              Cell.of(Text.figure(measured.figure()) + " " + measured.unit()),
              verdict));
    }
    String others =
        now.jvm().equals(earlier.jvm())
            ? ""
            : String.format(Locale.ROOT, " The JVM was another one then: %s.", earlier.jvm());
    return new Section(
        "Beside the earlier run",
        String.format(
            Locale.ROOT,
            "Commit %s, %s, against commit %s, %s.%s Of %d operations that both have measured, %d are faster now and %d slower by more than the error; peers show how much the machine itself has changed.",
            now.commit(),
            now.started(),
            earlier.commit(),
            earlier.started(),
            others,
            rows.size(),
            faster,
            slower),
        List.of(
            new Block(
                "",
                List.of("operation", "backend", "earlier", "now", "now : earlier"),
                rows,
                null)));
  }

  private static String backend(Measurement measured) {
    return measured.backend().equals(Trial.NO_BACKEND) ? "peer" : measured.backend();
  }
}
