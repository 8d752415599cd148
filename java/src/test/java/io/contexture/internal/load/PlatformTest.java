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
  void tellsTheLibcByTheDynamicLinker(@TempDir Path lib) {
    assertEquals("glibc", Platform.libc("/lib64/ld-linux-x86-64.so.2", lib));
    assertEquals("glibc", Platform.libc("/nix/store/x-glibc-2.40/lib/ld-linux-aarch64.so.1", lib));
    assertEquals("musl", Platform.libc("/lib/ld-musl-x86_64.so.1", lib));
  }

  @Test
  void tellsTheLibcByWhatIsInstalledWhereTheProgramDoesNotSay(@TempDir Path lib)
      throws IOException {
    assertEquals("glibc", Platform.libc(null, lib));
    assertEquals("glibc", Platform.libc(null, lib.resolve("missing")));
    Files.createFile(lib.resolve("ld-musl-aarch64.so.1"));
    assertEquals("musl", Platform.libc(null, lib));
  }

  @Test
  void currentAgreesWithTheRunningJvm() throws IOException {
    Platform platform = Platform.current();
    assertEquals(Platform.arch(System.getProperty("os.arch")), platform.arch());
    if (platform.os().equals("linux")) {
      Path java = Path.of(System.getProperty("java.home"), "bin", "java");
      assertEquals(Platform.libc(ElfImage.interpreter(java), Path.of("/lib")), platform.libc());
      byte[] image = Files.readAllBytes(java.resolveSibling("../lib/libjava.so"));
      assertNull(ElfImage.problem(image, platform.elfMachine()), "a library of the JVM");
    } else {
      assertNull(platform.libc());
    }
  }
}
