/*
 * interleave.h - puts a scheduling point before every atomic access of the library, and makes rare
 * what happens often and often what is rare. The compiler includes it before every source that
 * shared_schedule_test is made of (-include); the sources themselves know nothing of it.
 */
#ifndef CX_INTERLEAVE_H
#define CX_INTERLEAVE_H

/* Every retired node begins an era, which every other call begins to look what can be freed;
 * nearly every call is overtaken by its window; two entries are too many for a leaf. */
#define RECLAIM_BATCH 1u
#define RECLAIM_WINDOW 1u
#define RECLAIM_BACKLOG 1u
#define RECLAIM_SERIES 24u
#define RECLAIM_FIRST_CHUNK 2u
#define RECLAIM_HINT(guard) interleave_thread()
#define SHARED_SLOT_BITS 5u
#define SHARED_LEAF_LIMIT 1u

#include "atomics.h"

/* Lets another thread of the test run, or not. */
void interleave(void);

/* The number of the one that runs: a history depends on nothing but its seed. */
uint64_t interleave_thread(void);

#define INTERLEAVED(type, function, parameters, arguments)                                         \
  static inline type interleaved_##function parameters {                                           \
    interleave();                                                                                  \
    return atomics_##function arguments;                                                           \
  }

INTERLEAVED(uint64_t, load_relaxed, (const uint64_t *word), (word))
INTERLEAVED(uint64_t, load_acquire, (const uint64_t *word), (word))
INTERLEAVED(uint64_t, load_ordered, (const uint64_t *word), (word))
INTERLEAVED(void, store_relaxed, (uint64_t * word, uint64_t value), (word, value))
INTERLEAVED(void, store_release, (uint64_t * word, uint64_t value), (word, value))
INTERLEAVED(uint64_t, add_relaxed, (uint64_t * word, uint64_t change), (word, change))
INTERLEAVED(uint64_t, add_ordered, (uint64_t * word, uint64_t change), (word, change))
INTERLEAVED(uint64_t, exchange_ordered, (uint64_t * word, uint64_t value), (word, value))
INTERLEAVED(
    bool, cas_ordered, (uint64_t * word, uint64_t *expected, uint64_t desired),
    (word, expected, desired))
INTERLEAVED(
    bool, cas_acq_rel, (uint64_t * word, uint64_t *expected, uint64_t desired),
    (word, expected, desired))

#define atomics_load_relaxed interleaved_load_relaxed
#define atomics_load_acquire interleaved_load_acquire
#define atomics_load_ordered interleaved_load_ordered
#define atomics_store_relaxed interleaved_store_relaxed
#define atomics_store_release interleaved_store_release
#define atomics_add_relaxed interleaved_add_relaxed
#define atomics_add_ordered interleaved_add_ordered
#define atomics_exchange_ordered interleaved_exchange_ordered
#define atomics_cas_ordered interleaved_cas_ordered
#define atomics_cas_acq_rel interleaved_cas_acq_rel

#endif
