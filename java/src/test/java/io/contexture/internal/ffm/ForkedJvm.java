package io.contexture.internal.ffm;

import io.contexture.Await;
import io.contexture.Contexture;
import io.contexture.Effort;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class of the tests in a JVM of its own, with options of its own. */
public final class ForkedJvm {
  private static final long MAX_SECONDS = 300 * Await.PATIENCE;

  private final List<String> options;

  /** How a JVM ended and what it wrote. */
  public record Outcome(int exit, String output) {}

  /** A JVM with the given options. */
  public ForkedJvm(String... options) {
    this.options = List.of(options);
  }

  /** Runs {@code main} to its end; fails if that takes more than five minutes. */
  public Outcome run(Class<?> main) throws IOException, InterruptedException {
    Path output = Files.createTempFile("contexture-", ".out");
    try {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("--enable-native-access=ALL-UNNAMED");
      // A crash shall tell its reason in the output and leave no file behind.
      command.add("-XX:-CreateCoredumpOnCrash");
      command.add("-XX:+ErrorFileToStdout");
      command.add("-ea");
      command.addAll(Effort.options());
      command.addAll(options);
      command.add("-cp");
      command.add(root(main) + File.pathSeparator + root(Contexture.class));
      command.add(main.getName());
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
      Process process = builder.redirectOutput(output.toFile()).start();
      try {
        if (!process.waitFor(MAX_SECONDS, TimeUnit.SECONDS)) {
          throw new AssertionError("still running after " + MAX_SECONDS + " s: " + command);
        }
      } finally {
        process.destroyForcibly().waitFor();
      }
      return new Outcome(process.exitValue(), Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }

  /** The directory that has the package directories of {@code type}. */
  private static Path root(Class<?> type) {
    try {
      Path path = Path.of(type.getResource(type.getSimpleName() + ".class").toURI());
      for (int i = type.getName().split("\\.").length; i > 0; i--) {
        path = path.getParent();
      }
      return path;
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
