package io.contexture.bench;

import io.contexture.Backend;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks, each in forked JVMs on every backend that can run here, and writes {@code
 * results/PROFILE.json} and {@code results/PROFILE.md} beside the jar.
 */
public final class Main {
  private static final List<Class<? extends OnBackend>> BENCHMARKS =
      List.of(
          HitBenchmark.class,
          SetBenchmark.class,
          CaptureBenchmark.class,
          WrapBenchmark.class,
          TaskBenchmark.class,
          MapBenchmark.class,
          MapMixBenchmark.class,
          ContextMixBenchmark.class,
          SharedMixBenchmark.class,
          SharedSnapshotBenchmark.class);

  /** How much is run. */
  private enum Profile {
    /** Seconds per benchmark are too few to measure: shows that everything runs. */
    SMOKE(1, 0, 1, 20),
    /** Some minutes. */
    QUICK(1, 2, 3, 300),
    /** A quarter of an hour. */
    FULL(3, 3, 5, 300);

    final int forks;
    final int warmups;
    final int measurements;
    final TimeValue each;

    Profile(int forks, int warmups, int measurements, int millis) {
      this.forks = forks;
      this.warmups = warmups;
      this.measurements = measurements;
      this.each = TimeValue.milliseconds(millis);
    }

    /** The extremes only, where every combination would take too long. */
    void limit(ChainedOptionsBuilder options, Class<?> benchmark) {
      if (this != FULL && benchmark == CaptureBenchmark.class) {
        options.param("depth", "1", "100").param("variables", "1", "1000");
      }
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Profile profile;
  private final String filter;
  private final Path directory;
  private final Map<String, String> unavailable = new TreeMap<>();

  private Main(Profile profile, String filter, Path directory) {
    this.profile = profile;
    this.filter = filter;
    this.directory = directory;
  }

  /**
   * Runs what the arguments ask for.
   *
   * @param args {@code smoke}, {@code quick} (the default) or {@code full}; then, if wanted, a
   *     regular expression that is to occur in the full names of the benchmarks
   * @throws RunnerException if a benchmark fails
   * @throws IOException if the results can't be written
   */
  public static void main(String[] args) throws RunnerException, IOException {
    Profile profile = Profile.QUICK;
    if (args.length > 0) {
      try {
        profile = Profile.valueOf(args[0].toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        System.err.println("usage: [smoke | quick | full] [REGEX]");
        System.exit(2);
      }
    }
    Path directory = Files.createDirectories(home().resolve("results"));
    new Main(profile, args.length > 1 ? args[1] : "", directory).run();
  }

  private void run() throws RunnerException, IOException {
    List<String> backends = new ArrayList<>();
    for (Backend backend : Backend.values()) {
      String name = backend.name().toLowerCase(Locale.ROOT);
      if (backend.isAvailable()) {
        backends.add(name);
      } else {
        unavailable.put(name, backend.unavailableReason());
        System.out.println(name + " not available: " + backend.unavailableReason());
      }
    }
    List<RunResult> results = new ArrayList<>();
    for (Class<? extends OnBackend> benchmark : BENCHMARKS) {
      for (String backend : backends) {
        Collection<RunResult> some =
            benchmark == MapBenchmark.class ? runMaps(backend) : run(benchmark, "", backend);
        if (!some.isEmpty()) {
          System.out.printf(
              "%s on %s: %d results%n", benchmark.getSimpleName(), backend, some.size());
        }
        results.addAll(some);
      }
    }
    if (results.isEmpty()) {
      System.err.println("no benchmark matches " + filter);
      System.exit(2);
    }
    Path json = directory.resolve(profile + ".json");
    try (PrintStream out = new PrintStream(json.toFile(), StandardCharsets.UTF_8)) {
      ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(results);
    }
    String report = new Report(profile.toString(), results, unavailable).markdown();
    Path markdown = directory.resolve(profile + ".md");
    Files.writeString(markdown, report);
    System.out.println();
    System.out.println(report);
    System.out.println("written to " + json + " and " + markdown);
  }

  /**
   * {@link MapBenchmark} for the maps that can do it. The peers don't care for the backend: they
   * run beside the Java one only.
   */
  private Collection<RunResult> runMaps(String backend) throws RunnerException {
    List<String> ours = List.of("longHamt");
    boolean alone = backend.equals("native");
    boolean full = profile == Profile.FULL;
    List<String> sizes =
        switch (profile) {
          case SMOKE -> List.of("64");
          case QUICK -> List.of("8", "64", "1024", "32768");
          case FULL -> List.of("8", "64", "1024", "32768", "1048576");
        };
    List<RunResult> results = new ArrayList<>();
    results.addAll(
        runMaps(
            full ? "(getHit|getMiss)" : "getHit",
            alone ? ours : full ? MapPeer.ALL : MapPeer.PERSISTENT,
            sizes,
            backend));
    results.addAll(
        runMaps("(putNew|putReplace)", alone ? ours : MapPeer.PERSISTENT, sizes, backend));
    if (full) {
      results.addAll(
          runMaps("(remove|iterate|build)", alone ? ours : MapPeer.COMPLETE, sizes, backend));
    }
    results.addAll(runMaps("merge", alone ? ours : MapPeer.COMPLETE, List.of("1024"), backend));
    return results;
  }

  private Collection<RunResult> runMaps(
      String methods, List<String> maps, List<String> sizes, String backend)
      throws RunnerException {
    return run(
        MapBenchmark.class,
        methods + "$",
        backend,
        "map",
        maps.toArray(String[]::new),
        "size",
        sizes.toArray(String[]::new));
  }

  /** Runs the methods of a class that match; parameters are names and arrays in turns. */
  private Collection<RunResult> run(
      Class<?> benchmark, String methods, String backend, Object... parameters)
      throws RunnerException {
    String part = methods.replaceAll("\\W", "");
    String log =
        profile
            + ("-" + benchmark.getSimpleName())
            + (part.isEmpty() ? "" : "-" + part)
            + ("-" + backend + ".log");
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^(?=.*(?:" + filter + ")).*\\." + benchmark.getSimpleName() + "\\." + methods)
            .param("backend", backend)
            .jvmArgsAppend(
                "-Dcontexture.backend=" + backend,
                "--enable-native-access=ALL-UNNAMED",
                "-Djmh.executor=CUSTOM",
                "-Djmh.executor.class=" + BoundExecutor.class.getName(),
                "-Xms512m",
                "-Xmx512m")
            .forks(profile.forks)
            .warmupIterations(profile.warmups)
            .warmupTime(profile.each)
            .measurementIterations(profile.measurements)
            .measurementTime(profile.each)
            .threads(benchmark == SharedMixBenchmark.class ? 2 : 1)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .output(directory.resolve(log).toString());
    profile.limit(options, benchmark);
    for (int i = 0; i < parameters.length; i += 2) {
      options.param((String) parameters[i], (String[]) parameters[i + 1]);
    }
    try {
      return new Runner(options.build()).run();
    } catch (NoBenchmarksException e) {
      return List.of(); // the filter leaves this class out
    }
  }

  /** The directory of the jar, or of the compiled classes. */
  private static Path home() {
    try {
      return Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
