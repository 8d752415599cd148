/*
 * shared_hamt.h - the blocks the shared map is made of, for the files that look inside.
 * shared_hamt.c opens with the description of the algorithm.
 */
#ifndef CX_SHARED_HAMT_H
#define CX_SHARED_HAMT_H

#include "contexture.h"
#include "hamt.h"
#include "reclaim.h"

/* Tests of rare interleavings compile with smaller numbers. */
#ifndef SHARED_SLOT_BITS
#define SHARED_SLOT_BITS 6u
#define SHARED_LEAF_LIMIT 32u /* entries */
#endif
#define SHARED_SLOTS (1u << SHARED_SLOT_BITS)
/* Tables on a path at most; they use up the hash, so keys have parted by then. */
#define SHARED_LEVELS ((64u + SHARED_SLOT_BITS - 1) / SHARED_SLOT_BITS)
/* After so many snapshots and clears the map can't be changed any more. */
#define SHARED_GENERATION_END (UINT64_MAX >> 1)

enum shared_kind { SHARED_LEAF, SHARED_TABLE, SHARED_ROOT };

/* Bits of a word that holds a node's address. In a slot: the node is undecided, or was when it was
 * put there. In shared_node.before: see there. */
#define SHARED_UNDECIDED UINT64_C(1)
#define SHARED_COMMITTED UINT64_C(1)
#define SHARED_FAILED UINT64_C(2)

/*
 * What leaves and tables start with.
 *
 *      0  head
 *     16  before    O12: SHARED_COMMITTED; or what the slot held before, with SHARED_FAILED or
 *                   with no bit set while it is undecided
 */
struct shared_node {
  struct reclaim_node head;
  uint64_t before;
};

/* head.count keys, then as many values. Immutable. */
struct shared_leaf {
  struct shared_node node;
  uint64_t words[];
};

struct shared_table {
  struct shared_node node;
  uint64_t generation; /* constant */
  uint64_t size;       /* O13: 1 + entries below, once that can't change any more; else 0 */
  uint64_t slots[SHARED_SLOTS]; /* O11: addresses, maybe with SHARED_UNDECIDED */
};

/* What the map's one pointer points to. Immutable. */
struct shared_root {
  struct reclaim_node head;
  uint64_t generation;
  struct shared_node *top;
};

struct cx_shared {
  uint64_t root;  /* O10: address of a shared_root */
  uint64_t owned; /* not 0: a runtime's own, which cx_shared_free leaves alone; set before anybody
                     sees it */
  uint8_t padding[SYSTEM_LINE - 16];
  struct reclaim domain;
};

struct cx_shared_snapshot {
  cx_shared *map;
  struct shared_node *top;
  struct shared_series *series; /* of the first one of a series only */
};

/* Snapshots under one reservation, which is given up, and the memory with it, when the first of
 * them is freed. */
struct shared_series {
  struct cx_shared_snapshot first;
  struct reclaim_record *record;
  uint64_t scans;
  uint64_t room;  /* constant: members of `more` */
  uint64_t taken; /* O32: of these; more than `room` where there wasn't enough */
  struct cx_shared_snapshot more[];
};

static inline uint32_t shared_slot(uint64_t hash, uint32_t level) {
  return (uint32_t)(hash >> (SHARED_SLOT_BITS * level)) & (SHARED_SLOTS - 1);
}

static inline bool shared_is_table(const struct shared_node *node) {
  return node->head.kind == SHARED_TABLE;
}

static inline struct shared_table *shared_table(const struct shared_node *node) {
  return (struct shared_table *)(void *)(struct shared_node *)node;
}

static inline struct shared_leaf *shared_leaf(const struct shared_node *node) {
  return (struct shared_leaf *)(void *)(struct shared_node *)node;
}

/* Where `key` is in the leaf, or its count. */
static inline uint32_t shared_leaf_find(const struct shared_leaf *leaf, uint64_t key) {
  uint32_t count = leaf->node.head.count;
  uint32_t i = 0;
  while (i < count && leaf->words[i] != key) {
    i++;
  }
  return i;
}

static inline uint64_t shared_leaf_value(const struct shared_leaf *leaf, uint32_t i) {
  return leaf->words[leaf->node.head.count + i];
}

static inline bool shared_valid(const cx_shared *map) {
  return map != NULL && ((uintptr_t)map & (SYSTEM_LINE - 1)) == 0;
}

static inline bool shared_snapshot_valid(const cx_shared_snapshot *snapshot) {
  return snapshot != NULL && bits_aligned(snapshot) && shared_valid(snapshot->map);
}

/* A reader is idle between the calls of its owner: one that isn't was freed, or is inside a call
 * already, of this thread or of another. */
static inline bool shared_reader_valid(const cx_shared *map, const cx_shared_reader *reader) {
  const struct reclaim_record *record = (const struct reclaim_record *)(const void *)reader;
  return reader == NULL || (reclaim_owns(&map->domain, record) &&
                            atomics_load_relaxed(&record->state) == RECLAIM_IDLE);
}

/* cx_shared_new, with readers that fence even where membarrier works. */
int32_t shared_new(cx_shared **out, bool fenced);

/* What a slot of a table that can't change any more holds. The caller holds the table. */
struct shared_node *shared_frozen(cx_shared *map, struct shared_table *table, uint32_t slot);

/* Entries of a tree that can't change any more; remembers them in its tables. */
uint64_t shared_count(cx_shared *map, struct shared_node *top);

#endif
