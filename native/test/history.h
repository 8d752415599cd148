/*
 * history.h - what threads did to a shared map of a few keys, and whether that is linearizable: a
 * search after J. Wing and C. Gong, "Testing and Verifying Concurrent Objects", 1993, for an order
 * of the operations that no operation contradicts, with G. Lowe's table of what was tried before.
 */
#ifndef CX_HISTORY_H
#define CX_HISTORY_H

#include "model.h"
#include "series.h"

#define HISTORY_KEYS 4
#define HISTORY_VALUES 3 /* 1 to 3; 0 is absence */
#define HISTORY_LIMIT 26 /* operations */

enum history_kind {
  HISTORY_GET,
  HISTORY_PUT,
  HISTORY_PUT_IF_ABSENT,
  HISTORY_REMOVE,
  HISTORY_COMPARE_AND_SET,
  HISTORY_SNAPSHOT,
  HISTORY_SIZE,
  HISTORY_CLEAR,
  HISTORY_KINDS
};

/* What a map holds: two bits for every key. */
typedef uint32_t history_state;

struct operation {
  enum history_kind kind;
  uint32_t key;
  uint32_t value;
  uint32_t expected;
  cx_shared_snapshot *series; /* that a snapshot is to belong to if it can, or NULL */
  /* What came of it. */
  uint32_t found; /* the value found, 0 if none; whether it was set; a state; a size */
  uint64_t begin; /* instants; no two are the same */
  uint64_t end;
};

struct history {
  uint32_t count;
  struct operation operations[HISTORY_LIMIT];
};

static inline uint32_t state_get(history_state state, uint32_t key) {
  return state >> (2 * key) & 3;
}

static inline history_state state_set(history_state state, uint32_t key, uint32_t value) {
  return (state & ~(UINT32_C(3) << (2 * key))) | value << (2 * key);
}

static inline uint32_t state_size(history_state state) {
  uint32_t size = 0;
  for (uint32_t key = 0; key < HISTORY_KEYS; key++) {
    size += state_get(state, key) != 0;
  }
  return size;
}

/* What the operation has to find in `state`; changes that as it would. */
static inline uint32_t operation_apply(const struct operation *operation, history_state *state) {
  history_state before = *state;
  uint32_t present = state_get(before, operation->key);
  switch (operation->kind) {
  case HISTORY_GET:
    return present;
  case HISTORY_PUT:
    *state = state_set(before, operation->key, operation->value);
    return present;
  case HISTORY_PUT_IF_ABSENT:
    if (present == 0) {
      *state = state_set(before, operation->key, operation->value);
    }
    return present;
  case HISTORY_REMOVE:
    *state = state_set(before, operation->key, 0);
    return present;
  case HISTORY_COMPARE_AND_SET:
    if (present != operation->expected) {
      return 0;
    }
    *state = state_set(before, operation->key, operation->value);
    return 1;
  case HISTORY_SNAPSHOT:
    return before;
  case HISTORY_SIZE:
    return state_size(before);
  default:
    *state = 0;
    return 0;
  }
}

/* Sets of operations with the state they lead to, from which no order was found: open addressing,
 * emptied by a new stamp. */
#define TRIED_SLOTS 65536u

struct tried {
  uint64_t stamp;
  uint64_t entries;
  uint64_t stamps[TRIED_SLOTS];
  uint64_t members[TRIED_SLOTS];
};

/* Whether it is new. When the table is nearly full, everything is. */
static inline bool tried_add(struct tried *tried, uint64_t member) {
  for (uint64_t i = cx_mix(member);; i++) {
    uint64_t slot = i % TRIED_SLOTS;
    if (tried->stamps[slot] != tried->stamp) {
      if (tried->entries < TRIED_SLOTS / 2) {
        tried->entries++;
        tried->stamps[slot] = tried->stamp;
        tried->members[slot] = member;
      }
      return true;
    }
    if (tried->members[slot] == member) {
      return false;
    }
  }
}

static inline bool history_search(
    const struct history *history, struct tried *tried, uint32_t done, history_state state) {
  if (done == (UINT32_C(1) << history->count) - 1) {
    return true;
  }
  if (!tried_add(tried, (uint64_t)done << 32 | state)) {
    return false;
  }
  uint64_t first_end = UINT64_MAX;
  for (uint32_t i = 0; i < history->count; i++) {
    if ((done >> i & 1) == 0 && history->operations[i].end < first_end) {
      first_end = history->operations[i].end;
    }
  }
  for (uint32_t i = 0; i < history->count; i++) {
    const struct operation *operation = &history->operations[i];
    if ((done >> i & 1) == 0 && operation->begin < first_end) {
      history_state next = state;
      if (operation_apply(operation, &next) == operation->found &&
          history_search(history, tried, done | UINT32_C(1) << i, next)) {
        return true;
      }
    }
  }
  return false;
}

/* Whether some order of the operations, each at an instant between its begin and its end, explains
 * what they found, beginning with `state`. */
static inline bool history_linearizable(
    const struct history *history, struct tried *tried, history_state state) {
  tried->stamp++;
  tried->entries = 0;
  return history_search(history, tried, 0, state);
}

static inline void history_print(const struct history *history, history_state state) {
  static const char *const names[] = {"get", "put",      "put if absent", "remove",
                                      "cas", "snapshot", "size",          "clear"};
  fprintf(stderr, "from state %02x:\n", state);
  for (uint32_t i = 0; i < history->count; i++) {
    const struct operation *o = &history->operations[i];
    fprintf(
        stderr, "  [%" PRIu64 ", %" PRIu64 "] %s key %u value %u expected %u: found %x\n", o->begin,
        o->end, names[o->kind], o->key, o->value, o->expected, o->found);
  }
}

/* ------------------------------------------------------------------------- on a real map -- */

/* Keys whose paths part late, by and by: 0 and 1 on the last level, 2 on the fourth, 3 at once. */
static inline uint64_t history_key(uint32_t key) {
  static const uint64_t hashes[HISTORY_KEYS] = {
      UINT64_C(0x1234567890abcdef), UINT64_C(0x9234567890abcdef), UINT64_C(0x1234567890aacdef),
      UINT64_C(0x1234567890abcdee)};
  return unmix(hashes[key]);
}

static inline history_state snapshot_state(const cx_shared_snapshot *snapshot) {
  history_state state = 0;
  for (uint32_t key = 0; key < HISTORY_KEYS; key++) {
    uint64_t value = cx_shared_snapshot_find(snapshot, history_key(key), 0);
    state = state_set(state, key, (uint32_t)value);
  }
  return state;
}

static inline struct operation operation_random(uint64_t *random) {
  struct operation operation = {
      .kind = (enum history_kind)random_below(random, HISTORY_KINDS + 2),
      .key = (uint32_t)random_below(random, HISTORY_KEYS),
      .value = 1 + (uint32_t)random_below(random, HISTORY_VALUES),
      .expected = 1 + (uint32_t)random_below(random, HISTORY_VALUES)};
  if (operation.kind >= HISTORY_KINDS) {
    operation.kind = HISTORY_PUT;
  }
  if (operation.kind == HISTORY_CLEAR && random_below(random, 2) == 0) {
    operation.kind = HISTORY_REMOVE;
  }
  return operation;
}

/* Runs the operation but for its instants. A snapshot is left in *snapshot. */
static inline void operation_run(
    struct operation *operation, cx_shared *map, cx_shared_reader *reader,
    cx_shared_snapshot **snapshot) {
  uint64_t key = history_key(operation->key);
  uint64_t found = 0;
  int32_t status = CX_OK;
  switch (operation->kind) {
  case HISTORY_GET:
    status = cx_shared_get(map, reader, key, &found);
    break;
  case HISTORY_PUT:
    status = cx_shared_put(map, reader, key, operation->value, &found);
    break;
  case HISTORY_PUT_IF_ABSENT:
    status = cx_shared_put_if_absent(map, reader, key, operation->value, &found);
    break;
  case HISTORY_REMOVE:
    status = cx_shared_remove(map, reader, key, &found);
    break;
  case HISTORY_COMPARE_AND_SET:
    status = cx_shared_compare_and_set(map, reader, key, operation->expected, operation->value);
    found = status == CX_OK;
    break;
  case HISTORY_SNAPSHOT:
    status = operation->series == NULL ? CX_NEED_SPACE
                                       : series_next(operation->series, reader, snapshot);
    if (status == CX_NEED_SPACE) {
      status = cx_shared_snapshot_new(map, reader, snapshot);
    }
    found = status == CX_OK ? snapshot_state(*snapshot) : 0;
    break;
  case HISTORY_SIZE:
    status = cx_shared_size(map, reader, &found);
    break;
  default:
    status = cx_shared_clear(map, reader);
  }
  CHECK(status >= 0);
  operation->found = (uint32_t)found;
}

#endif
