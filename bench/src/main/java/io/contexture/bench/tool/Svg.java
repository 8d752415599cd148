package io.contexture.bench.tool;

import io.contexture.bench.tool.Document.Bar;
import io.contexture.bench.tool.Document.Plot;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Draws a plot: a bar to the right for each figure, or a dot where the axis is logarithmic, as the
 * length of a bar would mean nothing there; each with its error and its number.
 */
final class Svg {
  private static final int WIDTH = 900;
  private static final int LEFT = 270;
  private static final int RIGHT = 760;
  private static final int ROW = 22;
  private static final int GROUP = 26;
  private static final int TOP = 30;
  private static final int BOTTOM = 12;

  private final Plot plot;
  private final StringBuilder out = new StringBuilder();
  private double low;
  private double high;

  private Svg(Plot plot) {
    this.plot = plot;
  }

  /** How far an error is drawn: not at all if it isn't known. */
  private static double error(Bar bar) {
    return bar.figure().isErrorKnown() ? bar.figure().error() : 0;
  }

  static String of(Plot plot) {
    return new Svg(plot).draw();
  }

  private String draw() {
    scale();
    int height = TOP + BOTTOM + heightOfBars();
    out.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">%n",
            WIDTH,
            height));
    text(LEFT - 8, TOP - 12, "weak", "end", plot.unit());
    for (double tick : ticks()) {
      line("grid", x(tick), TOP - 6, x(tick), height - BOTTOM);
      text(x(tick), TOP - 12, "weak", "middle", label(tick));
    }
    if (!Double.isNaN(plot.limit())) {
      line("limit", x(plot.limit()), TOP - 6, x(plot.limit()), height - BOTTOM);
    }
    int y = TOP;
    String group = "";
    for (Bar bar : plot.bars()) {
      if (!bar.group().equals(group)) {
        group = bar.group();
        y += GROUP;
        text(8, y - 8, "group", "start", group);
      }
      draw(bar, y);
      y += ROW;
    }
    return out.append("</svg>\n").toString();
  }

  private int heightOfBars() {
    int height = 0;
    String group = "";
    for (Bar bar : plot.bars()) {
      height += bar.group().equals(group) ? ROW : ROW + GROUP;
      group = bar.group();
    }
    return height;
  }

  private void draw(Bar bar, int y) {
    double value = bar.figure().value();
    double error = error(bar);
    double middle = y + ROW / 2.0;
    String fill = "fill-" + Html.style(bar.kind());
    text(LEFT - 8, middle + 4, "", "end", bar.label());
    if (plot.logarithmic()) {
      out.append(
          String.format(
              Locale.ROOT,
              "<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"5\" />%n",
              fill,
              number(x(value)),
              number(middle)));
    } else {
      double from = Math.min(x(0), x(value));
      out.append(
          String.format(
              Locale.ROOT,
              "<rect class=\"%s\" x=\"%s\" y=\"%d\" width=\"%s\" height=\"%d\" rx=\"2\" />%n",
              fill,
              number(from),
              y + 4,
              number(Math.max(1, Math.abs(x(value) - x(0)))),
              ROW - 8));
    }
    if (error > 0) {
      line("error", x(value - error), middle, x(value + error), middle);
      line("error", x(value - error), middle - 4, x(value - error), middle + 4);
      line("error", x(value + error), middle - 4, x(value + error), middle + 4);
    }
    text(RIGHT + 12, middle + 4, "", "start", Text.figure(bar.figure()));
  }

  // ------------------------------------------------------------------------------- the axis

  private void scale() {
    low = Double.POSITIVE_INFINITY;
    high = Double.NEGATIVE_INFINITY;
    for (Bar bar : plot.bars()) {
      double value = bar.figure().value();
      double error = error(bar);
      // An error as large as the value says nothing that a wider axis would show.
      low = Math.min(low, value - Math.min(error, Math.abs(value) / 2));
      high = Math.max(high, value + Math.min(error, Math.abs(value)));
    }
    if (!Double.isNaN(plot.limit())) {
      low = Math.min(low, plot.limit());
      high = Math.max(high, plot.limit());
    }
    if (plot.logarithmic()) {
      low = Math.max(low, high / 1e6);
      low = low / 1.2;
      high = high * 1.2;
    } else {
      low = Math.min(0, low);
      high = Math.max(0, high);
      high = high <= low ? low + 1 : high + (high - low) * 0.03;
    }
  }

  private double x(double value) {
    double part =
        plot.logarithmic()
            ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
            : (value - low) / (high - low);
    return LEFT + Math.clamp(part, 0, 1) * (RIGHT - LEFT);
  }

  private List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (plot.logarithmic()) {
      boolean fine = high / low < 200;
      for (int power = -9; power <= 12; power++) {
        for (int digit : fine ? new int[] {1, 2, 5} : new int[] {1}) {
          double tick = digit * Math.pow(10, power);
          if (tick >= low && tick <= high) {
            ticks.add(tick);
          }
        }
      }
    } else {
      double step = Math.pow(10, Math.floor(Math.log10((high - low) / 4)));
      for (int factor : new int[] {1, 2, 5, 10}) {
        if ((high - low) / (step * factor) <= 6) {
          step *= factor;
          break;
        }
      }
      for (double tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
        ticks.add(tick);
      }
    }
    return ticks;
  }

  private static String label(double tick) {
    return Math.abs(tick - Math.rint(tick)) < 1e-9
        ? String.format(Locale.ROOT, "%.0f", tick)
        : String.format(Locale.ROOT, "%.3f", tick).replaceAll("0+$", "");
  }

  // ----------------------------------------------------------------------------- the elements

  private void line(String style, double x1, double y1, double x2, double y2) {
    out.append(
        String.format(
            Locale.ROOT,
            "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" />%n",
            style,
            number(x1),
            number(y1),
            number(x2),
            number(y2)));
  }

  private void text(double x, double y, String style, String anchor, String text) {
    out.append(
        String.format(
            Locale.ROOT,
            "<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>%n",
            style,
            number(x),
            number(y),
            anchor,
            Html.escaped(text)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
