package io.contexture.bench.tool;

import java.util.Arrays;
import java.util.List;

/**
 * A report as it is meant, before it is Markdown or HTML.
 *
 * @param title its heading
 * @param about what one has to know, a paragraph each
 * @param key what the colors of the plots mean
 * @param sections its parts
 */
record Document(String title, List<String> about, List<Key> key, List<Section> sections) {
  /**
   * The meaning of a color.
   *
   * @param kind which
   * @param label what it means
   */
  record Key(Kind kind, String label) {}

  /**
   * A part with a heading.
   *
   * @param title the heading
   * @param text a paragraph; nothing if empty
   * @param blocks tables, each with its plot
   */
  record Section(String title, String text, List<Block> blocks) {}

  /**
   * A table and what is drawn beside it.
   *
   * @param title what is above it; nothing if empty
   * @param columns the headings, that of the first column included
   * @param rows as many cells as there are columns
   * @param plot what is drawn; {@code null} for nothing
   */
  record Block(String title, List<String> columns, List<List<Cell>> rows, Plot plot) {}

  /**
   * A cell.
   *
   * @param lines its text; the first is the most important
   * @param kind how it looks
   */
  record Cell(List<String> lines, Kind kind) {
    static Cell of(String... lines) {
      return new Cell(List.of(lines), Kind.PLAIN);
    }

    static Cell of(Kind kind, String... lines) {
      return new Cell(List.of(lines), kind);
    }
  }

  /** How a cell looks. */
  enum Kind {
    /** A peer, or anything else. */
    PLAIN,
    /** What a row is about. */
    NAME,
    /** Ours on the native backend. */
    NATIVE,
    /** Ours on the Java backend. */
    JAVA,
    /** A goal that is met; faster than before. */
    GOOD,
    /** A goal that is missed; slower than before. */
    BAD;

    /** How what ran on a backend looks. */
    static Kind ofBackend(String backend) {
      return switch (backend) {
        case "native" -> NATIVE;
        case "java" -> JAVA;
        default -> PLAIN;
      };
    }
  }

  /**
   * Bars with errors, in groups, or marks on a scale with a limit.
   *
   * @param unit what the axis is
   * @param logarithmic whether the axis is
   * @param limit where a line is drawn; {@code NaN}: none
   * @param bars from top to bottom; what is no number has no place on an axis and is left out
   */
  record Plot(String unit, boolean logarithmic, double limit, List<Bar> bars) {
    /** Bars can't be told apart where one is that many times as long as another. */
    private static final double LINEAR_RANGE = 30;

    Plot {
      bars = known(bars);
    }

    private static List<Bar> known(List<Bar> bars) {
      return bars.stream().filter(bar -> bar.figure().isKnown()).toList();
    }

    /** Of figures without a limit; logarithmic if they are too far apart for bars. */
    static Plot of(String unit, List<Bar> bars) {
      double[] values = known(bars).stream().mapToDouble(b -> b.figure().value()).toArray();
      double most = Arrays.stream(values).max().orElse(1);
      double least = Arrays.stream(values).min().orElse(1);
      return new Plot(unit, least > 0 && most / least > LINEAR_RANGE, Double.NaN, bars);
    }
  }

  /**
   * A bar.
   *
   * @param group what it stands under; the same for neighbours that belong together
   * @param label what it is
   * @param figure how long it is
   * @param kind its color
   */
  record Bar(String group, String label, Figure figure, Kind kind) {}
}
