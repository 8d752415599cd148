/*
 * globals.c - the base layer: values that all threads of a runtime see below their stacks.
 *
 * It is a shared map, made when the first value is set. Since it lies below every stack, a value in
 * it can change only what a lookup answers that finds nothing else; so the caches of the threads
 * know nothing of it, and a change is seen by every lookup that begins after it, with no cache line
 * to invalidate. Snapshots are of stacks, hence have no part of it; a lookup in one goes on here.
 */
#include "globals.h"

#include "atomics.h"
#include "runtime.h"
#include "shared_hamt.h"
#include "var.h"

int32_t globals_lookup(cx_runtime *runtime, uint64_t id, uint64_t *value) {
  cx_shared *map = atomics_load_pointer_acquire(&runtime->globals);
  return map == NULL ? CX_ABSENT : cx_shared_get(map, NULL, id, value);
}

static void globals_free_map(cx_shared *map) {
  map->owned = 0;
  (void)cx_shared_free(map);
}

bool globals_in_use(cx_runtime *runtime) {
  cx_shared *map = atomics_load_pointer_acquire(&runtime->globals);
  return map != NULL && reclaim_in_use(&map->domain);
}

void globals_free(cx_runtime *runtime) {
  cx_shared *map = atomics_load_pointer_acquire(&runtime->globals);
  if (map != NULL) {
    globals_free_map(map);
  }
}

/* *out = the map, made if need be. */
static int32_t globals_map(cx_runtime *runtime, cx_shared **out) {
  *out = atomics_load_pointer_acquire(&runtime->globals);
  if (*out != NULL) {
    return CX_OK;
  }
  cx_shared *map;
  int32_t status = cx_shared_new(&map);
  if (status != CX_OK) {
    return status;
  }
  map->owned = 1;
  if (!atomics_cas_pointer_acq_rel(&runtime->globals, NULL, map)) {
    globals_free_map(map); /* another thread was first */
  }
  *out = atomics_load_pointer_acquire(&runtime->globals);
  return CX_OK;
}

static int32_t globals_check(const cx_runtime *runtime, const cx_var *var) {
  int32_t status = handle_check_runtime(runtime);
  return status == CX_OK && !var_usable(runtime, var) ? CX_INVALID : status;
}

int32_t cx_var_set_global(cx_runtime *runtime, const cx_var *var, uint64_t value) {
  int32_t status = globals_check(runtime, var);
  cx_shared *map;
  if (status == CX_OK) {
    status = globals_map(runtime, &map);
  }
  if (status == CX_OK) {
    status = cx_shared_put(map, NULL, var->id, value, NULL);
  }
  return status == CX_ABSENT ? CX_OK : status;
}

int32_t cx_var_delete_global(cx_runtime *runtime, const cx_var *var) {
  int32_t status = globals_check(runtime, var);
  if (status != CX_OK) {
    return status;
  }
  cx_shared *map = atomics_load_pointer_acquire(&runtime->globals);
  return map == NULL ? CX_ABSENT : cx_shared_remove(map, NULL, var->id, NULL);
}

int32_t cx_var_lookup_global(cx_runtime *runtime, const cx_var *var, uint64_t *value) {
  int32_t status = globals_check(runtime, var);
  if (status == CX_OK && !bits_aligned(value)) {
    status = CX_INVALID;
  }
  return status == CX_OK ? globals_lookup(runtime, var->id, value) : status;
}

int32_t cx_runtime_globals(cx_runtime *runtime, cx_shared **out) {
  int32_t status = handle_check_runtime(runtime);
  if (status == CX_OK && !bits_writable(out)) {
    status = CX_INVALID;
  }
  return status == CX_OK ? globals_map(runtime, out) : status;
}
