/*
 * replay.c - runs a fuzz target on the files given, once each, in place of libFuzzer: so every
 * build, with any compiler, replays what fuzzing has found.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST 65536

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s FILE...\n", argv[0]);
    return 1;
  }
  for (int i = 1; i < argc; i++) {
    static uint8_t data[LARGEST + 1];
    FILE *file = fopen(argv[i], "rb");
    size_t size = file == NULL ? 0 : fread(data, 1, sizeof data, file);
    if (file == NULL || ferror(file) || size > LARGEST) {
      fprintf(stderr, "%s: can't be read, or has more than %d bytes\n", argv[i], LARGEST);
      return 1;
    }
    fclose(file);
    printf("%s\n", argv[i]);
    fflush(stdout);
    /* A block of the right size, so that a read past the end is noticed. */
    uint8_t *input = malloc(size > 0 ? size : 1);
    if (input == NULL) {
      fprintf(stderr, "out of memory\n");
      return 1;
    }
    for (size_t at = 0; at < size; at++) {
      input[at] = data[at];
    }
    LLVMFuzzerTestOneInput(input, size);
    free(input);
  }
  printf("%d inputs passed\n", argc - 1);
  return 0;
}
