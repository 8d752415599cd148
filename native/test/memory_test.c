/*
 * memory_test.c - memory comes as promised, and every call that allocates survives a refusal: the
 * linker puts the function below in place of the C library's (--wrap).
 */
#include "fixture.h"
#include "memory.h"
#include "system.h"

/* The linker dictates the names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl*) */

void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

static int allocations_left = -1; /* until one is refused; negative: never */

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
  if (allocations_left == 0) {
    return NULL;
  }
  if (allocations_left > 0) {
    allocations_left--;
  }
  return __real_aligned_alloc(alignment, bytes);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl*) */

static void memory_is_zeroed_and_aligned(void) {
  for (uint64_t bytes = 0; bytes < 300; bytes += 23) {
    uint8_t *memory = ATTEMPT_POINTER(cx_memory_alloc(bytes));
    CHECK(memory != NULL);
    CHECK_EQUAL(0, (uintptr_t)memory % SYSTEM_LINE);
    for (uint64_t i = 0; i < bytes; i++) {
      CHECK_EQUAL(0, memory[i]);
      memory[i] = 0xff;
    }
    cx_memory_free(memory);
  }
  cx_memory_free(NULL);
}

static void memory_beyond_all_bounds_is_refused(void) {
  CHECK(cx_memory_alloc(UINT64_MAX) == NULL);
  CHECK(cx_memory_alloc(UINT64_MAX - 63) == NULL);
  CHECK(cx_memory_alloc(UINT64_C(1) << 63) == NULL);
  CHECK(memory_take(UINT64_MAX) == NULL);
}

static void refused_runtime_is_reported(void) {
  cx_runtime *runtime = NULL;
  allocations_left = 0;
  CHECK_STATUS(CX_NO_MEMORY, cx_runtime_new(&runtime));
  CHECK(cx_memory_alloc(8) == NULL);
  allocations_left = -1;
  CHECK_SAME(NULL, runtime);
}

static void refused_thread_state_is_reported(void) {
  struct fixture f = fixture_new(0);
  cx_record *thread = NULL;
  allocations_left = 0;
  CHECK_STATUS(CX_NO_MEMORY, cx_record_new(f.runtime, &thread));
  allocations_left = -1;
  CHECK_SAME(NULL, thread);
  CHECK_STATUS(CX_OK, cx_record_new(f.runtime, &thread));
  cx_record_free(thread);
  fixture_free(&f);
}

static void refused_cache_leaves_the_old_one(void) {
  struct fixture f = fixture_new(16);
  set(&f, 0, 1);
  cx_cache_entry *cache = f.thread->cache;
  allocations_left = 0;
  CHECK_STATUS(CX_NO_MEMORY, cx_record_set_cache(f.thread, 64));
  allocations_left = -1;
  CHECK_SAME(cache, f.thread->cache);
  CHECK_EQUAL(15, f.thread->cache_mask);
  CHECK_EQUAL(1, look(&f, 0, 0));
  fixture_free(&f);
}

/* Everything else builds in the caller's space and never asks for memory. */
static void contexts_work_without_an_allocator(void) {
  struct fixture f = fixture_new(16);
  allocations_left = 0;
  cx_cell *lc = new_lc(&f);
  for (uint64_t i = 0; i < 100; i++) {
    set(&f, 0, i);
    cx_saved frame = enter_lc(&f, lc);
    set(&f, 1, i);
    CHECK_EQUAL(i, look(&f, 0, 0));
    leave(&f, &frame);
  }
  allocations_left = -1;
  fixture_free(&f);
}

TEST_MAIN(
    CASE(memory_is_zeroed_and_aligned), CASE(memory_beyond_all_bounds_is_refused),
    CASE(refused_runtime_is_reported), CASE(refused_thread_state_is_reported),
    CASE(refused_cache_leaves_the_old_one), CASE(contexts_work_without_an_allocator))
