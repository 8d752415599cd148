/*
 * handle.h - handles: numbers that name the objects of the upper layer, and tell whether they still
 * do. handle.c opens with how they work.
 */
#ifndef CX_HANDLE_H
#define CX_HANDLE_H

#include <stdint.h>

#include "contexture.h"

enum handle_kind { HANDLE_THREAD = 1, HANDLE_LC = 2, HANDLE_EC = 3 };

#define HANDLE_INDEX_BITS 24u
#define HANDLE_GENERATION_BITS 24u
#define HANDLE_RUNTIME_BITS 14u
#define HANDLE_RUNTIMES 1024u /* that live at a time, and one */
#define HANDLE_MAX_GENERATION ((UINT64_C(1) << HANDLE_GENERATION_BITS) - 1)
#define HANDLE_FIRST_CHUNK                                                                         \
  64u                     /* slots; every further chunk has twice as many as the one before        \
                           */
#define HANDLE_CHUNKS 18u /* 64 * (2^18 - 1) slots: nearly 2^24 */

/* Owners of a slot that are no thread. */
#define HANDLE_NOBODY UINT64_C(0)
#define HANDLE_ANYBODY UINT64_MAX

/* What a handle's index leads to. It is never freed before its runtime is, so a look at it is safe
 * whatever became of the object. */
struct slot {
  uint64_t state;     /* O25: generation, kind, pins: see handle.c */
  void *object;       /* O25: written before the slot comes alive */
  uint64_t owner;     /* O23: the thread that may use it: handle_self(), or one of the above */
  uint64_t next_free; /* index + 1 of the next free slot, 0 at the end */
};

/* The table of a runtime's handles. */
struct handles {
  uint64_t number;             /* of the runtime, in every handle; at least 1 */
  uint64_t generation;         /* of a slot that was never used */
  uint64_t used;               /* O26: slots that were ever in use: their indices are below this */
  uint64_t free;               /* O26: tag << 32 | index + 1 of the first free slot */
  void *chunks[HANDLE_CHUNKS]; /* O26 */
};

/* Enters the runtime in the list of those that live. CX_EXHAUSTED when the list is full. */
int32_t handle_register(cx_runtime *runtime);

/* CX_OK if it is in the list: it may be looked at; else CX_INVALID or CX_BAD_HANDLE. */
int32_t handle_check_runtime(const cx_runtime *runtime);

/* Destroys every object that is left, threads first, takes the runtime out of the list and frees
 * the table. Nobody else uses the runtime. */
void handle_unregister(cx_runtime *runtime);

/* A number for the calling thread that no other has or had. */
uint64_t handle_self(void);

/* *out = a handle for `object`, whose owner is `owner`. CX_NO_MEMORY or CX_EXHAUSTED otherwise. */
int32_t handle_new(
    cx_runtime *runtime, enum handle_kind kind, void *object, uint64_t owner, uint64_t *out);

/* *out = the slot of a live handle of this kind, and *runtime, if it isn't NULL, its runtime; else
 * CX_STALE or CX_BAD_HANDLE. The answer may be out of date at once, unless what is asked belongs to
 * the caller. */
int32_t handle_find(
    uint64_t handle, enum handle_kind kind, cx_runtime **runtime, struct slot **out);

/* As handle_find, and the object isn't destroyed before handle_unpin is called. */
int32_t handle_pin(uint64_t handle, enum handle_kind kind, cx_runtime **runtime, struct slot **out);
void handle_unpin(cx_runtime *runtime, uint64_t handle, struct slot *slot);

/* Ends the handle's life: CX_OK for one caller, CX_STALE for all others. The object is destroyed
 * once nobody has it pinned any more. */
int32_t handle_end(cx_runtime *runtime, uint64_t handle, struct slot *slot);

#endif
