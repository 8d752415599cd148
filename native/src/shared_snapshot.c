/*
 * shared_snapshot.c - what reads snapshots of the shared map: lookup, iteration, conversion to an
 * immutable map. shared_hamt.c opens with the description of the algorithm.
 */
#include <string.h>

#include "hamt_build.h"
#include "memory.h"
#include "shared_hamt.h"
#include "space.h"

/* ------------------------------------------------------------------------------- lookup -- */

static bool snapshot_lookup(const cx_shared_snapshot *snapshot, uint64_t key, uint64_t *value) {
  uint64_t hash = hamt_mix(key);
  struct shared_node *node = snapshot->top;
  for (; node != NULL && shared_is_table(node); hash >>= SHARED_SLOT_BITS) {
    node = shared_frozen(snapshot->map, shared_table(node), hash & (SHARED_SLOTS - 1));
  }
  if (node == NULL) {
    return false;
  }
  const struct shared_leaf *leaf = shared_leaf(node);
  uint32_t i = shared_leaf_find(leaf, key);
  if (i == leaf->node.head.count) {
    return false;
  }
  *value = shared_leaf_value(leaf, i);
  return true;
}

int32_t cx_shared_snapshot_get(const cx_shared_snapshot *snapshot, uint64_t key, uint64_t *value) {
  if (!shared_snapshot_valid(snapshot) || !bits_aligned(value)) {
    return CX_INVALID;
  }
  uint64_t found;
  if (!snapshot_lookup(snapshot, key, &found)) {
    return CX_ABSENT;
  }
  if (value != NULL) {
    *value = found;
  }
  return CX_OK;
}

uint64_t cx_shared_snapshot_find(
    const cx_shared_snapshot *snapshot, uint64_t key, uint64_t absent) {
  if (shared_snapshot_valid(snapshot)) {
    snapshot_lookup(snapshot, key, &absent);
  }
  return absent;
}

uint64_t cx_shared_snapshot_size(const cx_shared_snapshot *snapshot) {
  return shared_snapshot_valid(snapshot) ? shared_count(snapshot->map, snapshot->top) : 0;
}

/* ---------------------------------------------------------------------------- iteration -- */

enum cursor_state { CURSOR_FRESH, CURSOR_MOVING, CURSOR_DONE };

/* node[d] is the table or leaf on depth d of the path, slot[d] the next slot or entry of it. */
_Static_assert(
    sizeof((cx_hamt_cursor){0}.node) / sizeof(void *) > SHARED_LEVELS, "a path fits the cursor");

static bool cursor_valid(const cx_hamt_cursor *cursor, const struct shared_node *top) {
  switch (cursor->state) {
  case CURSOR_FRESH:
  case CURSOR_DONE:
    return true;
  case CURSOR_MOVING:
    return cursor->depth >= 0 && cursor->depth <= (int32_t)SHARED_LEVELS && cursor->node[0] == top;
  default:
    return false;
  }
}

/* Moves to the next entry; false at the end. */
static bool cursor_next(cx_shared *map, cx_hamt_cursor *cursor, uint64_t *key, uint64_t *value) {
  for (;;) {
    const struct shared_node *node = cursor->node[cursor->depth];
    uint32_t *slot = &cursor->slot[cursor->depth];
    if (shared_is_table(node)) {
      if (*slot < SHARED_SLOTS) {
        const struct shared_node *child = shared_frozen(map, shared_table(node), (*slot)++);
        if (child != NULL) {
          cursor->depth++;
          cursor->node[cursor->depth] = child;
          cursor->slot[cursor->depth] = 0;
        }
        continue;
      }
    } else if (*slot < node->head.count) {
      const struct shared_leaf *leaf = shared_leaf(node);
      *key = leaf->words[*slot];
      *value = shared_leaf_value(leaf, *slot);
      ++*slot;
      return true;
    }
    if (cursor->depth == 0) {
      return false;
    }
    cursor->depth--;
  }
}

int64_t cx_shared_snapshot_iterate(
    const cx_shared_snapshot *snapshot, cx_hamt_cursor *cursor, uint64_t *keys, uint64_t *values,
    uint64_t capacity) {
  if (!shared_snapshot_valid(snapshot) || cursor == NULL || !bits_aligned(cursor) ||
      capacity > INT64_MAX || (capacity > 0 && (keys == NULL || values == NULL)) ||
      !cursor_valid(cursor, snapshot->top)) {
    return CX_INVALID;
  }
  if (snapshot->top == NULL) {
    return 0;
  }
  if (cursor->state == CURSOR_FRESH) {
    cursor->state = CURSOR_MOVING;
    cursor->depth = 0;
    cursor->node[0] = snapshot->top;
    cursor->slot[0] = 0;
  }
  int64_t count = 0;
  while (cursor->state == CURSOR_MOVING && (uint64_t)count < capacity) {
    if (cursor_next(snapshot->map, cursor, keys + count, values + count)) {
      count++;
    } else {
      cursor->state = CURSOR_DONE;
    }
  }
  return count;
}

/* --------------------------------------------------------------------------- conversion -- */

/* All entries of the snapshot; NULL if it is empty or, with *status saying so, on an error. */
static struct entry *snapshot_entries(
    const cx_shared_snapshot *snapshot, uint64_t *count, int32_t *status) {
  *status = CX_OK;
  *count = cx_shared_snapshot_size(snapshot);
  if (*count > HAMT_MAX_ENTRIES) {
    *status = CX_TOO_LARGE;
    return NULL;
  }
  if (*count == 0) {
    return NULL;
  }
  struct entry *entries = memory_take(*count * sizeof *entries);
  if (entries == NULL) {
    *status = CX_NO_MEMORY;
    return NULL;
  }
  cx_hamt_cursor cursor = {.state = 0};
  uint64_t keys[64];
  uint64_t values[64];
  uint64_t done = 0;
  int64_t got;
  while ((got = cx_shared_snapshot_iterate(snapshot, &cursor, keys, values, 64)) > 0) {
    for (int64_t i = 0; i < got; i++) {
      entries[done++] = (struct entry){hamt_mix(keys[i]), keys[i], values[i]};
    }
  }
  return entries;
}

/* Orders the entries by their slot on `level`; slot s has those from first[s] to first[s + 1]. */
static void entries_group(
    struct entry *entries, uint64_t count, uint32_t level, uint64_t first[HAMT_SLOTS + 1]) {
  uint64_t next[HAMT_SLOTS];
  memset(first, 0, (HAMT_SLOTS + 1) * sizeof *first);
  for (uint64_t i = 0; i < count; i++) {
    first[hamt_slot(entries[i].hash, level) + 1]++;
  }
  for (uint32_t slot = 0; slot < HAMT_SLOTS; slot++) {
    next[slot] = first[slot];
    first[slot + 1] += first[slot];
  }
  for (uint32_t slot = 0; slot < HAMT_SLOTS; slot++) {
    while (next[slot] < first[slot + 1]) {
      struct entry entry = entries[next[slot]];
      uint32_t home = hamt_slot(entry.hash, level);
      if (home == slot) {
        next[slot]++;
      } else {
        entries[next[slot]] = entries[next[home]];
        entries[next[home]++] = entry;
      }
    }
  }
}

/* The sets of a node whose slots have these groups. */
static void groups_sets(const uint64_t first[HAMT_SLOTS + 1], uint32_t *data, uint32_t *nodes) {
  *data = 0;
  *nodes = 0;
  for (uint32_t slot = 0; slot < HAMT_SLOTS; slot++) {
    uint64_t members = first[slot + 1] - first[slot];
    *data |= (uint32_t)(members == 1) << slot;
    *nodes |= (uint32_t)(members > 1) << slot;
  }
}

/* Bytes of the nodes of a trie of these entries from `level` on, which regroups them. */
static uint64_t trie_bytes(struct entry *entries, uint64_t count, uint32_t level) {
  uint64_t first[HAMT_SLOTS + 1];
  uint32_t data;
  uint32_t nodes;
  entries_group(entries, count, level, first);
  groups_sets(first, &data, &nodes);
  uint64_t bytes = sizeof(struct hamt_node) + 8 * hamt_node_words(data, nodes);
  for (uint32_t rest = nodes; rest != 0; rest &= rest - 1) {
    uint32_t slot = bits_lowest_index(rest);
    bytes += trie_bytes(entries + first[slot], first[slot + 1] - first[slot], level + 1);
  }
  return bytes;
}

/* The trie itself, or NULL for want of space. The mix is a bijection, so the entries have all
 * parted by the last level. */
static const struct hamt_node *trie_build(
    struct edit *edit, struct entry *entries, uint64_t count, uint32_t level) {
  uint64_t first[HAMT_SLOTS + 1];
  uint32_t data;
  uint32_t nodes;
  entries_group(entries, count, level, first);
  groups_sets(first, &data, &nodes);
  const struct hamt_node *children[HAMT_SLOTS];
  uint32_t child = 0;
  for (uint32_t rest = nodes; rest != 0; rest &= rest - 1) {
    uint32_t slot = bits_lowest_index(rest);
    children[child] = trie_build(
        edit, entries + first[slot], first[slot + 1] - first[slot], level + 1);
    if (children[child++] == NULL) {
      return NULL;
    }
  }
  struct hamt_node *node = node_new(edit, level, data, nodes);
  if (node == NULL) {
    return NULL;
  }
  union hamt_word *word = node->words;
  for (uint32_t rest = data; rest != 0; rest &= rest - 1) {
    const struct entry *entry = &entries[first[bits_lowest_index(rest)]];
    (word++)->number = entry->key;
    (word++)->number = entry->value;
  }
  for (uint32_t i = 0; i < child; i++) {
    (word++)->child = children[i];
  }
  return node;
}

static void entries_sort(struct entry *entries, uint64_t count) {
  for (uint64_t i = 1; i < count; i++) {
    struct entry entry = entries[i];
    uint64_t at = i;
    for (; at > 0 && entries[at - 1].key > entry.key; at--) {
      entries[at] = entries[at - 1];
    }
    entries[at] = entry;
  }
}

int64_t cx_shared_snapshot_hamt_bytes(const cx_shared_snapshot *snapshot) {
  if (!shared_snapshot_valid(snapshot)) {
    return CX_INVALID;
  }
  uint64_t count;
  int32_t status;
  struct entry *entries = snapshot_entries(snapshot, &count, &status);
  if (entries == NULL) {
    return status;
  }
  uint64_t bytes = count <= CX_FLAT_LIMIT
                       ? sizeof(struct hamt_block) + 16 * count
                       : sizeof(struct hamt_tree) + trie_bytes(entries, count, 0);
  memory_give(entries);
  return (int64_t)bytes;
}

int32_t cx_shared_snapshot_to_hamt(
    const cx_shared_snapshot *snapshot, cx_space *space, const cx_hamt **out) {
  if (!shared_snapshot_valid(snapshot) || !space_valid(space) || out == NULL) {
    return CX_INVALID;
  }
  uint64_t count;
  int32_t status;
  struct entry *entries = snapshot_entries(snapshot, &count, &status);
  if (entries == NULL) {
    if (status == CX_OK) {
      *out = NULL;
    }
    return status;
  }
  uint8_t *before = space->next;
  struct edit edit = {.space = space, .raw = 0, .count = count};
  const cx_hamt *map;
  if (count <= CX_FLAT_LIMIT) {
    entries_sort(entries, count);
    map = block_from_entries(&edit, 0, entries, (uint32_t)count);
  } else {
    const struct hamt_node *root = trie_build(&edit, entries, count, 0);
    map = root == NULL ? NULL : root_map(root);
  }
  memory_give(entries);
  if (map == NULL) {
    space->next = before;
    return CX_NEED_SPACE;
  }
  *out = map;
  return CX_OK;
}
