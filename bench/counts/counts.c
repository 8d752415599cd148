/*
 * counts.c - runs each operation of the C library between the marks of native/qemu/count_plugin.c.
 *
 *   counts
 *
 * For each operation there are two measurements, of ROUNDS and of 2 * ROUNDS times, so that what
 * the marks and the call cost drops out of the difference. Prints a line "NUMBER NAME" for each
 * operation; the plugin writes "NUMBER TIMES INSTRUCTIONS". The operation "loop" is what all others
 * are made of, and is taken off them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "contexture.h"

/* As native/qemu/count_plugin.c has them. */
enum { MARK = 0x43585f4d, BEGIN = 1, END = 2 };

enum { ROUNDS = 4096, SIZES = 3, KEYS = 32768 };

static const uint64_t sizes[SIZES] = {8, 1024, KEYS};

static cx_runtime *runtime;
static cx_thread thread;
static cx_record *record;
static cx_var var, other;
static cx_ec context;
static cx_lc generator;
static const cx_hamt *map;
static cx_space space;
static uint8_t *scratch; /* where `space` starts */
static cx_shared *shared;
static cx_shared_reader *reader;

/* Keys that are in the map under test, in no order, as many as rounds. */
static uint64_t keys[ROUNDS];

/* Keeps the compiler from leaving out what computes it. */
static volatile uint64_t sink;

static void check(int32_t status) {
  if (status < 0) {
    (void)fprintf(stderr, "counts: %s\n", cx_strerror(status));
    exit(1);
  }
}

static cx_space region(uint64_t bytes) {
  uint8_t *start = cx_memory_alloc(bytes);
  check(start == NULL ? CX_NO_MEMORY : CX_OK);
  return (cx_space){start, start + bytes};
}

static uint64_t key(uint64_t i) {
  return i * 7 + 1;
}

/* Fills keys[] from the first `size` keys. */
static void choose(uint64_t size) {
  for (uint64_t i = 0; i < ROUNDS; i++) {
    keys[i] = key(cx_mix(i) % size);
  }
}

/* Each operation, `i` counting its rounds. */

static void loop(uint64_t i) {
  sink = keys[i];
}

static void blank(uint64_t i) {
  sink = keys[i] + cx_abi_version();
}

static void hit(uint64_t i) {
  uint64_t value = keys[i];
  (void)cx_var_lookup(thread, &var, 0, &value);
  sink = value;
}

static void record_hit(uint64_t i) {
  uint64_t value = keys[i];
  (void)cx_record_lookup(record, &var, &value);
  sink = value;
}

/* Of what nothing is cached: its line has the other variable's value. */
static void miss(uint64_t i) {
  uint64_t value = keys[i];
  (void)cx_var_lookup(thread, (i & 1) != 0 ? &var : &other, 0, &value);
  sink = value;
}

static void record_miss(uint64_t i) {
  uint64_t value = keys[i];
  (void)cx_record_lookup(record, (i & 1) != 0 ? &var : &other, &value);
  sink = value;
}

static void set(uint64_t i) {
  sink = keys[i];
  (void)cx_var_set(thread, &var, i);
}

static void enter_and_leave(uint64_t i) {
  cx_frame frame;
  sink = keys[i];
  (void)cx_ec_set(thread, context, &frame);
  (void)cx_ec_restore(thread, frame);
}

static void push_and_pop(uint64_t i) {
  sink = keys[i];
  (void)cx_lc_push(thread, generator);
  (void)cx_lc_pop(thread, generator);
}

static void capture(uint64_t i) {
  cx_ec snapshot;
  sink = keys[i];
  (void)cx_ec_get(thread, &snapshot);
  (void)cx_ec_free(snapshot);
}

static void map_get(uint64_t i) {
  sink = cx_hamt_find(map, keys[i], 0);
}

static void map_put(uint64_t i) {
  const cx_hamt *changed;
  space.next = scratch;
  (void)cx_hamt_assoc(map, keys[i], i, &space, &changed);
  sink = (uint64_t)(uintptr_t)changed;
}

static void shared_get(uint64_t i) {
  sink = cx_shared_find(shared, reader, keys[i], 0);
}

/* Of a value that no key has yet. */
static void shared_put(uint64_t i) {
  static uint64_t fresh = KEYS;
  uint64_t previous;
  (void)cx_shared_put(shared, reader, keys[i], fresh++, &previous);
  sink = previous;
}

static void mark(unsigned long which, unsigned long number, unsigned long times) {
  (void)prctl(MARK, which, number, times);
}

/* Measures an operation, once it has run before: so all is bound and allocated. */
static void measure(const char *name, uint64_t size, void (*operation)(uint64_t)) {
  static unsigned long number;
  number++;
  if (size == 0) {
    (void)printf("%lu %s\n", number, name);
  } else {
    (void)printf("%lu %s, %llu entries\n", number, name, (unsigned long long)size);
  }
  for (unsigned long times = 0; times <= 2; times++) {
    mark(BEGIN, 0, 0);
    for (uint64_t i = 0; i < (times == 0 ? 1 : times) * ROUNDS; i++) {
      operation(i % ROUNDS);
    }
    if (times != 0) {
      mark(END, number, times * ROUNDS);
    }
  }
}

int main(void) {
  check(cx_runtime_new(&runtime));
  check(cx_thread_new(runtime, &thread));
  check(cx_record_new(runtime, &record));
  check(cx_var_new(runtime, &var));
  check(cx_var_new(runtime, &other));
  check(cx_lc_new(runtime, &generator));
  space = region(1 << 16);
  choose(1);
  measure("loop", 0, loop);
  measure("blank call", 0, blank);

  check(cx_var_set(thread, &var, 1));
  check(cx_var_set(thread, &other, 2));
  check(cx_ec_get(thread, &context));
  check(cx_record_set_cache(record, 64));
  check(cx_record_set(runtime, record, &var, 1, &space));
  check(cx_record_set(runtime, record, &other, 2, &space));
  scratch = space.next;
  measure("lookup, hit", 0, hit);
  measure("lookup on a record, hit", 0, record_hit);
  check(cx_thread_set_cache(thread, 1));
  check(cx_record_set_cache(record, 1));
  measure("lookup, miss", 0, miss);
  measure("lookup on a record, miss", 0, record_miss);
  check(cx_thread_set_cache(thread, 64));
  measure("set", 0, set);
  measure("enter and leave a snapshot", 0, enter_and_leave);
  measure("push and pop a logical context", 0, push_and_pop);
  measure("capture and free", 0, capture);

  for (int s = 0; s < SIZES; s++) {
    const cx_hamt *built = NULL;
    cx_space room = region(1 << 26);
    uint8_t *start = room.next;
    for (uint64_t i = 0; i < sizes[s]; i++) {
      check(cx_hamt_assoc(built, key(i), i + ROUNDS, &room, &built));
    }
    choose(sizes[s]);
    map = built;
    measure("map get", sizes[s], map_get);
    measure("map put", sizes[s], map_put);
    cx_memory_free(start);

    check(cx_shared_new(&shared));
    check(cx_shared_reader_new(shared, &reader));
    for (uint64_t i = 0; i < sizes[s]; i++) {
      uint64_t previous;
      check(cx_shared_put(shared, reader, key(i), i, &previous));
    }
    measure("shared map get", sizes[s], shared_get);
    measure("shared map put", sizes[s], shared_put);
    check(cx_shared_reader_free(shared, reader));
    check(cx_shared_free(shared));
  }
  return 0;
}
