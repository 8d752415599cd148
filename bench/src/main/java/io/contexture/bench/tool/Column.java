package io.contexture.bench.tool;

import java.util.List;

/**
 * A result that stands beside others.
 *
 * @param file where it is from; one file may hold several
 * @param results what was measured
 */
record Column(String file, Results results) {
  /** What it is called in headings, which says so if it is emulated. */
  String label() {
    return results.machine().architecture()
        + (isEmulated() ? ", EMULATED" : "")
        + (isJmh() ? "" : ", " + results.lane());
  }

  boolean isEmulated() {
    return results.machine().emulated();
  }

  /** Whether these are JMH's; else somebody has counted. */
  boolean isJmh() {
    return results.lane().equals(Results.JMH);
  }

  /** What may be shown: anything but times of an emulator. */
  List<Measurement> shown() {
    return results.measurements().stream()
        .filter(m -> !(isEmulated() && m.unit().equals(Measurement.TIME)))
        .toList();
  }

  /** What an operation has measured on a backend, or {@code null}. */
  Measurement find(String operation, String backend) {
    return shown().stream()
        .filter(m -> m.operation().equals(operation) && m.backend().equals(backend))
        .findFirst()
        .orElse(null);
  }

  /** What was measured in a unit under a key, or {@code null}. */
  Measurement findIn(String unit, String key) {
    return shown().stream()
        .filter(m -> m.unit().equals(unit) && m.key().equals(key))
        .findFirst()
        .orElse(null);
  }
}
