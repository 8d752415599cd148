/*
 * memory.h - memory for what is made and freed often: neither zeroed nor aligned to a cache line,
 * as that of cx_memory_alloc is.
 */
#ifndef CX_MEMORY_H
#define CX_MEMORY_H

#include "contexture.h"

/* `bytes` bytes, a multiple of 8, at an 8-byte boundary, or NULL. */
void *memory_take(uint64_t bytes);

/* Frees what memory_take returned; NULL is a no-op. */
void memory_give(void *memory);

#endif
