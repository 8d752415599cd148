/*
 * faults.c - counts and refuses allocations; faults.h tells what for.
 */
#include "faults.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "contexture.h"
#include "faulty.h"

#undef aligned_alloc
#undef malloc
#undef free

/* Rounds that are made without a gap; after these only some, unless CX_EVERY_ROUND is set in the
 * environment: a call that allocates as often builds a large map, where one allocation is much like
 * the next. */
#define DENSE_ROUNDS 8u

#define WATCHED 4
#define OWNED 64

/* A space of the test's, as it was before the call. */
struct watched {
  const cx_space *space;
  const uint8_t *next;
};

enum refusal { REFUSED_NOTHING, REFUSED_MEMORY, REFUSED_SPACE };

/* The innermost call under ATTEMPT that this thread is in. */
static _Thread_local struct {
  int depth;
  uint32_t again; /* the set of depths whose call is being made again */
  bool armed;
  uint64_t allocations;
  enum refusal refusal;
  struct watched watched[WATCHED];
  int watching;
  int32_t status;
  void *pointer;
} call;

/* What all threads share. Only the round changes nothing while threads run. */
static uint64_t round_now;
static _Atomic(uint64_t) refused;
static _Atomic(int64_t) live;

static struct {
  atomic_flag lock;
  const uint8_t *start[OWNED];
  uint64_t bytes[OWNED];
} owned = {.lock = ATOMIC_FLAG_INIT};

_Noreturn static void give_up(const char *what, const char *where, const char *file, int line) {
  fprintf(stderr, "%s:%d: %s\n  %s\n", file, line, where, what);
  faults_tell();
  exit(1);
}

/* -------------------------------------------------------------------- memory of the test -- */

static void lock_owned(void) {
  while (atomic_flag_test_and_set(&owned.lock)) {
  }
}

static void unlock_owned(void) {
  atomic_flag_clear(&owned.lock);
}

/* Puts `bytes` under `start` where `old` stands. */
static bool replace_owned(const uint8_t *old, const uint8_t *start, uint64_t bytes) {
  bool found = false;
  lock_owned();
  for (int i = 0; i < OWNED && !found; i++) {
    if (owned.start[i] == old) {
      owned.start[i] = start;
      owned.bytes[i] = bytes;
      found = true;
    }
  }
  unlock_owned();
  return found;
}

void faults_own(const uint8_t *start, uint64_t bytes) {
  if (!replace_owned(NULL, start, bytes)) {
    give_up("more arenas at once than OWNED", "faults_own", __FILE__, __LINE__);
  }
}

void faults_disown(const uint8_t *start) {
  if (!replace_owned(start, NULL, 0)) {
    give_up("an arena is freed that isn't one", "faults_disown", __FILE__, __LINE__);
  }
}

static bool is_owned(const uint8_t *at) {
  bool found = false;
  lock_owned();
  for (int i = 0; i < OWNED && !found; i++) {
    uintptr_t offset = (uintptr_t)at - (uintptr_t)owned.start[i];
    found = owned.start[i] != NULL && offset <= owned.bytes[i];
  }
  unlock_owned();
  return found;
}

/* Notes where the space was when the call first took from it. */
static void watch(const cx_space *space) {
  for (int i = 0; i < call.watching; i++) {
    if (call.watched[i].space == space) {
      return;
    }
  }
  if (call.watching < WATCHED) {
    call.watched[call.watching++] = (struct watched){space, space->next};
  }
}

/* -------------------------------------------------------------------------- allocations -- */

static bool is_due(enum refusal refusal) {
  if (!call.armed || ++call.allocations != round_now) {
    return false;
  }
  call.refusal = refusal;
  atomic_fetch_add(&refused, 1);
  return true;
}

/* A space of the library's own, say on its stack, has the size that the library gave it, so it is
 * never refused; and it may be gone when the call has returned. */
bool faulty_refuses_space(const cx_space *space) {
  if (!call.armed || !is_owned(space->next)) {
    return false;
  }
  watch(space);
  return is_due(REFUSED_SPACE);
}

static void *counted(void *memory) {
  if (memory != NULL) {
    atomic_fetch_add(&live, 1);
  }
  return memory;
}

void *faulty_aligned_alloc(size_t alignment, size_t bytes) {
  return is_due(REFUSED_MEMORY) ? NULL : counted(aligned_alloc(alignment, bytes));
}

void *faulty_malloc(size_t bytes) {
  return is_due(REFUSED_MEMORY) ? NULL : counted(malloc(bytes));
}

void faulty_free(void *memory) {
  if (memory != NULL) {
    atomic_fetch_sub(&live, 1);
  }
  free(memory);
}

/* -------------------------------------------------------------------------------- calls -- */

static void count_afresh(void) {
  call.armed = call.depth > 0 && round_now > 0 && (call.again >> call.depth & 1) == 0;
  call.allocations = 0;
  call.refusal = REFUSED_NOTHING;
  call.watching = 0;
}

void faults_arm(void) {
  call.depth++;
  count_afresh();
}

/* Back to the call that this one is an argument of, if it is one. */
static void leave(void) {
  call.again &= ~(UINT32_C(1) << call.depth);
  call.depth--;
  count_afresh();
}

static void check_failure(int32_t status, const char *what, const char *file, int line) {
  if (call.refusal == REFUSED_MEMORY && status != CX_NO_MEMORY) {
    give_up("was refused memory and reported another failure", what, file, line);
  }
  for (int i = 0; i < call.watching; i++) {
    if (call.watched[i].space->next != call.watched[i].next) {
      give_up("failed, and kept some of the space", what, file, line);
    }
  }
}

static bool leave_unless(bool failed) {
  if (failed) {
    call.again |= UINT32_C(1) << call.depth;
    count_afresh();
  } else {
    leave();
  }
  return !failed;
}

bool faults_survived(int32_t status, const char *what, const char *file, int line) {
  call.status = status;
  bool failed = call.refusal != REFUSED_NOTHING &&
                (status == CX_NO_MEMORY || status == CX_NEED_SPACE);
  if (failed) {
    check_failure(status, what, file, line);
  }
  return leave_unless(failed);
}

bool faults_survived_pointer(void *pointer) {
  call.pointer = pointer;
  return leave_unless(call.refusal != REFUSED_NOTHING && pointer == NULL);
}

int32_t faults_status(void) {
  return call.status;
}

void *faults_pointer(void) {
  return call.pointer;
}

int32_t faults_again(int32_t status) {
  leave();
  return status;
}

void *faults_again_pointer(void *pointer) {
  leave();
  return pointer;
}

/* ------------------------------------------------------------------------------- rounds -- */

void faults_tell(void) {
  if (round_now > 0) {
    fprintf(stderr, "while allocation %" PRIu64 " of every call was refused\n", round_now);
  }
}

static uint64_t run_round(void (*run)(void), uint64_t number) {
  int64_t live_before = live;
  round_now = number;
  refused = 0;
  run();
  if (live != live_before) {
    fprintf(stderr, "%" PRId64 " blocks of memory were not freed\n", live - live_before);
    faults_tell();
    exit(1);
  }
  round_now = 0;
  return refused;
}

void faults_run_case(void (*run)(void)) {
  run_round(run, 0);
  bool dense = getenv("CX_EVERY_ROUND") != NULL;
  uint64_t rounds = 0;
  uint64_t total = 0;
  for (uint64_t number = 1, in_round = 1; in_round > 0; rounds++) {
    in_round = run_round(run, number);
    total += in_round;
    number += dense || number < DENSE_ROUNDS ? 1 : number / 2;
  }
  printf("  %" PRIu64 " allocations refused in %" PRIu64 " rounds\n", total, rounds);
}
