package io.contexture.bench.tool;

import io.contexture.bench.BoundExecutor;
import io.contexture.bench.Footprint;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * One operation to be measured on one backend.
 *
 * @param benchmark the class, without its package
 * @param method the method
 * @param params the parameters, but for the backend
 * @param backend {@code native}, {@code java}, or {@code none} for a peer
 */
record Trial(String benchmark, String method, Map<String, String> params, String backend) {
  static final String PACKAGE = "io.contexture.bench.";
  static final String NO_BACKEND = "none";

  private static final String ALLOCATED = "gc.alloc.rate.norm";

  /** Names what is measured, as {@link Measurement#key} does. */
  String key() {
    return measurement(Measurement.TIME, List.of(), List.of(), Map.of()).key();
  }

  boolean isJmh() {
    return !benchmark.equals("Footprint");
  }

  /**
   * Measures in one fork.
   *
   * @param profile for how long
   * @param log where JMH's output goes
   * @return what it has measured
   * @throws RunnerException if the benchmark fails
   * @throws IOException if the other JVM can't be started
   */
  Measurement run(Profile profile, PrintStream log) throws RunnerException, IOException {
    return isJmh() ? runJmh(profile, log) : runFootprint(log);
  }

  private Measurement runJmh(Profile profile, PrintStream log) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^\\Q" + PACKAGE + benchmark + "." + method + "\\E$")
            .param("backend", backend)
            .jvmArgsAppend(jvmArguments())
            .forks(1)
            .warmupIterations(profile.warmups)
            .warmupTime(profile.each)
            .measurementIterations(profile.measurements)
            .measurementTime(profile.each)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true);
    setParameters(options);
    Collection<RunResult> results =
        new Runner(
                options.build(), OutputFormatFactory.createFormatInstance(log, VerboseMode.NORMAL))
            .run();
    RunResult only = results.iterator().next();
    BenchmarkResult fork = only.getBenchmarkResults().iterator().next();
    List<Double> iterations = new ArrayList<>();
    fork.getIterationResults().forEach(i -> iterations.add(i.getPrimaryResult().getScore()));
    Map<String, Double> counters = new LinkedHashMap<>();
    fork.getSecondaryResults()
        .forEach(
            (name, result) -> {
              if (!name.startsWith("gc.")) {
                counters.put(name, result.getScore());
              }
            });
    Result<?> allocated = fork.getSecondaryResults().get(ALLOCATED);
    return measurement(
        Measurement.TIME,
        List.of(iterations),
        allocated == null ? List.of() : List.of(allocated.getScore()),
        counters);
  }

  /** Passes the parameters on; one of them is the number of threads. */
  void setParameters(ChainedOptionsBuilder options) {
    params.forEach(options::param);
    if (params.containsKey("threads")) {
      options.threads(Integer.parseInt(params.get("threads")));
    }
  }

  private String[] jvmArguments() {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-Djmh.executor=CUSTOM",
                "-Djmh.executor.class=" + BoundExecutor.class.getName(),
                "-Xms512m",
                "-Xmx512m"));
    arguments.addAll(backendArguments());
    executorProperties().forEach((name, value) -> arguments.add("-D" + name + "=" + value));
    return arguments.toArray(String[]::new);
  }

  /** What {@link BoundExecutor} wants to know. */
  Map<String, String> executorProperties() {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put(BoundExecutor.PREFIX + "benchmark", benchmark);
    params.forEach((name, value) -> properties.put(BoundExecutor.PREFIX + name, value));
    return properties;
  }

  /** What is measured for a peer runs on Java, if it uses Contexture at all. */
  private List<String> backendArguments() {
    return List.of(
        "-Dcontexture.backend=" + (backend.equals(NO_BACKEND) ? "java" : backend),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow");
  }

  private Measurement runFootprint(PrintStream log) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx2g"));
    command.addAll(backendArguments());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Footprint.class.getName(), method));
    command.addAll(params.values());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    log.println("# " + key() + System.lineSeparator() + output);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(key() + " failed: " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(key() + " was interrupted", e);
    }
    String[] words = output.strip().split("\\s+");
    double heap = Double.parseDouble(words[words.length - 2]);
    double outside = Double.parseDouble(words[words.length - 1]);
    return measurement(
        Measurement.BYTES,
        List.of(List.of(heap + outside)),
        List.of(),
        Map.of("heap", heap, "outside", outside));
  }

  private Measurement measurement(
      String unit, List<List<Double>> forks, List<Double> bytes, Map<String, Double> counters) {
    return new Measurement(benchmark, method, params, backend, unit, forks, bytes, counters);
  }
}
