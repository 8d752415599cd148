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

_Static_assert(sizeof(cx_thread) == 64, "thread layout");
_Static_assert(offsetof(cx_thread, unique_id) == 0, "thread layout");
_Static_assert(offsetof(cx_thread, stack_version) == 8, "thread layout");
_Static_assert(offsetof(cx_thread, top) == 16, "thread layout");
_Static_assert(offsetof(cx_thread, below) == 24, "thread layout");
_Static_assert(offsetof(cx_thread, cache) == 32, "thread layout");
_Static_assert(offsetof(cx_thread, cache_mask) == 40, "thread layout");
_Static_assert(offsetof(cx_thread, next_version) == 48, "thread layout");
_Static_assert(offsetof(cx_thread, version_end) == 56, "thread layout");
_Static_assert(sizeof(cx_lc) == 16, "logical context layout");
_Static_assert(offsetof(cx_lc, map) == 0, "logical context layout");
_Static_assert(offsetof(cx_lc, holder) == 8, "logical context layout");
_Static_assert(sizeof(cx_frame) == 32, "frame layout");
_Static_assert(offsetof(cx_frame, top) == 0, "frame layout");
_Static_assert(offsetof(cx_frame, below) == 8, "frame layout");
_Static_assert(offsetof(cx_frame, stack_version) == 16, "frame layout");
_Static_assert(offsetof(cx_frame, lc) == 24, "frame layout");

int32_t cx_thread_new(cx_runtime *runtime, cx_thread **out) {
  if (out == NULL) {
    return CX_INVALID;
  }
  uint64_t id;
  int32_t status = cx_runtime_reserve(runtime, 1, &id);
  if (status != CX_OK) {
    return status;
  }
  cx_thread *thread = cx_memory_alloc(sizeof *thread);
  if (thread == NULL) {
    return CX_NO_MEMORY;
  }
  thread->unique_id = id;
  /* The empty stack needs a version too, and the number is this thread's alone. */
  thread->stack_version = id;
  *out = thread;
  return CX_OK;
}

void cx_thread_free(cx_thread *thread) {
  if (thread != NULL) {
    thread->unique_id = 0;
    cx_memory_free(thread->cache);
    cx_memory_free(thread);
  }
}

uint64_t cx_thread_next_version(cx_runtime *runtime, cx_thread *thread) {
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

int64_t cx_thread_find(cx_thread *thread, uint64_t id, uint64_t var_version, uint64_t *word) {
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

int32_t cx_lc_new(cx_space *space, cx_lc **out) {
  if (!space_valid(space) || out == NULL) {
    return CX_INVALID;
  }
  cx_lc *lc = space_take(space, sizeof *lc);
  if (lc == NULL) {
    return CX_NEED_SPACE;
  }
  *lc = (cx_lc){NULL, 0};
  *out = lc;
  return CX_OK;
}

int32_t cx_ec_get(const cx_thread *thread, cx_space *space, const cx_ec **out) {
  int32_t status = thread_check(thread);
  return status != CX_OK ? status : cx_ec_new(thread->top, thread->below, space, out);
}

/* Whether `ec` has the lookups that the thread's stack has now, going by identity: it is what
 * cx_ec_get returns. A folded chain isn't recognised, which costs a version and nothing else. */
static bool is_current(const cx_thread *thread, const cx_ec *ec) {
  return cx_hamt_size(thread->top) == 0
             ? ec == thread->below
             : ec != NULL && ec->map == thread->top && ec->below == thread->below;
}

/* Puts `top` on `ec` as the thread's stack. An empty LC on the current stack leaves every lookup
 * as it is, hence the version too. */
static int32_t enter(
    cx_runtime *runtime, cx_thread *thread, const cx_ec *ec, const cx_hamt *top, cx_lc *lc,
    cx_frame *frame) {
  uint64_t version = thread->stack_version;
  if (cx_hamt_size(top) != 0 || !is_current(thread, ec)) {
    version = cx_thread_next_version(runtime, thread);
    if (version == 0) {
      return CX_EXHAUSTED;
    }
  }
  *frame = (cx_frame){thread->top, thread->below, thread->stack_version, lc};
  thread->top = top;
  thread->below = ec;
  thread->stack_version = version;
  return CX_OK;
}

int32_t cx_ec_set(cx_runtime *runtime, cx_thread *thread, const cx_ec *ec, cx_frame *frame) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (runtime == NULL || !ec_valid(ec) || frame == NULL) {
    return CX_INVALID;
  }
  return enter(runtime, thread, ec, NULL, NULL, frame);
}

int32_t cx_ec_set_with_lc(
    cx_runtime *runtime, cx_thread *thread, const cx_ec *ec, cx_lc *lc, cx_frame *frame) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (runtime == NULL || !ec_valid(ec) || lc == NULL || !bits_aligned(lc) || frame == NULL) {
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

int32_t cx_ec_restore(cx_thread *thread, const cx_frame *frame) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (frame == NULL || !bits_aligned(frame)) {
    return CX_INVALID;
  }
  cx_lc *lc = frame->lc;
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
