package io.contexture.bench.tool;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@code counts.json}, which {@code bench/counts/run} writes: the instructions that
 * operations execute on emulated processors. Becomes a result for each kind of processor.
 */
final class Counts {
  private static final String LANE = "qemu";
  private static final String INSTRUCTIONS = "instructions";
  private static final String BENCHMARK = "Counts";
  private static final Set<String> JAVA = Set.of("native", "java");

  /** The operations that a benchmark of the suite measures too; they stand in one row with it. */
  private static final Map<String, String> TWINS =
      Map.of(
          "get, hit", "HitBenchmark.contextVar{thread=platform}",
          "get a long, hit", "HitBenchmark.longContextVar{thread=platform}",
          "capture", "CurrentBenchmark.contexture",
          "set", "SetBenchmark.contextVar{variablesOfEachKind=1}",
          "set a long", "SetBenchmark.longContextVar{variablesOfEachKind=1}");

  private static final Pattern SIZED = Pattern.compile("map (get|put), (\\d+) entries");

  private Counts() {}

  /** Whether a file is of this form. */
  static boolean isOne(JsonNode json) {
    return json.has("counts");
  }

  /**
   * The results in it.
   *
   * @throws UsageException if it isn't as {@code bench/counts/run} writes it
   */
  static List<Results> read(JsonNode json, Path file) {
    if (!json.path("commit").isTextual() || json.get("commit").textValue().isBlank()) {
      throw new UsageException(file + " doesn't say of what commit it is: count again");
    }
    if (!json.path("emulated").isBoolean() || !json.get("emulated").booleanValue()) {
      throw ResultFiles.broken(file, "it has counts and doesn't say that they are emulated");
    }
    Map<String, List<Measurement>> byProcessor = new LinkedHashMap<>();
    entries("counts", json.get("counts"), file)
        .forEach(
            (from, variants) ->
                entries(from, variants, file)
                    .forEach(
                        (variant, runs) -> {
                          boolean isC = from.equals("from C");
                          int end = isC ? variant.length() : variant.lastIndexOf(", ");
                          String backend = isC ? "c" : variant.substring(end + 1).strip();
                          if (!isC && (end < 0 || !JAVA.contains(backend))) {
                            throw ResultFiles.broken(file, variant + " names no backend");
                          }
                          byProcessor
                              .computeIfAbsent(
                                  processor(variant.substring(0, end)), p -> new ArrayList<>())
                              .addAll(measurements(runs, variant, backend, file));
                        }));
    byProcessor.values().forEach(measurements -> ResultFiles.check(measurements, file));
    List<Results> all = new ArrayList<>();
    byProcessor.forEach(
        (processor, measurements) ->
            all.add(
                new Results(
                    Results.FORMAT,
                    LANE,
                    "",
                    "",
                    "",
                    "",
                    true,
                    json.get("commit").textValue(),
                    "",
                    new Machine(LANE, "Linux", processor, processor, 0, 0, true),
                    Map.of(),
                    measurements)));
    return all;
  }

  /** What is in an object that has a name; refused if that isn't one, or empty. */
  private static Map<String, JsonNode> entries(String name, JsonNode object, Path file) {
    if (!object.isObject() || object.isEmpty()) {
      throw ResultFiles.broken(file, "“%s” has nothing in it".formatted(name));
    }
    Map<String, JsonNode> all = new LinkedHashMap<>();
    object.forEachEntry(all::put);
    return all;
  }

  /** The name of a column. */
  private static String processor(String name) {
    return name.replace("AArch64 with LSE", "aarch64")
        .replace("AArch64 without", "aarch64 without LSE")
        .replace("x86-64", "x86_64");
  }

  private static List<Measurement> measurements(
      JsonNode runs, String variant, String backend, Path file) {
    if (!runs.isArray() || runs.isEmpty() || !runs.get(0).isObject()) {
      throw ResultFiles.broken(file, "“%s” has no runs".formatted(variant));
    }
    List<Measurement> all = new ArrayList<>();
    runs.get(0)
        .forEachEntry(
            (operation, first) -> {
              List<List<Double>> forks = new ArrayList<>();
              runs.forEach(
                  run -> forks.add(List.of(number(run.path(operation), INSTRUCTIONS, file))));
              Map<String, Double> counters = new LinkedHashMap<>();
              first.forEachEntry((kind, count) -> counters.put(kind, number(first, kind, file)));
              counters.remove(INSTRUCTIONS);
              all.add(measurement(operation, backend, forks, counters));
            });
    return all;
  }

  private static double number(JsonNode counts, String kind, Path file) {
    JsonNode number = counts.path(kind);
    if (!number.isNumber()) {
      throw ResultFiles.broken(file, "“%s” isn't counted, or not as a number".formatted(kind));
    }
    return number.doubleValue();
  }

  /** Of Java under the name of the benchmark that measures the same; else under its own. */
  private static Measurement measurement(
      String operation, String backend, List<List<Double>> forks, Map<String, Double> counters) {
    String benchmark = BENCHMARK;
    String method = operation;
    Map<String, String> params = Map.of();
    Matcher sized = SIZED.matcher(operation);
    if (!backend.equals("c") && TWINS.containsKey(operation)) {
      Expression.Term twin = (Expression.Term) Expression.parse(TWINS.get(operation));
      benchmark = twin.benchmark();
      method = twin.method();
      params = twin.params();
    } else if (!backend.equals("c") && sized.matches()) {
      benchmark = "MapBenchmark";
      method = sized.group(1).equals("get") ? "getHit" : "putReplace";
      params = Map.of("map", "longHamt", "size", sized.group(2));
    }
    return new Measurement(
        benchmark, method, params, backend, Measurement.INSTRUCTIONS, forks, List.of(), counters);
  }
}
