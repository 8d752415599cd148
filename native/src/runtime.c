/*
 * runtime.c - makes and frees runtimes, and gives out ids and versions, none of them twice.
 */
#include "runtime.h"

#include <stddef.h>

#include "atomics.h"
#include "bits.h"
#include "globals.h"

int32_t cx_runtime_new(cx_runtime **out) {
  if (!bits_writable(out)) {
    return CX_INVALID;
  }
  cx_runtime *runtime = cx_memory_alloc(sizeof *runtime);
  if (runtime == NULL) {
    return CX_NO_MEMORY;
  }
  runtime->next = 1;
  int32_t status = handle_register(runtime);
  if (status != CX_OK) {
    cx_memory_free(runtime);
    return status;
  }
  *out = runtime;
  return CX_OK;
}

int32_t cx_runtime_free(cx_runtime *runtime) {
  if (runtime == NULL) {
    return CX_OK;
  }
  if (handle_check_runtime(runtime) != CX_OK) {
    return CX_BAD_HANDLE;
  }
  if (globals_in_use(runtime)) {
    return CX_IN_USE;
  }
  handle_unregister(runtime);
  globals_free(runtime);
  cx_memory_free(runtime);
  return CX_OK;
}

/* A bare fetch-and-add could run past the limit, and in the end wrap, when callers that are told
 * "exhausted" keep calling; so the limit is part of the exchange, and `next` never beyond it. */
int32_t cx_runtime_reserve(cx_runtime *runtime, uint64_t count, uint64_t *first) {
  if (runtime == NULL || !bits_aligned(runtime) || !bits_writable(first) || count == 0) {
    return CX_INVALID;
  }
  uint64_t next = atomics_load_relaxed(&runtime->next);
  do {
    if (count > RUNTIME_LIMIT - next) {
      return CX_EXHAUSTED;
    }
  } while (!atomics_cas_relaxed(&runtime->next, &next, next + count));
  *first = next;
  return CX_OK;
}
