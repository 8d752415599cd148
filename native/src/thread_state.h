/*
 * thread_state.h - checks of a thread state that the files around it share.
 */
#ifndef CX_THREAD_STATE_H
#define CX_THREAD_STATE_H

#include <stddef.h>

#include "bits.h"
#include "contexture.h"

/* CX_INVALID or CX_STALE for what isn't a living thread state, as far as that can be seen. */
static inline int32_t thread_check(const cx_record *thread) {
  if (thread == NULL || !bits_aligned(thread)) {
    return CX_INVALID;
  }
  return thread->unique_id == 0 ? CX_STALE : CX_OK;
}

#endif
