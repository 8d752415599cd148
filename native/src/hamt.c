/*
 * hamt.c - the immutable map: lookup and the operations that build a new map from older ones.
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
 *   find      hamt_lookup -> block_position | node_lookup
 *   assoc     cx_hamt_assoc -> block_assoc | trie_from_entries | node_assoc
 *   dissoc    cx_hamt_dissoc -> block_dissoc | tree_to_flat | node_dissoc
 *   merge     cx_hamt_merge -> blocks_union | node_merge, which goes slot by slot
 *   all       node_new is the only place where nodes are made, block_new where blocks are
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

#include "space.h"

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

static struct slot slot_empty(void) {
  return (struct slot){.kind = SLOT_EMPTY};
}

static struct slot slot_entry(uint64_t key, uint64_t value) {
  return (struct slot){.kind = SLOT_ENTRY, .key = key, .value = value};
}

static struct slot slot_child(const void *child) {
  return (struct slot){.kind = SLOT_CHILD, .child = child};
}

static bool slot_equal(const struct slot *a, const struct slot *b) {
  return a->kind == b->kind && a->child == b->child && a->key == b->key && a->value == b->value;
}

/* ------------------------------------------------------------------------ sorted blocks -- */

/* How many keys of the block are less than `key`: where it is, or where it would go. Counting all
 * of them has no branch to mispredict and no load that waits for another, and at 32 keys and fewer
 * that beats halving the range. */
static inline uint32_t block_position(const cx_hamt *block, uint64_t key) {
  uint32_t position = 0;
  for (uint32_t i = 0, count = block->count; i < count; i++) {
    position += block->words[i] < key;
  }
  return position;
}

static inline bool block_has(const cx_hamt *block, uint32_t position, uint64_t key) {
  return position < block->count && hamt_block_key(block, position) == key;
}

static cx_hamt *block_new(struct edit *edit, uint32_t kind, uint32_t count) {
  cx_hamt *block = space_take(edit->space, sizeof *block + 16 * (uint64_t)count);
  if (block != NULL) {
    block->tag = HAMT_TAG_MAGIC | kind | edit->raw;
    block->count = count;
  }
  return block;
}

static void block_set(cx_hamt *block, uint32_t i, uint64_t key, uint64_t value) {
  block->words[i] = key;
  block->words[(uint64_t)block->count + i] = value;
}

static const cx_hamt *block_from_entries(
    struct edit *edit, uint32_t kind, const struct entry *entries, uint32_t count) {
  cx_hamt *block = block_new(edit, kind, count);
  if (block != NULL) {
    for (uint32_t i = 0; i < count; i++) {
      block_set(block, i, entries[i].key, entries[i].value);
    }
  }
  return block;
}

/* Copies `count` entries of `from`, from its `start` on, to `to`, from its `at` on. */
static void block_copy(
    cx_hamt *to, uint32_t at, const cx_hamt *from, uint32_t start, uint32_t count) {
  size_t bytes = 8 * (size_t)count;
  memcpy(to->words + at, from->words + start, bytes);
  memcpy(to->words + to->count + at, from->words + from->count + start, bytes);
}

/* `block`, which may be NULL for an empty one, with the entry at `position`. */
static const cx_hamt *block_insert(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position, uint64_t key,
    uint64_t value) {
  uint32_t count = block == NULL ? 0 : block->count;
  cx_hamt *copy = block_new(edit, kind, count + 1);
  if (copy != NULL) {
    if (block != NULL) {
      block_copy(copy, 0, block, 0, position);
      block_copy(copy, position + 1, block, position, count - position);
    }
    block_set(copy, position, key, value);
  }
  return copy;
}

static const cx_hamt *block_replace(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position, uint64_t value) {
  cx_hamt *copy = block_new(edit, kind, block->count);
  if (copy != NULL) {
    block_copy(copy, 0, block, 0, block->count);
    block_set(copy, position, hamt_block_key(block, position), value);
  }
  return copy;
}

static const cx_hamt *block_remove(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position) {
  cx_hamt *copy = block_new(edit, kind, block->count - 1);
  if (copy != NULL) {
    block_copy(copy, 0, block, 0, position);
    block_copy(copy, position, block, position + 1, block->count - 1 - position);
  }
  return copy;
}

/* The union in out[], by ascending key, where `over` wins; returns how many. There is room for
 * what both have. *same_as_base: nothing in it differs from `base`; likewise *same_as_over. */
static uint32_t blocks_union(
    const cx_hamt *base, const cx_hamt *over, uint32_t raw, struct entry *out, bool *same_as_base,
    bool *same_as_over) {
  uint32_t b = 0;
  uint32_t o = 0;
  uint32_t count = 0;
  uint32_t replaced = 0;
  while (b < base->count || o < over->count) {
    bool from_over = o < over->count &&
                     (b == base->count || hamt_block_key(over, o) <= hamt_block_key(base, b));
    const cx_hamt *from = from_over ? over : base;
    uint32_t i = from_over ? o : b;
    uint64_t key = hamt_block_key(from, i);
    uint64_t value = hamt_block_value(from, i);
    out[count++] = (struct entry){hamt_hash(key, raw), key, value};
    if (from_over) {
      if (block_has(base, b, key)) {
        replaced += hamt_block_value(base, b) != value;
        b++;
      }
      o++;
    } else {
      b++;
    }
  }
  *same_as_base = count == base->count && replaced == 0;
  *same_as_over = count == over->count;
  return count;
}

/* -------------------------------------------------------------------------------- nodes -- */

/* A node with its sets in place and its words yet to be written. The root has the header of the
 * map before it; its other words and all children must be done by then, as edit->count is. */
static struct hamt_node *node_new(
    struct edit *edit, uint32_t level, uint32_t data, uint32_t nodes) {
  uint64_t words = 2 * (uint64_t)bits_count(data) + bits_count(nodes);
  uint64_t bytes = sizeof(struct hamt_node) + 8 * words;
  struct hamt_node *node;
  if (level == 0) {
    struct hamt_tree *tree = space_take(edit->space, sizeof *tree + bytes);
    if (tree == NULL) {
      return NULL;
    }
    tree->tag = HAMT_TAG_MAGIC | HAMT_TAG_TREE | edit->raw;
    tree->zero = 0;
    tree->count = edit->count;
    node = (struct hamt_node *)(void *)(tree + 1);
  } else {
    node = space_take(edit->space, bytes);
    if (node == NULL) {
      return NULL;
    }
  }
  node->data = data;
  node->nodes = nodes;
  return node;
}

/* The map whose root this is. */
static const cx_hamt *root_map(const struct hamt_node *root) {
  return (const cx_hamt *)(const void *)((const struct hamt_tree *)(const void *)root - 1);
}

static struct slot node_slot(const struct hamt_node *node, uint32_t bit) {
  if (node->data & bit) {
    uint32_t i = bits_rank(node->data, bit);
    return slot_entry(hamt_node_key(node, i), hamt_node_value(node, i));
  }
  if (node->nodes & bit) {
    return slot_child(hamt_node_child(node, bits_rank(node->nodes, bit)));
  }
  return slot_empty();
}

/* A copy of `node` in which `slot` is what `bit` holds. Every change of a trie comes down to
 * this: the words before the slot, the slot, the words after it, for entries and children. */
static struct hamt_node *node_with(
    struct edit *edit, uint32_t level, const struct hamt_node *node, uint32_t bit,
    const struct slot *slot) {
  uint32_t data = (node->data & ~bit) | (slot->kind == SLOT_ENTRY ? bit : 0);
  uint32_t nodes = (node->nodes & ~bit) | (slot->kind == SLOT_CHILD ? bit : 0);
  struct hamt_node *copy = node_new(edit, level, data, nodes);
  if (copy == NULL) {
    return NULL;
  }
  const union hamt_word *from = node->words;
  union hamt_word *to = copy->words;

  size_t before = 2 * (size_t)bits_rank(node->data, bit);
  size_t after = 2 * (size_t)bits_count(node->data & ~(bit | (bit - 1)));
  memcpy(to, from, before * sizeof *to);
  from += before + (node->data & bit ? 2 : 0);
  to += before;
  if (slot->kind == SLOT_ENTRY) {
    to++->number = slot->key;
    to++->number = slot->value;
  }
  memcpy(to, from, after * sizeof *to);
  from += after;
  to += after;

  before = bits_rank(node->nodes, bit);
  after = bits_count(node->nodes & ~(bit | (bit - 1)));
  memcpy(to, from, before * sizeof *to);
  from += before + (node->nodes & bit ? 1 : 0);
  to += before;
  if (slot->kind == SLOT_CHILD) {
    to++->child = slot->child;
  }
  memcpy(to, from, after * sizeof *to);
  return copy;
}

/* The subtree at `level` that holds just these two entries, whose keys differ. */
static const void *node_pair(
    struct edit *edit, uint32_t level, const struct entry *a, const struct entry *b) {
  if (level == HAMT_LEVELS) {
    struct entry both[2] = {a->key < b->key ? *a : *b, a->key < b->key ? *b : *a};
    return block_from_entries(edit, HAMT_TAG_COLLISION, both, 2);
  }
  uint32_t slot_a = hamt_slot(a->hash, level);
  uint32_t slot_b = hamt_slot(b->hash, level);
  if (slot_a == slot_b) {
    const void *child = node_pair(edit, level + 1, a, b);
    struct hamt_node *node = child == NULL ? NULL : node_new(edit, level, 0, 1u << slot_a);
    if (node != NULL) {
      node->words[0].child = child;
    }
    return node;
  }
  struct hamt_node *node = node_new(edit, level, 1u << slot_a | 1u << slot_b, 0);
  if (node != NULL) {
    uint32_t at = slot_a < slot_b ? 0 : 2;
    node->words[at].number = a->key;
    node->words[at + 1].number = a->value;
    node->words[2 - at].number = b->key;
    node->words[3 - at].number = b->value;
  }
  return node;
}

/* Whether an entry with hash `a` comes before one with hash `b` in the trie: the lowest group of
 * bits in which they differ decides. */
static bool hash_before(uint64_t a, uint64_t b) {
  if (a == b) {
    return false;
  }
  uint32_t level = (uint32_t)__builtin_ctzll(a ^ b) / HAMT_SLOT_BITS;
  return hamt_slot(a, level) < hamt_slot(b, level);
}

/* The subtree at `level` that holds these entries, two or more in the order of hash_before. */
static const void *node_from_entries(
    struct edit *edit, uint32_t level, const struct entry *entries, uint32_t count) {
  if (level == HAMT_LEVELS) {
    return block_from_entries(edit, HAMT_TAG_COLLISION, entries, count);
  }
  uint32_t data = 0;
  uint32_t nodes = 0;
  union hamt_word pairs[2 * HAMT_SLOTS];
  union hamt_word children[HAMT_SLOTS];
  size_t pair_words = 0;
  size_t child_words = 0;
  for (uint32_t start = 0, end; start < count; start = end) {
    uint32_t slot = hamt_slot(entries[start].hash, level);
    end = start + 1;
    while (end < count && hamt_slot(entries[end].hash, level) == slot) {
      end++;
    }
    if (end - start == 1) {
      data |= 1u << slot;
      pairs[pair_words++].number = entries[start].key;
      pairs[pair_words++].number = entries[start].value;
    } else {
      nodes |= 1u << slot;
      const void *child = node_from_entries(edit, level + 1, entries + start, end - start);
      if (child == NULL) {
        return NULL;
      }
      children[child_words++].child = child;
    }
  }
  struct hamt_node *node = node_new(edit, level, data, nodes);
  if (node != NULL) {
    memcpy(node->words, pairs, pair_words * sizeof *pairs);
    memcpy(node->words + pair_words, children, child_words * sizeof *children);
  }
  return node;
}

/* The root of a trie of these entries, which come sorted by key and are put in trie order here;
 * keys of one hash stay sorted. */
static const struct hamt_node *trie_from_entries(
    struct edit *edit, struct entry *entries, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    struct entry entry = entries[i];
    uint32_t at = i;
    for (; at > 0 && hash_before(entry.hash, entries[at - 1].hash); at--) {
      entries[at] = entries[at - 1];
    }
    entries[at] = entry;
  }
  return node_from_entries(edit, 0, entries, count);
}

/* Unpacks a flat map. */
static uint32_t block_entries(const cx_hamt *block, uint32_t raw, struct entry *out) {
  for (uint32_t i = 0; i < block->count; i++) {
    uint64_t key = hamt_block_key(block, i);
    out[i] = (struct entry){hamt_hash(key, raw), key, hamt_block_value(block, i)};
  }
  return block->count;
}

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

static inline bool node_lookup(
    const struct hamt_node *node, uint64_t hash, uint64_t key, uint64_t *value) {
  for (uint32_t level = 0;;) {
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
    const void *child = hamt_node_child(node, bits_rank(node->nodes, bit));
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
  return node_lookup(hamt_root(map), hamt_hash(key, hamt_raw(map)), key, value);
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

/* ------------------------------------------------------------------------------- checks -- */

/* Whether `map` may be built upon. A flat map that is too long isn't one of ours. */
static bool map_usable(const cx_hamt *map) {
  return map == NULL || (hamt_valid(map) && (hamt_is_tree(map) || map->count <= CX_FLAT_LIMIT));
}

/* -------------------------------------------------------------------------------- assoc -- */

enum binding { BINDING_REPLACES, BINDING_YIELDS };

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

/* The subtree `below` at `level` with `entry`; `below` itself if that changes nothing; NULL for
 * want of space. A key that is there already keeps its value if the binding yields. */
static const void *node_assoc(
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
  if (!map_usable(map) || !space_valid(space) || out == NULL) {
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
  if (built == NULL) {
    space->next = before;
    return CX_NEED_SPACE;
  }
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
  if (!map_usable(map) || !space_valid(space) || out == NULL) {
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

/* -------------------------------------------------------------------------------- merge -- */

/* The size of the union is the size of the larger map plus what only the smaller one has, so that
 * subtrees of the larger one are never walked for the sake of counting: edit.count starts with
 * the former and takes up the latter on the way. */
struct merge {
  struct edit edit;
  bool over_is_smaller;
};

/* Where both sides have the same contents, the larger map's block is the answer: only that map can
 * be the whole union, and it is recognised by its blocks. */
static const void *merge_choose(
    const struct merge *merge, bool same_as_base, const void *base, bool same_as_over,
    const void *over) {
  if (same_as_base && same_as_over) {
    return merge->over_is_smaller ? base : over;
  }
  return same_as_base ? base : over;
}

static uint64_t node_count(uint32_t level, const void *below) {
  if (level == HAMT_LEVELS) {
    return ((const cx_hamt *)below)->count;
  }
  const struct hamt_node *node = below;
  uint64_t count = bits_count(node->data);
  for (uint32_t i = 0, children = bits_count(node->nodes); i < children; i++) {
    count += node_count(level + 1, hamt_node_child(node, i));
  }
  return count;
}

static uint64_t slot_count(uint32_t level, const struct slot *slot) {
  return slot->kind == SLOT_CHILD ? node_count(level + 1, slot->child) : slot->kind == SLOT_ENTRY;
}

/* Puts the one entry of a slot of one side into the child that the other side has there. */
static const void *merge_entry(
    struct merge *merge, uint32_t level, const void *child, const struct slot *slot,
    bool child_is_over) {
  struct edit *edit = &merge->edit;
  struct entry entry = {hamt_hash(slot->key, edit->raw), slot->key, slot->value};
  uint64_t before = edit->count;
  const void *merged = node_assoc(
      edit, level, child, &entry, child_is_over ? BINDING_YIELDS : BINDING_REPLACES);
  if (child_is_over == merge->over_is_smaller) {
    /* The child is the smaller map's: what it has alone counts, not the entry. */
    bool shared = edit->count == before;
    edit->count = before + node_count(level, child) - shared;
  }
  return merged;
}

static const cx_hamt *merge_collisions(
    struct merge *merge, const cx_hamt *base, const cx_hamt *over) {
  struct entry entries[2 * HAMT_COLLISION_LIMIT];
  bool same_as_base;
  bool same_as_over;
  uint32_t count = blocks_union(base, over, merge->edit.raw, entries, &same_as_base, &same_as_over);
  merge->edit.count += count - (merge->over_is_smaller ? base->count : over->count);
  if (same_as_base || same_as_over) {
    return merge_choose(merge, same_as_base, base, same_as_over, over);
  }
  return block_from_entries(&merge->edit, HAMT_TAG_COLLISION, entries, count);
}

static const void *node_merge(
    struct merge *merge, uint32_t level, const void *base_below, const void *over_below);

/* The union of what both sides have in one slot of a node at `level`; false for want of space. */
static bool merge_slot(
    struct merge *merge, uint32_t level, const struct slot *base, const struct slot *over,
    struct slot *out) {
  struct edit *edit = &merge->edit;
  if (base->kind == SLOT_EMPTY || over->kind == SLOT_EMPTY) {
    bool only_over = base->kind == SLOT_EMPTY;
    *out = only_over ? *over : *base;
    if (only_over == merge->over_is_smaller) {
      edit->count += slot_count(level, out);
    }
    return true;
  }
  if (base->kind == SLOT_ENTRY && over->kind == SLOT_ENTRY) {
    if (base->key == over->key) {
      *out = *over;
      return true;
    }
    struct entry a = {hamt_hash(base->key, edit->raw), base->key, base->value};
    struct entry b = {hamt_hash(over->key, edit->raw), over->key, over->value};
    edit->count++;
    *out = slot_child(node_pair(edit, level + 1, &a, &b));
  } else if (base->kind == SLOT_ENTRY) {
    *out = slot_child(merge_entry(merge, level + 1, over->child, base, true));
  } else if (over->kind == SLOT_ENTRY) {
    *out = slot_child(merge_entry(merge, level + 1, base->child, over, false));
  } else {
    *out = slot_child(node_merge(merge, level + 1, base->child, over->child));
  }
  return out->child != NULL;
}

/* The union of two subtrees at `level`; one of them itself where that is the answer; NULL for want
 * of space. */
static const void *node_merge(
    struct merge *merge, uint32_t level, const void *base_below, const void *over_below) {
  if (base_below == over_below) {
    return base_below;
  }
  if (level == HAMT_LEVELS) {
    return merge_collisions(merge, base_below, over_below);
  }
  const struct hamt_node *base = base_below;
  const struct hamt_node *over = over_below;
  uint32_t data = 0;
  uint32_t nodes = 0;
  union hamt_word pairs[2 * HAMT_SLOTS];
  union hamt_word children[HAMT_SLOTS];
  size_t pair_words = 0;
  size_t child_words = 0;
  bool same_as_base = true;
  bool same_as_over = true;
  for (uint32_t rest = base->data | base->nodes | over->data | over->nodes; rest != 0;
       rest &= rest - 1) {
    uint32_t bit = bits_lowest(rest);
    struct slot base_slot = node_slot(base, bit);
    struct slot over_slot = node_slot(over, bit);
    struct slot slot;
    if (!merge_slot(merge, level, &base_slot, &over_slot, &slot)) {
      return NULL;
    }
    same_as_base = same_as_base && slot_equal(&slot, &base_slot);
    same_as_over = same_as_over && slot_equal(&slot, &over_slot);
    if (slot.kind == SLOT_ENTRY) {
      data |= bit;
      pairs[pair_words++].number = slot.key;
      pairs[pair_words++].number = slot.value;
    } else {
      nodes |= bit;
      children[child_words++].child = slot.child;
    }
  }
  if (same_as_base || same_as_over) {
    return merge_choose(merge, same_as_base, base, same_as_over, over);
  }
  struct hamt_node *node = node_new(&merge->edit, level, data, nodes);
  if (node != NULL) {
    memcpy(node->words, pairs, pair_words * sizeof *pairs);
    memcpy(node->words + pair_words, children, child_words * sizeof *children);
  }
  return node;
}

static const cx_hamt *merge_flat(struct edit *edit, const cx_hamt *base, const cx_hamt *over) {
  struct entry entries[2 * CX_FLAT_LIMIT];
  bool same_as_base;
  bool same_as_over;
  uint32_t count = blocks_union(base, over, edit->raw, entries, &same_as_base, &same_as_over);
  if (same_as_base || same_as_over) {
    return same_as_base ? base : over;
  }
  if (count <= CX_FLAT_LIMIT) {
    return block_from_entries(edit, 0, entries, count);
  }
  edit->count = count;
  const struct hamt_node *root = trie_from_entries(edit, entries, count);
  return root == NULL ? NULL : root_map(root);
}

/* The root of the map; for a flat one, that of a trie of the same entries, which is of use only
 * as one side of a merge. */
static const struct hamt_node *merge_root(struct edit *edit, const cx_hamt *map) {
  if (hamt_is_tree(map)) {
    return hamt_root(map);
  }
  struct entry entries[CX_FLAT_LIMIT];
  return trie_from_entries(edit, entries, block_entries(map, edit->raw, entries));
}

/* One of the two is a trie, or both are. */
static const cx_hamt *merge_tries(struct edit *edit, const cx_hamt *base, const cx_hamt *over) {
  const struct hamt_node *base_root = merge_root(edit, base);
  const struct hamt_node *over_root = merge_root(edit, over);
  if (base_root == NULL || over_root == NULL) {
    return NULL;
  }
  uint64_t base_count = hamt_count(base);
  uint64_t over_count = hamt_count(over);
  struct merge merge = {*edit, over_count < base_count};
  merge.edit.count = merge.over_is_smaller ? base_count : over_count;
  const struct hamt_node *root = node_merge(&merge, 0, base_root, over_root);
  return root == NULL ? NULL : root_map(root);
}

int32_t cx_hamt_merge(
    const cx_hamt *base, const cx_hamt *over, cx_space *space, const cx_hamt **out) {
  if (!map_usable(base) || !map_usable(over) || !space_valid(space) || out == NULL) {
    return CX_INVALID;
  }
  if (base != NULL && over != NULL && hamt_raw(base) != hamt_raw(over)) {
    return CX_INVALID;
  }
  if (base == over || over == NULL || hamt_count(over) == 0) {
    *out = base == NULL ? over : base;
    return CX_OK;
  }
  if (base == NULL || hamt_count(base) == 0) {
    *out = over;
    return CX_OK;
  }
  uint8_t *before = space->next;
  struct edit edit = {space, hamt_raw(base), 0};
  const cx_hamt *built = hamt_is_tree(base) || hamt_is_tree(over) ? merge_tries(&edit, base, over)
                                                                  : merge_flat(&edit, base, over);
  if (built == NULL || built == base || built == over) {
    /* Whatever was made on the way isn't part of the answer. */
    space->next = before;
  }
  if (built == NULL) {
    return CX_NEED_SPACE;
  }
  *out = built;
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
  if (!space_valid(space) || out == NULL) {
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
