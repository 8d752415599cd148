package io.contexture.bench.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.RunnerException;

/** The command line of the benchmarks. */
public final class Main {
  private static final String USAGE =
      """
      usage:
        [run] smoke | quick | full  [--filter=REGEX] [--resume] [--against=FILE] [--output=DIR]
            measures on every backend that can run here, and reports
        report FILE  [--against=FILE] [--output=DIR]
            reports what was measured before, beside an earlier result of the same machine
        instructions PROGRAM  [--against=FILE] [--output=DIR]
            counts the instructions of the C library's operations with Valgrind; PROGRAM is that of bench/counts
        architectures FILE FILE...  [--output=DIR]
            puts results of several machines or lanes side by side; takes the counts.json of bench/counts/run too
      """;

  private final List<String> words = new ArrayList<>();
  private String filter = "";
  private boolean resume;
  private Path against;
  private Path output;

  private Main() {}

  /**
   * Does what the arguments ask for. Exits with 2, and a message that says why, if that can't be
   * done, and with 1 if something fails on the way.
   *
   * @param args see {@link #USAGE}
   */
  public static void main(String[] args) {
    System.exit(run(args, System.out, System.err));
  }

  /** What the process is to exit with. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    try {
      new Main().parse(args).execute(out);
      return 0;
    } catch (UsageException e) {
      err.println(e.getMessage());
      return 2;
    } catch (RunnerException | IOException e) {
      err.println("failed: " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  private Main parse(String[] args) throws IOException {
    for (String arg : args) {
      String value = arg.substring(arg.indexOf('=') + 1);
      switch (arg.replaceFirst("=.*", "")) {
        case "--filter" -> filter = value;
        case "--resume" -> resume = true;
        case "--against" -> against = Path.of(value);
        case "--output" -> output = Path.of(value);
        default -> {
          if (arg.startsWith("-")) {
            throw new UsageException("no option " + arg + "\n" + USAGE);
          }
          words.add(arg);
        }
      }
    }
    if (words.isEmpty()) {
      throw new UsageException(USAGE);
    }
    output = Files.createDirectories(output == null ? Sources.home().resolve("results") : output);
    return this;
  }

  private void execute(PrintStream out) throws RunnerException, IOException, InterruptedException {
    switch (words.getFirst()) {
      case "run" -> measure(wordAt(1), out);
      case "report" -> report(ResultFiles.read(Path.of(wordAt(1))), Path.of(wordAt(1)), out);
      case "instructions" -> instructions(Path.of(wordAt(1)), out);
      case "architectures" -> architectures(out);
      default -> measure(wordAt(0), out);
    }
  }

  private String wordAt(int i) {
    if (i >= words.size()) {
      throw new UsageException(USAGE);
    }
    return words.get(i);
  }

  private void measure(String profileName, PrintStream out)
      throws RunnerException, IOException, InterruptedException {
    Profile profile = Profile.named(profileName);
    Map<String, String> unavailable = Run.unavailable();
    unavailable.forEach((backend, why) -> out.println(backend + " not available: " + why));
    List<String> backends =
        Stream.of("native", "java").filter(b -> !unavailable.containsKey(b)).toList();
    if (profile == Profile.SMOKE) {
      Smoke.run(backends, filter);
      return;
    }
    Map<Suite.Question, List<Trial>> plan = Plan.of(Suite.load(), profile, filter, backends);
    if (plan.isEmpty()) {
      throw new UsageException("no benchmark of the profile " + profile + " matches " + filter);
    }
    Results earlier = against == null ? null : ResultFiles.read(against);
    Path file = output.resolve(profile + ".json");
    Results start = Run.begin(file, Run.fresh(profile, filter, unavailable), resume);
    if (earlier != null) {
      Comparison.check(start, earlier); // before it takes an hour
    }
    Thread hint =
        new Thread(
            () ->
                out.println(
                    "\ninterrupted; " + file + " keeps what was measured: --resume goes on"));
    Runtime.getRuntime().addShutdownHook(hint);
    Results results;
    try (PrintStream log = Run.log(output.resolve(profile + ".log"))) {
      results = new Run(file, profile, start, out, trial -> trial.run(profile, log)).measure(plan);
    } finally {
      Runtime.getRuntime().removeShutdownHook(hint);
    }
    report(results, file, out);
  }

  private void report(Results results, Path file, PrintStream out) throws IOException {
    Results earlier = against == null ? null : ResultFiles.read(against);
    Document document = new Report(Suite.load(), results, earlier).document();
    write(document, file.getFileName().toString().replaceFirst("\\.json$", ""), out);
  }

  private void instructions(Path program, PrintStream out)
      throws IOException, InterruptedException {
    Results results = Callgrind.count(program);
    Path file = output.resolve("instructions.json");
    Run.putAside(file);
    results.write(file);
    report(results, file, out);
  }

  private void architectures(PrintStream out) throws IOException {
    List<Column> all = new ArrayList<>();
    for (String word : words.subList(1, words.size())) {
      all.addAll(ResultFiles.readAll(Path.of(word)));
    }
    Architectures side = new Architectures(all);
    Files.writeString(output.resolve("architectures.json"), side.json());
    write(side.document(), "architectures", out);
  }

  private void write(Document document, String name, PrintStream out) throws IOException {
    Path markdown = output.resolve(name + ".md");
    Path html = output.resolve(name + ".html");
    String text = Markdown.of(document);
    Files.writeString(markdown, text);
    Files.writeString(html, Html.of(document));
    out.println();
    out.println(text);
    out.printf(Locale.ROOT, "written to %s and %s%n", markdown, html);
  }
}
