/*
 * main.c - two coroutines in one thread, interleaved, each with its own precision: the case for
 * which execution contexts were designed.
 *
 * Each coroutine sums up 1/1 + 1/2 + 1/3 + ... and hands out every partial sum. The first sets the
 * precision to 3 digits, the second to 8; what calls them has 5 and divides in between. With a
 * variable of the thread, each would spoil the precision of the others. Here each has a logical
 * context, pushed when it is resumed and popped when it yields.
 */
#include <stdio.h>
#include <string.h>

#include "decimal.h"

/* A coroutine as a state machine: what would be its local variables, and where it goes on. */
struct series {
  cx_lc context;
  enum { SERIES_FRESH, SERIES_SUMMING } state;
  uint64_t digits;
  uint64_t next;
  struct decimal sum;
};

/* One resumption, from the push to the yield. */
static int32_t series_body(
    const struct decimal_module *module, cx_thread thread, struct series *series) {
  int32_t status = CX_OK;
  switch (series->state) {
  case SERIES_FRESH:
    status = cx_var_set(thread, &module->precision, series->digits);
    if (status != CX_OK) {
      return status;
    }
    series->state = SERIES_SUMMING;
    series->next = 1;
    /* fall through */
  case SERIES_SUMMING: {
    struct decimal term;
    struct decimal one = {1, 0};
    struct decimal n = {series->next++, 0};
    status = decimal_divide(module, thread, one, n, &term);
    return status != CX_OK ? status : decimal_add(module, thread, series->sum, term, &series->sum);
  }
  }
  return CX_INVALID;
}

static int32_t series_next(
    const struct decimal_module *module, cx_thread thread, struct series *series,
    struct decimal *out) {
  int32_t status = cx_lc_push(thread, series->context);
  if (status != CX_OK) {
    return status;
  }
  status = series_body(module, thread, series);
  *out = series->sum;
  int32_t popped = cx_lc_pop(thread, series->context);
  return status != CX_OK ? status : popped;
}

/* With 3 digits, with 8, and the caller's 2/n with 5. */
static const char *const expected[][3] = {
    {"1", "1", "2"},
    {"1.5", "1.5", "1"},
    {"1.83", "1.8333333", "0.66667"},
    {"2.08", "2.0833333", "0.5"},
    {"2.28", "2.2833333", "0.4"},
    {"2.45", "2.45", "0.33333"},
    {"2.59", "2.5928571", "0.28571"},
    {"2.72", "2.7178571", "0.25"},
};

#define TRY(call)                                                                                  \
  do {                                                                                             \
    int32_t tried = (call);                                                                        \
    if (tried != CX_OK) {                                                                          \
      (void)fprintf(stderr, "%s: %s\n", #call, cx_strerror(tried));                                \
      return 1;                                                                                    \
    }                                                                                              \
  } while (0)

int main(void) {
  cx_runtime *runtime;
  cx_thread thread;
  struct decimal_module module;
  TRY(cx_runtime_new(&runtime));
  TRY(decimal_module_new(runtime, &module));
  TRY(cx_thread_new(runtime, &thread));
  struct series coarse = {.digits = 3};
  struct series fine = {.digits = 8};
  TRY(cx_lc_new(runtime, &coarse.context));
  TRY(cx_lc_new(runtime, &fine.context));

  int wrong = 0;
  TRY(cx_var_set(thread, &module.precision, 5));
  for (uint64_t n = 1; n <= sizeof expected / sizeof *expected; n++) {
    struct decimal results[3];
    struct decimal two = {2, 0};
    struct decimal divisor = {n, 0};
    TRY(series_next(&module, thread, &coarse, &results[0]));
    TRY(series_next(&module, thread, &fine, &results[1]));
    TRY(decimal_divide(&module, thread, two, divisor, &results[2]));
    for (int i = 0; i < 3; i++) {
      char text[DECIMAL_TEXT];
      decimal_text(results[i], text);
      int same = strcmp(text, expected[n - 1][i]) == 0;
      wrong += !same;
      (void)printf("%-10s%s", text, same ? "  " : "! ");
    }
    (void)printf("\n");
  }

  TRY(cx_lc_free(fine.context));
  TRY(cx_lc_free(coarse.context));
  TRY(cx_thread_free(thread));
  TRY(cx_runtime_free(runtime));
  return wrong != 0;
}
