/*
 * shared_hamt.c - the shared map: the algorithm, lookup, changes, the whole of it.
 *
 * The idea
 *
 *   One pointer to an immutable map, compared and swapped, has snapshots for nothing, but every
 * change copies a path and all but one of the changes that collide are thrown away. A trie of
 * tables whose slots are compared and swapped in place has neither problem, and no snapshots.
 * Generations give both. The root has a generation, and so has each table: the one in which it was
 * made. A table of the root's generation is changed in place; one of an older generation is frozen.
 * To take a snapshot is to swap the root for one of the next generation, by which every table is
 * frozen at once. A change that meets a frozen table copies it first.
 *
 *       map.root -> root { 7, top }
 *                          |
 *                        table { 7 }  [   |   |   |   ]      changed in place
 *                                       |       |
 *                               table { 3 }   leaf           frozen: shared with snapshots of
 *                                 |      |                    generations 3 to 6
 *                               leaf   table { 2 }
 *
 *   A table looks at six bits of the mixed key. A leaf has up to 32 entries and is never written to
 *   again: a change makes a new leaf. A leaf that gets too long becomes a table. Tables stay until
 *   clear; a leaf that loses its last entry stays as an empty one.
 *
 * A change
 *
 *   1  Load the root, of generation g. Go down to the leaf. Make the leaf that takes its place.
 *   2  The tables on the way must be of generation g. Otherwise put a copy of the first that isn't
 * in its place, by steps 3 to 5 (or, at the top, by swapping the root), and begin again. 3 Install:
 * compare and swap the slot from the old leaf to the new one, marked SHARED_UNDECIDED, whose
 * `before` names the old one. 4  Decide: load the root again. If it is of generation g still, swap
 * `before` to SHARED_COMMITTED, else add SHARED_FAILED to it. The first to do so decides for all;
 * whoever finds an undecided node does it, at once, so that nobody waits for the one who put it
 * there. 5  Settle: swap the slot to the new leaf, or back to the old one, without the mark. If it
 *      failed, begin again.
 *
 *   Where the top is a leaf, the root is swapped for one of the same generation; there is nothing
 * to decide.
 *
 * Why this is linearizable
 *
 *   Accesses to root and slots are in one total order (O10, O11).
 *
 *   (a) A table of the root's generation, once committed, is in the map. It was put there when its
 *       generation was current, and only frozen tables are ever replaced, or all by clear, which
 *       begins a generation.
 *   (b) What the slots of a frozen table stand for doesn't change. Let the root leave generation g
 * at instant s. What is installed in a table of generation g after s fails, since whoever decides
 *       it loads the root after that. What was installed before s is found by everyone who loads
 * the slot after s, and he decides it first if nobody has. So from s on, all agree on what the slot
 *       stands for, though the decision may come after s. Stragglers that install and fail only
 *       put back what was there.
 *   (c) A change takes effect when it is committed; or, if the root has left its generation by
 * then, just before it did: who committed it had loaded the root before, and nobody who looked at
 *       the slot between could pass without deciding it. Either instant is after the installation.
 *   (d) A read takes effect at some instant of its own. Let it have reached a table that was in the
 *       map at an instant of the read. If the table is in the map when its slot is loaded, so is
 *       what the slot stands for. If not, the table was frozen before it was replaced, and by (b)
 *       its slot stands for what it stood for when it was last in the map, during the read.
 *   (e) A copy misses nothing: it is made after the root was loaded with a later generation, so (b)
 *       holds of all slots of the table; each is decided before it is copied.
 *   (f) A snapshot takes effect when the root is swapped, and shows by (b) and (c) the changes that
 *       took effect before, no others. If the top is a leaf, or a table that is frozen already, the
 *       tree is as good as a snapshot, and loading the root is all there is to do.
 *   (g) No ABA: an installed node was never anywhere before, its address can't come back while the
 *       caller's reservation protects it, and a slot that returns to its old value by a failure
 *       stands for the same as before.
 *
 * Who retires what
 *
 *   Every node in the map is in one slot of one table in the map (or at the top). Once it has left
 * it, the one whose change took it out retires it: the old leaf, the table that was copied, the old
 *   root. A node that failed is retired by the one who made it, after settling, since then it isn't
 * in the slot any more, whoever took it out; its new children, which nobody can have seen, are
 * freed at once. clear, having swapped the root, owns the whole tree, settles each slot and retires
 * what it stands for. It needs no reservation for that: nobody else can retire these. Snapshots
 * don't take part: what they show and the map doesn't have is retired already, and held by their
 *   reservation.
 *
 *   R5 of reclaim.c: a table that isn't in the map any more is frozen, so by (b) it leads to what
 * it led to when it was; and to nodes that failed or are yet to fail, which aren't retired before
 * they are out of the slot. Those may be younger than a snapshot's reservation: who reads a
 * snapshot and finds a mark makes a reservation of his own to settle it (shared_frozen).
 *
 * Progress
 *
 *   Lookups are wait-free: a step for each level, at most one decision in each, and a bounded
 * number of new beginnings (reclaim.c). A change begins again when a compare-and-swap of its own
 * failed, since another change got through, or its node failed, since a snapshot or clear did:
 * lock-free.
 *
 * Want of memory
 *
 *   All that a change needs is allocated before it installs anything. Copies of tables that it made
 * on the way change nothing that can be seen.
 *
 * Further reading
 *
 *   A. Prokopec et al., "Concurrent Tries with Efficient Non-Blocking Snapshots", PPoPP 2012: the
 *   generations, and the compare-and-swap that takes effect only in its own. There, each node has
 * an indirection node of its own, and a snapshot copies these; here, slots of tables take their
 * part. docs/shared-map.md compares the two with one compared-and-swapped root.
 */
#include "shared_hamt.h"

#include <string.h>

#include "memory.h"

_Static_assert(sizeof(struct shared_node) == 24, "node layout");
_Static_assert(SHARED_LEAF_LIMIT < UINT8_MAX, "a leaf's count fits its byte");
_Static_assert(
    offsetof(struct cx_shared, domain) == SYSTEM_LINE, "the root has a cache line of its own");

static inline struct shared_node *node_at(uint64_t word) {
  return bits_pointer(word);
}

static inline uint64_t node_word(const struct shared_node *node) {
  return (uintptr_t)node;
}

/* ------------------------------------------------------------------- making, freeing nodes -- */

static uint64_t leaf_bytes(uint32_t count) {
  return sizeof(struct shared_leaf) + 16 * (uint64_t)count;
}

static uint64_t node_bytes(const struct reclaim_node *node) {
  switch (node->kind) {
  case SHARED_LEAF:
    return leaf_bytes(node->count);
  case SHARED_TABLE:
    return sizeof(struct shared_table);
  default:
    return sizeof(struct shared_root);
  }
}

static uint64_t node_release(struct reclaim_node *node) {
  uint64_t bytes = node_bytes(node);
  memory_give(node);
  return bytes;
}

/* A node with its head in place, counted to the record of the guard. */
static void *node_take(struct reclaim_guard *guard, enum shared_kind kind, uint32_t count) {
  struct reclaim_node head = {.kind = (uint8_t)kind, .count = (uint8_t)count};
  uint64_t bytes = node_bytes(&head);
  struct reclaim_node *node = memory_take(bytes);
  if (node != NULL) {
    *node = head;
    reclaim_stamp(guard->domain, node);
    reclaim_count_bytes(guard->record, bytes);
  }
  return node;
}

/* Frees a node that no other thread has seen. */
static void node_drop(struct reclaim_guard *guard, struct reclaim_node *node) {
  reclaim_count_bytes(guard->record, 0 - node_release(node));
}

static struct shared_leaf *leaf_new(struct reclaim_guard *guard, uint32_t count) {
  struct shared_leaf *leaf = node_take(guard, SHARED_LEAF, count);
  if (leaf != NULL) {
    leaf->node.before = SHARED_COMMITTED;
  }
  return leaf;
}

static struct shared_table *table_new(struct reclaim_guard *guard, uint64_t generation) {
  struct shared_table *table = node_take(guard, SHARED_TABLE, 0);
  if (table != NULL) {
    table->node.before = SHARED_COMMITTED;
    table->generation = generation;
    table->size = 0;
    memset(table->slots, 0, sizeof table->slots);
  }
  return table;
}

static struct shared_root *root_new(
    struct reclaim_guard *guard, uint64_t generation, struct shared_node *top) {
  struct shared_root *root = node_take(guard, SHARED_ROOT, 0);
  if (root != NULL) {
    root->generation = generation;
    root->top = top;
  }
  return root;
}

/* Frees what `table` leads to, all of which nobody else has seen. */
static void table_drop_children(struct reclaim_guard *guard, struct shared_table *table) {
  for (uint32_t i = 0; i < SHARED_SLOTS; i++) {
    struct shared_node *child = node_at(table->slots[i]);
    if (child != NULL) {
      if (shared_is_table(child)) {
        table_drop_children(guard, shared_table(child));
      }
      node_drop(guard, &child->head);
    }
  }
}

struct shared_entry {
  uint64_t key;
  uint64_t value;
};

/* The subtree of these entries for a place below `level` tables, or NULL for want of memory. */
static struct shared_node *subtree_new(
    struct reclaim_guard *guard, uint64_t generation, uint32_t level,
    const struct shared_entry *entries, uint32_t count) {
  if (count <= SHARED_LEAF_LIMIT) {
    struct shared_leaf *leaf = leaf_new(guard, count);
    if (leaf == NULL) {
      return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
      leaf->words[i] = entries[i].key;
      leaf->words[count + i] = entries[i].value;
    }
    return &leaf->node;
  }
  struct shared_table *table = table_new(guard, generation);
  if (table == NULL) {
    return NULL;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t slot = shared_slot(hamt_mix(entries[i].key), level);
    if (table->slots[slot] != 0) {
      continue; /* with an earlier entry's */
    }
    struct shared_entry group[SHARED_LEAF_LIMIT + 1];
    uint32_t members = 0;
    for (uint32_t k = i; k < count; k++) {
      if (shared_slot(hamt_mix(entries[k].key), level) == slot) {
        group[members++] = entries[k];
      }
    }
    struct shared_node *child = subtree_new(guard, generation, level + 1, group, members);
    if (child == NULL) {
      table_drop_children(guard, table);
      node_drop(guard, &table->node.head);
      return NULL;
    }
    table->slots[slot] = node_word(child);
  }
  return &table->node;
}

/* ----------------------------------------------------------------------------- deciding -- */

/* The generation of the map's root. Whatever the guard's limit, the root may be looked at once the
 * reservation reaches the present, since it is loaded straight from the map. */
static uint64_t generation_now(cx_shared *map, struct reclaim_guard *guard) {
  uint64_t limit = guard->limit;
  for (;;) {
    const struct shared_root *root = bits_pointer(atomics_load_ordered(&map->root));
    if (reclaim_era(&map->domain) <= limit) {
      return root->generation;
    }
    limit = reclaim_extend(guard);
  }
}

/* What a slot with `node` in it holds, in a table of `generation`: the node or what was there
 * before. Decides it if that wasn't done. Wait-free. */
static struct shared_node *node_decide(
    cx_shared *map, struct reclaim_guard *guard, uint64_t generation, struct shared_node *node) {
  uint64_t before = atomics_load_acquire(&node->before);
  if ((before & (SHARED_COMMITTED | SHARED_FAILED)) == 0) {
    uint64_t after = generation_now(map, guard) == generation ? SHARED_COMMITTED
                                                              : before | SHARED_FAILED;
    if (atomics_cas_acq_rel(&node->before, &before, after)) {
      before = after;
    }
  }
  return before == SHARED_COMMITTED ? node : node_at(before & ~SHARED_FAILED);
}

/* Decides what `word`, loaded from the slot, stands for and leaves that in the slot. */
static struct shared_node *slot_settle(
    cx_shared *map, struct reclaim_guard *guard, struct shared_table *table, uint32_t slot,
    uint64_t word) {
  struct shared_node *node = node_decide(
      map, guard, table->generation, node_at(word & ~SHARED_UNDECIDED));
  atomics_cas_ordered(&table->slots[slot], &word, node_word(node));
  return node;
}

/* What the slot holds; false if the guard has been overtaken. */
static inline bool slot_resolve(
    cx_shared *map, struct reclaim_guard *guard, struct shared_table *table, uint32_t slot,
    struct shared_node **node) {
  uint64_t word = atomics_load_ordered(&table->slots[slot]);
  if (!reclaim_covers(guard)) {
    return false;
  }
  *node = (word & SHARED_UNDECIDED) == 0 ? node_at(word)
                                         : slot_settle(map, guard, table, slot, word);
  return true;
}

struct shared_node *shared_frozen(cx_shared *map, struct shared_table *table, uint32_t slot) {
  uint64_t word = atomics_load_ordered(&table->slots[slot]);
  if ((word & SHARED_UNDECIDED) == 0) {
    return node_at(word);
  }
  /* A thread that came too late put a node here, younger perhaps than what the caller holds. */
  struct reclaim_guard guard;
  reclaim_enter(&guard, &map->domain, NULL);
  struct shared_node *node;
  while (!slot_resolve(map, &guard, table, slot, &node)) {
    reclaim_again(&guard);
  }
  reclaim_exit(&guard);
  return node;
}

/* ------------------------------------------------------------------------------- lookup -- */

static inline struct shared_root *root_load(cx_shared *map) {
  return bits_pointer(atomics_load_ordered(&map->root));
}

/* The leaf that `hash` leads to, or NULL; false if the guard has been overtaken. */
static inline bool find_leaf(
    cx_shared *map, struct reclaim_guard *guard, uint64_t hash, struct shared_leaf **leaf) {
  const struct shared_root *root = root_load(map);
  if (!reclaim_covers(guard)) {
    return false;
  }
  struct shared_node *node = root->top;
  for (; node != NULL && shared_is_table(node); hash >>= SHARED_SLOT_BITS) {
    if (!slot_resolve(map, guard, shared_table(node), hash & (SHARED_SLOTS - 1), &node)) {
      return false;
    }
  }
  *leaf = shared_leaf(node);
  return true;
}

static inline bool leaf_lookup(const struct shared_leaf *leaf, uint64_t key, uint64_t *value) {
  if (leaf == NULL) {
    return false;
  }
  uint32_t i = shared_leaf_find(leaf, key);
  if (i == leaf->node.head.count) {
    return false;
  }
  *value = shared_leaf_value(leaf, i);
  return true;
}

static inline bool shared_lookup(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t *value) {
  struct reclaim_guard guard;
  struct shared_leaf *leaf;
  uint64_t hash = hamt_mix(key);
  reclaim_enter(&guard, &map->domain, (struct reclaim_record *)(void *)reader);
  while (!find_leaf(map, &guard, hash, &leaf)) {
    reclaim_again(&guard);
  }
  bool found = leaf_lookup(leaf, key, value);
  reclaim_exit(&guard);
  return found;
}

int32_t cx_shared_get(cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t *value) {
  if (!shared_valid(map) || !shared_reader_valid(map, reader) || !bits_aligned(value)) {
    return CX_INVALID;
  }
  uint64_t found;
  if (!shared_lookup(map, reader, key, &found)) {
    return CX_ABSENT;
  }
  if (value != NULL) {
    *value = found;
  }
  return CX_OK;
}

uint64_t cx_shared_find(cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t absent) {
  if (shared_valid(map) && shared_reader_valid(map, reader)) {
    shared_lookup(map, reader, key, &absent);
  }
  return absent;
}

/* ------------------------------------------------------------------------------ changes -- */

/* A call that may change the map. */
struct change {
  cx_shared *map;
  struct reclaim_guard guard;
  struct reclaim_node *retired; /* by this call; given to the domain when the call is over */
};

static int32_t change_begin(struct change *change, cx_shared *map, cx_shared_reader *reader) {
  if (!shared_valid(map) || !shared_reader_valid(map, reader)) {
    return CX_INVALID;
  }
  if (reclaim_era(&map->domain) >= RECLAIM_ERA_END) {
    return CX_EXHAUSTED;
  }
  change->map = map;
  change->retired = NULL;
  for (;;) {
    reclaim_enter(&change->guard, &map->domain, (struct reclaim_record *)(void *)reader);
    if (change->guard.record != NULL) {
      return CX_OK;
    }
    reclaim_leave(&change->guard);
    if (!reclaim_grow_claims(&map->domain)) {
      return CX_NO_MEMORY;
    }
  }
}

static void change_retire(struct change *change, struct reclaim_node *node) {
  node->link = change->retired;
  change->retired = node;
}

/* Retires only once the reservation is given up, so that it doesn't hold back what it retires. */
static void change_end(struct change *change) {
  struct reclaim_guard *guard = &change->guard;
  if (change->retired == NULL) {
    reclaim_exit(guard);
    return;
  }
  reclaim_leave(guard);
  while (change->retired != NULL) {
    struct reclaim_node *next = change->retired->link;
    reclaim_retire(guard->domain, guard->record, change->retired);
    change->retired = next;
  }
  reclaim_done(guard);
}

/* Where a key belongs: in slot `slot` of `host`, or at the top of `root` if host is NULL. */
struct place {
  struct shared_root *root;
  struct shared_table *host;
  uint32_t slot;
  uint32_t level; /* tables above */
  struct shared_node *node;
};

/* Goes down to the leaf of `hash`. The first table on the way that isn't of the root's generation,
 * if there is one, is what *stale stands for: it has to be renewed before anything below it is
 * changed. False if the guard has been overtaken. */
static bool find_place(
    struct change *change, uint64_t hash, struct place *place, struct place *stale) {
  struct shared_root *root = root_load(change->map);
  if (!reclaim_covers(&change->guard)) {
    return false;
  }
  *place = (struct place){.root = root, .node = root->top};
  stale->node = NULL;
  while (place->node != NULL && shared_is_table(place->node)) {
    struct shared_table *table = shared_table(place->node);
    if (stale->node == NULL && table->generation != root->generation) {
      *stale = *place;
    }
    place->host = table;
    place->slot = shared_slot(hash, place->level++);
    if (!slot_resolve(change->map, &change->guard, table, place->slot, &place->node)) {
      return false;
    }
  }
  return true;
}

enum outcome { PLACED, LOST, FAILED, OVERTAKEN, NO_MEMORY };

static enum outcome place_top(
    struct change *change, const struct place *place, struct shared_node *node) {
  struct shared_root *root = root_new(&change->guard, place->root->generation, node);
  if (root == NULL) {
    return NO_MEMORY;
  }
  uint64_t expected = (uintptr_t)place->root;
  if (!atomics_cas_ordered(&change->map->root, &expected, (uintptr_t)root)) {
    node_drop(&change->guard, &root->head);
    return LOST;
  }
  change_retire(change, &place->root->head);
  return PLACED;
}

/* Puts `node`, which is new, in place of place->node, and retires that. FAILED: the node has been
 * seen by others, isn't in the map, and is retired; LOST and the rest: nobody has seen it. */
static enum outcome place_node(
    struct change *change, const struct place *place, struct shared_node *node) {
  if (reclaim_birth(&node->head) > change->guard.limit) {
    return OVERTAKEN;
  }
  enum outcome outcome;
  if (place->host == NULL) {
    outcome = place_top(change, place, node);
  } else {
    uint64_t *slot = &place->host->slots[place->slot];
    uint64_t seen = node_word(place->node);
    uint64_t tagged = node_word(node) | SHARED_UNDECIDED;
    node->before = seen;
    if (!atomics_cas_ordered(slot, &seen, tagged)) {
      return LOST;
    }
    if (slot_settle(change->map, &change->guard, place->host, place->slot, tagged) != node) {
      change_retire(change, &node->head);
      return FAILED;
    }
    outcome = PLACED;
  }
  if (outcome == PLACED && place->node != NULL) {
    change_retire(change, &place->node->head);
  }
  return outcome;
}

/* Puts a copy of the root's generation in the place of a table of an older one. */
static enum outcome renew(struct change *change, const struct place *stale) {
  struct shared_table *old = shared_table(stale->node);
  struct shared_table *copy = table_new(&change->guard, stale->root->generation);
  if (copy == NULL) {
    return NO_MEMORY;
  }
  enum outcome outcome = PLACED;
  for (uint32_t i = 0; i < SHARED_SLOTS && outcome == PLACED; i++) {
    struct shared_node *child;
    if (slot_resolve(change->map, &change->guard, old, i, &child)) {
      copy->slots[i] = node_word(child);
    } else {
      outcome = OVERTAKEN;
    }
  }
  if (outcome == PLACED) {
    outcome = place_node(change, stale, &copy->node);
  }
  if (outcome != PLACED && outcome != FAILED) {
    node_drop(&change->guard, &copy->node.head);
  }
  return outcome;
}

enum operation { PUT, PUT_IF_ABSENT, REMOVE, COMPARE_AND_SET };

struct request {
  enum operation operation;
  uint64_t key;
  uint64_t value;
  uint64_t expected; /* of COMPARE_AND_SET */
  uint64_t found;    /* if the answer is CX_OK: the value before, of PUT_IF_ABSENT the value now */
};

/* Whether the map has to change, given where the key is (i < count) or not; and the answer. */
static bool request_decide(
    struct request *request, const struct shared_leaf *leaf, uint32_t i, int32_t *status) {
  bool present = leaf != NULL && i < leaf->node.head.count;
  *status = present ? CX_OK : CX_ABSENT;
  if (present) {
    request->found = shared_leaf_value(leaf, i);
  }
  switch (request->operation) {
  case PUT:
    return !present || request->found != request->value;
  case PUT_IF_ABSENT:
    return !present;
  case REMOVE:
    return present;
  default:
    if (present && request->found != request->expected) {
      *status = CX_ABSENT;
    }
    return *status == CX_OK && request->expected != request->value;
  }
}

/* The leaf without its i-th entry. */
static struct shared_node *leaf_without(
    struct reclaim_guard *guard, const struct shared_leaf *leaf, uint32_t i) {
  uint32_t count = leaf->node.head.count - 1u;
  struct shared_leaf *copy = leaf_new(guard, count);
  if (copy == NULL) {
    return NULL;
  }
  memcpy(copy->words, leaf->words, 8 * (size_t)i);
  memcpy(copy->words + i, leaf->words + i + 1, 8 * (size_t)count);
  memcpy(copy->words + count + i, leaf->words + count + 2 + i, 8 * (size_t)(count - i));
  return &copy->node;
}

/* The leaf with another value in its i-th entry. */
static struct shared_node *leaf_with(
    struct reclaim_guard *guard, const struct shared_leaf *leaf, uint32_t i, uint64_t value) {
  uint32_t count = leaf->node.head.count;
  struct shared_leaf *copy = leaf_new(guard, count);
  if (copy == NULL) {
    return NULL;
  }
  memcpy(copy->words, leaf->words, 16 * (size_t)count);
  copy->words[count + i] = value;
  return &copy->node;
}

/* The leaf, or none, with one more entry, split if it gets too long. */
static struct shared_node *leaf_and(
    struct reclaim_guard *guard, const struct place *place, uint64_t key, uint64_t value) {
  struct shared_entry entries[SHARED_LEAF_LIMIT + 1];
  uint32_t count = 0;
  if (place->node != NULL) {
    const struct shared_leaf *leaf = shared_leaf(place->node);
    for (; count < leaf->node.head.count; count++) {
      entries[count] = (struct shared_entry){leaf->words[count], shared_leaf_value(leaf, count)};
    }
  }
  entries[count++] = (struct shared_entry){key, value};
  return subtree_new(guard, place->root->generation, place->level, entries, count);
}

static struct shared_node *request_build(
    struct reclaim_guard *guard, const struct request *request, const struct place *place,
    uint32_t i) {
  const struct shared_leaf *leaf = shared_leaf(place->node);
  if (request->operation == REMOVE) {
    return leaf_without(guard, leaf, i);
  }
  if (leaf != NULL && i < leaf->node.head.count) {
    return leaf_with(guard, leaf, i, request->value);
  }
  return leaf_and(guard, place, request->key, request->value);
}

/* One attempt; PLACED with the answer in *status also if nothing had to change. */
static enum outcome request_try(
    struct change *change, struct request *request, uint64_t hash, int32_t *status) {
  struct place place;
  struct place stale;
  if (!find_place(change, hash, &place, &stale)) {
    return OVERTAKEN;
  }
  const struct shared_leaf *leaf = shared_leaf(place.node);
  uint32_t i = leaf != NULL ? shared_leaf_find(leaf, request->key) : 0;
  if (!request_decide(request, leaf, i, status)) {
    return PLACED;
  }
  if (stale.node != NULL) {
    enum outcome outcome = renew(change, &stale);
    return outcome == PLACED ? LOST : outcome;
  }
  struct shared_node *node = request_build(&change->guard, request, &place, i);
  if (node == NULL) {
    return NO_MEMORY;
  }
  enum outcome outcome = place_node(change, &place, node);
  if (outcome != PLACED) {
    /* Below a table that failed nobody has looked. */
    if (shared_is_table(node)) {
      table_drop_children(&change->guard, shared_table(node));
    }
    if (outcome != FAILED) {
      node_drop(&change->guard, &node->head);
    }
  }
  return outcome;
}

static int32_t request_run(cx_shared *map, cx_shared_reader *reader, struct request *request) {
  struct change change;
  int32_t status = change_begin(&change, map, reader);
  if (status != CX_OK) {
    return status;
  }
  uint64_t hash = hamt_mix(request->key);
  enum outcome outcome;
  while ((outcome = request_try(&change, request, hash, &status)) != PLACED) {
    if (outcome == NO_MEMORY) {
      status = CX_NO_MEMORY;
      break;
    }
    if (outcome == OVERTAKEN) {
      reclaim_again(&change.guard);
    }
  }
  change_end(&change);
  return status;
}

/* Runs the request and writes what it found to *found, unless that is NULL. */
static int32_t request_answer(
    cx_shared *map, cx_shared_reader *reader, struct request *request, uint64_t *found) {
  int32_t status = bits_aligned(found) ? request_run(map, reader, request) : CX_INVALID;
  if (status == CX_OK && found != NULL) {
    *found = request->found;
  }
  return status;
}

int32_t cx_shared_put(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t value, uint64_t *previous) {
  struct request request = {.operation = PUT, .key = key, .value = value};
  return request_answer(map, reader, &request, previous);
}

int32_t cx_shared_put_if_absent(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t value, uint64_t *present) {
  struct request request = {.operation = PUT_IF_ABSENT, .key = key, .value = value};
  return request_answer(map, reader, &request, present);
}

int32_t cx_shared_remove(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t *previous) {
  struct request request = {.operation = REMOVE, .key = key};
  return request_answer(map, reader, &request, previous);
}

int32_t cx_shared_compare_and_set(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t expected, uint64_t value) {
  struct request request = {
      .operation = COMPARE_AND_SET, .key = key, .value = value, .expected = expected};
  return request_run(map, reader, &request);
}

int32_t cx_shared_merge(cx_shared *map, cx_shared_reader *reader, const cx_hamt *from) {
  if (!shared_valid(map) || !shared_reader_valid(map, reader) || !hamt_valid(from)) {
    return CX_INVALID;
  }
  cx_hamt_cursor cursor = {.state = 0};
  uint64_t keys[32];
  uint64_t values[32];
  int64_t count;
  while ((count = cx_hamt_iterate(from, &cursor, keys, values, 32)) > 0) {
    for (int64_t i = 0; i < count; i++) {
      int32_t status = cx_shared_put(map, reader, keys[i], values[i], NULL);
      if (status < 0) {
        return status;
      }
    }
  }
  return (int32_t)count;
}

/* ---------------------------------------------------------------------- the whole of the map -- */

/* Replaces the root by one of the next generation with `top`; *status tells why that didn't
 * succeed, CX_OK if another thread's change came between. */
static bool next_generation(
    struct change *change, struct shared_root *root, struct shared_node *top, int32_t *status) {
  *status = CX_EXHAUSTED;
  if (root->generation >= SHARED_GENERATION_END) {
    return false;
  }
  struct shared_root *next = root_new(&change->guard, root->generation + 1, top);
  *status = CX_NO_MEMORY;
  if (next == NULL) {
    return false;
  }
  *status = CX_OK;
  uint64_t expected = (uintptr_t)root;
  if (!atomics_cas_ordered(&change->map->root, &expected, (uintptr_t)next)) {
    node_drop(&change->guard, &next->head);
    return false;
  }
  change_retire(change, &root->head);
  return true;
}

/* The top of the tree as it is at one moment of this call and will be for good. Held by the guard.
 */
static int32_t freeze(struct change *change, struct shared_node **top) {
  for (;; reclaim_again(&change->guard)) {
    struct shared_root *root = root_load(change->map);
    if (!reclaim_covers(&change->guard)) {
      continue;
    }
    *top = root->top;
    /* A tree without a table of the root's generation is frozen already. */
    int32_t status = CX_OK;
    while (*top != NULL && shared_is_table(*top) &&
           shared_table(*top)->generation == root->generation &&
           !next_generation(change, root, *top, &status)) {
      if (status != CX_OK) {
        return status;
      }
      root = root_load(change->map);
      if (!reclaim_covers(&change->guard)) {
        break;
      }
      *top = root->top;
    }
    if (reclaim_covers(&change->guard)) {
      return CX_OK;
    }
  }
}

uint64_t shared_count(cx_shared *map, struct shared_node *top) {
  if (top == NULL || !shared_is_table(top)) {
    return top == NULL ? 0 : top->head.count;
  }
  struct shared_table *table = shared_table(top);
  uint64_t size = atomics_load_relaxed(&table->size);
  if (size == 0) {
    size = 1;
    for (uint32_t i = 0; i < SHARED_SLOTS; i++) {
      size += shared_count(map, shared_frozen(map, table, i));
    }
    atomics_store_relaxed(&table->size, size);
  }
  return size - 1;
}

int32_t cx_shared_size(cx_shared *map, cx_shared_reader *reader, uint64_t *size) {
  struct change change;
  int32_t status = bits_writable(size) ? change_begin(&change, map, reader) : CX_INVALID;
  if (status != CX_OK) {
    return status;
  }
  struct shared_node *top;
  status = freeze(&change, &top);
  if (status == CX_OK) {
    *size = shared_count(map, top);
  }
  change_end(&change);
  return status;
}

/* Retires a tree that the caller alone took out of the map. */
static void tree_retire(cx_shared *map, struct reclaim_record *record, struct shared_node *top) {
  if (top != NULL) {
    if (shared_is_table(top)) {
      for (uint32_t i = 0; i < SHARED_SLOTS; i++) {
        tree_retire(map, record, shared_frozen(map, shared_table(top), i));
      }
    }
    reclaim_retire(&map->domain, record, &top->head);
  }
}

int32_t cx_shared_clear(cx_shared *map, cx_shared_reader *reader) {
  struct change change;
  int32_t status = change_begin(&change, map, reader);
  if (status != CX_OK) {
    return status;
  }
  struct shared_node *top = NULL;
  for (;;) {
    struct shared_root *root = root_load(map);
    if (!reclaim_covers(&change.guard)) {
      reclaim_again(&change.guard);
      continue;
    }
    struct shared_node *dropped = root->top;
    if (dropped == NULL) {
      break;
    }
    if (next_generation(&change, root, NULL, &status)) {
      top = dropped;
      break;
    }
    if (status != CX_OK) {
      break;
    }
  }
  /* The tree is this call's own now, so no reservation is needed to look at it. */
  reclaim_leave(&change.guard);
  if (change.retired != NULL) {
    reclaim_retire(&map->domain, change.guard.record, change.retired);
  }
  tree_retire(map, change.guard.record, top);
  reclaim_done(&change.guard);
  return status;
}

/* ---------------------------------------------------------------------------- snapshots -- */

static struct shared_series *series_new(uint64_t room) {
  struct shared_series *series = memory_take(sizeof *series + room * sizeof *series->more);
  if (series != NULL) {
    series->room = room;
    series->taken = 0;
  }
  return series;
}

/* A series with its first snapshot. */
static int32_t series_take(
    cx_shared *map, cx_shared_reader *reader, uint64_t room, cx_shared_snapshot **out) {
  struct change change;
  int32_t status = change_begin(&change, map, reader);
  if (status != CX_OK) {
    return status;
  }
  struct reclaim *domain = &map->domain;
  struct reclaim_record *record = reclaim_acquire(domain, &domain->snapshots);
  struct shared_series *series = series_new(room);
  status = record == NULL || series == NULL ? CX_NO_MEMORY : CX_OK;
  struct shared_node *top = NULL;
  uint64_t widening = 0;
  do {
    if (status == CX_OK) {
      reclaim_hold(domain, record, widening++);
      status = freeze(&change, &top);
    }
  } while (status == CX_OK && !reclaim_held(domain, record));
  if (status == CX_OK) {
    series->first = (struct cx_shared_snapshot){map, top, series};
    series->record = record;
    series->scans = atomics_load_relaxed(&domain->scans);
    atomics_add_relaxed(&domain->held, 1);
    *out = &series->first;
  } else {
    memory_give(series);
    if (record != NULL) {
      reclaim_release(domain, &domain->snapshots, record);
    }
  }
  change_end(&change);
  return status;
}

int32_t cx_shared_snapshot_new(cx_shared *map, cx_shared_reader *reader, cx_shared_snapshot **out) {
  return out == NULL ? CX_INVALID : series_take(map, reader, 0, out);
}

int64_t cx_shared_snapshot_series(cx_shared *map, cx_shared_reader *reader, uint64_t room) {
  cx_shared_snapshot *first;
  int32_t status = room > UINT32_MAX ? CX_INVALID : series_take(map, reader, room, &first);
  return status == CX_OK ? (int64_t)(uintptr_t)first : status;
}

/* The top of the tree as it is at one moment of this call, under the series' reservation, which is
 * made longer as far as it has to be. */
static int32_t series_freeze(
    struct change *change, struct shared_series *series, struct shared_node **top) {
  for (uint64_t ahead = 0;; ahead = 2 * ahead + 1) {
    uint64_t limit = reclaim_reach(change->guard.domain, series->record, ahead);
    if (limit == 0) {
      return CX_NEED_SPACE;
    }
    int32_t status = freeze(change, top);
    if (status != CX_OK || reclaim_era(change->guard.domain) <= limit) {
      return status;
    }
  }
}

int64_t cx_shared_snapshot_next(cx_shared_snapshot *first, cx_shared_reader *reader) {
  if (!shared_snapshot_valid(first) || first->series == NULL) {
    return CX_INVALID;
  }
  struct shared_series *series = first->series;
  if (atomics_load_relaxed(&series->taken) >= series->room) {
    return CX_NEED_SPACE;
  }
  struct change change;
  int64_t answer = change_begin(&change, first->map, reader);
  if (answer != CX_OK) {
    return answer;
  }
  struct shared_node *top;
  answer = series_freeze(&change, series, &top);
  if (answer == CX_OK) {
    uint64_t number = atomics_add_relaxed(&series->taken, 1);
    answer = CX_NEED_SPACE; /* if others took the last ones meanwhile */
    if (number < series->room) {
      cx_shared_snapshot *snapshot = &series->more[number];
      *snapshot = (struct cx_shared_snapshot){first->map, top, NULL};
      answer = (int64_t)(uintptr_t)snapshot;
    }
  }
  change_end(&change);
  return answer;
}

void cx_shared_snapshot_free(cx_shared_snapshot *snapshot) {
  if (!shared_snapshot_valid(snapshot) || snapshot->series == NULL) {
    return;
  }
  struct shared_series *series = snapshot->series;
  struct reclaim *domain = &snapshot->map->domain;
  bool held_back = series->scans != atomics_load_relaxed(&domain->scans);
  reclaim_release(domain, &domain->snapshots, series->record);
  memory_give(series);
  uint64_t held = atomics_add_relaxed(&domain->held, UINT64_MAX) - 1;
  uint64_t let_go = atomics_add_relaxed(&domain->let_go, 1) + 1;
  /* A trim looks at all that are held: when thousands are freed in a row, not at each. */
  if (held_back && let_go >= held / 4 &&
      atomics_load_relaxed(&domain->waiting_count) >= RECLAIM_BACKLOG) {
    atomics_store_relaxed(&domain->let_go, 0);
    reclaim_trim(domain);
  }
}

/* -------------------------------------------------------------------------- maps, readers -- */

int32_t shared_new(cx_shared **out, bool fenced) {
  if (out == NULL) {
    return CX_INVALID;
  }
  cx_shared *map = cx_memory_alloc(sizeof *map);
  if (map == NULL) {
    return CX_NO_MEMORY;
  }
  int32_t status = reclaim_init(&map->domain, node_release, fenced);
  if (status != CX_OK) {
    cx_memory_free(map);
    return status;
  }
  struct reclaim_guard guard;
  reclaim_enter(&guard, &map->domain, NULL);
  struct shared_root *root = root_new(&guard, 1, NULL);
  reclaim_exit(&guard);
  if (root == NULL) {
    reclaim_destroy(&map->domain);
    cx_memory_free(map);
    return CX_NO_MEMORY;
  }
  map->root = (uintptr_t)root;
  *out = map;
  return CX_OK;
}

int32_t cx_shared_new(cx_shared **out) {
  return shared_new(out, false);
}

static void tree_free(cx_shared *map, struct shared_node *top) {
  if (top != NULL) {
    if (shared_is_table(top)) {
      for (uint32_t i = 0; i < SHARED_SLOTS; i++) {
        tree_free(map, shared_frozen(map, shared_table(top), i));
      }
    }
    memory_give(top);
  }
}

int32_t cx_shared_free(cx_shared *map) {
  if (map == NULL) {
    return CX_OK;
  }
  if (!shared_valid(map)) {
    return CX_INVALID;
  }
  if (map->owned != 0 || reclaim_in_use(&map->domain)) {
    return CX_IN_USE;
  }
  struct shared_root *root = root_load(map);
  tree_free(map, root->top);
  memory_give(root);
  reclaim_destroy(&map->domain);
  cx_memory_free(map);
  return CX_OK;
}

int32_t cx_shared_reader_new(cx_shared *map, cx_shared_reader **out) {
  if (!shared_valid(map) || out == NULL) {
    return CX_INVALID;
  }
  struct reclaim_record *record = reclaim_acquire(&map->domain, &map->domain.readers);
  if (record == NULL) {
    return CX_NO_MEMORY;
  }
  *out = (cx_shared_reader *)(void *)record;
  return CX_OK;
}

int32_t cx_shared_reader_free(cx_shared *map, cx_shared_reader *reader) {
  if (!shared_valid(map) || !shared_reader_valid(map, reader)) {
    return CX_INVALID;
  }
  struct reclaim_record *record = (struct reclaim_record *)(void *)reader;
  if (record == NULL) {
    return CX_OK;
  }
  reclaim_release(&map->domain, &map->domain.readers, record);
  return CX_OK;
}

int32_t cx_shared_trim(cx_shared *map) {
  if (!shared_valid(map)) {
    return CX_INVALID;
  }
  return reclaim_trim(&map->domain) ? CX_OK : CX_NO_MEMORY;
}

uint64_t cx_shared_retired(cx_shared *map) {
  return shared_valid(map) ? reclaim_retired(&map->domain) : 0;
}

uint64_t cx_shared_bytes(cx_shared *map) {
  return shared_valid(map) ? sizeof *map + reclaim_bytes(&map->domain) : 0;
}
