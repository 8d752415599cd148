package io.contexture.bench.tool;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.contexture.bench.tool.Document.Bar;
import io.contexture.bench.tool.Document.Block;
import io.contexture.bench.tool.Document.Cell;
import io.contexture.bench.tool.Document.Key;
import io.contexture.bench.tool.Document.Kind;
import io.contexture.bench.tool.Document.Plot;
import io.contexture.bench.tool.Document.Section;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Results of several machines or lanes side by side: a column for each, a row for each operation.
 *
 * <p>Compared is what can be: native : Java within each column. Times are shown of real hardware
 * only. An emulator's column shows instructions, and says at every place that it is emulated, so
 * that nobody can take it for time.
 */
final class Architectures {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Below that it is what the system does beside the operation. */
  private static final double LEAST_COUNT = 0.05;

  private static final List<Kind> COLORS =
      List.of(Kind.NATIVE, Kind.JAVA, Kind.PLAIN, Kind.GOOD, Kind.BAD);

  private final List<Results> columns;

  /**
   * A comparison.
   *
   * @param columns the results
   * @throws UsageException if they can't be compared; says which, and why
   */
  Architectures(List<Results> columns) {
    this.columns = List.copyOf(columns);
    check();
  }

  private void check() {
    if (columns.size() < 2) {
      throw new UsageException("nothing to compare: name two result files or more");
    }
    if (columns.size() > COLORS.size()) {
      throw new UsageException("at most %d result files".formatted(COLORS.size()));
    }
    Set<String> seen = new LinkedHashSet<>();
    for (Results column : columns) {
      if (!column.commit().equals(columns.getFirst().commit())) {
        throw refused(
            "one is of commit %s and another of %s: measure the same sources on both"
                .formatted(columns.getFirst().commit(), column.commit()));
      }
      if (column.machine().emulated() && shown(column).isEmpty()) {
        throw refused(
            "%s is emulated and has times only, which mean nothing there: count instructions"
                .formatted(label(column)));
      }
      if (!seen.add(label(column) + column.machine().id())) {
        throw refused(
            "two results are of the same machine and lane (%s): use report FILE --against=FILE"
                .formatted(label(column)));
      }
    }
    boolean haveRatios =
        rows().stream().anyMatch(row -> ratios(row).stream().filter(Objects::nonNull).count() > 1);
    if (!haveRatios && !haveCounts()) {
      throw refused(
          "no operation was measured on both backends, or its instructions counted, in more than"
              + " one of them");
    }
  }

  /** Whether the instructions of the same thing were counted in more than one column. */
  private boolean haveCounts() {
    Set<String> seen = new LinkedHashSet<>();
    return columns.stream()
        .flatMap(column -> shown(column).stream())
        .filter(m -> m.unit().equals(Measurement.INSTRUCTIONS))
        .anyMatch(m -> !seen.add(m.key()));
  }

  private static UsageException refused(String why) {
    return new UsageException("can't compare: " + why);
  }

  /** What may be shown: anything but times of an emulator. */
  private static List<Measurement> shown(Results column) {
    return column.measurements().stream()
        .filter(m -> !(column.machine().emulated() && m.unit().equals(Measurement.TIME)))
        .toList();
  }

  private static String label(Results column) {
    return column.machine().architecture()
        + (column.machine().emulated() ? ", EMULATED" : "")
        + (column.lane().equals(Results.JMH) ? "" : ", " + column.lane());
  }

  // -------------------------------------------------------------------------------- the rows

  /** An operation, in the unit that it is compared in. */
  private record Ratio(String unit, Figure ofNative, Figure ofJava, Figure ratio) {}

  private List<String> rows() {
    Set<String> all = new LinkedHashSet<>();
    columns.forEach(column -> shown(column).forEach(m -> all.add(m.operation())));
    return List.copyOf(all);
  }

  /** For each column native : Java, or {@code null} where that wasn't measured. */
  private List<Ratio> ratios(String operation) {
    List<Ratio> all = new ArrayList<>();
    for (Results column : columns) {
      Measurement ofNative = find(column, operation, "native");
      Measurement ofJava = find(column, operation, "java");
      all.add(
          ofNative == null || ofJava == null || !ofNative.unit().equals(ofJava.unit())
              ? null
              : new Ratio(
                  ofNative.unit(),
                  ofNative.figure(),
                  ofJava.figure(),
                  ofNative.figure().over(ofJava.figure())));
    }
    return all;
  }

  private static Measurement find(Results column, String operation, String backend) {
    return shown(column).stream()
        .filter(m -> m.operation().equals(operation) && m.backend().equals(backend))
        .findFirst()
        .orElse(null);
  }

  // -------------------------------------------------------------------------------- as a text

  Document document() {
    List<Section> sections = new ArrayList<>();
    Section ratios = ratios();
    if (!ratios.blocks().getFirst().rows().isEmpty()) {
      sections.add(ratios);
    }
    absolute(
        sections,
        "Times, real hardware only",
        "Times of two machines say more about the machines than about the code.",
        Measurement.TIME);
    absolute(
        sections,
        "Instructions per operation",
        "Instructions are no time: how many of them a processor does at once isn't in them. Below them, those of them that are atomic read-modify-writes (rmw), barriers, and loads and stores with an order of their own (acq/rel).",
        Measurement.INSTRUCTIONS);
    List<String> about = new ArrayList<>();
    about.add("Commit %s.".formatted(columns.getFirst().commit()));
    for (Results column : columns) {
      about.add(
          "%s: %s.%s%s"
              .formatted(
                  label(column),
                  column.machine().describe(),
                  column.jvm().isEmpty() ? "" : " " + column.jvm() + ".",
                  column.updated().isEmpty() ? "" : " Measured " + column.updated() + "."));
    }
    List<Key> key = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      key.add(new Key(COLORS.get(i), label(columns.get(i))));
    }
    return new Document("Contexture: architectures side by side", about, key, sections);
  }

  private Section ratios() {
    List<Integer> some =
        IntStream.range(0, columns.size())
            .filter(i -> rows().stream().anyMatch(row -> ratios(row).get(i) != null))
            .boxed()
            .toList();
    List<List<Cell>> rows = new ArrayList<>();
    List<Bar> bars = new ArrayList<>();
    for (String operation : rows()) {
      List<Ratio> ratios = ratios(operation);
      if (ratios.stream().allMatch(Objects::isNull)) {
        continue;
      }
      List<Cell> row = new ArrayList<>(List.of(Cell.of(Kind.NAME, operation)));
      for (int i : some) {
        Ratio ratio = ratios.get(i);
        if (ratio == null) {
          row.add(Cell.of("–"));
          continue;
        }
        Results column = columns.get(i);
        String what = what(column, ratio.unit());
        row.add(Cell.of(Text.figure(ratio.ratio()), what));
        bars.add(
            new Bar(
                operation,
                column.machine().architecture() + ": " + what,
                ratio.ratio(),
                COLORS.get(i)));
      }
      rows.add(row);
    }
    return new Section(
        "native : Java",
        "Below 1 the native backend is faster, or takes fewer instructions. Only ratios within a"
            + " column are measured; the columns differ in machine or lane.",
        List.of(
            new Block(
                "",
                headings(some.stream().map(columns::get).toList()),
                rows,
                new Plot("native : Java", true, 1, bars))));
  }

  private static String what(Results column, String unit) {
    String name =
        switch (unit) {
          case Measurement.TIME -> "time";
          case Measurement.INSTRUCTIONS -> "instructions";
          default -> "bytes";
        };
    return column.machine().emulated() ? name + ", emulated" : name;
  }

  private static List<String> headings(List<Results> columns) {
    List<String> headings = new ArrayList<>(List.of("operation"));
    columns.forEach(column -> headings.add(label(column)));
    return headings;
  }

  /** The figures themselves, of all backends, of those columns that have any. */
  private void absolute(List<Section> sections, String title, String text, String unit) {
    List<Results> some =
        columns.stream()
            .filter(column -> shown(column).stream().anyMatch(m -> m.unit().equals(unit)))
            .toList();
    Set<String> keys = new LinkedHashSet<>();
    some.forEach(
        column ->
            shown(column).stream()
                .filter(m -> m.unit().equals(unit) && !m.backend().equals(Trial.NO_BACKEND))
                .forEach(m -> keys.add(m.key())));
    if (keys.isEmpty()) {
      return;
    }
    List<List<Cell>> rows = new ArrayList<>();
    for (String key : keys) {
      List<Cell> row = new ArrayList<>(List.of(Cell.of(Kind.NAME, key)));
      for (Results column : some) {
        row.add(
            shown(column).stream()
                .filter(m -> m.key().equals(key) && m.unit().equals(unit))
                .findFirst()
                .map(m -> cell(m, column))
                .orElse(Cell.of("–")));
      }
      rows.add(row);
    }
    sections.add(new Section(title, text, List.of(new Block("", headings(some), rows, null))));
  }

  /** A figure with its unit, and what else was counted beside it. */
  private static Cell cell(Measurement m, Results column) {
    List<String> lines = new ArrayList<>(List.of(Text.figure(m.figure()), what(column, m.unit())));
    m.counters()
        .forEach(
            (kind, count) -> {
              if (m.unit().equals(Measurement.INSTRUCTIONS) && count >= LEAST_COUNT) {
                lines.add("%.1f %s".formatted(count, kind));
              }
            });
    return new Cell(lines, Kind.PLAIN);
  }

  // --------------------------------------------------------------------------------- as JSON

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record JsonColumn(
      String label, String lane, String commit, String jvm, String updated, Machine machine) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record JsonCell(
      String unit,
      boolean emulated,
      double nativeValue,
      double javaValue,
      double ratio,
      Double error) {}

  private record JsonRow(String operation, List<JsonCell> nativeToJava) {}

  private record Json(int format, List<JsonColumn> columns, List<JsonRow> rows) {}

  String json() {
    List<JsonRow> rows = new ArrayList<>();
    for (String operation : rows()) {
      List<Ratio> ratios = ratios(operation);
      if (ratios.stream().anyMatch(Objects::nonNull)) {
        List<JsonCell> cells = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
          cells.add(json(ratios.get(i), columns.get(i)));
        }
        rows.add(new JsonRow(operation, cells));
      }
    }
    List<JsonColumn> heads =
        columns.stream()
            .map(
                c ->
                    new JsonColumn(
                        label(c), c.lane(), c.commit(), c.jvm(), c.updated(), c.machine()))
            .toList();
    try {
      return MAPPER.writeValueAsString(new Json(Results.FORMAT, heads, rows)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // records of strings and numbers
    }
  }

  private static JsonCell json(Ratio ratio, Results column) {
    if (ratio == null) {
      return null;
    }
    double error = ratio.ratio().error();
    return new JsonCell(
        ratio.unit(),
        column.machine().emulated(),
        ratio.ofNative().value(),
        ratio.ofJava().value(),
        ratio.ratio().value(),
        Double.isNaN(error) ? null : error);
  }
}
