package io.contexture.bench.tool;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one run has measured, with everything one has to know to compare it: a file of JSON, which
 * {@link ResultFiles} reads.
 *
 * @param format the version of this form
 * @param lane how it was measured: {@code jmh}, {@code callgrind}, {@code tcg}
 * @param profile how much was run, and for how long; empty for what has no profiles
 * @param filter which benchmarks were run
 * @param started when the run began
 * @param updated when the last measurement was added
 * @param complete whether nothing is missing
 * @param commit that was built, with {@code +} if its sources were changed
 * @param jvm what ran it; empty for what doesn't run in a JVM
 * @param machine what it ran on
 * @param unavailable the backends that couldn't be measured, and why
 * @param measurements what was measured
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record Results(
    int format,
    String lane,
    String profile,
    String filter,
    String started,
    String updated,
    boolean complete,
    String commit,
    String jvm,
    Machine machine,
    Map<String, String> unavailable,
    List<Measurement> measurements) {
  static final int FORMAT = 1;
  static final String JMH = "jmh";

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  Results {
    profile = profile == null ? "" : profile;
    started = started == null ? "" : started;
    updated = updated == null ? "" : updated;
    filter = filter == null ? "" : filter;
    jvm = jvm == null ? "" : jvm;
    unavailable = unavailable == null ? Map.of() : new TreeMap<>(unavailable);
    measurements = measurements == null ? List.of() : List.copyOf(measurements);
  }

  /** Writes a file; whoever reads it, or is interrupted, sees the old one or the new one. */
  void write(Path file) throws IOException {
    Path made = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(made, json());
    Files.move(made, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  String json() {
    try {
      return MAPPER.writeValueAsString(this) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // records of strings and numbers
    }
  }

  /** These, and what one more fork has measured. */
  Results plus(Measurement measured, String now) {
    List<Measurement> all = new ArrayList<>(measurements);
    int at = keys().indexOf(measured.key());
    if (at < 0) {
      all.add(measured);
    } else {
      all.set(at, all.get(at).plus(measured));
    }
    return with(all, now, complete);
  }

  Results completed(String now) {
    return with(measurements, now, true);
  }

  private Results with(List<Measurement> all, String now, boolean isComplete) {
    return new Results(
        format,
        lane,
        profile,
        filter,
        started,
        now,
        isComplete,
        commit,
        jvm,
        machine,
        unavailable,
        all);
  }

  /** How many forks have measured this. */
  int forksOf(String key) {
    int at = keys().indexOf(key);
    return at < 0 ? 0 : measurements.get(at).forks().size();
  }

  private List<String> keys() {
    return measurements.stream().map(Measurement::key).toList();
  }

  /** In a few words, for messages. */
  String describe() {
    return "%s, commit %s, %s on %s".formatted(lane, commit, jvm, machine.describe());
  }
}
