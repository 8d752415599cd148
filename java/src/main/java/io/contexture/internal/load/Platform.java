package io.contexture.internal.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The operating system, architecture and C library that this process runs on.
 *
 * @param os {@code linux}, {@code macos}, {@code windows}, or what the system calls itself
 * @param arch {@code x86_64}, {@code aarch64}, or what the JVM calls it
 * @param libc on Linux the C library, "glibc", "musl", "bionic" or "uclibc"; null elsewhere
 */
record Platform(String os, String arch, @Nullable String libc) {
  private static final Path PROCESS = Path.of("/proc/self");
  private static final Path LIB = Path.of("/lib");

  /** By their paths, as its library has the name that musl's has. */
  private static final Pattern BIONIC =
      Pattern.compile("(/apex/com\\.android\\.runtime|/system)/(.*/)?(linker|linker64|libc\\.so)");

  private static final Pattern UCLIBC = Pattern.compile("ld(64)?-uClibc.*|libuClibc-.*");
  private static final Pattern MUSL = Pattern.compile("ld-musl-.*|libc\\.musl-.*|libc\\.so");
  private static final Pattern GLIBC =
      Pattern.compile("ld-linux.*|ld64\\.so\\..*|ld-2\\..*|libc\\.so\\.6.*|libc-2\\..*");

  /** The platform of this process. Reads a few files on Linux. */
  static Platform current() {
    String os = os(System.getProperty("os.name", ""));
    return new Platform(
        os,
        arch(System.getProperty("os.arch", "")),
        os.equals("linux") ? libc(PROCESS, LIB) : null);
  }

  /** The name of this platform in resource paths, e.g. {@code linux-x86_64-glibc}. */
  String id() {
    return libc == null ? os + "-" + arch : os + "-" + arch + "-" + libc;
  }

  /** The name of the library's file on this operating system, e.g. {@code libcontexture.so}. */
  String library() {
    return switch (os) {
      case "windows" -> "contexture.dll";
      case "macos" -> "libcontexture.dylib";
      default -> "libcontexture.so";
    };
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
   * The C library that a process runs on. Both may be installed on one machine, and programs of
   * both may run there, so the process itself is asked, in this order:
   *
   * <ol>
   *   <li>Which dynamic linker does its program ask for? That names the C library, but the program
   *       is the linker itself where a program was started through it ({@code ld-linux-x86-64.so.2
   *       java}, or gcompat on musl), and asks for nothing.
   *   <li>Which files are mapped? The first that has the name of a C library or its linker tells.
   *       musl's is also called {@code libc.so}, and so is bionic's, which lies in a directory of
   *       Android; glibc's file of that name is a text for ld, and never mapped.
   *   <li>Without a {@code /proc}: is musl's linker installed?
   * </ol>
   *
   * @param process the directory of a process in {@code /proc}
   * @param lib where musl's dynamic linker would be
   */
  static String libc(Path process, Path lib) {
    try {
      String linker = ElfImage.interpreter(process.resolve("exe"));
      String libc = linker == null ? null : libcOf(linker);
      if (libc != null) {
        return libc;
      }
    } catch (IOException unreadable) {
      // Ask on.
    }
    try (BufferedReader maps =
        Files.newBufferedReader(process.resolve("maps"), StandardCharsets.ISO_8859_1)) {
      for (String line = maps.readLine(); line != null; line = maps.readLine()) {
        // 7f9c5d200000-7f9c5d228000 r--p 00000000 08:01 2373 /usr/lib/x86_64-linux-gnu/libc.so.6
        int path = line.indexOf('/');
        String libc = path < 0 ? null : libcOf(line.substring(path));
        if (libc != null) {
          return libc;
        }
      }
    } catch (IOException unreadable) {
      // Ask on.
    }
    try (DirectoryStream<Path> linkers = Files.newDirectoryStream(lib, "ld-musl-*.so.1")) {
      return linkers.iterator().hasNext() ? "musl" : "glibc";
    } catch (IOException | DirectoryIteratorException unreadable) {
      return "glibc";
    }
  }

  /** The C library that a file belongs to, going by its path, or null if to none. */
  private static @Nullable String libcOf(String path) {
    if (BIONIC.matcher(path).matches()) {
      return "bionic";
    }
    String name = path.substring(path.lastIndexOf('/') + 1);
    if (UCLIBC.matcher(name).matches()) {
      return "uclibc";
    }
    if (MUSL.matcher(name).matches()) {
      return "musl";
    }
    return GLIBC.matcher(name).matches() ? "glibc" : null;
  }
}
