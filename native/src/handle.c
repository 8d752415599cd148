/*
 * handle.c - the table behind handles.
 *
 * A handle is four numbers in 64 bits:
 *
 *     63  62 61        48 47        24 23         0
 *     | kind |  runtime  | generation |   index   |
 *
 * `runtime` is the place of the cx_runtime in a list of those that live, which is a static array:
 * whatever number comes in, looking there is safe. `index` leads to a slot of that runtime's table.
 * The slot has the generation of its present object, so a handle of an object that was freed no
 * longer fits. A slot whose generation has reached its maximum is not used again, and generations
 * go on where those of the runtime that had the same place before stopped: no handle comes twice.
 *
 * The state of a slot is one word, so that every change of it is one compare-and-swap:
 *
 *     63        40   36      35    34   33 32 31     0
 *     | generation |    | dying | live | kind | pins |
 *
 *     free ---> live ---(handle_end)---> dying, generation + 1 ---(last unpin)---> free
 *
 * Whoever may meet another thread's handle_end pins the slot while using the object. Nobody can pin
 * a slot under an old generation, so the pins of a dying slot only fall, and whoever takes the last
 * one destroys the object. Objects that a single thread uses and frees, the thread states, need no
 * pins: `owner` is checked instead, and it is in the slot for that reason.
 *
 * Free slots form a stack. Its head has a tag that changes with every exchange, because a slot that
 * was popped and pushed in between would look as if nothing had happened.
 */
#include "handle.h"

#include <stdbool.h>
#include <stddef.h>

#include "atomics.h"
#include "bits.h"
#include "context.h"
#include "runtime.h"
#include "system.h"

#define KIND_SHIFT 62u
#define RUNTIME_SHIFT 48u
#define GENERATION_SHIFT 24u
#define INDEX_MASK ((UINT64_C(1) << HANDLE_INDEX_BITS) - 1)
#define RUNTIME_MASK ((UINT64_C(1) << HANDLE_RUNTIME_BITS) - 1)

#define STATE_GENERATION_SHIFT 40u
#define STATE_DYING (UINT64_C(1) << 35)
#define STATE_LIVE (UINT64_C(1) << 34)
#define STATE_KIND_SHIFT 32u
#define STATE_PINS UINT64_C(0xffffffff)

_Static_assert(sizeof(struct slot) == 32, "slot layout");

/* O20. The only mutable data of the library that isn't a caller's: where runtimes are found. */
static struct place {
  void *runtime;       /* O20: NULL if free */
  uint64_t generation; /* where the next runtime here starts; written while the place is taken */
} places[HANDLE_RUNTIMES];

static uint64_t places_used = 1; /* O20: places from here on were never taken; 0 is no place */

/* O21: numbers of threads given out so far. */
static uint64_t selves;

/* Once per thread. */
SYSTEM_COLD static uint64_t self_draw(void) {
  return atomics_add_relaxed(&selves, 1) + 1;
}

uint64_t handle_self(void) {
  static _Thread_local uint64_t self;
  if (self == 0) {
    self = self_draw();
  }
  return self;
}

/* ----------------------------------------------------------------------------- runtimes -- */

/* Holds a place for as long as it is prepared for a runtime, or given back. */
static char in_between;

int32_t handle_register(cx_runtime *runtime) {
  for (uint64_t i = 1; i < HANDLE_RUNTIMES; i++) {
    struct place *place = &places[i];
    if (atomics_load_pointer_acquire(&place->runtime) != NULL ||
        !atomics_cas_pointer_acq_rel(&place->runtime, NULL, &in_between)) {
      continue;
    }
    if (place->generation >= HANDLE_MAX_GENERATION) {
      continue; /* has no generation left: stays taken for good */
    }
    runtime->handles.number = i;
    runtime->handles.generation = place->generation == 0 ? 1 : place->generation;
    uint64_t used = atomics_load_relaxed(&places_used);
    while (used <= i && !atomics_cas_acq_rel(&places_used, &used, i + 1)) {
    }
    atomics_store_pointer_release(&place->runtime, runtime);
    return CX_OK;
  }
  return CX_EXHAUSTED;
}

int32_t handle_check_runtime(const cx_runtime *runtime) {
  if (runtime == NULL || !bits_aligned(runtime)) {
    return CX_INVALID;
  }
  uint64_t used = atomics_load_acquire(&places_used);
  for (uint64_t i = 1; i < used; i++) {
    if (atomics_load_pointer_acquire(&places[i].runtime) == runtime) {
      return CX_OK;
    }
  }
  return CX_BAD_HANDLE;
}

/* --------------------------------------------------------------------------------- slots -- */

static uint64_t state_of(uint64_t generation, enum handle_kind kind) {
  return generation << STATE_GENERATION_SHIFT | STATE_LIVE | (uint64_t)kind << STATE_KIND_SHIFT;
}

static uint64_t generation_of(uint64_t handle) {
  return handle >> GENERATION_SHIFT & HANDLE_MAX_GENERATION;
}

/* The chunk that has the slot, and its position there. */
static uint64_t chunk_of(uint64_t index, uint64_t *position) {
  uint64_t scaled = index / HANDLE_FIRST_CHUNK + 1;
  uint64_t chunk = 63 - (uint64_t)__builtin_clzll(scaled);
  *position = index - HANDLE_FIRST_CHUNK * ((UINT64_C(1) << chunk) - 1);
  return chunk;
}

static uint64_t chunk_slots(uint64_t chunk) {
  return (uint64_t)HANDLE_FIRST_CHUNK << chunk;
}

/* The slot, or NULL if there is none yet. */
static struct slot *slot_at(const struct handles *handles, uint64_t index) {
  uint64_t position;
  uint64_t chunk = chunk_of(index, &position);
  if (chunk >= HANDLE_CHUNKS) {
    return NULL;
  }
  struct slot *slots = atomics_load_pointer_acquire(&handles->chunks[chunk]);
  return slots == NULL ? NULL : &slots[position];
}

/* The slot of an index that nobody has used, made if need be. */
static int32_t slot_make(struct handles *handles, uint64_t index, struct slot **out) {
  uint64_t position;
  uint64_t chunk = chunk_of(index, &position);
  if (chunk >= HANDLE_CHUNKS) {
    return CX_EXHAUSTED;
  }
  struct slot *slots = atomics_load_pointer_acquire(&handles->chunks[chunk]);
  if (slots == NULL) {
    slots = cx_memory_alloc(chunk_slots(chunk) * sizeof *slots);
    if (slots == NULL) {
      return CX_NO_MEMORY;
    }
    for (uint64_t i = 0; i < chunk_slots(chunk); i++) {
      slots[i].state = handles->generation << STATE_GENERATION_SHIFT;
    }
    if (!atomics_cas_pointer_acq_rel(&handles->chunks[chunk], NULL, slots)) {
      cx_memory_free(slots);
      slots = atomics_load_pointer_acquire(&handles->chunks[chunk]);
    }
  }
  *out = &slots[position];
  return CX_OK;
}

/* Takes a free slot off the stack, or one that was never used. */
static int32_t slot_take(struct handles *handles, uint64_t *index, struct slot **out) {
  uint64_t head = atomics_load_acquire(&handles->free);
  while ((head & STATE_PINS) != 0) {
    *index = (head & STATE_PINS) - 1;
    *out = slot_at(handles, *index);
    uint64_t next = atomics_load_relaxed(&(*out)->next_free);
    if (atomics_cas_acq_rel(&handles->free, &head, ((head >> 32) + 1) << 32 | next)) {
      return CX_OK;
    }
  }
  uint64_t used = atomics_load_acquire(&handles->used);
  do {
    int32_t status = slot_make(handles, used, out);
    if (status != CX_OK) {
      return status;
    }
    *index = used;
  } while (!atomics_cas_acq_rel(&handles->used, &used, used + 1));
  return CX_OK;
}

static void slot_give(struct handles *handles, uint64_t index, struct slot *slot) {
  uint64_t head = atomics_load_acquire(&handles->free);
  do {
    atomics_store_relaxed(&slot->next_free, head & STATE_PINS);
  } while (!atomics_cas_acq_rel(&handles->free, &head, ((head >> 32) + 1) << 32 | (index + 1)));
}

int32_t handle_new(
    cx_runtime *runtime, enum handle_kind kind, void *object, uint64_t owner, uint64_t *out) {
  struct handles *handles = &runtime->handles;
  uint64_t index;
  struct slot *slot;
  int32_t status = slot_take(handles, &index, &slot);
  if (status != CX_OK) {
    return status;
  }
  uint64_t generation = atomics_load_relaxed(&slot->state) >> STATE_GENERATION_SHIFT;
  atomics_store_pointer_release(&slot->object, object);
  atomics_store_release(&slot->owner, owner);
  atomics_store_release(&slot->state, state_of(generation, kind));
  *out = (uint64_t)kind << KIND_SHIFT | handles->number << RUNTIME_SHIFT |
         generation << GENERATION_SHIFT | index;
  return CX_OK;
}

/* Why `handle` isn't the one whose slot is in `state`. */
static int32_t handle_misfit(uint64_t handle, uint64_t state) {
  return generation_of(handle) < state >> STATE_GENERATION_SHIFT ? CX_STALE : CX_BAD_HANDLE;
}

static bool handle_fits(uint64_t handle, enum handle_kind kind, uint64_t state) {
  return (state & ~STATE_PINS) == state_of(generation_of(handle), kind);
}

int32_t handle_find(
    uint64_t handle, enum handle_kind kind, cx_runtime **runtime, struct slot **out) {
  uint64_t number = handle >> RUNTIME_SHIFT & RUNTIME_MASK;
  if (handle >> KIND_SHIFT != (uint64_t)kind || number == 0 || number >= HANDLE_RUNTIMES) {
    return CX_BAD_HANDLE;
  }
  const struct place *place = &places[number];
  cx_runtime *found = atomics_load_pointer_acquire(&place->runtime);
  if (found == NULL || found == (void *)&in_between) {
    /* Nobody lives here. If somebody did when the handle was given out, it is stale. */
    return generation_of(handle) < atomics_load_acquire(&place->generation) ? CX_STALE
                                                                            : CX_BAD_HANDLE;
  }
  struct slot *slot = slot_at(&found->handles, handle & INDEX_MASK);
  if (slot == NULL) {
    return generation_of(handle) < found->handles.generation ? CX_STALE : CX_BAD_HANDLE;
  }
  uint64_t state = atomics_load_acquire(&slot->state);
  if (!handle_fits(handle, kind, state)) {
    return handle_misfit(handle, state);
  }
  if (runtime != NULL) {
    *runtime = found;
  }
  *out = slot;
  return CX_OK;
}

int32_t handle_pin(
    uint64_t handle, enum handle_kind kind, cx_runtime **runtime, struct slot **out) {
  int32_t status = handle_find(handle, kind, runtime, out);
  if (status != CX_OK) {
    return status;
  }
  uint64_t state = atomics_load_acquire(&(*out)->state);
  do {
    if (!handle_fits(handle, kind, state)) {
      return handle_misfit(handle, state);
    }
  } while (!atomics_cas_acq_rel(&(*out)->state, &state, state + 1));
  return CX_OK;
}

/* Destroys the object of a dying slot that nobody has pinned, and makes the slot free. */
static void slot_bury(cx_runtime *runtime, uint64_t index, struct slot *slot, uint64_t state) {
  enum handle_kind kind = (enum handle_kind)(state >> STATE_KIND_SHIFT & 3);
  void *object = atomics_load_pointer_acquire(&slot->object);
  uint64_t generation = state >> STATE_GENERATION_SHIFT;
  atomics_store_release(&slot->state, generation << STATE_GENERATION_SHIFT);
  if (generation < HANDLE_MAX_GENERATION) {
    slot_give(&runtime->handles, index, slot);
  }
  context_destroy(kind, object);
}

void handle_unpin(cx_runtime *runtime, uint64_t handle, struct slot *slot) {
  uint64_t state = atomics_subtract_acq_rel(&slot->state, 1);
  if ((state & STATE_DYING) != 0 && (state & STATE_PINS) == 0) {
    slot_bury(runtime, handle & INDEX_MASK, slot, state);
  }
}

int32_t handle_end(cx_runtime *runtime, uint64_t handle, struct slot *slot) {
  enum handle_kind kind = (enum handle_kind)(handle >> KIND_SHIFT);
  uint64_t state = atomics_load_acquire(&slot->state);
  uint64_t dying;
  do {
    if (!handle_fits(handle, kind, state)) {
      return handle_misfit(handle, state);
    }
    dying = ((state ^ STATE_LIVE) | STATE_DYING) + (UINT64_C(1) << STATE_GENERATION_SHIFT);
  } while (!atomics_cas_acq_rel(&slot->state, &state, dying));
  if ((dying & STATE_PINS) == 0) {
    slot_bury(runtime, handle & INDEX_MASK, slot, dying);
  }
  return CX_OK;
}

/* --------------------------------------------------------------------- the end of a runtime -- */

static void destroy_all(struct handles *handles, enum handle_kind kind) {
  for (uint64_t index = 0; index < handles->used; index++) {
    struct slot *slot = slot_at(handles, index);
    if ((slot->state & STATE_LIVE) != 0 &&
        (slot->state >> STATE_KIND_SHIFT & 3) == (uint64_t)kind) {
      context_destroy(kind, slot->object);
    }
  }
}

void handle_unregister(cx_runtime *runtime) {
  struct handles *handles = &runtime->handles;
  struct place *place = &places[handles->number];
  atomics_store_pointer_release(&place->runtime, &in_between);
  destroy_all(handles, HANDLE_THREAD);
  destroy_all(handles, HANDLE_LC);
  destroy_all(handles, HANDLE_EC);
  uint64_t highest = handles->generation;
  for (uint64_t index = 0; index < handles->used; index++) {
    uint64_t state = slot_at(handles, index)->state;
    uint64_t next = (state >> STATE_GENERATION_SHIFT) + ((state & STATE_LIVE) != 0 ? 1 : 0);
    highest = next > highest ? next : highest;
  }
  atomics_store_release(&place->generation, highest);
  for (uint64_t chunk = 0; chunk < HANDLE_CHUNKS; chunk++) {
    cx_memory_free(handles->chunks[chunk]);
  }
  atomics_store_pointer_release(&place->runtime, NULL);
}
