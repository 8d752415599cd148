package io.contexture.quickstart;

import io.contexture.Backend;
import io.contexture.Contexture;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Runs {@link GetLatency} once per backend and lays the results out side by side. */
final class LatencyTable {
  private static final long LIMIT_SECONDS = 15;

  private final Map<Backend, List<String>> columns = new TreeMap<>();
  private final Set<String> rows = new LinkedHashSet<>();
  private final List<String> notes = new ArrayList<>();

  private LatencyTable() {}

  /** Measures on each backend that can run here, one after the other; some seconds. */
  static String measure() throws IOException, InterruptedException {
    LatencyTable table = new LatencyTable();
    for (Backend backend : Backend.values()) {
      if (backend.isAvailable()) {
        table.measure(backend);
      } else {
        table.miss(backend, backend.unavailableReason());
      }
    }
    return table.text();
  }

  private void measure(Backend backend) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dcontexture.backend=" + backend.name().toLowerCase(Locale.ROOT));
    String path = System.getProperty("contexture.library.path");
    if (path != null) {
      command.add("-Dcontexture.library.path=" + path);
    }
    command.add("--class-path");
    Path library = locationOf(Contexture.class);
    Path program = locationOf(GetLatency.class);
    if (program.toString().endsWith(".java")) { // run from its sources: java Quickstart.java
      command.add(library.toString());
      command.add(program.resolveSibling("GetLatency.java").toString());
    } else {
      command.add(library + File.pathSeparator + program);
      command.add(GetLatency.class.getName());
    }
    command.add(backend.name());

    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) { // its few lines fit in the pipe
        miss(backend, "took more than " + LIMIT_SECONDS + " s");
        return;
      }
      byte[] output = process.getInputStream().readAllBytes();
      String text = new String(output, StandardCharsets.UTF_8).strip();
      if (process.exitValue() != 0) {
        miss(backend, text);
        return;
      }
      List<String> lines = text.lines().toList();
      columns.put(backend, lines);
      lines.forEach(line -> rows.add(line.substring(0, line.indexOf('\t'))));
    } finally {
      process.destroyForcibly();
    }
  }

  private void miss(Backend backend, String reason) {
    columns.put(backend, List.of());
    notes.add(backend + " not available: " + reason);
  }

  private String text() {
    StringBuilder text = new StringBuilder(String.format("  %-16s", "ns per get"));
    columns.keySet().forEach(backend -> text.append(String.format("%8s", backend)));
    for (String row : rows) {
      text.append(String.format("%n  %-16s", row));
      columns.values().forEach(cells -> text.append(String.format("%8s", cell(cells, row))));
    }
    notes.forEach(note -> text.append(String.format("%n  %s", note)));
    return text.toString();
  }

  private static String cell(List<String> cells, String row) {
    for (String line : cells) {
      if (line.startsWith(row + "\t")) {
        return line.substring(row.length() + 1);
      }
    }
    return "-";
  }

  /** The directory, jar or source file that a class comes from. */
  private static Path locationOf(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
