/*
 * hamt_walk.c - what visits all of a map: its size in bytes, a copy, iteration.
 */
#include <string.h>

#include "hamt.h"
#include "space.h"

/* -------------------------------------------------------------------------- bytes, copy -- */

static uint64_t block_bytes(const cx_hamt *block) {
  return sizeof *block + 16 * (uint64_t)block->count;
}

static uint64_t node_bytes(const struct hamt_node *node) {
  return sizeof *node + 8 * hamt_node_words(node->data, node->nodes);
}

/* Bytes of all blocks of the subtree at `level`. */
static uint64_t subtree_bytes(uint32_t level, const void *below) {
  if (level == HAMT_LEVELS) {
    return block_bytes(below);
  }
  const struct hamt_node *node = below;
  uint64_t bytes = node_bytes(node);
  for (uint32_t rest = node->nodes; rest != 0; rest &= rest - 1) {
    bytes += subtree_bytes(level + 1, hamt_node_child(node, bits_lowest(rest)));
  }
  return bytes;
}

uint64_t cx_hamt_bytes(const cx_hamt *map) {
  if (map == NULL || !hamt_valid(map)) {
    return 0;
  }
  return hamt_is_tree(map) ? sizeof(struct hamt_tree) + subtree_bytes(0, hamt_root(map))
                           : block_bytes(map);
}

/* A copy of the subtree at `level`, or NULL for want of space. */
static void *subtree_copy(uint32_t level, const void *below, cx_space *space) {
  uint64_t bytes = level == HAMT_LEVELS ? block_bytes(below) : node_bytes(below);
  void *copy = space_take(space, bytes);
  if (copy == NULL) {
    return NULL;
  }
  memcpy(copy, below, bytes);
  if (level < HAMT_LEVELS) {
    struct hamt_node *node = copy;
    union hamt_word *child = node->words + hamt_node_words(node->data, 0);
    for (uint32_t rest = node->nodes; rest != 0; rest &= rest - 1, child++) {
      void *below_child = subtree_copy(level + 1, child->child, space);
      if (below_child == NULL) {
        return NULL;
      }
      child->child = below_child;
    }
  }
  return copy;
}

int32_t cx_hamt_copy(const cx_hamt *map, cx_space *space, const cx_hamt **out) {
  if (!hamt_valid(map) || !space_valid(space) || !bits_writable(out)) {
    return CX_INVALID;
  }
  if (map == NULL) {
    *out = NULL;
    return CX_OK;
  }
  uint8_t *before = space->next;
  bool tree = hamt_is_tree(map);
  uint64_t bytes = tree ? sizeof(struct hamt_tree) : block_bytes(map);
  void *copy = space_take(space, bytes);
  if (copy != NULL) {
    memcpy(copy, map, bytes);
  }
  if (copy == NULL || (tree && subtree_copy(0, hamt_root(map), space) == NULL)) {
    space->next = before;
    return CX_NEED_SPACE;
  }
  *out = copy;
  return CX_OK;
}

/* ---------------------------------------------------------------------------- iteration -- */

enum cursor_state { CURSOR_FRESH, CURSOR_MOVING, CURSOR_DONE };

/* node[d] is the block on depth d of the path, slot[d] the next slot or entry of it to visit. */
_Static_assert(
    sizeof((cx_hamt_cursor){0}.node) / sizeof(void *) > HAMT_LEVELS, "a path fits the cursor");

static bool cursor_valid(const cx_hamt_cursor *cursor, const void *root) {
  switch (cursor->state) {
  case CURSOR_FRESH:
  case CURSOR_DONE:
    return true;
  case CURSOR_MOVING:
    return cursor->depth >= 0 && cursor->depth <= (int32_t)HAMT_LEVELS && cursor->node[0] == root;
  default:
    return false;
  }
}

/* Moves to the next entry; false at the end. */
static bool cursor_next(cx_hamt_cursor *cursor, bool flat, uint64_t *key, uint64_t *value) {
  for (;;) {
    const void *below = cursor->node[cursor->depth];
    uint32_t *slot = &cursor->slot[cursor->depth];
    if (flat || cursor->depth == (int32_t)HAMT_LEVELS) {
      const cx_hamt *block = below;
      if (*slot < block->count) {
        *key = hamt_block_key(block, *slot);
        *value = hamt_block_value(block, *slot);
        ++*slot;
        return true;
      }
    } else {
      const struct hamt_node *node = below;
      uint32_t used = node->data | node->nodes;
      uint32_t rest = *slot < HAMT_SLOTS ? used & (UINT32_MAX << *slot) : 0;
      if (rest != 0) {
        uint32_t bit = bits_lowest(rest);
        *slot = bits_lowest_index(rest) + 1;
        if (node->data & bit) {
          uint32_t i = bits_rank(node->data, bit);
          *key = hamt_node_key(node, i);
          *value = hamt_node_value(node, i);
          return true;
        }
        cursor->depth++;
        cursor->node[cursor->depth] = hamt_node_child(node, bit);
        cursor->slot[cursor->depth] = 0;
        continue;
      }
    }
    if (cursor->depth == 0) {
      return false;
    }
    cursor->depth--;
  }
}

int64_t cx_hamt_iterate(
    const cx_hamt *map, cx_hamt_cursor *cursor, uint64_t *keys, uint64_t *values,
    uint64_t capacity) {
  if (!hamt_valid(map) || cursor == NULL || !bits_aligned(cursor) || capacity > INT64_MAX ||
      (capacity > 0 && (keys == NULL || values == NULL))) {
    return CX_INVALID;
  }
  if (map == NULL) {
    return 0;
  }
  bool flat = !hamt_is_tree(map);
  const void *root = flat ? (const void *)map : (const void *)hamt_root(map);
  if (!cursor_valid(cursor, root)) {
    return CX_INVALID;
  }
  if (cursor->state == CURSOR_FRESH) {
    cursor->state = CURSOR_MOVING;
    cursor->depth = 0;
    cursor->node[0] = root;
    cursor->slot[0] = 0;
  }
  int64_t count = 0;
  while (cursor->state == CURSOR_MOVING && (uint64_t)count < capacity) {
    if (cursor_next(cursor, flat, keys + count, values + count)) {
      count++;
    } else {
      cursor->state = CURSOR_DONE;
    }
  }
  return count;
}
