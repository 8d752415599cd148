/*
 * var_cache.c - makes and replaces a thread's lookup cache; var_cache.h has its use.
 */
#include "var_cache.h"

#include "thread_state.h"

#define MAX_ENTRIES 65536u

_Static_assert(sizeof(cx_cache_entry) == 32, "cache layout");
_Static_assert(offsetof(cx_cache_entry, var_version) == 0, "cache layout");
_Static_assert(offsetof(cx_cache_entry, stack_version) == 8, "cache layout");
_Static_assert(offsetof(cx_cache_entry, word) == 16, "cache layout");
_Static_assert(offsetof(cx_cache_entry, hops) == 24, "cache layout");

int32_t cx_record_set_cache(cx_record *thread, uint64_t entries) {
  if (entries == 0 || entries > MAX_ENTRIES || (entries & (entries - 1)) != 0) {
    return CX_INVALID;
  }
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  cx_cache_entry *cache = cx_memory_alloc(entries * sizeof *cache);
  if (cache == NULL) {
    return CX_NO_MEMORY;
  }
  cx_memory_free(thread->cache);
  thread->cache = cache;
  thread->cache_mask = entries - 1;
  return CX_OK;
}
