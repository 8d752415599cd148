package io.contexture.bench.tool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Counts the instructions of the operations of the C library with Valgrind's Callgrind: for changes
 * that are smaller than what a machine's times vary by.
 *
 * <p>Runs the program of {@code bench/counts/counts.c}, which tells its operations and calls each
 * in a function {@code measure}. Callgrind writes a profile each time that one returns; what {@code
 * measure} called, how often and for how many instructions, is in it.
 */
final class Callgrind {
  static final String LANE = "callgrind";

  /** What {@code measure} is made of besides operations; taken off them. */
  private static final String LOOP = "loop";

  /** {@code cfn=(4) hit}, or {@code cfn=(4)} for one that was named before. */
  private static final Pattern NAME = Pattern.compile("c?fn=\\((\\d+)\\)(?: (.+))?");

  private static final Pattern CALLS = Pattern.compile("calls=(\\d+) .*");

  private Callgrind() {}

  /**
   * Counts.
   *
   * @param program the compiled {@code counts}
   * @throws UsageException if there is no Valgrind, or the program isn't that one
   */
  static Results count(Path program) throws IOException, InterruptedException {
    if (!Files.isExecutable(program)) {
      throw new UsageException(
          "no program %s: build it with cmake -S . -B build/bench -DCX_BUILD_COUNTS=ON && cmake --build build/bench --target counts"
              .formatted(program));
    }
    Path directory = Files.createTempDirectory("contexture-callgrind");
    try {
      List<String> operations = run(program, directory);
      return results(operations, profiles(directory));
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  private static List<String> run(Path program, Path directory)
      throws IOException, InterruptedException {
    List<String> command =
        List.of(
            "valgrind",
            "--quiet",
            "--tool=callgrind",
            "--dump-after=measure",
            "--compress-pos=no",
            "--callgrind-out-file=" + directory.resolve("profile"),
            program.toAbsolutePath().toString());
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UsageException("no valgrind here: " + e.getMessage());
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + "\n" + output);
    }
    return output.lines().filter(line -> line.matches("\\d+ .+")).toList();
  }

  /** What is in the profiles that were written, in their order. */
  private static List<String> profiles(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().matches("profile\\.\\d+"))
          .sorted(
              Comparator.comparingInt(
                  f -> Integer.parseInt(f.getFileName().toString().replaceFirst(".*\\.", ""))))
          .map(Callgrind::text)
          .toList();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The results.
   *
   * @param operations a line for each: number, name
   * @param profiles a profile for each, then perhaps one of what came after
   */
  static Results results(List<String> operations, List<String> profiles) {
    if (operations.isEmpty() || profiles.size() < operations.size()) {
      throw new UsageException(
          "%d operations and %d profiles: is that the program of bench/counts?"
              .formatted(operations.size(), profiles.size()));
    }
    List<Measurement> measurements = new ArrayList<>();
    double loop = 0;
    for (int i = 0; i < operations.size(); i++) {
      String name = operations.get(i).replaceFirst("^\\d+ ", "");
      double each = instructionsPerCall(profiles.get(i));
      if (name.equals(LOOP)) {
        loop = each;
        continue;
      }
      measurements.add(
          new Measurement(
              "Counts",
              name,
              Map.of(),
              "c",
              Measurement.INSTRUCTIONS,
              List.of(List.of(each - loop)),
              List.of(),
              Map.of()));
    }
    return new Results(
        Results.FORMAT,
        LANE,
        "",
        "",
        Run.now(),
        Run.now(),
        true,
        Sources.commit(),
        "",
        Machine.here(),
        Map.of(),
        measurements);
  }

  /** Of what {@code measure} calls most often in a profile. */
  static double instructionsPerCall(String profile) {
    String caller = "";
    Map<String, String> names = new HashMap<>();
    long most = 0;
    double instructions = Double.NaN;
    String[] lines = profile.split("\n");
    for (int i = 0; i < lines.length; i++) {
      Matcher name = NAME.matcher(lines[i]);
      if (name.matches()) {
        if (name.group(2) != null) {
          names.put(name.group(1), name.group(2));
        }
        if (lines[i].startsWith("fn=")) {
          caller = names.getOrDefault(name.group(1), "");
        }
      }
      Matcher calls = CALLS.matcher(lines[i]);
      if (calls.matches() && caller.equals("measure")) {
        long times = Long.parseLong(calls.group(1));
        if (times > most) { // the marks are called a few times only
          most = times;
          instructions = Double.parseDouble(lines[i + 1].split(" ")[1]) / times;
        }
      }
    }
    return instructions;
  }
}
