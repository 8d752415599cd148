/*
 * shared_fuzz.c - runs the input as a program over one shared map and its snapshots and compares
 * every answer with a sorted array; keys share as much of their hashes as the input likes. One
 * thread: what threads do to each other is for the torture tests and models.
 */
#include "input.h"
#include "model.h"
#include "shared_hamt.h"

#define SNAPSHOTS 3
#define ARENA_BYTES (UINT64_C(1) << 17)
#define MAX_KEYS 400

struct machine {
  cx_shared *map;
  cx_shared_reader *reader;
  cx_shared_reader *using; /* the reader, or NULL */
  struct model model;
  cx_shared_snapshot *snapshots[SNAPSHOTS];
  struct model frozen[SNAPSHOTS];
};

/* Few and close; or with hashes that are alike but for one of the groups of bits. */
static uint64_t read_key(struct input *input) {
  uint8_t kind = input_byte(input);
  uint64_t number = input_byte(input);
  uint32_t shift = kind / 4 % 57;
  switch (kind % 4) {
  case 0:
    return number;
  case 1:
    return ~number;
  case 2:
    return unmix(number << shift);
  default:
    return unmix(~(number << shift));
  }
}

static void check_snapshot(const struct model *model, const cx_shared_snapshot *snapshot) {
  CHECK_EQUAL(model->count, cx_shared_snapshot_size(snapshot));
  for (uint64_t i = 0; i < model->count; i++) {
    uint64_t value = ~model->values[i];
    CHECK_STATUS(CX_OK, cx_shared_snapshot_get(snapshot, model->keys[i], &value));
    CHECK_EQUAL(model->values[i], value);
  }
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *hamt;
  int64_t bytes = cx_shared_snapshot_hamt_bytes(snapshot);
  CHECK(bytes >= 0);
  CHECK_STATUS(CX_OK, cx_shared_snapshot_to_hamt(snapshot, &arena.space, &hamt));
  CHECK_EQUAL(bytes, arena_used(&arena));
  model_check(model, hamt);
  struct model seen = {0};
  cx_hamt_cursor cursor = {.state = 0};
  uint64_t keys[3];
  uint64_t values[3];
  int64_t got;
  while ((got = cx_shared_snapshot_iterate(snapshot, &cursor, keys, values, 3)) != 0) {
    CHECK(got > 0);
    for (int64_t i = 0; i < got; i++) {
      model_put(&seen, keys[i], values[i]);
    }
  }
  CHECK_EQUAL(model->count, seen.count);
  CHECK(memcmp(model->values, seen.values, model->count * 8) == 0);
  arena_free(&arena);
}

static void release_snapshot(struct machine *machine, uint32_t which) {
  if (machine->snapshots[which] != NULL) {
    check_snapshot(&machine->frozen[which], machine->snapshots[which]);
    cx_shared_snapshot_free(machine->snapshots[which]);
    machine->snapshots[which] = NULL;
  }
}

static void take_snapshot(struct machine *machine, uint32_t which) {
  release_snapshot(machine, which);
  CHECK_STATUS(
      CX_OK, cx_shared_snapshot_new(machine->map, machine->using, &machine->snapshots[which]));
  machine->frozen[which] = machine->model;
}

/* Puts a snapshot's contents, as they are or one entry changed, into the map. */
static void merge_snapshot(struct machine *machine, uint32_t which) {
  if (machine->snapshots[which] == NULL) {
    return;
  }
  struct arena arena = arena_new(ARENA_BYTES);
  const cx_hamt *from;
  CHECK_STATUS(CX_OK, cx_shared_snapshot_to_hamt(machine->snapshots[which], &arena.space, &from));
  CHECK_STATUS(CX_OK, cx_shared_merge(machine->map, machine->using, from));
  const struct model *frozen = &machine->frozen[which];
  for (uint64_t i = 0; i < frozen->count; i++) {
    model_put(&machine->model, frozen->keys[i], frozen->values[i]);
  }
  arena_free(&arena);
}

static void run_operation(struct machine *machine, struct input *input) {
  struct model *model = &machine->model;
  uint8_t operation = input_byte(input);
  uint32_t which = operation / 16 % SNAPSHOTS;
  machine->using = operation & 128 ? machine->reader : NULL;
  uint64_t key = operation % 16 < 10 ? read_key(input) : 0;
  uint64_t value = operation / 16;
  uint64_t before = 1000;
  bool present = model_get(model, key, &before);
  int32_t expected = present ? CX_OK : CX_ABSENT;
  uint64_t found = 1000;
  switch (operation % 16) {
  case 0:
  case 1:
  case 2:
  case 3:
    CHECK_STATUS(expected, cx_shared_put(machine->map, machine->using, key, value, &found));
    CHECK_EQUAL(before, found);
    model_put(model, key, value);
    break;
  case 4:
  case 5:
    CHECK_STATUS(expected, cx_shared_remove(machine->map, machine->using, key, &found));
    CHECK_EQUAL(before, found);
    model_delete(model, key);
    break;
  case 6:
    CHECK_STATUS(
        expected, cx_shared_put_if_absent(machine->map, machine->using, key, value, &found));
    CHECK_EQUAL(before, found);
    if (!present) {
      model_put(model, key, value);
    }
    break;
  case 7: {
    bool swaps = present && before == value;
    CHECK_STATUS(
        swaps ? CX_OK : CX_ABSENT,
        cx_shared_compare_and_set(machine->map, machine->using, key, value, value + 1));
    if (swaps) {
      model_put(model, key, value + 1);
    }
    break;
  }
  case 8:
  case 9:
    CHECK_STATUS(expected, cx_shared_get(machine->map, machine->using, key, &found));
    CHECK_EQUAL(before, found);
    CHECK_EQUAL(present ? before : 7, cx_shared_find(machine->map, machine->using, key, 7));
    break;
  case 10:
  case 11:
    take_snapshot(machine, which);
    break;
  case 12:
    release_snapshot(machine, which);
    break;
  case 13:
    merge_snapshot(machine, which);
    break;
  case 14:
    CHECK_STATUS(CX_OK, cx_shared_size(machine->map, machine->using, &found));
    CHECK_EQUAL(model->count, found);
    break;
  default:
    if (which == 0) {
      CHECK_STATUS(CX_OK, cx_shared_clear(machine->map, machine->using));
      model->count = 0;
    } else {
      CHECK_STATUS(CX_OK, cx_shared_trim(machine->map));
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct machine machine;
  struct input input = {data, data + size};
  machine.model.count = 0;
  machine.using = NULL;
  bool fenced = input_byte(&input) & 1;
  CHECK_STATUS(CX_OK, shared_new(&machine.map, fenced));
  CHECK_STATUS(CX_OK, cx_shared_reader_new(machine.map, &machine.reader));
  while (input_more(&input) && machine.model.count < MAX_KEYS) {
    run_operation(&machine, &input);
  }
  take_snapshot(&machine, 0);
  for (uint32_t i = 0; i < SNAPSHOTS; i++) {
    release_snapshot(&machine, i);
  }
  /* Everything comes back once the map is empty and nobody holds anything. */
  CHECK_STATUS(CX_OK, cx_shared_reader_free(machine.map, machine.reader));
  CHECK_STATUS(CX_OK, cx_shared_clear(machine.map, NULL));
  CHECK_STATUS(CX_OK, cx_shared_trim(machine.map));
  CHECK_EQUAL(0, cx_shared_retired(machine.map));
  CHECK_STATUS(CX_OK, cx_shared_free(machine.map));
  return 0;
}
