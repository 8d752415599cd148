package io.contexture.internal.load;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Loads {@code libcontexture} for this class loader, or says why it can't be used.
 *
 * <h2>Where it looks</h2>
 *
 * <ol>
 *   <li>the file that the system property {@value #PATH_PROPERTY} names, and then nowhere else;
 *   <li>every directory of {@code java.library.path};
 *   <li>the resources beside this class: {@code /io/contexture/native/<platform>/}, where {@link
 *       Platform} tells the name of this one.
 * </ol>
 *
 * <p>A file on the library path that can't be used is passed over, and the {@linkplain
 * Loaded#passedOver result} says so.
 *
 * <h2>What it checks, and when</h2>
 *
 * <p>Whether native access is granted comes first, so that the JVM never prints a warning. Bytes
 * are compared with the length and digest that the build wrote down ({@link Manifest}; a bundled
 * library must have one), and with their own ELF headers ({@link ElfImage}), before they are
 * mapped: a truncated library would end the process. The mapped library is asked who it is ({@link
 * LibraryProbe}) while it can still be given back; only then it becomes a library of this class
 * loader, for good, and is put through a {@link SelfTest}.
 *
 * <p>What is loaded is a copy with a unique name in a private directory, unlinked at once: nobody
 * else can change it, and each class loader has one of its own. If the temporary directory can't be
 * written to, or not be mapped from, a file that the user named is loaded where it lies.
 *
 * <p>Thread-safe. Prints nothing, throws nothing.
 */
@SuppressWarnings("restricted") // attempt() asks for native access first.
public final class NativeLibrary {
  /** The system property that names a library file to load, and no other. */
  public static final String PATH_PROPERTY = "contexture.library.path";

  /** What the build has bundled: a comment, then one line per library that begins with its path. */
  private static final String LIST = "/io/contexture/native/libraries.txt";

  private static final int MAX_BYTES = 64 << 20;

  private static final int MAX_LIST_BYTES = 1 << 14;

  /**
   * What the one attempt came to. No static initializer does it: one that failed would for ever.
   */
  private static volatile @Nullable Result result;

  /** The second mapping; set before {@link #result}. */
  private static volatile @Nullable Mapping mapping;

  private NativeLibrary() {}

  /** What {@link #load} came to. */
  public sealed interface Result {}

  /**
   * The library is loaded.
   *
   * @param path the file it came from, or the resource
   * @param origin how it was found, e.g. the name of a system property
   * @param buildId what the library itself calls its build
   * @param passedOver what was found before it and couldn't be used, each with the reason
   */
  public record Loaded(String path, String origin, String buildId, List<String> passedOver)
      implements Result {}

  /**
   * The library isn't loaded and won't be.
   *
   * @param reason one clause, without a full stop, that says why and what would help
   */
  public record Unavailable(String reason) implements Result {}

  /**
   * The loaded library, mapped once more for as long as {@code arena} isn't closed, so that it can
   * be called when this class loader is gone. Both are objects of the JDK, and refer to nothing of
   * this loader.
   *
   * @param functions its functions
   * @param arena what lets go of it
   */
  public record Mapping(SymbolLookup functions, Arena arena) {}

  /**
   * The second mapping of what {@link #load} has loaded, or {@code null} if there is none. Whoever
   * closes it must be the only one who asks.
   */
  public static @Nullable Mapping mapping() {
    return mapping;
  }

  /**
   * The library of this class loader. The first call looks for it and takes some tens of
   * milliseconds; later ones return the same result and cost one load.
   */
  public static Result load() {
    Result known = result;
    return known != null ? known : loadOnce();
  }

  private static synchronized Result loadOnce() {
    Result known = result;
    if (known == null) {
      known = attempt();
      Mapping unused = known instanceof Loaded ? null : mapping;
      if (unused != null) {
        mapping = null;
        unused.arena().close();
      }
      result = known;
    }
    return known;
  }

  private static Result attempt() {
    try {
      requireNativeAccess();
      requireLp64();
      return search(Platform.current());
    } catch (UnusableException e) {
      return new Unavailable(e.reason());
    } catch (Throwable e) {
      return new Unavailable("loading the native library failed unexpectedly: " + e);
    }
  }

  private static void requireNativeAccess() throws UnusableException {
    Module module = NativeLibrary.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      throw new UnusableException(
          (module.isNamed() ? "module " + module.getName() : "the class path")
              + " has no native access: start the JVM with --enable-native-access="
              + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
    }
  }

  /** The generated bindings are right where {@code long} has 64 bits. */
  private static void requireLp64() throws UnusableException {
    MemoryLayout cLong;
    try {
      cLong = Linker.nativeLinker().canonicalLayouts().get("long");
    } catch (UnsupportedOperationException e) {
      throw new UnusableException("this JVM can't call native functions on its platform");
    }
    if (cLong == null || cLong.byteSize() != 8) {
      throw new UnusableException(
          "the native library supports platforms with a 64-bit C long only");
    }
  }

  private static Result search(Platform platform) throws UnusableException {
    String explicit = System.getProperty(PATH_PROPERTY);
    if (explicit != null) {
      try {
        return useFile(platform, path(explicit), PATH_PROPERTY, List.of());
      } catch (UnusableException e) {
        throw new UnusableException(
            e.reason()
                + "; name a library of this version for "
                + platform.id()
                + " with -D"
                + PATH_PROPERTY
                + ", or leave that out for the bundled one");
      }
    }
    List<String> passedOver = new ArrayList<>();
    try {
      for (Path file : onLibraryPath(platform)) {
        try {
          return useFile(platform, file, "java.library.path", passedOver);
        } catch (UnusableException.TooLate e) {
          throw e;
        } catch (UnusableException e) {
          passedOver.add(e.reason());
        }
      }
      return useResource(platform, passedOver);
    } catch (UnusableException e) {
      passedOver.add(e.reason());
      throw new UnusableException(String.join("; ", passedOver));
    }
  }

  /** The files of our name in {@code java.library.path}, in its order. */
  private static List<Path> onLibraryPath(Platform platform) {
    List<Path> files = new ArrayList<>();
    String directories = System.getProperty("java.library.path", "");
    for (String directory : directories.split(File.pathSeparator, -1)) {
      try {
        Path file = Path.of(directory, platform.library());
        // An empty element would mean the working directory: nobody means that.
        if (!directory.isEmpty() && Files.isRegularFile(file)) {
          files.add(file);
        }
      } catch (InvalidPathException noDirectory) {
        // Nothing can be there.
      }
    }
    return files;
  }

  private static Path path(String explicit) throws UnusableException {
    if (explicit.isEmpty()) {
      throw new UnusableException(PATH_PROPERTY + " is empty; it must name a file");
    }
    Path file;
    try {
      file = Path.of(explicit);
    } catch (InvalidPathException e) {
      throw new UnusableException(PATH_PROPERTY + " is no path: " + e.getMessage());
    }
    if (Files.isDirectory(file)) {
      throw new UnusableException(
          PATH_PROPERTY + " names " + file + ", which is a directory; it must name a file");
    } else if (!Files.exists(file)) {
      throw new UnusableException(PATH_PROPERTY + " names " + file + ", which doesn't exist");
    } else if (!Files.isRegularFile(file)) {
      throw new UnusableException(PATH_PROPERTY + " names " + file + ", which is no regular file");
    }
    return file;
  }

  private static Loaded useFile(
      Platform platform, Path relative, String origin, List<String> passedOver)
      throws UnusableException {
    Path file = relative.toAbsolutePath();
    Manifest manifest;
    byte[] image;
    try {
      manifest = Manifest.beside(file);
      try (InputStream in = Files.newInputStream(file)) {
        image = read(in, file.toString());
      }
    } catch (IOException e) {
      throw new UnusableException(file + " can't be read: " + e);
    }
    verify(platform, image, manifest, file.toString());
    String buildId;
    try {
      buildId = openCopy(image, file.getFileName().toString(), file.toString());
    } catch (UnusableException.NoCopy loadItWhereItLies) {
      try {
        buildId = open(file, file.toString());
      } catch (UnusableException.Unmappable e) {
        throw new UnusableException(file + " can't be loaded: " + e.reason());
      }
    }
    return loaded(file.toString(), origin, buildId, manifest, passedOver);
  }

  private static Loaded useResource(Platform platform, List<String> passedOver)
      throws UnusableException {
    String directory = "/io/contexture/native/" + platform.id() + "/";
    String library = platform.library();
    String manifestName =
        directory + library.substring(0, library.lastIndexOf('.')) + ".properties";
    Manifest manifest;
    byte[] image;
    String name;
    try (InputStream in = NativeLibrary.class.getResourceAsStream(manifestName)) {
      if (in == null) {
        if (NativeLibrary.class.getResource(directory + library) != null) {
          throw new UnusableException(
              "the bundled library "
                  + directory
                  + library
                  + " can't be verified: "
                  + manifestName
                  + " is missing");
        }
        throw new UnusableException(
            "no library is bundled for "
                + platform.id()
                + bundledForOthers(platform)
                + ", and neither "
                + PATH_PROPERTY
                + " nor java.library.path leads to one");
      }
      manifest = Manifest.read(in, manifestName);
      name = directory + manifest.file();
      try (InputStream file = NativeLibrary.class.getResourceAsStream(name)) {
        if (file == null) {
          throw new UnusableException("the bundled library " + name + " is missing");
        }
        image = read(file, name);
      }
    } catch (IOException e) {
      throw new UnusableException("the bundled library can't be read: " + e);
    }
    verify(platform, image, manifest, "the bundled library " + name);
    try {
      String buildId = openCopy(image, manifest.file(), "the bundled library " + name);
      return loaded(name, "bundled", buildId, manifest, passedOver);
    } catch (UnusableException.NoCopy e) {
      throw new UnusableException(
          "the bundled library can't be loaded from the temporary directory "
              + System.getProperty("java.io.tmpdir")
              + " ("
              + e.reason()
              + "): if that can't be written to or is mounted noexec, name another directory with"
              + " -Djava.io.tmpdir, or an installed library with -D"
              + PATH_PROPERTY);
    }
  }

  /**
   * The other platforms that the build's list names, as a part of a sentence; empty if it names
   * none.
   */
  private static String bundledForOthers(Platform here) throws IOException {
    try (InputStream in = NativeLibrary.class.getResourceAsStream(LIST)) {
      if (in == null) {
        return "";
      }
      String list = new String(in.readNBytes(MAX_LIST_BYTES), StandardCharsets.US_ASCII);
      String others =
          list.lines()
              .map(line -> line.substring(0, Math.max(0, line.indexOf('/'))))
              .filter(id -> id.matches("[a-z0-9_-]+") && !id.equals(here.id()))
              .collect(Collectors.joining(", "));
      return others.isEmpty() ? "" : ", only for " + others;
    }
  }

  private static byte[] read(InputStream in, String name) throws IOException, UnusableException {
    byte[] image = in.readNBytes(MAX_BYTES + 1);
    if (image.length > MAX_BYTES) {
      throw new UnusableException(name + " is larger than any build of libcontexture");
    }
    return image;
  }

  private static void verify(
      Platform platform, byte[] image, @Nullable Manifest manifest, String name)
      throws UnusableException {
    String problem = manifest == null ? null : manifest.problem(image);
    if (problem == null && platform.os().equals("linux")) {
      problem = ElfImage.problem(image, platform.elfMachine());
    }
    if (problem != null) {
      throw new UnusableException(name + " " + problem);
    }
  }

  private static Loaded loaded(
      String path,
      String origin,
      String buildId,
      @Nullable Manifest manifest,
      List<String> passedOver)
      throws UnusableException {
    if (manifest != null && manifest.buildId() != null && !buildId.equals(manifest.buildId())) {
      throw new UnusableException.TooLate(
          path + " calls itself build " + buildId + ", and its manifest " + manifest.buildId());
    }
    String problem = SelfTest.problem();
    if (problem != null) {
      throw new UnusableException.TooLate(path + " fails its self-test: " + problem);
    }
    return new Loaded(path, origin, buildId, List.copyOf(passedOver));
  }

  /**
   * Loads a private copy of {@code image}.
   *
   * @return the library's build id
   * @throws UnusableException.NoCopy if the copy can't be made or not be mapped
   * @throws UnusableException if the library is the wrong one
   */
  private static String openCopy(byte[] image, String fileName, String name)
      throws UnusableException {
    Path directory = null;
    Path copy = null;
    try {
      directory = Files.createTempDirectory("contexture-"); // 0700 where there are permissions
      copy = directory.resolve(fileName);
      Files.write(copy, image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      if (!Arrays.equals(Files.readAllBytes(copy), image)) {
        throw new UnusableException.NoCopy(copy + " isn't what was written to it");
      }
      try {
        return open(copy, name);
      } catch (UnusableException.Unmappable e) {
        throw new UnusableException.NoCopy(e.reason());
      }
    } catch (IOException e) {
      throw new UnusableException.NoCopy(e.toString());
    } finally {
      delete(copy);
      delete(directory);
    }
  }

  /**
   * Makes {@code file} a library of this class loader, if it is the right one.
   *
   * @param name what to call it in messages
   * @return its build id
   * @throws UnusableException.Unmappable if the system refuses to map it
   */
  private static String open(Path file, String name) throws UnusableException {
    try (Arena probing = Arena.ofConfined()) {
      SymbolLookup functions = null;
      try {
        functions = SymbolLookup.libraryLookup(file, probing);
      } catch (IllegalArgumentException cantOpen) {
        // System.load can't either, but says why.
      }
      if (functions != null) {
        identify(functions, name);
      }
    }
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      throw new UnusableException.Unmappable(String.valueOf(e.getMessage()));
    }
    try {
      // Once more, as the bindings will see it: another library of this class loader may have the
      // same symbols.
      String buildId = identify(SymbolLookup.loaderLookup(), name);
      mapping = map(file);
      return buildId;
    } catch (UnusableException e) {
      throw new UnusableException.TooLate(e.reason());
    }
  }

  private static @Nullable Mapping map(Path file) {
    Arena arena = Arena.ofShared();
    try {
      return new Mapping(SymbolLookup.libraryLookup(file, arena), arena);
    } catch (IllegalArgumentException cantOpen) {
      arena.close();
      return null;
    }
  }

  private static String identify(SymbolLookup functions, String name) throws UnusableException {
    try {
      return LibraryProbe.identify(functions);
    } catch (UnusableException e) {
      throw new UnusableException(name + " " + e.reason());
    }
  }

  private static void delete(@Nullable Path path) {
    if (path != null) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException inUse) {
        // Windows keeps what is mapped; other systems unlink it.
        path.toFile().deleteOnExit();
      }
    }
  }
}
