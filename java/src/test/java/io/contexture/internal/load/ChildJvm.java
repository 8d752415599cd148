package io.contexture.internal.load;

import static org.junit.jupiter.api.Assertions.fail;

import io.contexture.Await;
import io.contexture.Contexture;
import io.contexture.Effort;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs a main class of the tests in a JVM of its own, because a library is loaded once per process
 * and some of these would take the process with them.
 */
final class ChildJvm {
  private static final long MAX_SECONDS = 120 * Await.PATIENCE;

  private final List<String> launcher = new ArrayList<>();
  private final List<String> options = new ArrayList<>();
  private Path classes = mainClasses();
  private boolean asModule;

  /** How a child ended and what it wrote. */
  record Outcome(int exit, String out, String err) {
    /** What the child wrote behind {@code key=} on a line of its own. */
    String value(String key) {
      return out.lines()
          .filter(line -> line.startsWith(key + "="))
          .map(line -> line.substring(key.length() + 1))
          .findFirst()
          .orElseGet(() -> fail("no " + key + " in " + this));
    }
  }

  /** Passes {@code option} to the JVM. */
  ChildJvm with(String option) {
    options.add(option);
    return this;
  }

  /** Sets a system property. */
  ChildJvm with(String property, Object value) {
    return with("-D" + property + "=" + value);
  }

  /** Grants native access to the library, as a module or on the class path. */
  ChildJvm withNativeAccess() {
    return with("--enable-native-access=" + (asModule ? "io.contexture" : "ALL-UNNAMED"));
  }

  /** Runs the library as module {@code io.contexture}; call this first. */
  ChildJvm asModule() {
    asModule = true;
    return this;
  }

  /** Takes the library's classes from {@code directory}. */
  ChildJvm withClasses(Path directory) {
    classes = directory;
    return this;
  }

  /** Lets {@code command} start the JVM, whose command line is appended to it. */
  ChildJvm under(List<String> command) {
    launcher.addAll(command);
    return this;
  }

  /** Runs {@code main} to its end; fails if that takes more than two minutes. */
  Outcome run(Class<?> main, Object... arguments) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("contexture-test-");
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    try {
      List<String> command = new ArrayList<>(launcher);
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash"));
      command.add("-XX:ErrorFile=" + directory.resolve("hs_err"));
      command.addAll(Effort.options());
      command.addAll(options);
      if (asModule) {
        command.addAll(List.of("-p", classes.toString()));
        command.addAll(List.of("--patch-module", "io.contexture=" + testClasses()));
        command.addAll(List.of("-m", "io.contexture/" + main.getName()));
      } else {
        command.addAll(List.of("-cp", testClasses() + File.pathSeparator + classes));
        command.add(main.getName());
      }
      for (Object argument : arguments) {
        command.add(argument.toString());
      }
      ProcessBuilder builder = new ProcessBuilder(command);
      // Variables that the launcher reads, and announces on stderr.
      Map<String, String> environment = builder.environment();
      environment.keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
      environment.remove("_JAVA_OPTIONS");
      builder.redirectOutput(out.toFile()).redirectError(err.toFile());
      Process process = builder.start();
      try {
        if (!process.waitFor(MAX_SECONDS, TimeUnit.SECONDS)) {
          fail("still running after " + MAX_SECONDS + " s: " + command);
        }
      } finally {
        process.destroyForcibly().waitFor();
      }
      return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      Trees.delete(directory);
    }
  }

  /** Where the library's classes and resources were built. */
  static Path mainClasses() {
    return root(Contexture.class);
  }

  /** Where the tests' classes were built. */
  static Path testClasses() {
    return root(ChildJvm.class);
  }

  /** The directory that has the package directories of {@code type}. */
  private static Path root(Class<?> type) {
    URL url = type.getResource(type.getSimpleName() + ".class");
    try {
      Path path = Path.of(url.toURI());
      for (int i = type.getName().split("\\.").length; i > 0; i--) {
        path = path.getParent();
      }
      return path;
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
