package io.contexture.bench.tool;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads files of results, which may come from anywhere, and refuses what isn't one, in a line that
 * names the file. What it returns needs no further look: names are there and are of one line,
 * figures are finite, no two measurements are of the same.
 */
final class ResultFiles {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  private static final Set<String> UNITS =
      Set.of(Measurement.TIME, Measurement.BYTES, Measurement.INSTRUCTIONS);
  private static final Set<String> BACKENDS = Set.of("native", "java", "c", Trial.NO_BACKEND);

  /** Control characters and the like, which no name has. */
  private static final Pattern UNPRINTABLE = Pattern.compile("\\p{C}");

  /** What may be text of any form, as it is the user's or the system's. */
  private static final Set<JsonPointer> FREE =
      Set.of(JsonPointer.compile("/unavailable"), JsonPointer.compile("/filter"));

  /** Nothing that anybody measures here is larger: nanoseconds of eleven days. */
  private static final double MOST = 1e15;

  private ResultFiles() {}

  /**
   * Reads a file.
   *
   * @throws UsageException if there is none, or it isn't one of these
   */
  static Results read(Path file) {
    return results(tree(file), file);
  }

  /**
   * Reads a file that may hold several results, as that of {@code bench/counts/run} does.
   *
   * @throws UsageException if there is none, or it isn't one of these
   */
  static List<Column> readAll(Path file) {
    JsonNode json = tree(file);
    List<Results> all = Counts.isOne(json) ? Counts.read(json, file) : List.of(results(json, file));
    return all.stream().map(results -> new Column(file.toString(), results)).toList();
  }

  /** Says that a file isn't one of results. */
  static UsageException broken(Path file, String why) {
    return new UsageException(file + " isn't a result file: " + why);
  }

  private static JsonNode tree(Path file) {
    try {
      JsonNode json = MAPPER.readTree(file.toFile());
      if (!json.isObject()) {
        throw broken(file, "it holds no object");
      }
      checkTexts(json, JsonPointer.empty(), file);
      return json;
    } catch (JsonEOFException e) {
      throw broken(file, "it ends too early, in line " + e.getLocation().getLineNr());
    } catch (JsonProcessingException e) {
      throw broken(file, printable(e));
    } catch (IOException e) {
      throw new UsageException("can't read " + file + ": " + e);
    }
  }

  private static void checkTexts(JsonNode json, JsonPointer at, Path file) {
    if (json.isNull()) {
      throw broken(file, at + " is null");
    }
    if (json.isTextual() && UNPRINTABLE.matcher(json.textValue()).find()) {
      throw broken(file, at + " has characters that can't be printed");
    }
    for (int i = 0; i < json.size() && json.isArray(); i++) {
      checkTexts(json.get(i), at.appendIndex(i), file);
    }
    json.forEachEntry(
        (name, value) -> {
          if (UNPRINTABLE.matcher(name).find()) {
            throw broken(file, "a name in " + at + "/ has characters that can't be printed");
          }
          JsonPointer there = at.appendProperty(name);
          if (!FREE.contains(there)) {
            checkTexts(value, there, file);
          }
        });
  }

  private static Results results(JsonNode json, Path file) {
    Results read;
    try {
      read = MAPPER.treeToValue(json, Results.class);
    } catch (UnrecognizedPropertyException e) {
      throw broken(file, "nobody knows its “%s”".formatted(where(e)));
    } catch (JsonMappingException e) {
      throw broken(file, "“%s” is of the wrong type".formatted(where(e)));
    } catch (JsonProcessingException e) {
      throw broken(file, printable(e));
    }
    if (read.format() != Results.FORMAT) {
      throw new UsageException(
          "%s has format %d, and this reads format %d: measure again, or use the version that wrote it"
              .formatted(file, read.format(), Results.FORMAT));
    }
    Machine machine = read.machine();
    if (machine == null
        || areMissing(read.lane(), machine.id(), machine.os(), machine.architecture())
        || areMissing(machine.cpu())
        || !json.at("/machine/emulated").isBoolean()) {
      throw new UsageException(file + " doesn't say how and on what it was measured");
    }
    if (areMissing(read.commit())) {
      throw new UsageException(file + " doesn't say of what commit it is: measure again");
    }
    check(read.measurements(), file);
    return read;
  }

  /** Where in a file something is wrong: {@code measurements/0/unit}. */
  private static String where(JsonMappingException e) {
    return e.getPath().stream()
        .map(step -> step.getFieldName() == null ? step.getIndex() + "" : step.getFieldName())
        .collect(Collectors.joining("/"));
  }

  private static String printable(JsonProcessingException e) {
    return UNPRINTABLE.matcher(e.getOriginalMessage()).replaceAll(" ");
  }

  private static boolean areMissing(String... names) {
    return Stream.of(names).anyMatch(name -> name == null || name.isBlank());
  }

  /** Refuses measurements that can't be. */
  static void check(List<Measurement> measurements, Path file) {
    Set<String> keys = new HashSet<>();
    for (Measurement m : measurements) {
      if (areMissing(m.benchmark(), m.method(), m.backend(), m.unit())) {
        throw broken(file, "a measurement lacks its benchmark, method, backend or unit");
      }
      if (!UNITS.contains(m.unit()) || !BACKENDS.contains(m.backend())) {
        throw broken(
            file,
            "%s is on the backend “%s” in “%s”, which nobody knows"
                .formatted(m.operation(), m.backend(), m.unit()));
      }
      if (m.forks().isEmpty() || m.forks().stream().anyMatch(List::isEmpty)) {
        throw broken(file, m.key() + " has no figures");
      }
      Stream<Double> figures =
          Stream.of(m.forks().stream().flatMap(List::stream), m.bytes().stream())
              .flatMap(each -> each);
      if (!Stream.concat(figures, m.counters().values().stream())
          .allMatch(ResultFiles::isPossible)) {
        throw broken(file, m.key() + " has figures that nothing can be");
      }
      if (!keys.add(m.key())) {
        throw broken(file, "it has %s twice".formatted(m.key()));
      }
    }
  }

  private static boolean isPossible(double value) {
    return Math.abs(value) <= MOST; // which isn't so of NaN
  }
}
