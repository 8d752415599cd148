package io.contexture.bench.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Instructions that other programs have counted: the plugin of an emulator, and Callgrind. */
class CountsTest {
  private static final String COUNTS =
      """
      {"emulated": true, "commit": "0123456789ab", "unit": "per operation", "counts": {
        "from C": {
          "x86-64": [{"lookup, hit": {"instructions": 30.0, "rmw": 0.0, "barriers": 0.0, "acq/rel": 0.0}}],
          "AArch64 with LSE": [{"lookup, hit": {"instructions": 40.0, "rmw": 1.0, "barriers": 0.0, "acq/rel": 2.0}}],
          "AArch64 without": [{"lookup, hit": {"instructions": 50.0, "rmw": 1.0, "barriers": 0.0, "acq/rel": 0.0}}]
        },
        "from Java": {
          "x86-64, native": [{"get, hit": {"instructions": 20.0}}, {"get, hit": {"instructions": 22.0}}],
          "x86-64, java": [{"get, hit": {"instructions": 20.0}}, {"get, hit": {"instructions": 20.0}}],
          "AArch64, native": [{"get, hit": {"instructions": 30.0}}, {"get, hit": {"instructions": 30.0}}],
          "AArch64, java": [{"get, hit": {"instructions": 20.0}}, {"get, hit": {"instructions": 20.0}}]
        }
      }}
      """;

  /** As Callgrind writes it, with names that are given once and then left out. */
  private static final String PROFILE =
      """
      version: 1
      events: Ir
      fn=(1) measure
      200 30
      cfn=(2) mark
      calls=1 10
      201 8
      cfn=(4) shared_get
      calls=4096 50
      202 40960
      cfn=(4)
      calls=1 50
      203 99

      fn=(4)
      50 40960
      cfn=(5) find
      calls=100000 70
      51 700000

      fn=(1)
      cfn=(2)
      calls=2 10
      204 16
      """;

  @TempDir Path directory;

  private List<Results> read(String text) throws Exception {
    return Results.readAll(Files.writeString(directory.resolve("counts.json"), text));
  }

  @Test
  void countsOfEachProcessorAreAColumn() throws Exception {
    String text = Markdown.of(new Architectures(read(COUNTS)).document());
    assertTrue(
        text.contains(
            "| operation | x86_64, EMULATED, qemu | aarch64, EMULATED, qemu | aarch64 without LSE, EMULATED, qemu |"),
        text);
    // The median of two runs that differ, and their error.
    assertTrue(
        text.contains(
            "| HitBenchmark.contextVar{thread=platform} | 1.05 ± 0.64 · instructions, emulated | 1.50 ± 0.00 · instructions, emulated |\n"),
        text);
    assertTrue(
        text.contains(
            "| Counts.lookup, hit on c | 30.0 · instructions, emulated | 40.0 · instructions, emulated · 2.0 acq/rel · 1.0 rmw | 50.0 · instructions, emulated · 1.0 rmw |"),
        text);
  }

  @Test
  void standBesideTheTimesOfRealHardware() throws Exception {
    List<Results> columns = new java.util.ArrayList<>(read(COUNTS));
    columns.addFirst(
        Samples.x86(
            Samples.hit("contextVar", "native", 2, 2, 2),
            Samples.hit("contextVar", "java", 1, 1, 1)));
    String text = Markdown.of(new Architectures(columns).document());
    assertTrue(
        text.contains(
            "| HitBenchmark.contextVar{thread=platform} | 2.00 ± 0.00 · time | 1.05 ± 0.64 · instructions, emulated |"),
        text);
  }

  @Test
  void countsFromCAloneCanBeCompared() throws Exception {
    String text =
        Markdown.of(
            new Architectures(read(COUNTS.replaceAll("(?s),\\s+\"from Java\".*", "}}")))
                .document());
    assertFalse(text.contains("## native : Java"), text);
    assertTrue(text.contains("| Counts.lookup, hit on c | 30.0"), text);
  }

  @Test
  void refusesCountsOfAnUnknownCommit() {
    String unknown = COUNTS.replace("\"commit\": \"0123456789ab\", ", "");
    assertTrue(
        assertThrows(UsageException.class, () -> read(unknown)).getMessage().contains("commit"));
  }

  @Test
  void readsFromAProfileWhatIsCalledMost() {
    assertEquals(10, Callgrind.instructionsPerCall(PROFILE));
  }

  @Test
  void takesTheLoopOffTheOperations() {
    String loop = PROFILE.replace("40960", "8192").replace("shared_get", "loop");
    Results results =
        Callgrind.results(
            List.of("1 loop", "2 shared map get, 8 entries"),
            List.of(loop, PROFILE, "events: Ir\n"));
    Measurement only = results.measurements().getFirst();
    assertEquals(1, results.measurements().size());
    assertEquals("shared map get, 8 entries", only.method());
    assertEquals(8, only.figure().value());
    String text = Markdown.of(new Report(Suite.load(), results, results).document());
    assertTrue(text.contains("| shared map get, 8 entries | c | 8.00 |"), text);
    assertTrue(
        text.contains(
            "| 8.00 instructions/op | 8.00 instructions/op | 1.00 × · within the error |"),
        text);
    assertFalse(text.contains("## Goals"), text);
  }

  @Test
  void refusesAnotherProgram() {
    assertThrows(UsageException.class, () -> Callgrind.results(List.of(), List.of()));
    assertThrows(UsageException.class, () -> Callgrind.results(List.of("1 loop"), List.of()));
    assertThrows(UsageException.class, () -> Callgrind.count(directory.resolve("none")));
  }
}
