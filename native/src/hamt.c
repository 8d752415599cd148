/*
 * hamt.c - the immutable map: what it looks like, lookup, assoc and dissoc.
 *
 * The idea
 *
 *   A hash array mapped trie (HAMT) consumes the hash of a key five bits at a time. Each group
 *   picks one of 32 slots of a node; a slot is empty, holds one entry, or leads to a child that
 *   looks at the next five bits. Empty slots take no memory: two 32-bit sets say which slots
 *   are in use and the words behind them are packed.
 *
 *   Changing a map copies the nodes on the path from the root to the slot that changes and
 *   shares all others, so that a new version of a large map costs a few hundred bytes and the
 *   old one stays as it was.
 *
 * The split of a hash
 *
 *     bit 63    60 59      55                  10 9       5 4       0
 *        +--------+----------+-- - - - - - - --+----------+---------+
 *        | 4 bits |  5 bits  |                 |  5 bits  | 5 bits  |
 *        +--------+----------+-- - - - - - - --+----------+---------+
 *    level   12        11                           1         0
 *
 *   13 levels use up all 64 bits. The hash is a bijection of the key, so two keys part by
 *   level 12 at the latest. Only the hook for tests, which drops four bits, makes keys collide
 *   fully; such keys share a block below level 12.
 *
 * The blocks
 *
 *   flat map            up to 32 entries, sorted by key
 *     +-----+-------+--------------------+----------------------+
 *     | tag | count | key 0 .. key n - 1 | value 0 .. value n-1 |      the same layout serves
 *     +-----+-------+--------------------+----------------------+      as a collision
 *
 *   trie                the header and the root in one block
 *     +-----+---+-------++------+-------+-----+-------+- - -+-------+- - -+
 *     | tag | 0 | count || data | nodes | key | value |     | child |     |
 *     +-----+---+-------++------+-------+-----+-------+- - -+-------+- - -+
 *
 *   node                entries before children, both by ascending slot
 *                        +------+-------+-----+-------+- - -+-------+- - -+
 *                        | data | nodes | key | value |     | child |     |
 *                        +------+-------+-----+-------+- - -+-------+- - -+
 *
 *   Keeping entries inline and apart from children is the layout of CHAMP: a lookup of an
 *   absent key is mostly decided by the sets alone, and iteration reads memory in order.
 *
 * The canonical shape
 *
 *   Equal contents have equal shape. Three rules see to it: a map is flat exactly when it has at
 *   most 32 entries; a slot leads to a child exactly when two or more entries reach it (so
 *   whatever removes the last but one entry of a child pulls the lone entry up); and blocks are
 *   sorted. Nothing depends on the order in which entries came.
 *
 * Functions per operation
 *
 *   find      hamt_lookup -> block_lookup | node_lookup
 *   assoc     cx_hamt_assoc -> flat_assoc | node_assoc, which goes down one path
 *   dissoc    cx_hamt_dissoc -> flat_dissoc | tree_to_flat | node_dissoc
 *   merge     cx_hamt_merge -> merge_flat | merge_tries, which goes slot by slot (hamt_merge.c)
 *   all       node_with and trie_from_entries, down to node_new and block_new (hamt_build.c)
 *   whole     copy, bytes and iteration are in hamt_walk.c, the dump in dump.c
 *
 * A sample dump: 33 keys under the test hook, of which 0x10 and 0x210 share slot 1 of the root
 *
 *     tree 33 raw
 *       node data=fffffffd nodes=00000002
 *         00 0000000000000000 0000000000000001
 *         01
 *           node data=00000003 nodes=00000000
 *             00 0000000000000010 0000000000000031
 *             01 0000000000000210 0000000000000631
 *         02 0000000000000020 0000000000000061
 *         ...
 *
 * Further reading
 *
 *   P. Bagwell, "Ideal Hash Trees", EPFL, 2001.
 *   M. Steindorfer and J. Vinju, "Optimizing Hash-Array Mapped Tries for Fast and Lean Immutable
 *   JVM Collections", OOPSLA 2015 (CHAMP).
 *   CPython, Python/hamt.c: the map behind contextvars.
 */
#include "hamt.h"

#include <string.h>

#include "hamt_build.h"
#include "space.h"

/* ------------------------------------------------------------------------------- lookup -- */

uint64_t cx_mix(uint64_t key) {
  return hamt_mix(key);
}

uint64_t cx_hamt_size(const cx_hamt *map) {
  return hamt_valid(map) ? hamt_count(map) : 0;
}

static inline bool block_lookup(const cx_hamt *block, uint64_t key, uint64_t *value) {
  uint32_t position = block_position(block, key);
  if (!block_has(block, position, key)) {
    return false;
  }
  *value = hamt_block_value(block, position);
  return true;
}

/* The level on which most entries of a map of `count` lie. There a node has about as many entries
 * as children, and the level above it has full nodes. */
static inline uint32_t mixed_level(uint64_t count) {
  return (64 - (uint32_t)__builtin_clzll(count)) / HAMT_SLOT_BITS - 1;
}

/* Goes down from *node if the slot of *hash holds a child, else stays; which of the two isn't
 * branched on, as it would be guessed wrong half the time on the level that mixes them. */
static inline uint32_t node_step(const struct hamt_node **node, uint64_t *hash) {
  const struct hamt_node *from = *node;
  uint32_t slot = *hash & (HAMT_SLOTS - 1);
  uint32_t down = from->nodes >> slot & 1;
  uintptr_t mask = 0 - (uintptr_t)down;
  size_t at = hamt_node_words(from->data, from->nodes & ((1u << slot) - 1)) & mask;
  uintptr_t stay = (uintptr_t)from;
  uintptr_t child = (uintptr_t)from->words[at].child;
  *node = bits_pointer(stay ^ ((stay ^ child) & mask));
  *hash >>= down * HAMT_SLOT_BITS;
  return down;
}

static inline bool node_lookup(
    const struct hamt_node *node, uint64_t count, uint64_t hash, uint64_t key, uint64_t *value) {
  uint32_t level = 0;
  /* The upper nodes of a large map are full: nothing to count. */
  while (node->nodes == UINT32_MAX) {
    node = node->words[hash & (HAMT_SLOTS - 1)].child;
    hash >>= HAMT_SLOT_BITS;
    level++;
  }
  if (level == mixed_level(count)) {
    level += node_step(&node, &hash);
  }
  for (;;) {
    uint32_t bit = 1u << (hash & (HAMT_SLOTS - 1));
    if (node->data & bit) {
      uint32_t i = bits_rank(node->data, bit);
      if (hamt_node_key(node, i) != key) {
        return false;
      }
      *value = hamt_node_value(node, i);
      return true;
    }
    if (!(node->nodes & bit)) {
      return false;
    }
    const void *child = hamt_node_child(node, bit);
    hash >>= HAMT_SLOT_BITS;
    if (++level == HAMT_LEVELS) {
      return block_lookup(child, key, value);
    }
    node = child;
  }
}

bool hamt_lookup(const cx_hamt *map, uint64_t key, uint64_t *value) {
  if (map == NULL || !hamt_valid(map)) {
    return false;
  }
  if (!hamt_is_tree(map)) {
    return block_lookup(map, key, value);
  }
  return node_lookup(
      hamt_root(map), hamt_tree(map)->count, hamt_hash(key, hamt_raw(map)), key, value);
}

uint64_t cx_hamt_find(const cx_hamt *map, uint64_t key, uint64_t absent) {
  uint64_t value = absent;
  hamt_lookup(map, key, &value);
  return value;
}

int32_t cx_hamt_get(const cx_hamt *map, uint64_t key, uint64_t *value) {
  uint64_t found;
  if (!hamt_lookup(map, key, &found)) {
    return CX_ABSENT;
  }
  if (value != NULL) {
    *value = found;
  }
  return CX_OK;
}

/* -------------------------------------------------------------------------------- assoc -- */

static const cx_hamt *collision_assoc(
    struct edit *edit, const cx_hamt *block, const struct entry *entry, enum binding binding) {
  uint32_t position = block_position(block, entry->key);
  if (!block_has(block, position, entry->key)) {
    edit->count++;
    return block_insert(edit, HAMT_TAG_COLLISION, block, position, entry->key, entry->value);
  }
  if (binding == BINDING_YIELDS || hamt_block_value(block, position) == entry->value) {
    return block;
  }
  return block_replace(edit, HAMT_TAG_COLLISION, block, position, entry->value);
}

const void *node_assoc(
    struct edit *edit, uint32_t level, const void *below, const struct entry *entry,
    enum binding binding) {
  if (level == HAMT_LEVELS) {
    return collision_assoc(edit, below, entry, binding);
  }
  const struct hamt_node *node = below;
  uint32_t bit = 1u << hamt_slot(entry->hash, level);
  struct slot slot = node_slot(node, bit);
  switch (slot.kind) {
  case SLOT_EMPTY:
    edit->count++;
    slot = slot_entry(entry->key, entry->value);
    break;
  case SLOT_ENTRY:
    if (slot.key == entry->key) {
      if (binding == BINDING_YIELDS || slot.value == entry->value) {
        return node;
      }
      slot.value = entry->value;
    } else {
      struct entry other = {hamt_hash(slot.key, edit->raw), slot.key, slot.value};
      edit->count++;
      slot = slot_child(node_pair(edit, level + 1, &other, entry));
    }
    break;
  case SLOT_CHILD: {
    const void *child = node_assoc(edit, level + 1, slot.child, entry, binding);
    if (child == slot.child) {
      return node;
    }
    slot.child = child;
    break;
  }
  }
  if (slot.kind == SLOT_CHILD && slot.child == NULL) {
    return NULL;
  }
  return node_with(edit, level, node, bit, &slot);
}

/* `flat`, which may be NULL, with the entry; a trie if that makes it too long. */
static const cx_hamt *flat_assoc(
    struct edit *edit, const cx_hamt *flat, uint64_t key, uint64_t value) {
  uint32_t position = flat == NULL ? 0 : block_position(flat, key);
  if (flat != NULL && block_has(flat, position, key)) {
    return hamt_block_value(flat, position) == value
               ? flat
               : block_replace(edit, 0, flat, position, value);
  }
  if (flat == NULL || flat->count < CX_FLAT_LIMIT) {
    return block_insert(edit, 0, flat, position, key, value);
  }
  struct entry entries[CX_FLAT_LIMIT + 1];
  uint32_t count = block_entries(flat, edit->raw, entries);
  memmove(entries + position + 1, entries + position, (count - position) * sizeof *entries);
  entries[position] = (struct entry){hamt_hash(key, edit->raw), key, value};
  edit->count = count + 1;
  const struct hamt_node *root = trie_from_entries(edit, entries, count + 1);
  return root == NULL ? NULL : root_map(root);
}

int32_t cx_hamt_assoc(
    const cx_hamt *map, uint64_t key, uint64_t value, cx_space *space, const cx_hamt **out) {
  if (!hamt_usable(map) || !space_valid(space) || !bits_writable(out)) {
    return CX_INVALID;
  }
  uint8_t *before = space->next;
  struct edit edit = {space, hamt_raw(map), hamt_count(map)};
  const cx_hamt *built;
  if (map == NULL || !hamt_is_tree(map)) {
    built = flat_assoc(&edit, map, key, value);
  } else {
    struct entry entry = {hamt_hash(key, edit.raw), key, value};
    const struct hamt_node *root = node_assoc(&edit, 0, hamt_root(map), &entry, BINDING_REPLACES);
    built = root == NULL ? NULL : root_map(root);
  }
  if (built == NULL || edit.count > HAMT_MAX_ENTRIES) {
    space->next = before;
    return built == NULL ? CX_NEED_SPACE : CX_TOO_LARGE;
  }
  space_fetch_ahead(space, before);
  *out = built;
  return CX_OK;
}

/* ------------------------------------------------------------------------------- dissoc -- */

static int32_t collision_dissoc(
    struct edit *edit, const cx_hamt *block, uint64_t key, struct slot *left) {
  uint32_t position = block_position(block, key);
  if (!block_has(block, position, key)) {
    return CX_ABSENT;
  }
  edit->count--;
  if (block->count == 2) {
    uint32_t other = 1 - position;
    *left = slot_entry(hamt_block_key(block, other), hamt_block_value(block, other));
    return CX_OK;
  }
  *left = slot_child(block_remove(edit, HAMT_TAG_COLLISION, block, position));
  return left->child == NULL ? CX_NEED_SPACE : CX_OK;
}

/* Writes to *left what the slot that leads to `below` holds once the key is gone: a child or, if
 * just one entry is left and this isn't the root, that entry. */
static int32_t node_dissoc(
    struct edit *edit, uint32_t level, const void *below, uint64_t hash, uint64_t key,
    struct slot *left) {
  if (level == HAMT_LEVELS) {
    return collision_dissoc(edit, below, key, left);
  }
  const struct hamt_node *node = below;
  uint32_t bit = 1u << hamt_slot(hash, level);
  struct slot slot = node_slot(node, bit);
  switch (slot.kind) {
  case SLOT_EMPTY:
    return CX_ABSENT;
  case SLOT_ENTRY:
    if (slot.key != key) {
      return CX_ABSENT;
    }
    edit->count--;
    if (level > 0 && node->nodes == 0 && bits_count(node->data) == 2) {
      *left = node_slot(node, node->data & ~bit);
      return CX_OK;
    }
    slot = slot_empty();
    break;
  case SLOT_CHILD: {
    int32_t status = node_dissoc(edit, level + 1, slot.child, hash, key, left);
    if (status != CX_OK) {
      return status;
    }
    if (level > 0 && left->kind == SLOT_ENTRY && node->data == 0 && node->nodes == bit) {
      return CX_OK;
    }
    slot = *left;
    break;
  }
  }
  *left = slot_child(node_with(edit, level, node, bit, &slot));
  return left->child == NULL ? CX_NEED_SPACE : CX_OK;
}

/* A trie of 33 entries without `key`, which is one of them. */
static const cx_hamt *tree_to_flat(struct edit *edit, const cx_hamt *map, uint64_t key) {
  uint64_t keys[CX_FLAT_LIMIT + 1];
  uint64_t values[CX_FLAT_LIMIT + 1];
  cx_hamt_cursor cursor = {.state = 0};
  int64_t count = cx_hamt_iterate(map, &cursor, keys, values, CX_FLAT_LIMIT + 1);
  struct entry entries[CX_FLAT_LIMIT + 1];
  uint32_t kept = 0;
  for (int64_t i = 0; i < count; i++) {
    if (keys[i] == key) {
      continue;
    }
    uint32_t at = kept++;
    for (; at > 0 && keys[i] < entries[at - 1].key; at--) {
      entries[at] = entries[at - 1];
    }
    entries[at] = (struct entry){0, keys[i], values[i]};
  }
  return block_from_entries(edit, 0, entries, kept);
}

static int32_t flat_dissoc(
    struct edit *edit, const cx_hamt *flat, uint64_t key, const cx_hamt **built) {
  uint32_t position = block_position(flat, key);
  if (!block_has(flat, position, key)) {
    return CX_ABSENT;
  }
  if (flat->count == 1 && edit->raw == 0) {
    *built = NULL;
    return CX_OK;
  }
  *built = block_remove(edit, 0, flat, position);
  return *built == NULL ? CX_NEED_SPACE : CX_OK;
}

static int32_t tree_dissoc(
    struct edit *edit, const cx_hamt *map, uint64_t key, const cx_hamt **built) {
  if (hamt_count(map) == CX_FLAT_LIMIT + 1) {
    uint64_t value;
    if (!hamt_lookup(map, key, &value)) {
      return CX_ABSENT;
    }
    *built = tree_to_flat(edit, map, key);
    return *built == NULL ? CX_NEED_SPACE : CX_OK;
  }
  struct slot left;
  int32_t status = node_dissoc(edit, 0, hamt_root(map), hamt_hash(key, edit->raw), key, &left);
  if (status == CX_OK) {
    *built = root_map(left.child);
  }
  return status;
}

int32_t cx_hamt_dissoc(const cx_hamt *map, uint64_t key, cx_space *space, const cx_hamt **out) {
  if (!hamt_usable(map) || !space_valid(space) || !bits_writable(out)) {
    return CX_INVALID;
  }
  uint8_t *before = space->next;
  struct edit edit = {space, hamt_raw(map), hamt_count(map)};
  const cx_hamt *built = map;
  int32_t status = CX_ABSENT;
  if (map != NULL) {
    status = hamt_is_tree(map) ? tree_dissoc(&edit, map, key, &built)
                               : flat_dissoc(&edit, map, key, &built);
  }
  if (status == CX_NEED_SPACE) {
    space->next = before;
    return status;
  }
  *out = status == CX_ABSENT ? map : built;
  return CX_OK;
}

/* ------------------------------------------------------------------------------- bounds -- */

/*
 * The largest trie of n entries: every pair of them parts as late as can be, below level 12. Then
 * each of n / 2 pairs has 12 nodes of one child on levels 1 to 12 and a collision of its own, and
 * each of those costs a header and a pointer to it.
 */
static uint64_t bound_trie(uint64_t entries) {
  return sizeof(struct hamt_tree) + sizeof(struct hamt_node) + 16 * entries +
         16 * (uint64_t)HAMT_LEVELS * (entries / 2);
}

static uint64_t bound_flat(uint64_t entries) {
  return sizeof(cx_hamt) + 16 * entries;
}

static uint64_t bound_least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* The longest path, where no node can be larger: 12 nodes of 32 entries, then one of 16 and a
 * collision of 16, since 4 bits are left on level 12 and the test hook drops 4. */
#define BOUND_PATH (12 * (8 + 16 * 32) + (8 + 16 * 16) + (8 + 16 * 16))

uint64_t cx_hamt_assoc_bound(const cx_hamt *map) {
  uint64_t count = cx_hamt_size(map);
  if (count < CX_FLAT_LIMIT) {
    return bound_flat(count + 1);
  }
  if (count == CX_FLAT_LIMIT) {
    return bound_trie(count + 1);
  }
  /* In a smaller map there aren't enough entries to fill the path: an entry takes 16 bytes of it
   * or less, and beside the entries there are 14 headers and 13 pointers. */
  uint64_t path = bound_least(BOUND_PATH, 14 * 8 + 13 * 8 + 16 * (count + 1));
  return sizeof(struct hamt_tree) + path;
}

uint64_t cx_hamt_merge_bound(const cx_hamt *base, const cx_hamt *over) {
  uint64_t base_count = cx_hamt_size(base);
  uint64_t over_count = cx_hamt_size(over);
  uint64_t smaller = bound_least(base_count, over_count);
  if (smaller == 0) {
    return 0;
  }
  /* A node is made only where both sides have something: on the path of an entry of the smaller
   * one. */
  uint64_t whole = bound_trie(base_count + over_count);
  if (smaller < whole / BOUND_PATH) {
    whole = bound_least(whole, sizeof(struct hamt_tree) + smaller * BOUND_PATH);
  }
  /* A flat side that meets a trie is made one first. */
  return smaller <= CX_FLAT_LIMIT ? whole + bound_trie(smaller) : whole;
}

/* --------------------------------------------------------------------------------- rest -- */

int32_t cx_hamt_replace_unshared(cx_hamt *map, uint64_t key, uint64_t value) {
  if (map == NULL || !hamt_valid(map) || hamt_is_tree(map)) {
    return CX_ABSENT;
  }
  uint32_t position = block_position(map, key);
  if (!block_has(map, position, key)) {
    return CX_ABSENT;
  }
  block_set(map, position, key, value);
  return CX_OK;
}

int32_t cx_test_hamt_raw(cx_space *space, const cx_hamt **out) {
  if (!space_valid(space) || !bits_writable(out)) {
    return CX_INVALID;
  }
  struct edit edit = {space, HAMT_TAG_RAW, 0};
  cx_hamt *empty = block_new(&edit, 0, 0);
  if (empty == NULL) {
    return CX_NEED_SPACE;
  }
  *out = empty;
  return CX_OK;
}
