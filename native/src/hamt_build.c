/*
 * hamt_build.c - makes the blocks of a map: sorted blocks, nodes, and tries from scratch.
 */
#include "hamt_build.h"

#include <string.h>

#include "space.h"

/* ------------------------------------------------------------------------ sorted blocks -- */

cx_hamt *block_new(struct edit *edit, uint32_t kind, uint32_t count) {
  struct hamt_block *block = space_take(edit->space, sizeof *block + 16 * (uint64_t)count);
  if (block == NULL) {
    return NULL;
  }
  block->head = (cx_hamt){HAMT_TAG_MAGIC | kind | edit->raw, count};
  return &block->head;
}

const cx_hamt *block_from_entries(
    struct edit *edit, uint32_t kind, const struct entry *entries, uint32_t count) {
  cx_hamt *block = block_new(edit, kind, count);
  if (block != NULL) {
    for (uint32_t i = 0; i < count; i++) {
      block_set(block, i, entries[i].key, entries[i].value);
    }
  }
  return block;
}

static void copy_words(uint64_t *to, const uint64_t *from, uint64_t count) {
  memcpy(to, from, count * sizeof *to);
}

/* In a block of n entries, what lies between the key and the value of one is n - 1 words: the keys
 * after it and the values before it. The next two functions copy those at once. */

const cx_hamt *block_insert(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position, uint64_t key,
    uint64_t value) {
  uint64_t count = block == NULL ? 0 : block->count;
  cx_hamt *copy = block_new(edit, kind, (uint32_t)count + 1);
  if (copy == NULL) {
    return NULL;
  }
  if (block != NULL) {
    const uint64_t *from = hamt_block_words(block);
    uint64_t *to = block_words(copy);
    copy_words(to, from, position);
    copy_words(to + position + 1, from + position, count);
    copy_words(to + count + position + 2, from + count + position, count - position);
  }
  block_set(copy, position, key, value);
  return copy;
}

const cx_hamt *block_remove(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position) {
  uint64_t left = block->count - 1;
  cx_hamt *copy = block_new(edit, kind, (uint32_t)left);
  if (copy != NULL) {
    const uint64_t *from = hamt_block_words(block);
    uint64_t *to = block_words(copy);
    copy_words(to, from, position);
    copy_words(to + position, from + position + 1, left);
    copy_words(to + left + position, from + left + position + 2, left - position);
  }
  return copy;
}

const cx_hamt *block_replace(
    struct edit *edit, uint32_t kind, const cx_hamt *block, uint32_t position, uint64_t value) {
  cx_hamt *copy = block_new(edit, kind, block->count);
  if (copy != NULL) {
    copy_words(block_words(copy), hamt_block_words(block), 2 * (uint64_t)block->count);
    block_set(copy, position, hamt_block_key(block, position), value);
  }
  return copy;
}

/* -------------------------------------------------------------------------------- nodes -- */

struct hamt_node *node_new(struct edit *edit, uint32_t level, uint32_t data, uint32_t nodes) {
  uint64_t bytes = sizeof(struct hamt_node) + 8 * hamt_node_words(data, nodes);
  struct hamt_node *node;
  if (level == 0) {
    struct hamt_tree *tree = space_take(edit->space, sizeof *tree + bytes);
    if (tree == NULL) {
      return NULL;
    }
    tree->head = (cx_hamt){HAMT_TAG_MAGIC | HAMT_TAG_TREE | edit->raw, 0};
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

struct hamt_node *node_with(
    struct edit *edit, uint32_t level, const struct hamt_node *node, uint32_t bit,
    const struct slot *slot) {
  uint32_t data = (node->data & ~bit) | (slot->kind == SLOT_ENTRY ? bit : 0);
  uint32_t nodes = (node->nodes & ~bit) | (slot->kind == SLOT_CHILD ? bit : 0);
  struct hamt_node *copy = node_new(edit, level, data, nodes);
  if (copy == NULL) {
    return NULL;
  }
  /* Where in the words of `node` an entry or a child of this slot stands, or would. */
  size_t entry_at = 2 * (size_t)bits_rank(node->data, bit);
  size_t child_at = hamt_node_words(node->data, node->nodes & (bit - 1));
  size_t end = hamt_node_words(node->data, node->nodes);
  const union hamt_word *from = node->words;
  union hamt_word *to = copy->words;
  if (data == node->data && nodes == node->nodes) {
    /* The commonest case: the slot goes on holding what it held, with other contents. */
    memcpy(to, from, end * sizeof *to);
    if (slot->kind == SLOT_ENTRY) {
      to[entry_at].number = slot->key;
      to[entry_at + 1].number = slot->value;
    } else {
      to[child_at].child = slot->child;
    }
    return copy;
  }
  memcpy(to, from, entry_at * sizeof *to);
  to += entry_at;
  if (slot->kind == SLOT_ENTRY) {
    to++->number = slot->key;
    to++->number = slot->value;
  }
  entry_at += node->data & bit ? 2 : 0;
  memcpy(to, from + entry_at, (child_at - entry_at) * sizeof *to);
  to += child_at - entry_at;
  if (slot->kind == SLOT_CHILD) {
    to++->child = slot->child;
  }
  child_at += node->nodes & bit ? 1 : 0;
  memcpy(to, from + child_at, (end - child_at) * sizeof *to);
  return copy;
}

const void *node_pair(
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

const struct hamt_node *trie_from_entries(
    struct edit *edit, const struct entry *entries, uint32_t count) {
  /* By slot of the root first, which leaves little to the sort proper. Both keep equal ones in
   * order, so that the keys of one hash stay sorted. */
  uint32_t place[HAMT_SLOTS + 1] = {0};
  for (uint32_t i = 0; i < count; i++) {
    place[hamt_slot(entries[i].hash, 0) + 1]++;
  }
  for (uint32_t slot = 0; slot < HAMT_SLOTS; slot++) {
    place[slot + 1] += place[slot];
  }
  struct entry sorted[HAMT_BUILD_LIMIT];
  for (uint32_t i = 0; i < count; i++) {
    sorted[place[hamt_slot(entries[i].hash, 0)]++] = entries[i];
  }
  for (uint32_t i = 1; i < count; i++) {
    struct entry entry = sorted[i];
    uint32_t at = i;
    for (; at > 0 && hash_before(entry.hash, sorted[at - 1].hash); at--) {
      sorted[at] = sorted[at - 1];
    }
    sorted[at] = entry;
  }
  return node_from_entries(edit, 0, sorted, count);
}
