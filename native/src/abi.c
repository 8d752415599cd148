/*
 * abi.c - what the library tells about itself: versions, layouts, status texts.
 */
#include <stddef.h>

#include "contexture.h"

_Static_assert(sizeof(cx_space) == 16, "space layout");
_Static_assert(offsetof(cx_space, next) == 0, "space layout");
_Static_assert(offsetof(cx_space, end) == 8, "space layout");
_Static_assert(sizeof(cx_hamt_cursor) == 200, "cursor layout");
_Static_assert(offsetof(cx_hamt_cursor, node) == 0, "cursor layout");
_Static_assert(offsetof(cx_hamt_cursor, slot) == 128, "cursor layout");
_Static_assert(offsetof(cx_hamt_cursor, depth) == 192, "cursor layout");
_Static_assert(offsetof(cx_hamt_cursor, state) == 196, "cursor layout");

const char *cx_strerror(int32_t status) {
  switch (status) {
  case CX_OK:
    return "success";
  case CX_ABSENT:
    return "not there";
  case CX_NEED_SPACE:
    return "the space is too small";
  case CX_NO_MEMORY:
    return "out of memory";
  case CX_EXHAUSTED:
    return "a counter of ids or versions is exhausted";
  case CX_INVALID:
    return "an argument is null, misaligned or out of range";
  case CX_STALE:
    return "it was freed, or the record is not initialized";
  case CX_ENTERED:
    return "the logical context is entered already";
  case CX_TOO_LARGE:
    return "the map would have more than 2^31 - 1 entries";
  case CX_IN_USE:
    return "readers, snapshots or calls of the shared map are left";
  case CX_BAD_HANDLE:
    return "no such handle of this kind was ever given out";
  case CX_WRONG_THREAD:
    return "the thread state belongs to another thread";
  case CX_OUT_OF_ORDER:
    return "something that was entered later must be left first";
  case CX_READ_ONLY:
    return "the stack belongs to a binding and is read-only here";
  default:
    return "unknown status";
  }
}

uint32_t cx_abi_version(void) {
  return CX_ABI_VERSION;
}

const char *cx_version(void) {
  return CX_VERSION;
}

const char *cx_build_id(void) {
  return CX_BUILD_ID;
}

int64_t cx_layout(uint32_t field) {
  static const int64_t layout[CX_LAYOUT_COUNT_] = {
      [CX_LAYOUT_SPACE_SIZE] = sizeof(cx_space),
      [CX_LAYOUT_SPACE_NEXT] = offsetof(cx_space, next),
      [CX_LAYOUT_SPACE_END] = offsetof(cx_space, end),
      [CX_LAYOUT_VAR_SIZE] = sizeof(cx_var),
      [CX_LAYOUT_VAR_ID] = offsetof(cx_var, id),
      [CX_LAYOUT_VAR_VERSION] = offsetof(cx_var, version),
      [CX_LAYOUT_RECORD_SIZE] = sizeof(cx_record),
      [CX_LAYOUT_RECORD_UNIQUE_ID] = offsetof(cx_record, unique_id),
      [CX_LAYOUT_RECORD_STACK_VERSION] = offsetof(cx_record, stack_version),
      [CX_LAYOUT_RECORD_TOP] = offsetof(cx_record, top),
      [CX_LAYOUT_RECORD_BELOW] = offsetof(cx_record, below),
      [CX_LAYOUT_RECORD_CACHE] = offsetof(cx_record, cache),
      [CX_LAYOUT_RECORD_CACHE_MASK] = offsetof(cx_record, cache_mask),
      [CX_LAYOUT_CACHE_ENTRY_SIZE] = sizeof(cx_cache_entry),
      [CX_LAYOUT_CACHE_ENTRY_VAR_VERSION] = offsetof(cx_cache_entry, var_version),
      [CX_LAYOUT_CACHE_ENTRY_STACK_VERSION] = offsetof(cx_cache_entry, stack_version),
      [CX_LAYOUT_CACHE_ENTRY_WORD] = offsetof(cx_cache_entry, word),
      [CX_LAYOUT_CACHE_ENTRY_HOPS] = offsetof(cx_cache_entry, hops),
      [CX_LAYOUT_LINK_SIZE] = sizeof(cx_link),
      [CX_LAYOUT_LINK_MAP] = offsetof(cx_link, map),
      [CX_LAYOUT_LINK_BELOW] = offsetof(cx_link, below),
      [CX_LAYOUT_LINK_LINKS] = offsetof(cx_link, links),
      [CX_LAYOUT_HAMT_CURSOR_SIZE] = sizeof(cx_hamt_cursor),
      [CX_LAYOUT_FLAT_LIMIT] = CX_FLAT_LIMIT,
      [CX_LAYOUT_EC_MAX_LINKS] = CX_EC_MAX_LINKS,
  };
  return field < CX_LAYOUT_COUNT_ ? layout[field] : -1;
}
