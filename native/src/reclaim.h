/*
 * reclaim.h - frees the nodes of a structure that threads read and change without locks, when no
 * thread can be looking at them any more. reclaim.c opens with the idea and the proof.
 */
#ifndef CX_RECLAIM_H
#define CX_RECLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atomics.h"
#include "system.h"

/* Tests of rare interleavings compile with smaller numbers. */
#ifndef RECLAIM_BATCH
#define RECLAIM_BATCH 64u       /* retired nodes that are handed over together; an era each */
#define RECLAIM_WINDOW 1024u    /* eras that a reservation covers at first */
#define RECLAIM_BACKLOG 1024u   /* retired nodes below which nobody looks what can be freed */
#define RECLAIM_SERIES 8u       /* eras that the reservation of several snapshots covers at most */
#define RECLAIM_FIRST_CHUNK 32u /* records; every further chunk has twice as many as the last */
/* Where a call looks for a record first. Threads have stacks of their own, so where this one's is
 * tells them apart well enough. */
#define RECLAIM_HINT(guard) ((uintptr_t)(guard) >> 16)
#endif

#define RECLAIM_ERA_BITS 48u
#define RECLAIM_ERA_MASK ((UINT64_C(1) << RECLAIM_ERA_BITS) - 1)
/* From here on nothing more may be changed: 2^33 eras are left for what is under way. */
#define RECLAIM_ERA_END ((UINT64_C(1) << RECLAIM_ERA_BITS) - (UINT64_C(1) << 33))
/* A window of 2^48 eras never ends, so no reservation is ever widened more often than this. */
#define RECLAIM_WIDEST 38u

#define RECLAIM_CHUNKS 24u

/*
 * What every node starts with. 48 bits of an era last for 2^54 retired nodes.
 *
 *      0  birth, low 32 bits
 *      4  birth, high 16 bits
 *      6  kind      the structure's own
 *      7  count     the structure's own
 *      8  link      of a retired node: the next one in its batch
 */
struct reclaim_node {
  uint32_t birth_low;
  uint16_t birth_high;
  uint8_t kind;
  uint8_t count;
  struct reclaim_node *link;
};

/* Retired nodes that became unreachable before the era `death` ended. */
struct reclaim_batch {
  struct reclaim_batch *next;
  struct reclaim_node *nodes;
  struct reclaim_node *kept; /* during a scan */
  uint64_t count;
  uint64_t death;
  uint64_t oldest; /* of the births of its nodes, past ones included */
  uint64_t youngest;
};

/*
 * Who may be looking at nodes: a registered reader, a call without one, or a snapshot. A cache line
 * each. `state` is RECLAIM_FREE, RECLAIM_IDLE, or a reservation:
 *
 *     bit 63          48 47                    0
 *        +--------------+-----------------------+
 *        | widening     | era                   |
 *        +--------------+-----------------------+
 *
 * All but the first four words is touched by the one who holds the record only.
 */
struct reclaim_record {
  _Alignas(SYSTEM_LINE) uint64_t state; /* O15 */
  uint64_t limit;                       /* O15: last era, of the reservation of snapshots */
  uint64_t bytes; /* O17: taken minus given back by whoever held this record, modulo 2^64 */
  uint64_t count; /* O17: members of `nodes` */
  struct reclaim *home;
  struct reclaim_node *nodes;  /* O18: retired, not handed over yet */
  struct reclaim_batch *spare; /* O18 */
  uint64_t place; /* O19: its index, and above 32 bits index + 1 of the next free one */
};
_Static_assert(sizeof(struct reclaim_record) == SYSTEM_LINE, "a record is a cache line");

#define RECLAIM_FREE UINT64_C(0)
#define RECLAIM_IDLE UINT64_MAX

/* A set of records that only grows; an address once given out stays valid. */
struct reclaim_pool {
  uint64_t chunks[RECLAIM_CHUNKS]; /* O19: addresses, none after the first that is 0 */
  uint64_t free;                   /* O19: a tag, and index + 1 of the first record in the list */
};

struct reclaim {
  uint64_t era;      /* O14 */
  uint64_t fenced;   /* constant: readers fence, since membarrier doesn't work here */
  uint64_t overflow; /* O15: calls under way that found no record; then nothing is freed */
  uint64_t wanted;   /* O17: a call found no record since the last scan */
  /* Frees a node, returns how many bytes that were. */
  uint64_t (*release)(struct reclaim_node *node);
  uint8_t padding[SYSTEM_LINE - 40];

  uint64_t waiting;       /* O16: address of the first batch */
  uint64_t waiting_count; /* O17: nodes in the list */
  uint64_t threshold;     /* O17: of waiting_count, for the next scan */
  uint64_t scans;         /* O17 */
  uint64_t laden;         /* O17: free records of `readers` that have retired nodes */
  uint64_t held;          /* O17: reservations of snapshots that aren't freed */
  uint64_t let_go;        /* O17: such freed since the last one that trimmed */
  uint64_t behind;        /* O37: records that nobody holds may have nodes to hand over */

  /* For calls without a reader: free is RECLAIM_FREE. */
  _Alignas(SYSTEM_LINE) struct reclaim_pool claims;
  struct reclaim_pool readers; /* registered */
  struct reclaim_pool snapshots;
};

/* A reservation as the one who holds it sees it. */
struct reclaim_guard {
  struct reclaim *domain;
  struct reclaim_record *record; /* NULL: counted in `overflow` */
  uint64_t limit;                /* a node born later may not be looked at */
  uint64_t widening;
  bool claimed; /* the record goes back when the call ends */
};

/* Sets up an empty domain; CX_OK or CX_NO_MEMORY. `fenced` asks for fences where membarrier would
 * do. */
int32_t reclaim_init(
    struct reclaim *domain, uint64_t (*release)(struct reclaim_node *node), bool fenced);

/* Frees every node that waits and all records. Nobody may be inside. */
void reclaim_destroy(struct reclaim *domain);

/* Whether a reader is registered, a snapshot held, or a call under way. */
bool reclaim_in_use(struct reclaim *domain);

/* A record of `pool` (readers or snapshots), idle, or NULL for want of memory. Lock-free. */
struct reclaim_record *reclaim_acquire(struct reclaim *domain, struct reclaim_pool *pool);

/* Gives a record back, after handing over what it has retired. Lock-free. */
void reclaim_release(
    struct reclaim *domain, struct reclaim_pool *pool, struct reclaim_record *record);

/* Whether `record` is one in use of `domain`, as far as a look at it tells. */
static inline bool reclaim_owns(const struct reclaim *domain, const struct reclaim_record *record) {
  return ((uintptr_t)record & (SYSTEM_LINE - 1)) == 0 && record->home == domain;
}

/* Claims a record for one call and reserves. Without a free record, counts the call in `overflow`
 * and leaves guard->record NULL: nothing can be retired then. Wait-free. */
void reclaim_claim(struct reclaim_guard *guard, struct reclaim *domain);

/* More records for calls to claim. False for want of memory. */
bool reclaim_grow_claims(struct reclaim *domain);

/* The era now. */
static inline uint64_t reclaim_era(const struct reclaim *domain) {
  return atomics_load_ordered(&domain->era);
}

/* Reserves the window that starts now; what was reserved before is given up. */
static inline void reclaim_reserve(struct reclaim_guard *guard) {
  uint64_t era = reclaim_era(guard->domain);
  uint64_t state = era | guard->widening << RECLAIM_ERA_BITS;
  if (guard->domain->fenced) {
    atomics_exchange_ordered(&guard->record->state, state);
  } else {
    atomics_store_release(&guard->record->state, state);
    atomics_compiler_fence();
  }
  guard->limit = era + ((uint64_t)RECLAIM_WINDOW << guard->widening);
}

/* Begins a call: with the caller's record, or with NULL. Wait-free. */
static inline void reclaim_enter(
    struct reclaim_guard *guard, struct reclaim *domain, struct reclaim_record *reader) {
  if (reader == NULL) {
    reclaim_claim(guard, domain);
  } else {
    *guard = (struct reclaim_guard){.domain = domain, .record = reader};
    reclaim_reserve(guard);
  }
}

/* Whether a node whose address was loaded before this call may be looked at. */
static inline bool reclaim_covers(const struct reclaim_guard *guard) {
  return reclaim_era(guard->domain) <= guard->limit;
}

/* Starts afresh with twice the window, after reclaim_covers said no. The caller forgets every node
 * and begins again at the root. */
void reclaim_again(struct reclaim_guard *guard);

/* Makes the reservation reach the present, whatever guard->limit says, for a node that is loaded
 * after this call straight from the root, and returns the limit for that one. */
uint64_t reclaim_extend(struct reclaim_guard *guard);

/* Ends the reservation; a record that was claimed stays with the caller until reclaim_done. */
static inline void reclaim_leave(struct reclaim_guard *guard) {
  if (guard->record != NULL) {
    atomics_store_release(&guard->record->state, RECLAIM_IDLE);
  } else {
    atomics_add_ordered(&guard->domain->overflow, UINT64_MAX);
  }
}

/* Says that there is something left to hand over, once all records are let go in which it is. An
 * exchange, so that whoever takes the last of several such notes synchronizes with all of them. */
static inline void reclaim_note_behind(struct reclaim *domain) {
  atomics_exchange_ordered(&domain->behind, 1);
}

/* Ends the call, after reclaim_leave. */
static inline void reclaim_done(struct reclaim_guard *guard) {
  if (guard->claimed) {
    bool behind = guard->record->count >= RECLAIM_BATCH;
    atomics_store_release(&guard->record->state, RECLAIM_FREE);
    if (behind) {
      reclaim_note_behind(guard->domain);
    }
  }
}

/* Ends a call that retired nothing. */
static inline void reclaim_exit(struct reclaim_guard *guard) {
  if (guard->claimed) {
    atomics_store_release(&guard->record->state, RECLAIM_FREE);
  } else {
    reclaim_leave(guard);
  }
}

/* Adds to the bytes that the holder of the record took. */
static inline void reclaim_count_bytes(struct reclaim_record *record, uint64_t bytes) {
  atomics_store_relaxed(&record->bytes, record->bytes + bytes);
}

/* Stamps a node that was just made, before anything else happens to it. */
static inline void reclaim_stamp(const struct reclaim *domain, struct reclaim_node *node) {
  uint64_t era = reclaim_era(domain);
  node->birth_low = (uint32_t)era;
  node->birth_high = (uint16_t)(era >> 32);
  node->link = NULL;
}

static inline uint64_t reclaim_birth(const struct reclaim_node *node) {
  return node->birth_low | (uint64_t)node->birth_high << 32;
}

/* Takes over a node that can't be reached from the root any more, from the one who made it so. The
 * record is held by the caller. May free any number of retired nodes. Lock-free. */
void reclaim_retire(
    struct reclaim *domain, struct reclaim_record *record, struct reclaim_node *node);

/* Makes the idle record of a snapshot a reservation from now on; returns its first era. */
uint64_t reclaim_hold(struct reclaim *domain, struct reclaim_record *record, uint64_t widening);

/* Whether a snapshot that was read between reclaim_hold and this call is covered: if so, the
 * reservation ends with the present era. */
bool reclaim_held(struct reclaim *domain, struct reclaim_record *record);

/* For one more snapshot under a reservation that reclaim_held has bounded: makes it reach the
 * present and `ahead` eras more, and returns the last that it covers. 0 if it would cover more than
 * RECLAIM_SERIES eras; nothing has changed then. Any number of threads at once. Lock-free. */
uint64_t reclaim_reach(struct reclaim *domain, struct reclaim_record *record, uint64_t ahead);

/* Frees what nobody holds, with `record` held by the caller. Lock-free. */
void reclaim_scan(struct reclaim *domain, struct reclaim_record *record);

/* The same after collecting what idle records have retired; false if there was no memory to
 * collect all of it. */
bool reclaim_trim(struct reclaim *domain);

/* Nodes that were retired and not freed yet; bytes taken and not given back. Not exact while
 * others are at work. */
uint64_t reclaim_retired(struct reclaim *domain);
uint64_t reclaim_bytes(struct reclaim *domain);

#endif
