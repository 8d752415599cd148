/*
 * var.c - variables: identity (V1), and lookup, set and delete in a thread's context (V2-V5).
 */
#include "bits.h"
#include "hamt.h"
#include "handle.h"
#include "thread_state.h"
#include "var_cache.h"

_Static_assert(sizeof(cx_var) == 16, "variable layout");
_Static_assert(offsetof(cx_var, id) == 0, "variable layout");
_Static_assert(offsetof(cx_var, version) == 8, "variable layout");

static bool var_valid(const cx_var *var) {
  return var != NULL && bits_aligned(var) && var->version != 0;
}

int32_t cx_var_new(cx_runtime *runtime, cx_var *out) {
  uint64_t number;
  int32_t status = handle_check_runtime(runtime);
  if (status != CX_OK) {
    return status;
  }
  status = bits_writable(out) ? cx_runtime_reserve(runtime, 1, &number) : CX_INVALID;
  if (status == CX_OK) {
    *out = (cx_var){number, number};
  }
  return status;
}

int32_t cx_var_touch(cx_runtime *runtime, cx_var *var) {
  return var_valid(var) ? cx_runtime_reserve(runtime, 1, &var->version) : CX_INVALID;
}

int32_t cx_record_lookup(cx_record *thread, const cx_var *var, uint64_t *value) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (!var_valid(var)) {
    return CX_INVALID;
  }
  const cx_cache_entry *line = var_cache_hit(thread, var->version);
  if (line == NULL) {
    return cx_record_find(thread, var->id, var->version, value) < 0 ? CX_ABSENT : CX_OK;
  }
  if (line->hops < 0) {
    return CX_ABSENT;
  }
  if (value != NULL) {
    *value = line->word;
  }
  return CX_OK;
}

int32_t cx_record_lookup_topmost(const cx_record *thread, const cx_var *var, uint64_t *value) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  return var_valid(var) ? cx_hamt_get(thread->top, var->id, value) : CX_INVALID;
}

int32_t cx_record_set(
    cx_runtime *runtime, cx_record *thread, const cx_var *var, uint64_t value, cx_space *space) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (runtime == NULL || !var_valid(var) || space == NULL) {
    return CX_INVALID;
  }
  const cx_hamt *top;
  uint8_t *before = space->next;
  status = cx_hamt_assoc(thread->top, var->id, value, space, &top);
  if (status != CX_OK) {
    return status;
  }
  if (cx_hamt_size(thread->top) == 0) {
    /* An empty LC shares its version with the stack without it, which doesn't change. */
    uint64_t version = cx_record_next_version(runtime, thread);
    if (version == 0) {
      space->next = before;
      return CX_EXHAUSTED;
    }
    thread->stack_version = version;
  }
  thread->top = top;
  var_cache_fill(thread, var->version, value, 0);
  return CX_OK;
}

int32_t cx_record_delete(
    cx_runtime *runtime, cx_record *thread, const cx_var *var, cx_space *space) {
  int32_t status = thread_check(thread);
  if (status != CX_OK) {
    return status;
  }
  if (runtime == NULL || !var_valid(var)) {
    return CX_INVALID;
  }
  const cx_hamt *top;
  status = cx_hamt_dissoc(thread->top, var->id, space, &top);
  if (status != CX_OK) {
    return status;
  }
  if (top == thread->top) {
    return CX_ABSENT;
  }
  thread->top = top;
  var_cache_forget(thread, var->version);
  return CX_OK;
}
