/*
 * hot_path_cases.c - functions that do what a look-up must not, and such that do what it may:
 * hot_path_check.py has to find out every bad_* one, and no good_* one. Compiled, and never run.
 */
#include <stdlib.h>

#include "atomics.h"

#define FUNCTION __attribute__((visibility("default"), noinline))
#define INSIDE __attribute__((noinline)) static

typedef uint64_t (*callback)(uint64_t);

extern callback hot_path_callback;
callback hot_path_callback;

FUNCTION uint64_t bad_add(uint64_t *word) {
  return atomics_add_relaxed(word, 1);
}

FUNCTION void bad_add_without_result(uint64_t *word) {
  (void)atomics_add_ordered(word, 1);
}

FUNCTION uint64_t bad_exchange(uint64_t *word) {
  return atomics_exchange_ordered(word, 1);
}

FUNCTION bool bad_compare_and_swap(uint64_t *word) {
  return atomics_cas_acquire(word, 1, 2);
}

FUNCTION void bad_fence(void) {
  __sync_synchronize();
}

FUNCTION uint64_t bad_where_it_is_rare(uint64_t *word) {
  uint64_t value = atomics_load_acquire(word);
  return value == 7 ? atomics_add_relaxed(word, value) : value;
}

INSIDE uint64_t add(uint64_t *word) {
  return atomics_add_relaxed(word, 1);
}

FUNCTION uint64_t bad_in_what_it_calls(uint64_t *word) {
  return add(word) + 1;
}

FUNCTION uint64_t bad_in_what_it_jumps_to(uint64_t *word) {
  return add(word + 1);
}

FUNCTION uint64_t bad_through_a_pointer(uint64_t value) {
  return hot_path_callback(value) + 1;
}

FUNCTION void bad_outside(void *memory) {
  free(memory);
}

INSIDE uint64_t loads(const uint64_t *word) {
  atomics_compiler_fence();
  return atomics_load_relaxed(word) + atomics_load_acquire(word + 1);
}

FUNCTION uint64_t good_loads(const uint64_t *word) {
  return loads(word) + 1;
}

FUNCTION void good_stores(uint64_t *word) {
  atomics_store_release(word, 1);
  atomics_store_relaxed(word + 1, 2);
}

FUNCTION uint64_t *good_variable_of_the_thread(uint64_t add) {
  static _Thread_local uint64_t own;
  own += add;
  return &own;
}
