/*
 * hamt_build.h - how the blocks of a map are made: what assoc, dissoc and merge are built from.
 * hamt.c opens with the description of the shape.
 */
#ifndef CX_HAMT_BUILD_H
#define CX_HAMT_BUILD_H

#include "hamt.h"

/* What every step of building a map needs. */
struct edit {
  cx_space *space;
  uint32_t raw;   /* HAMT_TAG_RAW or 0: how the map hashes, part of every tag it writes */
  uint64_t count; /* entries of the map being built; right by the time its root is made */
};

struct entry {
  uint64_t hash;
  uint64_t key;
  uint64_t value;
};

enum slot_kind { SLOT_EMPTY, SLOT_ENTRY, SLOT_CHILD };

/* The contents of one slot, unpacked. */
struct slot {
  enum slot_kind kind;
  const void *child; /* of SLOT_CHILD */
  uint64_t key;      /* of SLOT_ENTRY, and the value too */
  uint64_t value;
};

static inline struct slot slot_empty(void) {
  return (struct slot){.kind = SLOT_EMPTY};
}

static inline struct slot slot_entry(uint64_t key, uint64_t value) {
  return (struct slot){.kind = SLOT_ENTRY, .key = key, .value = value};
}

static inline struct slot slot_child(const void *child) {
  return (struct slot){.kind = SLOT_CHILD, .child = child};
}

static inline bool slot_equal(const struct slot *a, const struct slot *b) {
  return a->kind == b->kind && a->child == b->child && a->key == b->key && a->value == b->value;
}

/* Whether `map` may be built upon. A flat map that is too long isn't one of ours. */
static inline bool hamt_usable(const cx_hamt *map) {
  return map == NULL || (hamt_valid(map) && (hamt_is_tree(map) || map->count <= CX_FLAT_LIMIT));
}

/* ------------------------------------------------------------------------ sorted blocks -- */

/* How many keys of the block are less than `key`: where it is, or where it would go. Counting all
 * of them has no branch to mispredict and no load that waits for another, and at 32 keys and fewer
 * that beats halving the range. */
static inline uint32_t block_position(const cx_hamt *block, uint64_t key) {
  const uint64_t *words = hamt_block_words(block);
  uint32_t position = 0;
#pragma GCC unroll 4
  for (uint32_t i = 0, count = block->count; i < count; i++) {
    position += words[i] < key;
  }
  return position;
}

static inline bool block_has(const cx_hamt *block, uint32_t position, uint64_t key) {
  return position < block->count && hamt_block_key(block, position) == key;
}

static inline uint64_t *block_words(cx_hamt *block) {
  return ((struct hamt_block *)(void *)block)->words;
}

static inline void block_set(cx_hamt *block, uint32_t i, uint64_t key, uint64_t value) {
  uint64_t *words = block_words(block);
  words[i] = key;
  words[(uint64_t)block->count + i] = value;
}

/* A block with its header in place, or NULL for want of space, as below. `kind` is 0 or
 * HAMT_TAG_COLLISION. */
cx_hamt *block_new(struct edit *edit, uint32_t kind, uint32_t count);

/* The block of these entries, which come sorted by key. */
const cx_hamt *block_from_entries(
    struct edit *edit, uint32_t kind, const struct entry *entries, uint32_t count);

/* `block`, which may be NULL for an empty one, with the entry at `position`. */
const cx_hamt *block_insert(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position, uint64_t key,
    uint64_t value);

/* `block` with another value at `position`. */
const cx_hamt *block_replace(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position, uint64_t value);

/* `block` without the entry at `position`. */
const cx_hamt *block_remove(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position);

/* Unpacks a flat map. */
static inline uint32_t block_entries(const cx_hamt *block, uint32_t raw, struct entry *out) {
  for (uint32_t i = 0; i < block->count; i++) {
    uint64_t key = hamt_block_key(block, i);
    out[i] = (struct entry){hamt_hash(key, raw), key, hamt_block_value(block, i)};
  }
  return block->count;
}

/* -------------------------------------------------------------------------------- nodes -- */

/* The map whose root this is. */
static inline const cx_hamt *root_map(const struct hamt_node *root) {
  return &((const struct hamt_tree *)(const void *)root - 1)->head;
}

static inline struct slot node_slot(const struct hamt_node *node, uint32_t bit) {
  if (node->data & bit) {
    uint32_t i = bits_rank(node->data, bit);
    return slot_entry(hamt_node_key(node, i), hamt_node_value(node, i));
  }
  if (node->nodes & bit) {
    return slot_child(hamt_node_child(node, bit));
  }
  return slot_empty();
}

/* A node with its sets in place and its words yet to be written, or NULL for want of space, as
 * below. The root has the header of the map before it; its children and edit->count must be done
 * by then. */
struct hamt_node *node_new(struct edit *edit, uint32_t level, uint32_t data, uint32_t nodes);

/* A copy of `node` in which `bit` holds `slot`. Every change of a trie comes down to this. */
struct hamt_node *node_with(
    struct edit *edit, uint32_t level, const struct hamt_node *node, uint32_t bit,
    const struct slot *slot);

/* The subtree at `level` that holds just these two entries, whose keys differ. */
const void *node_pair(
    struct edit *edit, uint32_t level, const struct entry *a, const struct entry *b);

/* What a trie is made of from scratch at most: two flat maps. */
#define HAMT_BUILD_LIMIT (2 * CX_FLAT_LIMIT)

/* The root of a trie of these entries, which come sorted by key. */
const struct hamt_node *trie_from_entries(
    struct edit *edit, const struct entry *entries, uint32_t count);

enum binding { BINDING_REPLACES, BINDING_YIELDS };

/* The subtree `below` at `level` with `entry`; `below` itself if that changes nothing; NULL for
 * want of space. A key that is there already keeps its value if the binding yields. */
const void *node_assoc(
    struct edit *edit, uint32_t level, const void *below, const struct entry *entry,
    enum binding binding);

#endif
