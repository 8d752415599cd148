package io.contexture.bench.tool;

import static io.contexture.bench.tool.Samples.hit;
import static io.contexture.bench.tool.Samples.instructions;
import static io.contexture.bench.tool.Samples.measurement;
import static io.contexture.bench.tool.Samples.x86;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The text of reports, made from results that are given. */
class ReportTest {
  private static final Results RESULTS =
      x86(
          hit("threadLocal", "none", 1.99, 2.00, 2.01),
          hit("scopedValue", "none", 1.49, 1.50, 1.51),
          hit("contextVar", "native", 1.69, 1.70, 1.71),
          hit("contextVar", "java", 1.39, 1.40, 1.41),
          measurement("EnterBenchmark", "grpc", Map.of(), "none", 10),
          measurement("EnterBenchmark", "contextureEmpty", Map.of(), "java", 20));

  private static String markdown(Results results, Results earlier) {
    return Markdown.of(new Report(Suite.load(), results, earlier).document());
  }

  private static org.w3c.dom.Document parsed(String html) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(html)));
  }

  @Test
  void tellsWhatWasMeasuredOnWhat() {
    String text = markdown(RESULTS, null);
    assertTrue(text.startsWith("# Contexture: benchmarks, profile full\n"), text);
    assertTrue(
        text.contains(
            "Commit 0123456789ab, 2026-11-22T20:00:00Z to 2026-11-22T21:00:00Z. Some Processor @ 2 GHz \\<R>, 2 processors, x86_64, 8192 MiB, Linux 6.1 (machine aaaa). OpenJDK 64-Bit Server VM 25."),
        text);
  }

  @Test
  void putsFiguresBesideTheirRatiosToPeers() {
    String text = markdown(RESULTS, null);
    assertTrue(
        text.contains(
            """
            ## A look-up that hits

            |  | thread platform |
            | --- | --- |
            | thread local | 2.00 ± 0.02 · 1.33 ± 0.03 × scoped value · 0 B |
            | scoped value | 1.50 ± 0.02 · 0.75 ± 0.02 × thread local · 0 B |
            | context var, native | 1.70 ± 0.02 · 0.85 ± 0.02 × thread local · 1.13 ± 0.03 × scoped value · 0 B |
            | context var, java | 1.40 ± 0.02 · 0.70 ± 0.02 × thread local · 0.93 ± 0.02 × scoped value · 0 B |
            """),
        text);
  }

  @Test
  void saysOfEachGoalWhetherItIsMet() {
    String text = markdown(RESULTS, null);
    // Each backend has a goal of its own here.
    assertTrue(
        text.contains(
            "| hit, static final variable : ThreadLocal.get | ≤ 0.75 |  | 0.70 ± 0.02 · **met** |"),
        text);
    assertTrue(
        text.contains(
            "| hit, static final variable : ThreadLocal.get | ≤ 0.8 | 0.85 ± 0.02 · **missed** |  |"),
        text);
    assertTrue(
        text.contains(
            "| enter + one read + leave, empty LC : gRPC run | ≤ 1.0 |  | 2.00 · **missed** |"),
        text);
    assertTrue(text.contains("Not measured in this run: "), text);
  }

  @Test
  void doesNotClaimWhatTheErrorDoesNotAllow() {
    String text =
        markdown(
            x86(
                hit("threadLocal", "none", 1.8, 2.0, 2.2),
                hit("contextVar", "java", 1.35, 1.4, 1.45),
                hit("contextVar", "native", 1.6, 1.7, 1.8)),
            null);
    assertTrue(text.contains("**met, within the error**"), text);
    assertTrue(text.contains("**missed, within the error**"), text);
  }

  @Test
  void saysWhenARunIsNotComplete() {
    Results partial =
        new Results(
            RESULTS.format(),
            RESULTS.lane(),
            RESULTS.profile(),
            "Hit",
            RESULTS.started(),
            RESULTS.updated(),
            false,
            RESULTS.commit(),
            RESULTS.jvm(),
            RESULTS.machine(),
            Map.of("native", "no library for this system"),
            RESULTS.measurements());
    String text = markdown(partial, null);
    assertTrue(text.contains("NOT COMPLETE"), text);
    assertTrue(text.contains("Only benchmarks that match Hit were run."), text);
    assertTrue(text.contains("Not measured: native (no library for this system)."), text);
  }

  @Test
  void htmlIsWellFormedAndNeedsNothingElse() throws Exception {
    String html = Html.of(new Report(Suite.load(), RESULTS, RESULTS).document());
    org.w3c.dom.Document page = parsed(html);
    assertTrue(page.getElementsByTagName("svg").getLength() >= 3, "plots");
    assertTrue(page.getElementsByTagName("table").getLength() >= 4, "tables");
    for (String name : new String[] {"script", "link", "img", "iframe"}) {
      assertEquals(0, page.getElementsByTagName(name).getLength(), name);
    }
    NodeList links = page.getElementsByTagName("a");
    for (int i = 0; i < links.getLength(); i++) {
      String target = links.item(i).getAttributes().getNamedItem("href").getNodeValue();
      assertTrue(target.startsWith("#"), target);
      assertTrue(html.contains("id=\"" + target.substring(1) + "\""), target);
    }
    assertFalse(html.contains("url(") || html.contains("@import"), "style");
  }

  @Test
  void plotHasABarWithItsErrorForEachFigure() throws Exception {
    String html = Html.of(new Report(Suite.load(), RESULTS, null).document());
    String hits = html.substring(html.indexOf("A look-up that hits</h2>"));
    String plot = hits.substring(hits.indexOf("<svg"), hits.indexOf("</svg>") + 6);
    org.w3c.dom.Document svg = parsed(plot);
    assertEquals(4, svg.getElementsByTagName("rect").getLength());
    NodeList lines = svg.getElementsByTagName("line");
    int errors = 0;
    for (int i = 0; i < lines.getLength(); i++) {
      boolean isError =
          lines.item(i).getAttributes().getNamedItem("class").getNodeValue().equals("error");
      errors += isError ? 1 : 0;
    }
    assertEquals(4 * 3, errors);
  }

  /** No forks, no number, and something divided by nothing. */
  private static final Results SPOILT =
      x86(
          hit("threadLocal", "none", 0, 0, 0),
          hit("scopedValue", "none"),
          hit("contextVar", "native", 1.69, 1.70, 1.71),
          hit("contextVar", "java", Double.NaN),
          hit("longContextVar", "native", Double.POSITIVE_INFINITY),
          hit("longContextVar", "java", 1.39, 1.40, 1.41));

  @Test
  void leavesOutOfAPlotWhatIsNoNumber() throws Exception {
    String html = Html.of(new Report(Suite.load(), SPOILT, null).document());
    String plot = html.substring(html.indexOf("<svg"), html.indexOf("</svg>") + 6);
    assertEquals(3, parsed(plot).getElementsByTagName("rect").getLength());
    assertFalse(html.contains("NaN") || html.contains("Infinity"), html);

    Results none = x86(hit("contextVar", "java", Double.NaN));
    assertFalse(Html.of(new Report(Suite.load(), none, null).document()).contains("<svg"));
  }

  @Test
  void hasADashWhereTheRatioIsToNothing() {
    String text = markdown(SPOILT, null);
    assertTrue(
        text.contains("| context var, native | 1.70 ± 0.02 · – × thread local · – × scoped value"),
        text);
    assertFalse(text.contains("NaN") || text.contains("Infinity"), text);
    assertFalse(text.contains("hit, static final variable"), text); // the goal is a ratio to it
  }

  @Test
  void hasADashWhereItWasNothingBefore() {
    String text = markdown(RESULTS, SPOILT);
    assertTrue(text.contains("Of 2 operations that both have measured, 0 are faster now"), text);
    assertTrue(text.contains("| peer | 0.00 ± 0.00 ns/op | 2.00 ± 0.02 ns/op | – |"), text);
  }

  /** Breaks out of a table, of a tag and of a terminal's line, and is no XML. */
  private static final String EVIL =
      "a\nb\r\n| c\\| <script>\u001b[2J\u009b1m\u0000\ud800\uffff\u202e&";

  private static final String EVIL_SEEN =
      "a b | c\\| <script>\ufffd[2J\ufffd1m\ufffd\ufffd\ufffd\ufffd&";

  private static Document evil() {
    Document.Bar bar = new Document.Bar(EVIL, EVIL, Figure.exactly(1), Document.Kind.NATIVE);
    return new Document(
        EVIL,
        List.of(EVIL),
        List.of(new Document.Key(Document.Kind.NATIVE, EVIL)),
        List.of(
            new Document.Section(
                EVIL,
                EVIL,
                List.of(
                    new Document.Block(
                        EVIL,
                        List.of(EVIL, EVIL),
                        List.of(
                            List.of(
                                Document.Cell.of(EVIL),
                                Document.Cell.of(Document.Kind.GOOD, EVIL, EVIL))),
                        new Document.Plot(EVIL, false, Double.NaN, List.of(bar)))))));
  }

  @Test
  void markdownHasNothingButText() {
    String line = EVIL_SEEN.replace("\\", "\\\\").replace("<", "\\<");
    String cell = line.replace("|", "\\|");
    assertEquals(
        """
        # %1$s

        %1$s

        ## %1$s

        %1$s

        ### %1$s

        | %2$s | %2$s |
        | --- | --- |
        | %2$s | %2$s · **%2$s** |
        """
            .formatted(line, cell),
        Markdown.of(evil()));
  }

  @Test
  void htmlHasNothingButText() throws Exception {
    org.w3c.dom.Document page = parsed(Html.of(evil()));
    assertEquals(0, page.getElementsByTagName("script").getLength());
    for (String name :
        new String[] {"title", "h1", "p", "span", "a", "h2", "h3", "th", "td", "small", "text"}) {
      String text = page.getElementsByTagName(name).item(0).getTextContent();
      assertTrue(text.startsWith(EVIL_SEEN), name + ": " + text);
    }
  }

  /** Of a machine that has no number in its description. */
  @Test
  void isTheSameInEveryLocale() {
    Results results =
        Samples.results(
            new Machine("aaaa", "Linux", "x86_64", "Some Processor", 0, 0, false),
            Results.JMH,
            RESULTS.measurements().toArray(Measurement[]::new));
    Locale before = Locale.getDefault();
    List<String> all = new ArrayList<>();
    try {
      for (String tag : List.of("en", "de", "ar-EG")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        Document document = new Report(Suite.load(), results, results).document();
        all.add(Markdown.of(document) + Html.of(document));
      }
    } finally {
      Locale.setDefault(before);
    }
    assertEquals(all.get(0), all.get(1));
    assertEquals(all.get(0), all.get(2));
  }

  @Test
  void refusesTimesOfAnEmulator() {
    Machine emulated = Samples.machine("aaaa", "aarch64", true);
    Measurement time = hit("contextVar", "java", 1);
    Measurement count = instructions("contextVar", "native", 30);
    for (Results results :
        List.of(
            Samples.results(emulated, Results.JMH),
            Samples.results(emulated, Results.JMH, time),
            Samples.results(emulated, "tcg", count, time))) {
      String message =
          assertThrows(UsageException.class, () -> markdown(results, null)).getMessage();
      assertTrue(message.contains("times of an emulator"), message);
    }
  }

  @Test
  void judgesNoGoalByInstructions() {
    String text =
        markdown(
            Samples.results(
                Samples.machine("aaaa", "aarch64", true),
                "tcg",
                instructions("threadLocal", "none", 40),
                instructions("contextVar", "java", 20)),
            null);
    assertTrue(text.contains("EMULATED") && text.contains("20.0"), text);
    assertFalse(text.contains("## Goals"), text);
  }

  // ------------------------------------------------------------------------- an earlier run

  @Test
  void showsWhatGotFasterAndSlowerThanEarlier() {
    Results earlier =
        x86(
            hit("threadLocal", "none", 1.99, 2.00, 2.01),
            hit("contextVar", "native", 3.38, 3.40, 3.42),
            hit("contextVar", "java", 0.69, 0.70, 0.71));
    String text = markdown(RESULTS, earlier);
    assertTrue(
        text.contains("Of 3 operations that both have measured, 1 are faster now and 1 slower"),
        text);
    assertTrue(
        text.contains(
            "| HitBenchmark.contextVar{thread=platform} | native | 3.40 ± 0.05 ns/op | 1.70 ± 0.02 ns/op | 0.50 ± 0.01 × · **faster** |"),
        text);
    assertTrue(
        text.contains(
            "| peer | 2.00 ± 0.02 ns/op | 2.00 ± 0.02 ns/op | 1.00 ± 0.02 × · within the error |"),
        text);
  }

  @Test
  void refusesAnEarlierRunOfAnotherMachine() {
    Results other =
        Samples.results(
            Samples.machine("bbbb", "x86_64", false),
            Results.JMH,
            hit("contextVar", "java", 1, 1, 1));
    String message =
        assertThrows(UsageException.class, () -> markdown(RESULTS, other)).getMessage();
    assertTrue(message.startsWith("can't compare: "), message);
    assertTrue(message.contains("machine aaaa") && message.contains("machine bbbb"), message);
    assertTrue(message.contains("architectures FILE FILE"), message);
  }

  @Test
  void refusesAnEarlierRunOfAnEmulatorOnTheSameMachine() {
    Results emulated =
        Samples.results(
            Samples.machine(RESULTS.machine().id(), "x86_64", true),
            Results.JMH,
            hit("contextVar", "java", 1, 1, 1));
    for (Results[] pair : new Results[][] {{RESULTS, emulated}, {emulated, RESULTS}}) {
      String message =
          assertThrows(UsageException.class, () -> markdown(pair[0], pair[1])).getMessage();
      assertTrue(message.contains("times of an emulator"), message);
    }
  }

  @Test
  void refusesAnEarlierRunOfAnotherLane() {
    Results other = Samples.results(RESULTS.machine(), "callgrind");
    assertThrows(UsageException.class, () -> markdown(RESULTS, other));
  }

  @Test
  void refusesAnEarlierRunThatHasAnOperationTwice() {
    Results twice =
        x86(
            hit("contextVar", "java", 1),
            hit("threadLocal", "none", 1),
            hit("contextVar", "java", 2));
    String expected =
        "can't compare: %s result has HitBenchmark.contextVar{thread=platform} on java twice";
    assertEquals(
        expected.formatted("the earlier"),
        assertThrows(UsageException.class, () -> markdown(RESULTS, twice)).getMessage());
    assertEquals(
        expected.formatted("this"),
        assertThrows(UsageException.class, () -> markdown(twice, RESULTS)).getMessage());
  }
}
