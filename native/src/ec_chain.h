/*
 * ec_chain.h - the chain walk that both a chain's and a thread's lookup share.
 */
#ifndef CX_EC_CHAIN_H
#define CX_EC_CHAIN_H

#include "bits.h"
#include "hamt.h"

/* The chain, as far as an address tells. */
static inline bool ec_valid(const cx_link *ec) {
  return bits_aligned(ec);
}

/* The 1-based number of the topmost link that has `id`, with its value in *value, or 0. */
static inline int64_t ec_lookup(const cx_link *ec, uint64_t id, uint64_t *value) {
  for (int64_t link = 1; ec != NULL; ec = ec->below, link++) {
    if (hamt_lookup(ec->map, id, value)) {
      return link;
    }
  }
  return 0;
}

#endif
