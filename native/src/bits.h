/*
 * bits.h - arithmetic on slot sets, alignment, words that hold addresses.
 */
#ifndef CX_BITS_H
#define CX_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number of bits set, by halves: for processors without an instruction. */
static inline uint32_t bits_count_by_halves(uint32_t set) {
  set -= (set >> 1) & 0x55555555u;
  set = (set & 0x33333333u) + ((set >> 2) & 0x33333333u);
  set = (set + (set >> 4)) & 0x0f0f0f0fu;
  return (set * 0x01010101u) >> 24;
}

/* bits_weigh by halves: both counts in one sum, weighted by the multiplication that adds up its
 * bytes. */
static inline uint32_t bits_weigh_by_halves(uint32_t twice, uint32_t once) {
  uint64_t sets = (uint64_t)once << 32 | twice;
  sets -= (sets >> 1) & UINT64_C(0x5555555555555555);
  sets = (sets & UINT64_C(0x3333333333333333)) + ((sets >> 2) & UINT64_C(0x3333333333333333));
  sets = (sets + (sets >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return (uint32_t)((sets * UINT64_C(0x0202020201010101)) >> 56);
}

#if defined(__x86_64__) && !defined(__POPCNT__)
/* The baseline of x86-64 has no instruction that counts bits, nearly every processor has one. To
 * ask each time is one load that nothing waits for and a branch that always goes the same way. */
static inline bool bits_can_count(void) {
  return __builtin_cpu_supports("popcnt") != 0;
}

static inline uint32_t bits_popcount(uint32_t set) {
  __asm__("popcnt %1, %0" : "=r"(set) : "rm"(set) : "cc");
  return set;
}
#else
static inline bool bits_can_count(void) {
  return true;
}

static inline uint32_t bits_popcount(uint32_t set) {
  return (uint32_t)__builtin_popcount(set);
}
#endif

/* Number of bits set. */
static inline uint32_t bits_count(uint32_t set) {
  return bits_can_count() ? bits_popcount(set) : bits_count_by_halves(set);
}

/* 2 * bits_count(twice) + bits_count(once), which is how far a node's words reach. */
static inline uint32_t bits_weigh(uint32_t twice, uint32_t once) {
  return bits_can_count() ? 2 * bits_popcount(twice) + bits_popcount(once)
                          : bits_weigh_by_halves(twice, once);
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
