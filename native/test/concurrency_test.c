/*
 * concurrency_test.c - the two words that threads share: the counter and a context's holder. Run
 * it under TSan too (preset "tsan").
 */
#include <pthread.h>

#include "fixture.h"

#define THREADS 4

static void run_threads(void *(*body)(void *), void *arguments, size_t size) {
  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++) {
    CHECK_EQUAL(0, pthread_create(&threads[i], NULL, body, (uint8_t *)arguments + i * size));
  }
  for (size_t i = 0; i < THREADS; i++) {
    CHECK_EQUAL(0, pthread_join(threads[i], NULL));
  }
}

/* ------------------------------------------------------------------------------ counter -- */

#define RESERVATIONS 5000
#define LARGEST 7

struct reserver {
  cx_runtime *runtime;
  uint8_t *taken;
  uint64_t capacity;
};

static void *reserve_many(void *argument) {
  struct reserver *reserver = argument;
  for (uint64_t i = 0; i < RESERVATIONS; i++) {
    uint64_t count = 1 + i % LARGEST;
    uint64_t first;
    CHECK_STATUS(CX_OK, cx_runtime_reserve(reserver->runtime, count, &first));
    for (uint64_t number = first; number < first + count; number++) {
      CHECK(number < reserver->capacity);
      reserver->taken[number]++; /* nobody else has it, so this is no race */
    }
  }
  return NULL;
}

static void numbers_are_given_to_one_thread_only(void) {
  cx_runtime *runtime;
  CHECK_STATUS(CX_OK, cx_runtime_new(&runtime));
  uint64_t capacity = THREADS * RESERVATIONS * LARGEST + 1;
  uint8_t *taken = calloc(capacity, 1);
  CHECK(taken != NULL);
  struct reserver reservers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    reservers[i] = (struct reserver){runtime, taken, capacity};
  }
  run_threads(reserve_many, reservers, sizeof *reservers);
  uint64_t last;
  CHECK_STATUS(CX_OK, cx_runtime_reserve(runtime, 1, &last));
  for (uint64_t number = 1; number < last; number++) {
    CHECK_EQUAL(1, taken[number]);
  }
  free(taken);
  cx_runtime_free(runtime);
}

/* ---------------------------------------------------------------------------- interlock -- */

#define ENTRIES 2000

struct enterer {
  cx_runtime *runtime;
  cx_cell *lc;
  const cx_var *var;
  struct arena arena;
  uint64_t refused;
};

/* Adds 1 to the variable in the shared context, again and again, whenever it isn't entered. */
static void *enter_many(void *argument) {
  struct enterer *enterer = argument;
  cx_record *thread;
  CHECK_STATUS(CX_OK, cx_record_new(enterer->runtime, &thread));
  CHECK_STATUS(CX_OK, cx_record_set_cache(thread, 16));
  for (int done = 0; done < ENTRIES;) {
    cx_saved frame;
    int32_t status = ATTEMPT(cx_record_push(enterer->runtime, thread, NULL, enterer->lc, &frame));
    if (status == CX_ENTERED) {
      enterer->refused++;
      continue;
    }
    CHECK_STATUS(CX_OK, status);
    uint64_t value = 0;
    status = cx_record_lookup(thread, enterer->var, &value);
    CHECK(status == CX_OK || status == CX_ABSENT);
    CHECK_STATUS(
        CX_OK,
        cx_record_set(enterer->runtime, thread, enterer->var, value + 1, &enterer->arena.space));
    CHECK_STATUS(CX_OK, cx_record_restore(thread, &frame));
    done++;
  }
  cx_record_free(thread);
  return NULL;
}

static void context_is_entered_by_one_thread_at_a_time(void) {
  struct fixture f = fixture_new(0);
  cx_cell *lc = new_lc(&f);
  struct enterer enterers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    enterers[i] = (struct enterer){f.runtime, lc, &f.vars[0], arena_new(1 << 20), 0};
  }
  run_threads(enter_many, enterers, sizeof *enterers);
  cx_saved frame = enter_lc(&f, lc);
  CHECK_EQUAL(THREADS * ENTRIES, look(&f, 0, 0));
  leave(&f, &frame);
  for (int i = 0; i < THREADS; i++) {
    arena_free(&enterers[i].arena);
  }
  fixture_free(&f);
}

TEST_MAIN(
    CASE(numbers_are_given_to_one_thread_only), CASE(context_is_entered_by_one_thread_at_a_time))
