package io.contexture.bench.tool;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
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
  private final Set<String> given = new LinkedHashSet<>();
  private String filter = "";
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
      e.getMessage().lines().map(Text::plain).forEach(err::println);
      return 2;
    } catch (RunnerException | IOException e) {
      ("failed: " + reason(e)).lines().map(Text::plain).forEach(err::println);
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  /** The messages of some exceptions are the file alone, and their class says what is wrong. */
  static String reason(Exception e) {
    if (!(e instanceof FileSystemException file) || file.getReason() != null) {
      return e.getMessage() == null ? e.toString() : e.getMessage();
    }
    return e.getMessage()
        + ": "
        + switch (file) {
          case NoSuchFileException _ -> "no such file or directory";
          case FileAlreadyExistsException _ -> "there is a file of that name";
          case AccessDeniedException _ -> "permission denied";
          default -> e.getClass().getSimpleName();
        };
  }

  // --------------------------------------------------------------------------- the arguments

  private Main parse(String[] args) {
    for (String arg : args) {
      if (!arg.startsWith("-")) {
        words.add(arg);
        continue;
      }
      int equals = arg.indexOf('=');
      String name = equals < 0 ? arg : arg.substring(0, equals);
      String value = equals < 0 ? null : arg.substring(equals + 1);
      given.add(name);
      switch (name) {
        case "--filter" -> filter = regex(needed(value, "--filter=REGEX"));
        case "--resume" -> {
          if (value != null) {
            throw new UsageException("--resume takes no value: it is given, or left out");
          }
        }
        case "--against" -> against = path(needed(value, "--against=FILE"));
        case "--output" -> output = path(needed(value, "--output=DIR"));
        default -> throw new UsageException("no option " + arg + "\n" + USAGE);
      }
    }
    if (words.isEmpty()) {
      throw new UsageException(USAGE);
    }
    return this;
  }

  private static String needed(String value, String form) {
    if (value == null) {
      throw new UsageException("this option is written " + form);
    }
    return value;
  }

  private static String regex(String text) {
    try {
      return Pattern.compile(text).pattern();
    } catch (PatternSyntaxException e) {
      throw new UsageException(
          "--filter=" + text + " is no regular expression: " + e.getDescription());
    }
  }

  private static Path path(String name) {
    if (name.isEmpty()) {
      throw new UsageException("a name of a file or directory is empty");
    }
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new UsageException("no file can have that name: " + e.getMessage());
    }
  }

  /**
   * The last word of the command line.
   *
   * @param i at which place it has to be
   * @param options those that the command has besides {@code --output}
   */
  private String last(int i, String... options) {
    if (i >= words.size()) {
      throw new UsageException(USAGE);
    }
    if (i + 1 < words.size()) {
      throw new UsageException("one word too many: " + words.get(i + 1) + "\n" + USAGE);
    }
    checkOptions(options);
    return words.get(i);
  }

  private void checkOptions(String... options) {
    for (String option : given) {
      if (!option.equals("--output") && !List.of(options).contains(option)) {
        throw new UsageException(words.getFirst() + " has no option " + option + "\n" + USAGE);
      }
    }
  }

  // ---------------------------------------------------------------------------- the commands

  private void execute(PrintStream out) throws RunnerException, IOException, InterruptedException {
    switch (words.getFirst()) {
      case "run" -> measure(last(1, "--filter", "--resume", "--against"), out);
      case "report" -> {
        Path file = path(last(1, "--against"));
        report(ResultFiles.read(file), earlier(), file, out);
      }
      case "instructions" -> instructions(path(last(1, "--against")), out);
      case "architectures" -> architectures(out);
      default -> measure(last(0, "--filter", "--resume", "--against"), out);
    }
  }

  /** Where files go; made if it isn't there. */
  private Path output() throws IOException {
    return Files.createDirectories(output == null ? Sources.home().resolve("results") : output);
  }

  /** What to compare with; {@code null} for nothing. Has to be read before it is put aside. */
  private Results earlier() {
    return against == null ? null : ResultFiles.read(against);
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
    Results fresh = Run.fresh(profile, filter, unavailable);
    Report.check(fresh); // before it takes an hour
    Results earlier = earlier();
    if (earlier != null) {
      Comparison.check(fresh, earlier);
    }
    Path directory = output();
    Path file = directory.resolve(profile + ".json");
    Results start = Run.begin(file, fresh, given.contains("--resume"));
    Thread hint =
        new Thread(
            () ->
                out.println(
                    "\ninterrupted; " + file + " keeps what was measured: --resume goes on"));
    Runtime.getRuntime().addShutdownHook(hint);
    Results results;
    try (PrintStream log = Run.log(directory.resolve(profile + ".log"))) {
      results = new Run(file, profile, start, out, trial -> trial.run(profile, log)).measure(plan);
    } finally {
      Runtime.getRuntime().removeShutdownHook(hint);
    }
    report(results, earlier, file, out);
  }

  private void report(Results results, Results earlier, Path file, PrintStream out)
      throws IOException {
    Document document = new Report(Suite.load(), results, earlier).document();
    write(document, file.getFileName().toString().replaceFirst("\\.json$", ""), out);
  }

  private void instructions(Path program, PrintStream out)
      throws IOException, InterruptedException {
    Results earlier = earlier();
    Path file = output().resolve("instructions.json");
    Results results = Callgrind.count(program);
    Run.putAside(file);
    results.write(file);
    report(results, earlier, file, out);
  }

  private void architectures(PrintStream out) throws IOException {
    checkOptions();
    List<Column> all = new ArrayList<>();
    for (String word : words.subList(1, words.size())) {
      all.addAll(ResultFiles.readAll(path(word)));
    }
    Architectures side = new Architectures(all);
    Files.writeString(output().resolve("architectures.json"), side.json());
    write(side.document(), "architectures", out);
  }

  private void write(Document document, String name, PrintStream out) throws IOException {
    Path directory = output();
    Path markdown = directory.resolve(name + ".md");
    Path html = directory.resolve(name + ".html");
    String text = Markdown.of(document);
    Files.writeString(markdown, text);
    Files.writeString(html, Html.of(document));
    out.println();
    out.println(text);
    out.printf(Locale.ROOT, "written to %s and %s%n", markdown, html);
  }
}
