/*
 * context_test.c - the upper layer: variables, logical contexts and snapshots as a C program uses
 * them, with memory that the library manages.
 */
#include <pthread.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context_fixture.h"

/* ------------------------------------------------------------------------------ variables -- */

static void new_thread_state_is_empty(void) {
  struct fixture f = fixture_new();
  CHECK_EQUAL(7, look(&f, 0, 7));
  CHECK_STATUS(CX_ABSENT, cx_var_delete(f.thread, &f.vars[0]));
  cx_ec ec = capture(&f);
  CHECK_EQUAL(7, look_in(&f, ec, 0, 7));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  fixture_free(&f);
}

static void set_writes_to_the_topmost_lc_only(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 1);
  cx_lc lc = new_lc(&f);
  push(&f, lc);
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_EQUAL(9, look_topmost(&f, 0, 9));
  set(&f, 0, 2);
  set(&f, 1, 3);
  CHECK_EQUAL(2, look(&f, 0, 9));
  CHECK_EQUAL(2, look_topmost(&f, 0, 9));
  pop(&f, lc);
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_EQUAL(9, look(&f, 1, 9));
  push(&f, lc);
  CHECK_EQUAL(2, look(&f, 0, 9));
  CHECK_EQUAL(3, look(&f, 1, 9));
  pop(&f, lc);
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  fixture_free(&f);
}

static void delete_lets_the_value_below_show_through(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 1);
  cx_lc lc = new_lc(&f);
  push(&f, lc);
  CHECK_STATUS(CX_ABSENT, cx_var_delete(f.thread, &f.vars[0]));
  CHECK_EQUAL(1, look(&f, 0, 9));
  set(&f, 0, 2);
  CHECK_STATUS(CX_OK, cx_var_delete(f.thread, &f.vars[0]));
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_STATUS(CX_ABSENT, cx_var_delete(f.thread, &f.vars[0]));
  pop(&f, lc);
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  fixture_free(&f);
}

/* --------------------------------------------------------------------------- snapshots -- */

static void snapshot_does_not_see_later_changes(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 1);
  cx_ec ec = capture(&f);
  set(&f, 0, 2);
  set(&f, 1, 3);
  CHECK_EQUAL(1, look_in(&f, ec, 0, 9));
  CHECK_EQUAL(9, look_in(&f, ec, 1, 9));
  cx_frame frame = enter(&f, ec);
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_EQUAL(9, look(&f, 1, 9));
  set(&f, 0, 5);
  CHECK_EQUAL(5, look(&f, 0, 9));
  CHECK_EQUAL(1, look_in(&f, ec, 0, 9));
  leave(&f, frame);
  CHECK_EQUAL(2, look(&f, 0, 9));
  CHECK_EQUAL(3, look(&f, 1, 9));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  CHECK_EQUAL(2, look(&f, 0, 9));
  fixture_free(&f);
}

static void snapshots_of_one_state_share_a_link_and_live_apart(void) {
  struct fixture f = fixture_new();
  cx_ec snapshots[20];
  for (uint64_t i = 0; i < 20; i++) {
    if (i % 2 == 0) {
      set(&f, (int)(i % 3), i);
    }
    snapshots[i] = capture(&f);
  }
  for (uint64_t i = 0; i < 20; i++) {
    uint64_t even = i - i % 2;
    CHECK_EQUAL(even, look_in(&f, snapshots[i], (int)(even % 3), 99));
  }
  for (uint64_t i = 0; i < 20; i += 2) {
    CHECK_STATUS(CX_OK, cx_ec_free(snapshots[i]));
  }
  for (uint64_t i = 1; i < 20; i += 2) {
    CHECK_EQUAL(i - 1, look_in(&f, snapshots[i], (int)((i - 1) % 3), 99));
    CHECK_STATUS(CX_OK, cx_ec_free(snapshots[i]));
  }
  fixture_free(&f);
}

static void snapshot_outlives_the_lc_the_thread_state_and_itself_while_current(void) {
  struct fixture f = fixture_new();
  cx_thread other;
  CHECK_STATUS(CX_OK, cx_thread_new(f.runtime, &other));
  cx_lc lc = new_lc(&f);
  CHECK_STATUS(CX_OK, cx_var_set(other, &f.vars[0], 1));
  CHECK_STATUS(CX_OK, cx_lc_push(other, lc));
  CHECK_STATUS(CX_OK, cx_var_set(other, &f.vars[1], 2));
  cx_ec ec;
  CHECK_STATUS(CX_OK, cx_ec_get(other, &ec));
  CHECK_STATUS(CX_OK, cx_thread_free(other)); /* leaves the LC, too */
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  cx_frame frame = enter(&f, ec);
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_EQUAL(2, look(&f, 1, 9));
  leave(&f, frame);
  CHECK_EQUAL(9, look(&f, 1, 9));
  fixture_free(&f);
}

static void empty_snapshot_hides_everything(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 1);
  cx_ec empty;
  CHECK_STATUS(CX_OK, cx_ec_new(f.runtime, &empty));
  cx_frame frame = enter(&f, empty);
  CHECK_EQUAL(9, look(&f, 0, 9));
  set(&f, 0, 2);
  leave(&f, frame);
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_ec_free(empty));
  fixture_free(&f);
}

static void steps_of_a_task_share_a_snapshot_and_an_lc(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 1);
  cx_ec ec = capture(&f);
  set(&f, 0, 50);
  cx_lc own = new_lc(&f);
  for (uint64_t step = 0; step < 5; step++) {
    cx_frame frame;
    CHECK_STATUS(CX_OK, cx_ec_set_with_lc(f.thread, ec, own, &frame));
    CHECK_EQUAL(1, look(&f, 0, 9));
    CHECK_EQUAL(step == 0 ? 9 : step - 1, look(&f, 1, 9));
    set(&f, 1, step);
    leave(&f, frame);
    CHECK_EQUAL(9, look(&f, 1, 9));
  }
  cx_frame frame;
  CHECK_STATUS(CX_OK, cx_ec_set_with_lc(f.thread, CX_CURRENT, own, &frame));
  CHECK_EQUAL(50, look(&f, 0, 9));
  leave(&f, frame);
  CHECK_STATUS(CX_OK, cx_lc_free(own));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  fixture_free(&f);
}

static void squash_keeps_every_lookup(void) {
  struct fixture f = fixture_new();
  cx_lc lcs[3 * CX_EC_MAX_LINKS];
  const int depth = (int)(sizeof lcs / sizeof *lcs);
  for (int i = 0; i < depth; i++) {
    lcs[i] = new_lc(&f);
    push(&f, lcs[i]);
    set(&f, i % FIXTURE_VARS, (uint64_t)i);
  }
  cx_ec ec = capture(&f);
  cx_ec flat;
  CHECK_STATUS(CX_OK, cx_ec_squash(ec, &flat));
  uint64_t ids[FIXTURE_VARS];
  uint64_t count;
  CHECK_STATUS(CX_OK, cx_ec_vars(ec, ids, 3, &count));
  CHECK_EQUAL(FIXTURE_VARS, count);
  CHECK_STATUS(CX_OK, cx_ec_vars(flat, ids, FIXTURE_VARS, &count));
  CHECK_EQUAL(FIXTURE_VARS, count);
  uint64_t sum = 0;
  for (int i = 0; i < FIXTURE_VARS; i++) {
    uint64_t expected = (uint64_t)depth - FIXTURE_VARS + (uint64_t)i;
    CHECK_EQUAL(expected, look(&f, i, 999));
    CHECK_EQUAL(expected, look_in(&f, ec, i, 999));
    CHECK_EQUAL(expected, look_in(&f, flat, i, 999));
    sum += ids[i] - f.vars[i].id;
  }
  CHECK_EQUAL(0, sum);
  char text[64] = "";
  uint64_t length;
  CHECK_STATUS(CX_OK, cx_ec_dump(flat, text, sizeof text, &length));
  CHECK_EQUAL(0, strncmp(text, "ec 1\n  link 0\n    flat 8\n", 25));
  for (int i = depth; i > 0; i--) {
    pop(&f, lcs[i - 1]);
    CHECK_STATUS(CX_OK, cx_lc_free(lcs[i - 1]));
  }
  CHECK_EQUAL((uint64_t)(depth - 1), look_in(&f, ec, FIXTURE_VARS - 1, 999));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  CHECK_STATUS(CX_OK, cx_ec_free(flat));
  fixture_free(&f);
}

static void large_contexts_grow_and_shrink(void) {
  enum { VARS = 3000 };
  struct fixture f = fixture_new();
  static cx_var vars[VARS];
  cx_ec snapshots[30];
  int taken = 0;
  for (uint64_t i = 0; i < VARS; i++) {
    CHECK_STATUS(CX_OK, cx_var_new(f.runtime, &vars[i]));
    CHECK_STATUS(CX_OK, cx_var_set(f.thread, &vars[i], i));
    if (i % 100 == 50) {
      snapshots[taken++] = capture(&f);
    }
  }
  for (uint64_t i = 0; i < VARS; i++) {
    CHECK_STATUS(CX_OK, cx_var_set(f.thread, &vars[i], i + 1));
    if (i % 2 == 0) {
      CHECK_STATUS(CX_OK, cx_var_delete(f.thread, &vars[i]));
    }
  }
  for (int s = 0; s < taken; s++) {
    uint64_t count;
    CHECK_STATUS(CX_OK, cx_ec_vars(snapshots[s], NULL, 0, &count));
    CHECK_EQUAL((uint64_t)s * 100 + 51, count);
    for (uint64_t i = 0; i < VARS; i += 7) {
      uint64_t value = 0;
      CHECK_STATUS(i < count ? CX_OK : CX_ABSENT, cx_ec_lookup(snapshots[s], &vars[i], &value));
      CHECK_EQUAL(i < count ? i : 0, value);
    }
    CHECK_STATUS(CX_OK, cx_ec_free(snapshots[s]));
  }
  for (uint64_t i = 0; i < VARS; i++) {
    uint64_t value = 0;
    CHECK_STATUS(i % 2 == 0 ? CX_ABSENT : CX_OK, cx_var_lookup(f.thread, &vars[i], 0, &value));
    CHECK_EQUAL(i % 2 == 0 ? 0 : i + 1, value);
  }
  fixture_free(&f);
}

/* MSan has an allocator of its own, and doesn't know that mallinfo2 writes what it returns. */
#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#define ALLOCATOR_IS_MUTE
#endif
#endif

/* Bytes that the process has from the C library's allocator, where that tells. */
static uint64_t bytes_in_use(void) {
#if defined(__GLIBC__) && !defined(ALLOCATOR_IS_MUTE)
  return (uint64_t)mallinfo2().uordblks;
#else
  return 0;
#endif
}

/* Whatever a thread does in the long run, its memory is bounded by what its context needs. */
static void memory_stays_bounded_under_endless_change(void) {
  enum { VARS = 500 };
  static cx_var vars[VARS];
  struct fixture f = fixture_new();
  for (uint64_t i = 0; i < VARS; i++) {
    CHECK_STATUS(CX_OK, cx_var_new(f.runtime, &vars[i]));
  }
  for (uint64_t count = 5; count <= VARS; count += VARS - 5) {
    cx_lc lc = new_lc(&f);
    cx_ec held = capture(&f);
    uint64_t before = bytes_in_use();
    for (uint64_t i = 0; i < 40000; i++) {
      CHECK_STATUS(CX_OK, cx_var_set(f.thread, &vars[i % count], i));
      cx_ec next = capture(&f);
      cx_frame frame = enter(&f, held);
      push(&f, lc);
      CHECK_STATUS(CX_OK, cx_var_set(f.thread, &vars[i * 7 % count], i));
      pop(&f, lc);
      leave(&f, frame);
      CHECK_STATUS(CX_OK, cx_ec_free(held));
      held = next;
      /* two contexts, in two regions each while a snapshot shows an older version */
      CHECK(bytes_in_use() <= before + 4 * (120 * count + 4096));
    }
    CHECK_STATUS(CX_OK, cx_ec_free(held));
    CHECK_STATUS(CX_OK, cx_lc_free(lc));
  }
  fixture_free(&f);
}

/* ----------------------------------------------------------------------------- generators -- */

/* A generator that binds variable 0 to 10, 11, ... and yields what it finds in variables 0 and 1.
 */
struct generator {
  cx_lc lc;
  uint64_t next;
};

static void resume(struct fixture *f, struct generator *g, uint64_t *own, uint64_t *seen) {
  push(f, g->lc);
  if (g->next == 0) {
    g->next = 10;
    set(f, 0, g->next);
  }
  *own = look(f, 0, 9);
  *seen = look(f, 1, 9);
  set(f, 0, ++g->next);
  pop(f, g->lc);
}

static void generator_keeps_its_values_and_sees_its_resumers(void) {
  struct fixture f = fixture_new();
  struct generator a = {new_lc(&f), 0};
  struct generator b = {new_lc(&f), 0};
  set(&f, 0, 1);
  for (uint64_t i = 0; i < 10; i++) {
    uint64_t own;
    uint64_t seen;
    set(&f, 1, i);
    resume(&f, &a, &own, &seen);
    CHECK_EQUAL(10 + i, own);
    CHECK_EQUAL(i, seen);
    CHECK_EQUAL(1, look(&f, 0, 9)); /* C1: the resumer looks up in between */
    if (i % 2 == 0) {
      resume(&f, &b, &own, &seen);
      CHECK_EQUAL(10 + i / 2, own);
      CHECK_EQUAL(i, seen);
    }
  }
  CHECK_STATUS(CX_OK, cx_lc_free(a.lc));
  CHECK_STATUS(CX_OK, cx_lc_free(b.lc));
  fixture_free(&f);
}

/* ------------------------------------------------------------------------------ the checks -- */

static void lc_is_on_one_stack_once(void) {
  struct fixture f = fixture_new();
  cx_thread other;
  CHECK_STATUS(CX_OK, cx_thread_new(f.runtime, &other));
  cx_lc lc = new_lc(&f);
  push(&f, lc);
  set(&f, 0, 1);
  cx_frame frame = 77;
  CHECK_STATUS(CX_ENTERED, cx_lc_push(f.thread, lc));
  CHECK_STATUS(CX_ENTERED, cx_lc_push(other, lc));
  CHECK_STATUS(CX_ENTERED, cx_ec_set_with_lc(other, CX_CURRENT, lc, &frame));
  CHECK_STATUS(CX_ENTERED, cx_lc_free(lc));
  CHECK_EQUAL(77, frame);
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_STATUS(CX_ABSENT, cx_var_lookup(other, &f.vars[0], 0, NULL));
  pop(&f, lc);
  CHECK_STATUS(CX_OK, cx_lc_push(other, lc));
  CHECK_STATUS(CX_OK, cx_var_lookup(other, &f.vars[0], 0, NULL));
  CHECK_STATUS(CX_OK, cx_thread_free(other));
  push(&f, lc);
  CHECK_EQUAL(1, look(&f, 0, 9));
  pop(&f, lc);
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  fixture_free(&f);
}

static void pops_out_of_order_change_nothing(void) {
  struct fixture f = fixture_new();
  cx_lc a = new_lc(&f);
  cx_lc b = new_lc(&f);
  CHECK_STATUS(CX_OUT_OF_ORDER, cx_lc_pop(f.thread, a));
  CHECK_STATUS(CX_STALE, cx_ec_restore(f.thread, 0));
  push(&f, a);
  set(&f, 0, 1);
  cx_ec ec = capture(&f);
  cx_frame frame = enter(&f, ec);
  cx_frame inner = enter(&f, ec);
  set(&f, 0, 2);
  CHECK_STATUS(CX_OUT_OF_ORDER, cx_ec_restore(f.thread, frame));
  CHECK_STATUS(CX_OUT_OF_ORDER, cx_lc_pop(f.thread, a));
  CHECK_EQUAL(2, look(&f, 0, 9));
  push(&f, b);
  CHECK_STATUS(CX_OUT_OF_ORDER, cx_lc_pop(f.thread, a));
  CHECK_STATUS(CX_OUT_OF_ORDER, cx_ec_restore(f.thread, inner));
  pop(&f, b);
  leave(&f, inner);
  CHECK_STATUS(CX_STALE, cx_ec_restore(f.thread, inner));
  CHECK_EQUAL(1, look(&f, 0, 9));
  cx_thread other;
  CHECK_STATUS(CX_OK, cx_thread_new(f.runtime, &other));
  CHECK_STATUS(CX_STALE, cx_ec_restore(other, frame));
  CHECK_STATUS(CX_OK, cx_thread_free(other));
  leave(&f, frame);
  pop(&f, a);
  CHECK_EQUAL(9, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  CHECK_STATUS(CX_OK, cx_lc_free(a));
  CHECK_STATUS(CX_OK, cx_lc_free(b));
  fixture_free(&f);
}

static void check_refused(
    struct fixture *f, int32_t expected, cx_thread thread, cx_lc lc, cx_ec ec) {
  uint64_t out = 77;
  cx_var *var = &f->vars[0];
  if (thread != 0) {
    CHECK_STATUS(expected, cx_thread_free(thread));
    CHECK_STATUS(expected, cx_thread_disown(thread));
    CHECK_STATUS(expected, cx_thread_adopt(thread));
    CHECK_STATUS(expected, cx_thread_set_cache(thread, 4));
    CHECK_STATUS(expected, cx_thread_dump(thread, NULL, 0, &out));
    CHECK_STATUS(expected, cx_var_lookup(thread, var, 0, &out));
    CHECK_STATUS(expected, cx_var_lookup(thread, var, CX_TOPMOST, &out));
    CHECK_STATUS(expected, cx_var_set(thread, var, 1));
    CHECK_STATUS(expected, cx_var_delete(thread, var));
    CHECK_STATUS(expected, cx_ec_get(thread, &out));
    CHECK_STATUS(expected, cx_ec_restore(thread, 1));
  }
  if (lc != 0) {
    CHECK_STATUS(expected, cx_lc_free(lc));
    CHECK_STATUS(expected, cx_lc_push(f->thread, lc));
    CHECK_STATUS(expected, cx_lc_pop(f->thread, lc));
    CHECK_STATUS(expected, cx_ec_set_with_lc(f->thread, CX_CURRENT, lc, &out));
  }
  if (ec != 0) {
    cx_lc good = new_lc(f);
    CHECK_STATUS(expected, cx_ec_free(ec));
    CHECK_STATUS(expected, cx_ec_set(f->thread, ec, &out));
    CHECK_STATUS(expected, cx_ec_set_with_lc(f->thread, ec, good, &out));
    CHECK_STATUS(expected, cx_ec_lookup(ec, var, &out));
    CHECK_STATUS(expected, cx_ec_vars(ec, NULL, 0, &out));
    CHECK_STATUS(expected, cx_ec_squash(ec, &out));
    CHECK_STATUS(expected, cx_ec_dump(ec, NULL, 0, &out));
    CHECK_STATUS(CX_OK, cx_lc_free(good)); /* it wasn't entered */
  }
  CHECK_EQUAL(77, out);
}

static void freed_handles_are_stale(void) {
  struct fixture f = fixture_new();
  for (int i = 0; i < 100; i++) {
    cx_thread thread;
    CHECK_STATUS(CX_OK, cx_thread_new(f.runtime, &thread));
    cx_lc lc = new_lc(&f);
    cx_ec ec = capture(&f);
    CHECK_STATUS(CX_OK, cx_thread_free(thread));
    CHECK_STATUS(CX_OK, cx_lc_free(lc));
    CHECK_STATUS(CX_OK, cx_ec_free(ec));
    check_refused(&f, CX_STALE, thread, lc, ec);
    /* also when others have their places */
    cx_ec others[3] = {capture(&f), capture(&f), capture(&f)};
    check_refused(&f, CX_STALE, thread, lc, ec);
    for (int k = 0; k < 3; k++) {
      CHECK_STATUS(CX_OK, cx_ec_free(others[k]));
    }
  }
  fixture_free(&f);
}

static void handles_of_another_kind_are_refused(void) {
  struct fixture f = fixture_new();
  cx_lc lc = new_lc(&f);
  cx_ec ec = capture(&f);
  check_refused(&f, CX_BAD_HANDLE, lc, ec, f.thread);
  check_refused(&f, CX_BAD_HANDLE, ec, f.thread, lc);
  cx_frame frame = 77;
  CHECK_STATUS(CX_BAD_HANDLE, cx_lc_push(f.thread, 0));
  CHECK_STATUS(CX_BAD_HANDLE, cx_ec_set(f.thread, 0, &frame));
  CHECK_STATUS(CX_BAD_HANDLE, cx_ec_set_with_lc(f.thread, ec, 0, &frame));
  CHECK_STATUS(CX_BAD_HANDLE, cx_thread_free(0));
  CHECK_EQUAL(77, frame);
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  fixture_free(&f);
}

/* Numbers out of thin air, and good handles with some bits changed. */
static void forged_handles_are_refused(void) {
  struct fixture f = fixture_new();
  uint64_t seed = 20261122;
  printf("seed %" PRIu64 "\n", seed);
  cx_lc lc = new_lc(&f);
  cx_ec ec = capture(&f);
  uint64_t good[] = {f.thread, lc, ec};
  for (int i = 0; i < 20000; i++) {
    uint64_t forged = random_next(&seed);
    if (i % 2 == 0) {
      forged = good[i % 3] ^ UINT64_C(1) << random_below(&seed, 64);
    }
    uint64_t out;
    int32_t statuses[] = {
        cx_var_lookup(forged, &f.vars[0], 0, &out),
        cx_thread_free(forged),
        cx_lc_free(forged),
        cx_lc_push(f.thread, forged),
        cx_ec_free(forged),
        cx_ec_get(forged, &out),
        cx_ec_set(f.thread, forged, &out)};
    for (size_t k = 0; k < sizeof statuses / sizeof *statuses; k++) {
      CHECK(statuses[k] == CX_BAD_HANDLE || statuses[k] == CX_STALE);
    }
  }
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  fixture_free(&f);
}

static void handles_of_a_freed_runtime_are_stale(void) {
  struct fixture f = fixture_new();
  for (int i = 0; i < 100; i++) {
    struct fixture other = fixture_new();
    cx_lc lc = new_lc(&other);
    set(&other, 0, 1);
    push(&other, lc);
    set(&other, 1, 1);
    cx_ec ec = capture(&other);
    (void)enter(&other, ec);
    /* nothing is left, nothing was freed: all of it goes with the runtime */
    CHECK_STATUS(CX_OK, cx_runtime_free(other.runtime));
    CHECK_STATUS(CX_BAD_HANDLE, cx_runtime_free(other.runtime));
    check_refused(&f, CX_STALE, other.thread, lc, ec);
    struct fixture next = fixture_new();
    check_refused(&f, CX_STALE, other.thread, lc, ec);
    fixture_free(&next);
  }
  fixture_free(&f);
}

static void handles_of_another_runtime_are_refused(void) {
  struct fixture f = fixture_new();
  struct fixture other = fixture_new();
  cx_lc lc = new_lc(&other);
  cx_ec ec = capture(&other);
  cx_frame frame = 77;
  CHECK_STATUS(CX_BAD_HANDLE, cx_lc_push(f.thread, lc));
  CHECK_STATUS(CX_BAD_HANDLE, cx_ec_set(f.thread, ec, &frame));
  CHECK_STATUS(CX_BAD_HANDLE, cx_ec_set_with_lc(f.thread, CX_CURRENT, lc, &frame));
  CHECK_EQUAL(77, frame);
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  fixture_free(&other);
  fixture_free(&f);
}

static void bad_arguments_are_refused(void) {
  struct fixture f = fixture_new();
  uint64_t words[2] = {77, 77};
  uint64_t *odd = (uint64_t *)(void *)((uint8_t *)(void *)words + 4);
  cx_ec ec = capture(&f);
  cx_lc lc = new_lc(&f);
  uint64_t *bad[] = {NULL, odd};
  for (int i = 0; i < 2; i++) {
    CHECK_STATUS(CX_INVALID, cx_thread_new(f.runtime, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_lc_new(f.runtime, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_ec_new(f.runtime, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_ec_get(f.thread, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_ec_set(f.thread, ec, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_ec_set_with_lc(f.thread, ec, lc, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_ec_squash(ec, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_ec_vars(ec, NULL, 0, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_ec_dump(ec, NULL, 0, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_thread_dump(f.thread, NULL, 0, bad[i]));
    CHECK_STATUS(CX_INVALID, cx_var_set(f.thread, (cx_var *)(void *)bad[i], 1));
    CHECK_STATUS(CX_INVALID, cx_var_delete(f.thread, (cx_var *)(void *)bad[i]));
    CHECK_STATUS(CX_INVALID, cx_var_lookup(f.thread, (cx_var *)(void *)bad[i], 0, words));
    CHECK_STATUS(CX_INVALID, cx_ec_lookup(ec, (cx_var *)(void *)bad[i], words));
    CHECK_STATUS(CX_INVALID, cx_thread_lend(f.runtime, (cx_record *)(void *)bad[i], 0, words));
  }
  CHECK_STATUS(CX_INVALID, cx_var_lookup(f.thread, &f.vars[0], 0, odd));
  CHECK_STATUS(CX_INVALID, cx_var_lookup(f.thread, &f.vars[0], 2, words));
  CHECK_STATUS(CX_INVALID, cx_ec_lookup(ec, &f.vars[0], odd));
  CHECK_STATUS(CX_INVALID, cx_ec_vars(ec, NULL, 1, words));
  CHECK_STATUS(CX_INVALID, cx_ec_dump(ec, NULL, 1, words));
  CHECK_STATUS(CX_INVALID, cx_thread_dump(f.thread, NULL, 1, words));
  CHECK_STATUS(CX_INVALID, cx_thread_set_cache(f.thread, 3));
  CHECK_STATUS(CX_INVALID, cx_ec_vars(ec, odd, 1, words));
  cx_record stale = {.unique_id = 0};
  CHECK_STATUS(CX_INVALID, cx_thread_lend(f.runtime, &stale, 0, words));
  cx_runtime *odd_runtime = (cx_runtime *)(void *)((uint8_t *)f.runtime + 4);
  CHECK_STATUS(CX_INVALID, cx_thread_new(odd_runtime, words));
  cx_var never = {f.vars[0].id + (UINT64_C(1) << 40), 1};
  cx_var no_version = {f.vars[0].id, 0};
  cx_var zero = {0, 0};
  CHECK_STATUS(CX_INVALID, cx_var_set(f.thread, &no_version, 1));
  CHECK_STATUS(CX_INVALID, cx_var_set(f.thread, &never, 1));
  CHECK_STATUS(CX_INVALID, cx_var_set(f.thread, &zero, 1));
  CHECK_STATUS(CX_INVALID, cx_thread_new(NULL, words));
  cx_runtime *no_runtime = (cx_runtime *)(void *)words;
  CHECK_STATUS(CX_BAD_HANDLE, cx_thread_new(no_runtime, words));
  CHECK_STATUS(CX_BAD_HANDLE, cx_lc_new(no_runtime, words));
  CHECK_STATUS(CX_BAD_HANDLE, cx_ec_new(no_runtime, words));
  CHECK_STATUS(CX_BAD_HANDLE, cx_var_new(no_runtime, (cx_var *)(void *)words));
  CHECK_STATUS(CX_BAD_HANDLE, cx_runtime_free(no_runtime));
  CHECK_STATUS(CX_OK, cx_runtime_free(NULL));
  CHECK_EQUAL(77, words[0]);
  CHECK_EQUAL(77, words[1]);
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  fixture_free(&f);
}

/* -------------------------------------------------------------------------- the base layer -- */

static void global_value_is_seen_below_every_stack(void) {
  struct fixture f = fixture_new();
  cx_thread other;
  CHECK_STATUS(CX_OK, cx_thread_new(f.runtime, &other));
  CHECK_STATUS(CX_ABSENT, cx_var_lookup_global(f.runtime, &f.vars[0], NULL));
  CHECK_STATUS(CX_ABSENT, cx_var_delete_global(f.runtime, &f.vars[0]));
  CHECK_EQUAL(9, look(&f, 0, 9)); /* cached as absent */
  cx_ec before = capture(&f);
  CHECK_STATUS(CX_OK, cx_var_set_global(f.runtime, &f.vars[0], 1));
  CHECK_EQUAL(1, look(&f, 0, 9));
  CHECK_EQUAL(9, look_topmost(&f, 0, 9));
  uint64_t value = 0;
  CHECK_STATUS(CX_OK, cx_var_lookup(other, &f.vars[0], 0, &value));
  CHECK_EQUAL(1, value);
  CHECK_STATUS(CX_ABSENT, cx_var_delete(f.thread, &f.vars[0])); /* it isn't in the LC */
  set(&f, 0, 2);
  CHECK_EQUAL(2, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_var_set_global(f.runtime, &f.vars[0], 3));
  CHECK_EQUAL(2, look(&f, 0, 9));
  cx_frame frame = enter(&f, before); /* a snapshot has no part of it */
  CHECK_EQUAL(3, look(&f, 0, 9));
  CHECK_EQUAL(3, look_in(&f, before, 0, 9)); /* what is looked up in it goes on there */
  CHECK_STATUS(CX_OK, cx_var_delete_global(f.runtime, &f.vars[0]));
  CHECK_EQUAL(9, look(&f, 0, 9));
  CHECK_EQUAL(9, look_in(&f, before, 0, 9));
  leave(&f, frame);
  CHECK_EQUAL(2, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_var_set_global(f.runtime, &f.vars[0], 4));
  CHECK_STATUS(CX_OK, cx_var_delete(f.thread, &f.vars[0]));
  CHECK_EQUAL(4, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_var_lookup_global(f.runtime, &f.vars[0], &value));
  CHECK_EQUAL(4, value);
  CHECK_STATUS(CX_OK, cx_ec_free(before));
  CHECK_STATUS(CX_OK, cx_thread_free(other));
  fixture_free(&f);
}

/* A snapshot's own value comes first, and the base layer is neither listed nor dumped with it. */
static void lookup_in_a_snapshot_ends_in_the_base_layer(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 2);
  cx_ec ec = capture(&f);
  CHECK_STATUS(CX_OK, cx_var_set_global(f.runtime, &f.vars[0], 3));
  CHECK_STATUS(CX_OK, cx_var_set_global(f.runtime, &f.vars[1], 4));
  CHECK_EQUAL(2, look_in(&f, ec, 0, 9));
  CHECK_EQUAL(4, look_in(&f, ec, 1, 9));
  CHECK_STATUS(CX_OK, cx_ec_lookup(ec, &f.vars[1], NULL));
  CHECK_STATUS(CX_ABSENT, cx_ec_lookup(ec, &f.vars[2], NULL));
  uint64_t ids[2] = {0, 0};
  uint64_t count = 0;
  CHECK_STATUS(CX_OK, cx_ec_vars(ec, ids, 2, &count));
  CHECK_EQUAL(1, count);
  CHECK_EQUAL(f.vars[0].id, ids[0]);
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  fixture_free(&f);
}

static void runtime_whose_globals_are_in_use_stays(void) {
  struct fixture f = fixture_new();
  cx_shared *map = NULL;
  cx_shared_snapshot *snapshot = NULL;
  cx_shared_reader *reader = NULL;
  CHECK_STATUS(CX_OK, cx_var_set_global(f.runtime, &f.vars[0], 5));
  CHECK_STATUS(CX_OK, cx_runtime_globals(f.runtime, &map));
  CHECK_STATUS(CX_OK, cx_shared_snapshot_new(map, NULL, &snapshot));
  CHECK_STATUS(CX_IN_USE, cx_runtime_free(f.runtime));
  CHECK_EQUAL(5, cx_shared_snapshot_find(snapshot, f.vars[0].id, 9));
  CHECK_EQUAL(5, look(&f, 0, 9)); /* handles aren't stale */
  cx_shared_snapshot_free(snapshot);
  CHECK_STATUS(CX_OK, cx_shared_reader_new(map, &reader));
  CHECK_STATUS(CX_IN_USE, cx_runtime_free(f.runtime));
  CHECK_STATUS(CX_OK, cx_shared_reader_free(map, reader));
  fixture_free(&f);
}

static void globals_are_one_map_for_bindings(void) {
  struct fixture f = fixture_new();
  cx_shared *map = NULL;
  cx_shared *again = NULL;
  CHECK_STATUS(CX_OK, cx_runtime_globals(f.runtime, &map));
  CHECK_STATUS(CX_ABSENT, cx_var_lookup_global(f.runtime, &f.vars[0], NULL));
  CHECK_STATUS(CX_ABSENT, cx_shared_put(map, NULL, f.vars[0].id, 5, NULL));
  CHECK_EQUAL(5, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_var_set_global(f.runtime, &f.vars[1], 6));
  CHECK_EQUAL(6, cx_shared_find(map, NULL, f.vars[1].id, 9));
  CHECK_STATUS(CX_OK, cx_runtime_globals(f.runtime, &again));
  CHECK(map == again);
  CHECK_STATUS(CX_IN_USE, cx_shared_free(map));
  CHECK_EQUAL(5, look(&f, 0, 9));
  CHECK_STATUS(CX_INVALID, cx_runtime_globals(f.runtime, NULL));
  uint64_t words[2] = {77, 77};
  CHECK_STATUS(CX_BAD_HANDLE, cx_runtime_globals((cx_runtime *)(void *)words, &map));
  CHECK(map == again);
  fixture_free(&f);
}

static void global_calls_refuse_bad_arguments(void) {
  struct fixture f = fixture_new();
  cx_var never = {f.vars[0].id + (UINT64_C(1) << 40), 1};
  uint64_t words[2] = {77, 77};
  cx_runtime *no_runtime = (cx_runtime *)(void *)words;
  CHECK_STATUS(CX_INVALID, cx_var_set_global(f.runtime, &never, 1));
  CHECK_STATUS(CX_INVALID, cx_var_set_global(f.runtime, NULL, 1));
  CHECK_STATUS(CX_INVALID, cx_var_set_global(NULL, &f.vars[0], 1));
  CHECK_STATUS(CX_INVALID, cx_var_delete_global(f.runtime, NULL));
  CHECK_STATUS(CX_BAD_HANDLE, cx_var_set_global(no_runtime, &f.vars[0], 1));
  CHECK_STATUS(CX_BAD_HANDLE, cx_var_delete_global(no_runtime, &f.vars[0]));
  CHECK_STATUS(CX_BAD_HANDLE, cx_var_lookup_global(no_runtime, &f.vars[0], words));
  uint64_t *odd = (uint64_t *)(void *)((uint8_t *)(void *)words + 4);
  CHECK_STATUS(CX_INVALID, cx_var_lookup_global(f.runtime, &f.vars[0], odd));
  CHECK_EQUAL(77, words[0]);
  CHECK_EQUAL(9, look(&f, 0, 9));
  fixture_free(&f);
}

/* Once cx_var_set_global has returned, no lookup of any thread gives an older value. */
struct publication {
  struct fixture *f;
  uint64_t published; /* atomic */
};

static void *publish(void *argument) {
  struct publication *p = argument;
  for (uint64_t i = 1; i <= 20000; i++) {
    CHECK_STATUS(CX_OK, cx_var_set_global(p->f->runtime, &p->f->vars[0], i));
    __atomic_store_n(&p->published, i, __ATOMIC_SEQ_CST);
  }
  return NULL;
}

static void *watch(void *argument) {
  struct publication *p = argument;
  cx_thread thread;
  CHECK_STATUS(CX_OK, cx_thread_new(p->f->runtime, &thread));
  for (uint64_t least = 0; least < 20000;) {
    least = __atomic_load_n(&p->published, __ATOMIC_SEQ_CST);
    uint64_t value = 0;
    CHECK(cx_var_lookup(thread, &p->f->vars[0], 0, &value) >= 0);
    CHECK(value >= least);
  }
  CHECK_STATUS(CX_OK, cx_thread_free(thread));
  return NULL;
}

static void global_change_is_seen_by_all_threads_at_once(void) {
  struct fixture f = fixture_new();
  struct publication p = {&f, 0};
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(0, pthread_create(&threads[i], NULL, i == 0 ? publish : watch, &p));
  }
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(0, pthread_join(threads[i], NULL));
  }
  fixture_free(&f);
}

/* ---------------------------------------------------------------------------- threads -- */

static void run_in_thread(void *(*body)(void *), void *argument) {
  pthread_t thread;
  CHECK_EQUAL(0, pthread_create(&thread, NULL, body, argument));
  CHECK_EQUAL(0, pthread_join(thread, NULL));
}

static void *use_a_foreign_state(void *argument) {
  struct fixture *f = argument;
  uint64_t out = 77;
  CHECK_STATUS(CX_WRONG_THREAD, cx_var_lookup(f->thread, &f->vars[0], 0, &out));
  CHECK_STATUS(CX_WRONG_THREAD, cx_var_set(f->thread, &f->vars[0], 2));
  CHECK_STATUS(CX_WRONG_THREAD, cx_var_delete(f->thread, &f->vars[0]));
  CHECK_STATUS(CX_WRONG_THREAD, cx_ec_get(f->thread, &out));
  CHECK_STATUS(CX_WRONG_THREAD, cx_ec_restore(f->thread, 1));
  CHECK_STATUS(CX_WRONG_THREAD, cx_thread_free(f->thread));
  CHECK_STATUS(CX_WRONG_THREAD, cx_thread_adopt(f->thread));
  CHECK_STATUS(CX_WRONG_THREAD, cx_thread_disown(f->thread));
  CHECK_EQUAL(77, out);
  return NULL;
}

static void state_of_another_thread_is_refused(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 1);
  run_in_thread(use_a_foreign_state, &f);
  CHECK_EQUAL(1, look(&f, 0, 9));
  fixture_free(&f);
}

static void *adopt_and_go_on(void *argument) {
  struct fixture *f = argument;
  CHECK_STATUS(CX_OK, cx_thread_adopt(f->thread));
  CHECK_EQUAL(1, look(f, 0, 9));
  set(f, 0, 2);
  CHECK_STATUS(CX_OK, cx_thread_disown(f->thread));
  return NULL;
}

static void disowned_state_is_adopted_by_another_thread(void) {
  struct fixture f = fixture_new();
  set(&f, 0, 1);
  CHECK_STATUS(CX_OK, cx_thread_disown(f.thread));
  CHECK_STATUS(CX_WRONG_THREAD, cx_var_set(f.thread, &f.vars[0], 3));
  run_in_thread(adopt_and_go_on, &f);
  CHECK_STATUS(CX_OK, cx_thread_adopt(f.thread));
  CHECK_EQUAL(2, look(&f, 0, 9));
  fixture_free(&f);
}

/* A generator's LC goes from thread to thread; each finds what the one before has set. */
struct migration {
  struct fixture *f;
  cx_lc lc;
  uint64_t turns;
};

static void *take_turns(void *argument) {
  struct migration *m = argument;
  cx_thread thread;
  CHECK_STATUS(CX_OK, cx_thread_new(m->f->runtime, &thread));
  for (uint64_t done = 0; done < m->turns;) {
    if (cx_lc_push(thread, m->lc) == CX_OK) {
      uint64_t value = 0;
      CHECK(cx_var_lookup(thread, &m->f->vars[0], 0, &value) >= 0);
      CHECK_STATUS(CX_OK, cx_var_set(thread, &m->f->vars[0], value + 1));
      CHECK_STATUS(CX_OK, cx_lc_pop(thread, m->lc));
      done++;
    }
  }
  CHECK_STATUS(CX_OK, cx_thread_free(thread));
  return NULL;
}

static void lc_migrates_between_threads(void) {
  struct fixture f = fixture_new();
  struct migration m = {&f, new_lc(&f), 20000};
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(0, pthread_create(&threads[i], NULL, take_turns, &m));
  }
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(0, pthread_join(threads[i], NULL));
  }
  push(&f, m.lc);
  CHECK_EQUAL(60000, look(&f, 0, 0));
  pop(&f, m.lc);
  CHECK_STATUS(CX_OK, cx_lc_free(m.lc));
  fixture_free(&f);
}

/* Some threads run a snapshot while others free it: each call either works on it or is refused. */
struct race {
  struct fixture *f;
  cx_ec current; /* atomic */
  uint64_t rounds;
  uint64_t freed; /* atomic */
};

static void *replace_snapshots(void *argument) {
  struct race *r = argument;
  cx_thread thread;
  CHECK_STATUS(CX_OK, cx_thread_new(r->f->runtime, &thread));
  for (uint64_t i = 1; i <= r->rounds; i++) {
    CHECK_STATUS(CX_OK, cx_var_set(thread, &r->f->vars[0], i));
    CHECK_STATUS(CX_OK, cx_var_set(thread, &r->f->vars[1], i));
    cx_ec next;
    CHECK_STATUS(CX_OK, cx_ec_get(thread, &next));
    cx_ec last = __atomic_exchange_n(&r->current, next, __ATOMIC_SEQ_CST);
    int32_t status = cx_ec_free(last);
    CHECK(status == CX_OK || status == CX_STALE);
    __atomic_fetch_add(&r->freed, status == CX_OK ? 1 : 0, __ATOMIC_SEQ_CST);
  }
  CHECK_STATUS(CX_OK, cx_thread_free(thread));
  return NULL;
}

static void *run_snapshots(void *argument) {
  struct race *r = argument;
  cx_thread thread;
  CHECK_STATUS(CX_OK, cx_thread_new(r->f->runtime, &thread));
  for (uint64_t i = 0; i < r->rounds; i++) {
    cx_ec ec = __atomic_load_n(&r->current, __ATOMIC_SEQ_CST);
    cx_frame frame;
    int32_t status = cx_ec_set(thread, ec, &frame);
    if (status == CX_OK) {
      uint64_t a = 0;
      uint64_t b = 0;
      CHECK(cx_var_lookup(thread, &r->f->vars[0], 0, &a) >= 0);
      CHECK(cx_var_lookup(thread, &r->f->vars[1], 0, &b) >= 0);
      CHECK_EQUAL(a, b);
      CHECK_STATUS(CX_OK, cx_ec_restore(thread, frame));
    } else {
      CHECK_STATUS(CX_STALE, status);
    }
    if (i % 64 == 0) { /* frees what others use, and what the writer is about to free */
      status = cx_ec_free(ec);
      CHECK(status == CX_OK || status == CX_STALE);
      __atomic_fetch_add(&r->freed, status == CX_OK ? 1 : 0, __ATOMIC_SEQ_CST);
    }
  }
  CHECK_STATUS(CX_OK, cx_thread_free(thread));
  return NULL;
}

static void handles_may_be_freed_while_others_use_them(void) {
  struct fixture f = fixture_new();
  struct race r = {&f, capture(&f), 20000, 0};
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    CHECK_EQUAL(
        0, pthread_create(&threads[i], NULL, i < 2 ? replace_snapshots : run_snapshots, &r));
  }
  for (int i = 0; i < 4; i++) {
    CHECK_EQUAL(0, pthread_join(threads[i], NULL));
  }
  r.freed += cx_ec_free(r.current) == CX_OK ? 1 : 0;
  CHECK_EQUAL(2 * r.rounds + 1, r.freed); /* each snapshot exactly once */
  fixture_free(&f);
}

/* --------------------------------------------------------------------------------- fork -- */

/* A thread that holds a state and an LC while its process forks. */
struct bystander {
  struct fixture *f;
  pthread_barrier_t barrier;
  cx_thread thread;
  cx_lc lc;
};

static void *stand_by(void *argument) {
  struct bystander *b = argument;
  CHECK_STATUS(CX_OK, cx_thread_new(b->f->runtime, &b->thread));
  CHECK_STATUS(CX_OK, cx_lc_push(b->thread, b->lc));
  pthread_barrier_wait(&b->barrier); /* ready */
  pthread_barrier_wait(&b->barrier); /* the child has ended */
  CHECK_STATUS(CX_OK, cx_lc_pop(b->thread, b->lc));
  CHECK_STATUS(CX_OK, cx_thread_free(b->thread));
  return NULL;
}

static void child_of_a_fork_goes_on(void) {
  struct fixture f = fixture_new();
  struct bystander b = {.f = &f, .lc = new_lc(&f)};
  CHECK_EQUAL(0, pthread_barrier_init(&b.barrier, NULL, 2));
  pthread_t thread;
  CHECK_EQUAL(0, pthread_create(&thread, NULL, stand_by, &b));
  pthread_barrier_wait(&b.barrier);
  set(&f, 0, 1);
  cx_ec ec = capture(&f);
  pid_t child = fork();
  if (child == 0) {
    CHECK_STATUS(CX_WRONG_THREAD, cx_var_set(b.thread, &f.vars[0], 2));
    CHECK_STATUS(CX_ENTERED, cx_lc_push(f.thread, b.lc));
    CHECK_EQUAL(1, look(&f, 0, 9));
    set(&f, 0, 2);
    cx_frame frame = enter(&f, ec);
    CHECK_EQUAL(1, look(&f, 0, 9));
    leave(&f, frame);
    cx_lc lc = new_lc(&f);
    push(&f, lc);
    CHECK_EQUAL(2, look(&f, 0, 9));
    pop(&f, lc);
    CHECK_STATUS(CX_OK, cx_lc_free(lc));
    CHECK_STATUS(CX_OK, cx_ec_free(ec));
    fixture_free(&f);
    _exit(0);
  }
  int status = -1;
  CHECK_EQUAL((uint64_t)child, (uint64_t)waitpid(child, &status, 0));
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK_EQUAL(1, look(&f, 0, 9)); /* the child's changes are its own */
  pthread_barrier_wait(&b.barrier);
  CHECK_EQUAL(0, pthread_join(thread, NULL));
  pthread_barrier_destroy(&b.barrier);
  CHECK_STATUS(CX_OK, cx_ec_free(ec));
  CHECK_STATUS(CX_OK, cx_lc_free(b.lc));
  fixture_free(&f);
}

/* -------------------------------------------------------------------------- lent states -- */

static void *use_a_lent_state(void *argument) {
  struct fixture *f = argument;
  CHECK_EQUAL(5, look(f, 0, 9));
  return NULL;
}

static void lent_state_shows_a_record_and_changes_nothing(void) {
  struct fixture f = fixture_new();
  struct arena arena = arena_new(4096);
  cx_record *record;
  CHECK_STATUS(CX_OK, cx_record_new(f.runtime, &record));
  cx_thread own = f.thread;
  CHECK_STATUS(CX_OK, cx_thread_lend(f.runtime, record, 0, &f.thread));
  CHECK_EQUAL(9, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_record_set(f.runtime, record, &f.vars[0], 5, &arena.space));
  CHECK_EQUAL(5, look(&f, 0, 9));
  CHECK_EQUAL(5, look_topmost(&f, 0, 9));
  cx_frame frame;
  cx_lc lc = new_lc(&f);
  CHECK_STATUS(CX_READ_ONLY, cx_var_set(f.thread, &f.vars[0], 6));
  CHECK_STATUS(CX_READ_ONLY, cx_var_delete(f.thread, &f.vars[0]));
  CHECK_STATUS(CX_READ_ONLY, cx_ec_get(f.thread, &frame));
  CHECK_STATUS(CX_READ_ONLY, cx_ec_restore(f.thread, 1));
  CHECK_STATUS(CX_READ_ONLY, cx_lc_push(f.thread, lc));
  CHECK_STATUS(CX_READ_ONLY, cx_lc_pop(f.thread, lc));
  CHECK_STATUS(CX_READ_ONLY, cx_thread_set_cache(f.thread, 4));
  CHECK_STATUS(CX_READ_ONLY, cx_thread_disown(f.thread));
  CHECK_EQUAL(5, look(&f, 0, 9));
  run_in_thread(use_a_foreign_state, &f);
  CHECK_STATUS(CX_OK, cx_thread_free(f.thread));
  CHECK_STATUS(CX_STALE, cx_var_lookup(f.thread, &f.vars[0], 0, NULL));
  CHECK_STATUS(CX_OK, cx_thread_lend(f.runtime, record, 1, &f.thread));
  run_in_thread(use_a_lent_state, &f);
  CHECK_STATUS(CX_OK, cx_thread_free(f.thread));
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  cx_record_free(record);
  arena_free(&arena);
  f.thread = own;
  fixture_free(&f);
}

TEST_MAIN(
    CASE(new_thread_state_is_empty), CASE(set_writes_to_the_topmost_lc_only),
    CASE(delete_lets_the_value_below_show_through), CASE(snapshot_does_not_see_later_changes),
    CASE(snapshots_of_one_state_share_a_link_and_live_apart),
    CASE(snapshot_outlives_the_lc_the_thread_state_and_itself_while_current),
    CASE(empty_snapshot_hides_everything), CASE(steps_of_a_task_share_a_snapshot_and_an_lc),
    CASE(squash_keeps_every_lookup), CASE(large_contexts_grow_and_shrink),
    CASE(memory_stays_bounded_under_endless_change),
    CASE(generator_keeps_its_values_and_sees_its_resumers), CASE(lc_is_on_one_stack_once),
    CASE(pops_out_of_order_change_nothing), CASE(freed_handles_are_stale),
    CASE(handles_of_another_kind_are_refused), CASE(forged_handles_are_refused),
    CASE(handles_of_a_freed_runtime_are_stale), CASE(handles_of_another_runtime_are_refused),
    CASE(bad_arguments_are_refused), CASE(global_value_is_seen_below_every_stack),
    CASE(lookup_in_a_snapshot_ends_in_the_base_layer), CASE(runtime_whose_globals_are_in_use_stays),
    CASE(globals_are_one_map_for_bindings), CASE(global_calls_refuse_bad_arguments),
    CASE(global_change_is_seen_by_all_threads_at_once), CASE(state_of_another_thread_is_refused),
    CASE(disowned_state_is_adopted_by_another_thread), CASE(lc_migrates_between_threads),
    CASE(handles_may_be_freed_while_others_use_them), CASE(child_of_a_fork_goes_on),
    CASE(lent_state_shows_a_record_and_changes_nothing))
