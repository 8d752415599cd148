/*
 * dump_test.c - the text itself and its buffer; native/vectors pins larger maps.
 */
#include "check.h"

static struct arena arena;

static const cx_hamt *map_of(uint64_t count) {
  const cx_hamt *map = NULL;
  for (uint64_t key = 1; key <= count; key++) {
    CHECK_STATUS(CX_OK, cx_hamt_assoc(map, key, key + 0xa0, &arena.space, &map));
  }
  return map;
}

static const cx_link *chain_of(uint64_t links) {
  const cx_link *ec = NULL;
  for (uint64_t i = 1; i <= links; i++) {
    CHECK_STATUS(CX_OK, cx_link_new(map_of(i), ec, &arena.space, &ec));
  }
  return ec;
}

static void flat_map_reads_as_the_format_says(void) {
  arena_clear(&arena);
  char text[200];
  CHECK_EQUAL(7, cx_hamt_dump(NULL, text, sizeof text));
  CHECK_TEXT("flat 0\n", text);
  cx_hamt_dump(map_of(2), text, sizeof text);
  CHECK_TEXT(
      "flat 2\n"
      "  0000000000000001 00000000000000a1\n"
      "  0000000000000002 00000000000000a2\n",
      text);
}

static void tree_with_a_collision_reads_as_the_format_says(void) {
  arena_clear(&arena);
  const cx_hamt *map;
  CHECK_STATUS(CX_OK, cx_test_hamt_raw(&arena.space, &map));
  for (uint64_t i = 0; i < 32; i++) {
    CHECK_STATUS(CX_OK, cx_hamt_assoc(map, i << 4, i, &arena.space, &map));
  }
  CHECK_STATUS(CX_OK, cx_hamt_assoc(map, 5, 0xabc, &arena.space, &map));
  char *text = dump_of(map);
  const char *start = "tree 33 raw\n"
                      "  node data=fffffffe nodes=00000001\n"
                      "    00\n"
                      "      node data=00000000 nodes=00000001\n"
                      "        00\n"
                      "          node data=00000000 nodes=00000001\n";
  CHECK(strncmp(start, text, strlen(start)) == 0);
  const char *collision =
      "                                                  node data=00000000 nodes=00000001\n"
      "                                                    00\n"
      "                                                      collision 2\n"
      "                                                        0000000000000000 0000000000000000\n"
      "                                                        0000000000000005 0000000000000abc\n"
      "    01 0000000000000010 0000000000000001\n";
  CHECK(strstr(text, collision) != NULL);
  const char *end = "    31 00000000000001f0 000000000000001f\n";
  CHECK_TEXT(end, text + strlen(text) - strlen(end));
  free(text);
}

static void chain_reads_topmost_link_first(void) {
  arena_clear(&arena);
  char text[400];
  cx_link_dump(NULL, text, sizeof text);
  CHECK_TEXT("ec 0\n", text);
  cx_link_dump(chain_of(2), text, sizeof text);
  CHECK_TEXT(
      "ec 2\n"
      "  link 0\n"
      "    flat 2\n"
      "      0000000000000001 00000000000000a1\n"
      "      0000000000000002 00000000000000a2\n"
      "  link 1\n"
      "    flat 1\n"
      "      0000000000000001 00000000000000a1\n",
      text);
}

static void thread_reads_topmost_map_then_chain(void) {
  arena_clear(&arena);
  char text[400];
  cx_record thread = {.unique_id = 1, .top = map_of(1), .below = chain_of(1)};
  cx_record_dump(&thread, text, sizeof text);
  CHECK_TEXT(
      "top\n"
      "  flat 1\n"
      "    0000000000000001 00000000000000a1\n"
      "ec 1\n"
      "  link 0\n"
      "    flat 1\n"
      "      0000000000000001 00000000000000a1\n",
      text);
  CHECK_EQUAL(0, cx_record_dump(NULL, text, sizeof text));
  CHECK_TEXT("", text);
}

typedef uint64_t dump_function(const void *what, char *buffer, uint64_t capacity);

static uint64_t dump_map(const void *map, char *buffer, uint64_t capacity) {
  return cx_hamt_dump(map, buffer, capacity);
}

static uint64_t dump_chain(const void *ec, char *buffer, uint64_t capacity) {
  return cx_link_dump(ec, buffer, capacity);
}

static void check_cut(dump_function *dump, const void *what) {
  uint64_t length = dump(what, NULL, 0);
  char *whole = malloc(length + 1);
  char *part = malloc(length + 2);
  CHECK(whole != NULL && part != NULL);
  CHECK_EQUAL(length, dump(what, whole, length + 1));
  CHECK_EQUAL(length, strlen(whole));
  for (uint64_t capacity = 0; capacity <= length + 1; capacity++) {
    memset(part, '#', length + 2);
    CHECK_EQUAL(length, dump(what, part, capacity));
    uint64_t kept = capacity == 0 ? 0 : capacity - 1;
    CHECK(memcmp(whole, part, kept) == 0);
    CHECK(capacity == 0 || part[kept] == '\0');
    CHECK(part[capacity] == '#');
  }
  CHECK_EQUAL(length, dump(what, NULL, 1000));
  free(whole);
  free(part);
}

static void short_buffer_gets_what_fits_and_the_length_needed(void) {
  arena_clear(&arena);
  check_cut(dump_map, NULL);
  check_cut(dump_map, map_of(3));
  check_cut(dump_map, map_of(40));
  check_cut(dump_chain, chain_of(3));
}

int main(int argc, char **argv) {
  static const struct test_case cases[] = {
      CASE(flat_map_reads_as_the_format_says),
      CASE(tree_with_a_collision_reads_as_the_format_says),
      CASE(chain_reads_topmost_link_first),
      CASE(thread_reads_topmost_map_then_chain),
      CASE(short_buffer_gets_what_fits_and_the_length_needed),
  };
  arena = arena_new(1 << 20);
  int result = run_cases(cases, sizeof cases / sizeof *cases, argc, argv);
  arena_free(&arena);
  return result;
}
