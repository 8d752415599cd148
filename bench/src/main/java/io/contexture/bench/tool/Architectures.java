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
import java.util.Locale;
import java.util.Map;
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

  /** The units in which figures themselves are shown. */
  private static final List<String> ABSOLUTE = List.of(Measurement.TIME, Measurement.INSTRUCTIONS);

  private static final List<Kind> COLORS =
      List.of(Kind.NATIVE, Kind.JAVA, Kind.PLAIN, Kind.GOOD, Kind.BAD);

  private final List<Column> columns;

  /**
   * A comparison.
   *
   * @param columns the results
   * @throws UsageException if they can't be compared; says which, and why
   */
  Architectures(List<Column> columns) {
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
    Compatibility.check(columns);
    for (int i = 0; i < columns.size(); i++) {
      if (!sharesRatios(i) && !sharesCounts(i)) {
        throw Compatibility.refused(
            "%s has no operation in common with the others, measured on both backends or with its instructions counted"
                .formatted(columns.get(i).file()));
      }
    }
  }

  private boolean sharesRatios(int column) {
    return rows().stream()
        .map(this::ratios)
        .anyMatch(
            row -> row.get(column) != null && row.stream().filter(Objects::nonNull).count() > 1);
  }

  /** Whether the instructions of the same thing were counted in another column too. */
  private boolean sharesCounts(int column) {
    return columns.get(column).shown().stream()
        .filter(m -> m.unit().equals(Measurement.INSTRUCTIONS))
        .anyMatch(
            m -> columns.stream().filter(c -> c.findIn(m.unit(), m.key()) != null).count() > 1);
  }

  /** A column's heading, with the machine's name where another has the same. */
  private String label(Column column) {
    boolean unique = columns.stream().filter(c -> c.label().equals(column.label())).count() == 1;
    return unique ? column.label() : column.label() + " (" + column.results().machine().id() + ")";
  }

  // -------------------------------------------------------------------------------- the rows

  /** An operation, in the unit that it is compared in. */
  private record Ratio(String unit, Figure ofNative, Figure ofJava, Figure ratio) {}

  private List<String> rows() {
    Set<String> all = new LinkedHashSet<>();
    columns.forEach(column -> column.shown().forEach(m -> all.add(m.operation())));
    return List.copyOf(all);
  }

  /** For each column native : Java, or {@code null} where that wasn't measured. */
  private List<Ratio> ratios(String operation) {
    List<Ratio> all = new ArrayList<>();
    for (Column column : columns) {
      Measurement ofNative = column.find(operation, "native");
      Measurement ofJava = column.find(operation, "java");
      all.add(ratio(ofNative, ofJava));
    }
    return all;
  }

  private static Ratio ratio(Measurement ofNative, Measurement ofJava) {
    if (ofNative == null || ofJava == null || !ofNative.unit().equals(ofJava.unit())) {
      return null;
    }
    Figure ratio = ofNative.figure().over(ofJava.figure());
    return ratio.isKnown() // else Java's is nothing
        ? new Ratio(ofNative.unit(), ofNative.figure(), ofJava.figure(), ratio)
        : null;
  }

  /** What was measured under a key in each column, or {@code null} where it wasn't. */
  private record Absolute(String key, List<Measurement> measured) {}

  /** The figures themselves, of all backends, in a unit. */
  private List<Absolute> absolutes(String unit) {
    Set<String> keys = new LinkedHashSet<>();
    columns.forEach(
        column ->
            column.shown().stream()
                .filter(m -> m.unit().equals(unit) && !m.backend().equals(Trial.NO_BACKEND))
                .forEach(m -> keys.add(m.key())));
    return keys.stream()
        .map(key -> new Absolute(key, columns.stream().map(c -> c.findIn(unit, key)).toList()))
        .toList();
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
    about.add("Commit %s.".formatted(columns.getFirst().results().commit()));
    for (Column column : columns) {
      Results results = column.results();
      about.add(
          "%s: %s.%s%s"
              .formatted(
                  label(column),
                  results.machine().describe(),
                  results.jvm().isEmpty() ? "" : " " + results.jvm() + ".",
                  results.updated().isEmpty() ? "" : " Measured " + results.updated() + "."));
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
        Column column = columns.get(i);
        String what = what(column, ratio.unit());
        row.add(Cell.of(Text.figure(ratio.ratio()), what));
        bars.add(bar(operation, i, ratio.unit(), ratio.ratio()));
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

  private Bar bar(String group, int column, String unit, Figure figure) {
    Column of = columns.get(column);
    String label = of.results().machine().architecture() + ": " + what(of, unit);
    return new Bar(group, label, figure, COLORS.get(column));
  }

  private static String what(Column column, String unit) {
    String name =
        switch (unit) {
          case Measurement.TIME -> "time";
          case Measurement.INSTRUCTIONS -> "instructions";
          default -> "bytes";
        };
    return column.isEmulated() ? name + ", emulated" : name;
  }

  private List<String> headings(List<Column> some) {
    List<String> headings = new ArrayList<>(List.of("operation"));
    some.forEach(column -> headings.add(label(column)));
    return headings;
  }

  /** The figures themselves, of those columns that have any in the unit. */
  private void absolute(List<Section> sections, String title, String text, String unit) {
    List<Absolute> absolutes = absolutes(unit);
    if (absolutes.isEmpty()) {
      return;
    }
    List<Integer> some =
        IntStream.range(0, columns.size())
            .filter(i -> absolutes.stream().anyMatch(row -> row.measured().get(i) != null))
            .boxed()
            .toList();
    List<List<Cell>> rows = new ArrayList<>();
    List<Bar> bars = new ArrayList<>();
    for (Absolute absolute : absolutes) {
      List<Cell> row = new ArrayList<>(List.of(Cell.of(Kind.NAME, absolute.key())));
      for (int i : some) {
        Measurement m = absolute.measured().get(i);
        row.add(m == null ? Cell.of("–") : cell(m, columns.get(i)));
        if (m != null) {
          bars.add(bar(absolute.key(), i, unit, m.figure()));
        }
      }
      rows.add(row);
    }
    List<String> headings = headings(some.stream().map(columns::get).toList());
    sections.add(
        new Section(title, text, List.of(new Block("", headings, rows, Plot.of(unit, bars)))));
  }

  /** A figure with its unit, and what else was counted beside it. */
  private static Cell cell(Measurement m, Column column) {
    List<String> lines = new ArrayList<>(List.of(Text.figure(m.figure()), what(column, m.unit())));
    m.counters()
        .forEach(
            (kind, count) -> {
              if (m.unit().equals(Measurement.INSTRUCTIONS) && count >= LEAST_COUNT) {
                lines.add(String.format(Locale.ROOT, "%.1f %s", count, kind));
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

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record JsonFigure(
      boolean emulated, double value, Double error, Map<String, Double> counters) {}

  private record JsonFigures(String key, String unit, List<JsonFigure> measured) {}

  private record Json(
      int format, List<JsonColumn> columns, List<JsonRow> rows, List<JsonFigures> figures) {}

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
    List<JsonFigures> figures = new ArrayList<>();
    for (String unit : ABSOLUTE) {
      absolutes(unit).forEach(row -> figures.add(json(row, unit)));
    }
    List<JsonColumn> heads = columns.stream().map(this::json).toList();
    try {
      return MAPPER.writeValueAsString(new Json(Results.FORMAT, heads, rows, figures)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // records of strings and numbers
    }
  }

  private JsonColumn json(Column column) {
    Results results = column.results();
    return new JsonColumn(
        label(column),
        results.lane(),
        results.commit(),
        results.jvm(),
        results.updated(),
        results.machine());
  }

  private JsonFigures json(Absolute absolute, String unit) {
    List<JsonFigure> measured = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Measurement m = absolute.measured().get(i);
      measured.add(
          m == null
              ? null
              : new JsonFigure(
                  columns.get(i).isEmulated(),
                  m.figure().value(),
                  known(m.figure()),
                  m.counters()));
    }
    return new JsonFigures(absolute.key(), unit, measured);
  }

  private static JsonCell json(Ratio ratio, Column column) {
    return ratio == null
        ? null
        : new JsonCell(
            ratio.unit(),
            column.isEmulated(),
            ratio.ofNative().value(),
            ratio.ofJava().value(),
            ratio.ratio().value(),
            known(ratio.ratio()));
  }

  /** An error, or {@code null} if nothing is known about it. */
  private static Double known(Figure figure) {
    return figure.isErrorKnown() ? figure.error() : null;
  }
}
