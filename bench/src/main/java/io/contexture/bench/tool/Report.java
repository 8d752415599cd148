package io.contexture.bench.tool;

import io.contexture.bench.tool.Document.Bar;
import io.contexture.bench.tool.Document.Block;
import io.contexture.bench.tool.Document.Cell;
import io.contexture.bench.tool.Document.Key;
import io.contexture.bench.tool.Document.Kind;
import io.contexture.bench.tool.Document.Plot;
import io.contexture.bench.tool.Document.Section;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What one run says: the goals, met and missed, then a table with a plot for each question, all
 * ratios with their errors.
 */
final class Report {
  private static final List<String> BACKENDS = List.of("native", "java");

  private static final List<Key> KEY =
      List.of(
          new Key(Kind.NATIVE, "Contexture, native"),
          new Key(Kind.JAVA, "Contexture, Java"),
          new Key(Kind.PLAIN, "peers"));

  private final Suite suite;
  private final Results results;
  private final Results earlier;

  /**
   * A report.
   *
   * @param suite the questions and the goals
   * @param results what was measured
   * @param earlier what was measured before on the same machine; may be {@code null}
   * @throws UsageException if these are times of an emulator
   */
  Report(Suite suite, Results results, Results earlier) {
    check(results);
    this.suite = suite;
    this.results = results;
    this.earlier = earlier;
  }

  /**
   * Refuses times of an emulator: goals would be met or missed by them.
   *
   * @throws UsageException if there are any, or there will be
   */
  static void check(Results results) {
    boolean times =
        results.lane().equals(Results.JMH)
            || results.measurements().stream().anyMatch(m -> m.unit().equals(Measurement.TIME));
    if (results.machine().emulated() && times) {
      throw new UsageException(
          "no report: these are times of an emulator, which mean nothing. Count instructions instead, as bench/counts/run does");
    }
  }

  Document document() {
    List<Section> sections = new ArrayList<>();
    Section goals = goals();
    if (goals != null) {
      sections.add(goals);
    }
    if (earlier != null) {
      sections.add(Comparison.section(results, earlier));
    }
    for (Suite.Question question : suite.questions()) {
      List<Block> blocks = new ArrayList<>();
      for (Suite.Table table : question.tables()) {
        blocks.addAll(block(question, table));
      }
      if (!blocks.isEmpty()) {
        sections.add(new Section(question.title(), "", blocks));
      }
    }
    Section counts = counts();
    if (counts != null) {
      sections.add(counts);
    }
    String title =
        results.lane().equals(Results.JMH)
            ? "Contexture: benchmarks, profile " + results.profile()
            : "Contexture: lane " + results.lane();
    return new Document(title, about(), KEY, sections);
  }

  private List<String> about() {
    List<String> about = new ArrayList<>();
    about.add(
        String.format(
            Locale.ROOT,
            "Commit %s, %s to %s. %s.%s",
            results.commit(),
            results.started(),
            results.updated(),
            results.machine().describe(),
            results.jvm().isEmpty() ? "" : " " + results.jvm() + "."));
    if (!results.filter().isEmpty()) {
      about.add(
          String.format(Locale.ROOT, "Only benchmarks that match %s were run.", results.filter()));
    }
    if (!results.complete()) {
      about.add("NOT COMPLETE: the run was interrupted; --resume goes on with it.");
    }
    if (results.machine().emulated()) {
      about.add("EMULATED: nothing here is a time.");
    }
    results
        .unavailable()
        .forEach(
            (backend, why) ->
                about.add(String.format(Locale.ROOT, "Not measured: %s (%s).", backend, why)));
    if (!results.lane().equals(Results.JMH)) {
      return about;
    }
    boolean oneFork = results.measurements().stream().anyMatch(m -> m.forks().size() == 1);
    about.add(
        "A time is the median of the forks' medians; ± is half the width of the 95 % interval"
            + (oneFork
                ? ", of one fork's iterations only: forks differ by more than that, so it is too small"
                : "")
            + ". The errors of two figures go into that of their ratio. Peers are measured once, ours"
            + " on each backend, in turns. Bytes are those allocated in the Java heap per operation.");
    return about;
  }

  /** What no question asks about: the counts of a lane. */
  private Section counts() {
    List<List<Cell>> rows = new ArrayList<>();
    List<Bar> bars = new ArrayList<>();
    for (Measurement m : results.measurements()) {
      if (m.unit().equals(Measurement.INSTRUCTIONS)) {
        rows.add(
            List.of(
                Cell.of(Kind.NAME, m.method()),
                Cell.of(m.backend()),
                Cell.of(Text.figure(m.figure()))));
        bars.add(new Bar("", m.method(), m.figure(), Kind.NATIVE));
      }
    }
    return rows.isEmpty()
        ? null
        : new Section(
            "Instructions per operation",
            "Instructions are no time. The loop around the operation is taken off.",
            List.of(
                new Block(
                    "",
                    List.of("operation", "from", "instructions"),
                    rows,
                    Plot.of(Measurement.INSTRUCTIONS, bars))));
  }

  // ------------------------------------------------------------------------------ the goals

  private record Verdict(Suite.Goal goal, String backend, Figure measured) {
    boolean isMet() {
      return measured.value() <= goal.atMost();
    }

    String word() {
      boolean sure =
          Double.isNaN(measured.error())
              || measured.isSurelyAtMost(goal.atMost())
              || measured.isSurelyMoreThan(goal.atMost());
      return (isMet() ? "met" : "missed") + (sure ? "" : ", within the error");
    }
  }

  private Section goals() {
    List<List<Cell>> rows = new ArrayList<>();
    List<Bar> bars = new ArrayList<>();
    List<Verdict> all = new ArrayList<>();
    int unknown = 0;
    for (Suite.Question question : suite.questions()) {
      for (Suite.Goal goal : question.goals()) {
        List<Cell> cells = new ArrayList<>();
        cells.add(Cell.of(Kind.NAME, goal.question()));
        cells.add(Cell.of("≤ " + limit(goal)));
        boolean any = false;
        for (String backend : BACKENDS) {
          Figure measured = evaluate(question, goal, backend);
          if (!measured.isKnown()) {
            cells.add(Cell.of(""));
            continue;
          }
          any = true;
          Verdict verdict = new Verdict(goal, backend, measured);
          all.add(verdict);
          Kind kind = verdict.isMet() ? Kind.GOOD : Kind.BAD;
          cells.add(Cell.of(kind, Text.figure(measured), verdict.word()));
          if (goal.bytes() && goal.to() == null) {
            continue; // bytes have no place beside ratios
          }
          bars.add(
              new Bar(
                  goal.question() + " ≤ " + limit(goal),
                  backend,
                  measured.dividedBy(goal.atMost()),
                  Kind.ofBackend(backend)));
        }
        if (any) {
          rows.add(cells);
        } else {
          unknown++;
        }
      }
    }
    if (all.isEmpty()) {
      return null;
    }
    String counts =
        BACKENDS.stream().map(backend -> count(all, backend)).collect(Collectors.joining("; "));
    return new Section(
        "Goals",
        String.format(
            Locale.ROOT,
            "Met: %s.%s",
            counts,
            unknown == 0
                ? ""
                : String.format(Locale.ROOT, " Not measured in this run: %d goals.", unknown)),
        List.of(
            new Block(
                "",
                List.of("question", "goal", "native", "java"),
                rows,
                new Plot("measured : goal", true, 1, bars))));
  }

  private static String count(List<Verdict> all, String backend) {
    List<Verdict> some = all.stream().filter(v -> v.backend().equals(backend)).toList();
    return String.format(
        Locale.ROOT,
        "%s %d of %d",
        backend,
        some.stream().filter(Verdict::isMet).count(),
        some.size());
  }

  private static String limit(Suite.Goal goal) {
    double limit = goal.atMost();
    if (goal.bytes() && goal.to() == null && limit < 1) {
      return "0 B"; // JMH itself allocates less than that
    }
    return limit == Math.rint(limit) && limit >= 10
        ? String.format(Locale.ROOT, "%.0f", limit)
        : limit + "";
  }

  private Figure evaluate(Suite.Question question, Suite.Goal goal, String backend) {
    List<String> on = goal.on() == null ? question.on() : goal.on();
    if (!on.contains(backend)) {
      return Figure.NONE;
    }
    Function<Expression.Term, Figure> time = term -> time(term, backend);
    Function<Expression.Term, Figure> asked =
        goal.bytes() ? term -> allocated(term, backend) : time;
    Figure of = Expression.parse(goal.of()).evaluate(asked, time);
    return goal.to() == null ? of : of.over(Expression.parse(goal.to()).evaluate(asked, time));
  }

  private Figure time(Expression.Term term, String backend) {
    Measurement found = find(term, backend);
    if (found == null) {
      return Figure.NONE;
    }
    return term.counter() == null
        ? found.figure()
        : Figure.exactly(found.counters().getOrDefault(term.counter(), Double.NaN));
  }

  private Figure allocated(Expression.Term term, String backend) {
    Measurement found = find(term, backend);
    return found == null ? Figure.NONE : found.allocated();
  }

  /**
   * On the backend that the term names, else on the one asked about, else of a peer. Instructions
   * say nothing of a goal.
   */
  private Measurement find(Expression.Term term, String backend) {
    String wanted = term.backend() == null ? backend : term.backend();
    return results.measurements().stream()
        .filter(term::matches)
        .filter(m -> !m.unit().equals(Measurement.INSTRUCTIONS))
        .filter(m -> m.backend().equals(wanted) || m.backend().equals(Trial.NO_BACKEND))
        .findFirst()
        .orElse(null);
  }

  // ----------------------------------------------------------------------------- the tables

  /** What a row is of. */
  private record Subject(String name, String backend) {
    String label() {
      return Text.words(name) + (isPeer() ? "" : ", " + backend);
    }

    boolean isPeer() {
      return backend.equals(Trial.NO_BACKEND);
    }
  }

  private List<Block> block(Suite.Question question, Suite.Table table) {
    List<Measurement> measured =
        results.measurements().stream()
            .filter(m -> m.benchmark().equals(question.benchmark()))
            .filter(m -> m.method().matches(table.methods()))
            .filter(m -> question.subjectOf(m.method(), m.params()) != null)
            .toList();
    if (measured.isEmpty()) {
      return List.of();
    }
    List<Map<String, String>> columns = columns(question, measured);
    List<Subject> subjects =
        measured.stream()
            .map(m -> subject(question, m))
            .distinct()
            .sorted(Comparator.comparing(s -> !s.isPeer()))
            .toList();
    List<String> headings = new ArrayList<>(List.of(""));
    columns.forEach(params -> headings.add(heading(params, measured.getFirst())));
    List<List<Cell>> rows = new ArrayList<>();
    List<Bar> bars = new ArrayList<>();
    for (Subject subject : subjects) {
      List<Cell> row = new ArrayList<>();
      row.add(
          Cell.of(
              subject.isPeer() ? Kind.NAME : Kind.ofBackend(subject.backend()), subject.label()));
      for (Map<String, String> params : columns) {
        row.add(cell(question, table, measured, subject, params));
      }
      rows.add(row);
    }
    for (Map<String, String> params : columns) {
      for (Subject subject : subjects) {
        Measurement found = find(question, measured, subject, params);
        if (found != null) {
          bars.add(
              new Bar(
                  params.isEmpty() ? "" : describe(params),
                  subject.label(),
                  found.figure(),
                  Kind.ofBackend(subject.backend())));
        }
      }
    }
    return List.of(
        new Block(
            table.title() == null ? "" : table.title(),
            headings,
            rows,
            Plot.of(measured.getFirst().unit(), bars)));
  }

  private static Subject subject(Suite.Question question, Measurement m) {
    return new Subject(question.subjectOf(m.method(), m.params()), m.backend());
  }

  /** The combinations of what isn't compared, in the order of numbers. */
  private static List<Map<String, String>> columns(
      Suite.Question question, List<Measurement> measured) {
    Set<Map<String, String>> all = new LinkedHashSet<>();
    measured.forEach(m -> all.add(others(question, m)));
    List<Map<String, String>> sorted = new ArrayList<>(all);
    sorted.sort((a, b) -> compare(a, b));
    return sorted;
  }

  private static int compare(Map<String, String> a, Map<String, String> b) {
    for (String name : a.keySet()) {
      String one = a.get(name);
      String other = b.getOrDefault(name, "");
      boolean numbers = one.matches("\\d+") && other.matches("\\d+");
      int order =
          numbers ? Long.compare(Long.parseLong(one), Long.parseLong(other)) : one.compareTo(other);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private static Map<String, String> others(Suite.Question question, Measurement m) {
    Map<String, String> others = new TreeMap<>(m.params());
    others.remove(question.subject());
    return others;
  }

  private static String heading(Map<String, String> params, Measurement sample) {
    return params.isEmpty() ? sample.unit() : describe(params);
  }

  private static String describe(Map<String, String> params) {
    return params.entrySet().stream()
        .map(p -> Text.words(p.getKey()) + " " + p.getValue())
        .collect(Collectors.joining(", "));
  }

  private Cell cell(
      Suite.Question question,
      Suite.Table table,
      List<Measurement> measured,
      Subject subject,
      Map<String, String> params) {
    Measurement found = find(question, measured, subject, params);
    if (found == null) {
      return Cell.of("–");
    }
    List<String> lines = new ArrayList<>(List.of(Text.figure(found.figure())));
    for (String reference : table.references()) {
      Measurement other =
          find(question, measured, new Subject(reference, subject.backend()), params);
      if (other == null) {
        other = find(question, measured, new Subject(reference, Trial.NO_BACKEND), params);
      }
      if (other != null && other != found) {
        lines.add(
            String.format(
                Locale.ROOT,
                "%s × %s",
                Text.figure(found.figure().over(other.figure())),
                Text.words(reference)));
      }
    }
    if (found.allocated().isKnown()) {
      lines.add(Text.bytes(found.allocated().value()));
    }
    if (found.counters().containsKey("outside") && found.counters().get("outside") != 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s heap + %s native",
              Text.bytes(found.counters().getOrDefault("heap", Double.NaN)),
              Text.bytes(found.counters().get("outside"))));
    }
    return new Cell(lines, Kind.PLAIN);
  }

  private static Measurement find(
      Suite.Question question,
      List<Measurement> measured,
      Subject subject,
      Map<String, String> params) {
    return measured.stream()
        .filter(m -> subject(question, m).equals(subject))
        .filter(m -> others(question, m).equals(params))
        .findFirst()
        .orElse(null);
  }
}
