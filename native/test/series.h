/*
 * series.h - series of snapshots with a status and an address in two, for the tests.
 */
#ifndef CX_TEST_SERIES_H
#define CX_TEST_SERIES_H

#include "contexture.h"

static inline int32_t series_answer(int64_t answer, cx_shared_snapshot **out) {
  if (answer > 0) {
    *out = (cx_shared_snapshot *)(uintptr_t)answer; // NOLINT(performance-no-int-to-ptr)
  }
  return answer > 0 ? CX_OK : (int32_t)answer;
}

static inline int32_t series_new(
    cx_shared *map, cx_shared_reader *reader, uint64_t room, cx_shared_snapshot **first) {
  return series_answer(cx_shared_snapshot_series(map, reader, room), first);
}

static inline int32_t series_next(
    cx_shared_snapshot *first, cx_shared_reader *reader, cx_shared_snapshot **out) {
  return series_answer(cx_shared_snapshot_next(first, reader), out);
}

#endif
