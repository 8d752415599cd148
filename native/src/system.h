/*
 * system.h - what depends on the operating system; nothing else in native/src asks which one it is.
 *
 *   system_alloc, system_free     Linux, macOS: C11's aligned_alloc, free; Windows: its own pair
 *   SYSTEM_LINE                   the processors' cache lines
 *   system_barrier_*              Linux: membarrier; elsewhere they say that there is none, and
 *                                 readers of a shared map use a fence each
 *
 * Compilers: gcc and clang, for their atomic builtins.
 */
#ifndef CX_SYSTEM_H
#define CX_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* A function that is not called on a fast path: it stays out of the code of its callers. */
#define SYSTEM_COLD __attribute__((noinline, cold))

/* ------------------------------------------------------------------------------- memory -- */

/* Bytes that caches pass to each other at once, at most: what different threads write is as far
 * apart. Some processors for AArch64 have lines of 128 bytes. */
#if defined(__aarch64__) || defined(__APPLE__)
#define SYSTEM_LINE 128
#else
#define SYSTEM_LINE 64
#endif

#if defined(_WIN32)

#include <malloc.h>

static inline void *system_alloc(size_t alignment, size_t bytes) {
  return _aligned_malloc(bytes, alignment);
}

static inline void system_free(void *memory) {
  _aligned_free(memory);
}

#else

/* `alignment` is a power of two, `bytes` a multiple of it. NULL if there isn't that much. */
static inline void *system_alloc(size_t alignment, size_t bytes) {
  return aligned_alloc(alignment, bytes);
}

static inline void system_free(void *memory) {
  free(memory);
}

#endif

/* ------------------------------------------------------------------------------- fences -- */

/* TSan knows nothing of membarrier. */
#if defined(__SANITIZE_THREAD__)
#define SYSTEM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SYSTEM_TSAN 1
#endif
#endif

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#if defined(SYS_membarrier) && !defined(SYSTEM_TSAN)

/* Of linux/membarrier.h, which not every C library comes with. */
#define SYSTEM_MEMBARRIER 8
#define SYSTEM_MEMBARRIER_REGISTER 16

/* In unistd.h it is an extension of C11. */
long syscall(long number, ...);

/* Whether system_barrier will work from now on. */
static inline bool system_barrier_register(void) {
  return syscall(SYS_membarrier, SYSTEM_MEMBARRIER_REGISTER, 0, 0) == 0;
}

/* A fence in every running thread of the process. A child after a fork may have to register. */
static inline bool system_barrier(void) {
  return syscall(SYS_membarrier, SYSTEM_MEMBARRIER, 0, 0) == 0 ||
         (system_barrier_register() && syscall(SYS_membarrier, SYSTEM_MEMBARRIER, 0, 0) == 0);
}

#else

static inline bool system_barrier_register(void) {
  return false;
}

static inline bool system_barrier(void) {
  return false;
}

#endif

#endif
