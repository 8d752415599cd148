/*
 * runtime_test.c - numbers are given out once.
 */
#include "runtime.h"

#include "check.h"

static void numbers_are_consecutive_and_start_after_zero(void) {
  cx_runtime *runtime;
  CHECK_STATUS(CX_OK, cx_runtime_new(&runtime));
  uint64_t first;
  CHECK_STATUS(CX_OK, cx_runtime_reserve(runtime, 10, &first));
  CHECK(first >= 1);
  uint64_t second;
  CHECK_STATUS(CX_OK, cx_runtime_reserve(runtime, 1, &second));
  CHECK_EQUAL(first + 10, second);
  cx_runtime_free(runtime);
  cx_runtime_free(NULL);
}

static void runtimes_share_nothing(void) {
  cx_runtime *a;
  cx_runtime *b;
  CHECK_STATUS(CX_OK, cx_runtime_new(&a));
  CHECK_STATUS(CX_OK, cx_runtime_new(&b));
  uint64_t from_a;
  uint64_t from_b;
  CHECK_STATUS(CX_OK, cx_runtime_reserve(a, 1000, &from_a));
  CHECK_STATUS(CX_OK, cx_runtime_reserve(b, 1, &from_b));
  CHECK_EQUAL(from_a, from_b);
  cx_runtime_free(a);
  cx_runtime_free(b);
}

static void exhausted_counter_says_so_and_never_wraps(void) {
  cx_runtime *runtime;
  CHECK_STATUS(CX_OK, cx_runtime_new(&runtime));
  runtime->next = RUNTIME_LIMIT - 10;
  uint64_t first = 77;
  CHECK_STATUS(CX_EXHAUSTED, cx_runtime_reserve(runtime, 11, &first));
  CHECK_STATUS(CX_EXHAUSTED, cx_runtime_reserve(runtime, UINT64_MAX, &first));
  CHECK_EQUAL(77, first);
  CHECK_STATUS(CX_OK, cx_runtime_reserve(runtime, 10, &first));
  CHECK_EQUAL(RUNTIME_LIMIT - 10, first);
  first = 77;
  for (int i = 0; i < 10; i++) {
    CHECK_STATUS(CX_EXHAUSTED, cx_runtime_reserve(runtime, 1, &first));
  }
  CHECK_EQUAL(77, first);
  CHECK_EQUAL(RUNTIME_LIMIT, runtime->next);

  cx_var var = {5, 5};
  CHECK_STATUS(CX_EXHAUSTED, cx_var_new(runtime, &var));
  CHECK_STATUS(CX_EXHAUSTED, cx_var_touch(runtime, &var));
  CHECK_EQUAL(5, var.version);
  cx_record *thread = NULL;
  CHECK_STATUS(CX_EXHAUSTED, cx_record_new(runtime, &thread));
  CHECK_SAME(NULL, thread);
  cx_runtime_free(runtime);
}

static void bad_arguments_are_refused(void) {
  cx_runtime *runtime;
  CHECK_STATUS(CX_OK, cx_runtime_new(&runtime));
  uint64_t first = 77;
  CHECK_STATUS(CX_INVALID, cx_runtime_new(NULL));
  CHECK_STATUS(CX_INVALID, cx_runtime_reserve(NULL, 1, &first));
  cx_runtime *odd = (cx_runtime *)(void *)((uint8_t *)runtime + 4);
  CHECK_STATUS(CX_INVALID, cx_runtime_reserve(odd, 1, &first));
  CHECK_STATUS(CX_INVALID, cx_runtime_reserve(runtime, 0, &first));
  CHECK_STATUS(CX_INVALID, cx_runtime_reserve(runtime, 1, NULL));
  CHECK_EQUAL(77, first);
  cx_runtime_free(runtime);
}

TEST_MAIN(
    CASE(numbers_are_consecutive_and_start_after_zero), CASE(runtimes_share_nothing),
    CASE(exhausted_counter_says_so_and_never_wraps), CASE(bad_arguments_are_refused))
