package io.contexture.bench.tool;

import static io.contexture.bench.tool.Samples.hit;
import static io.contexture.bench.tool.Samples.instructions;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

/** Architectures side by side: what is shown, and what is refused. */
class ArchitecturesTest {
  private static final Results X86 =
      Samples.x86(
          hit("contextVar", "native", 1.99, 2.00, 2.01),
          hit("contextVar", "java", 0.99, 1.00, 1.01),
          hit("threadLocal", "none", 3, 3, 3));

  private static final Results X86_COUNTED =
      Samples.results(
          Samples.machine("aaaa", "x86_64", true),
          "tcg",
          instructions("contextVar", "native", 30),
          instructions("contextVar", "java", 20));

  /** Holds a time as well, which must not be seen anywhere. */
  private static final Results ARM_COUNTED =
      Samples.results(
          Samples.machine("aaaa", "aarch64", true),
          "tcg",
          instructions("contextVar", "native", 44),
          instructions("contextVar", "java", 40),
          hit("longContextVar", "native", 777, 777, 777),
          hit("longContextVar", "java", 777, 777, 777));

  private static final Results ARM =
      Samples.results(
          Samples.machine("cccc", "aarch64", false),
          Results.JMH,
          hit("contextVar", "native", 6.0, 6.0, 6.0),
          hit("contextVar", "java", 5.0, 5.0, 5.0));

  private static String markdown(Results... columns) {
    return Markdown.of(new Architectures(List.of(columns)).document());
  }

  private static String refusal(Results... columns) {
    return assertThrows(UsageException.class, () -> new Architectures(List.of(columns)))
        .getMessage();
  }

  @Test
  void putsRatiosOfEachArchitectureSideBySide() {
    String text = markdown(X86, ARM);
    assertTrue(
        text.contains(
            """
            | operation | x86_64 | aarch64 |
            | --- | --- | --- |
            | HitBenchmark.contextVar{thread=platform} | 2.00 ± 0.06 · time | 1.20 ± 0.00 · time |
            """),
        text);
  }

  @Test
  void marksWhatIsEmulatedAndShowsNoTimeOfIt() {
    String text = markdown(X86, X86_COUNTED, ARM_COUNTED);
    assertTrue(
        text.contains("| operation | x86_64 | x86_64, EMULATED, tcg | aarch64, EMULATED, tcg |"),
        text);
    assertTrue(
        text.contains(
            "| 2.00 ± 0.06 · time | 1.50 · instructions, emulated | 1.10 · instructions, emulated |"),
        text);
    String instructions = text.substring(text.indexOf("## Instructions per operation"));
    assertTrue(
        instructions.contains("| 30.0 · instructions, emulated | 44.0 · instructions, emulated |"),
        text);
    assertFalse(text.contains("777"), text);
    assertFalse(text.contains("longContextVar"), text);
  }

  @Test
  void refusesTimesOfAnEmulator() {
    Results times =
        Samples.results(
            Samples.machine("aaaa", "aarch64", true),
            Results.JMH,
            hit("contextVar", "native", 1),
            hit("contextVar", "java", 1));
    String message = refusal(X86, times);
    assertTrue(message.contains("emulated and has times only"), message);
  }

  @Test
  void refusesOtherSources() {
    Results other =
        new Results(
            ARM.format(),
            ARM.lane(),
            ARM.profile(),
            "",
            ARM.started(),
            ARM.updated(),
            true,
            "ffff",
            ARM.jvm(),
            ARM.machine(),
            ARM.unavailable(),
            ARM.measurements());
    String message = refusal(X86, other);
    assertTrue(message.contains("ffff") && message.contains(Samples.COMMIT), message);
  }

  @Test
  void refusesTheSameMachineTwice() {
    assertTrue(refusal(X86, X86).contains("report FILE --against=FILE"));
  }

  @Test
  void refusesOneAlone() {
    assertTrue(refusal(X86).contains("two result files"));
  }

  @Test
  void refusesWhatHasNothingInCommon() {
    Results peersOnly =
        Samples.results(
            Samples.machine("cccc", "aarch64", false), Results.JMH, hit("threadLocal", "none", 1));
    assertTrue(refusal(X86, peersOnly).contains("no operation"));
  }

  @Test
  void jsonSaysTheSame() throws Exception {
    JsonNode json =
        new ObjectMapper().readTree(new Architectures(List.of(X86, ARM_COUNTED)).json());
    assertEquals(2, json.get("columns").size());
    assertTrue(json.at("/columns/1/machine/emulated").asBoolean());
    JsonNode cells = json.at("/rows/0/nativeToJava");
    assertEquals("ns/op", cells.get(0).get("unit").asText());
    assertEquals(2.0, cells.get(0).get("ratio").asDouble(), 1e-9);
    assertEquals("instructions/op", cells.get(1).get("unit").asText());
    assertTrue(cells.get(1).get("emulated").asBoolean());
    assertEquals(1.1, cells.get(1).get("ratio").asDouble(), 1e-9);
  }

  @Test
  void htmlIsWellFormed() throws Exception {
    String html = Html.of(new Architectures(List.of(X86, X86_COUNTED, ARM_COUNTED)).document());
    var page =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(html)));
    assertEquals(1, page.getElementsByTagName("svg").getLength());
    assertEquals(3, page.getElementsByTagName("circle").getLength());
  }
}
