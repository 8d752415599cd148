/*
 * atomics.h - every memory order of the C core stands in this file.
 *
 * These words are shared between threads:
 *
 *   word                   accesses                          synchronises with
 *   cx_runtime.next        A.1 load, A.2 compare-and-swap    nothing: only the numbers matter
 *   cx_cell.holder         A.3 acquire on entering           A.4
 *                          A.4 release on leaving            A.3, so that whoever enters next
 *                                                            sees the map that was stored back
 *   the shared map's       A.1, A.3 to A.13                  see O10 to O19, O37 in docs/memory.md
 *   of the handle table    A.1, A.2, A.4 to A.7, A.12 to     see O20 to O26 in docs/memory.md
 *                          A.17
 *
 * The words are plain uint64_t in the public header, which C++ and binding generators read as
 * well; hence the compiler's builtins and not _Atomic.
 */
#ifndef CX_ATOMICS_H
#define CX_ATOMICS_H

#include <stdbool.h>
#include <stdint.h>

/* Of a builtin's argument the checker can't tell that it is written through. */
/* NOLINTBEGIN(readability-non-const-parameter) */

/* A.1 */
static inline uint64_t atomics_load_relaxed(const uint64_t *word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* A.2: on failure, *expected is what was found. */
static inline bool atomics_cas_relaxed(uint64_t *word, uint64_t *expected, uint64_t desired) {
  return __atomic_compare_exchange_n(
      word, expected, desired, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* A.3: whether `word` went from `expected` to `desired`. */
static inline bool atomics_cas_acquire(uint64_t *word, uint64_t expected, uint64_t desired) {
  return __atomic_compare_exchange_n(
      word, &expected, desired, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* A.4 */
static inline void atomics_store_release(uint64_t *word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* A.5 */
static inline void atomics_store_relaxed(uint64_t *word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* A.6: returns the number before. */
static inline uint64_t atomics_add_relaxed(uint64_t *word, uint64_t change) {
  return __atomic_fetch_add(word, change, __ATOMIC_RELAXED);
}

/* A.7 */
static inline uint64_t atomics_load_acquire(const uint64_t *word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* A.8: takes part in the one total order of A.8 to A.11. */
static inline uint64_t atomics_load_ordered(const uint64_t *word) {
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* A.9: as A.8; on failure, *expected is what was found. */
static inline bool atomics_cas_ordered(uint64_t *word, uint64_t *expected, uint64_t desired) {
  return __atomic_compare_exchange_n(
      word, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* A.10: as A.8; returns the number before. */
static inline uint64_t atomics_add_ordered(uint64_t *word, uint64_t change) {
  return __atomic_fetch_add(word, change, __ATOMIC_SEQ_CST);
}

/* A.11: as A.8; returns what was there. */
static inline uint64_t atomics_exchange_ordered(uint64_t *word, uint64_t value) {
  return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

/* A.12: release on success, acquire either way; on failure, *expected is what was found. */
static inline bool atomics_cas_acq_rel(uint64_t *word, uint64_t *expected, uint64_t desired) {
  return __atomic_compare_exchange_n(
      word, expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* A.13: keeps the compiler, not the processor, from moving accesses across. */
static inline void atomics_compiler_fence(void) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* A.14: returns the number that is left. */
static inline uint64_t atomics_subtract_acq_rel(uint64_t *word, uint64_t change) {
  return __atomic_sub_fetch(word, change, __ATOMIC_ACQ_REL);
}

/* A.15 */
static inline void *atomics_load_pointer_acquire(void *const *pointer) {
  return __atomic_load_n(pointer, __ATOMIC_ACQUIRE);
}

/* A.16: whether *pointer went from `expected` to `desired`. */
static inline bool atomics_cas_pointer_acq_rel(void **pointer, void *expected, void *desired) {
  return __atomic_compare_exchange_n(
      pointer, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* A.17 */
static inline void atomics_store_pointer_release(void **pointer, void *value) {
  __atomic_store_n(pointer, value, __ATOMIC_RELEASE);
}

/* NOLINTEND(readability-non-const-parameter) */

#endif
