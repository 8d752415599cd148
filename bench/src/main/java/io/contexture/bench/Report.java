package io.contexture.bench;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * The results as Markdown: a table per question, and under it whether each backend meets the goal.
 *
 * <p>A time is the median over the forks of the median over each fork's iterations; bytes are JMH's
 * mean. Ratios compare figures of one run only.
 */
final class Report {
  private static final double MAX_HIT_RATIO = 2;
  private static final double MAX_CAPTURE_BYTES = 32;
  private static final double MAX_SET_BYTES = 32;
  private static final double MAX_GROWTH = 2;

  /** What JMH itself allocates, per operation, in a benchmark of a few nanoseconds; or less. */
  private static final double NO_BYTES = 0.5;

  private final String profile;
  private final Collection<RunResult> results;
  private final Map<String, String> unavailable;
  private final StringBuilder text = new StringBuilder();

  /** What goes under the table of the present section. */
  private final StringBuilder goals = new StringBuilder();

  Report(String profile, Collection<RunResult> results, Map<String, String> unavailable) {
    this.profile = profile;
    this.results = results;
    this.unavailable = unavailable;
  }

  String markdown() {
    line("# Benchmarks, profile %s", profile);
    line("");
    line(
        "%s %s, %s %s, %d processors. Times in ns per operation.",
        System.getProperty("java.vm.name"),
        System.getProperty("java.vm.version"),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors());
    if (isSmoke()) {
      line("");
      line("**One iteration of a few milliseconds: these figures mean nothing.**");
    }
    unavailable.forEach((backend, reason) -> line("%nNot measured: %s (%s).", backend, reason));
    hits();
    sets();
    captures();
    wraps();
    tasks();
    maps();
    growth(MapMixBenchmark.class, "tenGetsOnePut", "10 gets + 1 put on a LongHamt");
    growth(ContextMixBenchmark.class, "tenGetsOneSet", "10 gets + 1 set on variables");
    growth(
        ContextMixBenchmark.class,
        "tenGetsOneSetOneCapture",
        "10 gets + 1 set on variables, with a capture before");
    endSection();
    return text.toString();
  }

  private void hits() {
    for (String backend : backendsOf(HitBenchmark.class)) {
      RunResult threadLocal = find(HitBenchmark.class, "threadLocal", backend, Map.of());
      RunResult nothing = find(HitBenchmark.class, "nothing", backend, Map.of());
      section("A look-up that hits, " + backend);
      line("| | ns | × ThreadLocal | × without the loop | B |");
      line("|---|---|---|---|---|");
      for (String method :
          List.of(
              "nothing", "field", "threadLocal", "scopedValue", "contextVar", "longContextVar")) {
        RunResult result = find(HitBenchmark.class, method, backend, Map.of());
        if (result != null) {
          line(
              "| %s | %s | %s | %s | %s |",
              method,
              time(result),
              ratio(nanos(result), nanos(threadLocal)),
              ratio(nanos(result) - nanos(nothing), nanos(threadLocal) - nanos(nothing)),
              number(bytes(result)));
        }
      }
      for (String method : List.of("contextVar", "longContextVar")) {
        RunResult result = find(HitBenchmark.class, method, backend, Map.of());
        goal(
            method + " at most 2 × ThreadLocal", nanos(result) / nanos(threadLocal), MAX_HIT_RATIO);
        goal(method + " without allocation", bytes(result), NO_BYTES);
      }
    }
  }

  private void sets() {
    for (String backend : backendsOf(SetBenchmark.class)) {
      section("A set in an unshared topmost context, " + backend);
      line("| variables | ContextVar | B | LongContextVar | B |");
      line("|---|---|---|---|---|");
      double worst = Double.NaN;
      for (int each : values(SetBenchmark.class, "variablesOfEachKind")) {
        Map<String, Integer> params = Map.of("variablesOfEachKind", each);
        RunResult object = find(SetBenchmark.class, "contextVar", backend, params);
        RunResult word = find(SetBenchmark.class, "longContextVar", backend, params);
        line(
            "| %d | %s | %s | %s | %s |",
            2 * each, time(object), number(bytes(object)), time(word), number(bytes(word)));
        worst = larger(worst, larger(bytes(object), bytes(word)));
      }
      goal("a set allocates at most 32 B", worst, MAX_SET_BYTES);
    }
  }

  private void captures() {
    for (String backend : backendsOf(CaptureBenchmark.class)) {
      section("A snapshot, " + backend);
      line("| depth | variables | unchanged | B | set + capture | B | capture alone, B |");
      line("|---|---|---|---|---|---|---|");
      double worst = Double.NaN;
      for (int depth : values(CaptureBenchmark.class, "depth")) {
        for (int variables : values(CaptureBenchmark.class, "variables")) {
          Map<String, Integer> params = Map.of("depth", depth, "variables", variables);
          RunResult unchanged = find(CaptureBenchmark.class, "unchanged", backend, params);
          RunResult both = find(CaptureBenchmark.class, "setAndCapture", backend, params);
          RunResult alone = find(CaptureBenchmark.class, "captureAlone", backend, params);
          double each = secondary(alone, "captureBytes") / secondary(alone, "captures");
          line(
              "| %d | %d | %s | %s | %s | %s | %s |",
              depth,
              variables,
              time(unchanged),
              number(bytes(unchanged)),
              time(both),
              number(bytes(both)),
              number(each));
          worst = larger(worst, larger(each, bytes(unchanged)));
        }
      }
      goal("a capture allocates at most 32 B", worst, MAX_CAPTURE_BYTES);
    }
  }

  private void wraps() {
    for (String backend : backendsOf(WrapBenchmark.class)) {
      double wrap = nanos(find(WrapBenchmark.class, "contexture", backend, Map.of()));
      section("A task with one variable, " + backend);
      line("| | ns | contexture × it | B |");
      line("|---|---|---|---|");
      for (String method :
          List.of(
              "contexture", "grpc", "openTelemetry", "transmittableThreadLocal", "micrometer")) {
        compared(WrapBenchmark.class, method, backend, wrap);
      }
      double run = nanos(find(WrapBenchmark.class, "contextureRun", backend, Map.of()));
      for (String method : List.of("contextureRun", "grpcRun", "openTelemetryRun")) {
        compared(WrapBenchmark.class, method, backend, run);
      }
      double enter = nanos(find(WrapBenchmark.class, "contextureEnter", backend, Map.of()));
      compared(WrapBenchmark.class, "contextureEnter", backend, enter);
      times("capture + wrap + run", wrap, WrapBenchmark.class, "grpc", backend, 0.8);
      times("capture + wrap + run", wrap, WrapBenchmark.class, "openTelemetry", backend, 0.8);
      times(
          "capture + wrap + run",
          wrap,
          WrapBenchmark.class,
          "transmittableThreadLocal",
          backend,
          0.05);
      times("capture + wrap + run", wrap, WrapBenchmark.class, "micrometer", backend, 0.15);
      times("run of what was wrapped", run, WrapBenchmark.class, "grpcRun", backend, 0.8);
      times("entering and leaving", enter, WrapBenchmark.class, "grpcRun", backend, 1.0);
    }
  }

  private void tasks() {
    for (String backend : backendsOf(TaskBenchmark.class)) {
      section("A task of an executor, a stage of a future, " + backend);
      line("| | ns | with context × it | B |");
      line("|---|---|---|---|");
      for (String what : List.of("task", "virtual", "stage")) {
        double with = nanos(find(TaskBenchmark.class, what + "Propagating", backend, Map.of()));
        compared(TaskBenchmark.class, what + "Bare", backend, with);
        compared(TaskBenchmark.class, what + "Propagating", backend, with);
        double atMost = what.equals("stage") ? 1.3 : 1.05;
        times(what + " with context", with, TaskBenchmark.class, what + "Bare", backend, atMost);
      }
    }
  }

  /** A row: a benchmark, and how many times its time {@code ours} is. */
  private void compared(Class<?> benchmark, String method, String backend, double ours) {
    RunResult result = find(benchmark, method, backend, Map.of());
    if (result != null) {
      line(
          "| %s | %s | %s | %s |",
          method, time(result), ratio(ours, nanos(result)), number(bytes(result)));
    }
  }

  /** A goal: {@code ours} is at most {@code atMost} times what another benchmark takes. */
  private void times(
      String what, double ours, Class<?> benchmark, String other, String backend, double atMost) {
    goal(
        what + " at most " + atMost + " × " + other,
        ours / nanos(find(benchmark, other, backend, Map.of())),
        atMost);
  }

  private void maps() {
    List<Integer> sizes = values(MapBenchmark.class, "size");
    for (String method :
        List.of(
            "getHit", "getMiss", "putNew", "putReplace", "remove", "iterate", "build", "merge")) {
      if (results.stream().noneMatch(r -> is(r, MapBenchmark.class, method, null))) {
        continue;
      }
      section("Persistent maps: " + method);
      line("| entries |%s", cells(sizes, n -> n + ""));
      line("|---|%s", "---|".repeat(sizes.size()));
      for (String backend : backendsOf(MapBenchmark.class)) {
        for (String map : MapPeer.ALL) {
          if (sizes.stream().anyMatch(n -> map(method, backend, map, n) != null)) {
            line(
                "| %s |%s",
                map.equals("longHamt") ? map + ", " + backend : map,
                cells(sizes, n -> timeAndBytes(map(method, backend, map, n))));
          }
        }
      }
      for (int size : sizes) {
        mapGoals(method, size);
      }
    }
  }

  private RunResult map(String method, String backend, String map, int size) {
    return find(MapBenchmark.class, method, backend, Map.of("map", map, "size", size));
  }

  private static String timeAndBytes(RunResult result) {
    return result == null ? "–" : time(result) + ", " + number(bytes(result)) + " B";
  }

  /**
   * Of the Java backend, beside the fastest peer; gRPC's isn't one, as it wants the same object.
   */
  private void mapGoals(String method, int size) {
    double ours = nanos(map(method, "java", "longHamt", size));
    RunResult fastest =
        method.equals("merge")
            ? map(method, "java", "kotlinx", size)
            : MapPeer.COMPLETE.stream()
                .filter(map -> !map.equals("longHamt"))
                .map(map -> map(method, "java", map, size))
                .filter(Objects::nonNull)
                .min(Comparator.comparingDouble(Report::nanos))
                .orElse(null);
    String what = method + " at " + size + ", times the fastest peer";
    switch (method) {
      case "getHit" -> {
        if (size <= 1 << 15) {
          goal(what, ours / nanos(fastest), size <= 64 ? 0.8 : 0.6);
        }
      }
      case "putNew", "putReplace" -> {
        goal(what, ours / nanos(fastest), 0.8);
        double bytes = bytes(map(method, "java", "longHamt", size));
        goal(what + ", in bytes", bytes / bytes(fastest), 0.8);
      }
      case "merge" -> goal(method + " at " + size + ", times kotlinx", ours / nanos(fastest), 0.8);
      default -> {}
    }
  }

  private void growth(Class<?> benchmark, String method, String title) {
    List<String> backends =
        backendsOf(benchmark).stream()
            .filter(b -> results.stream().anyMatch(r -> is(r, benchmark, method, b)))
            .toList();
    if (backends.isEmpty()) {
      return;
    }
    List<Integer> sizes = values(benchmark, "items");
    section(title);
    line("| items |%s 1000 : 10 |", cells(sizes, n -> n + ""));
    line("|---|%s---|", "---|".repeat(sizes.size()));
    for (String backend : backends) {
      double small = nanos(find(benchmark, method, backend, Map.of("items", 10)));
      double large = nanos(find(benchmark, method, backend, Map.of("items", 1000)));
      line(
          "| %s |%s %s |",
          backend,
          cells(sizes, n -> time(find(benchmark, method, backend, Map.of("items", n)))),
          ratio(large, small));
      line(
          "| B |%s |",
          cells(sizes, n -> number(bytes(find(benchmark, method, backend, Map.of("items", n))))));
      goal(backend + " at most doubles from 10 to 1000", large / small, MAX_GROWTH);
    }
  }

  // ----------------------------------------------------------------------------- the figures

  private List<String> backendsOf(Class<?> benchmark) {
    return results.stream()
        .filter(r -> is(r, benchmark, null, null))
        .map(r -> r.getParams().getParam("backend"))
        .distinct()
        .toList();
  }

  private List<Integer> values(Class<?> benchmark, String param) {
    TreeSet<Integer> values = new TreeSet<>();
    for (RunResult result : results) {
      if (is(result, benchmark, null, null)) {
        values.add(Integer.valueOf(result.getParams().getParam(param)));
      }
    }
    return List.copyOf(values);
  }

  /** The only such result; {@code null} if it wasn't measured. */
  private RunResult find(Class<?> benchmark, String method, String backend, Map<String, ?> params) {
    Predicate<RunResult> hasParams =
        r ->
            params.entrySet().stream()
                .allMatch(p -> p.getValue().toString().equals(r.getParams().getParam(p.getKey())));
    return results.stream()
        .filter(r -> is(r, benchmark, method, backend))
        .filter(hasParams)
        .findFirst()
        .orElse(null);
  }

  private static boolean is(RunResult result, Class<?> benchmark, String method, String backend) {
    String name = result.getParams().getBenchmark();
    return name.startsWith(benchmark.getName() + ".")
        && (method == null || name.endsWith("." + method))
        && (backend == null || backend.equals(result.getParams().getParam("backend")));
  }

  private static double nanos(RunResult result) {
    return result == null ? Double.NaN : median(forkMedians(result));
  }

  private static double[] forkMedians(RunResult result) {
    return result.getBenchmarkResults().stream().mapToDouble(Report::medianOf).sorted().toArray();
  }

  private static double medianOf(BenchmarkResult fork) {
    return median(
        fork.getIterationResults().stream()
            .mapToDouble(iteration -> iteration.getPrimaryResult().getScore())
            .sorted()
            .toArray());
  }

  private static double median(double[] sorted) {
    int n = sorted.length;
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  }

  private static double bytes(RunResult result) {
    return secondary(result, "gc.alloc.rate.norm");
  }

  private static double secondary(RunResult result, String name) {
    Result<?> found = result == null ? null : result.getSecondaryResults().get(name);
    return found == null ? Double.NaN : found.getScore();
  }

  private static double larger(double a, double b) {
    return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.max(a, b);
  }

  // -------------------------------------------------------------------------------- the text

  /** The median, and how far the forks' medians lie apart if there are several. */
  private static String time(RunResult result) {
    if (result == null) {
      return "–";
    }
    double[] forks = forkMedians(result);
    String middle = number(median(forks));
    return forks.length == 1
        ? middle
        : middle + " (" + number(forks[0]) + "–" + number(forks[forks.length - 1]) + ")";
  }

  private static String ratio(double of, double to) {
    return Double.isNaN(of / to) ? "–" : String.format(Locale.ROOT, "%.2f", of / to);
  }

  private static String number(double value) {
    return Double.isNaN(value)
        ? "–"
        : String.format(
            Math.abs(value) < 10 ? "%.2f" : Math.abs(value) < 100 ? "%.1f" : "%.0f", value);
  }

  private static String cells(List<Integer> columns, IntFunction<String> cell) {
    StringBuilder row = new StringBuilder();
    columns.forEach(column -> row.append(' ').append(cell.apply(column)).append(" |"));
    return row.toString();
  }

  private boolean isSmoke() {
    return profile.equals("smoke");
  }

  private void section(String title) {
    endSection();
    line("%n## %s%n", title);
  }

  private void goal(String what, double is, double atMost) {
    if (!Double.isNaN(is) && !isSmoke()) {
      String verdict = is <= atMost ? "met" : "missed";
      goals.append(String.format(Locale.ROOT, "- %s: **%s** (%s)%n", what, verdict, number(is)));
    }
  }

  private void endSection() {
    if (!goals.isEmpty()) {
      text.append('\n').append(goals);
      goals.setLength(0);
    }
  }

  private void line(String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
