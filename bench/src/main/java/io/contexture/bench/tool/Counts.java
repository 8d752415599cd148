package io.contexture.bench.tool;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    return json.has("counts") && json.path("emulated").asBoolean();
  }

  /**
   * The results in it.
   *
   * @throws UsageException if it doesn't say of what commit they are
   */
  static List<Results> read(JsonNode json, String file) {
    if (!json.has("commit")) {
      throw new UsageException(file + " doesn't say of what commit it is: count again");
    }
    Map<String, List<Measurement>> byProcessor = new LinkedHashMap<>();
    json.get("counts")
        .forEachEntry(
            (from, variants) ->
                variants.forEachEntry(
                    (variant, runs) -> {
                      int comma = from.equals("from C") ? -1 : variant.lastIndexOf(", ");
                      String processor =
                          processor(comma < 0 ? variant : variant.substring(0, comma));
                      String backend = comma < 0 ? "c" : variant.substring(comma + 2);
                      byProcessor
                          .computeIfAbsent(processor, p -> new ArrayList<>())
                          .addAll(measurements(runs, backend));
                    }));
    List<Results> all = new ArrayList<>();
    byProcessor.forEach(
        (processor, measurements) ->
            all.add(
                new Results(
                    Results.FORMAT,
                    LANE,
                    "",
                    "",
                    json.path("measured").asText(""),
                    json.path("measured").asText(""),
                    true,
                    json.get("commit").asText(),
                    "",
                    new Machine(LANE, "Linux", processor, processor, 0, 0, true),
                    Map.of(),
                    measurements)));
    return all;
  }

  /** What with LSE and without are two of, as far as C is concerned. */
  private static String processor(String name) {
    return name.replace("AArch64 with LSE", "aarch64")
        .replace("AArch64", "aarch64")
        .replace("x86-64", "x86_64")
        .replace("aarch64 without", "aarch64 without LSE");
  }

  private static List<Measurement> measurements(JsonNode runs, String backend) {
    List<Measurement> all = new ArrayList<>();
    runs.get(0)
        .forEachEntry(
            (operation, first) -> {
              List<List<Double>> forks = new ArrayList<>();
              runs.forEach(
                  run -> forks.add(List.of(run.get(operation).get(INSTRUCTIONS).asDouble())));
              Map<String, Double> counters = new LinkedHashMap<>();
              first.forEachEntry((kind, count) -> counters.put(kind, count.asDouble()));
              counters.remove(INSTRUCTIONS);
              all.add(measurement(operation, backend, forks, counters));
            });
    return all;
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
