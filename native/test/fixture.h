/*
 * fixture.h - a runtime, a thread state, variables and space, for the tests of contexts.
 */
#ifndef CX_FIXTURE_H
#define CX_FIXTURE_H

#include "check.h"

#define FIXTURE_VARS 8

#ifndef FIXTURE_BYTES
#define FIXTURE_BYTES (UINT64_C(1) << 20)
#endif

struct fixture {
  cx_runtime *runtime;
  cx_record *thread;
  cx_var vars[FIXTURE_VARS];
  struct arena arena;
};

static inline struct fixture fixture_new(uint64_t cache_entries) {
  struct fixture f = {.arena = arena_new(FIXTURE_BYTES)};
  CHECK_STATUS(CX_OK, cx_runtime_new(&f.runtime));
  CHECK_STATUS(CX_OK, cx_record_new(f.runtime, &f.thread));
  for (int i = 0; i < FIXTURE_VARS; i++) {
    CHECK_STATUS(CX_OK, cx_var_new(f.runtime, &f.vars[i]));
  }
  if (cache_entries > 0) {
    CHECK_STATUS(CX_OK, cx_record_set_cache(f.thread, cache_entries));
  }
  return f;
}

static inline void fixture_free(struct fixture *f) {
  cx_record_free(f->thread);
  cx_runtime_free(f->runtime);
  arena_free(&f->arena);
}

static inline void set(struct fixture *f, int var, uint64_t value) {
  CHECK_STATUS(CX_OK, cx_record_set(f->runtime, f->thread, &f->vars[var], value, &f->arena.space));
}

static inline int32_t unset(struct fixture *f, int var) {
  return ATTEMPT(cx_record_delete(f->runtime, f->thread, &f->vars[var], &f->arena.space));
}

/* The value found, or `absent`. */
static inline uint64_t look(struct fixture *f, int var, uint64_t absent) {
  uint64_t value = absent;
  int32_t status = cx_record_lookup(f->thread, &f->vars[var], &value);
  CHECK(status == CX_OK || status == CX_ABSENT);
  return value;
}

static inline const cx_link *capture(struct fixture *f) {
  const cx_link *ec;
  CHECK_STATUS(CX_OK, cx_record_capture(f->thread, &f->arena.space, &ec));
  return ec;
}

static inline cx_cell *new_lc(struct fixture *f) {
  cx_cell *lc;
  CHECK_STATUS(CX_OK, cx_cell_new(&f->arena.space, &lc));
  return lc;
}

/* Runs with the LC on the current stack until `leave`. */
static inline cx_saved enter_lc(struct fixture *f, cx_cell *lc) {
  cx_saved frame;
  CHECK_STATUS(CX_OK, cx_record_push(f->runtime, f->thread, capture(f), lc, &frame));
  return frame;
}

static inline cx_saved enter_ec(struct fixture *f, const cx_link *ec) {
  cx_saved frame;
  CHECK_STATUS(CX_OK, cx_record_enter(f->runtime, f->thread, ec, &frame));
  return frame;
}

static inline void leave(struct fixture *f, const cx_saved *frame) {
  CHECK_STATUS(CX_OK, cx_record_restore(f->thread, frame));
}

#endif
