package io.contexture.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The names that platforms have in resource paths. */
class PlatformTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "Linux, linux",
    "Mac OS X, macos",
    "Windows 11, windows",
    "Windows Server 2025, windows",
    "FreeBSD, freebsd",
    "AIX, aix",
  })
  void namesOperatingSystems(String name, String expected) {
    assertEquals(expected, Platform.os(name));
  }

  @ParameterizedTest
  @CsvSource({
    "amd64, x86_64",
    "x86_64, x86_64",
    "aarch64, aarch64",
    "arm64, aarch64",
    "riscv64, riscv64",
    "ppc64le, ppc64le",
  })
  void namesArchitectures(String name, String expected) {
    assertEquals(expected, Platform.arch(name));
  }

  @Test
  void namesPlatforms() {
    assertEquals("linux-x86_64-glibc", new Platform("linux", "x86_64", "glibc").id());
    assertEquals("linux-aarch64-musl", new Platform("linux", "aarch64", "musl").id());
    assertEquals("macos-aarch64", new Platform("macos", "aarch64", null).id());
  }

  @Test
  void namesLibraries() {
    assertEquals("libcontexture.so", new Platform("linux", "x86_64", "musl").library());
    assertEquals("libcontexture.dylib", new Platform("macos", "aarch64", null).library());
    assertEquals("contexture.dll", new Platform("windows", "x86_64", null).library());
    assertEquals("libcontexture.so", new Platform("freebsd", "x86_64", null).library());
    assertEquals(System.mapLibraryName("contexture"), Platform.current().library());
  }

  @ParameterizedTest
  @CsvSource({
    "/lib64/ld-linux-x86-64.so.2, glibc",
    "/lib/ld-linux-aarch64.so.1, glibc",
    "/lib/ld64.so.1, glibc",
    "/nix/store/x-glibc/lib/ld-linux-aarch64.so.1, glibc",
    "/lib/ld-musl-x86_64.so.1, musl",
    "/nix/store/x-musl/lib/ld-musl-aarch64.so.1, musl",
    "/system/bin/linker64, bionic",
    "/apex/com.android.runtime/bin/linker64, bionic",
    "/data/data/com.termux/files/usr/glibc/lib/ld-linux-aarch64.so.1, glibc",
    "/lib/ld-uClibc.so.0, uclibc",
    "/lib/ld64-uClibc.so.1, uclibc",
  })
  void tellsTheLibcByTheLinkerThatTheProgramAsksFor(String linker, String expected)
      throws IOException {
    // What else is there doesn't count.
    String other = expected.equals("musl") ? "/lib/libc.so.6" : "/lib/ld-musl-x86_64.so.1";
    assertEquals(expected, Platform.libc(process(linker, other), installed("ld-musl-x86_64.so.1")));
    assertEquals(expected, Platform.libc(process(linker, other), installed()));
  }

  @ParameterizedTest
  @CsvSource({
    "/usr/lib/x86_64-linux-gnu/libc.so.6, glibc",
    "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2, glibc",
    "/lib/aarch64-linux-gnu/libc-2.31.so, glibc",
    "/lib/aarch64-linux-gnu/ld-2.31.so, glibc",
    "/lib/ld-musl-x86_64.so.1, musl",
    "/lib/libc.musl-x86_64.so.1, musl",
    "/usr/lib/x86_64-linux-musl/libc.so, musl",
    "/a path/with spaces \u00e9/libc.so, musl",
    "/apex/com.android.runtime/lib64/bionic/libc.so, bionic",
    "/system/lib64/libc.so, bionic",
    "/system/bin/linker64, bionic",
    "/lib/libuClibc-1.0.43.so, uclibc",
  })
  void tellsTheLibcByWhatIsMappedWhereTheProgramIsTheLinker(String mapped, String expected)
      throws IOException {
    for (String linker : new String[] {"", "/opt/unheard-of/ld.so"}) {
      Path process = process(linker, "/opt/jdk/lib/libjli.so", mapped, "/opt/libcrypto.so.3");
      assertEquals(expected, Platform.libc(process, installed("ld-musl-x86_64.so.1")));
      assertEquals(expected, Platform.libc(process, installed()));
    }
  }

  @Test
  void tellsTheLibcByWhatIsInstalledWhereTheProcessDoesNotSay() throws IOException {
    for (Path process : new Path[] {directory.resolve("missing"), process("", "/opt/jdk/java")}) {
      assertEquals("glibc", Platform.libc(process, installed()));
      assertEquals("glibc", Platform.libc(process, directory.resolve("missing")));
      assertEquals("musl", Platform.libc(process, installed("ld-musl-aarch64.so.1")));
    }
  }

  @Test
  void currentAgreesWithTheRunningJvm() throws IOException {
    Platform platform = Platform.current();
    assertEquals(Platform.arch(System.getProperty("os.arch")), platform.arch());
    if (platform.os().equals("linux")) {
      Path java = Path.of(System.getProperty("java.home"), "bin", "java");
      String linker = ElfImage.interpreter(java);
      assertEquals(
          linker != null && linker.contains("musl") ? "musl" : "glibc", platform.libc(), linker);
      byte[] image = Files.readAllBytes(java.resolveSibling("../lib/libjava.so"));
      assertNull(ElfImage.problem(image, platform.elfMachine()), "a library of the JVM");
    } else {
      assertNull(platform.libc());
    }
  }

  /** What /proc shows of a process whose program asks for {@code linker}, or for none. */
  private Path process(String linker, String... mapped) throws IOException {
    Path process = Files.createTempDirectory(directory, "process");
    ElfBuilder program = new ElfBuilder(62, linker);
    if (linker.isEmpty()) {
      program.putInt(ElfBuilder.INTERP_HEADER, 4);
    }
    Files.write(process.resolve("exe"), program.build());
    StringBuilder maps = new StringBuilder("7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n");
    for (String file : mapped) {
      maps.append("7f9c5d200000-7f9c5d228000 r--p 00000000 08:01 2373    ")
          .append(file)
          .append('\n');
    }
    maps.append("7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0   [vdso]\n");
    Files.writeString(process.resolve("maps"), maps);
    return process;
  }

  /** A directory of libraries with nothing but these files. */
  private Path installed(String... files) throws IOException {
    Path lib = Files.createTempDirectory(directory, "lib");
    for (String file : files) {
      Files.createFile(lib.resolve(file));
    }
    return lib;
  }
}
