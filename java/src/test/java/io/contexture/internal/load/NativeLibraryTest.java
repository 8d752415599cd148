package io.contexture.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.load.ChildJvm.Outcome;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Libraries that can't be used, seen from an application: what {@code auto}, {@code native} and
 * {@code java} do, each in a JVM of its own. Needs no build of the library: see {@link
 * NativeLibraryNativeSuite} for what does.
 */
class NativeLibraryTest {
  private static final int OTHER_MACHINE = Platform.current().elfMachine() == 183 ? 62 : 183;

  @TempDir Path directory;
  private Path bare;

  /** The library's classes without any bundled library. */
  @BeforeEach
  void copyClassesWithoutTheBundledLibrary() {
    bare = directory.resolve("classes");
    Trees.copy(ChildJvm.mainClasses(), bare);
    Path bundled = bare.resolve("io/contexture/native");
    if (Files.exists(bundled)) {
      Trees.delete(bundled);
    }
  }

  /** Files that aren't a usable library, with what the reason must say. */
  private static Stream<Object[]> badFiles() {
    int machine = Platform.current().elfMachine();
    byte[] sound = new ElfBuilder(machine, "").build();
    return Stream.of(
        new Object[] {"missing", null, "which doesn't exist"},
        new Object[] {"empty", new byte[0], "is empty"},
        new Object[] {"text", "#!/bin/sh\nexit 1\n".getBytes(), "is not an ELF file"},
        new Object[] {
          "wrong architecture",
          new ElfBuilder(OTHER_MACHINE, "").build(),
          "is for another architecture"
        },
        new Object[] {"truncated", Arrays.copyOf(sound, 300), "is truncated"},
        new Object[] {
          "executable stack",
          new ElfBuilder(machine, "").putInt(ElfBuilder.STACK_HEADER + 4, 7).build(),
          "asks for an executable stack"
        },
        new Object[] {"unmappable", sound, "can't be loaded: "});
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badFiles")
  void autoFallsBackToJavaAndSaysWhy(String name, byte[] image, String reason) throws Exception {
    Path file = write(name, image);
    Outcome outcome =
        jvm().withNativeAccess().with("contexture.library.path", file).run(StatusMain.class);
    assertRunsOnJava(outcome, reason, file.toString());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badFiles")
  void nativeFailsAndSaysWhy(String name, byte[] image, String reason) throws Exception {
    Path file = write(name, image);
    Outcome outcome =
        jvm()
            .withNativeAccess()
            .with("contexture.backend", "native")
            .with("contexture.library.path", file)
            .run(StatusMain.class);
    assertFails(outcome, "IllegalStateException", reason, file.toString());
  }

  @Test
  void sameAsAModule() throws Exception {
    Path file = write("text", "no library".getBytes());
    Outcome outcome =
        jvm()
            .asModule()
            .withNativeAccess()
            .with("contexture.library.path", file)
            .run(StatusMain.class);
    assertRunsOnJava(outcome, "is not an ELF file", file.toString());
  }

  @Test
  void saysWhereItLookedWhenThereIsNoLibraryAnywhere() throws Exception {
    Outcome outcome = jvm().withNativeAccess().run(StatusMain.class);
    assertRunsOnJava(
        outcome,
        "no library is bundled for " + Platform.current().id(),
        "contexture.library.path",
        "java.library.path");
  }

  @Test
  void namesTheFlagWhenNativeAccessIsNotGranted() throws Exception {
    assertRunsOnJava(jvm().run(StatusMain.class), "--enable-native-access=ALL-UNNAMED");
    assertRunsOnJava(
        new ChildJvm().asModule().withClasses(bare).run(StatusMain.class),
        "--enable-native-access=io.contexture");
    assertFails(
        jvm().with("contexture.backend", "native").run(StatusMain.class),
        "IllegalStateException",
        "--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void namesTheFlagWhenNativeAccessIsDenied() throws Exception {
    assertRunsOnJava(
        jvm().with("--illegal-native-access=deny").run(StatusMain.class),
        "--enable-native-access=ALL-UNNAMED");
    assertFails(
        new ChildJvm()
            .asModule()
            .withClasses(bare)
            .with("--illegal-native-access=deny")
            .with("contexture.backend", "native")
            .run(StatusMain.class),
        "IllegalStateException",
        "--enable-native-access=io.contexture");
    // Granting it to somebody else doesn't help, and turns denial on for the rest.
    assertRunsOnJava(
        jvm().with("--enable-native-access=java.desktop").run(StatusMain.class),
        "--enable-native-access=ALL-UNNAMED");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/proc/self/mem", "/dev/null", "."})
  void takesNoLibraryFromWhatIsNoReadableFile(String path) throws Exception {
    Outcome outcome =
        jvm().withNativeAccess().with("contexture.library.path", path).run(StatusMain.class);
    assertRunsOnJava(
        outcome,
        switch (path) {
          case "" -> "contexture.library.path is empty";
          case "/proc/self/mem" -> "/proc/self/mem can't be read: ";
          case "/dev/null" -> "/dev/null, which is no regular file";
          default -> "., which is a directory";
        });
  }

  @Test
  void readsNoMoreThanALibraryCanBe() throws Exception {
    Path file = directory.resolve("huge.so");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(100L << 30);
    }
    assertRunsOnJava(
        jvm()
            .withNativeAccess()
            .with("-Xmx256m")
            .with("contexture.library.path", file)
            .run(StatusMain.class),
        "is larger than any build of libcontexture");
  }

  @Test
  void checksTheManifestBesideAFile() throws Exception {
    Path file = write("libcontexture.so", "some library".getBytes());
    Files.writeString(
        directory.resolve("libcontexture.properties"),
        "file=libcontexture.so\nlength=12\nsha256=" + "0".repeat(64) + "\n");
    assertRunsOnJava(
        jvm().withNativeAccess().with("contexture.library.path", file).run(StatusMain.class),
        "has been changed: its SHA-256 is ");
    Files.writeString(directory.resolve("libcontexture.properties"), "file=libcontexture.so\n");
    assertRunsOnJava(
        jvm().withNativeAccess().with("contexture.library.path", file).run(StatusMain.class),
        "libcontexture.properties is damaged");
  }

  @Test
  void distrustsABundledLibraryWithoutAManifestOrWithAWrongOne() throws Exception {
    Path bundled = bare.resolve("io/contexture/native/" + Platform.current().id());
    Files.createDirectories(bundled);
    Files.write(bundled.resolve("libcontexture.so"), new byte[12]);
    assertRunsOnJava(
        jvm().withNativeAccess().run(StatusMain.class),
        "libcontexture.so can't be verified",
        "libcontexture.properties is missing");
    Path manifest = bundled.resolve("libcontexture.properties");
    Files.writeString(manifest, "file=libcontexture.so\nlength=12\n");
    assertRunsOnJava(
        jvm().withNativeAccess().run(StatusMain.class), "libcontexture.properties is damaged");
    Files.writeString(manifest, "file=lib.so\nlength=12\nsha256=" + "0".repeat(64) + "\n");
    assertRunsOnJava(jvm().withNativeAccess().run(StatusMain.class), "lib.so is missing");
    Files.writeString(
        manifest, "file=libcontexture.so\nlength=12\nsha256=" + "0".repeat(64) + "\n");
    assertRunsOnJava(
        jvm().withNativeAccess().run(StatusMain.class), "has been changed: its SHA-256 is ");
  }

  @Test
  void javaTouchesNothingNative() throws Exception {
    Path file = write("text", "no library".getBytes());
    Outcome outcome =
        jvm()
            .with("-Xlog:class+init=info:file=" + directory.resolve("init"))
            .with("contexture.backend", "java")
            .with("contexture.library.path", file)
            .run(StatusMain.class);
    assertEquals("", outcome.err());
    assertEquals(0, outcome.exit(), outcome.toString());
    assertEquals("JAVA", outcome.value("backend1"));
    assertTrue(outcome.value("status").contains("contexture.backend is java"), outcome.toString());
    assertEquals("hello", outcome.value("variable"));
    List<String> initialized =
        Files.readAllLines(directory.resolve("init")).stream()
            .filter(line -> line.contains("Initializing 'io/contexture/internal/"))
            .toList();
    assertTrue(initialized.stream().anyMatch(line -> line.contains("/mirror/MirrorEngine'")));
    assertEquals(
        List.of(),
        initialized.stream()
            .filter(line -> line.contains("/load/") || line.contains("/ffm/"))
            .filter(line -> !line.contains("/StatusMain"))
            .toList());
  }

  @Test
  void availabilityIsToldOnRequestWhateverRuns() throws Exception {
    Outcome outcome = jvm().with("contexture.backend", "java").run(StatusMain.class, "all");
    assertEquals("", outcome.err());
    assertEquals("false", outcome.value("available"));
    String reason = outcome.value("reason");
    assertTrue(reason.contains("--enable-native-access=ALL-UNNAMED"), reason);
    assertEquals("true", outcome.value("java"));
    assertEquals("2", outcome.value("map"));
    assertEquals("the native backend can't be used: " + reason, outcome.value("native map"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Native", "jni", "auto "})
  void refusesAnyOtherBackendEachTimeItIsUsed(String backend) throws Exception {
    assertFails(
        jvm().with("contexture.backend", backend).run(StatusMain.class),
        "IllegalArgumentException",
        "contexture.backend is \"" + backend + "\"; it must be auto, native or java");
  }

  private ChildJvm jvm() {
    return new ChildJvm().withClasses(bare);
  }

  private Path write(String name, byte[] image) throws IOException {
    Path file = directory.resolve(name);
    if (image != null) {
      Files.write(file, image);
    }
    return file;
  }

  private static void assertRunsOnJava(Outcome outcome, String... reasons) {
    assertEquals("", outcome.err(), "a warning was printed");
    assertEquals(0, outcome.exit(), outcome.toString());
    assertEquals("JAVA", outcome.value("backend1"), outcome.toString());
    assertEquals("JAVA", outcome.value("backend2"), outcome.toString());
    assertEquals("hello", outcome.value("variable"), outcome.toString());
    for (String reason : reasons) {
      assertTrue(outcome.value("status").contains(reason), reason + " is not in " + outcome);
    }
  }

  private static void assertFails(Outcome outcome, String exception, String... reasons) {
    assertEquals("", outcome.err(), "a warning was printed");
    assertEquals(0, outcome.exit(), outcome.toString());
    String failure = outcome.value("failure1");
    assertTrue(failure.startsWith(exception + ": "), failure);
    assertEquals(failure, outcome.value("failure2"));
    assertEquals(failure, outcome.value("variable"));
    String status = outcome.value("status");
    assertTrue(status.contains(" can't run: "), status);
    for (String reason : reasons) {
      assertTrue(failure.contains(reason), reason + " is not in " + outcome);
      assertTrue(status.contains(reason), reason + " is not in " + outcome);
    }
  }
}
