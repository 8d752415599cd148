package io.contexture.bench.tool;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Results to test with. */
final class Samples {
  static final String COMMIT = "0123456789ab";

  private Samples() {}

  static Machine machine(String id, String architecture, boolean emulated) {
    return new Machine(
        id, "Linux 6.1", architecture, "Some Processor @ 2 GHz <R>", 2, 8192, emulated);
  }

  static Results results(Machine machine, String lane, Measurement... measurements) {
    return new Results(
        Results.FORMAT,
        lane,
        "full",
        "",
        "2026-11-22T20:00:00Z",
        "2026-11-22T21:00:00Z",
        true,
        COMMIT,
        "OpenJDK 64-Bit Server VM 25",
        machine,
        Map.of(),
        List.of(measurements));
  }

  /** Results as columns, each of a file of its own: {@code 1.json} and so on. */
  static List<Column> columns(Results... results) {
    return IntStream.range(0, results.length)
        .mapToObj(i -> new Column(i + 1 + ".json", results[i]))
        .toList();
  }

  static Results x86(Measurement... measurements) {
    return results(machine("aaaa", "x86_64", false), Results.JMH, measurements);
  }

  /** A hit on a platform thread; each number is a fork of one iteration. */
  static Measurement hit(String method, String backend, double... forks) {
    return measurement("HitBenchmark", method, Map.of("thread", "platform"), backend, forks);
  }

  static Measurement measurement(
      String benchmark,
      String method,
      Map<String, String> params,
      String backend,
      double... forks) {
    return new Measurement(
        benchmark,
        method,
        params,
        backend,
        Measurement.TIME,
        forks(forks),
        List.of(0.01),
        Map.of());
  }

  static Measurement instructions(String method, String backend, double count) {
    return new Measurement(
        "HitBenchmark",
        method,
        Map.of("thread", "platform"),
        backend,
        Measurement.INSTRUCTIONS,
        forks(count),
        List.of(),
        Map.of());
  }

  private static List<List<Double>> forks(double... forks) {
    return java.util.Arrays.stream(forks).mapToObj(List::of).toList();
  }
}
