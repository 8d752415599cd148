/*
 * shared_schedule_test.c - runs a few operations on the shared map in very many interleavings and
 * checks each history for linearizability.
 *
 * The threads are coroutines of one thread that take turns at every atomic access of the library
 * (interleave.h), as a random generator decides, so that what would take a thread to be interrupted
 * at one instruction in ten thousand happens all the time: helpers that decide late, stragglers
 * that change tables that were copied or cleared, readers overtaken by their window, scans in the
 * middle of everything. Some thread may stop at any point until all others are done. All
 * interleavings are sequentially consistent: what needs fences is left to shared_torture_test.
 *
 * A failure prints the seed of its history: shared_schedule_test runs that alone if it is given as
 * CX_SEED in the environment. CX_HISTORIES sets how many run.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* ucontext's stack_t: NOLINT(bugprone-reserved-identifier,cert-dcl*) */
#endif
#include <ucontext.h>

#include "history.h"
#include "shared_hamt.h"

#define THREADS 4
#define STACK_BYTES (UINT64_C(1) << 17)
#define OPERATIONS (HISTORY_LIMIT / THREADS)

struct thread {
  ucontext_t context;
  uint8_t *stack;
  cx_shared_reader *reader;
  struct operation operations[OPERATIONS];
  cx_shared_snapshot *snapshots[OPERATIONS];
  uint32_t count;
  bool done;
  uint64_t points_left; /* until it stops, to go on when the others are done */
};

static struct {
  cx_shared *map;
  cx_shared_snapshot *series; /* what snapshots belong to as long as it will do; or NULL */
  ucontext_t scheduler;
  struct thread threads[THREADS];
  struct thread *running; /* NULL: the scheduler */
  uint32_t count;
  uint64_t random;
  uint64_t seldom; /* a thread goes on at a point with this to one */
  uint64_t clock;
} world;

static struct tried tried;

void interleave(void) {
  struct thread *thread = world.running;
  if (thread == NULL) {
    return;
  }
  if (thread->points_left > 0) {
    thread->points_left--;
  }
  if (thread->points_left == 0 || random_below(&world.random, world.seldom) == 0) {
    world.running = NULL;
    swapcontext(&thread->context, &world.scheduler);
    world.running = thread;
  }
}

uint64_t interleave_thread(void) {
  return world.running == NULL ? THREADS : (uint64_t)(world.running - world.threads);
}

static void thread_run(void) {
  struct thread *thread = world.running;
  for (uint32_t i = 0; i < thread->count; i++) {
    struct operation *operation = &thread->operations[i];
    operation->begin = world.clock++;
    operation_run(operation, world.map, thread->reader, &thread->snapshots[i]);
    operation->end = world.clock++;
  }
  thread->done = true;
  world.running = NULL;
  setcontext(&world.scheduler);
}

static void thread_start(struct thread *thread) {
  thread->done = false;
  memset(thread->snapshots, 0, sizeof thread->snapshots);
  thread->count = 1 + (uint32_t)random_below(&world.random, OPERATIONS);
  for (uint32_t i = 0; i < thread->count; i++) {
    thread->operations[i] = operation_random(&world.random);
    thread->operations[i].series = world.series;
  }
  thread->points_left = random_below(&world.random, 3) == 0 ? 1 + random_below(&world.random, 200)
                                                            : UINT64_MAX;
  thread->reader = NULL;
  if (random_below(&world.random, 2) == 0) {
    CHECK_STATUS(CX_OK, cx_shared_reader_new(world.map, &thread->reader));
  }
  CHECK_EQUAL(0, getcontext(&thread->context));
  thread->context.uc_stack.ss_sp = thread->stack;
  thread->context.uc_stack.ss_size = STACK_BYTES;
  thread->context.uc_link = NULL;
  makecontext(&thread->context, thread_run, 0);
}

/* One that can go on: any that hasn't stopped, else any that has; NULL if all are done. */
static struct thread *thread_choose(void) {
  struct thread *candidates[THREADS];
  for (int stopped = 0; stopped < 2; stopped++) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < world.count; i++) {
      struct thread *thread = &world.threads[i];
      if (!thread->done && (thread->points_left == 0) == (stopped == 1)) {
        candidates[count++] = thread;
      }
    }
    if (count > 0) {
      struct thread *chosen = candidates[random_below(&world.random, count)];
      if (stopped == 1) {
        chosen->points_left = UINT64_MAX;
      }
      return chosen;
    }
  }
  return NULL;
}

static void run_all(void) {
  struct thread *thread;
  while ((thread = thread_choose()) != NULL) {
    world.running = thread;
    CHECK_EQUAL(0, swapcontext(&world.scheduler, &thread->context));
  }
}

/* Puts some entries in before, so that there are tables, of this generation and of older ones. */
static history_state prepare(void) {
  history_state state = 0;
  for (uint64_t i = random_below(&world.random, 6); i > 0; i--) {
    struct operation operation = operation_random(&world.random);
    cx_shared_snapshot *snapshot = NULL;
    operation_run(&operation, world.map, NULL, &snapshot);
    CHECK_EQUAL(operation.found, operation_apply(&operation, &state));
    cx_shared_snapshot_free(snapshot);
  }
  return state;
}

static void collect(struct history *history) {
  history->count = 0;
  for (uint32_t i = 0; i < world.count; i++) {
    for (uint32_t k = 0; k < world.threads[i].count; k++) {
      history->operations[history->count++] = world.threads[i].operations[k];
    }
  }
  struct operation last = {.kind = HISTORY_SNAPSHOT, .begin = world.clock++};
  cx_shared_snapshot *snapshot;
  operation_run(&last, world.map, NULL, &snapshot);
  last.end = world.clock++;
  history->operations[history->count++] = last;
  cx_shared_snapshot_free(snapshot);
}

/* Snapshots still show what they showed at once; then all goes back. */
static void clean_up(void) {
  for (uint32_t i = 0; i < world.count; i++) {
    struct thread *thread = &world.threads[i];
    for (uint32_t k = 0; k < thread->count; k++) {
      if (thread->snapshots[k] != NULL) {
        history_state found = snapshot_state(thread->snapshots[k]);
        CHECK_EQUAL(thread->operations[k].found, found);
        CHECK_EQUAL(state_size(found), cx_shared_snapshot_size(thread->snapshots[k]));
        cx_shared_snapshot_free(thread->snapshots[k]);
      }
    }
    CHECK_STATUS(CX_OK, cx_shared_reader_free(world.map, thread->reader));
  }
  cx_shared_snapshot_free(world.series);
  CHECK_STATUS(CX_OK, cx_shared_clear(world.map, NULL));
  CHECK_STATUS(CX_OK, cx_shared_trim(world.map));
  CHECK_EQUAL(0, cx_shared_retired(world.map));
  CHECK_EQUAL(sizeof(cx_shared) + sizeof(struct shared_root), cx_shared_bytes(world.map));
  CHECK_STATUS(CX_OK, cx_shared_free(world.map));
}

static void run_history(uint64_t seed) {
  world.random = seed;
  world.clock = 1;
  world.seldom = UINT64_C(1) << random_below(&world.random, 6);
  world.count = 2 + (uint32_t)random_below(&world.random, THREADS - 1);
  CHECK_STATUS(CX_OK, shared_new(&world.map, random_below(&world.random, 2) == 0));
  history_state state = prepare();
  world.series = NULL;
  if (random_below(&world.random, 2) == 0) {
    CHECK_STATUS(CX_OK, series_new(world.map, NULL, 8, &world.series));
  }
  for (uint32_t i = 0; i < world.count; i++) {
    thread_start(&world.threads[i]);
  }
  run_all();
  struct history history;
  collect(&history);
  if (!history_linearizable(&history, &tried, state)) {
    fprintf(stderr, "CX_SEED=%" PRIu64 ": not linearizable\n", seed);
    history_print(&history, state);
    exit(1);
  }
  clean_up();
}

static uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void histories_are_linearizable(void) {
  for (uint32_t i = 0; i < THREADS; i++) {
    world.threads[i].stack = malloc(STACK_BYTES);
    CHECK(world.threads[i].stack != NULL);
  }
  uint64_t seed = setting("CX_SEED", 0);
  if (seed != 0) {
    run_history(seed);
  } else {
    uint64_t count = setting("CX_HISTORIES", 10000);
    for (seed = 1; seed <= count; seed++) {
      run_history(seed);
    }
  }
  for (uint32_t i = 0; i < THREADS; i++) {
    free(world.threads[i].stack);
  }
}

/* The checker itself: it must refuse what no order explains. */
static void checker_refuses_a_lost_update(void) {
  struct history history = {
      .count = 3,
      .operations = {
          {.kind = HISTORY_PUT, .key = 0, .value = 1, .found = 0, .begin = 1, .end = 4},
          {.kind = HISTORY_PUT, .key = 0, .value = 2, .found = 0, .begin = 2, .end = 3},
          {.kind = HISTORY_GET, .key = 0, .found = 2, .begin = 5, .end = 6}}};
  CHECK(!history_linearizable(&history, &tried, 0));
  history.operations[1].found = 1;
  CHECK(history_linearizable(&history, &tried, 0));
  history.operations[2].found = 1;
  CHECK(!history_linearizable(&history, &tried, 0));
}

TEST_MAIN(CASE(checker_refuses_a_lost_update), CASE(histories_are_linearizable))
