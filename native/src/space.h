/*
 * space.h - bump allocation from the region a caller handed in.
 */
#ifndef CX_SPACE_H
#define CX_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.h"
#include "contexture.h"

static inline bool space_valid(const cx_space *space) {
  return space != NULL && bits_aligned(space) && bits_aligned(space->next) &&
         bits_aligned(space->end) && space->next <= space->end;
}

/* `bytes` bytes, a multiple of 8, or NULL if they aren't there. */
static inline void *space_take(cx_space *space, uint64_t bytes) {
  if (bytes > (uint64_t)(space->end - space->next)) {
    return NULL;
  }
  void *block = space->next;
  space->next += bytes;
  return block;
}

#endif
