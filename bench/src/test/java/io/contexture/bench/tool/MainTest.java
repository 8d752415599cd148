package io.contexture.bench.tool;

import static io.contexture.bench.tool.Samples.hit;
import static io.contexture.bench.tool.Samples.x86;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command line does with what it is given, and what it says if it can't. */
class MainTest {
  private static final Results RESULTS =
      x86(
          hit("threadLocal", "none", 1.99, 2.00, 2.01),
          hit("contextVar", "java", 1.39, 1.40, 1.41));

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Path directory;
  private Path now;
  private String output;

  @BeforeEach
  void write(@TempDir Path made) throws IOException {
    directory = made;
    now = directory.resolve("now.json");
    output = "--output=" + directory.resolve("out");
    RESULTS.write(now);
  }

  private int run(String... args) {
    out.reset();
    err.reset();
    return Main.run(
        args,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  /** Refused, and nothing is written. */
  private void assertRefused(String why, String... args) throws IOException {
    String line = String.join(" ", args);
    List<Path> before = files();
    assertEquals(2, run(args), line);
    assertTrue(said().startsWith(why), line + ": " + said());
    assertEquals(before, files(), line);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.sorted().toList();
    }
  }

  @Test
  void reportsWhatWasMeasuredBefore() throws Exception {
    assertEquals(0, run("report", now.toString(), output), said());
    String text = Files.readString(directory.resolve("out/now.md"));
    assertTrue(text.contains("## Goals"), text);
    assertTrue(out.toString(StandardCharsets.UTF_8).contains(text));
    assertTrue(Files.readString(directory.resolve("out/now.html")).endsWith("</html>\n"));

    assertEquals(0, run("report", now.toString(), "--against=" + now, output), said());
    text = Files.readString(directory.resolve("out/now.md"));
    assertTrue(text.contains("Of 2 operations that both have measured"), text);
  }

  @Test
  void refusesWhatItCannotReadOrCompare() throws Exception {
    Path bad = Files.writeString(directory.resolve("bad.json"), "{\"format\": 1, \"what\": 2}");
    Path other = directory.resolve("other.json");
    Samples.results(Samples.machine("bbbb", "x86_64", false), Results.JMH).write(other);
    Path twice = directory.resolve("twice.json");
    x86(hit("contextVar", "java", 1), hit("contextVar", "java", 2)).write(twice);
    Path emulated = directory.resolve("emulated.json");
    Samples.results(
            Samples.machine("aaaa", "aarch64", true),
            Results.JMH,
            hit("threadLocal", "none", 2),
            hit("contextVar", "java", 1))
        .write(emulated);
    String none = directory.resolve("none.json").toString();
    assertRefused("can't read " + none, "report", none, output);
    assertRefused(bad + " isn't a result file", "report", bad.toString(), output);
    assertRefused(bad + " isn't a result file", "architectures", bad.toString(), output);
    assertRefused("nothing to compare", "architectures", output);
    assertRefused("no report: ", "report", emulated.toString(), output);
    String report = now.toString();
    assertRefused("can't compare: ", "report", report, "--against=" + other, output);
    assertRefused(twice + " isn't a result file", "report", report, "--against=" + twice, output);
    assertEquals(1, said().lines().count(), said());
  }

  @Test
  void refusesWordsThatSayTooMuchOrTooLittle() throws Exception {
    String report = now.toString();
    assertRefused("usage:", output);
    assertRefused("usage:", "report", output);
    assertRefused("usage:", "run", output);
    assertRefused("no profile fast", "fast", output);
    assertRefused("one word too many: again", "report", report, "again", output);
    assertRefused("one word too many: again", "quick", "again", output);
    assertRefused("one word too many: again", "run", "quick", "again", output);
    assertRefused("one word too many: again", "instructions", report, "again", output);
  }

  @Test
  void refusesOptionsThatAreNotWrittenAsItSays() throws Exception {
    String report = now.toString();
    assertRefused("no option --quickly", "quick", "--quickly", output);
    assertRefused("no option -", "quick", "-", output);
    assertRefused("this option is written --output=DIR", "report", report, "--output", report);
    assertRefused("this option is written --against=FILE", "report", report, "--against", report);
    assertRefused("this option is written --filter=REGEX", "quick", "--filter", "Hit", output);
    assertRefused("--resume takes no value", "quick", "--resume=no", output);
    assertRefused("--resume takes no value", "quick", "--resume=", output);
    assertRefused("a name of a file or directory is empty", "report", report, "--output=");
    assertRefused("report has no option --resume", "report", report, "--resume", output);
    assertRefused(
        "architectures has no option --against",
        "architectures",
        report,
        report,
        "--against=" + report,
        output);
  }

  @Test
  void refusesAFilterThatChoosesNothing() throws Exception {
    assertRefused("no benchmark of the profile quick", "quick", "--filter=NoSuchBenchmark", output);
    assertRefused("--filter=[ is no regular expression: ", "quick", "--filter=[", output);
    assertEquals(1, said().lines().count(), said());
  }

  @Test
  void saysWhyItCannotWrite() {
    assertEquals(1, run("report", now.toString(), "--output=" + now));
    assertEquals("failed: " + now + ": there is a file of that name\n", said());
    assertEquals(1, run("report", now.toString(), "--output=" + now.resolve("in")));
    assertTrue(said().matches("failed: .*now.json/in: .+\n"), said());

    assertEquals("x: permission denied", Main.reason(new AccessDeniedException("x")));
    assertEquals("x: no such file or directory", Main.reason(new NoSuchFileException("x")));
    assertEquals("x: FileSystemException", Main.reason(new FileSystemException("x")));
    assertEquals("x: full", Main.reason(new FileSystemException("x", null, "full")));
    assertEquals("full", Main.reason(new IOException("full")));
    assertEquals("java.io.IOException", Main.reason(new IOException()));
  }

  @Test
  void messagesCommandNoTerminal() {
    assertEquals(2, run("--a\u001b[2J\nb"));
    assertTrue(said().startsWith("no option --a\ufffd[2J\nb\n"), said());
    assertFalse(said().contains("\u001b"));
  }
}
