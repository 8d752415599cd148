/*
 * hamt_merge.c - the union of two maps, slot by slot, sharing what only one of them has.
 */
#include <string.h>

#include "hamt_build.h"
#include "space.h"

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
  for (uint32_t rest = node->nodes; rest != 0; rest &= rest - 1) {
    count += node_count(level + 1, hamt_node_child(node, bits_lowest(rest)));
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
  struct entry entries[HAMT_BUILD_LIMIT];
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
  if (!hamt_usable(base) || !hamt_usable(over) || !space_valid(space) || !bits_writable(out)) {
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
  bool too_large = hamt_count(built) > HAMT_MAX_ENTRIES;
  if (built == NULL || too_large || built == base || built == over) {
    /* Whatever was made on the way isn't part of the answer. */
    space->next = before;
  }
  if (built == NULL || too_large) {
    return built == NULL ? CX_NEED_SPACE : CX_TOO_LARGE;
  }
  *out = built;
  return CX_OK;
}
