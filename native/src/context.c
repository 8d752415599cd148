/*
 * context.c - the upper layer: thread states, logical contexts and snapshots whose memory the
 * library manages.
 *
 * What the lower layer does (maps, chains, stack versions, the cache, the interlock) is done there,
 * in the thread's record; this file keeps alive what the record points to, and checks.
 *
 *     struct thread
 *       record ------------- top, below: the pure view, which lookups and the lower layer see
 *       level  ------------> what holds `top`: of the thread itself, of a frame, or of an LC
 *       below  ------------> what holds `below`: a counted struct link
 *       frames ------------> struct frame, innermost first: what was current before each entering
 *
 * Every function first checks, then does all that can fail, and then changes.
 */
#include "context.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "atomics.h"
#include "bits.h"
#include "globals.h"
#include "hamt.h"
#include "memory.h"
#include "region.h"
#include "runtime.h"
#include "var.h"
#include "var_cache.h"

#define USUAL_CACHE 64u
#define SPARE_FRAMES 8u /* that a thread keeps for the next entering */

#define FREED UINT64_MAX /* holder of an LC that is being freed */

struct lc {
  cx_cell cell;
  struct level level;
};

struct frame {
  struct frame *outer;
  uint64_t number;     /* the cx_frame */
  cx_saved saved;      /* for the lower layer's restore */
  struct level *level; /* what was current before */
  struct link *below;
  struct level fresh; /* what is current now, unless `lc` is */
  struct lc *lc;
};

struct thread {
  cx_record record;
  cx_record *view; /* `record`, or that of a binding */
  cx_runtime *runtime;
  struct level *level;
  struct link *below;
  struct frame *frames;
  struct frame *spare;
  uint64_t spares;
  struct level bottom;
};

_Static_assert(offsetof(struct lc, cell) == 0, "a logical context starts with its cell");

/* ------------------------------------------------------------------------------- checks -- */

/* Whether `runtime` may make something and write its handle to *out. */
static int32_t check_new(const cx_runtime *runtime, const void *out) {
  return bits_writable(out) ? handle_check_runtime(runtime) : CX_INVALID;
}

/* The thread state, if the calling thread may use it. */
static int32_t thread_find(cx_thread handle, struct slot **slot, struct thread **out) {
  int32_t status = handle_find(handle, HANDLE_THREAD, NULL, slot);
  if (status != CX_OK) {
    return status;
  }
  /* O23: what isn't the caller's number can't become it meanwhile, nor the other way round. */
  uint64_t owner = atomics_load_acquire(&(*slot)->owner);
  if (owner != handle_self() && owner != HANDLE_ANYBODY) {
    return CX_WRONG_THREAD;
  }
  *out = atomics_load_pointer_acquire(&(*slot)->object);
  /* What is anybody's may be a later object in the slot: then the handle is stale by now. */
  return owner == HANDLE_ANYBODY ? handle_find(handle, HANDLE_THREAD, NULL, slot) : CX_OK;
}

/* The thread state, if the calling thread may change it. */
static int32_t thread_change(cx_thread handle, struct thread **out) {
  struct slot *slot;
  int32_t status = thread_find(handle, &slot, out);
  if (status == CX_OK && (*out)->view != &(*out)->record) {
    return CX_READ_ONLY;
  }
  return status;
}

/* -------------------------------------------------------------------------- thread states -- */

static int32_t thread_make(cx_runtime *runtime, cx_record *lent, uint64_t owner, cx_thread *out) {
  int32_t status = check_new(runtime, out);
  if (status != CX_OK) {
    return status;
  }
  struct thread *thread = cx_memory_alloc(sizeof *thread);
  if (thread == NULL) {
    return CX_NO_MEMORY;
  }
  thread->runtime = runtime;
  thread->level = &thread->bottom;
  thread->view = lent;
  if (lent == NULL) {
    thread->view = &thread->record;
    status = cx_runtime_reserve(runtime, 1, &thread->record.unique_id);
    thread->record.stack_version = thread->record.unique_id;
    if (status == CX_OK) {
      status = cx_record_set_cache(&thread->record, USUAL_CACHE);
    }
  }
  if (status == CX_OK) {
    status = handle_new(runtime, HANDLE_THREAD, thread, owner, out);
  }
  if (status != CX_OK) {
    cx_memory_free(thread->record.cache);
    cx_memory_free(thread);
  }
  return status;
}

int32_t cx_thread_new(cx_runtime *runtime, cx_thread *out) {
  return thread_make(runtime, NULL, handle_self(), out);
}

int32_t cx_thread_lend(
    cx_runtime *runtime, cx_record *record, uint32_t any_thread, cx_thread *out) {
  if (!bits_writable(record) || record->unique_id == 0) {
    return CX_INVALID;
  }
  return thread_make(runtime, record, any_thread != 0 ? HANDLE_ANYBODY : handle_self(), out);
}

static void frame_give(struct thread *thread, struct frame *frame) {
  if (thread->spares == SPARE_FRAMES) {
    memory_give(frame);
    return;
  }
  frame->outer = thread->spare;
  thread->spare = frame;
  thread->spares++;
}

static struct frame *frame_take(struct thread *thread) {
  struct frame *frame = thread->spare;
  if (frame != NULL) {
    thread->spare = frame->outer;
    thread->spares--;
  } else {
    frame = memory_take(sizeof *frame);
  }
  if (frame != NULL) {
    memset(frame, 0, sizeof *frame);
  }
  return frame;
}

/* Undoes the innermost entering. */
static int32_t leave(struct thread *thread) {
  struct frame *frame = thread->frames;
  struct link *below = thread->below;
  level_uncover(thread->level);
  thread->frames = frame->outer;
  thread->level = frame->level;
  thread->below = frame->below;
  /* This stores the map back and lets the next thread in: the LC is out of bounds from here on. */
  int32_t status = cx_record_restore(&thread->record, &frame->saved);
  region_release(frame->fresh.region);
  link_release(below);
  frame_give(thread, frame);
  return status;
}

static void level_free(struct level *level) {
  level_uncover(level);
  region_release(level->region);
}

static void thread_destroy(struct thread *thread) {
  while (thread->frames != NULL) {
    (void)leave(thread);
  }
  level_free(&thread->bottom);
  while (thread->spare != NULL) {
    struct frame *frame = thread->spare;
    thread->spare = frame->outer;
    memory_give(frame);
  }
  cx_memory_free(thread->record.cache);
  cx_memory_free(thread);
}

void context_destroy(enum handle_kind kind, void *object) {
  switch (kind) {
  case HANDLE_THREAD:
    thread_destroy(object);
    break;
  case HANDLE_LC: {
    struct lc *lc = object;
    level_free(&lc->level);
    memory_give(lc);
    break;
  }
  case HANDLE_EC:
    link_release(object);
    break;
  }
}

int32_t cx_thread_free(cx_thread handle) {
  struct slot *slot;
  struct thread *thread;
  int32_t status = thread_find(handle, &slot, &thread);
  return status != CX_OK ? status : handle_end(thread->runtime, handle, slot);
}

int32_t cx_thread_disown(cx_thread handle) {
  struct slot *slot;
  struct thread *thread;
  int32_t status = thread_find(handle, &slot, &thread);
  if (status != CX_OK) {
    return status;
  }
  if (thread->view != &thread->record) {
    return CX_READ_ONLY;
  }
  atomics_store_release(&slot->owner, HANDLE_NOBODY);
  return CX_OK;
}

int32_t cx_thread_adopt(cx_thread handle) {
  struct slot *slot;
  int32_t status = handle_find(handle, HANDLE_THREAD, NULL, &slot);
  if (status != CX_OK) {
    return status;
  }
  if (!atomics_cas_acquire(&slot->owner, HANDLE_NOBODY, handle_self())) {
    return CX_WRONG_THREAD;
  }
  /* Meanwhile it may have been freed, and another state that was disowned have its slot. */
  struct slot *same;
  status = handle_find(handle, HANDLE_THREAD, NULL, &same);
  if (status != CX_OK) {
    atomics_store_release(&slot->owner, HANDLE_NOBODY);
  }
  return status;
}

int32_t cx_thread_set_cache(cx_thread handle, uint64_t entries) {
  struct thread *thread;
  int32_t status = thread_change(handle, &thread);
  return status != CX_OK ? status : cx_record_set_cache(&thread->record, entries);
}

int32_t cx_thread_dump(cx_thread handle, char *buffer, uint64_t capacity, uint64_t *length) {
  struct slot *slot;
  struct thread *thread;
  int32_t status = thread_find(handle, &slot, &thread);
  if (status != CX_OK) {
    return status;
  }
  if (!bits_writable(length) || (buffer == NULL && capacity != 0)) {
    return CX_INVALID;
  }
  *length = cx_record_dump(thread->view, buffer, capacity);
  return CX_OK;
}

/* ------------------------------------------------------------------------------ variables -- */

int32_t cx_var_lookup(cx_thread handle, const cx_var *var, uint32_t flags, uint64_t *value) {
  struct slot *slot;
  struct thread *thread;
  int32_t status = thread_find(handle, &slot, &thread);
  if (status != CX_OK) {
    return status;
  }
  if (!var_usable(thread->runtime, var) || !bits_aligned(value) || (flags & ~CX_TOPMOST) != 0) {
    return CX_INVALID;
  }
  if ((flags & CX_TOPMOST) != 0) {
    return cx_record_lookup_topmost(thread->view, var, value);
  }
  status = cx_record_lookup(thread->view, var, value);
  return status == CX_ABSENT ? globals_lookup(thread->runtime, var->id, value) : status;
}

/* Changes the value where it stands, if no snapshot shows it. */
static bool replace(struct thread *thread, const cx_var *var, uint64_t value) {
  cx_record *record = &thread->record;
  if (thread->level->shared ||
      cx_hamt_replace_unshared((cx_hamt *)record->top, var->id, value) != CX_OK) {
    return false;
  }
  var_cache_fill(record, var->version, value, 0);
  return true;
}

int32_t cx_var_set(cx_thread handle, const cx_var *var, uint64_t value) {
  struct thread *thread;
  int32_t status = thread_change(handle, &thread);
  if (status != CX_OK) {
    return status;
  }
  if (!var_usable(thread->runtime, var)) {
    return CX_INVALID;
  }
  struct level *level = thread->level;
  cx_record *record = &thread->record;
  level_uncover(level);
  if (replace(thread, var, value)) {
    return CX_OK;
  }
  for (;;) {
    cx_space none = {NULL, NULL};
    cx_space *space = level->region == NULL ? &none : &level->region->space;
    const cx_hamt *before = record->top;
    status = cx_record_set(thread->runtime, record, var, value, space);
    if (status == CX_OK) {
      level->shared = level->shared && record->top == before;
      return CX_OK;
    }
    if (status == CX_NEED_SPACE) {
      status = level_make_room(level, &record->top);
    }
    if (status != CX_OK) {
      return status;
    }
  }
}

int32_t cx_var_delete(cx_thread handle, const cx_var *var) {
  struct thread *thread;
  int32_t status = thread_change(handle, &thread);
  if (status != CX_OK) {
    return status;
  }
  if (!var_usable(thread->runtime, var)) {
    return CX_INVALID;
  }
  struct level *level = thread->level;
  cx_record *record = &thread->record;
  if (cx_hamt_get(record->top, var->id, NULL) != CX_OK) {
    return CX_ABSENT;
  }
  level_uncover(level);
  for (;;) {
    status = cx_record_delete(thread->runtime, record, var, &level->region->space);
    if (status == CX_OK) {
      level->shared = false;
      return CX_OK;
    }
    if (status == CX_NEED_SPACE) {
      status = level_make_room(level, &record->top);
    }
    if (status != CX_OK) {
      return status;
    }
  }
}

/* --------------------------------------------------------------------- entering and leaving -- */

/* *out = a reference to what shows the whole stack; NULL if that is empty. */
static int32_t cover(struct thread *thread, struct link **out) {
  struct level *level = thread->level;
  const cx_hamt *top = thread->record.top;
  if (cx_hamt_size(top) == 0) {
    *out = link_retain(thread->below);
    return CX_OK;
  }
  if (level->cover == NULL) {
    int32_t status = link_new(top, level->region, thread->below, &level->cover);
    if (status != CX_OK) {
      return status;
    }
  }
  *out = link_retain(level->cover);
  return CX_OK;
}

/* Puts `lc`, or a fresh LC if that is NULL, on `below`, a reference to which is handed over. */
static int32_t enter(struct thread *thread, struct link *below, struct lc *lc, uint64_t *number) {
  cx_record *record = &thread->record;
  struct frame *frame = frame_take(thread);
  int32_t status = frame == NULL ? CX_NO_MEMORY : CX_OK;
  if (status == CX_OK) {
    frame->number = cx_record_next_version(thread->runtime, record);
    status = frame->number == 0 ? CX_EXHAUSTED
             : lc == NULL
                 ? cx_record_enter(thread->runtime, record, link_pure(below), &frame->saved)
                 : cx_record_push(
                       thread->runtime, record, link_pure(below), &lc->cell, &frame->saved);
    if (status != CX_OK) {
      frame_give(thread, frame);
    }
  }
  if (status != CX_OK) {
    link_release(below);
    return status;
  }
  frame->outer = thread->frames;
  frame->level = thread->level;
  frame->below = thread->below;
  frame->lc = lc;
  thread->frames = frame;
  thread->level = lc == NULL ? &frame->fresh : &lc->level;
  thread->below = below;
  if (number != NULL) {
    *number = frame->number;
  }
  return CX_OK;
}

/* *out = a reference to the snapshot's links; `only` is the runtime that it has to be of, or NULL.
 */
static int32_t ec_links(cx_ec ec, const cx_runtime *only, struct link **out) {
  cx_runtime *runtime;
  struct slot *slot;
  int32_t status = handle_pin(ec, HANDLE_EC, &runtime, &slot);
  if (status != CX_OK) {
    return status;
  }
  if (only == NULL || only == runtime) {
    *out = link_retain(atomics_load_pointer_acquire(&slot->object));
  } else {
    status = CX_BAD_HANDLE;
  }
  handle_unpin(runtime, ec, slot);
  return status;
}

/* As enter, for handles; `lc` may be 0 for a fresh one. */
static int32_t enter_handles(cx_thread handle, cx_ec ec, cx_lc lc, uint64_t *number) {
  struct thread *thread;
  int32_t status = thread_change(handle, &thread);
  if (status != CX_OK) {
    return status;
  }
  cx_runtime *runtime = NULL;
  struct slot *slot = NULL;
  if (lc != 0) {
    /* Once it is entered it can't be freed; until then the pin sees to that. */
    status = handle_pin(lc, HANDLE_LC, &runtime, &slot);
    if (status != CX_OK) {
      return status;
    }
  }
  struct link *below;
  status = slot != NULL && runtime != thread->runtime ? CX_BAD_HANDLE
           : ec == CX_CURRENT                         ? cover(thread, &below)
                                                      : ec_links(ec, thread->runtime, &below);
  if (status == CX_OK) {
    struct lc *entered = slot == NULL ? NULL : atomics_load_pointer_acquire(&slot->object);
    status = enter(thread, below, entered, number);
  }
  if (slot != NULL) {
    handle_unpin(runtime, lc, slot);
  }
  return status;
}

int32_t cx_lc_push(cx_thread thread, cx_lc lc) {
  return lc == 0 ? CX_BAD_HANDLE : enter_handles(thread, CX_CURRENT, lc, NULL);
}

int32_t cx_lc_pop(cx_thread handle, cx_lc lc) {
  struct thread *thread;
  int32_t status = thread_change(handle, &thread);
  if (status != CX_OK) {
    return status;
  }
  struct slot *slot;
  status = handle_find(lc, HANDLE_LC, NULL, &slot);
  if (status != CX_OK) {
    return status;
  }
  /* An address to compare, no more: if the LC is entered here, it lives. */
  if (thread->frames == NULL || thread->frames->lc == NULL ||
      thread->frames->lc != atomics_load_pointer_acquire(&slot->object)) {
    return CX_OUT_OF_ORDER;
  }
  return leave(thread);
}

int32_t cx_ec_set(cx_thread thread, cx_ec ec, cx_frame *frame) {
  if (!bits_writable(frame)) {
    return CX_INVALID;
  }
  return ec == CX_CURRENT ? CX_BAD_HANDLE : enter_handles(thread, ec, 0, frame);
}

int32_t cx_ec_set_with_lc(cx_thread thread, cx_ec ec, cx_lc lc, cx_frame *frame) {
  if (!bits_writable(frame)) {
    return CX_INVALID;
  }
  return lc == 0 ? CX_BAD_HANDLE : enter_handles(thread, ec, lc, frame);
}

int32_t cx_ec_restore(cx_thread handle, cx_frame frame) {
  struct thread *thread;
  int32_t status = thread_change(handle, &thread);
  if (status != CX_OK) {
    return status;
  }
  const struct frame *entered = thread->frames;
  if (entered != NULL && entered->number == frame) {
    return leave(thread);
  }
  while (entered != NULL && entered->number != frame) {
    entered = entered->outer;
  }
  return entered != NULL ? CX_OUT_OF_ORDER : CX_STALE;
}

/* ---------------------------------------------------------------------- logical contexts -- */

int32_t cx_lc_new(cx_runtime *runtime, cx_lc *out) {
  int32_t status = check_new(runtime, out);
  if (status != CX_OK) {
    return status;
  }
  struct lc *lc = memory_take(sizeof *lc);
  if (lc == NULL) {
    return CX_NO_MEMORY;
  }
  memset(lc, 0, sizeof *lc);
  status = handle_new(runtime, HANDLE_LC, lc, HANDLE_ANYBODY, out);
  if (status != CX_OK) {
    memory_give(lc);
  }
  return status;
}

int32_t cx_lc_free(cx_lc handle) {
  cx_runtime *runtime;
  struct slot *slot;
  int32_t status = handle_pin(handle, HANDLE_LC, &runtime, &slot);
  if (status != CX_OK) {
    return status;
  }
  struct lc *lc = atomics_load_pointer_acquire(&slot->object);
  /* From here on nobody enters it: this is no thread's number, and it is never given back. */
  if (atomics_cas_acquire(&lc->cell.holder, 0, FREED)) {
    status = handle_end(runtime, handle, slot);
  } else {
    status = atomics_load_relaxed(&lc->cell.holder) == FREED ? CX_STALE : CX_ENTERED;
  }
  handle_unpin(runtime, handle, slot);
  return status;
}

/* -------------------------------------------------------------------- execution contexts -- */

/* *out = a handle for the snapshot, a reference to which is handed over. */
static int32_t ec_make(cx_runtime *runtime, struct link *link, cx_ec *out) {
  int32_t status = handle_new(runtime, HANDLE_EC, link, HANDLE_ANYBODY, out);
  if (status != CX_OK) {
    link_release(link);
  }
  return status;
}

int32_t cx_ec_new(cx_runtime *runtime, cx_ec *out) {
  int32_t status = check_new(runtime, out);
  return status != CX_OK ? status : ec_make(runtime, NULL, out);
}

int32_t cx_ec_free(cx_ec ec) {
  cx_runtime *runtime;
  struct slot *slot;
  int32_t status = handle_find(ec, HANDLE_EC, &runtime, &slot);
  return status != CX_OK ? status : handle_end(runtime, ec, slot);
}

int32_t cx_ec_get(cx_thread handle, cx_ec *out) {
  struct thread *thread;
  int32_t status = thread_change(handle, &thread);
  if (status != CX_OK) {
    return status;
  }
  if (!bits_writable(out)) {
    return CX_INVALID;
  }
  struct link *link;
  status = cover(thread, &link);
  return status != CX_OK ? status : ec_make(thread->runtime, link, out);
}

int32_t cx_ec_lookup(cx_ec ec, const cx_var *var, uint64_t *value) {
  cx_runtime *runtime;
  struct slot *slot;
  int32_t status = handle_pin(ec, HANDLE_EC, &runtime, &slot);
  if (status != CX_OK) {
    return status;
  }
  status = var_usable(runtime, var) && bits_aligned(value)
               ? cx_link_find(
                     link_pure(atomics_load_pointer_acquire(&slot->object)), var->id, value)
               : CX_INVALID;
  if (status == CX_ABSENT) {
    status = globals_lookup(runtime, var->id, value);
  }
  handle_unpin(runtime, ec, slot);
  return status;
}

/* *out = a reference to one link with the lookups of `links`. */
static int32_t squash(struct link *links, struct link **out) {
  if (links == NULL || links->below == NULL) {
    *out = link_retain(links);
    return CX_OK;
  }
  return link_squash(&links->pure, out);
}

int32_t cx_ec_vars(cx_ec ec, uint64_t *ids, uint64_t capacity, uint64_t *count) {
  struct link *links;
  int32_t status = ec_links(ec, NULL, &links);
  if (status != CX_OK) {
    return status;
  }
  struct link *flat = NULL;
  status = bits_writable(count) && bits_aligned(ids) && (ids != NULL || capacity == 0)
               ? squash(links, &flat)
               : CX_INVALID;
  link_release(links);
  if (status == CX_OK) {
    const cx_hamt *map = flat == NULL ? NULL : flat->pure.map;
    cx_hamt_cursor cursor = {.state = 0};
    uint64_t values[64];
    for (uint64_t done = 0; done < capacity;) {
      uint64_t room = capacity - done < 64 ? capacity - done : 64;
      int64_t got = cx_hamt_iterate(map, &cursor, ids + done, values, room);
      if (got <= 0) {
        break;
      }
      done += (uint64_t)got;
    }
    *count = cx_hamt_size(map);
    link_release(flat);
  }
  return status;
}

int32_t cx_ec_squash(cx_ec ec, cx_ec *out) {
  if (!bits_writable(out)) {
    return CX_INVALID;
  }
  cx_runtime *runtime;
  struct slot *slot;
  int32_t status = handle_pin(ec, HANDLE_EC, &runtime, &slot);
  if (status != CX_OK) {
    return status;
  }
  struct link *flat;
  status = squash(atomics_load_pointer_acquire(&slot->object), &flat);
  if (status == CX_OK) {
    status = ec_make(runtime, flat, out);
  }
  handle_unpin(runtime, ec, slot);
  return status;
}

int32_t cx_ec_dump(cx_ec ec, char *buffer, uint64_t capacity, uint64_t *length) {
  cx_runtime *runtime;
  struct slot *slot;
  int32_t status = handle_pin(ec, HANDLE_EC, &runtime, &slot);
  if (status != CX_OK) {
    return status;
  }
  if (!bits_writable(length) || (buffer == NULL && capacity != 0)) {
    status = CX_INVALID;
  } else {
    *length = cx_link_dump(
        link_pure(atomics_load_pointer_acquire(&slot->object)), buffer, capacity);
  }
  handle_unpin(runtime, ec, slot);
  return status;
}
