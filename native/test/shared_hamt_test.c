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

/* ------------------------------------------------------------------------------- shapes -- */

/* Keys whose paths part only at `level`, counted from the bottom of the hash, and at the last bits.
 */
static void test_deep(struct setup *s) {
  static struct model model;
  model = (struct model){0};
  for (uint32_t level = 0; level < 11; level++) {
    for (uint64_t i = 0; i < 20; i++) {
      uint64_t hash = UINT64_C(0xa5a5a5a5a5a5a5a5) ^ i << (6 * level);
      put(s, unmix(hash), hash + i);
      model_put(&model, unmix(hash), hash + i);
    }
  }
  check_map(s, &model);
  while (model.count > 0) {
    uint64_t key = model.keys[model.count / 2];
    uint64_t expected = model.values[model.count / 2];
    uint64_t found = ~expected;
    CHECK_STATUS(CX_OK, cx_shared_remove(s->map, s->reader, key, &found));
    CHECK_EQUAL(expected, found);
    model_delete(&model, key);
    CHECK_STATUS(CX_ABSENT, cx_shared_get(s->map, s->reader, key, NULL));
    if (model.count % 40 == 0) {
      check_map(s, &model);
    }
  }
}

static void keys_part_on_every_level(void) {
  on_every_setup(test_deep);
}

/* As many as fill a leaf, and one more, on the longest common path there is: the split goes down
 * through every level at once. */
static void test_deepest(struct setup *s) {
  static struct model model;
  model = (struct model){0};
  for (uint64_t i = 0; i < 64; i++) {
    uint64_t hash = i << 58; /* the six highest bits */
    put(s, unmix(hash), i);
    model_put(&model, unmix(hash), i);
  }
  check_map(s, &model);
  uint64_t before = cx_shared_bytes(s->map);
  cx_shared_snapshot *snapshot = snapshot_of(s);
  put(s, unmix(0), 77);
  CHECK(cx_shared_bytes(s->map) > before); /* every table of the path is of an older generation */
  check_snapshot(&model, snapshot);
  cx_shared_snapshot_free(snapshot);
}

static void longest_path_splits_to_the_end(void) {
  on_every_setup(test_deepest);
}

static void test_merge(struct setup *s) {
  struct arena arena = arena_new(1 << 20);
  const cx_hamt *hamt = NULL;
  static struct model model;
  model = (struct model){0};
  for (uint64_t key = 0; key < 500; key++) {
    CHECK_STATUS(CX_OK, cx_hamt_assoc(hamt, key, key + 1, &arena.space, &hamt));
    model_put(&model, key, key + 1);
  }
  put(s, 3, 0);
  put(s, 1000, 1);
  model_put(&model, 1000, 1);
  CHECK_STATUS(CX_OK, cx_shared_merge(s->map, s->reader, hamt));
  CHECK_STATUS(CX_OK, cx_shared_merge(s->map, s->reader, NULL));
  check_map(s, &model);
  arena_free(&arena);
}

static void merge_puts_every_entry(void) {
  on_every_setup(test_merge);
}

/* While nothing changes, sizes and snapshots leave the map alone. */
static void test_repeated(struct setup *s) {
  for (uint64_t key = 0; key < 300; key++) {
    put(s, key, key);
  }
  CHECK_EQUAL(300, size_of(s));
  uint64_t root = s->map->root;
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(300, size_of(s));
    cx_shared_snapshot_free(snapshot_of(s));
  }
  CHECK_EQUAL(root, s->map->root);
  put(s, 1000, 0);
  CHECK_EQUAL(301, size_of(s));
  CHECK(root != s->map->root);
}

static void repeated_snapshots_change_nothing(void) {
  on_every_setup(test_repeated);
}

/* -------------------------------------------------------------------------- bad arguments -- */

static void bad_arguments_are_refused(void) {
  struct setup s = setup_new(false, true);
  struct setup other = setup_new(false, true);
  cx_shared *bent = (cx_shared *)(void *)((uint8_t *)s.map + 8);
  uint64_t value = 7;
  cx_shared_snapshot *snapshot = NULL;
  cx_shared_reader *reader = NULL;
  put(&s, 1, 1);
  CHECK_STATUS(CX_INVALID, cx_shared_new(NULL));
  CHECK_STATUS(CX_INVALID, cx_shared_free(bent));
  CHECK_STATUS(CX_OK, cx_shared_free(NULL));
  CHECK_STATUS(CX_INVALID, cx_shared_reader_new(NULL, &reader));
  CHECK_STATUS(CX_INVALID, cx_shared_reader_new(s.map, NULL));
  CHECK_STATUS(CX_INVALID, cx_shared_reader_free(s.map, other.reader));
  CHECK_STATUS(CX_INVALID, cx_shared_reader_free(NULL, s.reader));
  CHECK_STATUS(CX_OK, cx_shared_reader_free(s.map, NULL));
  CHECK_STATUS(CX_OK, cx_shared_reader_new(s.map, &reader));
  CHECK_STATUS(CX_OK, cx_shared_reader_free(s.map, reader));
  CHECK_STATUS(CX_INVALID, cx_shared_get(s.map, reader, 1, &value));
  CHECK_STATUS(CX_INVALID, cx_shared_put(s.map, reader, 1, 2, NULL));
  CHECK_STATUS(CX_INVALID, cx_shared_reader_free(s.map, reader));
  CHECK_EQUAL(7, value);
  reader = NULL;
  cx_shared *const maps[] = {NULL, bent, s.map};
  for (int i = 0; i < 3; i++) {
    cx_shared *map = maps[i];
    cx_shared_reader *foreign = i == 2 ? other.reader : NULL;
    CHECK_STATUS(CX_INVALID, cx_shared_get(map, foreign, 1, &value));
    CHECK_EQUAL(9, cx_shared_find(map, foreign, 1, 9));
    CHECK_STATUS(CX_INVALID, cx_shared_put(map, foreign, 1, 2, &value));
    CHECK_STATUS(CX_INVALID, cx_shared_put_if_absent(map, foreign, 1, 2, &value));
    CHECK_STATUS(CX_INVALID, cx_shared_remove(map, foreign, 1, &value));
    CHECK_STATUS(CX_INVALID, cx_shared_compare_and_set(map, foreign, 1, 1, 2));
    CHECK_STATUS(CX_INVALID, cx_shared_clear(map, foreign));
    CHECK_STATUS(CX_INVALID, cx_shared_merge(map, foreign, NULL));
    CHECK_STATUS(CX_INVALID, cx_shared_size(map, foreign, &value));
    CHECK_STATUS(CX_INVALID, cx_shared_snapshot_new(map, foreign, &snapshot));
  }
  CHECK_STATUS(CX_INVALID, cx_shared_merge(s.map, NULL, (const cx_hamt *)(const void *)s.map));
  CHECK_STATUS(CX_INVALID, cx_shared_size(s.map, NULL, NULL));
  CHECK_STATUS(CX_INVALID, cx_shared_snapshot_new(s.map, NULL, NULL));
  uint64_t *askew = (uint64_t *)(void *)((uint8_t *)&value + 1);
  CHECK_STATUS(CX_INVALID, cx_shared_get(s.map, NULL, 1, askew));
  CHECK_STATUS(CX_INVALID, cx_shared_put(s.map, NULL, 1, 2, askew));
  CHECK_STATUS(CX_INVALID, cx_shared_put_if_absent(s.map, NULL, 2, 2, askew));
  CHECK_STATUS(CX_INVALID, cx_shared_remove(s.map, NULL, 1, askew));
  CHECK_STATUS(CX_INVALID, cx_shared_size(s.map, NULL, askew));
  CHECK_EQUAL(1, cx_shared_find(s.map, NULL, 1, 9));
  CHECK_EQUAL(9, cx_shared_find(s.map, NULL, 2, 9));
  CHECK_STATUS(CX_INVALID, cx_shared_trim(NULL));
  CHECK_EQUAL(0, cx_shared_retired(NULL));
  CHECK_EQUAL(0, cx_shared_bytes(bent));
  CHECK_EQUAL(7, value);
  CHECK_SAME(NULL, snapshot);
  CHECK_SAME(NULL, reader);
  CHECK_EQUAL(1, cx_shared_find(s.map, NULL, 1, 0));
  setup_free(&s);
  setup_free(&other);
}

static void bad_arguments_of_snapshots_are_refused(void) {
  struct setup s = setup_new(false, false);
  put(&s, 1, 1);
  cx_shared_snapshot *snapshot = snapshot_of(&s);
  struct arena arena = arena_new(64);
  uint64_t word = 7;
  cx_hamt_cursor cursor = {.state = 0};
  const cx_hamt *hamt = NULL;
  CHECK_STATUS(CX_INVALID, cx_shared_snapshot_get(NULL, 1, &word));
  uint64_t *askew = (uint64_t *)(void *)((uint8_t *)&word + 1);
  CHECK_STATUS(CX_INVALID, cx_shared_snapshot_get(snapshot, 1, askew));
  cx_shared_snapshot_free((cx_shared_snapshot *)(void *)askew);
  CHECK_STATUS(CX_OK, cx_shared_snapshot_get(snapshot, 1, NULL));
  CHECK_STATUS(CX_ABSENT, cx_shared_snapshot_get(snapshot, 2, &word));
  CHECK_EQUAL(7, word);
  CHECK_EQUAL(9, cx_shared_snapshot_find(NULL, 1, 9));
  CHECK_EQUAL(9, cx_shared_snapshot_find(snapshot, 2, 9));
  CHECK_EQUAL(0, cx_shared_snapshot_size(NULL));
  CHECK(cx_shared_snapshot_iterate(NULL, &cursor, &word, &word, 1) == CX_INVALID);
  CHECK(cx_shared_snapshot_iterate(snapshot, NULL, &word, &word, 1) == CX_INVALID);
  CHECK(cx_shared_snapshot_iterate(snapshot, &cursor, NULL, &word, 1) == CX_INVALID);
  CHECK(cx_shared_snapshot_iterate(snapshot, &cursor, &word, NULL, 1) == CX_INVALID);
  CHECK(cx_shared_snapshot_iterate(snapshot, &cursor, &word, &word, UINT64_MAX) == CX_INVALID);
  CHECK(cx_shared_snapshot_iterate(snapshot, &cursor, NULL, NULL, 0) == 0);
  cursor.state = 99;
  CHECK(cx_shared_snapshot_iterate(snapshot, &cursor, &word, &word, 1) == CX_INVALID);
  cursor = (cx_hamt_cursor){.state = 1, .depth = -1};
  CHECK(cx_shared_snapshot_iterate(snapshot, &cursor, &word, &word, 1) == CX_INVALID);
  CHECK(cx_shared_snapshot_hamt_bytes(NULL) == CX_INVALID);
  CHECK_STATUS(CX_INVALID, cx_shared_snapshot_to_hamt(NULL, &arena.space, &hamt));
  CHECK_STATUS(CX_INVALID, cx_shared_snapshot_to_hamt(snapshot, NULL, &hamt));
  CHECK_STATUS(CX_INVALID, cx_shared_snapshot_to_hamt(snapshot, &arena.space, NULL));
  for (uint64_t key = 2; key < 100; key++) {
    put(&s, key, key);
  }
  cx_shared_snapshot *large = snapshot_of(&s);
  CHECK(cx_shared_snapshot_to_hamt(large, &arena.space, &hamt) == CX_NEED_SPACE);
  CHECK_EQUAL(0, arena_used(&arena));
  CHECK_SAME(NULL, hamt);
  cx_shared_snapshot_free(large);
  cx_shared_snapshot_free(snapshot);
  cx_shared_snapshot_free(NULL);
  arena_free(&arena);
  setup_free(&s);
}

static void map_in_use_is_not_freed(void) {
  struct setup s = setup_new(false, true);
  CHECK_STATUS(CX_IN_USE, cx_shared_free(s.map));
  CHECK_STATUS(CX_OK, cx_shared_reader_free(s.map, s.reader));
  s.reader = NULL;
  cx_shared_snapshot *snapshot = snapshot_of(&s);
  CHECK_STATUS(CX_IN_USE, cx_shared_free(s.map));
  cx_shared_snapshot_free(snapshot);
  setup_free(&s);
}

TEST_MAIN(
    CASE(empty_map_has_nothing), CASE(put_tells_what_was_there),
    CASE(put_if_absent_keeps_what_is_there), CASE(compare_and_set_wants_the_expected_value),
    CASE(random_calls_match_the_model), CASE(keys_part_on_every_level),
    CASE(longest_path_splits_to_the_end), CASE(merge_puts_every_entry),
    CASE(repeated_snapshots_change_nothing), CASE(bad_arguments_are_refused),
    CASE(bad_arguments_of_snapshots_are_refused), CASE(map_in_use_is_not_freed))
