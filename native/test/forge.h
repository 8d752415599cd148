/*
 * forge.h - a map that claims to be as large as a map can get, which no test could fill.
 */
#ifndef CX_FORGE_H
#define CX_FORGE_H

#include "check.h"
#include "hamt.h"

#define FORGE_KEYS 40

/* A trie of the keys 0 to FORGE_KEYS - 1, each bound to itself, that says it has `count` entries.
 */
static inline const cx_hamt *forge_map(uint64_t count, struct arena *arena) {
  const cx_hamt *map = NULL;
  for (uint64_t key = 0; key < FORGE_KEYS; key++) {
    CHECK_STATUS(CX_OK, cx_hamt_assoc(map, key, key, &arena->space, &map));
  }
  CHECK(hamt_is_tree(map));
  ((struct hamt_tree *)(void *)(cx_hamt *)map)->count = count;
  CHECK_EQUAL(count, cx_hamt_size(map));
  return map;
}

#endif
