/*
 * handle_test.c - the table behind handles: growth, reuse, and what happens at its limits.
 */
#include "handle.h"

#include "context_fixture.h"
#include "runtime.h"

static struct slot *slot_of(uint64_t handle, enum handle_kind kind) {
  struct slot *slot;
  CHECK_EQUAL(CX_OK, handle_find(handle, kind, NULL, &slot));
  return slot;
}

static void table_grows_and_keeps_every_handle(void) {
  enum { COUNT = 5000 };
  static cx_ec handles[COUNT];
  struct fixture f = fixture_new();
  for (uint64_t i = 0; i < COUNT; i++) {
    set(&f, 0, i);
    handles[i] = capture(&f);
  }
  for (uint64_t i = 0; i < COUNT; i++) {
    CHECK_EQUAL(i, look_in(&f, handles[i], 0, COUNT));
    CHECK_STATUS(CX_OK, cx_ec_free(handles[i]));
  }
  CHECK_EQUAL(COUNT + 1, f.runtime->handles.used);
  fixture_free(&f);
}

static void slots_are_reused_and_handles_are_not(void) {
  struct fixture f = fixture_new();
  cx_ec last = capture(&f);
  CHECK_STATUS(CX_OK, cx_ec_free(last));
  for (int i = 0; i < 1000; i++) {
    cx_ec next = capture(&f);
    CHECK(next > last);
    CHECK_STATUS(CX_STALE, cx_ec_free(last));
    CHECK_STATUS(CX_OK, cx_ec_free(next));
    last = next;
  }
  CHECK_EQUAL(2, f.runtime->handles.used);
  fixture_free(&f);
}

static void slot_with_its_generations_used_up_is_not_used_again(void) {
  struct fixture f = fixture_new();
  cx_ec first = capture(&f);
  struct slot *slot = slot_of(first, HANDLE_EC);
  CHECK_STATUS(CX_OK, cx_ec_free(first));
  slot->state = (HANDLE_MAX_GENERATION - 1) << 40;
  cx_ec last = capture(&f);
  CHECK_SAME(slot, slot_of(last, HANDLE_EC));
  CHECK_STATUS(CX_OK, cx_ec_free(last));
  CHECK_STATUS(CX_STALE, cx_ec_free(last));
  CHECK_STATUS(CX_STALE, cx_ec_free(first));
  cx_ec next = capture(&f);
  CHECK(slot != slot_of(next, HANDLE_EC));
  CHECK_STATUS(CX_OK, cx_ec_free(next));
  fixture_free(&f);
}

static void full_table_is_reported(void) {
  struct fixture f = fixture_new();
  uint64_t used = f.runtime->handles.used;
  f.runtime->handles.used = HANDLE_FIRST_CHUNK * ((UINT64_C(1) << HANDLE_CHUNKS) - 1);
  uint64_t out = 77;
  CHECK_STATUS(CX_EXHAUSTED, cx_ec_get(f.thread, &out));
  CHECK_STATUS(CX_EXHAUSTED, cx_ec_new(f.runtime, &out));
  CHECK_STATUS(CX_EXHAUSTED, cx_lc_new(f.runtime, &out));
  CHECK_STATUS(CX_EXHAUSTED, cx_thread_new(f.runtime, &out));
  CHECK_EQUAL(77, out);
  f.runtime->handles.used = used;
  cx_lc lc = new_lc(&f);
  CHECK_STATUS(CX_OK, cx_lc_free(lc));
  fixture_free(&f);
}

static void exhausted_counter_is_reported(void) {
  struct fixture f = fixture_new();
  cx_lc lc = new_lc(&f);
  uint64_t out = 77;
  f.runtime->next = RUNTIME_LIMIT;
  CHECK_STATUS(CX_EXHAUSTED, cx_thread_new(f.runtime, &out));
  CHECK_STATUS(CX_EXHAUSTED, cx_lc_push(f.thread, lc));
  CHECK_STATUS(CX_EXHAUSTED, cx_var_set(f.thread, &f.vars[0], 1));
  CHECK_EQUAL(77, out);
  CHECK_EQUAL(9, look(&f, 0, 9));
  CHECK_STATUS(CX_OK, cx_lc_free(lc)); /* it wasn't entered */
  fixture_free(&f);
}

static void runtimes_beyond_the_limit_are_refused(void) {
  enum { LIMIT = HANDLE_RUNTIMES };
  static cx_runtime *runtimes[LIMIT];
  int made = 0;
  int32_t status = CX_OK;
  while (made < LIMIT && (status = cx_runtime_new(&runtimes[made])) == CX_OK) {
    made++;
  }
  CHECK_STATUS(CX_EXHAUSTED, status);
  CHECK(made < LIMIT && made > LIMIT - 100); /* a case above has used a place up */
  for (int i = 0; i < made; i++) {
    CHECK_STATUS(CX_OK, cx_runtime_free(runtimes[i]));
  }
  struct fixture f = fixture_new();
  fixture_free(&f);
}

TEST_MAIN(
    CASE(table_grows_and_keeps_every_handle), CASE(slots_are_reused_and_handles_are_not),
    CASE(slot_with_its_generations_used_up_is_not_used_again), CASE(full_table_is_reported),
    CASE(exhausted_counter_is_reported), CASE(runtimes_beyond_the_limit_are_refused))
