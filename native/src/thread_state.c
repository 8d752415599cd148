/*
 * thread_state.c - the record of one thread: its stack of logical contexts, the versions that
 * name states of that stack, and pushing and popping.
 */
#include "thread_state.h"

#include "atomics.h"
#include "ec_chain.h"
#include "space.h"
#include "var_cache.h"

/* Versions are drawn from the runtime in blocks of this size, to keep threads off its counter. */
#define VERSION_BLOCK 4096u

_Static_assert(sizeof(cx_record) == 64, "thread layout");
_Static_assert(offsetof(cx_record, unique_id) == 0, "thread layout");
_Static_assert(offsetof(cx_record, stack_version) == 8, "thread layout");
_Static_assert(offsetof(cx_record, top) == 16, "thread layout");
_Static_assert(offsetof(cx_record, below) == 24, "thread layout");
_Static_assert(offsetof(cx_record, cache) == 32, "thread layout");
_Static_assert(offsetof(cx_record, cache_mask) == 40, "thread layout");
_Static_assert(offsetof(cx_record, next_version) == 48, "thread layout");
_Static_assert(offsetof(cx_record, version_end) == 56, "thread layout");
_Static_assert(sizeof(cx_cell) == 16, "logical context layout");
_Static_assert(offsetof(cx_cell, map) == 0, "logical context layout");
_Static_assert(offsetof(cx_cell, holder) == 8, "logical context layout");
_Static_assert(sizeof(cx_saved) == 32, "frame layout");
_Static_assert(offsetof(cx_saved, top) == 0, "frame layout");
_Static_assert(offsetof(cx_saved, below) == 8, "frame layout");
_Static_assert(offsetof(cx_saved, stack_version) == 16, "frame layout");
_Static_assert(offsetof(cx_saved, lc) == 24, "frame layout");

int32_t cx_record_new(cx_runtime *runtime, cx_record **out) {
  if (!bits_writable(out)) {
    return CX_INVALID;
  }
  uint64_t id;
  int32_t status = cx_runtime_reserve(runtime, 1, &id);
  if (status != CX_OK) {
    return status;
  }
  cx_record *thread = cx_memory_alloc(sizeof *thread);
  if (thread == NULL) {
    return CX_NO_MEMORY;
  }
  thread->unique_id = id;
  /* The empty stack needs a version too, and the number is this thread's alone. */
  thread->stack_version = id;
  *out = thread;
  return CX_OK;
}

void cx_record_free(cx_record *thread) {
  if (thread != NULL) {
    thread->unique_id = 0;
    cx_memory_free(thread->cache);
    cx_memory_free(thread);
  }
}

uint64_t cx_record_next_version(cx_runtime *runtime, cx_record *thread) {
  if (thread_check(thread) != CX_OK) {
    return 0;
  }
  if (thread->next_version == thread->version_end) {
    uint64_t first;
    if (cx_runtime_reserve(runtime, VERSION_BLOCK, &first) != CX_OK) {
      return 0;
    }
    thread->next_version = first;
    thread->version_end = first + VERSION_BLOCK;
  }
  return thread->next_version++;
}

int64_t cx_record_find(cx_record *thread, uint64_t id, uint64_t var_version, uint64_t *word) {
  if (thread_check(thread) != CX_OK) {
    return -1;
  }
  uint64_t value = 0;
  int64_t hops = 0;
  if (!hamt_lookup(thread->top, id, &value)) {
    int64_t link = ec_lookup(thread->below, id, &value);
    hops = link == 0 ? -1 : link;
  }
  if (var_version != 0) {
    var_cache_fill(thread, var_version, value, hops);
  }
  if (hops >= 0 && word != NULL) {
    *word = value;
  }
  return hops;
}

/* ------------------------------------------------------------------------- push and pop -- */

int32_t cx_cell_new(cx_space *space, cx_cell **out) {
  if (!space_valid(space) || !bits_writable(out)) {
    return CX_INVALID;
  }
  cx_cell *lc = space_take(space, sizeof *lc);
  if (lc == NULL) {
    return CX_NEED_SPACE;
  }
  *lc = (cx_cell){NULL, 0};
  *out = lc;
  return CX_OK;
}

int32_t cx_record_capture(const cx_record *thread, cx_space *space, const cx_link **out) {
  int32_t status = thread_check(thread);
  return status != CX_OK ? status : cx_link_new(thread->top, thread->below, space, out);
}

/* Whether `ec` has the lookups that the thread's stack has now, going by identity: it is what
 * cx_record_capture returns. A folded chain isn't recognised, which costs a version and nothing
 * else. */
static bool is_current(const cx_record *thread, const cx_link *ec) {
  return cx_hamt_size(thread->top) == 0
             ? ec == thread->below
             : ec != NULL && ec->map == thread->top && ec->below == thread->below;
}

/* Puts `top` on `ec` as the thread's stack. An empty LC on the current stack leaves every lookup
 * as it is, hence the version too. */
static int32_t enter(
    cx_runtime *runtime, cx_record *thread, const cx_link *ec, const cx_hamt *top, cx_cell *lc,
    cx_saved *frame) {
  uint64_t version = thread->stack_version;
  if (cx_hamt_size(top) != 0 || !is_current(thread, ec)) {
    version = cx_record_next_version(runtime, thread);
    if (version == 0) {
      return CX_EXHAUSTED;
    }
  }
  *frame = (cx_saved){thread->top, thread->below, thread->stack_version, lc};
  thread->top = top;
  thread->below = ec;
  thread->stack_version = version;
  return CX_OK;
}

int32_t cx_record_enter(
    cx_runtime *runtime, cx_record *thread, const cx_link *ec, cx_saved *frame) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (runtime == NULL || !ec_valid(ec) || !bits_writable(frame)) {
    return CX_INVALID;
  }
  return enter(runtime, thread, ec, NULL, NULL, frame);
}

int32_t cx_record_push(
    cx_runtime *runtime, cx_record *thread, const cx_link *ec, cx_cell *lc, cx_saved *frame) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (runtime == NULL || !ec_valid(ec) || lc == NULL || !bits_aligned(lc) ||
      !bits_writable(frame)) {
    return CX_INVALID;
  }
  /* S4. A.3: the map is read only once the context is ours. */
  if (!atomics_cas_acquire(&lc->holder, 0, thread->unique_id)) {
    return CX_ENTERED;
  }
  status = hamt_valid(lc->map) ? enter(runtime, thread, ec, lc->map, lc, frame) : CX_INVALID;
  if (status != CX_OK) {
    atomics_store_release(&lc->holder, 0);
  }
  return status;
}

int32_t cx_record_restore(cx_record *thread, const cx_saved *frame) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (!bits_writable(frame)) {
    return CX_INVALID;
  }
  cx_cell *lc = frame->lc;
  if (lc != NULL) {
    if (!bits_aligned(lc) || atomics_load_relaxed(&lc->holder) != thread->unique_id) {
      return CX_INVALID;
    }
    lc->map = thread->top;
    atomics_store_release(&lc->holder, 0); /* A.4 */
  }
  thread->top = frame->top;
  thread->below = frame->below;
  thread->stack_version = frame->stack_version;
  return CX_OK;
}
