package io.contexture.bench.tool;

import java.util.List;

/**
 * A measured number and how far off it may be: half the width of an interval that holds the true
 * one with a confidence of 95 %, by Student's distribution. Errors are propagated as those of
 * independent quantities. {@code NaN} as an error says that nothing is known about it.
 *
 * @param value the number
 * @param error how far off it may be
 */
record Figure(double value, double error) {
  /** What isn't known. */
  static final Figure NONE = new Figure(Double.NaN, Double.NaN);

  /** Two-sided 97.5 % quantiles of Student's distribution, by degrees of freedom from 1 on. */
  private static final double[] STUDENT = {
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042
  };

  private static final double STUDENT_OF_MANY = 1.960;

  /** A number that is exact. */
  static Figure exactly(double value) {
    return new Figure(value, 0);
  }

  /**
   * The figure of some forks' iterations: the median of the forks' medians, and the error of their
   * mean. One fork tells nothing of how forks differ; then the error is that of its iterations.
   */
  static Figure of(List<? extends List<Double>> forks) {
    double[] medians = forks.stream().mapToDouble(fork -> median(toArray(fork))).toArray();
    double[] spread = medians.length == 1 ? toArray(forks.getFirst()) : medians;
    return medians.length == 0 ? NONE : new Figure(median(medians), errorOfMean(spread));
  }

  /** Whether it is a number: it was measured, and is no ratio to nothing. */
  boolean isKnown() {
    return Double.isFinite(value);
  }

  /** Whether anything is known about its error. */
  boolean isErrorKnown() {
    return Double.isFinite(error);
  }

  Figure minus(Figure other) {
    return new Figure(value - other.value, Math.hypot(error, other.error));
  }

  Figure dividedBy(double number) {
    return new Figure(value / number, error / Math.abs(number));
  }

  /** The quotient; relative errors add up in squares. */
  Figure over(Figure other) {
    double quotient = value / other.value;
    // d(a/b) = da/b - a db/b², which is right for a = 0 as well.
    return new Figure(
        quotient,
        Math.hypot(error / Math.abs(other.value), Math.abs(quotient / other.value) * other.error));
  }

  /** Whether the true value is surely at most {@code limit}. */
  boolean isSurelyAtMost(double limit) {
    return value + error <= limit;
  }

  /** Whether the true value is surely more than {@code limit}. */
  boolean isSurelyMoreThan(double limit) {
    return value - error > limit;
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    java.util.Arrays.sort(sorted);
    int n = sorted.length;
    return n == 0
        ? Double.NaN
        : n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  }

  private static double errorOfMean(double[] values) {
    int n = values.length;
    if (n < 2) {
      return Double.NaN;
    }
    double mean = java.util.Arrays.stream(values).sum() / n;
    double squares = java.util.Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    double student = n - 2 < STUDENT.length ? STUDENT[n - 2] : STUDENT_OF_MANY;
    return student * Math.sqrt(squares / (n - 1) / n);
  }

  private static double[] toArray(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
