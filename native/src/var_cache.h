/*
 * var_cache.h - a thread's lookup cache: one line per variable version, direct mapped.
 *
 * A line is right while its two versions match (C2): var_version names the variable and one
 * version of it, stack_version one state of this thread's stack. Both are drawn from counters
 * that never repeat, so a line needn't be cleared when the stack changes, and is right again once
 * a pop restores the state it was filled in.
 */
#ifndef CX_VAR_CACHE_H
#define CX_VAR_CACHE_H

#include <stddef.h>

#include "contexture.h"

/* The line where this version of a variable belongs, or NULL if the thread has no cache. */
static inline cx_cache_entry *var_cache_line(const cx_record *thread, uint64_t var_version) {
  return thread->cache == NULL ? NULL : &thread->cache[var_version & thread->cache_mask];
}

/* The line if it holds what a lookup would find now, else NULL. */
static inline const cx_cache_entry *var_cache_hit(const cx_record *thread, uint64_t var_version) {
  const cx_cache_entry *line = var_cache_line(thread, var_version);
  return line != NULL && line->var_version == var_version &&
                 line->stack_version == thread->stack_version
             ? line
             : NULL;
}

/* Records what a lookup found; `hops` is -1 for "nowhere". */
static inline void var_cache_fill(
    cx_record *thread, uint64_t var_version, uint64_t word, int64_t hops) {
  cx_cache_entry *line = var_cache_line(thread, var_version);
  if (line != NULL) {
    *line = (cx_cache_entry){var_version, thread->stack_version, word, hops};
  }
}

/* Empties the variable's line, if it has that line. */
static inline void var_cache_forget(cx_record *thread, uint64_t var_version) {
  cx_cache_entry *line = var_cache_line(thread, var_version);
  if (line != NULL && line->var_version == var_version) {
    line->var_version = 0;
  }
}

#endif
