/*
 * faulty.h - puts allocations that can be refused in place of the real ones. The compiler includes
 * it before every source of the library that the tests named *_faults are linked with (-include);
 * the sources themselves know nothing of it.
 */
#ifndef CX_FAULTY_H
#define CX_FAULTY_H

#include <stdlib.h>

#include "space.h"

/* Whether this allocation is the one to refuse. */
bool faulty_refuses_space(const cx_space *space);

void *faulty_aligned_alloc(size_t alignment, size_t bytes);
void faulty_free(void *memory);

static inline void *faulty_space_take(cx_space *space, uint64_t bytes) {
  return faulty_refuses_space(space) ? NULL : space_take(space, bytes);
}

#define space_take faulty_space_take
#define aligned_alloc faulty_aligned_alloc
#define free faulty_free

/* memory.c alone allocates, and with aligned_alloc. */
#define malloc library_code_takes_memory_from_cx_memory_alloc
#define calloc library_code_takes_memory_from_cx_memory_alloc
#define realloc library_code_takes_memory_from_cx_memory_alloc

#endif
