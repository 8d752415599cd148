package io.contexture.load;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import io.contexture.internal.ThreadStates;
import io.contexture.internal.ffm.NativeMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What the process holds while nothing runs.
 *
 * @param heap bytes in the Java heap that live
 * @param nativeBytes bytes that the library holds outside
 * @param threads platform and virtual threads that live
 * @param states thread states that the library holds
 */
record Footprint(long heap, long nativeBytes, long threads, long states) {
  private static final int COLLECTIONS = 12;
  private static final long PAUSE_NANOS = 150_000_000;

  /** What the pool of native slabs may hold: up to 4 for each processor, of up to 64 KiB. */
  private static final long POOLED = Runtime.getRuntime().availableProcessors() * 4L * (64 << 10);

  /** Collects garbage until what waits for the collector is gone, and looks. */
  static Footprint take() throws IOException {
    for (int i = 0; i < COLLECTIONS; i++) { // what is unwound now is garbage for the next
      System.gc();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    System.gc();
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    return new Footprint(
        heap.getUsed(), NativeMemory.bytesInUse(), countThreads(), ThreadStates.count());
  }

  /** All threads, virtual ones included, are in the JDK's thread dump and nowhere else. */
  private static long countThreads() throws IOException {
    Path directory = Files.createTempDirectory("contexture-load");
    Path dump = directory.resolve("threads.json");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(dump.toString(), ThreadDumpFormat.JSON);
      try (Stream<String> lines = Files.lines(dump)) {
        return lines.filter(line -> line.contains("\"tid\":")).count();
      }
    } finally {
      Files.deleteIfExists(dump);
      Files.deleteIfExists(directory);
    }
  }

  /** What has grown beyond what the JVM itself needs more from one time to the next, or "". */
  String growthSince(Footprint earlier) {
    StringBuilder text = new StringBuilder();
    note(text, "heap", heap - earlier.heap, 1 << 20);
    note(text, "native bytes", nativeBytes - earlier.nativeBytes, POOLED + (128 << 10));
    note(text, "threads", threads - earlier.threads, 4);
    note(text, "thread states", states - earlier.states, 4);
    return text.toString();
  }

  private static void note(StringBuilder text, String what, long growth, long allowed) {
    if (growth > allowed) {
      text.append(what).append(" grew by ").append(growth);
      text.append(", more than ").append(allowed).append("; ");
    }
  }

  @Override
  public String toString() {
    return String.format(
        "heap %,d B, native %,d B, %d threads, %d thread states",
        heap, nativeBytes, threads, states);
  }
}
