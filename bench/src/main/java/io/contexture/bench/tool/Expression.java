package io.contexture.bench.tool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is to be calculated from measurements, as a line of text.
 *
 * <pre>
 *   sum    =  part { "-" part } [ "/" number ]
 *   part   =  "min(" sum { ";" sum } ")"   |   "(" sum ")"   |   term
 *   term   =  Class.method [ "{" name=value { "," name=value } "}" ] [ "#" counter ] [ "@" backend ]
 * </pre>
 *
 * <p>{@code min} takes the one that is fastest, and leaves out what wasn't measured. Spaces are of
 * no importance.
 */
sealed interface Expression {
  /** One operation. */
  record Term(
      String benchmark, String method, Map<String, String> params, String counter, String backend)
      implements Expression {
    /** Whether a measurement is of this operation, whatever the backend. */
    boolean matches(Measurement m) {
      return m.benchmark().equals(benchmark)
          && m.method().equals(method)
          && params.entrySet().stream()
              .allMatch(p -> p.getValue().equals(m.params().get(p.getKey())));
    }
  }

  /** The first less the others, divided by a number. */
  record Difference(List<Expression> parts, double divisor) implements Expression {}

  /** The fastest. */
  record Least(List<Expression> parts) implements Expression {}

  /**
   * The value, {@link Figure#NONE} if something wasn't measured.
   *
   * @param measured what is asked about an operation
   * @param time its time, which decides what is fastest
   */
  default Figure evaluate(Function<Term, Figure> measured, Function<Term, Figure> time) {
    return switch (this) {
      case Term term -> measured.apply(term);
      case Difference it -> {
        Figure sum = it.parts().getFirst().evaluate(measured, time);
        for (Expression part : it.parts().subList(1, it.parts().size())) {
          sum = sum.minus(part.evaluate(measured, time));
        }
        yield sum.dividedBy(it.divisor());
      }
      case Least it ->
          it.parts().stream()
              .filter(part -> part.evaluate(time, time).isKnown())
              .min(Comparator.comparingDouble(part -> part.evaluate(time, time).value()))
              .map(part -> part.evaluate(measured, time))
              .orElse(Figure.NONE);
    };
  }

  /** All operations that occur. */
  default List<Term> terms() {
    return switch (this) {
      case Term term -> List.of(term);
      case Difference it -> it.parts().stream().flatMap(p -> p.terms().stream()).toList();
      case Least it -> it.parts().stream().flatMap(p -> p.terms().stream()).toList();
    };
  }

  /**
   * Reads an expression.
   *
   * @throws IllegalArgumentException if it isn't one
   */
  static Expression parse(String text) {
    Parser parser = new Parser(text.replaceAll("\\s", ""));
    Expression read = parser.sum();
    parser.expectEnd();
    return read;
  }

  /** Reads from left to right. */
  final class Parser {
    private final String text;
    private int at;

    private Parser(String text) {
      this.text = text;
    }

    private Expression sum() {
      List<Expression> parts = new ArrayList<>(List.of(part()));
      while (accept("-")) {
        parts.add(part());
      }
      double divisor = accept("/") ? Double.parseDouble(word("0123456789.")) : 1;
      return parts.size() == 1 && divisor == 1 ? parts.getFirst() : new Difference(parts, divisor);
    }

    private Expression part() {
      if (accept("min(")) {
        List<Expression> parts = new ArrayList<>(List.of(sum()));
        while (accept(";")) {
          parts.add(sum());
        }
        expect(")");
        return new Least(parts);
      }
      if (accept("(")) {
        Expression inner = sum();
        expect(")");
        return inner;
      }
      String benchmark = name();
      expect(".");
      String method = name();
      Map<String, String> params = new LinkedHashMap<>();
      if (accept("{")) {
        int end = text.indexOf('}', at);
        if (end < 0) {
          throw wrong("}");
        }
        params.putAll(
            Arrays.stream(text.substring(at, end).split(","))
                .map(p -> p.split("=", 2))
                .collect(Collectors.toMap(p -> p[0], p -> p[1])));
        at = end + 1;
      }
      String counter = accept("#") ? name() : null;
      return new Term(benchmark, method, params, counter, accept("@") ? name() : null);
    }

    private String name() {
      int from = at;
      while (at < text.length() && Character.isJavaIdentifierPart(text.charAt(at))) {
        at++;
      }
      if (from == at) {
        throw wrong("a name");
      }
      return text.substring(from, at);
    }

    private String word(String letters) {
      int from = at;
      while (at < text.length() && letters.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
      return text.substring(from, at);
    }

    private boolean accept(String what) {
      boolean there = text.startsWith(what, at);
      at += there ? what.length() : 0;
      return there;
    }

    private void expect(String what) {
      if (!accept(what)) {
        throw wrong(what);
      }
    }

    private void expectEnd() {
      if (at < text.length()) {
        throw wrong("the end");
      }
    }

    private IllegalArgumentException wrong(String expected) {
      return new IllegalArgumentException("%s expected at %d of %s".formatted(expected, at, text));
    }
  }
}
