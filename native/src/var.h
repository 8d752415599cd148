/*
 * var.h - the check of a variable that comes in from outside.
 */
#ifndef CX_VAR_H
#define CX_VAR_H

#include <stdbool.h>
#include <stddef.h>

#include "atomics.h"
#include "bits.h"
#include "runtime.h"

/* Whether it can be a variable of this runtime, as far as its numbers tell. */
static inline bool var_usable(const cx_runtime *runtime, const cx_var *var) {
  return var != NULL && bits_aligned(var) && var->id != 0 && var->version != 0 &&
         var->id < atomics_load_relaxed(&runtime->next);
}

#endif
