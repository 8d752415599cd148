/*
 * check.h - what the tests are written with: one executable per file, one function per case.
 *
 * A failed check prints where and what, and ends the process; ctest shows the output.
 */
#ifndef CX_CHECK_H
#define CX_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contexture.h"
#include "faults.h"

/* ------------------------------------------------------------------------------- checks -- */

#define CHECK(condition) check_true((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(expected, actual)                                                              \
  check_equal((uint64_t)(expected), (uint64_t)(actual), #actual, __FILE__, __LINE__)
#define CHECK_STATUS(expected, actual)                                                             \
  check_status((expected), ATTEMPT(actual), #actual, __FILE__, __LINE__)
#define CHECK_SAME(expected, actual) check_same((expected), (actual), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(expected, actual) check_text((expected), (actual), #actual, __FILE__, __LINE__)

_Noreturn static inline void check_failed(void) {
  faults_tell();
  exit(1);
}

static inline void check_true(bool condition, const char *what, const char *file, int line) {
  if (!condition) {
    fprintf(stderr, "%s:%d: expected %s\n", file, line, what);
    check_failed();
  }
}

static inline void check_equal(
    uint64_t expected, uint64_t actual, const char *what, const char *file, int line) {
  if (expected != actual) {
    fprintf(
        stderr,
        "%s:%d: %s\n  expected %" PRIu64 " (0x%" PRIx64 ")\n  actual   %" PRIu64 " (0x%" PRIx64
        ")\n",
        file, line, what, expected, expected, actual, actual);
    check_failed();
  }
}

static inline void check_status(
    int32_t expected, int32_t actual, const char *what, const char *file, int line) {
  if (expected != actual) {
    fprintf(
        stderr, "%s:%d: %s\n  expected %" PRId32 " (%s)\n  actual   %" PRId32 " (%s)\n", file, line,
        what, expected, cx_strerror(expected), actual, cx_strerror(actual));
    check_failed();
  }
}

static inline void check_same(
    const void *expected, const void *actual, const char *what, const char *file, int line) {
  if (expected != actual) {
    fprintf(
        stderr, "%s:%d: %s\n  expected %p\n  actual   %p\n", file, line, what, expected, actual);
    check_failed();
  }
}

static inline void check_text(
    const char *expected, const char *actual, const char *what, const char *file, int line) {
  if (strcmp(expected, actual) != 0) {
    fprintf(
        stderr, "%s:%d: %s\n--- expected\n%s\n--- actual\n%s\n", file, line, what, expected,
        actual);
    check_failed();
  }
}

/* -------------------------------------------------------------------------------- cases -- */

struct test_case {
  const char *name;
  void (*run)(void);
};

#define CASE(function)                                                                             \
  { #function, function }

/* Runs all cases, or just those named on the command line. */
static inline int run_cases(const struct test_case *cases, size_t count, int argc, char **argv) {
  int ran = 0;
  for (size_t i = 0; i < count; i++) {
    bool wanted = argc == 1;
    for (int arg = 1; arg < argc; arg++) {
      wanted = wanted || strcmp(argv[arg], cases[i].name) == 0;
    }
    if (wanted) {
      printf("%s\n", cases[i].name);
      fflush(stdout);
      faults_run_case(cases[i].run);
      ran++;
    }
  }
  if (ran == 0) {
    fprintf(stderr, "no such case\n");
    return 1;
  }
  printf("%d passed\n", ran);
  return 0;
}

#define TEST_MAIN(...)                                                                             \
  int main(int argc, char **argv) {                                                                \
    static const struct test_case cases[] = {__VA_ARGS__};                                         \
    return run_cases(cases, sizeof cases / sizeof *cases, argc, argv);                             \
  }

/* -------------------------------------------------------------------------------- space -- */

/* A region to build in, whose bytes a test owns until arena_free. */
struct arena {
  cx_space space;
  uint8_t *start;
};

static inline struct arena arena_new(uint64_t bytes) {
  uint8_t *start = malloc(bytes);
  if (start == NULL) {
    fprintf(stderr, "no memory for an arena\n");
    check_failed();
  }
  memset(start, 0xdb, bytes);
  faults_own(start, bytes);
  return (struct arena){{start, start + (bytes & ~UINT64_C(7))}, start};
}

static inline uint64_t arena_used(const struct arena *arena) {
  return (uint64_t)(arena->space.next - arena->start);
}

static inline void arena_clear(struct arena *arena) {
  arena->space.next = arena->start;
}

static inline void arena_free(struct arena *arena) {
  faults_disown(arena->start);
  free(arena->start);
  arena->start = NULL;
}

/* The dump of a map, to be freed. */
static inline char *dump_of(const cx_hamt *map) {
  uint64_t length = cx_hamt_dump(map, NULL, 0);
  char *text = malloc(length + 1);
  CHECK(text != NULL);
  CHECK_EQUAL(length, cx_hamt_dump(map, text, length + 1));
  CHECK_EQUAL(length, strlen(text));
  return text;
}

/* ------------------------------------------------------------------------------- random -- */

/* SplitMix64: every test prints the seed it starts from. */
static inline uint64_t random_next(uint64_t *state) {
  return cx_mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static inline uint64_t random_below(uint64_t *state, uint64_t limit) {
  return random_next(state) % limit;
}

#endif
