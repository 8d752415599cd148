/*
 * region.h - memory for the maps of the upper layer: regions with reference counts, and the links
 * that hold them.
 *
 *     struct level (the contents of a logical context) ---+
 *                                                          v
 *     cx_ec ---> struct link ----------------------> struct region: all versions of one map
 *                  | below                                 ^       since it was last moved
 *                  v                                       |
 *                struct link ---> ...      another link ---+
 *
 * One level writes to a region: whoever has entered the logical context. Snapshots share the region
 * and read what was written before they were made, which never changes. When the region is full,
 * the map as it is now moves to a new one, twice as large as the map; the old one lives on for as
 * long as a snapshot needs it. So neither a level nor a snapshot ever holds more than twice its
 * size and a constant, and a change costs, on average, a copy of what it writes.
 */
#ifndef CX_REGION_H
#define CX_REGION_H

#include <stdbool.h>
#include <stddef.h>

#include "contexture.h"

struct region {
  uint64_t refs; /* O22 */
  cx_space space;
  uint8_t *start;
};

/* A link of a chain, and what it needs to live. Immutable once made. */
struct link {
  cx_link pure;  /* points to the pure part of `below` */
  uint64_t refs; /* O22 */
  struct region *region;
  struct link *below;
};

/* The contents of a logical context, but for its map, which is in the record of the thread that has
 * entered it, and in the cell otherwise. */
struct level {
  struct region *region; /* NULL while nothing was set */
  struct link *cover;    /* the link that shows the whole stack down from here, or NULL */
  bool shared;           /* the map's block may be seen by a snapshot */
};

/* A map in a region of its own with `room` more bytes. CX_NO_MEMORY otherwise. */
int32_t region_of(const cx_hamt *map, uint64_t room, struct region **out, const cx_hamt **copy);

void region_release(struct region *region);

/* Makes room for one change of `*map`, which is the level's, and moves that. CX_NO_MEMORY, with
 * nothing changed, otherwise. */
int32_t level_make_room(struct level *level, const cx_hamt **map);

/* Forgets the cover: the map is about to change, or the logical context to be left. */
void level_uncover(struct level *level);

/* *out = `map`, which lies in `region`, on `below`, folded where that is too long. The caller owns
 * one reference to *out. */
int32_t link_new(const cx_hamt *map, struct region *region, struct link *below, struct link **out);

/* *out = one link with the lookups of the chain; NULL for one that has no values. */
int32_t link_squash(const cx_link *chain, struct link **out);

/* One more reference, or one less; NULL is a no-op. */
struct link *link_retain(struct link *link);
void link_release(struct link *link);

static inline const cx_link *link_pure(const struct link *link) {
  return link == NULL ? NULL : &link->pure;
}

#endif
