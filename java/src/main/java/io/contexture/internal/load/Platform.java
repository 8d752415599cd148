package io.contexture.internal.load;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The operating system, architecture and C library that this process runs on.
 *
 * @param os {@code linux}, {@code macos}, {@code windows}, or what the system calls itself
 * @param arch {@code x86_64}, {@code aarch64}, or what the JVM calls it
 * @param libc on Linux the C library, "glibc" or "musl"; null elsewhere
 */
record Platform(String os, String arch, @Nullable String libc) {
  private static final Path RUNNING_PROGRAM = Path.of("/proc/self/exe");
  private static final Path LIB = Path.of("/lib");

  /** The platform of this process. Reads a few files on Linux. */
  static Platform current() {
    String os = os(System.getProperty("os.name", ""));
    return new Platform(
        os, arch(System.getProperty("os.arch", "")), os.equals("linux") ? runningLibc() : null);
  }

  /** The name of this platform in resource paths, e.g. {@code linux-x86_64-glibc}. */
  String id() {
    return libc == null ? os + "-" + arch : os + "-" + arch + "-" + libc;
  }

  /** {@code e_machine} of this architecture's ELF files, or -1 for one that isn't known here. */
  int elfMachine() {
    return switch (arch) {
      case "x86_64" -> 62;
      case "aarch64" -> 183;
      case "ppc64le" -> 21;
      case "s390x" -> 22;
      case "riscv64" -> 243;
      case "loongarch64" -> 258;
      default -> -1;
    };
  }

  static String os(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.startsWith("linux")) {
      return "linux";
    } else if (lower.startsWith("mac")) {
      return "macos";
    } else if (lower.startsWith("windows")) {
      return "windows";
    }
    return lower.replaceAll("[^a-z0-9]", "");
  }

  static String arch(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return switch (lower) {
      case "amd64", "x86_64" -> "x86_64";
      case "aarch64", "arm64" -> "aarch64";
      default -> lower.replaceAll("[^a-z0-9]", "");
    };
  }

  /**
   * The C library this process runs on, told by the dynamic linker that the running program asks
   * for: both libraries may be installed on one machine.
   */
  private static String runningLibc() {
    String linker = null;
    try {
      linker = ElfImage.interpreter(RUNNING_PROGRAM);
    } catch (IOException noProcFileSystem) {
      // Go by what is installed.
    }
    return libc(linker, LIB);
  }

  static String libc(@Nullable String linker, Path lib) {
    if (linker != null) {
      return linker.contains("ld-musl-") ? "musl" : "glibc";
    }
    try (DirectoryStream<Path> linkers = Files.newDirectoryStream(lib, "ld-musl-*.so.1")) {
      return linkers.iterator().hasNext() ? "musl" : "glibc";
    } catch (IOException | DirectoryIteratorException unreadable) {
      return "glibc";
    }
  }
}
