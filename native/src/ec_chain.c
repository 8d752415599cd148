/*
 * ec_chain.c - chains of maps: push, lookup, and folding a chain into one map.
 */
#include "ec_chain.h"

#include "space.h"

_Static_assert(sizeof(cx_link) == 24, "chain layout");
_Static_assert(offsetof(cx_link, map) == 0, "chain layout");
_Static_assert(offsetof(cx_link, below) == 8, "chain layout");
_Static_assert(offsetof(cx_link, links) == 16, "chain layout");

int32_t cx_link_find(const cx_link *ec, uint64_t id, uint64_t *value) {
  uint64_t found;
  if (!ec_valid(ec) || ec_lookup(ec, id, &found) == 0) {
    return CX_ABSENT;
  }
  if (value != NULL) {
    *value = found;
  }
  return CX_OK;
}

/* Room on the stack for one flat map. */
#define SCRATCH_BYTES (sizeof(cx_hamt) + 16 * (size_t)CX_FLAT_LIMIT)

struct scratch {
  union {
    uint8_t bytes[SCRATCH_BYTES];
    uint64_t align;
  };
};

static bool lies_in(const cx_hamt *map, const struct scratch *scratch) {
  uintptr_t at = (uintptr_t)map;
  return at >= (uintptr_t)scratch->bytes && at < (uintptr_t)(scratch->bytes + SCRATCH_BYTES);
}

/* The union of `base` and `over`, in `scratch` if it is short enough, else in `space`. */
static int32_t merge_scratch(
    const cx_hamt *base, const cx_hamt *over, struct scratch *scratch, cx_space *space,
    const cx_hamt **out) {
  if (cx_hamt_size(base) <= CX_FLAT_LIMIT && cx_hamt_size(over) <= CX_FLAT_LIMIT) {
    cx_space local = {scratch->bytes, scratch->bytes + SCRATCH_BYTES};
    int32_t status = cx_hamt_merge(base, over, &local, out);
    if (status != CX_NEED_SPACE) {
      return status;
    }
  }
  return cx_hamt_merge(base, over, space, out);
}

/* Folds `top` over `ec`. While the union is flat it goes back and forth between two buffers, so
 * that a chain of small maps leaves nothing but its result in `space`. */
static int32_t fold(const cx_hamt *top, const cx_link *ec, cx_space *space, const cx_hamt **out) {
  struct scratch scratch[2];
  const cx_hamt *map = top;
  uint32_t turn = 0;
  for (; ec != NULL; ec = ec->below) {
    const cx_hamt *merged;
    int32_t status = merge_scratch(ec->map, map, &scratch[turn], space, &merged);
    if (status != CX_OK) {
      return status;
    }
    map = merged;
    if (map != NULL && lies_in(map, &scratch[turn])) {
      turn = 1 - turn;
    }
  }
  if (lies_in(map, &scratch[0]) || lies_in(map, &scratch[1])) {
    return cx_hamt_copy(map, space, out);
  }
  *out = map;
  return CX_OK;
}

int32_t cx_link_squash(const cx_link *ec, cx_space *space, const cx_hamt **out) {
  if (!ec_valid(ec) || !space_valid(space) || !bits_writable(out)) {
    return CX_INVALID;
  }
  uint8_t *before = space->next;
  int32_t status = fold(NULL, ec, space, out);
  if (status != CX_OK) {
    space->next = before;
  }
  return status;
}

int32_t cx_link_new(
    const cx_hamt *map, const cx_link *below, cx_space *space, const cx_link **out) {
  if (!hamt_valid(map) || !ec_valid(below) || !space_valid(space) || !bits_writable(out)) {
    return CX_INVALID;
  }
  if (hamt_count(map) == 0) {
    *out = below;
    return CX_OK;
  }
  uint8_t *before = space->next;
  cx_link *ec = space_take(space, sizeof *ec);
  if (ec == NULL) {
    return CX_NEED_SPACE;
  }
  if (below == NULL || below->links < CX_EC_MAX_LINKS) {
    *ec = (cx_link){map, below, below == NULL ? 1 : below->links + 1};
  } else {
    const cx_hamt *folded;
    int32_t status = fold(map, below, space, &folded);
    if (status != CX_OK) {
      space->next = before;
      return status;
    }
    *ec = (cx_link){folded, NULL, 1};
  }
  *out = ec;
  return CX_OK;
}
