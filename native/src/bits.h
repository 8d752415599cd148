/*
 * bits.h - arithmetic on slot sets, alignment, words that hold addresses.
 */
#ifndef CX_BITS_H
#define CX_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number of bits set. Without an instruction for it in the baseline of the target, the builtin is a
 * call into the compiler's library; the sum by halves is shorter than that. */
static inline uint32_t bits_count(uint32_t set) {
#if defined(__x86_64__) && !defined(__POPCNT__)
  set -= (set >> 1) & 0x55555555u;
  set = (set & 0x33333333u) + ((set >> 2) & 0x33333333u);
  set = (set + (set >> 4)) & 0x0f0f0f0fu;
  return (set * 0x01010101u) >> 24;
#else
  return (uint32_t)__builtin_popcount(set);
#endif
}

/* 2 * bits_count(twice) + bits_count(once), which is how far a node's words reach: both counts in
 * one sum by halves, weighted by the multiplication that adds up its bytes. */
static inline uint32_t bits_weigh(uint32_t twice, uint32_t once) {
#if defined(__x86_64__) && !defined(__POPCNT__)
  uint64_t sets = (uint64_t)once << 32 | twice;
  sets -= (sets >> 1) & UINT64_C(0x5555555555555555);
  sets = (sets & UINT64_C(0x3333333333333333)) + ((sets >> 2) & UINT64_C(0x3333333333333333));
  sets = (sets + (sets >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return (uint32_t)((sets * UINT64_C(0x0202020201010101)) >> 56);
#else
  return 2 * bits_count(twice) + bits_count(once);
#endif
}

/* The lowest bit set, as a set of one. */
static inline uint32_t bits_lowest(uint32_t set) {
  return set & (0u - set);
}

/* The number of the lowest bit; the set isn't empty. */
static inline uint32_t bits_lowest_index(uint32_t set) {
  return (uint32_t)__builtin_ctz(set);
}

/* Members of `set` below the one in `bit`, which is where `bit` stands in the packed array. */
static inline uint32_t bits_rank(uint32_t set, uint32_t bit) {
  return bits_count(set & (bit - 1));
}

/* The address in a word that held one, bits that mark it taken off before. */
static inline void *bits_pointer(uint64_t word) {
  return (void *)(uintptr_t)word; /* NOLINT(performance-no-int-to-ptr) */
}

static inline bool bits_aligned(const void *pointer) {
  return ((uintptr_t)pointer & 7) == 0;
}

/* Whether a result of 8 bytes can be written there, as far as the address tells. */
static inline bool bits_writable(const void *pointer) {
  return pointer != NULL && bits_aligned(pointer);
}

#endif
