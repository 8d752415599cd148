/*
 * shared_torture_test.c - the shared map under real threads: histories of small runs are checked
 * for linearizability, long runs for what must hold throughout. Run it under TSan too (preset
 * "tsan"). What depends on rare interleavings is left to shared_schedule_test.
 */
#include <pthread.h>
#include <sched.h>

#include "history.h"
#include "shared_hamt.h"

#define THREADS 8

static void run_threads(void *(*body)(void *), void *arguments, size_t size, size_t count) {
  pthread_t threads[THREADS];
  for (size_t i = 0; i < count; i++) {
    CHECK_EQUAL(0, pthread_create(&threads[i], NULL, body, (uint8_t *)arguments + i * size));
  }
  for (size_t i = 0; i < count; i++) {
    CHECK_EQUAL(0, pthread_join(threads[i], NULL));
  }
}

/* With nobody at work and nothing held, everything comes back. */
static void free_empty(cx_shared *map) {
  CHECK_STATUS(CX_OK, cx_shared_clear(map, NULL));
  CHECK(cx_shared_trim(map) == CX_OK);
  CHECK_EQUAL(0, cx_shared_retired(map));
  CHECK_EQUAL(sizeof(cx_shared) + sizeof(struct shared_root), cx_shared_bytes(map));
  CHECK_STATUS(CX_OK, cx_shared_free(map));
}

/* ---------------------------------------------------------------------------- histories -- */

#define HISTORIES 1500
#define HISTORY_THREADS 3
#define HISTORY_OPERATIONS 6

struct recorder {
  struct rounds *rounds;
  cx_shared_reader *reader;
  uint64_t random;
  struct operation operations[HISTORY_OPERATIONS];
  cx_shared_snapshot *snapshots[HISTORY_OPERATIONS];
};

/* The threads meet before and after every history; the first one prepares and checks it. */
struct rounds {
  cx_shared *map;
  cx_shared_snapshot *series; /* that the snapshots of a history belong to */
  uint64_t clock;
  uint64_t arrived;
  history_state state;
  struct recorder recorders[HISTORY_THREADS];
};

/* Waits until all have come for the n-th time. */
static void meet(struct rounds *rounds, uint64_t n) {
  atomics_add_ordered(&rounds->arrived, 1);
  while (atomics_load_acquire(&rounds->arrived) < n * HISTORY_THREADS) {
    sched_yield();
  }
}

static void check_history(struct rounds *rounds) {
  static struct tried tried;
  struct history history = {0};
  history_state last = 0;
  for (int i = 0; i < HISTORY_THREADS; i++) {
    struct recorder *recorder = &rounds->recorders[i];
    for (int k = 0; k < HISTORY_OPERATIONS; k++) {
      history.operations[history.count++] = recorder->operations[k];
    }
  }
  struct operation *final = &history.operations[history.count++];
  *final = (struct operation){.kind = HISTORY_SNAPSHOT, .begin = rounds->clock++};
  cx_shared_snapshot *snapshot;
  operation_run(final, rounds->map, NULL, &snapshot);
  final->end = rounds->clock++;
  last = final->found;
  cx_shared_snapshot_free(snapshot);
  bool linearizable = history_linearizable(&history, &tried, rounds->state);
  if (!linearizable) {
    history_print(&history, rounds->state);
  }
  CHECK(linearizable);
  rounds->state = last;
}

static void *record_many(void *argument) {
  struct recorder *recorder = argument;
  struct rounds *rounds = recorder->rounds;
  uint64_t meeting = 0;
  for (int i = 0; i < HISTORIES; i++) {
    for (int k = 0; k < HISTORY_OPERATIONS; k++) {
      recorder->operations[k] = operation_random(&recorder->random);
    }
    memset(recorder->snapshots, 0, sizeof recorder->snapshots);
    if (recorder == rounds->recorders) {
      cx_shared_snapshot_free(rounds->series);
      CHECK_STATUS(CX_OK, series_new(rounds->map, NULL, 12, &rounds->series));
    }
    meet(rounds, ++meeting);
    for (int k = 0; k < HISTORY_OPERATIONS; k++) {
      struct operation *operation = &recorder->operations[k];
      operation->series = rounds->series;
      operation->begin = atomics_add_ordered(&rounds->clock, 1);
      operation_run(operation, rounds->map, recorder->reader, &recorder->snapshots[k]);
      operation->end = atomics_add_ordered(&rounds->clock, 1);
    }
    meet(rounds, ++meeting);
    if (recorder == rounds->recorders) {
      check_history(rounds);
    }
    meet(rounds, ++meeting);
    for (int k = 0; k < HISTORY_OPERATIONS; k++) {
      if (recorder->snapshots[k] != NULL) {
        CHECK_EQUAL(recorder->operations[k].found, snapshot_state(recorder->snapshots[k]));
        cx_shared_snapshot_free(recorder->snapshots[k]);
      }
    }
    meet(rounds, ++meeting);
  }
  return NULL;
}

static void record_histories(bool fenced) {
  static struct rounds rounds;
  rounds = (struct rounds){.clock = 1};
  CHECK_STATUS(CX_OK, shared_new(&rounds.map, fenced));
  for (uint64_t i = 0; i < HISTORY_THREADS; i++) {
    rounds.recorders[i] = (struct recorder){.rounds = &rounds, .random = i + 1};
    if (i > 0) {
      CHECK_STATUS(CX_OK, cx_shared_reader_new(rounds.map, &rounds.recorders[i].reader));
    }
  }
  run_threads(record_many, rounds.recorders, sizeof *rounds.recorders, HISTORY_THREADS);
  for (int i = 0; i < HISTORY_THREADS; i++) {
    CHECK_STATUS(CX_OK, cx_shared_reader_free(rounds.map, rounds.recorders[i].reader));
  }
  cx_shared_snapshot_free(rounds.series);
  free_empty(rounds.map);
}

static void histories_are_linearizable(void) {
  record_histories(false);
  record_histories(true);
}

/* ------------------------------------------------------------------------------- transfers -- */

/* The values of ACCOUNTS keys always sum up to the same in every snapshot but for what is on its
 * way: a transfer takes from one with compare-and-set before it gives to another. What is on its
 * way can only be missing, and at most TRANSFER for each thread. */
#define ACCOUNTS 3000u
#define BALANCE 1000u
#define TRANSFER 7u

struct teller {
  cx_shared *map;
  uint64_t random;
  uint64_t transfers;
  uint64_t threads;
  bool registered;
};

static void add_to(struct teller *teller, cx_shared_reader *reader, uint64_t key, uint64_t change) {
  uint64_t value;
  do {
    CHECK_STATUS(CX_OK, cx_shared_get(teller->map, reader, key, &value));
  } while (cx_shared_compare_and_set(teller->map, reader, key, value, value + change) != CX_OK);
}

static void check_sum(const struct teller *teller, const cx_shared_snapshot *snapshot) {
  cx_hamt_cursor cursor = {.state = 0};
  uint64_t keys[50];
  uint64_t values[50];
  uint64_t sum = 0;
  int64_t got;
  uint64_t count = 0;
  while ((got = cx_shared_snapshot_iterate(snapshot, &cursor, keys, values, 50)) > 0) {
    for (int64_t i = 0; i < got; i++) {
      sum += values[i];
      count++;
    }
  }
  CHECK_EQUAL(ACCOUNTS, count);
  CHECK_EQUAL(ACCOUNTS, cx_shared_snapshot_size(snapshot));
  uint64_t missing = (uint64_t)ACCOUNTS * BALANCE - sum;
  CHECK(missing <= TRANSFER * teller->threads);
}

static void *transfer_many(void *argument) {
  struct teller *teller = argument;
  cx_shared_reader *reader = NULL;
  if (teller->registered) {
    CHECK_STATUS(CX_OK, cx_shared_reader_new(teller->map, &reader));
  }
  for (uint64_t i = 0; i < teller->transfers; i++) {
    uint64_t from = random_below(&teller->random, ACCOUNTS);
    uint64_t to = random_below(&teller->random, ACCOUNTS);
    add_to(teller, reader, from, 0u - (uint64_t)TRANSFER);
    add_to(teller, reader, to, TRANSFER);
    if (i % 256 == 0) {
      cx_shared_snapshot *snapshot;
      CHECK_STATUS(CX_OK, cx_shared_snapshot_new(teller->map, reader, &snapshot));
      check_sum(teller, snapshot);
      uint64_t size;
      CHECK_STATUS(CX_OK, cx_shared_size(teller->map, reader, &size));
      CHECK_EQUAL(ACCOUNTS, size);
      check_sum(teller, snapshot);
      cx_shared_snapshot_free(snapshot);
    }
  }
  CHECK_STATUS(CX_OK, cx_shared_reader_free(teller->map, reader));
  return NULL;
}

static void transfer(bool fenced, uint64_t threads) {
  cx_shared *map;
  CHECK_STATUS(CX_OK, shared_new(&map, fenced));
  for (uint64_t key = 0; key < ACCOUNTS; key++) {
    CHECK_STATUS(CX_ABSENT, cx_shared_put(map, NULL, key, BALANCE + 7 * 4 * ACCOUNTS, NULL));
    CHECK_STATUS(CX_OK, cx_shared_put(map, NULL, key, BALANCE, NULL));
  }
  struct teller tellers[THREADS];
  for (uint64_t i = 0; i < threads; i++) {
    tellers[i] = (struct teller){map, i + 1, 16000 / threads, threads, i % 2 == 0};
  }
  run_threads(transfer_many, tellers, sizeof *tellers, threads);
  cx_shared_snapshot *snapshot;
  CHECK_STATUS(CX_OK, cx_shared_snapshot_new(map, NULL, &snapshot));
  uint64_t none = tellers[0].threads;
  tellers[0].threads = 0;
  check_sum(&tellers[0], snapshot);
  tellers[0].threads = none;
  cx_shared_snapshot_free(snapshot);
  free_empty(map);
}

static void snapshots_show_no_torn_transfer(void) {
  for (uint64_t threads = 2; threads <= THREADS; threads *= 2) {
    transfer(threads == 4, threads);
  }
}

/* ------------------------------------------------------------------------- coming and going -- */

#define KEYS 2000u

struct roamer {
  cx_shared *map;
  uint64_t random;
  uint64_t present; /* puts of keys that weren't there minus removals of keys that were */
};

/* Puts, removes, clears and snapshots in a map that shrinks and grows all the time. A key is bound
 * to itself times an odd number, or to one more. */
static void *roam(void *argument) {
  struct roamer *roamer = argument;
  uint64_t value;
  for (uint64_t i = 0; i < 30000; i++) {
    uint64_t key = random_below(&roamer->random, KEYS);
    uint64_t bound = key * 77 + random_below(&roamer->random, 2);
    switch (random_below(&roamer->random, 5)) {
    case 0:
    case 1:
      roamer->present += cx_shared_put(roamer->map, NULL, key, bound, NULL) == CX_ABSENT;
      break;
    case 2:
      roamer->present += cx_shared_put_if_absent(roamer->map, NULL, key, bound, NULL) == CX_ABSENT;
      break;
    case 3:
      if (cx_shared_remove(roamer->map, NULL, key, &value) == CX_OK) {
        CHECK(value - key * 77 < 2);
        roamer->present--;
      }
      break;
    default:
      if (cx_shared_get(roamer->map, NULL, key, &value) == CX_OK) {
        CHECK(value - key * 77 < 2);
      }
    }
  }
  return NULL;
}

static void size_is_what_calls_answered(void) {
  for (int fenced = 0; fenced < 2; fenced++) {
    struct roamer roamers[THREADS];
    cx_shared *map;
    CHECK_STATUS(CX_OK, shared_new(&map, fenced == 1));
    for (uint64_t i = 0; i < THREADS; i++) {
      roamers[i] = (struct roamer){map, i + 1, 0};
    }
    run_threads(roam, roamers, sizeof *roamers, THREADS);
    uint64_t present = 0;
    for (uint64_t i = 0; i < THREADS; i++) {
      present += roamers[i].present;
    }
    uint64_t size;
    CHECK_STATUS(CX_OK, cx_shared_size(map, NULL, &size));
    CHECK_EQUAL(present, size);
    free_empty(map);
  }
}

/* Everybody clears and fills: each clear drops a tree in which others are at work. */
static void *clear_many(void *argument) {
  struct roamer *roamer = argument;
  for (uint64_t i = 0; i < 150; i++) {
    for (uint64_t k = 0; k < 200; k++) {
      uint64_t key = random_below(&roamer->random, KEYS);
      CHECK(cx_shared_put(roamer->map, NULL, key, key, NULL) >= 0);
    }
    cx_shared_snapshot *snapshot;
    CHECK_STATUS(CX_OK, cx_shared_snapshot_new(roamer->map, NULL, &snapshot));
    CHECK_STATUS(CX_OK, cx_shared_clear(roamer->map, NULL));
    cx_hamt_cursor cursor = {.state = 0};
    uint64_t key;
    uint64_t value;
    uint64_t count = 0;
    while (cx_shared_snapshot_iterate(snapshot, &cursor, &key, &value, 1) == 1) {
      CHECK_EQUAL(key, value);
      count++;
    }
    CHECK_EQUAL(count, cx_shared_snapshot_size(snapshot));
    cx_shared_snapshot_free(snapshot);
  }
  return NULL;
}

static void cleared_trees_are_freed_once(void) {
  cx_shared *map;
  CHECK_STATUS(CX_OK, cx_shared_new(&map));
  struct roamer roamers[THREADS];
  for (uint64_t i = 0; i < THREADS; i++) {
    roamers[i] = (struct roamer){map, i + 1, 0};
  }
  run_threads(clear_many, roamers, sizeof *roamers, THREADS);
  free_empty(map);
}

/* ------------------------------------------------------------------------------- crowds -- */

/* More threads hold snapshots and readers than the first chunk of records has room for. */
#define CROWD 150u

static void *register_many(void *argument) {
  cx_shared *map = ((struct roamer *)argument)->map;
  cx_shared_reader *readers[CROWD];
  cx_shared_snapshot *snapshots[CROWD];
  for (uint64_t i = 0; i < CROWD; i++) {
    CHECK_STATUS(CX_OK, cx_shared_reader_new(map, &readers[i]));
    CHECK(cx_shared_put(map, readers[i], i, i, NULL) >= 0);
    CHECK_STATUS(CX_OK, cx_shared_snapshot_new(map, readers[i], &snapshots[i]));
    CHECK_EQUAL(i, cx_shared_snapshot_find(snapshots[i], i, ~i));
  }
  for (uint64_t i = 0; i < CROWD; i++) {
    CHECK_EQUAL(i, cx_shared_snapshot_find(snapshots[i], i, ~i));
    CHECK_STATUS(CX_IN_USE, cx_shared_free(map));
    cx_shared_snapshot_free(snapshots[i]);
    CHECK_STATUS(CX_OK, cx_shared_reader_free(map, readers[i]));
  }
  return NULL;
}

static void records_serve_a_crowd(void) {
  struct roamer roamers[THREADS] = {0};
  cx_shared *map;
  CHECK_STATUS(CX_OK, cx_shared_new(&map));
  for (uint64_t i = 0; i < THREADS; i++) {
    roamers[i].map = map;
  }
  run_threads(register_many, roamers, sizeof *roamers, THREADS);
  free_empty(map);
}

TEST_MAIN(
    CASE(histories_are_linearizable), CASE(snapshots_show_no_torn_transfer),
    CASE(size_is_what_calls_answered), CASE(cleared_trees_are_freed_once),
    CASE(records_serve_a_crowd))
