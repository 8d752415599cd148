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

#define SPACE_LINE 64u
#define SPACE_AHEAD_MAX 1024u

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

/* Has the memory fetched that the next change of a map will write to, if it takes as much as the
 * one did that began at `before`. Fresh memory is in no cache, and without this every change would
 * wait for it, at the next atomic operation at the latest. */
__attribute__((always_inline)) static inline void space_fetch_ahead(
    const cx_space *space, const uint8_t *before) {
  uint64_t room = (uint64_t)(space->end - space->next);
  uint64_t taken = (uint64_t)(space->next - before);
  uint64_t ahead = taken < SPACE_AHEAD_MAX ? taken : SPACE_AHEAD_MAX;
  for (uint64_t at = 0, end = ahead < room ? ahead : room; at < end; at += SPACE_LINE) {
    __builtin_prefetch(space->next + at, 1);
  }
}

#endif
