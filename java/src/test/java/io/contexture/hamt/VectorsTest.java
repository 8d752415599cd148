package io.contexture.hamt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.AbstractLongHamt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Replays {@code native/vectors/*.txt}, whose README has the format, on every implementation. Twin
 * of {@code native/test/vectors_test.c}.
 */
class VectorsTest {
  private static final Path VECTORS =
      Path.of(System.getProperty("contexture.vectors", "../native/vectors"));

  @TestFactory
  Stream<DynamicTest> vectors() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(VECTORS)) {
      files = all.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
    assertTrue(files.size() >= 5, "too few vector files in " + VECTORS.toAbsolutePath());
    return files.stream()
        .flatMap(
            file ->
                HamtImplementations.all().stream()
                    .map(
                        implementation ->
                            DynamicTest.dynamicTest(
                                implementation + " " + file.getFileName(),
                                () -> new Replay(file, implementation).run())));
  }

  private static final class Replay {
    private final Path file;
    private final HamtImplementation implementation;
    private final List<String> lines;
    private final Map<Long, AbstractLongHamt> registers = new HashMap<>();
    private AbstractLongHamt map;

    /** Index of the current line. */
    private int at;

    private int checks;

    Replay(Path file, HamtImplementation implementation) {
      this.file = file;
      this.implementation = implementation;
      this.map = implementation.empty();
      try {
        lines = Files.readAllLines(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void run() {
      for (at = 0; at < lines.size(); at++) {
        String operation = lines.get(at).replaceFirst("#.*", "").strip();
        if (!operation.isEmpty()) {
          run(operation.split(" "));
        }
      }
      assertTrue(checks > 0, file + " checks nothing");
    }

    private void run(String[] words) {
      String here = file + ":" + (at + 1);
      switch (words[0]) {
        case "map" ->
            map =
                words.length > 1 && words[1].equals("raw")
                    ? implementation.rawEmpty()
                    : implementation.empty();
        case "put" -> map = map.put(number(words[1]), number(words[2]));
        case "del" -> map = map.remove(number(words[1]));
        case "fill", "clear" -> fill(words);
        case "save" -> registers.put(number(words[1]), map);
        case "merge" ->
            map = map.putAll(registers.getOrDefault(number(words[1]), implementation.empty()));
        case "size" -> check(here, number(words[1]), (long) map.size());
        case "get" -> {
          long key = number(words[1]);
          check(here, words[2].equals("absent"), !map.containsKey(key));
          if (!words[2].equals("absent")) {
            long value = number(words[2]);
            check(here, value, map.get(key, ~value));
          }
        }
        case "dump" -> check(here, expectedDump(), map.dump());
        default -> throw new AssertionError(here + ": unknown operation " + words[0]);
      }
    }

    private void fill(String[] words) {
      long key = number(words[1]);
      long stride = number(words[3]);
      for (long left = number(words[2]); left > 0; left--, key += stride) {
        map = words[0].equals("fill") ? map.put(key, key * 3 + 1) : map.remove(key);
      }
    }

    /** The lines that follow and start with a bar; the current line is then the last of them. */
    private String expectedDump() {
      StringBuilder text = new StringBuilder();
      while (at + 1 < lines.size() && lines.get(at + 1).startsWith("| ")) {
        text.append(lines.get(++at), 2, lines.get(at).length()).append('\n');
      }
      return text.toString();
    }

    private void check(String here, Object expected, Object actual) {
      checks++;
      assertEquals(expected, actual, here);
    }

    private static long number(String word) {
      return word.startsWith("0x")
          ? Long.parseUnsignedLong(word, 2, word.length(), 16)
          : Long.parseUnsignedLong(word);
    }
  }
}
