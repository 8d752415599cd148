package io.contexture.bench.tool;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One operation on one backend, and what its forks have measured so far.
 *
 * @param benchmark the class, without its package
 * @param method the method
 * @param params the parameters, but for the backend
 * @param backend {@code native}, {@code java}, {@code c} where C calls, or {@code none} for a peer
 * @param unit {@code ns/op}, {@code B} or {@code instructions/op}
 * @param forks the iterations of each fork
 * @param bytes the bytes that each fork has allocated per operation; empty if not measured
 * @param counters further numbers of the last fork
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record Measurement(
    String benchmark,
    String method,
    Map<String, String> params,
    String backend,
    String unit,
    List<List<Double>> forks,
    List<Double> bytes,
    Map<String, Double> counters) {
  static final String TIME = "ns/op";
  static final String BYTES = "B";
  static final String INSTRUCTIONS = "instructions/op";

  Measurement {
    params = params == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(params));
    forks = forks == null ? List.of() : List.copyOf(forks);
    bytes = bytes == null ? List.of() : List.copyOf(bytes);
    counters = counters == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(counters));
  }

  /** Names the operation, whatever it runs on: {@code Class.method{a=1,b=2}}. */
  String operation() {
    return benchmark + "." + method + (params.isEmpty() ? "" : describe(params));
  }

  private static String describe(Map<String, String> params) {
    return params.toString().replace(", ", ",");
  }

  /** Names the operation and what it runs on. */
  String key() {
    return operation() + (backend.equals(Trial.NO_BACKEND) ? "" : " on " + backend);
  }

  /** The time, or whatever the unit says. */
  Figure figure() {
    return Figure.of(forks);
  }

  /** The bytes allocated per operation. */
  Figure allocated() {
    return bytes.isEmpty() ? Figure.NONE : Figure.of(bytes.stream().map(List::of).toList());
  }

  /** Both of the same operation on the same backend, one after the other. */
  Measurement plus(Measurement later) {
    List<List<Double>> allForks = new ArrayList<>(forks);
    allForks.addAll(later.forks);
    List<Double> allBytes = new ArrayList<>(bytes);
    allBytes.addAll(later.bytes);
    return new Measurement(
        benchmark, method, params, backend, unit, allForks, allBytes, later.counters);
  }
}
