/*
 * model.h - what the maps are checked against: a sorted array, and the inverse of the mix to choose
 * paths with.
 */
#ifndef CX_MODEL_H
#define CX_MODEL_H

#include "check.h"

#define MODEL_CAPACITY 1024

struct model {
  uint64_t count;
  uint64_t keys[MODEL_CAPACITY];
  uint64_t values[MODEL_CAPACITY];
};

/* Where the key is, or would go. */
static inline uint64_t model_position(const struct model *model, uint64_t key) {
  uint64_t low = 0;
  uint64_t high = model->count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (model->keys[middle] < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static inline bool model_get(const struct model *model, uint64_t key, uint64_t *value) {
  uint64_t i = model_position(model, key);
  if (i == model->count || model->keys[i] != key) {
    return false;
  }
  *value = model->values[i];
  return true;
}

static inline void model_put(struct model *model, uint64_t key, uint64_t value) {
  uint64_t i = model_position(model, key);
  if (i == model->count || model->keys[i] != key) {
    CHECK(model->count < MODEL_CAPACITY);
    memmove(model->keys + i + 1, model->keys + i, (model->count - i) * 8);
    memmove(model->values + i + 1, model->values + i, (model->count - i) * 8);
    model->keys[i] = key;
    model->count++;
  }
  model->values[i] = value;
}

static inline void model_delete(struct model *model, uint64_t key) {
  uint64_t i = model_position(model, key);
  if (i < model->count && model->keys[i] == key) {
    model->count--;
    memmove(model->keys + i, model->keys + i + 1, (model->count - i) * 8);
    memmove(model->values + i, model->values + i + 1, (model->count - i) * 8);
  }
}

/* Checks size, every binding, and that iteration visits each key once. */
static inline void model_check(const struct model *model, const cx_hamt *map) {
  CHECK_EQUAL(model->count, cx_hamt_size(map));
  for (uint64_t i = 0; i < model->count; i++) {
    uint64_t value = ~model->values[i];
    CHECK_STATUS(CX_OK, cx_hamt_get(map, model->keys[i], &value));
    CHECK_EQUAL(model->values[i], value);
    CHECK_EQUAL(value, cx_hamt_find(map, model->keys[i], ~value));
  }
  struct model seen = {0};
  cx_hamt_cursor cursor = {.state = 0};
  uint64_t keys[7];
  uint64_t values[7];
  int64_t got;
  while ((got = cx_hamt_iterate(map, &cursor, keys, values, 7)) != 0) {
    CHECK(got > 0);
    for (int64_t i = 0; i < got; i++) {
      model_put(&seen, keys[i], values[i]);
    }
  }
  CHECK_EQUAL(model->count, seen.count);
  CHECK(memcmp(model->keys, seen.keys, model->count * 8) == 0);
  CHECK(memcmp(model->values, seen.values, model->count * 8) == 0);
}

/* Undoes x ^= x >> shift. */
static inline uint64_t unshift(uint64_t x, uint32_t shift) {
  uint64_t result = x;
  for (uint32_t done = shift; done < 64; done += shift) {
    result = x ^ (result >> shift);
  }
  return result;
}

/* The number that, multiplied with this odd one, gives 1: each step doubles the right bits. */
static inline uint64_t inverse(uint64_t odd) {
  uint64_t x = odd;
  for (int i = 0; i < 6; i++) {
    x *= 2 - odd * x;
  }
  return x;
}

/* The key that cx_mix takes to `hash`. */
static inline uint64_t unmix(uint64_t hash) {
  hash = unshift(hash, 31) * inverse(UINT64_C(0x94d049bb133111eb));
  hash = unshift(hash, 27) * inverse(UINT64_C(0xbf58476d1ce4e5b9));
  return unshift(hash, 30);
}

#endif
