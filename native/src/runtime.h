/*
 * runtime.h - what a runtime is made of: the counter behind all ids and versions, its handles and
 *             its base layer.
 */
#ifndef CX_RUNTIME_H
#define CX_RUNTIME_H

#include "contexture.h"
#include "handle.h"

/* No number from here on is given out: 2^32 are left unused, as cx_runtime_reserve promises. */
#define RUNTIME_LIMIT (UINT64_MAX - (UINT64_C(1) << 32))

struct cx_runtime {
  uint64_t next; /* the lowest number nobody has; starts at 1, so that 0 can mean "none" */
  struct handles handles;
  void *globals; /* O24: the cx_shared of the base layer; NULL until it is needed */
};

#endif
