package io.contexture.bench.tool;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What was measured on. Times of two machines can't be compared, nor can those of a machine and an
 * emulator.
 *
 * @param id names this very machine, without telling which it is
 * @param os the operating system and its version
 * @param architecture {@code x86_64} or {@code aarch64}, or what the JVM calls it
 * @param cpu the processor's model
 * @param processors how many the JVM may use
 * @param memoryMiB the main memory
 * @param emulated whether the instructions are another architecture's, translated by an emulator
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Machine(
    String id,
    String os,
    String architecture,
    String cpu,
    int processors,
    long memoryMiB,
    boolean emulated) {
  /** The property that says {@code true} where nothing else tells that the machine is emulated. */
  static final String EMULATED = "contexture.bench.emulated";

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Path KERNEL_ARCHITECTURE = Path.of("/proc/sys/kernel/arch");

  /** An emulator of user programs is what the kernel calls the process. */
  private static final Path PROCESS = Path.of("/proc/self/comm");

  private static final List<Path> IDS =
      List.of(Path.of("/etc/machine-id"), Path.of("/var/lib/dbus/machine-id"));

  /**
   * The machine that this process runs on, and with it the JVMs that it starts to measure.
   *
   * @throws UsageException if {@link #EMULATED} is neither true nor false
   */
  static Machine here() {
    String architecture = nameOf(System.getProperty("os.arch"));
    String info = text(CPU_INFO).orElse("");
    String cpu = cpuOf(info, architecture);
    int processors = Runtime.getRuntime().availableProcessors();
    long memory =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize() >> 20;
    String unique =
        IDS.stream().map(Machine::text).flatMap(Optional::stream).findFirst().orElse("");
    String os = System.getProperty("os.name") + " " + System.getProperty("os.version");
    return new Machine(
        digest(String.join("|", unique, os, architecture, cpu, processors + "", memory + "")),
        os,
        architecture,
        cpu,
        processors,
        memory,
        isSaidToBeEmulated()
            || text(PROCESS).orElse("").startsWith("qemu-")
            || isEmulated(info, text(KERNEL_ARCHITECTURE).orElse(""), architecture));
  }

  /** One name for each architecture, whoever names it. */
  static String nameOf(String architecture) {
    return switch (architecture) {
      case "amd64", "x86-64", "x64" -> "x86_64";
      case "arm64" -> "aarch64";
      default -> architecture;
    };
  }

  /**
   * Whether this is an emulator of user programs, as far as the system's files tell: they may be
   * those of the machine that the emulator itself runs on.
   *
   * @param cpuInfo the processor; some emulators show one of their own
   * @param kernel the architecture that the kernel was built for; empty if that isn't known, as
   *     before Linux 6.1
   * @param architecture that of the JVM
   */
  static boolean isEmulated(String cpuInfo, String kernel, String architecture) {
    boolean showsX86 = cpuInfo.contains("vendor_id");
    boolean showsArm = cpuInfo.contains("CPU implementer");
    boolean otherKernel = !kernel.isBlank() && !nameOf(kernel.strip()).equals(architecture);
    return otherKernel
        || architecture.equals("aarch64") && showsX86
        || architecture.equals("x86_64") && showsArm;
  }

  private static boolean isSaidToBeEmulated() {
    String said = System.getProperty(EMULATED, "false");
    return switch (said) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new UsageException(
              "%s is “%s”: say true, or leave it out".formatted(EMULATED, said));
    };
  }

  private static String cpuOf(String cpuInfo, String architecture) {
    Matcher model =
        Pattern.compile("^(?:model name|CPU part)\\s*:\\s*(.+)$", Pattern.MULTILINE)
            .matcher(cpuInfo);
    return model.find() ? model.group(1).strip() : architecture;
  }

  private static Optional<String> text(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (IOException e) {
      return Optional.empty(); // not a Linux machine, or a bare one
    }
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /** In one line, for people. An emulator has no processors or memory of its own. */
  String describe() {
    return processors == 0
        ? "%s, %s%s".formatted(cpu, os, emulated ? ", EMULATED" : "")
        : String.format(
            Locale.ROOT,
            "%s, %d processors, %s, %d MiB, %s%s (machine %s)",
            cpu,
            processors,
            architecture,
            memoryMiB,
            os,
            emulated ? ", EMULATED" : "",
            id);
  }
}
