/*
 * vectors_test.c - replays native/vectors/ *.txt; their README has the format.
 */
#include "check.h"

#define REGISTERS 16

struct replay {
  const char *path;
  int line;
  const cx_hamt *map;
  const cx_hamt *saved[REGISTERS];
  struct arena arena;
};

static void replay_fail(const struct replay *replay, const char *what, const char *detail) {
  fprintf(stderr, "%s:%d: %s\n%s\n", replay->path, replay->line, what, detail);
  exit(1);
}

static void replay_check(const struct replay *replay, int32_t status) {
  if (status != CX_OK) {
    replay_fail(replay, "operation failed", cx_strerror(status));
  }
}

static void replay_put(struct replay *replay, uint64_t key, uint64_t value) {
  replay_check(
      replay, ATTEMPT(cx_hamt_assoc(replay->map, key, value, &replay->arena.space, &replay->map)));
}

static void replay_delete(struct replay *replay, uint64_t key) {
  replay_check(
      replay, ATTEMPT(cx_hamt_dissoc(replay->map, key, &replay->arena.space, &replay->map)));
}

/* The `| ` lines that follow, as one text; the first other line is left in `line`. */
static char *read_expected(struct replay *replay, FILE *file, char *line, int size, bool *more) {
  size_t length = 0;
  char *text = calloc(1, 1);
  CHECK(text != NULL);
  while ((*more = fgets(line, size, file) != NULL) && strncmp(line, "| ", 2) == 0) {
    replay->line++;
    size_t added = strlen(line + 2);
    text = realloc(text, length + added + 1);
    CHECK(text != NULL);
    memcpy(text + length, line + 2, added + 1);
    length += added;
  }
  return text;
}

static uint64_t number(const struct replay *replay, const char *word) {
  char *end;
  uint64_t value = word == NULL ? 0 : strtoull(word, &end, 0);
  if (word == NULL || *word == '\0' || *end != '\0') {
    replay_fail(replay, "not a number", word == NULL ? "(missing)" : word);
  }
  return value;
}

static const cx_hamt **replay_register(struct replay *replay, const char *word) {
  uint64_t n = number(replay, word);
  if (n >= REGISTERS) {
    replay_fail(replay, "no such register", word);
  }
  return &replay->saved[n];
}

static void check_get(const struct replay *replay, uint64_t key, const char *expected) {
  char actual[32] = "absent";
  uint64_t value;
  if (cx_hamt_get(replay->map, key, &value) == CX_OK) {
    snprintf(actual, sizeof actual, "0x%" PRIx64, value);
  }
  if (strcmp(actual, expected) != 0) {
    replay_fail(replay, "value differs", actual);
  }
}

static void run_operation(struct replay *replay, char **words, int count) {
  const char *operation = words[0];
  if (strcmp(operation, "map") == 0) {
    replay->map = NULL;
    if (count == 2 && strcmp(words[1], "raw") == 0) {
      replay_check(replay, ATTEMPT(cx_test_hamt_raw(&replay->arena.space, &replay->map)));
    }
  } else if (strcmp(operation, "put") == 0) {
    replay_put(replay, number(replay, words[1]), number(replay, words[2]));
  } else if (strcmp(operation, "del") == 0) {
    replay_delete(replay, number(replay, words[1]));
  } else if (strcmp(operation, "fill") == 0 || strcmp(operation, "clear") == 0) {
    uint64_t key = number(replay, words[1]);
    uint64_t times = number(replay, words[2]);
    uint64_t stride = number(replay, words[3]);
    for (; times > 0; times--, key += stride) {
      if (operation[0] == 'f') {
        replay_put(replay, key, key * 3 + 1);
      } else {
        replay_delete(replay, key);
      }
    }
  } else if (strcmp(operation, "save") == 0) {
    *replay_register(replay, words[1]) = replay->map;
  } else if (strcmp(operation, "merge") == 0) {
    const cx_hamt *over = *replay_register(replay, words[1]);
    replay_check(
        replay, ATTEMPT(cx_hamt_merge(replay->map, over, &replay->arena.space, &replay->map)));
  } else if (strcmp(operation, "size") == 0) {
    CHECK_EQUAL(number(replay, words[1]), cx_hamt_size(replay->map));
  } else if (strcmp(operation, "get") == 0) {
    check_get(replay, number(replay, words[1]), words[2] == NULL ? "" : words[2]);
  } else {
    replay_fail(replay, "unknown operation", operation);
  }
}

static const char *path;
static struct arena arena;

static void replay_file(void) {
  FILE *file = fopen(path, "r");
  CHECK(file != NULL);
  struct replay replay = {.path = path, .arena = arena};
  char line[256];
  bool more = fgets(line, sizeof line, file) != NULL;
  while (more) {
    replay.line++;
    line[strcspn(line, "#\n")] = '\0';
    char *words[5] = {NULL};
    int count = 0;
    for (char *word = strtok(line, " "); word != NULL && count < 4; word = strtok(NULL, " ")) {
      words[count++] = word;
    }
    if (count > 0 && strcmp(words[0], "dump") == 0) {
      char *actual = dump_of(replay.map);
      char *expected = read_expected(&replay, file, line, sizeof line, &more);
      CHECK_TEXT(expected, actual);
      free(expected);
      free(actual);
      continue;
    }
    if (count > 0) {
      run_operation(&replay, words, count);
    }
    more = fgets(line, sizeof line, file) != NULL;
  }
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: vectors_test FILE...\n");
    return 1;
  }
  arena = arena_new(64u << 20);
  for (int i = 1; i < argc; i++) {
    path = argv[i];
    printf("%s\n", path);
    faults_run_case(replay_file);
  }
  arena_free(&arena);
  printf("%d files passed\n", argc - 1);
  return 0;
}
