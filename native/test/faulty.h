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
void *faulty_malloc(size_t bytes);
void faulty_free(void *memory);

static inline void *faulty_space_take(cx_space *space, uint64_t bytes) {
  return faulty_refuses_space(space) ? NULL : space_take(space, bytes);
}

#define space_take faulty_space_take
#define aligned_alloc faulty_aligned_alloc
#define malloc faulty_malloc
#define free faulty_free

/* Nothing of the library's calls these, so there is nothing to put in their place. */
#define calloc calloc_has_no_twin_in_faulty_h
#define realloc realloc_has_no_twin_in_faulty_h

#endif
