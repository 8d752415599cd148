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
    String pom = Files.readString(Path.of(System.getProperty("basedir", ""), "pom.xml"));
    Matcher version =
        Pattern.compile("<artifactId>contexture-parent</artifactId>\\s*<version>([^<]*)</version>")
            .matcher(pom);
    assertTrue(version.find());
    assertEquals(version.group(1).replace("-SNAPSHOT", ""), Contexture.version());
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
