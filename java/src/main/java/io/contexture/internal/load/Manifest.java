package io.contexture.internal.load;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What the build wrote down about a library, beside it: {@code file}, {@code length}, {@code
 * sha256}, {@code build.id}.
 *
 * @param file the name of the file, without a directory
 * @param length its length in bytes
 * @param sha256 its SHA-256 digest in lower-case hexadecimal digits
 * @param buildId what {@code cx_build_id} answers, or null if the build didn't write it down
 */
record Manifest(String file, long length, String sha256, @Nullable String buildId) {
  /**
   * Reads the format of {@link Properties}.
   *
   * @throws UnusableException if a key is missing or has an impossible value
   */
  static Manifest read(InputStream in, String name) throws IOException, UnusableException {
    Properties properties = new Properties();
    try {
      properties.load(in);
    } catch (IllegalArgumentException malformedEscape) {
      throw new UnusableException(name + " is damaged: " + malformedEscape.getMessage());
    }
    String file = properties.getProperty("file", "");
    if (file.isEmpty() || file.contains("/") || file.contains("\\")) {
      throw new UnusableException(name + " is damaged: file is missing or is no plain name");
    }
    String sha256 = properties.getProperty("sha256", "").toLowerCase(Locale.ROOT);
    if (!isDigest(sha256)) {
      throw new UnusableException(name + " is damaged: sha256 is missing or no digest");
    }
    String buildId = properties.getProperty("build.id", "");
    try {
      return new Manifest(
          file,
          Long.parseLong(properties.getProperty("length", "")),
          sha256,
          buildId.isEmpty() ? null : buildId);
    } catch (NumberFormatException e) {
      throw new UnusableException(name + " is damaged: length is missing or no number");
    }
  }

  private static boolean isDigest(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!HexFormat.isHexDigit(text.charAt(i))) {
        return false;
      }
    }
    return text.length() == 64;
  }

  /**
   * The manifest that lies beside {@code library}, as {@code libcontexture.so.properties} or {@code
   * libcontexture.properties}, and is about a file of that name; null if there is none.
   */
  static @Nullable Manifest beside(Path library) throws IOException, UnusableException {
    String name = library.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    for (String candidate : new String[] {name + ".properties", stem + ".properties"}) {
      Path path = library.resolveSibling(candidate);
      if (Files.isRegularFile(path)) {
        try (InputStream in = Files.newInputStream(path)) {
          Manifest manifest = read(in, path.toString());
          if (manifest.file.equals(name)) {
            return manifest;
          }
        }
      }
    }
    return null;
  }

  /** What {@code image} differs in from this description, as a clause, or null if in nothing. */
  @Nullable String problem(byte[] image) {
    if (image.length != length) {
      return (image.length < length ? "is truncated: it has " : "has been changed: it has ")
          + image.length
          + " bytes, and the build wrote "
          + length;
    }
    String actual;
    try {
      actual = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(image));
    } catch (NoSuchAlgorithmException e) {
      return "can't be verified: this JVM has no SHA-256";
    }
    return actual.equals(sha256)
        ? null
        : "has been changed: its SHA-256 is " + actual + ", and the build wrote " + sha256;
  }
}
