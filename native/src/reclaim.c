/*
 * reclaim.c - frees the nodes of a lock-free structure when no thread can be looking at them any
 * more.
 *
 * The idea
 *
 *   Epochs, but of bounded reach. A counter, the era, goes up with every 64 retired nodes. Each
 * node knows the era of its birth, and, by its batch, one in which it was still reachable or had
 * just ceased to be: its death. A thread that begins to read reserves a window of eras, [e, e +
 * 1024]; a node whose life [birth, death] meets no reservation is freed. A plain epoch would
 * protect whatever dies after e, for as long as the thread takes. A window protects nothing that is
 * born after it, so however long a thread stalls, it holds back what lived at e and what was born
 * in the next 1024 eras, about 65 536 nodes.
 *
 *         era   ..... e ............... e + 1024 .............
 *                     [    reservation      ]
 *         a     ---------x                                      kept
 *         b                    ------x                          kept
 *         c                                     ---------x      freed
 *         d     --x                                             freed
 *
 *   A snapshot is a reservation too, of those eras only in which it was taken: most often one.
 *
 * The rules
 *
 *   R1  A reader stores its reservation, then loads the root. Having loaded the address of any node
 *       and before it looks at the node, it makes sure that the era is not beyond its window
 *       (reclaim_covers). If it is, the reader reserves afresh, twice as wide, and begins again at
 *       the root. After n times it has been overtaken by 2^n - 1 windows during this one call, and
 *       eras have 48 bits: the number of new beginnings is bounded, so this is wait-free.
 *   R2  A node is stamped with the era before it is made reachable.
 *   R3  A node is retired once, by one thread, when it can't be reached from the root any more. 64
 *       of them are handed over together: their death is what the era was before this very
 *       handing-over raised it.
 *   R4  A scan takes all batches that wait, then fences (below), then reads the reservations, and
 *       frees what none of them meets. What is left it puts back.
 *   R5  A node that isn't reachable leads only to nodes that were reachable when it was or later,
 *       never to ones that ceased to be before.
 *
 * Why no reader looks at a freed node
 *
 *   Let a reader look at node p, within reservation [e, e'], and a scan free p.
 *
 *   (1) p was reachable at some instant after the reader stored its reservation. By induction: so
 * is the root that it loads; and if node q was and leads the reader to p, then either q is
 *       reachable still when p's address is loaded from it, so p is; or q ceased to be meanwhile,
 *       and p was reachable then or later (R5).
 *   (2) If the scan hasn't seen the reservation, then by the fence the reader's loads came after
 * all that made the nodes of the scan's batches unreachable. That contradicts (1). (3) If it has,
 * then p's life doesn't meet [e, e']. Is death(p) < e? The era is only raised by
 *       read-modify-writes, so a reader that found e, which is greater, has synchronized with the
 *       handing-over of p, before which p was unreachable: contradicts (1). Is birth(p) > e'? The
 *       birth was read from the era before p became reachable, and the reader found the era <= e'
 *       after it had p's address: contradicts coherence.
 *
 *   Why begin again at the root, and not just widen the window? A scan that has read the narrow one
 *   may be about to free a node that was born beyond it and is reachable by way of an old one on
 *   which the reader stands. Only what is loaded from the root itself after widening is safe
 *   (reclaim_extend): it is reachable at that instant, after whatever the scan had taken was not.
 *
 *   A snapshot's reservation is stored before, and bounded by the era after, the instant at which
 * it is taken; every node of it was reachable at that instant. So its nodes were born by the end of
 *   the reservation and die after its begin, whatever becomes of them in the map.
 *
 *   Several snapshots may share one (reclaim_reach), so that scans have fewer to read. For the next
 *   of them it is made longer, if need be, before the root is loaded, by a compare-and-swap that is
 *   in one total order with the loads of scans and the unlinking of nodes. A scan that has read the
 *   end as it was took only nodes that had been unlinked before, to which that root doesn't lead;
 *   one that reads the new end sees a reservation like any other. The end is never brought forward
 *   again, since others count on it. It is less than 8 eras after the begin. So what such a series
 *   holds back beyond what its snapshots show was born and died in these: about 512 nodes.
 *
 * The fence
 *
 *   (2) needs a reader's store ordered before its loads, which costs a reader more than all the
 * rest. Where Linux has membarrier, a reader only keeps the compiler from reordering, and the scan,
 *   once in a thousand retired nodes, has the kernel put a fence into every running thread.
 * Elsewhere
 *   (`fenced`) the reader exchanges its reservation, and that, the scan's raising of the era, all
 *   loads of reservations, and the structure's own accesses to root and slots, are in one total
 *   order: if the scan read the record before the exchange in that order, what it raised the era
 *   after, the unlinking, precedes the reader's loads in it. After a fork, membarrier may want
 *   another registration; should it be refused for good, scans free nothing.
 *
 * Records
 *
 *   A reader has a record of its own or claims one for the length of a call, with one
 *   compare-and-swap; the hint where to look is taken from where the caller's stack is, so that
 *   nothing is kept in thread-local storage and a thread may be another one at the next call. If
 * all are taken, a call that only reads is counted in `overflow`, during which nothing is freed,
 * and the next scan adds records; a call that changes adds them at once. Records are never given
 * back before the domain is, so a scan can walk over them at any time. There is no lock: a scan
 * that stalls keeps what it took, and the next one takes what has come since.
 *
 * Further reading
 *
 *   K. Fraser, "Practical Lock-Freedom", 2004 (epochs).
 *   H. Wen et al., "Interval-Based Memory Reclamation", PPoPP 2018 (births and deaths; reservations
 *   that grow, for structures in which readers don't cross unreachable nodes).
 *   P. McKenney et al., liburcu: src/urcu.c (membarrier in place of readers' fences).
 */
#include "reclaim.h"

#include <string.h>

#include "contexture.h"
#include "hamt.h"
#include "memory.h"
#include "system.h"

/* -------------------------------------------------------------------------------- pools -- */

static uint32_t chunk_records(uint32_t chunk) {
  return RECLAIM_FIRST_CHUNK << chunk;
}

/* Index of a chunk's first record. */
static uint32_t chunk_first(uint32_t chunk) {
  return (RECLAIM_FIRST_CHUNK << chunk) - RECLAIM_FIRST_CHUNK;
}

static struct reclaim_record *pool_chunk(const struct reclaim_pool *pool, uint32_t chunk) {
  return bits_pointer(atomics_load_acquire(&pool->chunks[chunk]));
}

static struct reclaim_record *pool_record(const struct reclaim_pool *pool, uint32_t index) {
  uint32_t chunk = 0;
  while (index >= chunk_first(chunk + 1)) {
    chunk++;
  }
  return pool_chunk(pool, chunk) + (index - chunk_first(chunk));
}

/* One step through all records of the pool: NULL to start, NULL at the end. */
struct pool_walk {
  const struct reclaim_pool *pool;
  struct reclaim_record *chunk;
  uint32_t number;
  uint32_t at;
};

static struct reclaim_record *pool_next(struct pool_walk *walk) {
  if (walk->chunk != NULL && walk->at == chunk_records(walk->number)) {
    walk->chunk = NULL;
    walk->number++;
  }
  if (walk->chunk == NULL) {
    if (walk->number == RECLAIM_CHUNKS) {
      return NULL;
    }
    walk->chunk = pool_chunk(walk->pool, walk->number);
    walk->at = 0;
    if (walk->chunk == NULL) {
      return NULL;
    }
  }
  return walk->chunk + walk->at++;
}

static uint32_t record_index(const struct reclaim_record *record) {
  return (uint32_t)atomics_load_relaxed(&record->place);
}

/* `next` is the index + 1 of the record that follows it in a list, 0 for none. */
static void record_link(struct reclaim_record *record, uint32_t next) {
  atomics_store_relaxed(&record->place, (uint64_t)next << 32 | record_index(record));
}

/* Puts the records from `first` to `last`, linked already, on the pool's list of free ones. */
static void pool_push(
    struct reclaim_pool *pool, struct reclaim_record *first, struct reclaim_record *last) {
  uint64_t head = atomics_load_acquire(&pool->free);
  uint64_t with;
  do {
    record_link(last, (uint32_t)head);
    with = ((head >> 32) + 1) << 32 | (record_index(first) + 1);
  } while (!atomics_cas_acq_rel(&pool->free, &head, with));
}

/* The tag in the upper half of the list's head changes with every push and pop, so a list that
 * looks as it did before is as it was before, short of 2^32 changes in between. */
static struct reclaim_record *pool_pop(struct reclaim_pool *pool) {
  uint64_t head = atomics_load_acquire(&pool->free);
  for (;;) {
    if ((uint32_t)head == 0) {
      return NULL;
    }
    struct reclaim_record *record = pool_record(pool, (uint32_t)head - 1);
    uint64_t next = atomics_load_relaxed(&record->place) >> 32;
    if (atomics_cas_acq_rel(&pool->free, &head, ((head >> 32) + 1) << 32 | next)) {
      return record;
    }
  }
}

/* Adds a chunk, whose records go to the list unless they are for claims. False for want of memory,
 * or if the pool is as large as it gets. If another thread adds one meanwhile, that will do. */
static bool pool_grow(struct reclaim *domain, struct reclaim_pool *pool) {
  uint32_t number = 0;
  while (number < RECLAIM_CHUNKS && pool_chunk(pool, number) != NULL) {
    number++;
  }
  uint32_t count = chunk_records(number);
  struct reclaim_record *chunk = number < RECLAIM_CHUNKS ? cx_memory_alloc(count * sizeof *chunk)
                                                         : NULL;
  if (chunk == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    chunk[i].home = domain;
    chunk[i].place = (uint64_t)(chunk_first(number) + i + 2) << 32 | (chunk_first(number) + i);
  }
  uint64_t none = 0;
  if (!atomics_cas_acq_rel(&pool->chunks[number], &none, (uintptr_t)chunk)) {
    cx_memory_free(chunk);
  } else if (pool != &domain->claims) {
    pool_push(pool, chunk, chunk + count - 1);
  }
  return true;
}

bool reclaim_grow_claims(struct reclaim *domain) {
  return pool_grow(domain, &domain->claims);
}

struct reclaim_record *reclaim_acquire(struct reclaim *domain, struct reclaim_pool *pool) {
  struct reclaim_record *record;
  while ((record = pool_pop(pool)) == NULL) {
    if (!pool_grow(domain, pool)) {
      return NULL;
    }
  }
  if (record->nodes != NULL) {
    atomics_add_relaxed(&domain->laden, UINT64_MAX);
  }
  atomics_store_release(&record->state, RECLAIM_IDLE);
  return record;
}

/* ------------------------------------------------------------------------- reservations -- */

void reclaim_claim(struct reclaim_guard *guard, struct reclaim *domain) {
  *guard = (struct reclaim_guard){.domain = domain, .claimed = true};
  uint32_t hint = (uint32_t)hamt_mix(RECLAIM_HINT(guard));
  uint64_t era = reclaim_era(domain);
  guard->limit = era + RECLAIM_WINDOW;
  struct reclaim_record *chunk;
  for (uint32_t number = 0;
       number < RECLAIM_CHUNKS && (chunk = pool_chunk(&domain->claims, number)) != NULL; number++) {
    uint32_t count = chunk_records(number);
    for (uint32_t i = 0; i < count; i++) {
      struct reclaim_record *record = &chunk[(hint + i) & (count - 1)];
      uint64_t free = RECLAIM_FREE;
      if (atomics_load_relaxed(&record->state) == RECLAIM_FREE &&
          atomics_cas_ordered(&record->state, &free, era)) {
        guard->record = record;
        return;
      }
    }
  }
  guard->claimed = false;
  guard->limit = UINT64_MAX;
  atomics_add_ordered(&domain->overflow, 1);
  atomics_store_relaxed(&domain->wanted, 1);
}

void reclaim_again(struct reclaim_guard *guard) {
  if (guard->widening < RECLAIM_WIDEST) {
    guard->widening++;
  }
  reclaim_reserve(guard);
}

uint64_t reclaim_extend(struct reclaim_guard *guard) {
  uint64_t *state = &guard->record->state;
  uint64_t first = atomics_load_relaxed(state) & RECLAIM_ERA_MASK;
  uint64_t era = reclaim_era(guard->domain);
  uint64_t widening = guard->widening;
  while (first + ((uint64_t)RECLAIM_WINDOW << widening) < era + RECLAIM_WINDOW) {
    widening++;
  }
  /* A record of its own is written by its holder only, so an exchange is a store with a fence. */
  atomics_exchange_ordered(state, first | widening << RECLAIM_ERA_BITS);
  return first + ((uint64_t)RECLAIM_WINDOW << widening);
}

uint64_t reclaim_hold(struct reclaim *domain, struct reclaim_record *record, uint64_t widening) {
  uint64_t era = reclaim_era(domain);
  atomics_store_relaxed(&record->limit, era + ((uint64_t)RECLAIM_WINDOW << widening));
  atomics_exchange_ordered(&record->state, era);
  return era;
}

bool reclaim_held(struct reclaim *domain, struct reclaim_record *record) {
  uint64_t era = reclaim_era(domain);
  if (era > atomics_load_relaxed(&record->limit)) {
    return false;
  }
  atomics_store_release(&record->limit, era);
  return true;
}

uint64_t reclaim_reach(struct reclaim *domain, struct reclaim_record *record, uint64_t ahead) {
  uint64_t first = atomics_load_relaxed(&record->state);
  uint64_t last = reclaim_era(domain) + ahead;
  if (last - first >= RECLAIM_SERIES) {
    return 0;
  }
  uint64_t limit = atomics_load_ordered(&record->limit);
  while (limit < last) {
    if (atomics_cas_ordered(&record->limit, &limit, last)) {
      return last;
    }
  }
  return limit;
}

/* -------------------------------------------------------------------------------- nodes -- */

/* Puts the batches from `first` to `last`, linked already, on the list of those that wait. */
static void waiting_push(
    struct reclaim *domain, struct reclaim_batch *first, struct reclaim_batch *last) {
  uint64_t head = atomics_load_relaxed(&domain->waiting);
  do {
    last->next = bits_pointer(head);
  } while (!atomics_cas_ordered(&domain->waiting, &head, (uintptr_t)first));
}

/* Hands over what the record has retired. Without memory for a batch, that waits for better
 * times: false. */
static bool hand_over(struct reclaim *domain, struct reclaim_record *record) {
  struct reclaim_batch *batch = record->spare;
  if (record->nodes == NULL) {
    return true;
  }
  if (batch == NULL && (batch = memory_take(sizeof *batch)) == NULL) {
    return false;
  }
  record->spare = NULL;
  batch->nodes = record->nodes;
  batch->kept = NULL;
  batch->oldest = UINT64_MAX;
  batch->youngest = 0;
  for (const struct reclaim_node *node = batch->nodes; node != NULL; node = node->link) {
    uint64_t birth = reclaim_birth(node);
    batch->oldest = birth < batch->oldest ? birth : batch->oldest;
    batch->youngest = birth > batch->youngest ? birth : batch->youngest;
  }
  batch->count = record->count;
  record->nodes = NULL;
  atomics_store_relaxed(&record->count, 0);
  batch->death = atomics_add_ordered(&domain->era, 1);
  atomics_add_relaxed(&domain->waiting_count, batch->count);
  waiting_push(domain, batch, batch);
  return true;
}

/* -------------------------------------------------------------------------------- scans -- */

#define SCAN_INTERVALS 128u

struct interval {
  uint64_t first;
  uint64_t last;
};

/* Reservations by their first era; `last` is the latest of this one's and all before. */
struct intervals {
  uint32_t count;
  struct interval in[SCAN_INTERVALS];
};

/* Intervals that touch become one, so that the snapshots of one era after the other, however many,
 * take one place. */
static void intervals_add(struct intervals *set, uint64_t first, uint64_t last) {
  uint32_t i = set->count;
  while (i > 0 && set->in[i - 1].first > first) {
    i--;
  }
  if (i > 0 && set->in[i - 1].last + 1 >= first) {
    if (set->in[i - 1].last < last) {
      set->in[i - 1].last = last;
    }
    return;
  }
  for (uint32_t k = set->count++; k > i; k--) {
    set->in[k] = set->in[k - 1];
  }
  set->in[i] = (struct interval){first, last};
}

static void intervals_close(struct intervals *set) {
  for (uint32_t i = 1; i < set->count; i++) {
    if (set->in[i].last < set->in[i - 1].last) {
      set->in[i].last = set->in[i - 1].last;
    }
  }
}

/* The last era of those that begin by `death`: a node that died then meets one of them if it was
 * born by that. 0, which is before all births, if there are none. */
static uint64_t intervals_last(const struct intervals *set, uint64_t death) {
  uint32_t low = 0;
  uint32_t high = set->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (set->in[middle].first <= death) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0 ? set->in[low - 1].last : 0;
}

#define POOLS 3u
#define POOLS_OF_CALLS 2u /* snapshots neither retire nor allocate */

/* The first `end` pools of a domain, one after the other. */
struct scan_walk {
  struct reclaim *domain;
  struct pool_walk pool;
  uint32_t number;
  uint32_t end;
};

static struct reclaim_pool *scan_pool(struct reclaim *domain, uint32_t number) {
  switch (number) {
  case 0:
    return &domain->claims;
  case 1:
    return &domain->readers;
  default:
    return &domain->snapshots;
  }
}

static struct reclaim_record *scan_next(struct scan_walk *walk) {
  for (;;) {
    struct reclaim_record *record = pool_next(&walk->pool);
    if (record != NULL) {
      return record;
    }
    if (walk->number + 1 == walk->end) {
      return NULL;
    }
    walk->pool = (struct pool_walk){.pool = scan_pool(walk->domain, ++walk->number)};
  }
}

static struct scan_walk scan_start(struct reclaim *domain, uint32_t end) {
  return (struct scan_walk){domain, {.pool = scan_pool(domain, 0)}, 0, end};
}

/* Reads further reservations until there are no more, or no room for them: then the set is full. */
static void scan_reservations(struct scan_walk *walk, struct intervals *set) {
  set->count = 0;
  struct reclaim_record *record;
  while (set->count < SCAN_INTERVALS && (record = scan_next(walk)) != NULL) {
    uint64_t state = atomics_load_ordered(&record->state);
    if (state == RECLAIM_FREE || state == RECLAIM_IDLE) {
      continue;
    }
    uint64_t first = state & RECLAIM_ERA_MASK;
    uint64_t last = walk->pool.pool == &walk->domain->snapshots
                        ? atomics_load_ordered(&record->limit)
                        : first + ((uint64_t)RECLAIM_WINDOW << (state >> RECLAIM_ERA_BITS));
    intervals_add(set, first, last);
  }
  intervals_close(set);
}

/* Moves the nodes that a reservation meets to batch->kept. Looks at none of them if it is all or
 * none: with snapshots by the thousand, most are in memory that no processor has in its cache. */
static void batch_sift(struct reclaim_batch *batch, const struct intervals *set) {
  uint64_t last = intervals_last(set, batch->death);
  if (last < batch->oldest) {
    return;
  }
  if (last >= batch->youngest && batch->kept == NULL) {
    batch->kept = batch->nodes;
    batch->nodes = NULL;
    return;
  }
  struct reclaim_node **at = &batch->nodes;
  while (*at != NULL) {
    struct reclaim_node *node = *at;
    if (last >= reclaim_birth(node)) {
      *at = node->link;
      node->link = batch->kept;
      batch->kept = node;
    } else {
      at = &node->link;
    }
  }
}

/* Frees what no reservation met and returns how many nodes that were. */
static uint64_t batch_free(
    struct reclaim *domain, struct reclaim_record *record, struct reclaim_batch *batch) {
  uint64_t freed = 0;
  uint64_t bytes = 0;
  for (struct reclaim_node *node = batch->nodes; node != NULL;) {
    struct reclaim_node *next = node->link;
    bytes += domain->release(node);
    freed++;
    node = next;
  }
  reclaim_count_bytes(record, 0 - bytes);
  batch->nodes = batch->kept;
  batch->kept = NULL;
  batch->count -= freed;
  return freed;
}

/* Whether readers that are inside can be told from the records now. */
static bool scan_fence(struct reclaim *domain) {
  if (!domain->fenced && !system_barrier()) {
    return false;
  }
  /* With fences: puts this scan before or after each reservation in the total order. */
  atomics_add_ordered(&domain->era, 1);
  return atomics_load_ordered(&domain->overflow) == 0;
}

void reclaim_scan(struct reclaim *domain, struct reclaim_record *record) {
  struct reclaim_batch *first = bits_pointer(atomics_exchange_ordered(&domain->waiting, 0));
  if (first == NULL) {
    return;
  }
  if (atomics_load_relaxed(&domain->wanted) != 0 && reclaim_grow_claims(domain)) {
    atomics_store_relaxed(&domain->wanted, 0);
  }
  atomics_add_relaxed(&domain->scans, 1);
  uint64_t freed = 0;
  if (scan_fence(domain)) {
    struct intervals set;
    struct scan_walk walk = scan_start(domain, POOLS);
    scan_reservations(&walk, &set);
    while (set.count == SCAN_INTERVALS) {
      for (struct reclaim_batch *batch = first; batch != NULL; batch = batch->next) {
        batch_sift(batch, &set);
      }
      scan_reservations(&walk, &set);
    }
    /* All reservations are known. Nodes are freed while they are in the processor's cache. */
    struct reclaim_batch **at = &first;
    while (*at != NULL) {
      struct reclaim_batch *batch = *at;
      batch_sift(batch, &set);
      freed += batch_free(domain, record, batch);
      if (batch->nodes != NULL) {
        at = &batch->next;
      } else {
        *at = batch->next;
        if (record->spare == NULL) {
          record->spare = batch;
        } else {
          memory_give(batch);
        }
      }
    }
  }
  if (first != NULL) {
    struct reclaim_batch *last = first;
    while (last->next != NULL) {
      last = last->next;
    }
    waiting_push(domain, first, last);
  }
  uint64_t left = atomics_add_relaxed(&domain->waiting_count, 0 - freed) - freed;
  atomics_store_relaxed(&domain->threshold, 2 * left + RECLAIM_BACKLOG);
}

/* What the free records of readers have retired: they were given back when there was no memory for
 * a batch and no record to leave it to. Each is taken off the list for it, so that nobody else uses
 * it meanwhile; no longer than there are such, as who wants a record would find the list empty. */
static bool hand_over_free(struct reclaim *domain) {
  struct reclaim_pool *pool = &domain->readers;
  bool all = true;
  struct reclaim_record *looked_at = NULL;
  struct reclaim_record *record;
  uint64_t left = atomics_load_relaxed(&domain->laden);
  while (left > 0 && (record = pool_pop(pool)) != NULL) {
    if (record->nodes != NULL) {
      left--;
      if (hand_over(domain, record)) {
        atomics_add_relaxed(&domain->laden, UINT64_MAX);
      } else {
        all = false;
      }
    }
    record_link(record, looked_at == NULL ? 0 : record_index(looked_at) + 1);
    looked_at = record;
  }
  while ((record = looked_at) != NULL) {
    uint32_t next = (uint32_t)(atomics_load_relaxed(&record->place) >> 32);
    looked_at = next == 0 ? NULL : pool_record(pool, next - 1);
    pool_push(pool, record, record);
  }
  return all;
}

/* Hands over what the records have retired that nobody holds now, and scans then if told to: false
 * if there was no memory for all of it. Notes what is left, also what has a batch in a record that
 * a call held, which may only read with it. Lock-free. */
static bool collect(struct reclaim *domain, bool scans) {
  bool all = hand_over_free(domain);
  bool missed = false;
  struct reclaim_record *mine = NULL;
  struct pool_walk walk = {.pool = &domain->claims};
  struct reclaim_record *record;
  while ((record = pool_next(&walk)) != NULL) {
    uint64_t free = RECLAIM_FREE;
    if (!atomics_cas_acq_rel(&record->state, &free, RECLAIM_IDLE)) {
      missed = missed || atomics_load_relaxed(&record->count) >= RECLAIM_BATCH;
      continue;
    }
    all = hand_over(domain, record) && all;
    if (scans && mine == NULL) {
      mine = record;
    } else {
      atomics_store_release(&record->state, RECLAIM_FREE);
    }
  }
  if (mine != NULL) {
    reclaim_scan(domain, mine);
    atomics_store_release(&mine->state, RECLAIM_FREE);
  }
  if (!all || missed) {
    reclaim_note_behind(domain);
  }
  return all;
}

void reclaim_retire(
    struct reclaim *domain, struct reclaim_record *record, struct reclaim_node *node) {
  node->link = record->nodes;
  record->nodes = node;
  atomics_store_relaxed(&record->count, record->count + 1);
  if (record->count >= RECLAIM_BATCH) {
    /* This call could hand over its own; what others had to leave for want of memory, too. */
    if (hand_over(domain, record) && atomics_load_relaxed(&domain->behind) != 0 &&
        atomics_exchange_ordered(&domain->behind, 0) != 0) {
      collect(domain, false);
    }
    if (atomics_load_relaxed(&domain->waiting_count) >= atomics_load_relaxed(&domain->threshold)) {
      reclaim_scan(domain, record);
    }
  }
}

bool reclaim_trim(struct reclaim *domain) {
  return collect(domain, true);
}

/* Leaves what the record has retired to one for claims. */
static void leave_behind(struct reclaim *domain, struct reclaim_record *record) {
  struct reclaim_guard guard;
  reclaim_claim(&guard, domain);
  struct reclaim_record *heir = guard.record;
  if (heir != NULL) {
    struct reclaim_node **end = &heir->nodes;
    while (*end != NULL) {
      end = &(*end)->link;
    }
    *end = record->nodes;
    record->nodes = NULL;
    atomics_store_relaxed(&heir->count, heir->count + record->count);
    atomics_store_relaxed(&record->count, 0);
  }
  reclaim_exit(&guard);
}

void reclaim_release(
    struct reclaim *domain, struct reclaim_pool *pool, struct reclaim_record *record) {
  bool behind = !hand_over(domain, record);
  if (behind) {
    leave_behind(domain, record);
  }
  if (record->nodes != NULL) {
    atomics_add_relaxed(&domain->laden, 1);
  }
  atomics_store_release(&record->state, RECLAIM_FREE);
  pool_push(pool, record, record);
  if (behind) {
    reclaim_note_behind(domain);
  }
}

/* ------------------------------------------------------------------------ whole domains -- */

int32_t reclaim_init(
    struct reclaim *domain, uint64_t (*release)(struct reclaim_node *node), bool fenced) {
  memset(domain, 0, sizeof *domain);
  domain->era = 1; /* 0 is RECLAIM_FREE */
  domain->release = release;
  domain->threshold = RECLAIM_BACKLOG;
  domain->fenced = fenced || !system_barrier_register();
  return reclaim_grow_claims(domain) ? CX_OK : CX_NO_MEMORY;
}

bool reclaim_in_use(struct reclaim *domain) {
  struct scan_walk walk = scan_start(domain, POOLS);
  struct reclaim_record *record;
  while ((record = scan_next(&walk)) != NULL) {
    if (atomics_load_acquire(&record->state) != RECLAIM_FREE) {
      return true;
    }
  }
  return atomics_load_acquire(&domain->overflow) != 0;
}

static void nodes_destroy(struct reclaim *domain, struct reclaim_node *node) {
  while (node != NULL) {
    struct reclaim_node *next = node->link;
    domain->release(node);
    node = next;
  }
}

void reclaim_destroy(struct reclaim *domain) {
  struct scan_walk walk = scan_start(domain, POOLS);
  struct reclaim_record *record;
  while ((record = scan_next(&walk)) != NULL) {
    nodes_destroy(domain, record->nodes);
    memory_give(record->spare);
  }
  for (uint32_t i = 0; i < POOLS; i++) {
    for (uint32_t number = 0; number < RECLAIM_CHUNKS; number++) {
      cx_memory_free(pool_chunk(scan_pool(domain, i), number));
    }
  }
  struct reclaim_batch *batch = bits_pointer(domain->waiting);
  while (batch != NULL) {
    struct reclaim_batch *next = batch->next;
    nodes_destroy(domain, batch->nodes);
    memory_give(batch);
    batch = next;
  }
}

uint64_t reclaim_retired(struct reclaim *domain) {
  uint64_t count = atomics_load_relaxed(&domain->waiting_count);
  struct scan_walk walk = scan_start(domain, POOLS_OF_CALLS);
  struct reclaim_record *record;
  while ((record = scan_next(&walk)) != NULL) {
    count += atomics_load_relaxed(&record->count);
  }
  return count;
}

uint64_t reclaim_bytes(struct reclaim *domain) {
  uint64_t bytes = 0;
  struct scan_walk walk = scan_start(domain, POOLS_OF_CALLS);
  struct reclaim_record *record;
  while ((record = scan_next(&walk)) != NULL) {
    bytes += atomics_load_relaxed(&record->bytes);
  }
  return bytes;
}
