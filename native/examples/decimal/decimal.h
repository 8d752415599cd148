/*
 * decimal.h - decimal numbers whose precision comes from the context.
 *
 * No function here takes a number of digits: like a deadline or a tenant, that is something which
 * code far down needs and nobody wants to pass through every signature. It is a context variable.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

#include <contexture.h>

#define DECIMAL_MAX_DIGITS 17u
#define DECIMAL_TEXT 32u

/* coefficient * 10^exponent; the coefficient isn't negative. */
struct decimal {
  uint64_t coefficient;
  int32_t exponent;
};

/* The variables of this module, made once in a process. */
struct decimal_module {
  cx_var precision; /* significant digits of every result, 1 to DECIMAL_MAX_DIGITS; 9 if not set */
};

int32_t decimal_module_new(cx_runtime *runtime, struct decimal_module *out);

/* *out = a / b in the precision of the thread's context, rounded half up. CX_INVALID if b is 0. */
int32_t decimal_divide(
    const struct decimal_module *module, cx_thread thread, struct decimal a, struct decimal b,
    struct decimal *out);

/* *out = a + b likewise. */
int32_t decimal_add(
    const struct decimal_module *module, cx_thread thread, struct decimal a, struct decimal b,
    struct decimal *out);

/* The usual notation, with a final NUL. */
void decimal_text(struct decimal number, char text[DECIMAL_TEXT]);

#endif
