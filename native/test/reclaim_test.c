/*
 * reclaim_test.c - nodes are freed when nobody can look at them, and no sooner; what is stalled,
 * held or dead holds back only so many.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "series.h"
#include "shared_hamt.h"

#define KEYS 1000u
/* Leaves, tables and the root of a map of that many keys, at most. */
#define LIVE (KEYS + KEYS / 8)
/* What a window lasts for, with the batches that are not full yet. */
#define WINDOW_NODES ((RECLAIM_WINDOW + 2 * RECLAIM_FIRST_CHUNK) * RECLAIM_BATCH)

static cx_shared *map_new(bool fenced) {
  cx_shared *map;
  CHECK_STATUS(CX_OK, shared_new(&map, fenced));
  for (uint64_t key = 0; key < KEYS; key++) {
    CHECK_STATUS(CX_ABSENT, cx_shared_put(map, NULL, key, 0, NULL));
  }
  return map;
}

static void churn(cx_shared *map, uint64_t puts, uint64_t value) {
  for (uint64_t i = 0; i < puts; i++) {
    CHECK(cx_shared_put(map, NULL, i % KEYS, value + i, NULL) == CX_OK);
  }
}

static uint64_t retired_after_trim(cx_shared *map) {
  CHECK(cx_shared_trim(map) == CX_OK);
  return cx_shared_retired(map);
}

static void map_free(cx_shared *map) {
  CHECK_EQUAL(0, retired_after_trim(map));
  CHECK_STATUS(CX_OK, cx_shared_free(map));
}

static struct reclaim_record *record_of(cx_shared_reader *reader) {
  return (struct reclaim_record *)(void *)reader;
}

/* ------------------------------------------------------------------------------ stalled -- */

/* Someone entered and never leaves: a reader, or a call without one. */
static void stall(bool fenced, bool registered) {
  cx_shared *map = map_new(fenced);
  cx_shared_reader *reader = NULL;
  if (registered) {
    CHECK_STATUS(CX_OK, cx_shared_reader_new(map, &reader));
  }
  struct reclaim_guard guard;
  reclaim_enter(&guard, &map->domain, record_of(reader));
  uint64_t most = 0;
  for (uint64_t round = 0; round < 12; round++) {
    churn(map, 10000, round);
    uint64_t retired = cx_shared_retired(map);
    most = retired > most ? retired : most;
  }
  /* Between two looks twice as many may wait as the first of them left. */
  CHECK(most <= 2 * (WINDOW_NODES + LIVE) + RECLAIM_BACKLOG);
  uint64_t held = retired_after_trim(map);
  CHECK(held > (uint64_t)RECLAIM_WINDOW * RECLAIM_BATCH / 2);
  CHECK(held <= WINDOW_NODES + LIVE);
  CHECK(!reclaim_covers(&guard));
  CHECK_STATUS(CX_IN_USE, cx_shared_free(map));
  reclaim_exit(&guard);
  CHECK_EQUAL(0, retired_after_trim(map));
  CHECK_STATUS(CX_OK, cx_shared_reader_free(map, reader));
  map_free(map);
}

static void stalled_reader_holds_back_a_window(void) {
  stall(false, true);
  stall(true, true);
}

static void stalled_call_holds_back_a_window(void) {
  stall(false, false);
  stall(true, false);
}

static void retired_nodes_are_freed_on_the_way(void) {
  cx_shared *map = map_new(false);
  for (uint64_t round = 0; round < 20; round++) {
    churn(map, 5000, round);
    CHECK(cx_shared_retired(map) <= RECLAIM_BACKLOG + 2 * RECLAIM_BATCH);
  }
  map_free(map);
}

/* A record that could hand nothing over, since there was no memory for a batch, and that nobody
 * uses again, doesn't keep it. */
static void want_of_memory_leaves_nothing_behind(void) {
  cx_shared *map = map_new(false);
  cx_shared_reader *reader;
  CHECK_STATUS(CX_OK, cx_shared_reader_new(map, &reader));
  for (uint64_t i = 0; i < 5000; i++) {
    CHECK(cx_shared_put(map, reader, i % KEYS, i + 1, NULL) == CX_OK);
  }
  /* map_new's record, if it was refused nothing, and the reader's. */
  CHECK(cx_shared_retired(map) <= RECLAIM_BACKLOG + 2 * RECLAIM_BATCH);
  CHECK_STATUS(CX_OK, cx_shared_reader_free(map, reader));
  map_free(map);
}

/* A reader ends with no memory for a batch, and while no record is free to leave its nodes to. */
static void reader_without_an_heir_leaves_nothing_behind(void) {
  cx_shared *map = map_new(false);
  cx_shared_reader *reader;
  CHECK_STATUS(CX_OK, cx_shared_reader_new(map, &reader));
  CHECK_EQUAL(0, retired_after_trim(map));
  for (uint64_t i = 0; i < RECLAIM_BATCH / 2; i++) {
    CHECK(cx_shared_put(map, reader, i, i + 1, NULL) == CX_OK);
  }
  struct reclaim_guard guards[RECLAIM_FIRST_CHUNK];
  for (uint32_t i = 0; i < RECLAIM_FIRST_CHUNK; i++) {
    reclaim_enter(&guards[i], &map->domain, NULL);
    CHECK(guards[i].record != NULL);
  }
  CHECK_STATUS(CX_OK, cx_shared_reader_free(map, reader));
  for (uint32_t i = 0; i < RECLAIM_FIRST_CHUNK; i++) {
    reclaim_exit(&guards[i]);
  }
  map_free(map);
}

/* ---------------------------------------------------------------------------- snapshots -- */

static void snapshot_holds_back_what_it_shows(void) {
  cx_shared *map = map_new(false);
  cx_shared_snapshot *snapshot;
  CHECK_STATUS(CX_OK, cx_shared_snapshot_new(map, NULL, &snapshot));
  churn(map, 20000, 5);
  CHECK(retired_after_trim(map) <= LIVE);
  for (uint64_t key = 0; key < KEYS; key++) {
    CHECK_EQUAL(0, cx_shared_snapshot_find(snapshot, key, 1));
  }
  CHECK_STATUS(CX_IN_USE, cx_shared_free(map));
  cx_shared_snapshot_free(snapshot);
  map_free(map);
}

/* More snapshots than a scan looks at in one go, released in another order than taken. */
static void many_snapshots_keep_their_own(void) {
  enum { SNAPSHOTS = 400 };
  cx_shared *map = map_new(false);
  cx_shared_snapshot *snapshots[SNAPSHOTS];
  for (uint64_t i = 0; i < SNAPSHOTS; i++) {
    CHECK_STATUS(CX_OK, cx_shared_snapshot_new(map, NULL, &snapshots[i]));
    CHECK(cx_shared_put(map, NULL, i, i + 1, NULL) == CX_OK);
  }
  churn(map, 20000, 10000);
  /* Each put after a snapshot copied a path: root, at most two tables, leaf. */
  CHECK(retired_after_trim(map) <= LIVE + 4 * SNAPSHOTS);
  for (uint64_t step = 0; step < SNAPSHOTS; step++) {
    uint64_t i = step * 7 % SNAPSHOTS;
    for (uint64_t key = 0; key < SNAPSHOTS; key++) {
      CHECK_EQUAL(key < i ? key + 1 : 0, cx_shared_snapshot_find(snapshots[i], key, ~key));
    }
    cx_shared_snapshot_free(snapshots[i]);
    if (step % 50 == 0) {
      CHECK(retired_after_trim(map) <= LIVE + 4 * SNAPSHOTS);
    }
  }
  map_free(map);
}

/* However many snapshots a series has, scans read one reservation. */
static void series_takes_one_reservation(void) {
  enum { ROOM = 40 };
  cx_shared *map = map_new(false);
  cx_shared_snapshot *first = NULL;
  cx_shared_snapshot *snapshots[ROOM];
  CHECK_STATUS(CX_OK, series_new(map, NULL, ROOM, &first));
  for (uint64_t i = 0; i < ROOM; i++) {
    CHECK(cx_shared_put(map, NULL, i, i + 1, NULL) == CX_OK);
    CHECK_STATUS(CX_OK, series_next(first, NULL, &snapshots[i]));
  }
  CHECK_EQUAL(1, map->domain.held);
  cx_shared_snapshot *none = NULL;
  CHECK_STATUS(CX_NEED_SPACE, series_next(first, NULL, &none));
  CHECK_SAME(NULL, none);
  churn(map, 20000, 10000);
  CHECK(retired_after_trim(map) <= LIVE + (uint64_t)RECLAIM_SERIES * RECLAIM_BATCH);
  for (uint64_t i = 0; i < ROOM; i++) {
    cx_shared_snapshot_free(snapshots[i]); /* changes nothing */
    for (uint64_t key = 0; key < KEYS; key++) {
      CHECK_EQUAL(key <= i ? key + 1 : 0, cx_shared_snapshot_find(snapshots[i], key, ~key));
    }
    CHECK_EQUAL(KEYS, cx_shared_snapshot_size(snapshots[i]));
  }
  for (uint64_t key = 0; key < KEYS; key++) {
    CHECK_EQUAL(0, cx_shared_snapshot_find(first, key, 1));
  }
  CHECK_STATUS(CX_IN_USE, cx_shared_free(map));
  cx_shared_snapshot_free(first);
  map_free(map);
}

/* A series ends when its time is over, and holds back no more than what it took until then; what
 * it was asked for in vain changes nothing. */
static void series_ends_with_its_eras(void) {
  for (int fenced = 0; fenced < 2; fenced++) {
    cx_shared *map = map_new(fenced == 1);
    cx_shared_snapshot *first = NULL;
    cx_shared_snapshot *last = NULL;
    CHECK_STATUS(CX_OK, series_new(map, NULL, 1000, &first));
    uint64_t taken = 0;
    uint64_t value = 0;
    int32_t status;
    do {
      CHECK(cx_shared_put(map, NULL, 3, ++value, NULL) == CX_OK);
      status = series_next(first, NULL, &last);
      taken += status == CX_OK;
    } while (status == CX_OK);
    CHECK_STATUS(CX_NEED_SPACE, status);
    /* A snapshot and a change retire two roots, a table and a leaf, or some more. */
    CHECK(taken >= (uint64_t)RECLAIM_SERIES * RECLAIM_BATCH / 8);
    CHECK(taken <= (uint64_t)RECLAIM_SERIES * RECLAIM_BATCH);
    CHECK(cx_shared_put(map, NULL, 3, value + 1, NULL) == CX_OK);
    CHECK_STATUS(CX_NEED_SPACE, series_next(first, NULL, &last));
    CHECK_EQUAL(value - 1, cx_shared_snapshot_find(last, 3, 0));
    churn(map, 20000, 10000);
    CHECK(retired_after_trim(map) <= LIVE + (RECLAIM_SERIES + UINT64_C(1)) * RECLAIM_BATCH);
    CHECK_EQUAL(value - 1, cx_shared_snapshot_find(last, 3, 0));
    cx_shared_snapshot_free(first);
    map_free(map);
  }
}

/* The reservation is made longer for a later snapshot, and so protects what is younger than it. */
static void series_holds_what_was_born_after_its_begin(void) {
  cx_shared *map = map_new(false);
  cx_shared_snapshot *first = NULL;
  cx_shared_snapshot *later = NULL;
  CHECK_STATUS(CX_OK, series_new(map, NULL, 1, &first));
  churn(map, UINT64_C(2) * RECLAIM_BATCH, 100);
  uint64_t value = cx_shared_find(map, NULL, 7, 0);
  CHECK(value != 0);
  CHECK_STATUS(CX_OK, series_next(first, NULL, &later));
  churn(map, 20000, 10000);
  CHECK(cx_shared_trim(map) == CX_OK);
  CHECK_EQUAL(value, cx_shared_snapshot_find(later, 7, 0));
  CHECK_EQUAL(0, cx_shared_snapshot_find(first, 7, 1));
  cx_shared_snapshot_free(first);
  map_free(map);
}

static void bad_series_are_refused(void) {
  cx_shared *map = map_new(false);
  cx_shared_snapshot *first = NULL;
  cx_shared_snapshot *next = NULL;
  CHECK_STATUS(CX_INVALID, series_new(NULL, NULL, 1, &first));
  CHECK_STATUS(CX_INVALID, series_new(map, NULL, UINT64_C(1) << 32, &first));
  CHECK_SAME(NULL, first);
  CHECK_STATUS(CX_OK, series_new(map, NULL, 1, &first));
  CHECK_STATUS(CX_INVALID, series_next(NULL, NULL, &next));
  CHECK_STATUS(CX_OK, series_next(first, NULL, &next));
  cx_shared_snapshot *none = NULL;
  CHECK_STATUS(CX_INVALID, series_next(next, NULL, &none));
  CHECK_SAME(NULL, none);
  cx_shared_snapshot_free(next);
  CHECK_STATUS(CX_IN_USE, cx_shared_free(map));
  cx_shared_snapshot_free(first);
  map_free(map);
}

/* A snapshot that outlived a scan and is released lets go at once of what it held. */
static void released_snapshot_gives_back(void) {
  cx_shared *map = map_new(false);
  for (uint64_t key = KEYS; key < (uint64_t)40 * KEYS; key++) {
    CHECK(cx_shared_put(map, NULL, key, key, NULL) == CX_ABSENT);
  }
  CHECK_EQUAL(0, retired_after_trim(map));
  cx_shared_snapshot *snapshot;
  CHECK_STATUS(CX_OK, cx_shared_snapshot_new(map, NULL, &snapshot));
  for (uint64_t key = 0; key < (uint64_t)40 * KEYS; key++) {
    CHECK(cx_shared_put(map, NULL, key, ~key, NULL) == CX_OK);
  }
  CHECK(cx_shared_retired(map) > RECLAIM_BACKLOG);
  cx_shared_snapshot_free(snapshot);
  CHECK(cx_shared_retired(map) <= RECLAIM_BATCH);
  map_free(map);
}

/* ----------------------------------------------------------------------------- the domain -- */

static void overtaken_guard_doubles_its_window(void) {
  cx_shared *map = map_new(false);
  struct reclaim_guard guard;
  reclaim_enter(&guard, &map->domain, NULL);
  uint64_t window = RECLAIM_WINDOW;
  for (int i = 0; i < 5; i++) {
    CHECK(reclaim_covers(&guard));
    atomics_add_ordered(&map->domain.era, window);
    CHECK(reclaim_covers(&guard));
    atomics_add_ordered(&map->domain.era, 1);
    CHECK(!reclaim_covers(&guard));
    CHECK(reclaim_extend(&guard) >= reclaim_era(&map->domain));
    CHECK(!reclaim_covers(&guard));
    reclaim_again(&guard);
    window *= 2;
  }
  reclaim_exit(&guard);
  map_free(map);
}

/* All records are taken, so calls are only counted, and nothing is freed until the last of them is
 * done; a change makes more records. */
static void calls_without_a_record_hold_back_all(void) {
  cx_shared *map = map_new(false);
  struct reclaim_guard guards[RECLAIM_FIRST_CHUNK + 1];
  for (uint32_t i = 0; i <= RECLAIM_FIRST_CHUNK; i++) {
    reclaim_enter(&guards[i], &map->domain, NULL);
    CHECK((guards[i].record != NULL) == (i < RECLAIM_FIRST_CHUNK));
  }
  CHECK_EQUAL(0, cx_shared_find(map, NULL, 3, 9));
  CHECK(reclaim_covers(&guards[RECLAIM_FIRST_CHUNK]));
  for (uint64_t i = 0; i < 3000; i++) {
    CHECK_STATUS(CX_OK, cx_shared_put(map, NULL, i % KEYS, i + 1, NULL));
  }
  CHECK(cx_shared_retired(map) >= 3000);
  for (uint32_t i = 0; i <= RECLAIM_FIRST_CHUNK; i++) {
    reclaim_exit(&guards[i]);
  }
  map_free(map);
}

/* A call that finds no record asks for more, and the next scan makes some. */
static void scan_makes_the_records_that_were_missing(void) {
  cx_shared *map = map_new(false);
  cx_shared_reader *reader;
  CHECK_STATUS(CX_OK, cx_shared_reader_new(map, &reader));
  struct reclaim_guard guards[RECLAIM_FIRST_CHUNK + 1];
  for (uint32_t i = 0; i <= RECLAIM_FIRST_CHUNK; i++) {
    reclaim_enter(&guards[i], &map->domain, NULL);
  }
  reclaim_exit(&guards[RECLAIM_FIRST_CHUNK]);
  for (uint64_t i = 0; i < 3000; i++) {
    CHECK(cx_shared_put(map, reader, i % KEYS, i + 1, NULL) == CX_OK);
  }
  reclaim_enter(&guards[RECLAIM_FIRST_CHUNK], &map->domain, NULL);
  CHECK(guards[RECLAIM_FIRST_CHUNK].record != NULL);
  for (uint32_t i = 0; i <= RECLAIM_FIRST_CHUNK; i++) {
    reclaim_exit(&guards[i]);
  }
  CHECK_STATUS(CX_OK, cx_shared_reader_free(map, reader));
  map_free(map);
}

static void last_eras_refuse_changes(void) {
  cx_shared *map = map_new(false);
  map->domain.era = RECLAIM_ERA_END;
  uint64_t size = 7;
  cx_shared_snapshot *snapshot = NULL;
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_put(map, NULL, 1, 1, NULL));
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_remove(map, NULL, 1, NULL));
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_clear(map, NULL));
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_size(map, NULL, &size));
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_snapshot_new(map, NULL, &snapshot));
  CHECK_EQUAL(7, size);
  CHECK_SAME(NULL, snapshot);
  CHECK_STATUS(CX_OK, cx_shared_get(map, NULL, 1, NULL));
  map_free(map);
}

static void last_generation_refuses_snapshots(void) {
  cx_shared *map = map_new(false);
  struct shared_root *root = bits_pointer(map->root);
  /* The top is of the last generation too, so it isn't frozen. */
  root->generation = SHARED_GENERATION_END;
  shared_table(root->top)->generation = SHARED_GENERATION_END;
  uint64_t size = 7;
  cx_shared_snapshot *snapshot = NULL;
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_clear(map, NULL));
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_size(map, NULL, &size));
  CHECK_STATUS(CX_EXHAUSTED, cx_shared_snapshot_new(map, NULL, &snapshot));
  CHECK_EQUAL(7, size);
  CHECK_SAME(NULL, snapshot);
  CHECK_STATUS(CX_OK, cx_shared_put(map, NULL, 1, 1, NULL));
  CHECK_EQUAL(1, cx_shared_find(map, NULL, 1, 0));
  map_free(map);
}

/* --------------------------------------------------------------------------------- fork -- */

/* The child goes on with the map, scans included. */
static int use_in_child(cx_shared *map, cx_shared_reader *reader) {
  for (uint64_t i = 0; i < 5000; i++) {
    if (cx_shared_put(map, reader, i % KEYS, i, NULL) != CX_OK ||
        cx_shared_find(map, reader, i % KEYS, ~i) != i) {
      return 1;
    }
  }
  cx_shared_snapshot *snapshot;
  if (cx_shared_snapshot_new(map, reader, &snapshot) != CX_OK ||
      cx_shared_snapshot_size(snapshot) != KEYS) {
    return 2;
  }
  cx_shared_snapshot_free(snapshot);
  if (cx_shared_clear(map, reader) != CX_OK || cx_shared_reader_free(map, reader) != CX_OK ||
      cx_shared_trim(map) != CX_OK || cx_shared_retired(map) != 0) {
    return 3;
  }
  return cx_shared_free(map) == CX_OK ? 0 : 4;
}

static void child_after_fork_goes_on(void) {
  for (int fenced = 0; fenced < 2; fenced++) {
    cx_shared *map = map_new(fenced == 1);
    cx_shared_reader *reader;
    CHECK_STATUS(CX_OK, cx_shared_reader_new(map, &reader));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      _exit(use_in_child(map, reader));
    }
    int result;
    CHECK(waitpid(child, &result, 0) == child);
    CHECK(WIFEXITED(result));
    CHECK_EQUAL(0, WEXITSTATUS(result));
    CHECK_EQUAL(0, cx_shared_find(map, reader, 1, 9));
    CHECK_STATUS(CX_OK, cx_shared_reader_free(map, reader));
    map_free(map);
  }
}

TEST_MAIN(
    CASE(stalled_reader_holds_back_a_window), CASE(stalled_call_holds_back_a_window),
    CASE(retired_nodes_are_freed_on_the_way), CASE(want_of_memory_leaves_nothing_behind),
    CASE(reader_without_an_heir_leaves_nothing_behind), CASE(snapshot_holds_back_what_it_shows),
    CASE(many_snapshots_keep_their_own), CASE(series_takes_one_reservation),
    CASE(series_ends_with_its_eras), CASE(series_holds_what_was_born_after_its_begin),
    CASE(bad_series_are_refused), CASE(released_snapshot_gives_back),
    CASE(overtaken_guard_doubles_its_window), CASE(calls_without_a_record_hold_back_all),
    CASE(scan_makes_the_records_that_were_missing), CASE(last_eras_refuse_changes),
    CASE(last_generation_refuses_snapshots), CASE(child_after_fork_goes_on))
