package io.contexture.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.contexture.Await;
import io.contexture.Backend;
import io.contexture.internal.ffm.CxLayout;
import io.contexture.internal.load.ChildJvm.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The library as built: found in each of its places, and every way of spoiling it. Each case runs
 * in a JVM of its own.
 */
class NativeLibraryNativeSuite {
  private static final String BUNDLED =
      "io/contexture/native/" + Platform.current().id() + "/libcontexture.so";

  @TempDir Path directory;
  private Path built;
  private byte[] image;

  @BeforeEach
  void readTheLibraryAsBuilt() throws IOException {
    built = ChildJvm.mainClasses().resolve(BUNDLED);
    image = Files.readAllBytes(built);
  }

  @Test
  void isAvailableToThisJvm() {
    assertEquals("", Backend.NATIVE.unavailableReason());
    assertTrue(Backend.NATIVE.isAvailable());
    assertEquals(NativeLibrary.Loaded.class, NativeLibrary.load().getClass());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bundled(boolean asModule) throws Exception {
    ChildJvm jvm = new ChildJvm();
    if (asModule) {
      jvm.asModule();
    }
    Outcome outcome = jvm.withNativeAccess().run(StatusMain.class, "all");
    assertRunsOnNative(outcome, "/" + BUNDLED + " (bundled), build ");
    assertEquals("true", outcome.value("available"));
    assertEquals("", outcome.value("reason"));
    assertEquals("2", outcome.value("native map"));
  }

  @Test
  void theListTellsTheTruthAboutEveryBundledLibrary() throws Exception {
    Path bundled = ChildJvm.mainClasses().resolve("io/contexture/native");
    List<String> lines = Files.readAllLines(bundled.resolve("libraries.txt"));
    assertEquals("# file, length in bytes, SHA-256, build id", lines.getFirst());
    List<String> files = new ArrayList<>();
    TreeSet<String> buildIds = new TreeSet<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] words = line.split(" ", -1);
      assertEquals(4, words.length, line);
      Path file = bundled.resolve(words[0]);
      byte[] bytes = Files.readAllBytes(file);
      Manifest manifest = Manifest.beside(file);
      assertNotNull(manifest, line);
      assertNull(manifest.problem(bytes), line);
      assertEquals(
          line,
          String.join(
              " ",
              words[0],
              String.valueOf(manifest.length()),
              manifest.sha256(),
              manifest.buildId()));
      String[] platform = file.getParent().getFileName().toString().split("-", -1);
      if (platform[0].equals("linux")) {
        int machine = new Platform(platform[0], platform[1], platform[2]).elfMachine();
        assertTrue(machine >= 0, line);
        assertNull(ElfImage.problem(bytes, machine), line);
      }
      files.add(words[0]);
      assertTrue(buildIds.add(words[3]), "the platform is part of the build id: " + line);
    }
    assertTrue(files.contains(bundled.relativize(built).toString()), files.toString());
    try (Stream<Path> found = Files.walk(bundled)) {
      assertEquals(
          files,
          found
              .filter(path -> Files.isRegularFile(path))
              .map(path -> bundled.relativize(path).toString())
              .filter(path -> !path.endsWith(".properties") && !path.equals("libraries.txt"))
              .sorted()
              .toList());
    }
  }

  @Test
  void whereNoFittingLibraryIsBundledTheReasonNamesThoseThatAre() throws Exception {
    Path classes = directory.resolve("classes");
    Trees.copy(ChildJvm.mainClasses(), classes);
    Path fitting = classes.resolve(BUNDLED).getParent();
    Files.move(fitting, fitting.resolveSibling("linux-sparcv9-glibc"));
    Path list = fitting.resolveSibling("libraries.txt");
    String id = Platform.current().id();
    Files.writeString(list, Files.readString(list).replace(id, "linux-sparcv9-glibc"));
    ChildJvm jvm = new ChildJvm().withClasses(classes).withNativeAccess();
    assertRunsOnJava(
        jvm.run(StatusMain.class),
        "no library is bundled for " + id + ", only for ",
        "linux-sparcv9-glibc",
        ", and neither contexture.library.path nor java.library.path leads to one");
    for (String unfit :
        List.of("", "# nothing\n", id + "/x 1\n", "\u001b[2J/x 1\n<b>/x\nno id\n/x\n")) {
      Files.writeString(list, unfit);
      assertRunsOnJava(
          jvm.run(StatusMain.class), "no library is bundled for " + id + ", and neither ");
    }
    Files.delete(list);
    assertRunsOnJava(
        jvm.run(StatusMain.class), "no library is bundled for " + id + ", and neither ");
  }

  @Test
  void explicitPathWinsOverLibraryPathWinsOverBundled() throws Exception {
    Path file = Files.write(directory.resolve("my library.so"), image);
    Path onPath =
        Files.write(
            Files.createDirectory(directory.resolve("lib")).resolve("libcontexture.so"), image);
    ChildJvm jvm =
        new ChildJvm()
            .withNativeAccess()
            .with("java.library.path", "/nowhere::" + onPath.getParent());
    assertRunsOnNative(jvm.run(StatusMain.class), onPath + " (java.library.path), build ");
    assertRunsOnNative(
        jvm.with("contexture.library.path", file).run(StatusMain.class),
        file + " (contexture.library.path), build ");
  }

  @Test
  void forcedNativeRunsNative() throws Exception {
    assertRunsOnNative(
        new ChildJvm()
            .withNativeAccess()
            .with("contexture.backend", "native")
            .run(StatusMain.class),
        "contexture.backend is native");
  }

  @Test
  void isAvailableThoughJavaRuns() throws Exception {
    Outcome outcome =
        new ChildJvm()
            .withNativeAccess()
            .with("contexture.backend", "java")
            .run(StatusMain.class, "all");
    assertRunsOnJava(outcome, "contexture.backend is java");
    assertEquals("true", outcome.value("available"));
    assertEquals("2", outcome.value("native map"));
  }

  @Test
  void explicitPathHasNoFallback() throws Exception {
    Path file = Files.writeString(directory.resolve("lib.so"), "no library");
    assertRunsOnJava(
        new ChildJvm()
            .withNativeAccess()
            .with("contexture.library.path", file)
            .run(StatusMain.class),
        file + " is not an ELF file");
  }

  @Test
  void unusableFilesOnTheLibraryPathArePassedOver() throws Exception {
    Path text = Files.createDirectory(directory.resolve("text")).resolve("libcontexture.so");
    Files.writeString(text, "no library");
    Path old = Files.createDirectory(directory.resolve("old")).resolve("libcontexture.so");
    new StubLibrary().abiVersion(77).compile(old);
    assertRunsOnNative(
        new ChildJvm()
            .withNativeAccess()
            .with("java.library.path", text.getParent() + ":" + old.getParent())
            .run(StatusMain.class),
        "(bundled), build ",
        "Passed over: " + text + " is not an ELF file; " + old + " has ABI version 77");
  }

  @Test
  void everyTruncationIsRefused() throws Exception {
    // Without a manifest: the headers alone have to tell.
    TreeSet<Integer> lengths = new TreeSet<>(List.of(0, 1, 63, 64, 65, image.length - 1));
    SplittableRandom random = new SplittableRandom(25);
    while (lengths.size() < 60) {
      lengths.add(random.nextInt(image.length));
    }
    // Segments end at page boundaries, or near the end: go there, too.
    for (int page = 4096; page < image.length; page += 4096) {
      lengths.addAll(List.of(page - 1, page, page + 1));
    }
    List<Object> arguments = new ArrayList<>(List.of(ChildJvm.mainClasses()));
    for (int length : lengths) {
      arguments.add(
          Files.write(directory.resolve("length" + length), Arrays.copyOf(image, length)));
    }
    Outcome outcome =
        new ChildJvm().withNativeAccess().run(LoaderPerFileMain.class, arguments.toArray());
    assertEndedWell(outcome);
    for (int length : lengths) {
      String answer = outcome.value("length" + length);
      assertTrue(answer.startsWith("JAVA "), answer);
      assertTrue(
          answer.contains(length == 0 ? "is empty" : length < 4 ? "not an ELF" : "is truncated"),
          answer);
    }
  }

  @Test
  void tamperingWithABundledLibraryIsNoticed() throws Exception {
    Path classes = directory.resolve("classes");
    Trees.copy(ChildJvm.mainClasses(), classes);
    Path bundled = classes.resolve(BUNDLED);
    ChildJvm jvm = new ChildJvm().withClasses(classes).withNativeAccess();
    assertRunsOnNative(jvm.run(StatusMain.class), "(bundled)");
    byte[] changed = image.clone();
    changed[image.length / 2] ^= 1;
    Files.write(bundled, changed);
    assertRunsOnJava(jvm.run(StatusMain.class), BUNDLED + " has been changed: its SHA-256 is ");
    Files.write(bundled, Arrays.copyOf(image, 1000));
    assertRunsOnJava(jvm.run(StatusMain.class), BUNDLED + " is truncated");
    Files.delete(bundled);
    assertRunsOnJava(jvm.run(StatusMain.class), BUNDLED + " is missing");
  }

  @Test
  void tamperingWithAFileThatHasAManifestIsNoticed() throws Exception {
    Path file = directory.resolve("libcontexture.so");
    byte[] changed = image.clone();
    changed[image.length - 1] ^= 1;
    Files.write(file, changed);
    Path manifest = built.resolveSibling("libcontexture.properties");
    Files.copy(manifest, directory.resolve("libcontexture.so.properties"));
    ChildJvm jvm = new ChildJvm().withNativeAccess().with("contexture.library.path", file);
    assertRunsOnJava(jvm.run(StatusMain.class), file + " has been changed");
    Files.write(file, image);
    assertRunsOnNative(jvm.run(StatusMain.class), file.toString());
  }

  @Test
  void aManifestOfAnotherBuildIsNoticed() throws Exception {
    Path file = Files.write(directory.resolve("libcontexture.so"), image);
    String manifest = Files.readString(built.resolveSibling("libcontexture.properties"));
    Files.writeString(
        directory.resolve("libcontexture.properties"),
        manifest.replaceAll("(?m)^build\\.id=.*$", "") + "\nbuild.id=another\n");
    assertRunsOnJava(
        new ChildJvm()
            .withNativeAccess()
            .with("contexture.library.path", file)
            .run(StatusMain.class),
        file + " calls itself build ",
        "and its manifest another");
  }

  @Test
  void anotherAbiVersionIsRefused() throws Exception {
    assertRefused(
        new StubLibrary().abiVersion(9),
        " has ABI version 9, and this code needs " + CxLayout.ABI_VERSION);
  }

  @Test
  void aMissingFunctionIsNamed() throws Exception {
    assertRefused(
        new StubLibrary().without("cx_record_find"), " lacks the function cx_record_find");
  }

  @Test
  void anotherLayoutIsRefused() throws Exception {
    assertRefused(
        new StubLibrary().wrongAbout("offset of cx_link.links"),
        " lays out its data differently: offset of cx_link.links is 17, and this code expects 16");
  }

  @Test
  void aFailingSelfTestIsAReason() throws Exception {
    assertRefused(
        new StubLibrary(),
        " fails its self-test: cx_hamt_find in an empty map gave 0 instead of -1");
  }

  @Test
  void whatTheSystemRefusesToMapIsRefusedInItsWords() throws Exception {
    // As a noexec directory does, on any machine: the library needs another that isn't there.
    Path needed = directory.resolve("libnotthere.so");
    new StubLibrary().compile(needed);
    assertRefused(
        new StubLibrary().with("-Wl,--no-as-needed").with(needed.toString()).with("-Wl,-z,now"),
        () -> Files.delete(needed),
        " can't be loaded: ",
        "libnotthere.so");
  }

  @Test
  void anUnwritableTemporaryDirectoryMattersToTheBundledLibraryOnly() throws Exception {
    // Even the superuser can't write to it.
    ChildJvm jvm = new ChildJvm().withNativeAccess().with("java.io.tmpdir", "/proc");
    assertRunsOnJava(
        jvm.run(StatusMain.class),
        "can't be loaded from the temporary directory /proc (java.nio.file.",
        "-Djava.io.tmpdir",
        "-Dcontexture.library.path");
    assertRunsOnNative(
        jvm.with("contexture.library.path", built).run(StatusMain.class), built.toString());
  }

  @Test
  void aNoexecTemporaryDirectoryMattersToTheBundledLibraryOnly() throws Exception {
    Noexec noexec = Noexec.find(directory);
    try {
      ChildJvm jvm =
          new ChildJvm()
              .under(noexec.launcher())
              .withNativeAccess()
              .with("java.io.tmpdir", noexec.directory());
      Outcome bundled = jvm.run(StatusMain.class);
      if (Boolean.getBoolean("contexture.test.emulated")) {
        // An emulator only reads what it executes, so there is nothing that it could be refused.
        assertRunsOnNative(bundled, "(bundled)");
      } else {
        assertRunsOnJava(
            bundled,
            "can't be loaded from the temporary directory " + noexec.directory(),
            "failed to map segment",
            "mounted noexec");
      }
      assertRunsOnNative(
          jvm.with("contexture.library.path", built).run(StatusMain.class), built.toString());
    } finally {
      Trees.delete(noexec.directory());
    }
  }

  @Test
  void leavesNothingInTheTemporaryDirectory() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    assertRunsOnNative(
        new ChildJvm().withNativeAccess().with("java.io.tmpdir", temporary).run(StatusMain.class),
        "(bundled)");
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(List.of(), left.filter(path -> path.toString().contains("contexture")).toList());
    }
  }

  @Test
  void eachClassLoaderHasItsOwnAndGivesItBack() throws Exception {
    Outcome outcome =
        new ChildJvm().withNativeAccess().run(TwoLoadersMain.class, ChildJvm.mainClasses());
    assertEndedWell(outcome);
    assertFalse(outcome.out().contains("backend=JAVA"), outcome.toString());
    assertEquals("2", outcome.value("mapped"), outcome.toString());
    assertEquals("true", outcome.value("freed"), outcome.toString());
    assertEquals("true", outcome.value("unmapped"), outcome.toString());
    assertEquals("works", outcome.value("still"), outcome.toString());
  }

  @Test
  void undeployingGivesBackTheNativeMemoryInUse() throws Exception {
    Outcome outcome =
        new ChildJvm()
            .withNativeAccess()
            .with("contexture.native.limit", 256L << 20)
            .run(UndeployMain.class, ChildJvm.mainClasses());
    assertEndedWell(outcome);
    long keysAndValues = 2 * 2 * Long.BYTES * UndeployMain.ENTRIES;
    assertTrue(Long.parseLong(outcome.value("live")) > keysAndValues, outcome.toString());
    assertEquals("true", outcome.value("collected"), outcome.toString());
    assertEquals("true", outcome.value("back"), outcome.toString());
    assertEquals("works", outcome.value("still"), outcome.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "java"})
  void variablesThatDieAfterTheLoaderWasClosedArePurged(String backend) throws Exception {
    Outcome outcome =
        new ChildJvm()
            .withNativeAccess()
            .with("contexture.backend", backend)
            .run(ClosedLoaderMain.class, ChildJvm.mainClasses());
    assertEndedWell(outcome);
    assertEquals("true", outcome.value("purged"), outcome.toString());
    assertEquals("true", outcome.value("undeployed"), outcome.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "java"})
  void lookUpsFindWhatIsBoundWhenTheHeapIsFull(String backend) throws Exception {
    Outcome outcome =
        new ChildJvm()
            .withNativeAccess()
            .with("contexture.backend", backend)
            .with("-Xmx32m")
            .with("-XX:+UseSerialGC")
            .run(FullHeapMain.class);
    assertEndedWell(outcome);
    assertNotEquals("0", outcome.value("full"), outcome.toString());
    assertEquals("0", outcome.value("wrong"), outcome.toString());
  }

  private static void assertEndedWell(Outcome outcome) {
    assertEquals("", outcome.err());
    assertEquals(0, outcome.exit(), outcome.toString());
  }

  /** Something to do after compiling and before loading. */
  private interface Step {
    void run() throws IOException;
  }

  private void assertRefused(StubLibrary stub, String... reasons) throws Exception {
    assertRefused(stub, () -> {}, reasons);
  }

  private void assertRefused(StubLibrary stub, Step afterCompiling, String... reasons)
      throws Exception {
    Path file = stub.compile(directory.resolve("libstub.so"));
    afterCompiling.run();
    ChildJvm jvm = new ChildJvm().withNativeAccess().with("contexture.library.path", file);
    assertRunsOnJava(jvm.run(StatusMain.class), reasons);
    Outcome forced = jvm.with("contexture.backend", "native").run(StatusMain.class);
    assertEquals("", forced.err());
    assertEquals(0, forced.exit(), forced.toString());
    String failure = forced.value("failure1");
    assertTrue(failure.startsWith("IllegalStateException: contexture.backend is native"), failure);
    assertEquals(failure, forced.value("failure2"));
    assertEquals(failure, forced.value("virtual"));
    for (String reason : reasons) {
      assertTrue(failure.contains(reason), reason + " is not in " + failure);
    }
    assertTrue(failure.contains(file.toString()), failure);
  }

  private static void assertRunsOnNative(Outcome outcome, String... status) {
    assertRunsOn("NATIVE", outcome, status);
  }

  private static void assertRunsOnJava(Outcome outcome, String... status) {
    assertRunsOn("JAVA", outcome, status);
  }

  private static void assertRunsOn(String backend, Outcome outcome, String... status) {
    assertEquals("", outcome.err(), "a warning was printed");
    assertEquals(0, outcome.exit(), outcome.toString());
    assertEquals(backend, outcome.value("backend1"), outcome.toString());
    assertEquals("hello", outcome.value("variable"), outcome.toString());
    assertEquals("ran in the empty context", outcome.value("virtual"), outcome.toString());
    for (String part : status) {
      assertTrue(outcome.value("status").contains(part), part + " is not in " + outcome);
    }
  }

  /**
   * A directory that nothing can be executed or mapped from.
   *
   * @param directory the directory, to be deleted by whoever asked for it
   * @param launcher what has to run a program so that it sees it so
   */
  private record Noexec(Path directory, List<String> launcher) {
    /** One on a file system that is mounted noexec, else one mounted so for a child only. */
    static Noexec find(Path scratch) throws IOException, InterruptedException {
      for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
        String[] mount = line.split(" ");
        Path point = Path.of(mount[1]);
        if (List.of(mount[3].split(",")).contains("noexec")
            && mount[2].equals("tmpfs")
            && Files.isWritable(point)) {
          return new Noexec(Files.createTempDirectory(point, "contexture-test-"), List.of());
        }
      }
      Path point = Files.createDirectory(scratch.resolve("noexec"));
      List<String> launcher =
          List.of(
              "unshare",
              "--map-root-user",
              "--mount",
              "sh",
              "-c",
              "mount -t tmpfs -o noexec none '" + point + "' && exec \"$@\"",
              "sh");
      List<String> trial = new ArrayList<>(launcher);
      trial.add("true");
      Process process = new ProcessBuilder(trial).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes());
      if (!process.waitFor(2 * Await.LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        fail("neither a noexec file system to write to, nor leave to mount one: " + output);
      }
      return new Noexec(point, launcher);
    }
  }
}
