/*
 * globals.h - the base layer: what a lookup consults that finds nothing on the thread's stack.
 */
#ifndef CX_GLOBALS_H
#define CX_GLOBALS_H

#include <stdbool.h>

#include "contexture.h"

/* CX_OK and *value, which may be NULL, or CX_ABSENT. Any thread, wait-free. */
int32_t globals_lookup(cx_runtime *runtime, uint64_t id, uint64_t *value);

/* Whether readers or snapshots of the layer's map are left. */
bool globals_in_use(cx_runtime *runtime);

/* Frees the layer, which isn't in use. Nobody else uses the runtime. */
void globals_free(cx_runtime *runtime);

#endif
