package io.contexture.bench.tool;

import static io.contexture.bench.tool.Samples.hit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/** Files that others have written, well or badly. */
class ResultFilesTest {
  private static final String GOOD =
      """
      {"format": 1, "lane": "jmh", "profile": "full", "complete": true, "commit": "0123456789ab", "jvm": "VM 25",
       "machine": {"id": "bbbb", "os": "Linux", "architecture": "aarch64", "cpu": "Arm", "processors": 2, "memoryMiB": 9, "emulated": false},
       "measurements": [
         {"benchmark": "HitBenchmark", "method": "contextVar", "params": {"thread": "platform"}, "backend": "native", "unit": "ns/op", "forks": [[2.0, 3.0]]},
         {"benchmark": "HitBenchmark", "method": "contextVar", "params": {"thread": "platform"}, "backend": "java", "unit": "ns/op", "forks": [[2.0]]}]}
      """;

  /** What is replaced in it by what, so that it is one no more. */
  private static final String[][] CHANGES = {
    {"(?s).*", ""},
    {"(?s).*", "null"},
    {"(?s).*", "[]"},
    {"(?s).*", "5"},
    {"(?s).*", "\u0007\u001b[2J"},
    {"(?s).*", "[".repeat(100_000)},
    {"(?s)\"measurements.*", ""},
    {"(?s)ns/op.*", ""},
    {"\\Z", "{}"},
    {"\"format\": 1", "\"format\": 2"},
    {"\"format\": 1", "\"format\": {}"},
    {"\"format\": 1", "\"format\": 99999999999999999999"},
    {"\"format\": 1", "\"format\": 1, \"a\\\\u001bb\\\\n\": 1"},
    {"\"lane\": \"jmh\"", "\"lane\": [\"jmh\"]"},
    {"\"lane\": \"jmh\"", "\"lane\": \"\""},
    {"\"lane\": \"jmh\"", "\"lane\": \"a\\\\nb\""},
    {"\"complete\": true", "\"complete\": \"true\""},
    {"\"complete\": true", "\"complete\": null"},
    {"\"commit\": \"0123456789ab\",", ""},
    {"\"0123456789ab\"", "null"},
    {"\"0123456789ab\"", "{}"},
    {"(?s)\"machine\": \\{.*?}", "\"machine\": \"bbbb\""},
    {"(?s)\"machine\": \\{.*?}", "\"machine\": {}"},
    {"\"id\": \"bbbb\",", ""},
    {", \"emulated\": false", ""},
    {"\"emulated\": false", "\"emulated\": \"no\""},
    {"\"emulated\": false", "\"emulated\": 0"},
    {"(?s)\"measurements\".*", "\"measurements\": {}}"},
    {"(?s)\"measurements\".*", "\"measurements\": [null]}"},
    {"(?s)\"measurements\".*", "\"measurements\": [{}]}"},
    {"\"method\": \"contextVar\",", ""},
    {"\"contextVar\"", "\"a\\\\u0000\""},
    {"\"contextVar\"", "\"\\\\ud800\""},
    {"\\{\"thread\": \"platform\"}", "[]"},
    {"\"platform\"", "{}"},
    {"\"platform\"", "null"},
    {"\"backend\": \"native\"", "\"backend\": \"other\""},
    {"\"backend\": \"native\"", "\"backend\": \"java\""},
    {"ns/op", "s/op"},
    {"\\[\\[2.0]]", "[]"},
    {"\\[\\[2.0]]", "[[]]"},
    {"\\[\\[2.0]]", "[2.0]"},
    {"\\[\\[2.0]]", "[[2.0], null]"},
    {"\\[\\[2.0]]", "[[null]]"},
    {"\\[\\[2.0]]", "[[\"2.0\"]]"},
    {"\\[\\[2.0]]", "[[\"NaN\"]]"},
    {"\\[\\[2.0]]", "[[NaN]]"},
    {"\\[\\[2.0]]", "[[1e999]]"},
    {"\\[\\[2.0]]", "[[1e300]]"},
    {"\\[\\[2.0]]", "[[2.0]], \"counters\": {\"a\": \"b\"}"},
    {"\\[\\[2.0]]", "[[2.0]], \"bytes\": [[]]"},
  };

  @TempDir Path directory;

  private static int run(ByteArrayOutputStream err, String... args) {
    return Main.run(
        args,
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private Path write(String name, String text) throws Exception {
    return Files.writeString(directory.resolve(name), text);
  }

  @Test
  void readsWhatIsOne() throws Exception {
    Results read = ResultFiles.read(write("good.json", GOOD));
    assertEquals("aarch64", read.machine().architecture());
    assertEquals(2.5, read.measurements().getFirst().figure().value());
  }

  @Test
  void readsWhatItHasWritten() throws Exception {
    Results results =
        new Results(
            Results.FORMAT,
            Results.JMH,
            "quick",
            "a\tb",
            "then",
            "now",
            false,
            "unknown",
            "VM 25",
            Samples.machine("aaaa", "x86_64", false),
            Map.of("native", "it says:\n  no library"),
            List.of(hit("contextVar", "java", 1.5, 2.5), hit("threadLocal", "none", 0)));
    Path file = directory.resolve("quick.json");
    results.write(file);
    assertEquals(results, ResultFiles.read(file));
  }

  @Test
  void saysInALineWhatIsWrongWithAFile() throws Exception {
    Path other = directory.resolve("other.json");
    Samples.x86(hit("contextVar", "native", 1), hit("contextVar", "java", 1)).write(other);
    Path file = directory.resolve("bad.json");
    Path output = directory.resolve("output");
    for (String[] change : CHANGES) {
      String bad = GOOD.replaceFirst(change[0], change[1]);
      String what = change[0] + " → " + change[1].substring(0, Math.min(60, change[1].length()));
      assertFalse(bad.equals(GOOD), what);
      Files.writeString(file, bad);
      for (String[] args :
          new String[][] {
            {"architectures", other.toString(), file.toString(), "--output=" + output},
            {"report", file.toString(), "--output=" + output},
            {"report", other.toString(), "--against=" + file, "--output=" + output}
          }) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertEquals(2, run(err, args), what);
        String said = err.toString(StandardCharsets.UTF_8);
        assertTrue(said.contains(file.toString()), what + ": " + said);
        assertEquals(1, said.lines().count(), what + ": " + said);
        assertTrue(said.strip().chars().noneMatch(Character::isISOControl), what + ": " + said);
        assertFalse(said.contains("Exception"), what + ": " + said);
      }
      assertFalse(Files.exists(output), what);
    }
  }

  @Test
  void saysWhereAFileEnds() throws Exception {
    Path file = write("cut.json", GOOD.substring(0, GOOD.indexOf("ns/op")));
    String message = assertThrows(UsageException.class, () -> ResultFiles.read(file)).getMessage();
    assertTrue(
        message.endsWith("cut.json isn't a result file: it ends too early, in line 4"), message);
  }

  @Test
  void saysWhatIsOfTheWrongType() throws Exception {
    Path file = write("typed.json", GOOD.replace("[[2.0]]", "[[2.0, \"3\"]]"));
    String message = assertThrows(UsageException.class, () -> ResultFiles.read(file)).getMessage();
    assertTrue(message.endsWith("“measurements/1/forks/0/1” is of the wrong type"), message);
    write("typed.json", GOOD.replace("\"cpu\"", "\"gpu\""));
    message = assertThrows(UsageException.class, () -> ResultFiles.read(file)).getMessage();
    assertTrue(message.endsWith("nobody knows its “machine/gpu”"), message);
  }

  @Test
  void refusesBytesThatAreNoText() throws Exception {
    Path file = directory.resolve("bytes.json");
    Files.write(file, new byte[] {'{', '"', (byte) 0xC3, (byte) 0x28, '"', ':', '1', '}'});
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    assertEquals(2, run(err, "report", file.toString(), "--output=" + directory));
    assertEquals(1, err.toString(StandardCharsets.UTF_8).lines().count());
  }

  @Test
  void namesAreTextInHtmlAndNothingElse() throws Exception {
    String evil = "</text></svg></td><script>alert('&\"')</script><img src=x>|";
    ObjectMapper json = new ObjectMapper();
    String escaped = json.writeValueAsString(evil);
    String text = GOOD;
    for (String name :
        List.of(
            "Linux", "aarch64", "Arm", "VM 25", "full", "HitBenchmark", "contextVar", "platform")) {
      String inner = escaped.substring(1, escaped.length() - 1);
      text = text.replace("\"" + name + "\"", "\"" + inner + name + "\"");
    }
    text = text.replace("\"thread\"", escaped);
    Path file = write("evil.json", text);
    Path other = write("other.json", text.replace("\"bbbb\"", "\"cccc\""));
    String output = "--output=" + directory;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    assertEquals(
        0, run(err, "architectures", file.toString(), other.toString(), output), err.toString());
    assertEquals(0, run(err, "report", file.toString(), output), err.toString());
    for (String page : List.of("architectures.html", "evil.html")) {
      String html = Files.readString(directory.resolve(page));
      assertTrue(html.contains("&lt;script&gt;"), html);
      var parsed =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(html)));
      assertEquals(0, parsed.getElementsByTagName("script").getLength());
      assertEquals(0, parsed.getElementsByTagName("img").getLength());
      assertTrue(parsed.getDocumentElement().getTextContent().contains(evil), html);
    }
    assertEquals(
        2, json.readTree(directory.resolve("architectures.json").toFile()).get("figures").size());
  }

  @Test
  void htmlHasNoCharacterThatXmlHasNot() {
    assertEquals("a\uFFFD\uFFFD\uFFFDb  ç😀&lt;", Html.escaped("a\0\uFFFF\uD800b\n\tç😀<"));
  }
}
