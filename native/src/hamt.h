/*
 * hamt.h - the blocks a map is made of, for the files that look inside. hamt.c opens with the
 * description of the shape.
 */
#ifndef CX_HAMT_H
#define CX_HAMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.h"
#include "contexture.h"

#define HAMT_SLOT_BITS 5u
#define HAMT_SLOTS 32u
#define HAMT_LEVELS 13u          /* of nodes; collisions lie below the last */
#define HAMT_COLLISION_LIMIT 16u /* distinct keys with one hash: the test hook drops 4 bits */

/* Entries of a map at most. As many as a Java int counts; and far from where the arithmetic on
 * sizes in bytes, up to 120 an entry, could overflow. */
#define HAMT_MAX_ENTRIES UINT64_C(0x7fffffff)

/* The first word of a map's block. Every other bit is a fixed pattern, so that memory that was
 * never a map, or was poisoned after its release, is told from one with a single comparison. */
#define HAMT_TAG_MAGIC 0x48c5a7e0u
#define HAMT_TAG_TREE 1u      /* else one block of entries */
#define HAMT_TAG_RAW 2u       /* hashes with the test hook */
#define HAMT_TAG_COLLISION 4u /* a block inside a trie, never a map of its own */

/* What a map's block starts with, whichever kind it is; `tag` tells which. */
struct cx_hamt {
  uint32_t tag;
  uint32_t count; /* entries of a block; 0 in the header of a trie */
};

/*
 * A block of entries sorted by unsigned key. As a map it is "flat"; below level 12 of a trie it
 * is a collision.
 *
 *      0  tag
 *      4  count
 *      8  keys    [count]
 *         values  [count]
 */
struct hamt_block {
  cx_hamt head;
  uint64_t words[];
};

/*
 * The header of a trie. The root node follows it immediately.
 *
 *      0  tag
 *      4  0
 *      8  count     entries of the whole map
 *     16  root      struct hamt_node
 */
struct hamt_tree {
  cx_hamt head;
  uint64_t count;
};

union hamt_word {
  uint64_t number;
  const void *child; /* a hamt_node, or below level 12 a block of entries */
};

/*
 * A node of the trie.
 *
 *      0  data      set of slots that hold one entry
 *      4  nodes     set of slots that hold a child
 *      8  words     key, value of each member of data, ascending
 *                   then the child of each member of nodes, ascending
 */
struct hamt_node {
  uint32_t data;
  uint32_t nodes;
  union hamt_word words[];
};

_Static_assert(sizeof(void *) == 8, "a word holds a pointer");
_Static_assert(sizeof(cx_hamt) == 8, "block layout");
_Static_assert(offsetof(struct hamt_block, words) == 8, "block layout");
_Static_assert(sizeof(struct hamt_tree) == 16, "tree layout");
_Static_assert(offsetof(struct hamt_tree, count) == 8, "tree layout");
_Static_assert(offsetof(struct hamt_node, words) == 8, "node layout");
_Static_assert(sizeof(union hamt_word) == 8, "node layout");

/* Whether `map` can be one, as far as its first word tells. */
static inline bool hamt_valid(const cx_hamt *map) {
  return map == NULL ||
         (bits_aligned(map) && (map->tag & ~(HAMT_TAG_TREE | HAMT_TAG_RAW)) == HAMT_TAG_MAGIC);
}

static inline bool hamt_is_tree(const cx_hamt *map) {
  return (map->tag & HAMT_TAG_TREE) != 0;
}

/* HAMT_TAG_RAW or 0. */
static inline uint32_t hamt_raw(const cx_hamt *map) {
  return map == NULL ? 0 : map->tag & HAMT_TAG_RAW;
}

static inline const struct hamt_tree *hamt_tree(const cx_hamt *map) {
  return (const struct hamt_tree *)(const void *)map;
}

static inline const struct hamt_node *hamt_root(const cx_hamt *map) {
  return (const struct hamt_node *)(const void *)(hamt_tree(map) + 1);
}

/* The keys of a block, then its values. */
static inline const uint64_t *hamt_block_words(const cx_hamt *block) {
  return ((const struct hamt_block *)(const void *)block)->words;
}

static inline uint64_t hamt_block_key(const cx_hamt *block, uint32_t i) {
  return hamt_block_words(block)[i];
}

static inline uint64_t hamt_block_value(const cx_hamt *block, uint32_t i) {
  return hamt_block_words(block)[(uint64_t)block->count + i];
}

/* Key and value of the i-th member of node->data. */
static inline uint64_t hamt_node_key(const struct hamt_node *node, uint32_t i) {
  return node->words[2 * (size_t)i].number;
}

static inline uint64_t hamt_node_value(const struct hamt_node *node, uint32_t i) {
  return node->words[2 * (size_t)i + 1].number;
}

/* The words of a node with these sets. */
static inline size_t hamt_node_words(uint32_t data, uint32_t nodes) {
  return bits_weigh(data, nodes);
}

/* What `bit`, a member of node->nodes, leads to: a node or, on the last level, a collision. */
static inline const void *hamt_node_child(const struct hamt_node *node, uint32_t bit) {
  return node->words[hamt_node_words(node->data, node->nodes & (bit - 1))].child;
}

/* Stafford's "Mix13" finaliser: a bijection, frozen. */
static inline uint64_t hamt_mix(uint64_t key) {
  key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
  return key ^ (key >> 31);
}

/* What places `key` in the trie: the mix, or in its place the test hook. */
static inline uint64_t hamt_hash(uint64_t key, uint32_t raw) {
  return raw != 0 ? key >> 4 : hamt_mix(key);
}

static inline uint32_t hamt_slot(uint64_t hash, uint32_t level) {
  return (uint32_t)(hash >> (HAMT_SLOT_BITS * level)) & (HAMT_SLOTS - 1);
}

/* cx_hamt_get for the other files: `map` is valid, `value` isn't NULL. */
bool hamt_lookup(const cx_hamt *map, uint64_t key, uint64_t *value);

/* cx_hamt_size of a valid map. */
static inline uint64_t hamt_count(const cx_hamt *map) {
  return map == NULL ? 0 : hamt_is_tree(map) ? hamt_tree(map)->count : map->count;
}

#endif
