/*
 * var_cache_test.c - the cache's lines: when they are filled, hit and forgotten.
 */
#include "var_cache.h"

#include "fixture.h"

static void caches_of_bad_sizes_are_refused(void) {
  struct fixture f = fixture_new(16);
  cx_cache_entry *cache = f.thread->cache;
  const uint64_t bad[] = {0, 3, 48, 131072, UINT64_MAX, UINT64_C(1) << 63};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK_STATUS(CX_INVALID, cx_record_set_cache(f.thread, bad[i]));
  }
  CHECK_STATUS(CX_INVALID, cx_record_set_cache(NULL, 16));
  CHECK_SAME(cache, f.thread->cache);
  CHECK_EQUAL(15, f.thread->cache_mask);
  for (uint64_t entries = 1; entries <= 65536; entries *= 2) {
    CHECK_STATUS(CX_OK, cx_record_set_cache(f.thread, entries));
    CHECK_EQUAL(entries - 1, f.thread->cache_mask);
    CHECK_EQUAL(0, (uintptr_t)f.thread->cache % 64);
  }
  fixture_free(&f);
}

static void miss_fills_the_line_and_the_next_lookup_hits(void) {
  struct fixture f = fixture_new(16);
  set(&f, 0, 5);
  const cx_saved frame = enter_lc(&f, new_lc(&f));
  set(&f, 1, 6);
  CHECK(var_cache_hit(f.thread, f.vars[0].version) == NULL);
  CHECK_EQUAL(5, look(&f, 0, 0));
  const cx_cache_entry *line = var_cache_hit(f.thread, f.vars[0].version);
  CHECK(line != NULL);
  CHECK_EQUAL(5, line->word);
  CHECK_EQUAL(1, line->hops);
  CHECK_EQUAL(5, look(&f, 0, 0));
  CHECK_STATUS(CX_OK, cx_record_lookup(f.thread, &f.vars[0], NULL));
  leave(&f, &frame);
  fixture_free(&f);
}

static void absence_is_cached_too(void) {
  struct fixture f = fixture_new(16);
  CHECK_EQUAL(77, look(&f, 0, 77));
  const cx_cache_entry *line = var_cache_hit(f.thread, f.vars[0].version);
  CHECK(line != NULL);
  CHECK_EQUAL(-1, line->hops);
  CHECK_EQUAL(77, look(&f, 0, 77));
  set(&f, 0, 1);
  CHECK_EQUAL(1, look(&f, 0, 77));
  fixture_free(&f);
}

static void set_writes_its_own_line_and_keeps_the_others(void) {
  struct fixture f = fixture_new(16);
  set(&f, 0, 1);
  set(&f, 1, 2);
  CHECK_EQUAL(1, look(&f, 0, 0));
  CHECK_EQUAL(99, look(&f, 2, 99));
  set(&f, 1, 3);
  const cx_cache_entry *own = var_cache_hit(f.thread, f.vars[1].version);
  CHECK(own != NULL && own->word == 3 && own->hops == 0);
  CHECK(var_cache_hit(f.thread, f.vars[0].version) != NULL);
  CHECK(var_cache_hit(f.thread, f.vars[2].version) != NULL);
  fixture_free(&f);
}

static void delete_forgets_its_own_line_and_keeps_the_others(void) {
  struct fixture f = fixture_new(16);
  set(&f, 0, 1);
  set(&f, 1, 2);
  CHECK_STATUS(CX_OK, unset(&f, 1));
  CHECK(var_cache_hit(f.thread, f.vars[1].version) == NULL);
  CHECK(var_cache_hit(f.thread, f.vars[0].version) != NULL);
  CHECK_EQUAL(99, look(&f, 1, 99));
  fixture_free(&f);
}

static void touched_variable_is_looked_up_anew(void) {
  struct fixture f = fixture_new(16);
  set(&f, 0, 1);
  CHECK(var_cache_hit(f.thread, f.vars[0].version) != NULL);
  CHECK_STATUS(CX_OK, cx_var_touch(f.runtime, &f.vars[0]));
  CHECK(var_cache_hit(f.thread, f.vars[0].version) == NULL);
  CHECK_EQUAL(1, look(&f, 0, 0));
  fixture_free(&f);
}

static void variables_that_share_a_line_stay_apart(void) {
  struct fixture f = fixture_new(1);
  for (int i = 0; i < FIXTURE_VARS; i++) {
    set(&f, i, 100 + (uint64_t)i);
  }
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < FIXTURE_VARS; i++) {
      CHECK_EQUAL(100 + i, look(&f, i, 0));
    }
  }
  CHECK_STATUS(CX_OK, unset(&f, 0));
  CHECK_EQUAL(107, look(&f, 7, 0));
  CHECK_EQUAL(1, look(&f, 0, 1));
  fixture_free(&f);
}

static void pop_makes_older_lines_right_again(void) {
  struct fixture f = fixture_new(16);
  set(&f, 0, 1);
  uint64_t version = f.thread->stack_version;
  const cx_saved frame = enter_lc(&f, new_lc(&f));
  set(&f, 1, 2);
  CHECK(f.thread->stack_version != version);
  leave(&f, &frame);
  CHECK_EQUAL(version, f.thread->stack_version);
  CHECK(var_cache_hit(f.thread, f.vars[0].version) != NULL);
  CHECK_EQUAL(99, look(&f, 1, 99));
  fixture_free(&f);
}

static void find_without_a_version_leaves_the_cache_alone(void) {
  struct fixture f = fixture_new(1);
  set(&f, 0, 1);
  uint64_t word = 0;
  CHECK_EQUAL(0, cx_record_find(f.thread, f.vars[0].id, 0, &word));
  CHECK_EQUAL(1, word);
  CHECK(var_cache_hit(f.thread, f.vars[0].version) != NULL);
  fixture_free(&f);
}

/* C1: the same random program with caches of all sizes and none. */
static uint64_t run_program(uint64_t seed, uint64_t cache_entries) {
  struct fixture f = fixture_new(cache_entries);
  uint64_t state = seed;
  uint64_t digest = 0;
  cx_cell *lcs[4];
  for (int i = 0; i < 4; i++) {
    lcs[i] = new_lc(&f);
  }
  cx_saved frames[12];
  int depth = 0;
  const cx_link *snapshots[4] = {NULL};
  for (int step = 0; step < 2000; step++) {
    int var = (int)random_below(&state, FIXTURE_VARS);
    int which = (int)random_below(&state, 4);
    switch (random_below(&state, 9)) {
    case 0:
      if (depth < 12) {
        cx_saved frame;
        int32_t status = ATTEMPT(
            cx_record_push(f.runtime, f.thread, capture(&f), lcs[which], &frame));
        CHECK(status == CX_OK || status == CX_ENTERED);
        if (status == CX_OK) {
          frames[depth++] = frame;
        }
      }
      break;
    case 1:
      if (depth < 12) {
        frames[depth++] = enter_ec(&f, snapshots[which]);
      }
      break;
    case 2:
    case 3:
      if (depth > 0) {
        leave(&f, &frames[--depth]);
      }
      break;
    case 4:
      snapshots[which] = capture(&f);
      break;
    case 5:
      set(&f, var, random_below(&state, 1000));
      break;
    case 6: {
      int32_t status = unset(&f, var);
      CHECK(status == CX_OK || status == CX_ABSENT);
      break;
    }
    default:
      digest = cx_mix(digest + look(&f, var, 5000));
    }
    digest = cx_mix(digest + look(&f, (int)random_below(&state, FIXTURE_VARS), 6000));
  }
  fixture_free(&f);
  return digest;
}

static void no_cache_and_every_cache_give_equal_results(void) {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    uint64_t expected = run_program(seed, 0);
    for (uint64_t entries = 1; entries <= 64; entries *= 4) {
      CHECK_EQUAL(expected, run_program(seed, entries));
    }
  }
}

TEST_MAIN(
    CASE(caches_of_bad_sizes_are_refused), CASE(miss_fills_the_line_and_the_next_lookup_hits),
    CASE(absence_is_cached_too), CASE(set_writes_its_own_line_and_keeps_the_others),
    CASE(delete_forgets_its_own_line_and_keeps_the_others),
    CASE(touched_variable_is_looked_up_anew), CASE(variables_that_share_a_line_stay_apart),
    CASE(pop_makes_older_lines_right_again), CASE(find_without_a_version_leaves_the_cache_alone),
    CASE(no_cache_and_every_cache_give_equal_results))
