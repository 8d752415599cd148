/*
 * memory.c - the only place that calls the C library's allocator.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define ALIGNMENT 64u

void *cx_memory_alloc(uint64_t bytes) {
  if (bytes > (uint64_t)PTRDIFF_MAX - ALIGNMENT) {
    return NULL;
  }
  /* aligned_alloc wants a multiple of the alignment; 0 bytes still get an address of their own. */
  size_t rounded = ((size_t)bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (rounded == 0) {
    rounded = ALIGNMENT;
  }
  void *memory = aligned_alloc(ALIGNMENT, rounded);
  if (memory != NULL) {
    memset(memory, 0, rounded);
  }
  return memory;
}

/* Plain free(): what outlives this library is given back by its user with that (Java: Ledger). */
void cx_memory_free(void *memory) {
  free(memory);
}

void *memory_take(uint64_t bytes) {
  return bytes > PTRDIFF_MAX ? NULL : aligned_alloc(8, (size_t)bytes);
}

void memory_give(void *memory) {
  free(memory);
}
