/*
 * thread_state_test.c - variables on a thread's stack (V2-V5), pushing and popping (S1-S6), and
 * generators (G1-G3) with and without a cache (C1, C2).
 */
#include "fixture.h"
#include "forge.h"

#define MAX_THREADS 4

/* Runs a case with caches of several sizes, and without one. */
static void with_caches(void (*body)(struct fixture *f)) {
  for (uint64_t entries = 0; entries <= 16; entries = entries == 0 ? 1 : entries * 4) {
    struct fixture f = fixture_new(entries);
    body(&f);
    fixture_free(&f);
  }
}

static char *dump_thread(const cx_record *thread) {
  uint64_t length = cx_record_dump(thread, NULL, 0);
  char *text = malloc(length + 1);
  CHECK(text != NULL);
  cx_record_dump(thread, text, length + 1);
  return text;
}

/* ---------------------------------------------------------------------------- variables -- */

static void new_thread_state_is_empty_body(struct fixture *f) {
  CHECK_EQUAL(0, (uintptr_t)f->thread % 64);
  CHECK(f->thread->unique_id != 0);
  CHECK(f->thread->stack_version != 0);
  CHECK_EQUAL(7, look(f, 0, 7));
  CHECK_SAME(NULL, capture(f));
  cx_record *other;
  CHECK_STATUS(CX_OK, cx_record_new(f->runtime, &other));
  CHECK(other->unique_id != f->thread->unique_id);
  cx_record_free(other);
}

static void new_thread_state_is_empty(void) {
  with_caches(new_thread_state_is_empty_body);
}

static void variables_are_equal_to_themselves_only(void) {
  struct fixture f = fixture_new(0);
  for (int i = 0; i < FIXTURE_VARS; i++) {
    CHECK(f.vars[i].id != 0);
    CHECK(f.vars[i].version != 0);
    for (int j = 0; j < i; j++) {
      CHECK(f.vars[i].id != f.vars[j].id);
      CHECK(f.vars[i].version != f.vars[j].version);
    }
  }
  fixture_free(&f);
}

static void set_writes_to_the_topmost_lc_only_body(struct fixture *f) {
  set(f, 0, 1);
  cx_cell *lc = new_lc(f);
  cx_saved frame = enter_lc(f, lc);
  CHECK_EQUAL(1, look(f, 0, 0));
  CHECK_STATUS(CX_ABSENT, cx_record_lookup_topmost(f->thread, &f->vars[0], NULL));
  set(f, 0, 2);
  set(f, 1, 3);
  uint64_t value;
  CHECK_STATUS(CX_OK, cx_record_lookup_topmost(f->thread, &f->vars[0], &value));
  CHECK_EQUAL(2, value);
  CHECK_EQUAL(2, look(f, 0, 0));
  leave(f, &frame);
  CHECK_EQUAL(1, look(f, 0, 0));
  CHECK_EQUAL(9, look(f, 1, 9));
  frame = enter_lc(f, lc);
  CHECK_EQUAL(2, look(f, 0, 0));
  CHECK_EQUAL(3, look(f, 1, 9));
  leave(f, &frame);
}

static void set_writes_to_the_topmost_lc_only(void) {
  with_caches(set_writes_to_the_topmost_lc_only_body);
}

static void delete_lets_the_value_below_show_through_body(struct fixture *f) {
  set(f, 0, 1);
  cx_saved frame = enter_lc(f, new_lc(f));
  CHECK_STATUS(CX_ABSENT, unset(f, 0));
  CHECK_EQUAL(1, look(f, 0, 0));
  set(f, 0, 2);
  CHECK_EQUAL(2, look(f, 0, 0));
  CHECK_STATUS(CX_OK, unset(f, 0));
  CHECK_EQUAL(1, look(f, 0, 0));
  CHECK_STATUS(CX_ABSENT, unset(f, 0));
  /* empty again, and yet not the stack without it */
  set(f, 1, 5);
  CHECK_EQUAL(5, look(f, 1, 0));
  leave(f, &frame);
  CHECK_EQUAL(1, look(f, 0, 0));
  CHECK_EQUAL(8, look(f, 1, 8));
}

static void delete_lets_the_value_below_show_through(void) {
  with_caches(delete_lets_the_value_below_show_through_body);
}

static void absence_seen_in_an_empty_lc_is_forgotten_on_set_body(struct fixture *f) {
  CHECK_EQUAL(9, look(f, 0, 9));
  cx_cell *lc = new_lc(f);
  cx_saved frame = enter_lc(f, lc);
  CHECK_EQUAL(9, look(f, 0, 9));
  set(f, 0, 1);
  CHECK_EQUAL(1, look(f, 0, 9));
  leave(f, &frame);
  CHECK_EQUAL(9, look(f, 0, 9));
}

static void absence_seen_in_an_empty_lc_is_forgotten_on_set(void) {
  with_caches(absence_seen_in_an_empty_lc_is_forgotten_on_set_body);
}

/* ------------------------------------------------------------------------------ capture -- */

static void snapshot_does_not_see_later_changes_body(struct fixture *f) {
  set(f, 0, 1);
  const cx_link *ec = capture(f);
  set(f, 0, 2);
  set(f, 1, 3);
  CHECK_EQUAL(2, look(f, 0, 0));
  cx_saved frame = enter_ec(f, ec);
  CHECK_EQUAL(1, look(f, 0, 0));
  CHECK_EQUAL(9, look(f, 1, 9));
  set(f, 0, 5);
  CHECK_EQUAL(5, look(f, 0, 0));
  leave(f, &frame);
  CHECK_EQUAL(2, look(f, 0, 0));
  CHECK_EQUAL(3, look(f, 1, 9));
  frame = enter_ec(f, ec);
  CHECK_EQUAL(1, look(f, 0, 0));
  leave(f, &frame);
}

static void snapshot_does_not_see_later_changes(void) {
  with_caches(snapshot_does_not_see_later_changes_body);
}

static void pop_restores_the_stack_exactly_body(struct fixture *f) {
  set(f, 0, 1);
  cx_saved outer = enter_lc(f, new_lc(f));
  set(f, 1, 2);
  char *before = dump_thread(f->thread);
  cx_record saved = *f->thread;
  cx_saved inner = enter_lc(f, new_lc(f));
  set(f, 0, 3);
  cx_saved other = enter_ec(f, NULL);
  CHECK_EQUAL(9, look(f, 0, 9));
  set(f, 1, 4);
  leave(f, &other);
  CHECK_EQUAL(3, look(f, 0, 9));
  leave(f, &inner);
  char *after = dump_thread(f->thread);
  CHECK_TEXT(before, after);
  CHECK_EQUAL(saved.stack_version, f->thread->stack_version);
  CHECK_SAME(saved.top, f->thread->top);
  CHECK_SAME(saved.below, f->thread->below);
  free(before);
  free(after);
  leave(f, &outer);
  CHECK_EQUAL(9, look(f, 1, 9));
}

static void pop_restores_the_stack_exactly(void) {
  with_caches(pop_restores_the_stack_exactly_body);
}

static void empty_lc_keeps_the_stack_version(void) {
  struct fixture f = fixture_new(0);
  set(&f, 0, 1);
  uint64_t version = f.thread->stack_version;
  cx_saved first = enter_lc(&f, new_lc(&f));
  CHECK_EQUAL(version, f.thread->stack_version);
  cx_saved second = enter_ec(&f, capture(&f));
  CHECK_EQUAL(version, f.thread->stack_version);
  set(&f, 1, 1);
  CHECK(version != f.thread->stack_version);
  leave(&f, &second);
  CHECK_EQUAL(version, f.thread->stack_version);
  cx_saved third = enter_ec(&f, NULL);
  CHECK(version != f.thread->stack_version);
  leave(&f, &third);
  leave(&f, &first);
  cx_cell *lc = new_lc(&f);
  cx_saved fourth = enter_lc(&f, lc);
  set(&f, 2, 1);
  uint64_t inside = f.thread->stack_version;
  leave(&f, &fourth);
  fourth = enter_lc(&f, lc);
  CHECK(version != f.thread->stack_version);
  CHECK(inside != f.thread->stack_version);
  leave(&f, &fourth);
  fixture_free(&f);
}

static void deep_stacks_fold_without_a_difference_body(struct fixture *f) {
  enum { DEPTH = 100 };
  cx_saved frames[DEPTH];
  for (int i = 0; i < DEPTH; i++) {
    set(f, i % FIXTURE_VARS, (uint64_t)i);
    frames[i] = enter_lc(f, new_lc(f));
    CHECK(f->thread->below->links <= CX_EC_MAX_LINKS);
    for (int j = i; j > i - FIXTURE_VARS && j >= 0; j--) {
      CHECK_EQUAL(j, look(f, j % FIXTURE_VARS, 999));
    }
  }
  for (int i = DEPTH - 1; i >= 0; i--) {
    leave(f, &frames[i]);
    for (int j = i; j > i - FIXTURE_VARS && j >= 0; j--) {
      CHECK_EQUAL(j, look(f, j % FIXTURE_VARS, 999));
    }
  }
}

static void deep_stacks_fold_without_a_difference(void) {
  with_caches(deep_stacks_fold_without_a_difference_body);
}

/* ---------------------------------------------------------------------------- interlock -- */

static void entered_lc_is_refused_and_all_stays_as_it_was(void) {
  struct fixture f = fixture_new(16);
  cx_record *other;
  CHECK_STATUS(CX_OK, cx_record_new(f.runtime, &other));
  set(&f, 0, 1);
  cx_cell *lc = new_lc(&f);
  cx_saved frame = enter_lc(&f, lc);
  set(&f, 0, 2);
  CHECK_EQUAL(f.thread->unique_id, lc->holder);
  char *before = dump_thread(f.thread);
  cx_saved untouched = {.stack_version = 1234};
  const cx_link *current = capture(&f);
  CHECK_STATUS(CX_ENTERED, cx_record_push(f.runtime, f.thread, current, lc, &untouched));
  CHECK_STATUS(CX_ENTERED, cx_record_push(f.runtime, other, NULL, lc, &untouched));
  CHECK_EQUAL(1234, untouched.stack_version);
  char *after = dump_thread(f.thread);
  CHECK_TEXT(before, after);
  free(before);
  free(after);
  CHECK_SAME(NULL, other->top);
  CHECK_EQUAL(f.thread->unique_id, lc->holder);
  leave(&f, &frame);
  CHECK_EQUAL(0, lc->holder);
  /* another thread may have it now, and sees what was stored (G7) */
  CHECK_STATUS(CX_OK, cx_record_push(f.runtime, other, NULL, lc, &frame));
  uint64_t value;
  CHECK_STATUS(CX_OK, cx_record_lookup(other, &f.vars[0], &value));
  CHECK_EQUAL(2, value);
  CHECK_STATUS(CX_OK, cx_record_restore(other, &frame));
  cx_record_free(other);
  fixture_free(&f);
}

static void frame_is_left_once_and_by_its_thread(void) {
  struct fixture f = fixture_new(0);
  cx_record *other;
  CHECK_STATUS(CX_OK, cx_record_new(f.runtime, &other));
  cx_saved frame = enter_lc(&f, new_lc(&f));
  CHECK_STATUS(CX_INVALID, cx_record_restore(other, &frame));
  leave(&f, &frame);
  CHECK_STATUS(CX_INVALID, cx_record_restore(f.thread, &frame));
  cx_record_free(other);
  fixture_free(&f);
}

/* --------------------------------------------------------------------------- generators -- */

/* The counterexample of the review (C1). */
static void generator_sees_its_own_value_each_time_body(struct fixture *f) {
  cx_cell *generator = new_lc(f);
  set(f, 0, 1);
  cx_saved frame = enter_lc(f, generator);
  CHECK_EQUAL(1, look(f, 0, 0));
  set(f, 0, 10);
  CHECK_EQUAL(10, look(f, 0, 0));
  leave(f, &frame);
  for (uint64_t i = 2; i < 6; i++) {
    set(f, 0, i);
    CHECK_EQUAL(i, look(f, 0, 0));
    frame = enter_lc(f, generator);
    CHECK_EQUAL(10, look(f, 0, 0));
    leave(f, &frame);
    CHECK_EQUAL(i, look(f, 0, 0));
  }
}

static void generator_sees_its_own_value_each_time(void) {
  with_caches(generator_sees_its_own_value_each_time_body);
}

static void generator_sees_what_its_resumer_changes_body(struct fixture *f) {
  cx_cell *generator = new_lc(f);
  for (uint64_t i = 1; i < 6; i++) {
    set(f, 0, i);
    cx_saved frame = enter_lc(f, generator);
    CHECK_EQUAL(i, look(f, 0, 0));
    set(f, 1, i * 100);
    CHECK_EQUAL(i, look(f, 0, 0));
    leave(f, &frame);
    CHECK_EQUAL(9, look(f, 1, 9));
  }
}

static void generator_sees_what_its_resumer_changes(void) {
  with_caches(generator_sees_what_its_resumer_changes_body);
}

static void nested_generators_keep_apart_body(struct fixture *f) {
  cx_cell *outer = new_lc(f);
  cx_cell *inner = new_lc(f);
  for (uint64_t i = 1; i < 6; i++) {
    set(f, 0, i);
    cx_saved outer_frame = enter_lc(f, outer);
    CHECK_EQUAL(i == 1 ? 1 : 1000 + i - 1, look(f, 0, 0));
    set(f, 0, 1000 + i);
    cx_saved inner_frame = enter_lc(f, inner);
    CHECK_EQUAL(1000 + i, look(f, 0, 0));
    CHECK_EQUAL(i == 1 ? 9 : i - 1, look(f, 1, 9));
    set(f, 1, i);
    CHECK_EQUAL(1000 + i, look(f, 0, 0));
    leave(f, &inner_frame);
    CHECK_EQUAL(9, look(f, 1, 9));
    leave(f, &outer_frame);
    CHECK_EQUAL(i, look(f, 0, 0));
  }
}

static void nested_generators_keep_apart(void) {
  with_caches(nested_generators_keep_apart_body);
}

static void generator_may_be_resumed_elsewhere_body(struct fixture *f) {
  cx_record *threads[MAX_THREADS];
  cx_record *own = f->thread;
  for (int i = 0; i < MAX_THREADS; i++) {
    CHECK_STATUS(CX_OK, cx_record_new(f->runtime, &threads[i]));
    if (own->cache != NULL) {
      CHECK_STATUS(CX_OK, cx_record_set_cache(threads[i], own->cache_mask + 1));
    }
  }
  cx_cell *generator = new_lc(f);
  for (uint64_t i = 0; i < 20; i++) {
    f->thread = threads[i % MAX_THREADS];
    set(f, 0, i);
    cx_saved frame = enter_lc(f, generator);
    CHECK_EQUAL(i, look(f, 0, 0));
    CHECK_EQUAL(i, look(f, 1, 0));
    set(f, 1, i + 1);
    leave(f, &frame);
    CHECK_EQUAL(99, look(f, 1, 99));
  }
  f->thread = own;
  for (int i = 0; i < MAX_THREADS; i++) {
    cx_record_free(threads[i]);
  }
}

static void generator_may_be_resumed_elsewhere(void) {
  with_caches(generator_may_be_resumed_elsewhere_body);
}

/* ------------------------------------------------------------------------------- errors -- */

static void exhausted_space_leaves_the_stack_as_it_was(void) {
  struct fixture f = fixture_new(16);
  cx_space none = {f.arena.space.end, f.arena.space.end};
  uint64_t version = f.thread->stack_version;
  CHECK_STATUS(CX_NEED_SPACE, cx_record_set(f.runtime, f.thread, &f.vars[0], 1, &none));
  CHECK_EQUAL(version, f.thread->stack_version);
  CHECK_EQUAL(9, look(&f, 0, 9));
  set(&f, 0, 1);
  set(&f, 1, 2);
  version = f.thread->stack_version;
  char *before = dump_thread(f.thread);
  const cx_link *ec = NULL;
  cx_cell *lc = NULL;
  CHECK_STATUS(CX_NEED_SPACE, cx_record_set(f.runtime, f.thread, &f.vars[0], 2, &none));
  CHECK_STATUS(CX_NEED_SPACE, cx_record_delete(f.runtime, f.thread, &f.vars[0], &none));
  CHECK_STATUS(CX_NEED_SPACE, cx_record_capture(f.thread, &none, &ec));
  CHECK_STATUS(CX_NEED_SPACE, cx_cell_new(&none, &lc));
  CHECK_SAME(NULL, ec);
  CHECK_SAME(NULL, lc);
  char *after = dump_thread(f.thread);
  CHECK_TEXT(before, after);
  free(before);
  free(after);
  CHECK_EQUAL(version, f.thread->stack_version);
  CHECK_EQUAL(1, look(&f, 0, 0));
  fixture_free(&f);
}

static void exhausted_versions_leave_the_stack_as_it_was(void) {
  struct fixture f = fixture_new(16);
  set(&f, 0, 1);
  cx_cell *lc = new_lc(&f);
  cx_saved frame = enter_lc(&f, lc);
  set(&f, 0, 2);
  leave(&f, &frame);
  const cx_link *ec = capture(&f);
  cx_saved empty_frame = enter_lc(&f, new_lc(&f));
  /* the thread has used up its block, and the runtime has no other */
  f.thread->next_version = f.thread->version_end;
  uint64_t rest = UINT64_MAX - (UINT64_C(1) << 32);
  uint64_t first;
  CHECK_STATUS(CX_OK, cx_runtime_reserve(f.runtime, 1, &first));
  CHECK_STATUS(CX_OK, cx_runtime_reserve(f.runtime, rest - first - 1, &first));
  char *before = dump_thread(f.thread);
  uint64_t used = arena_used(&f.arena);
  CHECK_EQUAL(0, cx_record_next_version(f.runtime, f.thread));
  CHECK_STATUS(CX_EXHAUSTED, cx_record_set(f.runtime, f.thread, &f.vars[1], 1, &f.arena.space));
  CHECK_STATUS(CX_EXHAUSTED, cx_record_enter(f.runtime, f.thread, NULL, &frame));
  CHECK_STATUS(CX_EXHAUSTED, cx_record_push(f.runtime, f.thread, ec, lc, &frame));
  CHECK_EQUAL(0, lc->holder);
  CHECK_EQUAL(used, arena_used(&f.arena));
  char *after = dump_thread(f.thread);
  CHECK_TEXT(before, after);
  free(before);
  free(after);
  leave(&f, &empty_frame);
  CHECK_EQUAL(1, look(&f, 0, 0));
  fixture_free(&f);
}

static void full_lc_and_stack_too_large_to_fold_stay_as_they_were(void) {
  struct fixture f = fixture_new(16);
  const cx_hamt *full = forge_map(HAMT_MAX_ENTRIES, &f.arena);
  const cx_hamt *small = NULL;
  CHECK_STATUS(CX_OK, cx_hamt_assoc(NULL, FORGE_KEYS, 1, &f.arena.space, &small));
  cx_var other = {FORGE_KEYS + 1, f.vars[0].version};
  const cx_link *ec = NULL;
  f.thread->top = full;
  uint8_t *next = f.arena.space.next;
  CHECK_STATUS(CX_TOO_LARGE, cx_record_set(f.runtime, f.thread, &other, 1, &f.arena.space));
  CHECK_SAME(full, f.thread->top);
  CHECK_SAME(next, f.arena.space.next);
  uint64_t value = 5;
  CHECK_STATUS(CX_ABSENT, cx_record_lookup(f.thread, &other, &value));
  CHECK_EQUAL(5, value);

  CHECK_STATUS(CX_OK, cx_link_new(full, NULL, &f.arena.space, &ec));
  while (ec->links < CX_EC_MAX_LINKS) {
    CHECK_STATUS(CX_OK, cx_link_new(small, ec, &f.arena.space, &ec));
  }
  f.thread->top = small;
  f.thread->below = ec;
  next = f.arena.space.next;
  CHECK_STATUS(CX_TOO_LARGE, cx_record_capture(f.thread, &f.arena.space, &ec));
  CHECK_SAME(f.thread->below, ec);
  CHECK_SAME(next, f.arena.space.next);
  fixture_free(&f);
}

static void bad_arguments_are_refused(void) {
  struct fixture f = fixture_new(0);
  cx_record stale = {.unique_id = 0};
  cx_record *odd = (cx_record *)(void *)((uint8_t *)f.thread + 4);
  cx_space *space = &f.arena.space;
  const cx_link *ec = NULL;
  cx_saved frame = {.lc = NULL};
  cx_cell *lc = new_lc(&f);
  cx_var none = {0, 0};
  uint64_t value = 5;
  struct {
    cx_record *thread;
    int32_t expected;
  } bad[] = {{NULL, CX_INVALID}, {odd, CX_INVALID}, {&stale, CX_STALE}};
  for (int i = 0; i < 3; i++) {
    cx_record *thread = bad[i].thread;
    int32_t expected = bad[i].expected;
    CHECK_STATUS(expected, cx_record_set_cache(thread, 16));
    CHECK_EQUAL(0, cx_record_next_version(f.runtime, thread));
    CHECK_EQUAL(-1, cx_record_find(thread, 1, 1, &value));
    CHECK_STATUS(expected, cx_record_lookup(thread, &f.vars[0], &value));
    CHECK_STATUS(expected, cx_record_lookup_topmost(thread, &f.vars[0], &value));
    CHECK_STATUS(expected, cx_record_set(f.runtime, thread, &f.vars[0], 1, space));
    CHECK_STATUS(expected, cx_record_delete(f.runtime, thread, &f.vars[0], space));
    CHECK_STATUS(expected, cx_record_capture(thread, space, &ec));
    CHECK_STATUS(expected, cx_record_enter(f.runtime, thread, NULL, &frame));
    CHECK_STATUS(expected, cx_record_push(f.runtime, thread, NULL, lc, &frame));
    CHECK_STATUS(expected, cx_record_restore(thread, &frame));
  }
  CHECK_STATUS(CX_INVALID, cx_record_new(NULL, &f.thread));
  CHECK_STATUS(CX_INVALID, cx_record_new(f.runtime, NULL));
  CHECK_STATUS(CX_INVALID, cx_var_new(f.runtime, NULL));
  CHECK_STATUS(CX_INVALID, cx_var_new(NULL, &none));
  CHECK_STATUS(CX_INVALID, cx_var_touch(f.runtime, &none));
  CHECK_STATUS(CX_INVALID, cx_record_lookup(f.thread, &none, &value));
  CHECK_STATUS(CX_INVALID, cx_record_lookup(f.thread, NULL, &value));
  CHECK_STATUS(CX_INVALID, cx_record_lookup_topmost(f.thread, NULL, &value));
  CHECK_STATUS(CX_INVALID, cx_record_set(f.runtime, f.thread, NULL, 1, space));
  CHECK_STATUS(CX_INVALID, cx_record_set(NULL, f.thread, &f.vars[0], 1, space));
  CHECK_STATUS(CX_INVALID, cx_record_set(f.runtime, f.thread, &f.vars[0], 1, NULL));
  CHECK_STATUS(CX_INVALID, cx_record_delete(f.runtime, f.thread, &none, space));
  CHECK_STATUS(CX_INVALID, cx_record_delete(f.runtime, f.thread, &f.vars[0], NULL));
  CHECK_STATUS(CX_INVALID, cx_cell_new(NULL, &lc));
  CHECK_STATUS(CX_INVALID, cx_cell_new(space, NULL));
  CHECK_STATUS(CX_INVALID, cx_record_capture(f.thread, NULL, &ec));
  CHECK_STATUS(CX_INVALID, cx_record_capture(f.thread, space, NULL));
  CHECK_STATUS(CX_INVALID, cx_record_enter(f.runtime, f.thread, NULL, NULL));
  CHECK_STATUS(CX_INVALID, cx_record_enter(NULL, f.thread, NULL, &frame));
  CHECK_STATUS(CX_INVALID, cx_record_push(f.runtime, f.thread, NULL, NULL, &frame));
  CHECK_STATUS(CX_INVALID, cx_record_push(f.runtime, f.thread, NULL, lc, NULL));
  CHECK_STATUS(CX_INVALID, cx_record_restore(f.thread, NULL));
  const cx_link *odd_link = (const cx_link *)(const void *)((const uint8_t *)f.thread + 4);
  cx_var *odd_var = (cx_var *)(void *)((uint8_t *)(void *)f.vars + 4);
  cx_saved odd_frame = {.lc = (cx_cell *)(void *)((uint8_t *)lc + 4)};
  CHECK_STATUS(CX_INVALID, cx_record_enter(f.runtime, f.thread, odd_link, &frame));
  CHECK_STATUS(CX_INVALID, cx_record_restore(f.thread, &odd_frame));
  CHECK_STATUS(CX_INVALID, cx_record_lookup(f.thread, odd_var, &value));
  CHECK_STATUS(CX_INVALID, cx_record_delete(NULL, f.thread, &f.vars[0], space));
  CHECK_EQUAL(5, value);
  CHECK_EQUAL(0, lc->holder);
  cx_record_free(NULL);
  fixture_free(&f);
}

static void versions_are_never_repeated(void) {
  struct fixture f = fixture_new(0);
  cx_record *other;
  CHECK_STATUS(CX_OK, cx_record_new(f.runtime, &other));
  uint64_t last = 0;
  uint64_t last_other = 0;
  for (int i = 0; i < 10000; i++) {
    uint64_t version = cx_record_next_version(f.runtime, f.thread);
    CHECK(version > last);
    last = version;
    if (i % 3 == 0) {
      uint64_t version_other = cx_record_next_version(f.runtime, other);
      CHECK(version_other > last_other);
      CHECK(version_other < f.thread->next_version || version_other >= f.thread->version_end);
      last_other = version_other;
    }
  }
  cx_record_free(other);
  fixture_free(&f);
}

TEST_MAIN(
    CASE(new_thread_state_is_empty), CASE(variables_are_equal_to_themselves_only),
    CASE(set_writes_to_the_topmost_lc_only), CASE(delete_lets_the_value_below_show_through),
    CASE(absence_seen_in_an_empty_lc_is_forgotten_on_set),
    CASE(snapshot_does_not_see_later_changes), CASE(pop_restores_the_stack_exactly),
    CASE(empty_lc_keeps_the_stack_version), CASE(deep_stacks_fold_without_a_difference),
    CASE(entered_lc_is_refused_and_all_stays_as_it_was), CASE(frame_is_left_once_and_by_its_thread),
    CASE(generator_sees_its_own_value_each_time), CASE(generator_sees_what_its_resumer_changes),
    CASE(nested_generators_keep_apart), CASE(generator_may_be_resumed_elsewhere),
    CASE(exhausted_space_leaves_the_stack_as_it_was),
    CASE(exhausted_versions_leave_the_stack_as_it_was),
    CASE(full_lc_and_stack_too_large_to_fold_stay_as_they_were), CASE(bad_arguments_are_refused),
    CASE(versions_are_never_repeated))
