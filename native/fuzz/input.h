/*
 * input.h - reads a fuzzer's bytes as small numbers; past the end they are 0.
 */
#ifndef CX_INPUT_H
#define CX_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
  const uint8_t *at;
  const uint8_t *end;
};

static inline bool input_more(const struct input *input) {
  return input->at < input->end;
}

static inline uint8_t input_byte(struct input *input) {
  return input_more(input) ? *input->at++ : 0;
}

#endif
