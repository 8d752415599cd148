/*
 * abi_test.c - what the library tells about itself.
 */
#include "check.h"

static void version_is_three_numbers(void) {
  int numbers[3];
  char rest;
  CHECK_EQUAL(3, sscanf(cx_version(), "%d.%d.%d%c", numbers, numbers + 1, numbers + 2, &rest));
  CHECK_EQUAL(CX_ABI_VERSION, cx_abi_version());
}

static void build_id_is_a_digest(void) {
  CHECK_EQUAL(64, strlen(cx_build_id()));
  CHECK_EQUAL(64, strspn(cx_build_id(), "0123456789abcdef"));
}

static void every_status_has_its_own_text(void) {
  for (int32_t a = CX_READ_ONLY; a <= CX_ABSENT; a++) {
    CHECK(strcmp("unknown status", cx_strerror(a)) != 0);
    for (int32_t b = CX_READ_ONLY; b < a; b++) {
      CHECK(strcmp(cx_strerror(a), cx_strerror(b)) != 0);
    }
  }
  CHECK_TEXT("unknown status", cx_strerror(CX_ABSENT + 1));
  CHECK_TEXT("unknown status", cx_strerror(CX_READ_ONLY - 1));
  CHECK_TEXT("unknown status", cx_strerror(INT32_MIN));
}

static void layouts_are_what_the_header_draws(void) {
  CHECK_EQUAL(64, cx_layout(CX_LAYOUT_RECORD_SIZE));
  CHECK_EQUAL(16, cx_layout(CX_LAYOUT_RECORD_TOP));
  CHECK_EQUAL(40, cx_layout(CX_LAYOUT_RECORD_CACHE_MASK));
  CHECK_EQUAL(32, cx_layout(CX_LAYOUT_CACHE_ENTRY_SIZE));
  CHECK_EQUAL(24, cx_layout(CX_LAYOUT_CACHE_ENTRY_HOPS));
  CHECK_EQUAL(24, cx_layout(CX_LAYOUT_LINK_SIZE));
  CHECK_EQUAL(16, cx_layout(CX_LAYOUT_SPACE_SIZE));
  CHECK_EQUAL(16, cx_layout(CX_LAYOUT_VAR_SIZE));
  CHECK_EQUAL(200, cx_layout(CX_LAYOUT_HAMT_CURSOR_SIZE));
  CHECK_EQUAL(32, cx_layout(CX_LAYOUT_FLAT_LIMIT));
  CHECK_EQUAL(32, cx_layout(CX_LAYOUT_EC_MAX_LINKS));
}

/* A field without a line in the table would read 0, as only first members do. */
static void every_layout_field_is_known(void) {
  int zeros = 0;
  for (uint32_t field = 0; field < CX_LAYOUT_COUNT_; field++) {
    CHECK(cx_layout(field) >= 0);
    zeros += cx_layout(field) == 0;
  }
  CHECK_EQUAL(5, zeros);
  CHECK_EQUAL(-1, cx_layout(CX_LAYOUT_COUNT_));
  CHECK_EQUAL(-1, cx_layout(UINT32_MAX));
}

TEST_MAIN(
    CASE(version_is_three_numbers), CASE(build_id_is_a_digest), CASE(every_status_has_its_own_text),
    CASE(layouts_are_what_the_header_draws), CASE(every_layout_field_is_known))
