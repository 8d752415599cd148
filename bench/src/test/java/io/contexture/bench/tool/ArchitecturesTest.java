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
import java.util.Map;
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
    return Markdown.of(new Architectures(Samples.columns(columns)).document());
  }

  private static String html(Results... columns) {
    return Html.of(new Architectures(Samples.columns(columns)).document());
  }

  private static String refusal(Results... columns) {
    return assertThrows(UsageException.class, () -> new Architectures(Samples.columns(columns)))
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

  /** The same, but for what is given. */
  private static Results but(
      Results of, String profile, boolean complete, String commit, String jvm) {
    return new Results(
        of.format(),
        of.lane(),
        profile,
        "",
        of.started(),
        of.updated(),
        complete,
        commit,
        jvm,
        of.machine(),
        of.unavailable(),
        of.measurements());
  }

  private static Results of(Results of, String commit) {
    return but(of, of.profile(), of.complete(), commit, of.jvm());
  }

  @Test
  void refusesWhatHasNothingInCommonWithTheOthers() {
    Results other =
        Samples.results(
            Samples.machine("dddd", "aarch64", false), Results.JMH, hit("threadLocal", "none", 3));
    String message = refusal(X86, ARM, other);
    assertTrue(message.contains("3.json has no operation in common with the others"), message);
  }

  @Test
  void tellsMachinesOfOneArchitectureApart() {
    Results other =
        Samples.results(
            Samples.machine("bbbb", "x86_64", false),
            Results.JMH,
            hit("contextVar", "native", 4),
            hit("contextVar", "java", 2));
    String text = markdown(X86, other, ARM);
    assertTrue(text.contains("| operation | x86_64 (aaaa) | x86_64 (bbbb) | aarch64 |"), text);
  }

  @Test
  void refusesOtherSources() {
    String message = refusal(X86, of(ARM, "ffff"));
    assertTrue(message.contains("2.json of ffff"), message);
    assertTrue(message.contains("1.json is of commit " + Samples.COMMIT), message);
  }

  @Test
  void refusesChangedSources() {
    String changed = Samples.COMMIT + "+";
    for (Results[] columns :
        new Results[][] {
          {of(X86, changed), of(ARM, changed)},
          {of(X86, changed), of(ARM_COUNTED, changed)},
          {of(X86_COUNTED, changed), of(ARM_COUNTED, changed)}
        }) {
      String message = refusal(columns);
      assertTrue(message.contains("1.json is of commit " + Samples.COMMIT + " with changed"));
      assertTrue(message.contains("commit or undo the changes"), message);
    }
    assertTrue(refusal(X86, of(ARM, changed)).contains("2.json is of commit"));
  }

  @Test
  void refusesSourcesThatNobodyKnows() {
    for (String commit : List.of("unknown", "HEAD", " ")) {
      String message = refusal(of(X86, commit), of(ARM, commit));
      assertTrue(message.contains("1.json doesn't tell of which commit"), message);
      assertTrue(message.contains("with Git"), message);
    }
    assertTrue(refusal(X86, of(ARM, "unknown")).contains("2.json doesn't tell"));
  }

  @Test
  void refusesARunThatIsNotComplete() {
    Results partial = but(ARM, "full", false, Samples.COMMIT, ARM.jvm());
    String message = refusal(X86, partial);
    assertTrue(message.contains("2.json isn't complete"), message);
    assertTrue(message.contains("--resume"), message);
  }

  @Test
  void refusesAnotherProfile() {
    String message = refusal(X86, but(ARM, "quick", true, Samples.COMMIT, ARM.jvm()));
    assertTrue(message.contains("1.json is of the profile “full”"), message);
    assertTrue(message.contains("2.json of “quick”"), message);
  }

  @Test
  void refusesAnotherFeatureVersionOfTheJvm() {
    String message =
        refusal(X86, but(ARM, "full", true, Samples.COMMIT, "OpenJDK 64-Bit Server VM 26+36"));
    assertTrue(message.contains("1.json was measured on Java 25"), message);
    assertTrue(message.contains("2.json on Java 26"), message);
    String untold = refusal(X86, but(ARM, "full", true, Samples.COMMIT, ""));
    assertTrue(untold.contains("2.json doesn't tell the version of its JVM"), untold);
  }

  @Test
  void comparesUpdatesAndVendorsOfTheSameJvm() {
    Results update =
        but(ARM, "full", true, Samples.COMMIT, "OpenJDK 64-Bit Server VM 25.0.3+9-LTS");
    assertTrue(markdown(X86, update).contains("1.20 ± 0.00 · time"));
    assertTrue(Run.fresh(Profile.FULL, "", Map.of()).jvm().matches(".* \\d+\\S*"));
  }

  @Test
  void countsHaveNoProfileNoJvmAndNoEnd() {
    Results counted = but(ARM_COUNTED, "", false, Samples.COMMIT, "");
    assertTrue(markdown(X86, counted).contains("1.10 · instructions, emulated"));
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
        new ObjectMapper().readTree(new Architectures(Samples.columns(X86, ARM_COUNTED)).json());
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
  void jsonHasTheFiguresThemselves() throws Exception {
    JsonNode json =
        new ObjectMapper().readTree(new Architectures(Samples.columns(X86, ARM_COUNTED)).json());
    JsonNode figures = json.get("figures");
    assertEquals(4, figures.size());
    assertEquals(
        "HitBenchmark.contextVar{thread=platform} on native", figures.at("/0/key").asText());
    assertEquals("ns/op", figures.at("/0/unit").asText());
    assertEquals(2.0, figures.at("/0/measured/0/value").doubleValue());
    assertTrue(figures.at("/0/measured/0/error").doubleValue() > 0);
    assertFalse(figures.at("/0/measured/0/emulated").booleanValue());
    assertTrue(figures.at("/0/measured/1").isNull(), "a time of an emulator");
    assertEquals("instructions/op", figures.at("/2/unit").asText());
    assertEquals(44, figures.at("/2/measured/1/value").doubleValue());
    assertTrue(figures.at("/2/measured/1/emulated").booleanValue());
    assertFalse(json.toString().contains("777"), json.toString());
  }

  @Test
  void noRatioToNothing() throws Exception {
    Results counted =
        Samples.results(
            Samples.machine("aaaa", "aarch64", true),
            "tcg",
            instructions("contextVar", "native", -3),
            instructions("contextVar", "java", 0));
    assertFalse(markdown(X86_COUNTED, counted).contains("Infinity"));
    String html = html(X86_COUNTED, counted);
    assertFalse(html.contains("NaN") || html.contains("Infinity"), html);
    JsonNode json =
        new ObjectMapper()
            .readTree(new Architectures(Samples.columns(X86_COUNTED, counted)).json());
    assertTrue(json.at("/rows/0/nativeToJava/1").isNull(), json.toString());
    assertEquals(-3, json.at("/figures/0/measured/1/value").doubleValue());
  }

  @Test
  void htmlIsWellFormed() throws Exception {
    String html = html(X86, X86_COUNTED, ARM_COUNTED);
    var page =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(html)));
    // Of the ratios a dot each; of times and instructions, a bar.
    assertEquals(3, page.getElementsByTagName("svg").getLength());
    assertEquals(3, page.getElementsByTagName("circle").getLength());
    assertEquals(2 + 4, page.getElementsByTagName("rect").getLength());
    assertFalse(html.contains("777"), html);
  }
}
