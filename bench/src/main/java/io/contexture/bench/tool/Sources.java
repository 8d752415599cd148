package io.contexture.bench.tool;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where this was built, and of what. */
final class Sources {
  private Sources() {}

  /** The directory of the jar, or of the compiled classes. */
  static Path home() {
    try {
      return Path.of(Sources.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e); // a location is well-formed
    }
  }

  /**
   * The commit that the build has noted down, with a plus if files were changed since; {@code
   * unknown} if it has none, for want of Git.
   */
  static String commit() {
    try (InputStream in = Sources.class.getResourceAsStream("commit.txt")) {
      String noted =
          in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      return noted.matches("[0-9a-f]+[+]?") ? noted : "unknown";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
