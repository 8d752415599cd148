/*
 * hamt_fuzz.c - runs the input as a program over maps and compares every step with a sorted array,
 * in shape as well: a map of the same contents, put together afresh, must give the same dump.
 */
#include "input.h"
#include "model.h"

#define REGISTERS 3
#define ARENA_BYTES (UINT64_C(1) << 18)
#define MAX_KEYS 400

struct machine {
  struct arena arena;
  bool raw;
  const cx_hamt *map;
  struct model model;
  const cx_hamt *saved[REGISTERS];
  struct model saved_models[REGISTERS];
};

static const cx_hamt *empty_map(struct machine *machine) {
  const cx_hamt *map = NULL;
  if (machine->raw) {
    CHECK_STATUS(CX_OK, cx_test_hamt_raw(&machine->arena.space, &map));
  }
  return map;
}

/* A byte picks the kind, another which one: few and close, on one path, far out. */
static uint64_t read_key(struct input *input, bool raw) {
  uint8_t kind = input_byte(input);
  uint64_t number = input_byte(input);
  uint32_t shift = 5 * (kind / 4 % 13);
  switch (kind % 4) {
  case 0:
    return number;
  case 1:
    return ~number;
  case 2:
    return raw ? (number << shift) << 4 | (number & 15) : unmix(number << shift);
  default:
    return raw ? (number << 40) | (kind >> 4) : number * UINT64_C(0x123456789abcdef1);
  }
}

static void check_shape(struct machine *machine) {
  uint8_t *before = machine->arena.space.next;
  const cx_hamt *fresh = empty_map(machine);
  for (uint64_t i = machine->model.count; i > 0; i--) {
    CHECK_STATUS(
        CX_OK, cx_hamt_assoc(
                   fresh, machine->model.keys[i - 1], machine->model.values[i - 1],
                   &machine->arena.space, &fresh));
    if (machine->arena.space.end - machine->arena.space.next < 1 << 14) {
      machine->arena.space.next = before;
      return; /* too large for what is left: another input will be small enough */
    }
  }
  char *expected = dump_of(fresh);
  char *actual = dump_of(machine->map);
  CHECK_TEXT(expected, actual);
  free(expected);
  free(actual);
  machine->arena.space.next = before;
}

/* One of the calls that build, in a space of `bytes` bytes: if that is too little, the call may
 * have changed nothing. */
static void run_squeezed(struct machine *machine, struct input *input, uint32_t which) {
  uint64_t key = read_key(input, machine->raw);
  uint64_t bytes = 8 * (uint64_t)input_byte(input);
  uint8_t *next = machine->arena.space.next;
  cx_space space = {next, next + bytes};
  const cx_hamt *out = machine->map;
  int32_t status;
  switch (input_byte(input) % 4) {
  case 0:
    status = cx_hamt_assoc(machine->map, key, ~key, &space, &out);
    break;
  case 1:
    status = cx_hamt_dissoc(machine->map, key, &space, &out);
    break;
  case 2:
    status = cx_hamt_merge(machine->map, machine->saved[which], &space, &out);
    break;
  default:
    status = cx_hamt_copy(machine->map, &space, &out);
    CHECK_STATUS(cx_hamt_bytes(machine->map) <= bytes ? CX_OK : CX_NEED_SPACE, status);
  }
  CHECK(space.next <= space.end);
  if (status != CX_OK) {
    CHECK_STATUS(CX_NEED_SPACE, status);
    CHECK_SAME(machine->map, out);
    CHECK_SAME(next, space.next);
  }
}

static void run_operation(struct machine *machine, struct input *input) {
  struct model *model = &machine->model;
  cx_space *space = &machine->arena.space;
  uint8_t operation = input_byte(input);
  uint32_t which = operation / 8 % REGISTERS;
  uint64_t expected = 1;
  uint64_t actual = 1;
  switch (operation % 8) {
  case 0:
  case 1:
  case 2: {
    uint64_t key = read_key(input, machine->raw);
    uint64_t value = operation;
    uint8_t *before = space->next;
    uint64_t bound = cx_hamt_assoc_bound(machine->map);
    CHECK_STATUS(CX_OK, cx_hamt_assoc(machine->map, key, value, space, &machine->map));
    CHECK((uint64_t)(space->next - before) <= bound);
    model_put(model, key, value);
    break;
  }
  case 3: {
    uint64_t key = operation & 8 && model->count > 0 ? model->keys[input_byte(input) % model->count]
                                                     : read_key(input, machine->raw);
    uint8_t *before = space->next;
    uint64_t bound = cx_hamt_assoc_bound(machine->map);
    CHECK_STATUS(CX_OK, cx_hamt_dissoc(machine->map, key, space, &machine->map));
    CHECK((uint64_t)(space->next - before) <= bound);
    model_delete(model, key);
    break;
  }
  case 4:
    machine->saved[which] = machine->map;
    machine->saved_models[which] = *model;
    break;
  case 5: {
    const struct model *over = &machine->saved_models[which];
    uint8_t *before = space->next;
    uint64_t bound = cx_hamt_merge_bound(machine->map, machine->saved[which]);
    CHECK_STATUS(CX_OK, cx_hamt_merge(machine->map, machine->saved[which], space, &machine->map));
    CHECK((uint64_t)(space->next - before) <= bound);
    for (uint64_t i = 0; i < over->count; i++) {
      model_put(model, over->keys[i], over->values[i]);
    }
    break;
  }
  case 6: {
    const cx_hamt *map = machine->map;
    machine->map = machine->saved[which];
    machine->saved[which] = map;
    struct model swapped = *model;
    *model = machine->saved_models[which];
    machine->saved_models[which] = swapped;
    break;
  }
  default: {
    if (operation & 64) {
      run_squeezed(machine, input, which);
      break;
    }
    uint64_t key = read_key(input, machine->raw);
    bool present = model_get(model, key, &expected);
    CHECK_STATUS(present ? CX_OK : CX_ABSENT, cx_hamt_get(machine->map, key, &actual));
    CHECK_EQUAL(expected, actual);
  }
  }
  CHECK_EQUAL(model->count, cx_hamt_size(machine->map));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct machine machine;
  machine.arena = arena_new(ARENA_BYTES);
  machine.model.count = 0;
  struct input input = {data, data + size};
  machine.raw = input_byte(&input) & 1;
  machine.map = empty_map(&machine);
  for (int i = 0; i < REGISTERS; i++) {
    machine.saved[i] = machine.map;
    machine.saved_models[i].count = 0;
  }
  while (input_more(&input) && machine.model.count < MAX_KEYS &&
         machine.arena.space.end - machine.arena.space.next > 1 << 17) {
    run_operation(&machine, &input);
  }
  model_check(&machine.model, machine.map);
  check_shape(&machine);
  for (int i = 0; i < REGISTERS; i++) {
    model_check(&machine.saved_models[i], machine.saved[i]);
  }
  arena_free(&machine.arena);
  return 0;
}
