package io.contexture.bench.tool;

import io.contexture.bench.BoundExecutor;
import io.contexture.bench.Footprint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Shows that every benchmark runs: each for a few milliseconds, all those of a backend in one JVM.
 * Measures nothing.
 */
public final class Smoke {
  private Smoke() {}

  /** Starts a JVM for each backend, and fails if one of them does. */
  static void run(Collection<String> backends, String filter)
      throws IOException, InterruptedException {
    List<String> failed = new ArrayList<>();
    for (String backend : backends) {
      List<String> command =
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Dcontexture.backend=" + backend,
              "--enable-native-access=ALL-UNNAMED",
              "--sun-misc-unsafe-memory-access=allow",
              "-Djmh.executor=CUSTOM",
              "-Djmh.executor.class=" + BoundExecutor.class.getName(),
              "-Djmh.ignoreLock=true",
              "-XX:TieredStopAtLevel=1",
              "-Xmx1g",
              "-cp",
              System.getProperty("java.class.path"),
              Smoke.class.getName(),
              backend,
              filter);
      if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
        failed.add(backend);
      }
    }
    if (!failed.isEmpty()) {
      throw new UsageException("some benchmarks don't run on " + String.join(", ", failed));
    }
  }

  /**
   * Runs those of one backend; peers beside the Java one.
   *
   * @param args the backend, and what is to occur in the names of the benchmarks
   */
  public static void main(String[] args) {
    String backend = args[0];
    List<Trial> trials =
        Plan.of(Suite.load(), Profile.SMOKE, args[1], List.of(backend)).values().stream()
            .flatMap(List::stream)
            .filter(t -> t.backend().equals(backend) || backend.equals("java"))
            .toList();
    long start = System.nanoTime();
    int failures = 0;
    for (Trial trial : trials) {
      ByteArrayOutputStream log = new ByteArrayOutputStream();
      try (PrintStream out = new PrintStream(log, false, StandardCharsets.UTF_8)) {
        once(trial, out);
      } catch (RunnerException | IOException | InterruptedException | RuntimeException e) {
        failures++;
        System.out.println(trial.key() + " failed: " + e);
        System.out.println(log.toString(StandardCharsets.UTF_8));
      }
    }
    System.out.printf(
        "%s: %d benchmarks, %d of them failed, %d s%n",
        backend, trials.size(), failures, (System.nanoTime() - start) / 1_000_000_000);
    System.exit(failures == 0 ? 0 : 1);
  }

  private static void once(Trial trial, PrintStream out)
      throws RunnerException, IOException, InterruptedException {
    if (!trial.isJmh()) {
      if (!trial.method().equals("mapEntry")) { // a million of them isn't a matter of milliseconds
        List<String> args = new ArrayList<>(List.of(trial.method()));
        args.addAll(trial.params().values());
        Footprint.print(out, args);
      }
      return;
    }
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^\\Q" + Trial.PACKAGE + trial.benchmark() + "." + trial.method() + "\\E$")
            .param("backend", trial.backend())
            .forks(0)
            .warmupIterations(Profile.SMOKE.warmups)
            .measurementIterations(Profile.SMOKE.measurements)
            .measurementTime(Profile.SMOKE.each)
            .shouldFailOnError(true);
    trial.setParameters(options);
    System.getProperties().keySet().removeIf(k -> k.toString().startsWith(BoundExecutor.PREFIX));
    trial.executorProperties().forEach(System::setProperty);
    new Runner(options.build(), OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL))
        .run();
  }
}
