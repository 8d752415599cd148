/*
 * region.c - makes regions and links, moves maps between regions, and frees what nobody needs.
 */
#include "region.h"

#include <stddef.h>
#include <string.h>

#include "atomics.h"
#include "hamt.h"
#include "memory.h"

/* A region has room for so much beside a copy of the map, so that small maps don't move often. */
#define LEAST_ROOM 448u

_Static_assert(offsetof(struct link, pure) == 0, "a link starts with its pure part");

/* Whether the caller's was the last reference. */
static bool refs_drop(uint64_t *refs) {
  /* A.7: alone already, and nobody can take a reference but from the caller. */
  return atomics_load_acquire(refs) == 1 || atomics_subtract_acq_rel(refs, 1) == 0;
}

/* ------------------------------------------------------------------------------- regions -- */

static struct region *region_new(uint64_t bytes) {
  bytes &= ~UINT64_C(7);
  struct region *region = memory_take(sizeof *region + bytes);
  if (region != NULL) {
    region->refs = 1;
    region->start = (uint8_t *)(region + 1);
    region->space = (cx_space){region->start, region->start + bytes};
  }
  return region;
}

int32_t region_of(const cx_hamt *map, uint64_t room, struct region **out, const cx_hamt **copy) {
  struct region *region = region_new(cx_hamt_bytes(map) + room);
  if (region == NULL) {
    return CX_NO_MEMORY;
  }
  int32_t status = cx_hamt_copy(map, &region->space, copy);
  if (status != CX_OK) {
    memory_give(region);
    return status;
  }
  *out = region;
  return CX_OK;
}

void region_release(struct region *region) {
  if (region != NULL && refs_drop(&region->refs)) {
    memory_give(region);
  }
}

static struct region *region_retain(struct region *region) {
  if (region != NULL) {
    atomics_add_relaxed(&region->refs, 1);
  }
  return region;
}

/* -------------------------------------------------------------------------------- levels -- */

/* Moves a flat map to the start of its region, over its older versions, which nobody sees. */
static bool level_compact(struct level *level, const cx_hamt **map, uint64_t need) {
  struct region *region = level->region;
  if (region == NULL || level->shared || cx_hamt_size(*map) > CX_FLAT_LIMIT ||
      atomics_load_acquire(&region->refs) != 1) {
    return false;
  }
  uint64_t size = cx_hamt_bytes(*map);
  if (size + need > (uint64_t)(region->space.end - region->start)) {
    return false;
  }
  if (*map != NULL) {
    memmove(region->start, *map, size);
    *map = (const cx_hamt *)(const void *)region->start;
  }
  region->space.next = region->start + size;
  return true;
}

int32_t level_make_room(struct level *level, const cx_hamt **map) {
  uint64_t need = cx_hamt_assoc_bound(*map);
  if (level_compact(level, map, need)) {
    return CX_OK;
  }
  uint64_t room = cx_hamt_bytes(*map);
  room = room < need ? need : room;
  room = room < LEAST_ROOM ? LEAST_ROOM : room;
  struct region *region;
  const cx_hamt *copy;
  int32_t status = region_of(*map, room, &region, &copy);
  if (status != CX_OK) {
    return status;
  }
  region_release(level->region);
  level->region = region;
  level->shared = false;
  *map = copy;
  return CX_OK;
}

void level_uncover(struct level *level) {
  struct link *cover = level->cover;
  if (cover != NULL) {
    level->cover = NULL;
    level->shared = level->shared || atomics_load_acquire(&cover->refs) != 1;
    link_release(cover);
  }
}

/* --------------------------------------------------------------------------------- links -- */

/* A link with a reference to `below` of its own; takes over the caller's to `region`. */
static int32_t link_make(
    const cx_hamt *map, struct region *region, struct link *below, struct link **out) {
  struct link *link = memory_take(sizeof *link);
  if (link == NULL) {
    region_release(region);
    return CX_NO_MEMORY;
  }
  link->pure = (cx_link){map, link_pure(below), below == NULL ? 1 : below->pure.links + 1};
  link->refs = 1;
  link->region = region;
  link->below = link_retain(below);
  *out = link;
  return CX_OK;
}

int32_t link_new(const cx_hamt *map, struct region *region, struct link *below, struct link **out) {
  if (below != NULL && below->pure.links >= CX_EC_MAX_LINKS) {
    cx_link chain = {map, &below->pure, below->pure.links + 1};
    return link_squash(&chain, out);
  }
  return link_make(map, region_retain(region), below, out);
}

int32_t link_squash(const cx_link *chain, struct link **out) {
  uint64_t bytes = 4096;
  for (const cx_link *link = chain; link != NULL; link = link->below) {
    bytes += 2 * cx_hamt_bytes(link->map);
  }
  for (;; bytes *= 2) {
    struct region *scratch = region_new(bytes);
    if (scratch == NULL) {
      return CX_NO_MEMORY;
    }
    const cx_hamt *map;
    int32_t status = cx_link_squash(chain, &scratch->space, &map);
    struct region *region = NULL;
    if (status == CX_OK && map != NULL) {
      status = region_of(map, 0, &region, &map);
    }
    memory_give(scratch);
    if (status == CX_OK) {
      if (map != NULL) {
        return link_make(map, region, NULL, out);
      }
      *out = NULL;
    }
    if (status != CX_NEED_SPACE) {
      return status;
    }
  }
}

struct link *link_retain(struct link *link) {
  if (link != NULL) {
    atomics_add_relaxed(&link->refs, 1);
  }
  return link;
}

void link_release(struct link *link) {
  while (link != NULL && refs_drop(&link->refs)) {
    struct link *below = link->below;
    region_release(link->region);
    memory_give(link);
    link = below;
  }
}
