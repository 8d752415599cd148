/*
 * decimal.c - long division and addition to as many digits as the context says.
 */
#include "decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define USUAL_PRECISION 9u

int32_t decimal_module_new(cx_runtime *runtime, struct decimal_module *out) {
  return cx_var_new(runtime, &out->precision);
}

/* The number of digits that results have here and now. */
static int32_t precision(const struct decimal_module *module, cx_thread thread, uint64_t *digits) {
  *digits = USUAL_PRECISION;
  int32_t status = cx_var_lookup(thread, &module->precision, 0, digits);
  if (status < 0) {
    return status;
  }
  return *digits >= 1 && *digits <= DECIMAL_MAX_DIGITS ? CX_OK : CX_INVALID;
}

static uint64_t power_of_ten(uint64_t exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) {
    power *= 10;
  }
  return power;
}

/* Half up; `sticky` is half of the last place or more that the coefficient doesn't show. */
static struct decimal round_up(struct decimal number, uint64_t limit, int sticky) {
  number.coefficient += sticky != 0 ? 1 : 0;
  if (number.coefficient == limit) { /* 9.99 has become 10.00 */
    number.coefficient /= 10;
    number.exponent++;
  }
  return number;
}

static struct decimal without_trailing_zeros(struct decimal number) {
  while (number.coefficient != 0 && number.coefficient % 10 == 0) {
    number.coefficient /= 10;
    number.exponent++;
  }
  return number;
}

int32_t decimal_divide(
    const struct decimal_module *module, cx_thread thread, struct decimal a, struct decimal b,
    struct decimal *out) {
  uint64_t digits;
  int32_t status = precision(module, thread, &digits);
  if (status != CX_OK) {
    return status;
  }
  if (b.coefficient == 0 || b.coefficient > power_of_ten(DECIMAL_MAX_DIGITS)) {
    return CX_INVALID;
  }
  struct decimal quotient = {a.coefficient / b.coefficient, a.exponent - b.exponent};
  uint64_t rest = a.coefficient % b.coefficient;
  uint64_t limit = power_of_ten(digits);
  int round = 0;
  while (quotient.coefficient >= limit) { /* too many digits already */
    round = quotient.coefficient % 10 >= 5;
    quotient.coefficient /= 10;
    quotient.exponent++;
    rest = 0;
  }
  while (rest != 0 && quotient.coefficient < limit / 10) {
    rest *= 10;
    quotient.coefficient = quotient.coefficient * 10 + rest / b.coefficient;
    quotient.exponent--;
    rest %= b.coefficient;
  }
  if (rest != 0) {
    round = rest >= b.coefficient - rest;
  }
  *out = without_trailing_zeros(round_up(quotient, limit, round));
  return CX_OK;
}

int32_t decimal_add(
    const struct decimal_module *module, cx_thread thread, struct decimal a, struct decimal b,
    struct decimal *out) {
  uint64_t digits;
  int32_t status = precision(module, thread, &digits);
  if (status != CX_OK) {
    return status;
  }
  if (a.exponent < b.exponent) {
    struct decimal swapped = a;
    a = b;
    b = swapped;
  }
  uint64_t room = power_of_ten(DECIMAL_MAX_DIGITS);
  for (; a.exponent > b.exponent && a.coefficient < room; a.exponent--) {
    a.coefficient *= 10;
  }
  int round = 0;
  for (; a.exponent > b.exponent; b.exponent++) {
    round = b.coefficient % 10 >= 5;
    b.coefficient /= 10;
  }
  struct decimal sum = {a.coefficient + b.coefficient, a.exponent};
  uint64_t limit = power_of_ten(digits);
  while (sum.coefficient >= limit) {
    round = sum.coefficient % 10 >= 5;
    sum.coefficient /= 10;
    sum.exponent++;
  }
  *out = without_trailing_zeros(round_up(sum, limit, round));
  return CX_OK;
}

void decimal_text(struct decimal number, char text[DECIMAL_TEXT]) {
  char digits[DECIMAL_TEXT];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, number.coefficient);
  if (number.exponent == 0) {
    (void)snprintf(text, DECIMAL_TEXT, "%s", digits);
  } else if (number.exponent > 0 || number.exponent < -9) {
    (void)snprintf(text, DECIMAL_TEXT, "%.20se%d", digits, (int)number.exponent);
  } else if (length + number.exponent > 0) {
    int point = length + number.exponent;
    (void)snprintf(text, DECIMAL_TEXT, "%.*s.%.10s", point, digits, digits + point);
  } else {
    (void)snprintf(
        text, DECIMAL_TEXT, "0.%.*s%.20s", -(length + number.exponent), "000000000", digits);
  }
}
