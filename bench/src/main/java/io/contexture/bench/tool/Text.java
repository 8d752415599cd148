package io.contexture.bench.tool;

import java.util.Locale;
import java.util.regex.Pattern;

/** How figures are written. */
final class Text {
  private Text() {}

  /** What would end a line where a text is of one line. */
  private static final Pattern BREAKS = Pattern.compile("\\R|\t");

  /** What would command a terminal, reorder a line, or may not be in XML. */
  private static final Pattern CONTROLS =
      Pattern.compile("[\\p{Cc}\\p{Cs}\\u202A-\\u202E\\u2066-\\u2069\\uFFFE\\uFFFF]");

  /** In one line, without characters that do anything but be seen. */
  static String plain(String text) {
    return CONTROLS.matcher(BREAKS.matcher(text).replaceAll(" ")).replaceAll("\uFFFD");
  }

  /** Three digits that count, or the whole number; a dash for what is no number. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    double size = Math.abs(value);
    String form = size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, form, value);
  }

  /** A figure and its error, with as many digits; a dash for what is no number. */
  static String figure(Figure figure) {
    if (!figure.isKnown()) {
      return "–";
    }
    double size = Math.abs(figure.value());
    String form = size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%.0f";
    return figure.isErrorKnown()
        ? String.format(Locale.ROOT, form + " ± " + form, figure.value(), figure.error())
        : String.format(Locale.ROOT, form, figure.value());
  }

  /** A number of bytes; what JMH itself allocates is none. */
  static String bytes(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    return (Math.abs(value) < 0.5 ? "0" : String.format(Locale.ROOT, "%.0f", value)) + " B";
  }

  /** A name as one reads it: {@code longContextVar} becomes {@code long context var}. */
  static String words(String name) {
    return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }
}
