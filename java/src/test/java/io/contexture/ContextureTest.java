package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the library says of itself, whatever backend runs. */
class ContextureTest {
  @Test
  void versionIsThatOfTheBuild() throws IOException {
    Path module = Path.of(System.getProperty("basedir", ""));
    String maven =
        find(
            "<artifactId>contexture-parent</artifactId>\\s*<version>([^<]*)</version>",
            module.resolve("pom.xml"));
    assertEquals(maven.replace("-SNAPSHOT", ""), Contexture.version());
    // The directory of the test vectors is native/vectors.
    Path root = Path.of(System.getProperty("contexture.vectors")).resolve("../..");
    String cmake =
        find("project\\(\\s*contexture\\s+VERSION\\s+(\\S+)", root.resolve("CMakeLists.txt"));
    assertEquals(cmake, Contexture.version());
  }

  private static String find(String pattern, Path file) throws IOException {
    Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(file));
    assertTrue(matcher.find(), file + " has no version");
    return matcher.group(1);
  }

  @Test
  void statusTellsWhatRunsAndWhyTheOtherDoesNot() {
    String status = Contexture.status();
    String name = Contexture.backend() == Backend.NATIVE ? "native" : "Java";
    assertTrue(
        status.startsWith("Contexture " + Contexture.version() + " runs on the " + name), status);
    assertTrue(status.contains("because"), status);
    assertTrue(status.endsWith("."), status);
    assertEquals(-1, status.indexOf('\n'), "one paragraph");
  }

  @Test
  void backendsAreAvailableOrSayWhyNot() {
    assertEquals("", Backend.JAVA.unavailableReason());
    for (Backend backend : Backend.values()) {
      assertEquals(backend.isAvailable(), backend.unavailableReason().isEmpty());
    }
    assertTrue(Contexture.backend().isAvailable());
  }
}
