package io.contexture.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading, finding and applying the description that lies beside a library. */
class ManifestTest {
  private static final byte[] IMAGE = "abc".getBytes(StandardCharsets.US_ASCII);

  /** SHA-256 of "abc", from FIPS 180-4's examples. */
  private static final String DIGEST =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private static final String TEXT = "file=lib.so\nlength=3\nsha256=" + DIGEST + "\n";

  private static Manifest read(String text) throws IOException, UnusableException {
    return Manifest.read(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)), "the manifest");
  }

  @Test
  void readsWhatTheBuildWrites() throws Exception {
    assertEquals(new Manifest("lib.so", 3, DIGEST, null), read(TEXT));
    assertEquals(new Manifest("lib.so", 3, DIGEST, "b1"), read(TEXT + "build.id=b1\n"));
    assertEquals(DIGEST, read(TEXT.replace(DIGEST, DIGEST.toUpperCase())).sha256());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "file=lib.so",
        "file=lib.so\nlength=3\nsha256=1234",
        "file=lib.so\nlength=3\nsha256=\\u12",
        "file=../lib.so\nlength=3\nsha256=" + DIGEST,
        "file=a\\\\lib.so\nlength=3\nsha256=" + DIGEST,
        "file=\nlength=3\nsha256=" + DIGEST,
        "file=lib.so\nlength=three\nsha256=" + DIGEST,
        "file=lib.so\nsha256=" + DIGEST,
        "file=lib.so\nlength=3\nsha256=g"
            + "000000000000000000000000000000000000000000000000000000000000000"
      })
  void saysThatItIsDamaged(String text) {
    UnusableException e = assertThrows(UnusableException.class, () -> read(text));
    assertTrue(e.reason().startsWith("the manifest is damaged: "), e.reason());
  }

  @Test
  void findsNothingWrongWithTheRightBytes() throws Exception {
    assertNull(read(TEXT).problem(IMAGE));
  }

  @Test
  void findsEveryDifference() throws Exception {
    Manifest manifest = read(TEXT);
    assertEquals(
        "is truncated: it has 2 bytes, and the build wrote 3", manifest.problem(new byte[2]));
    assertEquals(
        "has been changed: it has 4 bytes, and the build wrote 3", manifest.problem(new byte[4]));
    byte[] changed = IMAGE.clone();
    changed[2] ^= 1;
    String problem = manifest.problem(changed);
    assertTrue(problem != null && problem.startsWith("has been changed: its SHA-256 is "), problem);
  }

  @Test
  void liesBesideTheLibrary(@TempDir Path directory) throws Exception {
    Path library = directory.resolve("lib.so");
    assertNull(Manifest.beside(library));
    Path stem = Files.writeString(directory.resolve("lib.properties"), TEXT);
    assertEquals(3, Manifest.beside(library).length());
    Files.writeString(directory.resolve("lib.so.properties"), TEXT.replace("=3", "=4"));
    assertEquals(4, Manifest.beside(library).length());
    Files.delete(directory.resolve("lib.so.properties"));
    Files.writeString(stem, TEXT.replace("lib.so", "lib2.so"));
    assertNull(Manifest.beside(library), "about another file");
    Files.writeString(stem, "file=lib.so");
    assertThrows(UnusableException.class, () -> Manifest.beside(library));
  }
}
