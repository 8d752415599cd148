package io.contexture.bench.tool;

import io.contexture.bench.Footprint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.NullOutputStream;

/** What a profile runs, question by question: which methods with which parameters on what. */
final class Plan {
  private static final String BACKEND = "backend";

  private Plan() {}

  /**
   * The trials of each question.
   *
   * @param suite the questions
   * @param profile chooses among them
   * @param filter a regular expression that is to occur in the full names of the benchmarks
   * @param backends those that can run here
   */
  static Map<Suite.Question, List<Trial>> of(
      Suite suite, Profile profile, String filter, Collection<String> backends) {
    Map<String, Map<String, Map<String, List<String>>>> known = benchmarks();
    Pattern wanted = Pattern.compile(filter);
    Map<Suite.Question, List<Trial>> plan = new LinkedHashMap<>();
    for (Suite.Question question : suite.questions()) {
      Map<String, Map<String, List<String>>> methods = known.get(question.benchmark());
      if (methods == null) {
        throw new IllegalStateException("suite.json: no benchmarks in " + question.benchmark());
      }
      Set<Trial> trials = new LinkedHashSet<>();
      for (Suite.Selection selection :
          profile == Profile.QUICK ? question.quick() : question.full()) {
        methods.forEach(
            (method, params) -> {
              String name = Trial.PACKAGE + question.benchmark() + "." + method;
              if (method.matches(selection.methods()) && wanted.matcher(name).find()) {
                combinations(params, selection.params())
                    .forEach(some -> trials.addAll(trials(question, method, some, backends)));
              }
            });
      }
      if (!trials.isEmpty()) {
        plan.put(question, profile == Profile.SMOKE ? oneOfEach(trials) : List.copyOf(trials));
      }
    }
    return plan;
  }

  private static List<Trial> trials(
      Suite.Question question,
      String method,
      Map<String, String> params,
      Collection<String> backends) {
    if (!question.isOurs(question.subjectOf(method, params))) {
      return List.of(new Trial(question.benchmark(), method, params, Trial.NO_BACKEND));
    }
    return backends.stream()
        .filter(question.on()::contains)
        .map(backend -> new Trial(question.benchmark(), method, params, backend))
        .toList();
  }

  /** A method is the same code for all values of its parameters, but for those that choose it. */
  private static List<Trial> oneOfEach(Collection<Trial> trials) {
    Map<List<String>, Trial> first = new LinkedHashMap<>();
    for (Trial trial : trials) {
      first.putIfAbsent(
          List.of(
              trial.benchmark(),
              trial.method(),
              trial.params().getOrDefault("map", ""),
              trial.backend()),
          trial);
    }
    return List.copyOf(first.values());
  }

  private static List<Map<String, String>> combinations(
      Map<String, List<String>> params, Map<String, List<String>> chosen) {
    List<Map<String, String>> all = List.of(Map.of());
    for (Map.Entry<String, List<String>> param : params.entrySet()) {
      List<Map<String, String>> more = new ArrayList<>();
      for (Map<String, String> some : all) {
        for (String value : chosen.getOrDefault(param.getKey(), param.getValue())) {
          Map<String, String> extended = new TreeMap<>(some);
          extended.put(param.getKey(), value);
          more.add(extended);
        }
      }
      all = more;
    }
    return all;
  }

  /** Class → method → parameter → its values, of everything that there is. */
  static Map<String, Map<String, Map<String, List<String>>>> benchmarks() {
    Map<String, Map<String, Map<String, List<String>>>> all = new TreeMap<>();
    for (BenchmarkListEntry entry :
        BenchmarkList.defaultList()
            .getAll(
                OutputFormatFactory.createFormatInstance(
                    new java.io.PrintStream(
                        new NullOutputStream(), false, java.nio.charset.StandardCharsets.UTF_8),
                    VerboseMode.SILENT),
                List.of())) {
      String name = entry.getUsername();
      String type = name.substring(0, name.lastIndexOf('.'));
      Map<String, List<String>> params = new TreeMap<>();
      entry
          .getParams()
          .orElse(Map.of())
          .forEach((param, values) -> params.put(param, List.of(values)));
      params.remove(BACKEND);
      all.computeIfAbsent(type.substring(type.lastIndexOf('.') + 1), t -> new TreeMap<>())
          .put(name.substring(name.lastIndexOf('.') + 1), params);
    }
    all.put(Footprint.class.getSimpleName(), Footprint.METHODS);
    return all;
  }
}
