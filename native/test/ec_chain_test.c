/*
 * ec_chain_test.c - chains against a plain list of maps: lookup, folding, space.
 */
#include "forge.h"

#define ARENA_BYTES (UINT64_C(8) << 20)
#define LINKS 100
#define KEYS 60

static const cx_hamt *map_with(const cx_hamt *map, uint64_t key, uint64_t value, struct arena *a) {
  CHECK_STATUS(CX_OK, cx_hamt_assoc(map, key, value, &a->space, &map));
  return map;
}

static const cx_link *push(const cx_hamt *map, const cx_link *below, struct arena *arena) {
  const cx_link *out;
  CHECK_STATUS(CX_OK, cx_link_new(map, below, &arena->space, &out));
  return out;
}

static void empty_chain_has_nothing(void) {
  uint64_t value = 7;
  CHECK_STATUS(CX_ABSENT, cx_link_find(NULL, 1, &value));
  CHECK_EQUAL(7, value);
  struct arena arena = arena_new(64);
  const cx_hamt *map = (const cx_hamt *)(const void *)&arena;
  CHECK_STATUS(CX_OK, cx_link_squash(NULL, &arena.space, &map));
  CHECK_SAME(NULL, map);
  CHECK_EQUAL(0, arena_used(&arena));
  arena_free(&arena);
}

static void topmost_link_wins(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_link *below = push(map_with(map_with(NULL, 1, 10, &arena), 2, 20, &arena), NULL, &arena);
  const cx_link *ec = push(map_with(NULL, 1, 11, &arena), below, &arena);
  CHECK_EQUAL(2, ec->links);
  uint64_t value;
  CHECK_STATUS(CX_OK, cx_link_find(ec, 1, &value));
  CHECK_EQUAL(11, value);
  CHECK_STATUS(CX_OK, cx_link_find(ec, 2, &value));
  CHECK_EQUAL(20, value);
  CHECK_STATUS(CX_OK, cx_link_find(below, 1, &value));
  CHECK_EQUAL(10, value);
  CHECK_STATUS(CX_ABSENT, cx_link_find(ec, 3, &value));
  CHECK_STATUS(CX_OK, cx_link_find(ec, 2, NULL));
  arena_free(&arena);
}

static void empty_map_adds_no_link(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_link *ec = push(map_with(NULL, 1, 1, &arena), NULL, &arena);
  CHECK_SAME(ec, push(NULL, ec, &arena));
  const cx_hamt *raw;
  CHECK_STATUS(CX_OK, cx_test_hamt_raw(&arena.space, &raw));
  CHECK_SAME(ec, push(raw, ec, &arena));
  CHECK_SAME(NULL, push(NULL, NULL, &arena));
  arena_free(&arena);
}

/* Pushes many maps of `entries` entries and compares all lookups, across every fold (S7). */
static void run_folds(uint64_t entries) {
  struct arena arena = arena_new(ARENA_BYTES);
  uint64_t expected[KEYS];
  bool bound[KEYS] = {false};
  const cx_link *ec = NULL;
  uint64_t state = entries;
  uint64_t folds = 0;
  for (uint64_t link = 1; link <= LINKS; link++) {
    const cx_hamt *map = NULL;
    for (uint64_t i = 0; i < entries; i++) {
      uint64_t key = random_below(&state, KEYS);
      map = map_with(map, key, link * 1000 + i, &arena);
      expected[key] = link * 1000 + i;
      bound[key] = true;
    }
    uint64_t links = ec == NULL ? 0 : ec->links;
    ec = push(map, ec, &arena);
    folds += ec->links == 1 && link > 1;
    CHECK(ec->links == links + 1 || (links == CX_EC_MAX_LINKS && ec->links == 1));
    const cx_hamt *squashed;
    CHECK_STATUS(CX_OK, cx_link_squash(ec, &arena.space, &squashed));
    uint64_t size = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
      uint64_t value = 0;
      CHECK_STATUS(bound[key] ? CX_OK : CX_ABSENT, cx_link_find(ec, key, &value));
      CHECK_EQUAL(bound[key] ? expected[key] : 0, value);
      CHECK_EQUAL(bound[key] ? expected[key] : 3, cx_hamt_find(squashed, key, 3));
      size += bound[key];
    }
    CHECK_EQUAL(size, cx_hamt_size(squashed));
  }
  CHECK_EQUAL((LINKS - 1) / CX_EC_MAX_LINKS, folds);
  arena_free(&arena);
}

static void long_chain_is_folded_with_the_same_lookups(void) {
  run_folds(1);
  run_folds(3);
  run_folds(40);
}

static void squash_of_small_maps_takes_the_space_of_its_result_only(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_link *ec = NULL;
  for (uint64_t link = 0; link < 30; link++) {
    ec = push(map_with(NULL, link, link, &arena), ec, &arena);
  }
  uint64_t used = arena_used(&arena);
  const cx_hamt *squashed;
  CHECK_STATUS(CX_OK, cx_link_squash(ec, &arena.space, &squashed));
  CHECK_EQUAL(cx_hamt_bytes(squashed), arena_used(&arena) - used);
  const cx_link *lone = push(squashed, NULL, &arena);
  used = arena_used(&arena);
  const cx_hamt *same;
  CHECK_STATUS(CX_OK, cx_link_squash(lone, &arena.space, &same));
  CHECK_SAME(squashed, same);
  CHECK_EQUAL(used, arena_used(&arena));
  arena_free(&arena);
}

static void exhausted_space_leaves_all_intact(void) {
  struct arena arena = arena_new(ARENA_BYTES);
  for (uint64_t entries = 1; entries <= 5; entries += 2) {
    const cx_link *ec = NULL;
    for (uint64_t link = 0; link < CX_EC_MAX_LINKS; link++) {
      const cx_hamt *map = NULL;
      for (uint64_t i = 0; i < entries; i++) {
        map = map_with(map, link + 7 * i, i, &arena);
      }
      ec = push(map, ec, &arena);
    }
    const cx_hamt *map = map_with(NULL, 1, 1, &arena);
    struct arena tight = arena_new(1 << 16);
    uint8_t *start = tight.start;
    int32_t status = CX_NEED_SPACE;
    for (uint64_t bytes = 0; status == CX_NEED_SPACE; bytes += 8) {
      tight.space = (cx_space){start, start + bytes};
      const cx_link *out = ec;
      status = cx_link_new(map, ec, &tight.space, &out);
      if (status == CX_NEED_SPACE) {
        CHECK_SAME(ec, out);
        CHECK_SAME(start, tight.space.next);
      } else {
        CHECK_STATUS(CX_OK, status);
        CHECK_EQUAL(1, out->links);
      }
    }
    status = CX_NEED_SPACE;
    for (uint64_t bytes = 0; status == CX_NEED_SPACE; bytes += 8) {
      tight.space = (cx_space){start, start + bytes};
      const cx_hamt *out = map;
      status = cx_link_squash(ec, &tight.space, &out);
      if (status == CX_NEED_SPACE) {
        CHECK_SAME(map, out);
        CHECK_SAME(start, tight.space.next);
      }
    }
    CHECK_STATUS(CX_OK, status);
    arena_free(&tight);
  }
  arena_free(&arena);
}

static void chain_that_is_too_large_to_fold_is_refused(void) {
  struct arena arena = arena_new(UINT64_C(1) << 20);
  const cx_hamt *map = map_with(NULL, FORGE_KEYS, 1, &arena);
  const cx_link *ec = push(forge_map(HAMT_MAX_ENTRIES, &arena), NULL, &arena);
  while (ec->links < CX_EC_MAX_LINKS) {
    ec = push(map, ec, &arena);
  }
  uint8_t *next = arena.space.next;
  const cx_link *out = ec;
  const cx_hamt *map_out = map;
  CHECK_STATUS(CX_TOO_LARGE, cx_link_new(map, ec, &arena.space, &out));
  CHECK_STATUS(CX_TOO_LARGE, cx_link_squash(ec, &arena.space, &map_out));
  CHECK_SAME(ec, out);
  CHECK_SAME(map, map_out);
  CHECK_SAME(next, arena.space.next);
  arena_free(&arena);
}

static void bad_arguments_are_refused(void) {
  struct arena arena = arena_new(4096);
  const cx_hamt *map = map_with(NULL, 1, 1, &arena);
  const cx_link *ec = push(map, NULL, &arena);
  const cx_link *odd = (const cx_link *)(const void *)((const uint8_t *)ec + 4);
  const cx_hamt *poison = (const cx_hamt *)(const void *)arena.space.next;
  const cx_link *out = ec;
  const cx_hamt *map_out = map;
  CHECK_STATUS(CX_INVALID, cx_link_new(map, odd, &arena.space, &out));
  CHECK_STATUS(CX_INVALID, cx_link_new(poison, ec, &arena.space, &out));
  CHECK_STATUS(CX_INVALID, cx_link_new(map, ec, NULL, &out));
  CHECK_STATUS(CX_INVALID, cx_link_new(map, ec, &arena.space, NULL));
  CHECK_STATUS(CX_INVALID, cx_link_squash(odd, &arena.space, &map_out));
  CHECK_STATUS(CX_INVALID, cx_link_squash(ec, NULL, &map_out));
  CHECK_STATUS(CX_INVALID, cx_link_squash(ec, &arena.space, NULL));
  CHECK_STATUS(CX_ABSENT, cx_link_find(odd, 1, NULL));
  CHECK_SAME(ec, out);
  CHECK_SAME(map, map_out);
  arena_free(&arena);
}

TEST_MAIN(
    CASE(empty_chain_has_nothing), CASE(topmost_link_wins), CASE(empty_map_adds_no_link),
    CASE(long_chain_is_folded_with_the_same_lookups),
    CASE(squash_of_small_maps_takes_the_space_of_its_result_only),
    CASE(exhausted_space_leaves_all_intact), CASE(chain_that_is_too_large_to_fold_is_refused),
    CASE(bad_arguments_are_refused))
