/*
 * hamt_test.c - the map against a sorted array, its shape, and what it promises about space.
 */
#include "hamt.h"

#include "forge.h"
#include "model.h"

#define ARENA_BYTES (UINT64_C(2) << 20)

/* All 64 hash bits of key_at(x, level) but one on that level are those of x. */
static uint64_t key_parting_at(uint64_t hash, uint32_t level) {
  return unmix(hash ^ (UINT64_C(1) << (5 * level)));
}

static const cx_hamt *put(const cx_hamt *map, uint64_t key, uint64_t value, struct arena *arena) {
  const cx_hamt *out;
  CHECK_STATUS(CX_OK, cx_hamt_assoc(map, key, value, &arena->space, &out));
  return out;
}

static const cx_hamt *del(const cx_hamt *map, uint64_t key, struct arena *arena) {
  const cx_hamt *out;
  CHECK_STATUS(CX_OK, cx_hamt_dissoc(map, key, &arena->space, &out));
  return out;
}

static const cx_hamt *fill(
    const cx_hamt *map, uint64_t first, uint64_t count, uint64_t stride, struct arena *arena) {
  for (uint64_t i = 0; i < count; i++) {
    map = put(map, first + i * stride, first + i, arena);
  }
  return map;
}

static const cx_hamt *raw_map(struct arena *arena) {
  const cx_hamt *out;
  CHECK_STATUS(CX_OK, cx_test_hamt_raw(&arena->space, &out));
  return out;
}

static void check_same_dump(const cx_hamt *expected, const cx_hamt *actual) {
  char *expected_text = dump_of(expected);
  char *actual_text = dump_of(actual);
  CHECK_TEXT(expected_text, actual_text);
  free(expected_text);
  free(actual_text);
}

/* A fresh map of the same contents, put in by ascending key. */
static const cx_hamt *rebuilt(const struct model *model, bool raw, struct arena *arena) {
  const cx_hamt *map = raw ? raw_map(arena) : NULL;
  for (uint64_t i = 0; i < model->count; i++) {
    map = put(map, model->keys[i], model->values[i], arena);
  }
  return map;
}

/* ------------------------------------------------------------------------------ the mix -- */

static void mix_is_frozen(void) {
  CHECK_EQUAL(0, cx_mix(0));
  CHECK_EQUAL(UINT64_C(0x5692161d100b05e5), cx_mix(1));
  CHECK_EQUAL(UINT64_C(0xb4d055fcf2cbbd7b), cx_mix(UINT64_MAX));
}

static void mix_is_a_bijection(void) {
  uint64_t state = 1;
  for (int i = 0; i < 1000; i++) {
    uint64_t key = random_next(&state);
    CHECK_EQUAL(key, unmix(cx_mix(key)));
  }
}

/* ---------------------------------------------------------------------- random programs -- */

/* Keys of several kinds: few and close, spread, colliding in the raw map, on one deep path. */
static uint64_t random_key(uint64_t *state) {
  switch (random_below(state, 4)) {
  case 0:
    return random_below(state, 80);
  case 1:
    return UINT64_MAX - random_below(state, 40);
  case 2:
    return random_below(state, 8) << (5 * random_below(state, 13));
  default:
    return unmix(random_below(state, 4) << (5 * random_below(state, 13)));
  }
}

static void run_random_program(uint64_t seed, bool raw, int steps) {
  printf("  seed %" PRIu64 "\n", seed);
  uint64_t state = seed;
  struct arena arena = arena_new(ARENA_BYTES);
  static struct model model;
  model.count = 0;
  const cx_hamt *map = raw ? raw_map(&arena) : NULL;
  /* A phase grows the map, the next shrinks it. */
  for (int step = 0; step < steps; step++) {
    bool growing = step / 300 % 2 == 0;
    uint64_t key = random_key(&state);
    if (random_below(&state, 10) < (growing ? 8u : 2u)) {
      uint64_t value = random_below(&state, 3) == 0 ? 7 : random_next(&state);
      uint64_t bound = cx_hamt_assoc_bound(map);
      uint64_t used = arena_used(&arena);
      uint64_t old;
      bool equal = model_get(&model, key, &old) && old == value;
      const cx_hamt *after = put(map, key, value, &arena);
      CHECK(arena_used(&arena) - used <= bound);
      CHECK(equal == (after == map));
      CHECK(!equal || arena_used(&arena) == used);
      map = after;
      model_put(&model, key, value);
    } else {
      if (random_below(&state, 4) != 0 && model.count > 0) {
        key = model.keys[random_below(&state, model.count)];
      }
      uint64_t bound = cx_hamt_assoc_bound(map);
      uint64_t used = arena_used(&arena);
      uint64_t old;
      bool present = model_get(&model, key, &old);
      const cx_hamt *after = del(map, key, &arena);
      CHECK(arena_used(&arena) - used <= bound);
      CHECK(present == (after != map));
      map = after;
      model_delete(&model, key);
    }
    uint64_t expected = 1;
    uint64_t actual = 1;
    key = random_key(&state);
    CHECK_STATUS(
        model_get(&model, key, &expected) ? CX_OK : CX_ABSENT, cx_hamt_get(map, key, &actual));
    CHECK_EQUAL(expected, actual);
    if (step % 50 == 0) {
      model_check(&model, map);
      check_same_dump(rebuilt(&model, raw, &arena), map);
    }
    if (arena.space.end - arena.space.next < 1 << 18) {
      /* Moves on to a fresh region, as an owner does that collects garbage. */
      struct arena next = arena_new(ARENA_BYTES);
      CHECK_STATUS(CX_OK, cx_hamt_copy(map, &next.space, &map));
      arena_free(&arena);
      arena = next;
    }
  }
  model_check(&model, map);
  arena_free(&arena);
}

static void random_programs_agree_with_a_sorted_array(void) {
  for (uint64_t seed = 1; seed <= 6; seed++) {
    run_random_program(seed, false, 1500);
  }
}

static void random_programs_agree_when_keys_collide(void) {
  for (uint64_t seed = 101; seed <= 106; seed++) {
    run_random_program(seed, true, 1500);
  }
}

/* -------------------------------------------------------------------------------- shape -- */

static void empty_map_has_nothing(void) {
  CHECK_EQUAL(0, cx_hamt_size(NULL));
  CHECK_EQUAL(9, cx_hamt_find(NULL, 0, 9));
  CHECK_STATUS(CX_ABSENT, cx_hamt_get(NULL, 0, NULL));
  CHECK_EQUAL(0, cx_hamt_bytes(NULL));
  struct arena arena = arena_new(64);
  CHECK_SAME(NULL, del(put(NULL, 1, 1, &arena), 1, &arena));
  CHECK_SAME(NULL, del(NULL, 1, &arena));
  arena_free(&arena);
}

static void extreme_keys_and_values_are_legal(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const uint64_t extremes[] = {0, UINT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 63) - 1};
  for (uint64_t others = 0; others <= 40; others += 40) {
    const cx_hamt *map = fill(NULL, 1, others, 1, &arena);
    for (int i = 0; i < 4; i++) {
      map = put(map, extremes[i], extremes[3 - i], &arena);
    }
    for (int i = 0; i < 4; i++) {
      CHECK_EQUAL(extremes[3 - i], cx_hamt_find(map, extremes[i], 77));
      CHECK_EQUAL(77, cx_hamt_find(del(map, extremes[i], &arena), extremes[i], 77));
    }
  }
  arena_free(&arena);
}

static void insertion_order_does_not_change_the_dump(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  uint64_t state = 42;
  for (uint64_t count = 30; count <= 70; count += 5) {
    uint64_t keys[70];
    for (uint64_t i = 0; i < count; i++) {
      keys[i] = i % 3 == 0 ? unmix(i << 58) : i * 0x100000001;
    }
    const cx_hamt *first = NULL;
    for (int order = 0; order < 10; order++) {
      for (uint64_t i = count; i > 1; i--) {
        uint64_t j = random_below(&state, i);
        uint64_t key = keys[i - 1];
        keys[i - 1] = keys[j];
        keys[j] = key;
      }
      const cx_hamt *map = NULL;
      for (uint64_t i = 0; i < count; i++) {
        map = put(map, keys[i], ~keys[i], &arena);
      }
      /* a detour over more entries leaves no trace */
      map = fill(map, 1000000, 50, 1, &arena);
      for (uint64_t i = 50; i > 0; i--) {
        map = del(map, 1000000 + i - 1, &arena);
      }
      if (first == NULL) {
        first = map;
      }
      check_same_dump(first, map);
    }
    arena_clear(&arena);
  }
  arena_free(&arena);
}

static void thirty_three_entries_make_a_tree_and_thirty_two_a_flat_map(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *flat = fill(NULL, 0, 32, 1, &arena);
  const cx_hamt *tree = put(flat, 32, 32, &arena);
  CHECK(!hamt_is_tree(flat));
  CHECK(hamt_is_tree(tree));
  for (uint64_t gone = 0; gone <= 32; gone++) {
    const cx_hamt *less = del(tree, gone, &arena);
    CHECK(!hamt_is_tree(less));
    CHECK_EQUAL(32, cx_hamt_size(less));
    check_same_dump(tree, put(less, gone, gone, &arena));
  }
  check_same_dump(flat, del(tree, 32, &arena));
  arena_free(&arena);
}

static void deepest_tree_holds_keys_that_share_sixty_bits(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  uint64_t hash = UINT64_C(0x0edcba9876543210);
  const cx_hamt *map = fill(NULL, 1, 32, 1, &arena);
  for (uint64_t high = 0; high < 16; high++) {
    map = put(map, unmix(hash ^ high << 60), high, &arena);
  }
  for (uint64_t high = 0; high < 16; high++) {
    CHECK_EQUAL(high, cx_hamt_find(map, unmix(hash ^ high << 60), 99));
  }
  for (uint32_t level = 0; level < 12; level++) {
    CHECK_STATUS(CX_ABSENT, cx_hamt_get(map, key_parting_at(hash, level), NULL));
    CHECK_SAME(map, del(map, key_parting_at(hash, level), &arena));
  }
  arena_free(&arena);
}

static void lone_entry_is_pulled_up(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *others = fill(NULL, 1, 40, 1, &arena);
  uint64_t hash = UINT64_C(0x123456789abcdef0);
  const cx_hamt *alone = put(others, unmix(hash), 1, &arena);
  for (uint32_t level = 0; level < HAMT_LEVELS; level++) {
    const cx_hamt *both = put(alone, key_parting_at(hash, level), 2, &arena);
    check_same_dump(alone, del(both, key_parting_at(hash, level), &arena));
    const cx_hamt *other = put(others, key_parting_at(hash, level), 2, &arena);
    check_same_dump(other, del(both, unmix(hash), &arena));
  }
  arena_free(&arena);
}

static void collision_grows_to_sixteen_and_shrinks_to_none(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *steps[17];
  steps[0] = fill(raw_map(&arena), 0x100, 33, 0x10, &arena);
  for (uint64_t i = 0; i < 16; i++) {
    steps[i + 1] = put(steps[i], 15 - i, i, &arena);
  }
  const cx_hamt *map = steps[16];
  for (uint64_t i = 16; i > 0; i--) {
    for (uint64_t key = 0; key < 16; key++) {
      CHECK_STATUS(key >= 16 - i ? CX_OK : CX_ABSENT, cx_hamt_get(map, key, NULL));
    }
    map = del(map, 16 - i, &arena);
    check_same_dump(steps[i - 1], map);
  }
  arena_free(&arena);
}

/* ----------------------------------------------------------------------------- identity -- */

static void equal_binding_returns_the_same_map(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  for (uint64_t count = 1; count <= 200; count += 33) {
    const cx_hamt *map = fill(NULL, 5, count, 3, &arena);
    uint64_t used = arena_used(&arena);
    for (uint64_t i = 0; i < count; i++) {
      CHECK_SAME(map, put(map, 5 + 3 * i, 5 + i, &arena));
      CHECK_SAME(map, del(map, 6 + 3 * i, &arena));
    }
    CHECK_EQUAL(used, arena_used(&arena));
  }
  arena_free(&arena);
}

static void older_maps_stay_as_they_were(void) {
  enum { VERSIONS = 120 };
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *maps[VERSIONS];
  char *dumps[VERSIONS];
  const cx_hamt *map = NULL;
  uint64_t state = 3;
  for (int i = 0; i < VERSIONS; i++) {
    map = random_below(&state, 4) == 0 ? del(map, random_below(&state, 60), &arena)
                                       : put(map, random_below(&state, 60), (uint64_t)i, &arena);
    maps[i] = map;
    dumps[i] = dump_of(map);
  }
  for (int i = 0; i < VERSIONS; i++) {
    char *now = dump_of(maps[i]);
    CHECK_TEXT(dumps[i], now);
    free(now);
    free(dumps[i]);
  }
  arena_free(&arena);
}

/* -------------------------------------------------------------------------------- merge -- */

static void run_random_merge(uint64_t seed, bool raw, struct arena *arena) {
  static struct model base_model;
  static struct model over_model;
  base_model.count = over_model.count = 0;
  uint64_t state = seed;
  const cx_hamt *base = raw ? raw_map(arena) : NULL;
  uint64_t base_puts = random_below(&state, 200) >> random_below(&state, 4);
  for (uint64_t i = 0; i < base_puts; i++) {
    uint64_t key = random_key(&state);
    base = put(base, key, i, arena);
    model_put(&base_model, key, i);
  }
  /* Sometimes the two have an ancestor in common, hence subtrees too. */
  const cx_hamt *over = raw ? raw_map(arena) : NULL;
  if (random_below(&state, 2) == 0) {
    over = base;
    over_model = base_model;
  }
  uint64_t over_puts = random_below(&state, 200) >> random_below(&state, 4);
  for (uint64_t i = 0; i < over_puts; i++) {
    uint64_t key = random_key(&state);
    over = put(over, key, i * 2, arena);
    model_put(&over_model, key, i * 2);
  }
  uint64_t used = arena_used(arena);
  const cx_hamt *merged;
  CHECK_STATUS(CX_OK, cx_hamt_merge(base, over, &arena->space, &merged));
  CHECK(arena_used(arena) - used <= cx_hamt_merge_bound(base, over));
  for (uint64_t i = 0; i < over_model.count; i++) {
    model_put(&base_model, over_model.keys[i], over_model.values[i]);
  }
  model_check(&base_model, merged);
  check_same_dump(rebuilt(&base_model, raw, arena), merged);
  arena_clear(arena);
}

static void random_merges_agree_with_a_sorted_array(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  for (uint64_t seed = 1; seed <= 150; seed++) {
    run_random_merge(seed, false, &arena);
    run_random_merge(seed, true, &arena);
  }
  arena_free(&arena);
}

static void merge_returns_an_argument_where_that_is_the_answer(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  for (uint64_t count = 4; count <= 400; count *= 10) {
    const cx_hamt *all = fill(NULL, 0, count, 1, &arena);
    const cx_hamt *some = NULL;
    for (uint64_t i = 0; i < count; i += 3) {
      some = put(some, i, i, &arena);
    }
    uint64_t used = arena_used(&arena);
    const cx_hamt *out;
    CHECK_STATUS(CX_OK, cx_hamt_merge(all, some, &arena.space, &out));
    CHECK_SAME(all, out);
    CHECK_STATUS(CX_OK, cx_hamt_merge(some, all, &arena.space, &out));
    CHECK_SAME(all, out);
    CHECK_STATUS(CX_OK, cx_hamt_merge(all, all, &arena.space, &out));
    CHECK_SAME(all, out);
    CHECK_STATUS(CX_OK, cx_hamt_merge(NULL, all, &arena.space, &out));
    CHECK_SAME(all, out);
    CHECK_STATUS(CX_OK, cx_hamt_merge(all, NULL, &arena.space, &out));
    CHECK_SAME(all, out);
    CHECK_EQUAL(used, arena_used(&arena));
  }
  const cx_hamt *out = put(NULL, 1, 1, &arena);
  CHECK_STATUS(CX_OK, cx_hamt_merge(NULL, NULL, &arena.space, &out));
  CHECK_SAME(NULL, out);
  arena_free(&arena);
}

static void merge_shares_what_only_one_side_changed(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *ancestor = fill(NULL, 0, 2000, 1, &arena);
  const cx_hamt *base = put(ancestor, 5, 0, &arena);
  const cx_hamt *over = put(put(ancestor, 1500, 0, &arena), 3000, 0, &arena);
  uint64_t used = arena_used(&arena);
  const cx_hamt *out;
  CHECK_STATUS(CX_OK, cx_hamt_merge(base, over, &arena.space, &out));
  CHECK_EQUAL(2001, cx_hamt_size(out));
  CHECK(arena_used(&arena) - used < 2000);
  arena_free(&arena);
}

/* Grows to where every level has been the one that most entries lie on. */
static void lookups_find_every_key_at_every_size(void) {
  enum { MOST = 40000 };
  struct arena arena = arena_new(UINT64_C(40) << 20);
  const cx_hamt *map = NULL;
  for (uint64_t count = 1; count <= MOST; count++) {
    map = put(map, unmix(count * UINT64_C(0x9e3779b97f4a7c15)), count, &arena);
    bool power = (count & (count - 1)) == 0;
    if (!power && count % 1000 != 0 && count != CX_FLAT_LIMIT + 1) {
      continue;
    }
    for (uint64_t i = 1; i <= count; i++) {
      CHECK_EQUAL(i, cx_hamt_find(map, unmix(i * UINT64_C(0x9e3779b97f4a7c15)), 0));
    }
    for (uint64_t i = count + 1; i <= count + 1000; i++) {
      uint64_t hash = i * UINT64_C(0x9e3779b97f4a7c15);
      CHECK_EQUAL(0, cx_hamt_find(map, unmix(hash), 0));
      /* Parts from a key of the map on each level in turn. */
      uint64_t near = unmix((i - count) * UINT64_C(0x9e3779b97f4a7c15)) % count + 1;
      uint64_t parted = near * UINT64_C(0x9e3779b97f4a7c15) ^ UINT64_C(1) << (i % 60);
      CHECK_EQUAL(0, cx_hamt_find(map, unmix(parted), 0));
    }
  }
  arena_free(&arena);
}

static void bits_are_counted_alike_with_and_without_an_instruction(void) {
  uint64_t word = 1;
  for (int i = 0; i < 10000; i++) {
    word = cx_mix(word);
    uint32_t a = (uint32_t)word & (uint32_t)(word >> (i % 32));
    uint32_t b = (uint32_t)(word >> 32);
    uint32_t count = 0;
    for (uint32_t rest = a; rest != 0; rest &= rest - 1) {
      count++;
    }
    CHECK_EQUAL(count, bits_count(a));
    CHECK_EQUAL(count, bits_count_by_halves(a));
    CHECK_EQUAL(2 * count + bits_count(b), bits_weigh(a, b));
    CHECK_EQUAL(2 * count + bits_count(b), bits_weigh_by_halves(a, b));
  }
  CHECK_EQUAL(32, bits_count_by_halves(UINT32_MAX));
  CHECK_EQUAL(96, bits_weigh_by_halves(UINT32_MAX, UINT32_MAX));
}

static void merge_refuses_maps_that_hash_differently(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *raw = raw_map(&arena);
  const cx_hamt *raw_one = put(raw, 1, 1, &arena);
  const cx_hamt *one = put(NULL, 1, 1, &arena);
  const cx_hamt *out = one;
  CHECK_STATUS(CX_INVALID, cx_hamt_merge(raw_one, one, &arena.space, &out));
  CHECK_STATUS(CX_INVALID, cx_hamt_merge(one, raw, &arena.space, &out));
  CHECK_SAME(one, out);
  CHECK_STATUS(CX_OK, cx_hamt_merge(raw, NULL, &arena.space, &out));
  CHECK_SAME(raw, out);
  CHECK_STATUS(CX_OK, cx_hamt_merge(NULL, raw, &arena.space, &out));
  CHECK_SAME(raw, out);
  CHECK_STATUS(CX_OK, cx_hamt_merge(raw, raw_one, &arena.space, &out));
  CHECK_SAME(raw_one, out);
  arena_free(&arena);
}

/* -------------------------------------------------------------------------------- space -- */

/* One call under test: what it does with the two maps, given the space. */
typedef int32_t operation(
    const cx_hamt *a, const cx_hamt *b, uint64_t key, cx_space *space, const cx_hamt **out);

static int32_t assoc_operation(
    const cx_hamt *a, const cx_hamt *b, uint64_t key, cx_space *space, const cx_hamt **out) {
  (void)b;
  return cx_hamt_assoc(a, key, 12345, space, out);
}

static int32_t dissoc_operation(
    const cx_hamt *a, const cx_hamt *b, uint64_t key, cx_space *space, const cx_hamt **out) {
  (void)b;
  return cx_hamt_dissoc(a, key, space, out);
}

static int32_t merge_operation(
    const cx_hamt *a, const cx_hamt *b, uint64_t key, cx_space *space, const cx_hamt **out) {
  (void)key;
  return cx_hamt_merge(a, b, space, out);
}

static int32_t copy_operation(
    const cx_hamt *a, const cx_hamt *b, uint64_t key, cx_space *space, const cx_hamt **out) {
  (void)b;
  (void)key;
  return cx_hamt_copy(a, space, out);
}

/* Runs the operation in ever larger spaces: until one is large enough, nothing may change. Returns
 * the bytes the operation took in the end. */
static uint64_t exhaust(operation *run, const cx_hamt *a, const cx_hamt *b, uint64_t key) {
  static const cx_hamt *const untouched = NULL;
  char *a_before = dump_of(a);
  char *b_before = dump_of(b);
  struct arena arena = arena_new(UINT64_C(1) << 15);
  uint8_t *far_end = arena.space.end;
  for (uint64_t bytes = 0;; bytes += 8) {
    CHECK(bytes <= (uint64_t)(far_end - arena.start));
    arena.space.next = arena.start;
    arena.space.end = arena.start + bytes;
    const cx_hamt *out = (const cx_hamt *)(const void *)&untouched;
    int32_t status = run(a, b, key, &arena.space, &out);
    if (status == CX_OK) {
      uint64_t used = arena_used(&arena);
      CHECK(used <= bytes);
      char *tight = dump_of(out);
      arena.space = (cx_space){arena.start, far_end};
      const cx_hamt *roomy;
      CHECK_STATUS(CX_OK, run(a, b, key, &arena.space, &roomy));
      CHECK_EQUAL(used, arena_used(&arena));
      char *roomy_text = dump_of(roomy);
      CHECK_TEXT(tight, roomy_text);
      free(tight);
      free(roomy_text);
      char *a_after = dump_of(a);
      char *b_after = dump_of(b);
      CHECK_TEXT(a_before, a_after);
      CHECK_TEXT(b_before, b_after);
      free(a_after);
      free(b_after);
      free(a_before);
      free(b_before);
      arena_free(&arena);
      return used;
    }
    CHECK_STATUS(CX_NEED_SPACE, status);
    CHECK_SAME(arena.start, arena.space.next);
    CHECK_SAME(&untouched, out);
  }
}

static void exhausted_space_leaves_all_intact(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  uint64_t hash = UINT64_C(0x0fedcba987654321);
  for (int raw = 0; raw <= 1; raw++) {
    for (uint64_t count = 1; count <= 100; count += count < 31 || count > 34 ? 15 : 1) {
      const cx_hamt *map = fill(raw ? raw_map(&arena) : NULL, 0x10, count, 0x10, &arena);
      map = put(map, raw ? 3 : unmix(hash), 1, &arena);
      const cx_hamt *other = fill(raw ? raw_map(&arena) : NULL, 0x50, count / 2 + 1, 0x18, &arena);
      uint64_t parting = raw ? 4 : key_parting_at(hash, 12);
      other = put(other, parting, 1, &arena);
      uint64_t bound = cx_hamt_assoc_bound(map);
      CHECK(exhaust(assoc_operation, map, NULL, parting) <= bound);
      CHECK(exhaust(assoc_operation, map, NULL, 0x10) <= bound);
      CHECK(exhaust(dissoc_operation, map, NULL, 0x10) <= bound);
      const cx_hamt *both = put(map, parting, 1, &arena);
      bound = cx_hamt_assoc_bound(both);
      CHECK(exhaust(dissoc_operation, both, NULL, parting) <= bound);
      CHECK(exhaust(merge_operation, map, other, 0) <= cx_hamt_merge_bound(map, other));
      CHECK(exhaust(merge_operation, other, map, 0) <= cx_hamt_merge_bound(other, map));
      CHECK_EQUAL(cx_hamt_bytes(both), exhaust(copy_operation, both, NULL, 0));
    }
  }
  arena_free(&arena);
}

/* 16 pairs whose hashes part below the last level, and one more entry. */
static void bound_holds_for_the_largest_tree_of_thirty_three(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *map = raw_map(&arena);
  for (uint64_t i = 0; i < 32; i++) {
    map = put(map, (i / 2) << 4 | (i & 1), i, &arena);
  }
  uint64_t bound = cx_hamt_assoc_bound(map);
  uint64_t used = arena_used(&arena);
  put(map, UINT64_C(31) << 4, 0, &arena);
  CHECK_EQUAL(bound, arena_used(&arena) - used);
  arena_free(&arena);
}

/* Every node on the path is full, and so is the collision at its end. */
static void bound_holds_for_the_longest_path_of_full_nodes(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *map = raw_map(&arena);
  for (uint32_t level = 0; level < HAMT_LEVELS; level++) {
    for (uint64_t slot = 1; slot < (level == 12 ? 1 : 32); slot++) {
      uint64_t hash = slot << (5 * level);
      if (hash >> 60 == 0) {
        map = put(map, hash << 4, slot, &arena);
      }
    }
  }
  for (uint64_t low = 0; low < 15; low++) {
    map = put(map, low, low, &arena);
  }
  uint64_t bound = cx_hamt_assoc_bound(map);
  uint64_t used = arena_used(&arena);
  const cx_hamt *after = put(map, 15, 15, &arena);
  uint64_t taken = arena_used(&arena) - used;
  CHECK(taken <= bound);
  CHECK(bound - taken < 600);
  used = arena_used(&arena);
  CHECK_SAME(after, put(after, 15, 15, &arena));
  del(after, 0, &arena);
  CHECK(arena_used(&arena) - used <= cx_hamt_assoc_bound(after));
  arena_free(&arena);
}

static void bound_holds_for_merges_of_the_deepest_paths(void) {
  struct arena arena = arena_new(8 * ARENA_BYTES);
  for (uint64_t count = 1; count <= 64; count++) {
    /* each key of one map collides fully with one of the other */
    const cx_hamt *base = raw_map(&arena);
    const cx_hamt *over = raw_map(&arena);
    for (uint64_t i = 0; i < count; i++) {
      base = put(base, i << 4, i, &arena);
      over = put(over, i << 4 | 1, i, &arena);
    }
    const cx_hamt *out;
    uint64_t used = arena_used(&arena);
    CHECK_STATUS(CX_OK, cx_hamt_merge(base, over, &arena.space, &out));
    CHECK(arena_used(&arena) - used <= cx_hamt_merge_bound(base, over));
    CHECK_EQUAL(2 * count, cx_hamt_size(out));
  }
  const cx_hamt *large = fill(raw_map(&arena), 0x1000, 3000, 0x10, &arena);
  for (uint64_t i = 0; i < 40; i++) {
    const cx_hamt *small = fill(raw_map(&arena), 0x1001, i, 0x10, &arena);
    for (int order = 0; order < 2; order++) {
      const cx_hamt *out;
      uint64_t used = arena_used(&arena);
      CHECK_STATUS(
          CX_OK, order == 0 ? cx_hamt_merge(large, small, &arena.space, &out)
                            : cx_hamt_merge(small, large, &arena.space, &out));
      CHECK(arena_used(&arena) - used <= cx_hamt_merge_bound(large, small));
      CHECK_EQUAL(3000 + i, cx_hamt_size(out));
    }
  }
  arena_free(&arena);
}

static void copy_takes_exactly_its_bytes_and_points_nowhere_else(void) {
  for (uint64_t count = 0; count <= 300; count += 20) {
    struct arena arena = arena_new(ARENA_BYTES);
    const cx_hamt *map = fill(raw_map(&arena), 0, count, 5, &arena);
    uint64_t bytes = cx_hamt_bytes(map);
    struct arena target = arena_new(bytes);
    const cx_hamt *copy;
    CHECK_STATUS(CX_OK, cx_hamt_copy(map, &target.space, &copy));
    CHECK_EQUAL(bytes, arena_used(&target));
    CHECK_EQUAL(bytes, cx_hamt_bytes(copy));
    char *expected = dump_of(map);
    memset(arena.start, 0xdb, arena_used(&arena));
    arena_free(&arena);
    char *actual = dump_of(copy);
    CHECK_TEXT(expected, actual);
    free(expected);
    free(actual);
    arena_free(&target);
  }
}

/* ------------------------------------------------------------------------------- others -- */

static void iteration_goes_in_dump_order(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  uint64_t hash = UINT64_C(0x1111111111111111);
  for (int raw = 0; raw <= 1; raw++) {
    for (uint64_t count = 0; count <= 150; count += 30) {
      const cx_hamt *map = fill(raw ? raw_map(&arena) : NULL, 1, count, 9, &arena);
      for (uint32_t level = 0; count > 0 && level < HAMT_LEVELS; level++) {
        map = put(
            map, raw ? UINT64_C(1) << (5 * level) : key_parting_at(hash, level), level, &arena);
      }
      uint64_t size = cx_hamt_size(map);
      uint64_t keys[256];
      uint64_t values[256];
      cx_hamt_cursor cursor = {.state = 0};
      CHECK_EQUAL(size, cx_hamt_iterate(map, &cursor, keys, values, 256));
      char *text = dump_of(map);
      const char *at = text;
      for (uint64_t i = 0; i < size; i++) {
        char entry[40];
        snprintf(entry, sizeof entry, " %016" PRIx64 " %016" PRIx64 "\n", keys[i], values[i]);
        at = strstr(at, entry);
        CHECK(at != NULL);
        at += strlen(entry) - 1;
      }
      free(text);
      for (uint64_t piece = 1; piece < 40; piece += 3) {
        cursor = (cx_hamt_cursor){.state = 0};
        uint64_t done = 0;
        uint64_t piece_keys[40];
        uint64_t piece_values[40];
        int64_t got;
        while ((got = cx_hamt_iterate(map, &cursor, piece_keys, piece_values, piece)) > 0) {
          CHECK(memcmp(keys + done, piece_keys, 8 * (uint64_t)got) == 0);
          CHECK(memcmp(values + done, piece_values, 8 * (uint64_t)got) == 0);
          done += (uint64_t)got;
        }
        CHECK_EQUAL(0, got);
        CHECK_EQUAL(size, done);
        CHECK_EQUAL(0, cx_hamt_iterate(map, &cursor, piece_keys, piece_values, piece));
      }
    }
  }
  arena_free(&arena);
}

static void iteration_refuses_a_cursor_of_another_map(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *map = fill(NULL, 0, 50, 1, &arena);
  const cx_hamt *other = fill(NULL, 0, 60, 1, &arena);
  uint64_t key;
  uint64_t value;
  cx_hamt_cursor cursor = {.state = 0};
  CHECK_EQUAL(1, cx_hamt_iterate(map, &cursor, &key, &value, 1));
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(other, &cursor, &key, &value, 1));
  cursor.depth = 14;
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, &cursor, &key, &value, 1));
  cursor.depth = -1;
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, &cursor, &key, &value, 1));
  cursor.depth = 0;
  cursor.state = 9;
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, &cursor, &key, &value, 1));
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, NULL, &key, &value, 1));
  cursor = (cx_hamt_cursor){.state = 0};
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, &cursor, NULL, &value, 1));
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, &cursor, &key, NULL, 1));
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, &cursor, &key, &value, UINT64_MAX));
  cx_hamt_cursor *odd = (cx_hamt_cursor *)(void *)((uint8_t *)(void *)&cursor + 4);
  CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(map, odd, &key, &value, 1));
  CHECK_EQUAL(0, cx_hamt_iterate(map, &cursor, NULL, NULL, 0));
  CHECK_EQUAL(1, cx_hamt_iterate(map, &cursor, &key, &value, 1));
  arena_free(&arena);
}

static void replace_in_place_is_for_flat_maps_only(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *map = fill(NULL, 0, 32, 2, &arena);
  cx_hamt *own = (cx_hamt *)map; /* nothing else has this block */
  CHECK_STATUS(CX_OK, cx_hamt_replace_unshared(own, 62, 7));
  CHECK_STATUS(CX_OK, cx_hamt_replace_unshared(own, 0, 8));
  CHECK_STATUS(CX_ABSENT, cx_hamt_replace_unshared(own, 1, 9));
  CHECK_STATUS(CX_ABSENT, cx_hamt_replace_unshared(own, 63, 9));
  CHECK_STATUS(CX_ABSENT, cx_hamt_replace_unshared(NULL, 0, 9));
  CHECK_EQUAL(7, cx_hamt_find(map, 62, 0));
  CHECK_EQUAL(8, cx_hamt_find(map, 0, 0));
  CHECK_EQUAL(32, cx_hamt_size(map));
  map = put(map, 1, 1, &arena);
  CHECK_STATUS(CX_ABSENT, cx_hamt_replace_unshared((cx_hamt *)map, 0, 9));
  CHECK_EQUAL(8, cx_hamt_find(map, 0, 0));
  arena_free(&arena);
}

static void memory_that_is_no_map_is_refused(void) {
  uint64_t poison[8];
  memset(poison, 0xdb, sizeof poison);
  struct arena arena = arena_new(4096);
  const cx_hamt *good = put(NULL, 1, 1, &arena);
  const cx_hamt *bad[] = {
      (const cx_hamt *)(const void *)poison,
      (const cx_hamt *)(const void *)((const uint8_t *)good + 1),
  };
  for (int i = 0; i < 2; i++) {
    uint8_t *next = arena.space.next;
    const cx_hamt *out = good;
    CHECK_EQUAL(0, cx_hamt_size(bad[i]));
    CHECK_EQUAL(5, cx_hamt_find(bad[i], 1, 5));
    CHECK_STATUS(CX_ABSENT, cx_hamt_get(bad[i], 1, NULL));
    CHECK_STATUS(CX_INVALID, cx_hamt_assoc(bad[i], 1, 1, &arena.space, &out));
    CHECK_STATUS(CX_INVALID, cx_hamt_dissoc(bad[i], 1, &arena.space, &out));
    CHECK_STATUS(CX_INVALID, cx_hamt_merge(bad[i], good, &arena.space, &out));
    CHECK_STATUS(CX_INVALID, cx_hamt_merge(good, bad[i], &arena.space, &out));
    CHECK_STATUS(CX_INVALID, cx_hamt_copy(bad[i], &arena.space, &out));
    CHECK_EQUAL(0, cx_hamt_bytes(bad[i]));
    CHECK_STATUS(CX_ABSENT, cx_hamt_replace_unshared((cx_hamt *)bad[i], 1, 2));
    CHECK_EQUAL(0, cx_hamt_dump(bad[i], NULL, 0));
    cx_hamt_cursor cursor = {.state = 0};
    CHECK_STATUS(CX_INVALID, (int32_t)cx_hamt_iterate(bad[i], &cursor, NULL, NULL, 0));
    CHECK_SAME(good, out);
    CHECK_SAME(next, arena.space.next);
  }
  arena_free(&arena);
}

/* The tag is right, and nothing else is. */
static void flat_map_that_is_too_long_is_refused(void) {
  struct arena arena = arena_new(4096);
  const cx_hamt *good = put(NULL, 1, 1, &arena);
  cx_hamt *bad = (cx_hamt *)del(put(good, 2, 2, &arena), 1, &arena);
  bad->count = CX_FLAT_LIMIT + 1;
  const cx_hamt *out = good;
  CHECK_STATUS(CX_INVALID, cx_hamt_assoc(bad, 1, 1, &arena.space, &out));
  CHECK_STATUS(CX_INVALID, cx_hamt_dissoc(bad, 1, &arena.space, &out));
  CHECK_STATUS(CX_INVALID, cx_hamt_merge(bad, good, &arena.space, &out));
  CHECK_STATUS(CX_INVALID, cx_hamt_merge(good, bad, &arena.space, &out));
  CHECK_SAME(good, out);
  arena_free(&arena);
}

static void full_map_takes_other_values_but_no_other_key(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *map = forge_map(HAMT_MAX_ENTRIES - 1, &arena);
  map = put(map, FORGE_KEYS, FORGE_KEYS, &arena);
  CHECK_EQUAL(HAMT_MAX_ENTRIES, cx_hamt_size(map));
  uint8_t *next = arena.space.next;
  const cx_hamt *out = map;
  CHECK_STATUS(CX_TOO_LARGE, cx_hamt_assoc(map, FORGE_KEYS + 1, 0, &arena.space, &out));
  CHECK_SAME(map, out);
  CHECK_SAME(next, arena.space.next);
  map = put(map, 7, 70, &arena);
  CHECK_EQUAL(HAMT_MAX_ENTRIES, cx_hamt_size(map));
  CHECK_EQUAL(70, cx_hamt_find(map, 7, 0));
  map = put(del(map, 7, &arena), FORGE_KEYS + 1, 0, &arena);
  CHECK_EQUAL(HAMT_MAX_ENTRIES, cx_hamt_size(map));
  arena_free(&arena);
}

static void merge_refuses_a_union_that_is_too_large(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *full = forge_map(HAMT_MAX_ENTRIES, &arena);
  const cx_hamt *flat = put(put(NULL, 1, 10, &arena), FORGE_KEYS, 0, &arena);
  const cx_hamt *tree = fill(NULL, 1, FORGE_KEYS, 1, &arena);
  const cx_hamt *more[] = {flat, tree};
  for (int i = 0; i < 2; i++) {
    uint8_t *next = arena.space.next;
    const cx_hamt *out = flat;
    CHECK_STATUS(CX_TOO_LARGE, cx_hamt_merge(full, more[i], &arena.space, &out));
    CHECK_STATUS(CX_TOO_LARGE, cx_hamt_merge(more[i], full, &arena.space, &out));
    CHECK_SAME(flat, out);
    CHECK_SAME(next, arena.space.next);
    CHECK_STATUS(CX_OK, cx_hamt_merge(full, del(more[i], FORGE_KEYS, &arena), &arena.space, &out));
    CHECK_EQUAL(HAMT_MAX_ENTRIES, cx_hamt_size(out));
  }
  arena_free(&arena);
}

static void bad_spaces_are_refused(void) {
  struct arena arena = arena_new(4096);
  const cx_hamt *out = NULL;
  cx_space backwards = {arena.space.end, arena.space.next};
  cx_space odd_next = {arena.space.next + 4, arena.space.end};
  cx_space odd_end = {arena.space.next, arena.space.end - 4};
  uint64_t bytes[3] = {0};
  cx_space *odd = (cx_space *)(void *)((uint8_t *)(void *)bytes + 4);
  enum { BAD = 5 };
  cx_space *bad[BAD] = {NULL, &backwards, &odd_next, &odd_end, odd};
  for (int i = 0; i < BAD; i++) {
    CHECK_STATUS(CX_INVALID, cx_hamt_assoc(NULL, 1, 1, bad[i], &out));
    CHECK_STATUS(CX_INVALID, cx_hamt_dissoc(NULL, 1, bad[i], &out));
    CHECK_STATUS(CX_INVALID, cx_hamt_merge(NULL, NULL, bad[i], &out));
    CHECK_STATUS(CX_INVALID, cx_hamt_copy(NULL, bad[i], &out));
    CHECK_STATUS(CX_INVALID, cx_test_hamt_raw(bad[i], &out));
  }
  CHECK_STATUS(CX_INVALID, cx_hamt_assoc(NULL, 1, 1, &arena.space, NULL));
  CHECK_STATUS(CX_INVALID, cx_hamt_dissoc(NULL, 1, &arena.space, NULL));
  CHECK_STATUS(CX_INVALID, cx_hamt_merge(NULL, NULL, &arena.space, NULL));
  CHECK_STATUS(CX_INVALID, cx_hamt_copy(NULL, &arena.space, NULL));
  CHECK_STATUS(CX_INVALID, cx_test_hamt_raw(&arena.space, NULL));
  const cx_hamt *outs[2] = {NULL, NULL};
  const cx_hamt **misaligned = (const cx_hamt **)(void *)((uint8_t *)(void *)outs + 4);
  CHECK_STATUS(CX_INVALID, cx_hamt_assoc(NULL, 1, 1, &arena.space, misaligned));
  CHECK_STATUS(CX_INVALID, cx_hamt_dissoc(NULL, 1, &arena.space, misaligned));
  CHECK_STATUS(CX_INVALID, cx_hamt_merge(NULL, NULL, &arena.space, misaligned));
  CHECK_STATUS(CX_INVALID, cx_hamt_copy(NULL, &arena.space, misaligned));
  CHECK_STATUS(CX_INVALID, cx_test_hamt_raw(&arena.space, misaligned));
  CHECK_SAME(NULL, outs[0]);
  CHECK_SAME(NULL, outs[1]);
  CHECK_EQUAL(0, arena_used(&arena));
  CHECK_SAME(NULL, out);
  cx_space none = {NULL, NULL};
  CHECK_STATUS(CX_NEED_SPACE, cx_hamt_assoc(NULL, 1, 1, &none, &out));
  arena_free(&arena);
}

TEST_MAIN(
    CASE(mix_is_frozen), CASE(mix_is_a_bijection), CASE(random_programs_agree_with_a_sorted_array),
    CASE(random_programs_agree_when_keys_collide), CASE(empty_map_has_nothing),
    CASE(extreme_keys_and_values_are_legal), CASE(insertion_order_does_not_change_the_dump),
    CASE(thirty_three_entries_make_a_tree_and_thirty_two_a_flat_map),
    CASE(deepest_tree_holds_keys_that_share_sixty_bits), CASE(lone_entry_is_pulled_up),
    CASE(collision_grows_to_sixteen_and_shrinks_to_none), CASE(equal_binding_returns_the_same_map),
    CASE(older_maps_stay_as_they_were), CASE(random_merges_agree_with_a_sorted_array),
    CASE(merge_returns_an_argument_where_that_is_the_answer),
    CASE(merge_shares_what_only_one_side_changed), CASE(merge_refuses_maps_that_hash_differently),
    CASE(exhausted_space_leaves_all_intact), CASE(bound_holds_for_the_largest_tree_of_thirty_three),
    CASE(bound_holds_for_the_longest_path_of_full_nodes),
    CASE(bound_holds_for_merges_of_the_deepest_paths), CASE(lookups_find_every_key_at_every_size),
    CASE(bits_are_counted_alike_with_and_without_an_instruction),
    CASE(copy_takes_exactly_its_bytes_and_points_nowhere_else), CASE(iteration_goes_in_dump_order),
    CASE(iteration_refuses_a_cursor_of_another_map), CASE(replace_in_place_is_for_flat_maps_only),
    CASE(memory_that_is_no_map_is_refused), CASE(flat_map_that_is_too_long_is_refused),
    CASE(full_map_takes_other_values_but_no_other_key),
    CASE(merge_refuses_a_union_that_is_too_large), CASE(bad_spaces_are_refused))
