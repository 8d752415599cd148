/*
 * shared_hamt_test.c - the shared map as one thread sees it: every call, every status, the shapes
 * that chosen hashes lead to.
 */
#include "model.h"
#include "shared_hamt.h"

/* A map that readers fence in or don't, without and with a registered reader: the cases run on all
 * four. */
struct setup {
  cx_shared *map;
  cx_shared_reader *reader;
};

static struct setup setup_new(bool fenced, bool registered) {
  struct setup s = {0};
  CHECK_STATUS(CX_OK, shared_new(&s.map, fenced));
  if (registered) {
    CHECK_STATUS(CX_OK, cx_shared_reader_new(s.map, &s.reader));
  }
  return s;
}

/* Everything has come back once the map is empty and nobody holds anything. */
static void setup_free(struct setup *s) {
  CHECK_STATUS(CX_OK, cx_shared_reader_free(s->map, s->reader));
  CHECK_STATUS(CX_OK, cx_shared_clear(s->map, NULL));
  CHECK(cx_shared_trim(s->map) == CX_OK); /* where memory is refused, it leaves some for later */
  CHECK_EQUAL(0, cx_shared_retired(s->map));
  CHECK_EQUAL(sizeof(cx_shared) + sizeof(struct shared_root), cx_shared_bytes(s->map));
  CHECK_STATUS(CX_OK, cx_shared_free(s->map));
}

static void on_every_setup(void (*test)(struct setup *s)) {
  for (int i = 0; i < 4; i++) {
    struct setup s = setup_new((i & 1) != 0, (i & 2) != 0);
    test(&s);
    setup_free(&s);
  }
}

static uint64_t size_of(struct setup *s) {
  uint64_t size = UINT64_MAX;
  CHECK_STATUS(CX_OK, cx_shared_size(s->map, s->reader, &size));
  return size;
}

static cx_shared_snapshot *snapshot_of(struct setup *s) {
  cx_shared_snapshot *snapshot;
  CHECK_STATUS(CX_OK, cx_shared_snapshot_new(s->map, s->reader, &snapshot));
  return snapshot;
}

static void put(struct setup *s, uint64_t key, uint64_t value) {
  CHECK(cx_shared_put(s->map, s->reader, key, value, NULL) >= 0);
}

/* The snapshot has what the model has, by lookup, iteration, size and as an immutable map. */
static void check_snapshot(const struct model *model, const cx_shared_snapshot *snapshot) {
  CHECK_EQUAL(model->count, cx_shared_snapshot_size(snapshot));
  for (uint64_t i = 0; i < model->count; i++) {
    uint64_t value = ~model->values[i];
    CHECK_STATUS(CX_OK, cx_shared_snapshot_get(snapshot, model->keys[i], &value));
    CHECK_EQUAL(model->values[i], value);
    CHECK_EQUAL(value, cx_shared_snapshot_find(snapshot, model->keys[i], ~value));
  }
  struct model seen = {0};
  cx_hamt_cursor cursor = {.state = 0};
  uint64_t keys[5];
  uint64_t values[5];
  int64_t got;
  while ((got = cx_shared_snapshot_iterate(snapshot, &cursor, keys, values, 5)) != 0) {
    CHECK(got > 0);
    for (int64_t i = 0; i < got; i++) {
      model_put(&seen, keys[i], values[i]);
    }
  }
  CHECK_EQUAL(model->count, seen.count);
  CHECK(memcmp(model->keys, seen.keys, model->count * 8) == 0);
  CHECK(memcmp(model->values, seen.values, model->count * 8) == 0);

  int64_t bytes = cx_shared_snapshot_hamt_bytes(snapshot);
  CHECK(bytes >= 0);
  struct arena arena = arena_new((uint64_t)bytes + 8);
  const cx_hamt *hamt;
  arena.space.end = arena.space.next + bytes;
  CHECK_STATUS(CX_OK, cx_shared_snapshot_to_hamt(snapshot, &arena.space, &hamt));
  CHECK_EQUAL(bytes, arena_used(&arena));
  model_check(model, hamt);
  arena_free(&arena);
}

static void check_map(struct setup *s, const struct model *model) {
  for (uint64_t i = 0; i < model->count; i++) {
    uint64_t value = ~model->values[i];
    CHECK_STATUS(CX_OK, cx_shared_get(s->map, s->reader, model->keys[i], &value));
    CHECK_EQUAL(model->values[i], value);
  }
  CHECK_EQUAL(model->count, size_of(s));
  cx_shared_snapshot *snapshot = snapshot_of(s);
  check_snapshot(model, snapshot);
  cx_shared_snapshot_free(snapshot);
}

/* ------------------------------------------------------------------------- single calls -- */

static void test_empty(struct setup *s) {
  uint64_t value = 5;
  CHECK_STATUS(CX_ABSENT, cx_shared_get(s->map, s->reader, 1, &value));
  CHECK_STATUS(CX_ABSENT, cx_shared_remove(s->map, s->reader, 1, &value));
  CHECK_STATUS(CX_ABSENT, cx_shared_compare_and_set(s->map, s->reader, 1, 0, 2));
  CHECK_EQUAL(5, value);
  CHECK_EQUAL(9, cx_shared_find(s->map, s->reader, 1, 9));
  CHECK_STATUS(CX_OK, cx_shared_clear(s->map, s->reader));
  struct model none = {0};
  check_map(s, &none);
}

static void empty_map_has_nothing(void) {
  on_every_setup(test_empty);
}

static void test_put(struct setup *s) {
  uint64_t value = 5;
  CHECK_STATUS(CX_ABSENT, cx_shared_put(s->map, s->reader, 0, 10, &value));
  CHECK_EQUAL(5, value);
  CHECK_STATUS(CX_OK, cx_shared_put(s->map, s->reader, 0, 11, &value));
  CHECK_EQUAL(10, value);
  CHECK_STATUS(CX_OK, cx_shared_put(s->map, s->reader, 0, 11, &value));
  CHECK_EQUAL(11, value);
  CHECK_STATUS(CX_OK, cx_shared_get(s->map, s->reader, 0, NULL));
  CHECK_EQUAL(11, cx_shared_find(s->map, s->reader, 0, 9));
  CHECK_STATUS(CX_OK, cx_shared_remove(s->map, s->reader, 0, &value));
  CHECK_EQUAL(11, value);
  CHECK_STATUS(CX_ABSENT, cx_shared_get(s->map, s->reader, 0, &value));
  CHECK_EQUAL(0, size_of(s));
}

static void put_tells_what_was_there(void) {
  on_every_setup(test_put);
}

static void test_put_if_absent(struct setup *s) {
  uint64_t value = 5;
  CHECK_STATUS(CX_ABSENT, cx_shared_put_if_absent(s->map, s->reader, 7, 70, &value));
  CHECK_EQUAL(5, value);
  CHECK_STATUS(CX_OK, cx_shared_put_if_absent(s->map, s->reader, 7, 71, &value));
  CHECK_EQUAL(70, value);
  CHECK_EQUAL(70, cx_shared_find(s->map, s->reader, 7, 0));
}

static void put_if_absent_keeps_what_is_there(void) {
  on_every_setup(test_put_if_absent);
}

static void test_compare_and_set(struct setup *s) {
  put(s, 3, 30);
  CHECK_STATUS(CX_ABSENT, cx_shared_compare_and_set(s->map, s->reader, 3, 31, 32));
  CHECK_EQUAL(30, cx_shared_find(s->map, s->reader, 3, 0));
  CHECK_STATUS(CX_OK, cx_shared_compare_and_set(s->map, s->reader, 3, 30, 32));
  CHECK_EQUAL(32, cx_shared_find(s->map, s->reader, 3, 0));
  CHECK_STATUS(CX_OK, cx_shared_compare_and_set(s->map, s->reader, 3, 32, 32));
  CHECK_EQUAL(1, size_of(s));
}

static void compare_and_set_wants_the_expected_value(void) {
  on_every_setup(test_compare_and_set);
}

/* ------------------------------------------------------------------------- many entries -- */

/* Random calls against the model, snapshots kept meanwhile. */
static void test_model(struct setup *s) {
  static struct model model;
  static struct model frozen;
  model = (struct model){0};
  frozen = (struct model){0};
  cx_shared_snapshot *snapshot = NULL;
  uint64_t random = 42;
  for (int i = 0; i < 20000; i++) {
    uint64_t key = random_below(&random, 900);
    uint64_t value = random_below(&random, 3);
    uint64_t before = 77;
    bool present = model_get(&model, key, &before);
    uint64_t found = 77;
    switch (random_below(&random, 8)) {
    case 0:
    case 1:
    case 2:
      CHECK_STATUS(
          present ? CX_OK : CX_ABSENT, cx_shared_put(s->map, s->reader, key, value, &found));
      model_put(&model, key, value);
      break;
    case 3:
      CHECK_STATUS(present ? CX_OK : CX_ABSENT, cx_shared_remove(s->map, s->reader, key, &found));
      model_delete(&model, key);
      break;
    case 4:
      CHECK_STATUS(
          present && before == value ? CX_OK : CX_ABSENT,
          cx_shared_compare_and_set(s->map, s->reader, key, value, value + 1));
      if (present && before == value) {
        model_put(&model, key, value + 1);
      }
      found = before;
      break;
    case 5:
      CHECK_STATUS(
          present ? CX_OK : CX_ABSENT,
          cx_shared_put_if_absent(s->map, s->reader, key, value, &found));
      if (!present) {
        model_put(&model, key, value);
      }
      break;
    default:
      CHECK_STATUS(present ? CX_OK : CX_ABSENT, cx_shared_get(s->map, s->reader, key, &found));
    }
    CHECK_EQUAL(before, found);
    if (i % 500 == 0) {
      CHECK_EQUAL(model.count, size_of(s));
      if (snapshot != NULL) {
        check_snapshot(&frozen, snapshot);
        cx_shared_snapshot_free(snapshot);
      }
      snapshot = snapshot_of(s);
      frozen = model;
    }
    if (i == 9999) {
      CHECK_STATUS(CX_OK, cx_shared_clear(s->map, s->reader));
      model.count = 0;
    }
  }
  check_map(s, &model);
  cx_shared_snapshot_free(snapshot);
}

static void random_calls_match_the_model(void) {
  on_every_setup(test_model);
}

TEST_MAIN(
    CASE(empty_map_has_nothing), CASE(put_tells_what_was_there),
    CASE(put_if_absent_keeps_what_is_there), CASE(compare_and_set_wants_the_expected_value),
    CASE(random_calls_match_the_model))
