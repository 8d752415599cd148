package io.contexture.quickstart;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** The numbers that the server knows to any precision. Plain arithmetic, no context. */
enum Constant {
  SQRT2 {
    @Override
    BigDecimal value(MathContext precision) {
      return BigDecimal.TWO.sqrt(precision);
    }
  },

  /** The sum of 1/n! for all n. */
  E {
    @Override
    BigDecimal value(MathContext precision) {
      MathContext inner = withGuardDigits(precision);
      BigDecimal sum = BigDecimal.ONE;
      BigDecimal term = BigDecimal.ONE;
      for (int n = 1; -exponent(term) <= inner.getPrecision(); n++) {
        term = term.divide(BigDecimal.valueOf(n), inner);
        sum = sum.add(term, inner);
      }
      return sum.round(precision);
    }
  },

  /** Machin's formula: 16 arctan(1/5) - 4 arctan(1/239). */
  PI {
    @Override
    BigDecimal value(MathContext precision) {
      MathContext inner = withGuardDigits(precision);
      BigDecimal large = arctanOfInverse(5, inner).multiply(BigDecimal.valueOf(16));
      BigDecimal small = arctanOfInverse(239, inner).multiply(BigDecimal.valueOf(4));
      return large.subtract(small).round(precision);
    }
  };

  /** The number, rounded to {@code precision}; the last digit may be off by one. */
  abstract BigDecimal value(MathContext precision);

  /** The sum of (-1)^k / ((2k + 1) * x^(2k + 1)) for all k. */
  private static BigDecimal arctanOfInverse(int x, MathContext precision) {
    BigDecimal square = BigDecimal.valueOf((long) x * x);
    BigDecimal power = BigDecimal.ONE.divide(BigDecimal.valueOf(x), precision);
    BigDecimal sum = power;
    for (int k = 1; -exponent(power) <= precision.getPrecision(); k++) {
      power = power.divide(square, precision).negate();
      sum = sum.add(power.divide(BigDecimal.valueOf(2L * k + 1), precision), precision);
    }
    return sum;
  }

  private static MathContext withGuardDigits(MathContext precision) {
    return new MathContext(precision.getPrecision() + 5, RoundingMode.HALF_EVEN);
  }

  /** The power of ten of the leading digit. */
  private static int exponent(BigDecimal number) {
    return number.precision() - number.scale() - 1;
  }
}
