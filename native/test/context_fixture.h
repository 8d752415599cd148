/*
 * context_fixture.h - a runtime, a thread state and variables of the upper layer, for its tests.
 */
#ifndef CX_CONTEXT_FIXTURE_H
#define CX_CONTEXT_FIXTURE_H

#include "check.h"

#define FIXTURE_VARS 8

struct fixture {
  cx_runtime *runtime;
  cx_thread thread;
  cx_var vars[FIXTURE_VARS];
};

static inline struct fixture fixture_new(void) {
  struct fixture f = {0};
  CHECK_STATUS(CX_OK, cx_runtime_new(&f.runtime));
  CHECK_STATUS(CX_OK, cx_thread_new(f.runtime, &f.thread));
  for (int i = 0; i < FIXTURE_VARS; i++) {
    CHECK_STATUS(CX_OK, cx_var_new(f.runtime, &f.vars[i]));
  }
  return f;
}

static inline void fixture_free(struct fixture *f) {
  CHECK_STATUS(CX_OK, cx_thread_free(f->thread));
  CHECK_STATUS(CX_OK, cx_runtime_free(f->runtime));
}

static inline void set(struct fixture *f, int var, uint64_t value) {
  CHECK_STATUS(CX_OK, cx_var_set(f->thread, &f->vars[var], value));
}

/* The value found, or `absent`. */
static inline uint64_t look(struct fixture *f, int var, uint64_t absent) {
  uint64_t value = absent;
  int32_t status = cx_var_lookup(f->thread, &f->vars[var], 0, &value);
  CHECK_STATUS(status == CX_ABSENT ? CX_ABSENT : CX_OK, status);
  return value;
}

/* The value found in the topmost LC, or `absent`. */
static inline uint64_t look_topmost(struct fixture *f, int var, uint64_t absent) {
  uint64_t value = absent;
  int32_t status = cx_var_lookup(f->thread, &f->vars[var], CX_TOPMOST, &value);
  CHECK_STATUS(status == CX_ABSENT ? CX_ABSENT : CX_OK, status);
  return value;
}

/* The value found in a snapshot, or `absent`. */
static inline uint64_t look_in(struct fixture *f, cx_ec ec, int var, uint64_t absent) {
  uint64_t value = absent;
  int32_t status = cx_ec_lookup(ec, &f->vars[var], &value);
  CHECK_STATUS(status == CX_ABSENT ? CX_ABSENT : CX_OK, status);
  return value;
}

static inline cx_ec capture(struct fixture *f) {
  cx_ec ec;
  CHECK_STATUS(CX_OK, cx_ec_get(f->thread, &ec));
  return ec;
}

static inline cx_lc new_lc(struct fixture *f) {
  cx_lc lc;
  CHECK_STATUS(CX_OK, cx_lc_new(f->runtime, &lc));
  return lc;
}

static inline void push(struct fixture *f, cx_lc lc) {
  CHECK_STATUS(CX_OK, cx_lc_push(f->thread, lc));
}

static inline void pop(struct fixture *f, cx_lc lc) {
  CHECK_STATUS(CX_OK, cx_lc_pop(f->thread, lc));
}

static inline cx_frame enter(struct fixture *f, cx_ec ec) {
  cx_frame frame;
  CHECK_STATUS(CX_OK, cx_ec_set(f->thread, ec, &frame));
  return frame;
}

static inline void leave(struct fixture *f, cx_frame frame) {
  CHECK_STATUS(CX_OK, cx_ec_restore(f->thread, frame));
}

#endif
