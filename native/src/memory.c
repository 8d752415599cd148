/*
 * memory.c - the only place that calls the C library's allocator.
 */
#include <string.h>

#include "memory.h"
#include "system.h"

#define ALIGNMENT ((uint64_t)SYSTEM_LINE)

void *cx_memory_alloc(uint64_t bytes) {
  if (bytes > (uint64_t)PTRDIFF_MAX - ALIGNMENT) {
    return NULL;
  }
  /* system_alloc wants a multiple of the alignment; 0 bytes still get an address of their own. */
  size_t rounded = ((size_t)bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (rounded == 0) {
    rounded = ALIGNMENT;
  }
  void *memory = system_alloc(ALIGNMENT, rounded);
  if (memory != NULL) {
    memset(memory, 0, rounded);
  }
  return memory;
}

/* Where there is a plain free(), it is that: what outlives this library is given back by its user
 * with it (Java: Ledger). */
void cx_memory_free(void *memory) {
  system_free(memory);
}

void *memory_take(uint64_t bytes) {
  return bytes > PTRDIFF_MAX ? NULL : system_alloc(8, (size_t)bytes);
}

void memory_give(void *memory) {
  system_free(memory);
}
