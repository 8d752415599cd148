package io.contexture.bench.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

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
          "AArch64 with LSE, native": [{"get, hit": {"instructions": 30.0}}, {"get, hit": {"instructions": 30.0}}],
          "AArch64 with LSE, java": [{"get, hit": {"instructions": 20.0}}, {"get, hit": {"instructions": 20.0}}],
          "AArch64 without, native": [{"get, hit": {"instructions": 40.0}}, {"get, hit": {"instructions": 40.0}}]
        }
      }}
      """;

  private static final String FROM_C = COUNTS.replaceAll("(?s),\\s+\"from Java\".*", "}}");

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

  private List<Column> read(String text) throws Exception {
    return ResultFiles.readAll(Files.writeString(directory.resolve("counts.json"), text));
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
    List<Column> columns = new java.util.ArrayList<>(read(COUNTS));
    Results times =
        Samples.x86(
            Samples.hit("contextVar", "native", 2, 2, 2),
            Samples.hit("contextVar", "java", 1, 1, 1));
    columns.addAll(0, Samples.columns(times));
    String text = Markdown.of(new Architectures(columns).document());
    assertTrue(
        text.contains(
            "| HitBenchmark.contextVar{thread=platform} | 2.00 ± 0.00 · time | 1.05 ± 0.64 · instructions, emulated |"),
        text);
  }

  @Test
  void countsFromCAloneCanBeCompared() throws Exception {
    String text = Markdown.of(new Architectures(read(FROM_C)).document());
    assertFalse(text.contains("## native : Java"), text);
    assertTrue(text.contains("| Counts.lookup, hit on c | 30.0"), text);
  }

  @Test
  void jsonHasTheCountsFromC() throws Exception {
    JsonNode json = new ObjectMapper().readTree(new Architectures(read(FROM_C)).json());
    assertEquals(0, json.get("rows").size());
    assertEquals(1, json.get("figures").size());
    JsonNode hit = json.at("/figures/0");
    assertEquals("Counts.lookup, hit on c", hit.get("key").asText());
    assertEquals("instructions/op", hit.get("unit").asText());
    assertEquals(3, hit.get("measured").size());
    double[] values = {30, 40, 50};
    for (int i = 0; i < values.length; i++) {
      JsonNode measured = hit.get("measured").get(i);
      assertTrue(measured.get("emulated").isBoolean() && measured.get("emulated").asBoolean());
      assertEquals(values[i], measured.get("value").doubleValue());
      assertFalse(measured.has("error"), "of one run");
    }
    assertEquals(1, hit.at("/measured/1/counters/rmw").doubleValue());
    assertEquals(2, hit.at("/measured/1/counters/acq~1rel").doubleValue());
    assertEquals(0, hit.at("/measured/0/counters/rmw").doubleValue());
  }

  @Test
  void jsonHasNothingWhereNothingWasCounted() throws Exception {
    JsonNode json = new ObjectMapper().readTree(new Architectures(read(COUNTS)).json());
    assertEquals(3, json.get("figures").size());
    JsonNode hit = json.at("/figures/1");
    assertEquals("HitBenchmark.contextVar{thread=platform} on native", hit.get("key").asText());
    assertEquals(21, hit.at("/measured/0/value").doubleValue());
    assertTrue(hit.at("/measured/0/error").doubleValue() > 1);
    assertEquals(30, hit.at("/measured/1/value").doubleValue());
    assertEquals(40, hit.at("/measured/2/value").doubleValue());
    JsonNode onJava = json.at("/figures/2");
    assertEquals("HitBenchmark.contextVar{thread=platform} on java", onJava.get("key").asText());
    assertTrue(onJava.at("/measured/2").isNull());
  }

  @Test
  void plotsTheCountsFromC() throws Exception {
    String html = Html.of(new Architectures(read(FROM_C)).document());
    var page =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(html)));
    assertEquals(1, page.getElementsByTagName("svg").getLength());
    var bars = page.getElementsByTagName("rect");
    assertEquals(3, bars.getLength());
    double[] widths = new double[3];
    for (int i = 0; i < widths.length; i++) {
      widths[i] =
          Double.parseDouble(bars.item(i).getAttributes().getNamedItem("width").getNodeValue());
    }
    assertEquals(40.0 / 30, widths[1] / widths[0], 0.01);
    assertEquals(50.0 / 30, widths[2] / widths[0], 0.01);
    for (String processor : List.of("x86_64", "aarch64", "aarch64 without LSE")) {
      assertTrue(html.contains(">" + processor + ": instructions, emulated</text>"), html);
    }
  }

  @Test
  void countsOfOneFileNeedNoCommitThatTellsTheSources() throws Exception {
    List<Column> dirty = read(FROM_C.replace("0123456789ab", "0123456789ab+"));
    assertEquals(3, new Architectures(dirty).document().key().size());
  }

  @Test
  void refusesCountsOfChangedSourcesBesideAnotherFile() throws Exception {
    String commit = "0123456789ab+";
    List<Column> columns = new java.util.ArrayList<>(read(FROM_C.replace("0123456789ab", commit)));
    columns.addAll(Samples.columns(Samples.x86(Samples.hit("contextVar", "java", 1))));
    String message =
        assertThrows(UsageException.class, () -> new Architectures(columns)).getMessage();
    assertTrue(message.contains("counts.json") && message.contains("changed sources"), message);
  }

  @Test
  void refusesCountsOfAnUnknownCommit() {
    String unknown = COUNTS.replace("\"commit\": \"0123456789ab\", ", "");
    assertTrue(
        assertThrows(UsageException.class, () -> read(unknown)).getMessage().contains("commit"));
  }

  @Test
  void refusesWhatTheCountersDoNotWrite() {
    String run = "[{\"lookup, hit\": {\"instructions\": 30.0, \"rmw\": 0.0}}]";
    for (String[] change :
        new String[][] {
          {"\"emulated\": true", "\"emulated\": false"},
          {"\"emulated\": true", "\"emulated\": \"true\""},
          {"{\"from C\": {\"x86-64\": RUN}}", "5"},
          {"{\"from C\": {\"x86-64\": RUN}}", "{}"},
          {"{\"x86-64\": RUN}", "[1]"},
          {"{\"x86-64\": RUN}", "{}"},
          {"RUN", "[]"},
          {"RUN", "{\"lookup, hit\": 30}"},
          {"RUN", "[3]"},
          {"RUN", "[{\"lookup, hit\": 30}]"},
          {"RUN", "[{\"lookup, hit\": {}}]"},
          {"RUN", "[{\"lookup, hit\": {\"instructions\": \"30\"}}]"},
          {"RUN", "[{\"lookup, hit\": {\"instructions\": 1e300}}]"},
          {"RUN", "[{\"lookup, hit\": {\"instructions\": 30, \"rmw\": []}}]"},
          {"RUN", "[{\"lookup, hit\": {\"instructions\": 30}}, {\"lookup, miss\": {}}]"},
          {"from C", "from Java"},
          {"\"0123456789ab\"", "17"},
        }) {
      String text =
          "{\"emulated\": true, \"commit\": \"0123456789ab\", \"counts\": {\"from C\": {\"x86-64\": RUN}}}";
      assertTrue(text.contains(change[0]), change[0]);
      String broken = text.replace(change[0], change[1]).replace("RUN", run);
      String message = assertThrows(UsageException.class, () -> read(broken), broken).getMessage();
      assertTrue(message.contains("counts.json"), message);
      assertEquals(1, message.lines().count(), message);
    }
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
