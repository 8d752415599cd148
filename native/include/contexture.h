/*
 * contexture.h - the whole C surface of Contexture, execution contexts in C11.
 *
 * An execution context (EC) is a stack of logical contexts (LCs); an LC maps variables to
 * 64-bit values and is an immutable hash array mapped trie (HAMT). A thread state holds the
 * current stack of one thread and a cache that makes a repeated lookup O(1).
 *
 *     cx_var_lookup -> cx_thread (cache) -> miss -> cx_ec (chain of links) -> cx_hamt
 *
 * There are two layers. A C program uses the upper one, at the end of this file: cx_thread, cx_lc
 * and cx_ec are handles, the library owns all memory, and every call is checked. Under it lies the
 * lower one, cx_hamt, cx_link, cx_record and cx_cell: pure functions over a caller's memory, for
 * bindings of languages that manage memory themselves, as the Java binding does.
 *
 * Conventions
 *   Status     Functions that can fail return a cx_status: CX_OK (0) or CX_ABSENT (1) when they
 *              did what they say, a negative code otherwise. On a negative code nothing has
 *              changed and no output parameter has been written. Nothing aborts or prints.
 *              Arguments are checked as far as a look at them tells, to catch mistakes early. A
 *              pointer to memory that isn't what the type says, or that was freed, is undefined
 *              behavior all the same.
 *   Progress   "wait-free" bounds the steps of every call; "lock-free" bounds those of the
 *              system as a whole. No function here blocks, except that the ones marked
 *              "allocates" call the C library's allocator.
 *   Threads    "any thread": may be called at any time from anywhere. "owner": only by the thread
 *              that the cx_thread or cx_record stands for; for a record also while that thread is
 *              known to stand still. The upper layer checks it.
 *   Handles    Of the upper layer: what a handle names belongs to who asked for it, and is freed
 *              once, with the function that its kind has for it, or with its runtime. A copy of a
 *              handle is as good as the original. A handle that was freed, was never given out or
 *              is of another kind is told from a good one, also while another thread frees it.
 *   Ownership  Functions of the lower layer that build something write it into a cx_space, a region
 *              that the caller owns. What was built stays valid, and immutable, until the caller
 *              releases the region; it may point into older regions, which must then live as long.
 *   Pure       Reads its arguments only; no side effect, no allocation, no lock: fit for
 *              Linker.Option.critical.
 *
 * Only fixed-width integers, pointers and enums cross this surface, so that generated bindings
 * are the same on every 64-bit platform.
 */
#ifndef CONTEXTURE_H
#define CONTEXTURE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* On Windows, a program that links the static library defines CX_STATIC. */
#if defined(_WIN32) && defined(CX_BUILDING)
#define CX_API __declspec(dllexport)
#elif defined(_WIN32) && !defined(CX_STATIC)
#define CX_API __declspec(dllimport)
#elif !defined(_WIN32) && (defined(__GNUC__) || defined(__clang__))
#define CX_API __attribute__((visibility("default")))
#else
#define CX_API
#endif

/* Changes with every incompatible change of a function, a layout or the canonical shape. */
#define CX_ABI_VERSION 2

/* -------------------------------------------------------------------------------- status -- */

typedef enum cx_status {
  CX_OK = 0,
  CX_ABSENT = 1,         /* well-formed question, answer "not there" */
  CX_NEED_SPACE = -1,    /* the cx_space is too small: nothing was changed; retry with a larger one */
  CX_NO_MEMORY = -2,     /* the C library's allocator refused */
  CX_EXHAUSTED = -3,     /* a 64-bit counter is near its end; ids are never reused */
  CX_INVALID = -4,       /* an argument is NULL, misaligned or out of range */
  CX_STALE = -5,         /* what the handle named was freed; or the unique_id of a record is 0 */
  CX_ENTERED = -6,       /* the logical context is on a stack already */
  CX_TOO_LARGE = -7,     /* the map would have more than 2^31 - 1 entries */
  CX_IN_USE = -8,        /* readers, snapshots or calls of the shared map are left: end them first */
  CX_BAD_HANDLE = -9,    /* the handle was never given out, is of another kind, or is no runtime */
  CX_WRONG_THREAD = -10, /* the thread state belongs to another thread */
  CX_OUT_OF_ORDER = -11, /* something that was entered later must be left first */
  CX_READ_ONLY = -12,    /* the thread state shows the stack of a binding, which alone changes it */
} cx_status;

/* A static, human-readable text for a status; "unknown status" for any other number.
 * Any thread, wait-free. The text is never freed. */
CX_API const char *cx_strerror(int32_t status);

/* ------------------------------------------------------------------------- introspection -- */

/* CX_ABI_VERSION of the library as built. Any thread, wait-free. */
CX_API uint32_t cx_abi_version(void);

/* Semantic version of the library, e.g. "0.1.0". Any thread, wait-free; static text. */
CX_API const char *cx_version(void);

/* Hex digest over the sources this library was built from and the compiler's identity: equal for
 * equal inputs, so that builds are reproducible. Any thread, wait-free; static text. */
CX_API const char *cx_build_id(void);

/* What cx_layout can be asked; the order is part of the ABI. */
typedef enum cx_layout_field {
  CX_LAYOUT_SPACE_SIZE = 0,
  CX_LAYOUT_SPACE_NEXT,
  CX_LAYOUT_SPACE_END,
  CX_LAYOUT_VAR_SIZE,
  CX_LAYOUT_VAR_ID,
  CX_LAYOUT_VAR_VERSION,
  CX_LAYOUT_RECORD_SIZE,
  CX_LAYOUT_RECORD_UNIQUE_ID,
  CX_LAYOUT_RECORD_STACK_VERSION,
  CX_LAYOUT_RECORD_TOP,
  CX_LAYOUT_RECORD_BELOW,
  CX_LAYOUT_RECORD_CACHE,
  CX_LAYOUT_RECORD_CACHE_MASK,
  CX_LAYOUT_CACHE_ENTRY_SIZE,
  CX_LAYOUT_CACHE_ENTRY_VAR_VERSION,
  CX_LAYOUT_CACHE_ENTRY_STACK_VERSION,
  CX_LAYOUT_CACHE_ENTRY_WORD,
  CX_LAYOUT_CACHE_ENTRY_HOPS,
  CX_LAYOUT_LINK_SIZE,
  CX_LAYOUT_LINK_MAP,
  CX_LAYOUT_LINK_BELOW,
  CX_LAYOUT_LINK_LINKS,
  CX_LAYOUT_HAMT_CURSOR_SIZE,
  CX_LAYOUT_FLAT_LIMIT,      /* entries up to which a map is one flat block: 32 */
  CX_LAYOUT_EC_MAX_LINKS,    /* links after which a chain is folded: 32 */
  CX_LAYOUT_COUNT_           /* number of fields above */
} cx_layout_field;

/* Size or offset in bytes (or the limit) that `field` names, as compiled; -1 for an unknown field.
 * A binding compares these with its own idea before it uses the library. Any thread, wait-free. */
CX_API int64_t cx_layout(uint32_t field);

/* -------------------------------------------------------------------------------- memory -- */

/* A region that the caller owns and functions bump-allocate from. Both ends are 8-byte aligned.
 * The library writes whatever type it needs there; it is compiled so that the region may be an
 * array of any type. A caller that reads what was built there (a cx_link, a cx_cell) and isn't
 * compiled with -fno-strict-aliasing should take the region from an allocator.
 *
 *     |  used (blocks built so far)  |  free                       |
 *                                    ^ next                        ^ end
 */
typedef struct cx_space {
  uint8_t *next;
  uint8_t *end;
} cx_space;

/* Zeroed memory of `bytes` bytes at a 64-byte boundary, or NULL. Any thread; allocates. */
CX_API void *cx_memory_alloc(uint64_t bytes);

/* Frees what cx_memory_alloc returned; NULL is a no-op. Any thread; allocates. */
CX_API void cx_memory_free(void *memory);

/* ---------------------------------------------------------------------------------- HAMT -- */

/*
 * An immutable map from 64-bit keys to 64-bit values. NULL is the empty map.
 *
 * The shape is canonical: equal contents give equal shape and equal dump, whatever the history.
 * Up to 32 entries a map is one flat block, sorted by key; above, a trie of compressed nodes with
 * 32 slots (5 bits of the mixed key per level), at most 13 levels, entries inline in the nodes.
 * A map has at most 2^31 - 1 entries.
 */
typedef struct cx_hamt cx_hamt;

/* The frozen bijective mix that spreads keys over the trie (Stafford's "Mix13"). Changing it
 * changes every dump and every test vector: don't. Any thread, wait-free, pure. */
CX_API uint64_t cx_mix(uint64_t key);

/* Number of entries. Any thread, wait-free, pure. */
CX_API uint64_t cx_hamt_size(const cx_hamt *map);

/* The value under `key`, or `absent`. Any thread, wait-free, pure. O(min(n, 32)) for a flat map,
 * else O(log32 n). The caller keeps the map's regions alive for the duration of the call. */
CX_API uint64_t cx_hamt_find(const cx_hamt *map, uint64_t key, uint64_t absent);

/* As cx_hamt_find, but tells absence apart from every value: CX_OK with *value written, or
 * CX_ABSENT with *value untouched. `value` may be NULL. Any thread, wait-free, pure. */
CX_API int32_t cx_hamt_get(const cx_hamt *map, uint64_t key, uint64_t *value);

/* *out = `map` with `key` bound to `value`. If it is bound so already, *out == map and no space
 * is used. `map` is unchanged either way; *out shares nodes with it. At most one path is copied.
 * `space` belongs to the caller for the duration of the call. Any thread, wait-free.
 * Errors: CX_NEED_SPACE, CX_INVALID, CX_TOO_LARGE. */
CX_API int32_t cx_hamt_assoc(
    const cx_hamt *map, uint64_t key, uint64_t value, cx_space *space, const cx_hamt **out);

/* *out = `map` without `key`; *out == map if it wasn't there. Otherwise as cx_hamt_assoc.
 * Errors: CX_NEED_SPACE, CX_INVALID. */
CX_API int32_t cx_hamt_dissoc(
    const cx_hamt *map, uint64_t key, cx_space *space, const cx_hamt **out);

/* *out = the union of both; where both have a key, `over`'s value wins. Returns one of the
 * arguments itself where that is the answer. Shares subtrees that only one side has. The two maps
 * must hash alike (see cx_test_hamt_raw). O(n) in the smaller side, up to one level per shared
 * slot. Any thread, wait-free. Errors: CX_NEED_SPACE, CX_INVALID, CX_TOO_LARGE. */
CX_API int32_t cx_hamt_merge(
    const cx_hamt *base, const cx_hamt *over, cx_space *space, const cx_hamt **out);

/* *out = a copy of `map` that lies wholly in `space` (cx_hamt_bytes tells how much it takes) and
 * points nowhere else. Any thread, wait-free. Errors: CX_NEED_SPACE, CX_INVALID. */
CX_API int32_t cx_hamt_copy(const cx_hamt *map, cx_space *space, const cx_hamt **out);

/* Bytes of all blocks of `map`: what cx_hamt_copy needs. O(nodes). Any thread, wait-free, pure. */
CX_API uint64_t cx_hamt_bytes(const cx_hamt *map);

/* Upper bound of the space that one assoc or dissoc on `map` can use. O(1). Pure. */
CX_API uint64_t cx_hamt_assoc_bound(const cx_hamt *map);

/* Upper bound of the space that merging the two can use. O(1). Pure. */
CX_API uint64_t cx_hamt_merge_bound(const cx_hamt *base, const cx_hamt *over);

/* Replaces the value under `key` in place: the caller vouches that no other thread and no other
 * map sees this block. CX_OK if replaced; CX_ABSENT, with nothing changed, if `key` isn't there or
 * `map` isn't flat (nodes of a trie may be shared with older maps). Wait-free. */
CX_API int32_t cx_hamt_replace_unshared(cx_hamt *map, uint64_t key, uint64_t value);

/* A position in an iteration. Zero it to start. The contents are private. */
typedef struct cx_hamt_cursor {
  const void *node[16];
  uint32_t slot[16];
  int32_t depth;
  uint32_t state;
} cx_hamt_cursor;

/* Copies up to `capacity` further entries to keys[] and values[] and moves the cursor; returns how
 * many, 0 at the end, or CX_INVALID. Flat maps come in unsigned key order, tries in trie order
 * (slots ascending, depth first, an entry before what follows it): the order of cx_hamt_dump.
 * The same map must be passed until the end. Any thread with its own cursor, wait-free. */
CX_API int64_t cx_hamt_iterate(
    const cx_hamt *map, cx_hamt_cursor *cursor, uint64_t *keys, uint64_t *values,
    uint64_t capacity);

/* Writes the canonical text of the shape (docs/dump-format.md) with a final NUL to buffer and
 * returns its length without the NUL. If the length is >= capacity, what fits is written and the
 * caller may retry with more; buffer may be NULL when capacity is 0. Any thread, wait-free.
 * O(n). */
CX_API uint64_t cx_hamt_dump(const cx_hamt *map, char *buffer, uint64_t capacity);

/* For tests only: *out = an empty map whose hash is `key >> 4` in place of cx_mix(key), so that
 * keys that differ in their low 4 bits only collide fully, and any path can be forced. All maps
 * derived from it hash so. Any thread, wait-free. Errors: CX_NEED_SPACE, CX_INVALID. */
CX_API int32_t cx_test_hamt_raw(cx_space *space, const cx_hamt **out);

/* -------------------------------------------------------------------- runtime, variables -- */

/* Where ids and versions come from. Two users of one process have a runtime each and share
 * nothing. All counters are 64-bit and never reused. */
typedef struct cx_runtime cx_runtime;

/* A new runtime. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED (1023 runtimes live), CX_INVALID. */
CX_API int32_t cx_runtime_new(cx_runtime **out);

/* Frees it and whatever was made from it with the upper layer; all handles of that are stale from
 * now on. Records made from it must have been freed. No other thread may be in a call that uses the
 * runtime or a handle of it. NULL is a no-op. Calls the allocator. Errors: CX_BAD_HANDLE (it is no
 * runtime that lives: freed already, for instance; nothing was read there), CX_IN_USE (readers or
 * snapshots of the map that cx_runtime_globals gave are left; nothing was freed). */
CX_API int32_t cx_runtime_free(cx_runtime *runtime);

/* Reserves `count` consecutive numbers that no one else gets and writes the first. Any thread,
 * lock-free (one compare-and-swap, repeated only if another thread's came between). Errors:
 * CX_EXHAUSTED (the counter would come within 2^32 of its end), CX_INVALID (count 0 included). */
CX_API int32_t cx_runtime_reserve(cx_runtime *runtime, uint64_t count, uint64_t *first);

/* A variable: equal only to itself. `id` is its key in every map. `version` is a number of its own
 * that changes whenever a cached value of the variable may have become wrong for reasons other
 * than a change of stack; drawn from the runtime's counter, so it also names the variable. */
typedef struct cx_var {
  uint64_t id;
  uint64_t version;
} cx_var;

/* Writes a new variable to *out, a copy of which is as good as the original. It takes no memory, so
 * there is nothing to free. Use it with thread states of the same runtime only: to another runtime
 * its id is somebody else's. Any thread, lock-free.
 * Errors: CX_EXHAUSTED, CX_BAD_HANDLE (of the runtime), CX_INVALID. */
CX_API int32_t cx_var_new(cx_runtime *runtime, cx_var *out);

/* Gives the variable a new version: cached values of it are no longer found. The caller sees to it
 * that no other thread uses this cx_var meanwhile. Lock-free. Errors: CX_EXHAUSTED, CX_INVALID. */
CX_API int32_t cx_var_touch(cx_runtime *runtime, cx_var *var);

/* -------------------------------------------------------------- execution-context chains -- */

/*
 * One link of an immutable chain of maps, topmost first. NULL is the empty chain.
 *
 *     cx_link -> cx_link -> ... -> NULL
 *       |        |
 *      map      map          links: this link and all below it
 */
typedef struct cx_link cx_link;
struct cx_link {
  const cx_hamt *map;
  const cx_link *below;
  uint64_t links;
};

/* *out = `map` on top of `below`. An empty map adds no link: *out == below. When `below` has
 * CX_EC_MAX_LINKS links, the result is folded into one link with the same lookups. O(1), or
 * O(entries) once per CX_EC_MAX_LINKS. Any thread, wait-free.
 * Errors: CX_NEED_SPACE, CX_INVALID, CX_TOO_LARGE. */
CX_API int32_t cx_link_new(
    const cx_hamt *map, const cx_link *below, cx_space *space, const cx_link **out);

/* The value of `id` in the topmost link that has it: CX_OK and *value, or CX_ABSENT. `value` may
 * be NULL. Any thread, wait-free, pure. O(links). */
CX_API int32_t cx_link_find(const cx_link *ec, uint64_t id, uint64_t *value);

/* *out = one map with the same lookups as the chain. Any thread, wait-free.
 * Errors: CX_NEED_SPACE, CX_INVALID, CX_TOO_LARGE. */
CX_API int32_t cx_link_squash(const cx_link *ec, cx_space *space, const cx_hamt **out);

/* As cx_hamt_dump, for a chain, topmost link first. Any thread, wait-free. */
CX_API uint64_t cx_link_dump(const cx_link *ec, char *buffer, uint64_t capacity);

/* -------------------------------------------------------------------- records of threads -- */

#define CX_EC_MAX_LINKS 32u
#define CX_FLAT_LIMIT 32u

/* One line of the lookup cache: right while both versions match, whatever happened meanwhile.
 * `hops` counts from the stack as it was when the line was filled: since an empty LC shares its
 * stack version with the stack without it, what was the topmost LC then may be the first link
 * below now, or the other way round. Whether it is -1 is right in either case. */
typedef struct cx_cache_entry {
  uint64_t var_version;   /* cx_var.version; 0: empty */
  uint64_t stack_version; /* cx_record.stack_version when filled */
  uint64_t word;          /* the value, unless absent */
  int64_t hops;           /* where it was found: 0 topmost LC, k the k-th link below; -1 absent */
} cx_cache_entry;

/*
 * The record of one thread: 64 bytes, on a cache line of its own.
 *
 *      0  unique_id      never reused; 0 before it is initialized and while it is being freed
 *      8  stack_version  names this state of this thread's stack: changes on push and pop of a
 *                        non-empty LC and is restored where the earlier state is restored
 *     16  top            map of the topmost LC
 *     24  below          chain under it
 *     32  cache          cx_cache_entry[cache_mask + 1], or NULL
 *     40  cache_mask
 *     48  next_version   the reserved block of versions,
 *     56  version_end    [next_version, version_end)
 *
 * A binding that keeps the fields itself may write top, below and stack_version directly, as the
 * owner.
 *
 * CX_STALE is the answer for a record whose unique_id is 0, and best effort: it catches a record
 * that is zeroed and nothing more. A pointer to a record that cx_record_free has freed may not be
 * used at all; what is found there is undefined, and not CX_STALE in particular.
 *
 * The records of the Java binding are not made by cx_record_new and have no cache: `cache` is NULL,
 * so cx_record_lookup and cx_record_find walk the stack and write nothing to the record. Java owns
 * the stack that such a record shows: C code must treat the record as read-only. It must not set
 * or delete variables in it, push or pop, give it a cache, draw versions from it or free it.
 */
typedef struct cx_record {
  uint64_t unique_id;
  uint64_t stack_version;
  const cx_hamt *top;
  const cx_link *below;
  cx_cache_entry *cache;
  uint64_t cache_mask;
  uint64_t next_version;
  uint64_t version_end;
} cx_record;

/* A thread state with an empty stack and no cache. Any thread; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID. */
CX_API int32_t cx_record_new(cx_runtime *runtime, cx_record **out);

/* Frees the state and its cache. Nobody may use it any more. NULL is a no-op. Every LC that the
 * thread has entered must have been left: an LC that wasn't names the state as its holder for good,
 * and CX_ENTERED is all that cx_record_push answers for it. Owner; calls the allocator. */
CX_API void cx_record_free(cx_record *thread);

/* Gives the state a cache of `entries` empty entries (a power of two, 1 to 65536), dropping the
 * old one. Owner; allocates. Errors: CX_NO_MEMORY (the old cache stays), CX_INVALID, CX_STALE. */
CX_API int32_t cx_record_set_cache(cx_record *thread, uint64_t entries);

/* A stack version that nobody had before, or 0 when the counter is exhausted or an argument is
 * invalid or stale. Owner, wait-free but for one cx_runtime_reserve per 4096 calls. */
CX_API uint64_t cx_record_next_version(cx_runtime *runtime, cx_record *thread);

/* The whole miss path in one call: finds variable `id` on the thread's stack, fills its cache
 * entry, if there is a cache, under `var_version`, and returns where it was found: 0 the topmost
 * LC, k >= 1 the k-th link below, -1 nowhere. The value is written to *word (untouched when -1);
 * `word` may be NULL. Owner, wait-free, pure but for the cache. O(links). */
CX_API int64_t cx_record_find(
    cx_record *thread, uint64_t id, uint64_t var_version, uint64_t *word);

/* Canonical text of the thread's stack: the topmost map, then the chain. Owner, wait-free. */
CX_API uint64_t cx_record_dump(const cx_record *thread, char *buffer, uint64_t capacity);

/* --------------------------------------------------------- variables on a record's stack -- */

/* V2: CX_OK and *value through the cache, or CX_ABSENT. Owner, wait-free. O(1) on a hit, else as
 * cx_record_find. `value` may be NULL. Errors: CX_INVALID, CX_STALE. */
CX_API int32_t cx_record_lookup(cx_record *thread, const cx_var *var, uint64_t *value);

/* The same in the topmost LC only, past the cache: one cx_hamt_get, at its cost. Owner, wait-free.
 * Errors: CX_INVALID, CX_STALE. */
CX_API int32_t cx_record_lookup_topmost(
    const cx_record *thread, const cx_var *var, uint64_t *value);

/* V4: binds the variable in the topmost LC and writes its cache entry through. The map's new
 * blocks lie in `space`, which must outlive the thread's use of them. Owner, wait-free.
 * Errors: CX_NEED_SPACE, CX_EXHAUSTED, CX_INVALID, CX_TOO_LARGE, CX_STALE. */
CX_API int32_t cx_record_set(
    cx_runtime *runtime, cx_record *thread, const cx_var *var, uint64_t value, cx_space *space);

/* V5: removes it from the topmost LC; CX_ABSENT, with nothing changed, if that doesn't hold it.
 * Otherwise as cx_record_set. Errors: CX_NEED_SPACE, CX_INVALID, CX_STALE. */
CX_API int32_t cx_record_delete(
    cx_runtime *runtime, cx_record *thread, const cx_var *var, cx_space *space);

/* -------------------------------------------------- logical contexts on a record's stack -- */

/* A mutable logical context: the map it has now, and which thread state has it on its stack. */
typedef struct cx_cell {
  const cx_hamt *map;
  uint64_t holder; /* unique_id of the thread state that entered it, 0 if none; use atomically */
} cx_cell;

/* An empty logical context in `space`. Any thread, wait-free. Errors: CX_NEED_SPACE, CX_INVALID. */
CX_API int32_t cx_cell_new(cx_space *space, cx_cell **out);

/* What a push saved; the matching pop wants it back. */
typedef struct cx_saved {
  const cx_hamt *top;
  const cx_link *below;
  uint64_t stack_version;
  cx_cell *lc;
} cx_saved;

/* S5, "get execution context": *out = the thread's whole stack as an immutable chain. Owner,
 * wait-free. Errors: CX_NEED_SPACE, CX_INVALID, CX_TOO_LARGE, CX_STALE. */
CX_API int32_t cx_record_capture(const cx_record *thread, cx_space *space, const cx_link **out);

/* S6, "set execution context": makes `ec` current under a fresh empty LC and saves in *frame what
 * was current. Owner, wait-free. Errors: CX_EXHAUSTED, CX_INVALID, CX_STALE. */
CX_API int32_t cx_record_enter(
    cx_runtime *runtime, cx_record *thread, const cx_link *ec, cx_saved *frame);

/* S3, S4, "run with logical context": pushes `lc` on `ec` (pass what cx_record_capture gave to push
 * on the current stack) and saves in *frame what was current. Owner, lock-free.
 * Errors: CX_ENTERED (nothing changed), CX_EXHAUSTED, CX_INVALID, CX_STALE. */
CX_API int32_t cx_record_push(
    cx_runtime *runtime, cx_record *thread, const cx_link *ec, cx_cell *lc, cx_saved *frame);

/* Undoes the matching cx_record_enter or cx_record_push: stores the topmost map back into the LC
 * that was entered, releases it and restores what was current, stack version included. Frames are
 * left in the reverse order of entering. Owner, wait-free. Errors: CX_INVALID, CX_STALE. */
CX_API int32_t cx_record_restore(cx_record *thread, const cx_saved *frame);

/* ------------------------------------------------------------------------------- shared map -- */

/*
 * A map from 64-bit keys to 64-bit values that any number of threads read and change at once.
 * Every call but cx_shared_merge takes effect at one instant between its begin and its end
 * (linearizable). Lookups are wait-free, changes lock-free, a snapshot takes O(1). Keys are placed
 * by cx_mix.
 *
 * Calls take a reader, or NULL. A reader is a registration of one thread, which makes a call
 * cheaper by an atomic operation; it serves one call at a time, and not those of a signal handler
 * that interrupts one. With NULL, a call works from any thread, on any stack.
 *
 * A thread that stops in the middle of a call, for however long, holds back only a bounded number
 * of freed nodes, and holds up nobody. There is one exception: a call without a reader that finds
 * all records in use (32 at first, more by and by) lets nothing be freed until it ends. Who can't
 * have that registers readers. After fork, the child may go on using the map; what the other
 * threads had under way stays as it was then, and with the same exception, a bounded number of
 * nodes is never freed.
 */
typedef struct cx_shared cx_shared;

/* A thread's registration with one map. */
typedef struct cx_shared_reader cx_shared_reader;

/* The contents of a shared map at one instant, immutable. */
typedef struct cx_shared_snapshot cx_shared_snapshot;

/* An empty map. Any thread; allocates. Errors: CX_NO_MEMORY, CX_INVALID. */
CX_API int32_t cx_shared_new(cx_shared **out);

/* Frees the map. Nobody may be in a call on it, or begin one. NULL is a no-op. Allocates.
 * Errors: CX_IN_USE (readers, snapshots or calls are left, or it belongs to a runtime; nothing is
 * freed), CX_INVALID. */
CX_API int32_t cx_shared_free(cx_shared *map);

/* Registers a reader, which belongs to the caller until cx_shared_reader_free. Any thread,
 * lock-free; allocates. Errors: CX_NO_MEMORY, CX_INVALID. */
CX_API int32_t cx_shared_reader_new(cx_shared *map, cx_shared_reader **out);

/* Ends a registration, no call being under way with it. NULL is a no-op. Any thread, lock-free;
 * allocates. Errors: CX_INVALID (also for a reader of another map). */
CX_API int32_t cx_shared_reader_free(cx_shared *map, cx_shared_reader *reader);

/* The value under `key`: CX_OK with *value written, or CX_ABSENT with *value untouched. `value` may
 * be NULL. Any thread, wait-free, doesn't allocate. Errors: CX_INVALID. */
CX_API int32_t cx_shared_get(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t *value);

/* The value under `key`, or `absent`; `absent` also for an invalid argument. Otherwise as
 * cx_shared_get. */
CX_API uint64_t cx_shared_find(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t absent);

/* Binds `key` to `value`: CX_ABSENT if it wasn't bound before, CX_OK with the value before in
 * *previous if it was. `previous` may be NULL. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID. */
CX_API int32_t cx_shared_put(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t value, uint64_t *previous);

/* Binds `key` to `value` unless it is bound: CX_ABSENT if it wasn't and is now, CX_OK with its
 * value in *present, and nothing changed, if it was. Otherwise as cx_shared_put. */
CX_API int32_t cx_shared_put_if_absent(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t value, uint64_t *present);

/* Removes `key`: CX_OK with the value it had in *previous, or CX_ABSENT. Otherwise as
 * cx_shared_put. */
CX_API int32_t cx_shared_remove(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t *previous);

/* Binds `key` to `value` if it is bound to `expected`: CX_OK; or CX_ABSENT, with nothing changed,
 * if it isn't. Otherwise as cx_shared_put. */
CX_API int32_t cx_shared_compare_and_set(
    cx_shared *map, cx_shared_reader *reader, uint64_t key, uint64_t expected, uint64_t value);

/* Removes every entry at one instant, then gives the memory of the old contents back, in O(n). Any
 * thread, lock-free; allocates. Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID. */
CX_API int32_t cx_shared_clear(cx_shared *map, cx_shared_reader *reader);

/* Puts every entry of `from`, one after the other: others may see some of them before the rest.
 * On a negative status some may have been put. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID. */
CX_API int32_t cx_shared_merge(cx_shared *map, cx_shared_reader *reader, const cx_hamt *from);

/* *size = the exact number of entries at one instant. Takes time for what has changed since the
 * last snapshot or size, O(n) at first. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID. */
CX_API int32_t cx_shared_size(cx_shared *map, cx_shared_reader *reader, uint64_t *size);

/* *out = the contents as they are at one instant of this call. The snapshot belongs to the caller
 * until cx_shared_snapshot_free; while it is there, nodes that it shares with the map are kept.
 * O(1); the first change after it copies a path. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID. */
CX_API int32_t cx_shared_snapshot_new(
    cx_shared *map, cx_shared_reader *reader, cx_shared_snapshot **out);

/* For bindings: as cx_shared_snapshot_new, with room (below 2^32) for so many more snapshots by
 * cx_shared_snapshot_next: a series, which shares one reservation of the nodes that it shows, so
 * that snapshots by the thousand cost scans little. The whole series holds back what any of them
 * would, and some 500 nodes of the time in which it was taken, until the first is freed. Takes room
 * for 24 bytes a snapshot at once, which cx_shared_bytes doesn't count. Returns the address of the
 * first, or a negative status. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID (also for too much room). */
CX_API int64_t cx_shared_snapshot_series(cx_shared *map, cx_shared_reader *reader, uint64_t room);

/* For bindings: one more snapshot, of the contents as they are at one instant of this call, in the
 * series of `first`, with which it will be freed, and not by itself. Returns its address, or a
 * negative status. O(1). Any number of threads at once, lock-free; allocates.
 * Errors: CX_NEED_SPACE (there is no room, or too much has changed since `first`: begin another
 * series), CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID (also where `first` doesn't begin a series). */
CX_API int64_t cx_shared_snapshot_next(cx_shared_snapshot *first, cx_shared_reader *reader);

/* Releases a snapshot and its series, no call being under way with any of them. NULL, and one that
 * cx_shared_snapshot_next gave while its series lives, are no-ops. Any thread, lock-free;
 * allocates. */
CX_API void cx_shared_snapshot_free(cx_shared_snapshot *snapshot);

/* As cx_shared_get and cx_shared_find, in a snapshot. Any thread, wait-free, don't allocate. */
CX_API int32_t cx_shared_snapshot_get(
    const cx_shared_snapshot *snapshot, uint64_t key, uint64_t *value);
CX_API uint64_t cx_shared_snapshot_find(
    const cx_shared_snapshot *snapshot, uint64_t key, uint64_t absent);

/* Number of entries; 0 for NULL. O(1) once it was asked for, else O(n). Any thread, wait-free. */
CX_API uint64_t cx_shared_snapshot_size(const cx_shared_snapshot *snapshot);

/* As cx_hamt_iterate, over a snapshot, each entry once. The order is the snapshot's own. Any thread
 * with its own cursor, wait-free. Errors: CX_INVALID. */
CX_API int64_t cx_shared_snapshot_iterate(
    const cx_shared_snapshot *snapshot, cx_hamt_cursor *cursor, uint64_t *keys, uint64_t *values,
    uint64_t capacity);

/* Bytes of the map that cx_shared_snapshot_to_hamt makes, or a negative status. O(n). Any thread;
 * allocates. Errors: CX_NO_MEMORY, CX_TOO_LARGE, CX_INVALID. */
CX_API int64_t cx_shared_snapshot_hamt_bytes(const cx_shared_snapshot *snapshot);

/* *out = an immutable map of the same entries, of canonical shape, in `space`; it doesn't need the
 * snapshot any more. O(n). Any thread; allocates.
 * Errors: CX_NEED_SPACE, CX_NO_MEMORY, CX_TOO_LARGE, CX_INVALID. */
CX_API int32_t cx_shared_snapshot_to_hamt(
    const cx_shared_snapshot *snapshot, cx_space *space, const cx_hamt **out);

/* Frees at once what nobody holds any more, which otherwise happens now and then in the course of
 * changes. O(what waits). Any thread, lock-free; allocates. Errors: CX_NO_MEMORY (some of it still
 * waits), CX_INVALID. */
CX_API int32_t cx_shared_trim(cx_shared *map);

/* Nodes that were taken out of the map and not freed yet; and bytes in all its nodes, these
 * included. Exact while nobody else is at work. 0 for an invalid map. Any thread, wait-free. */
CX_API uint64_t cx_shared_retired(cx_shared *map);
CX_API uint64_t cx_shared_bytes(cx_shared *map);
/* ------------------------------------------------------------------------------- threads -- */

/*
 * The upper layer: contexts whose memory the library manages. A thread at work:
 *
 *     cx_runtime *runtime;   cx_runtime_new(&runtime);             once in a process
 *     cx_var precision;      cx_var_new(runtime, &precision);      once, shared by all threads
 *     cx_thread thread;      cx_thread_new(runtime, &thread);      in every thread
 *     cx_var_set(thread, &precision, 28);
 *     cx_var_lookup(thread, &precision, 0, &digits);
 *     cx_thread_free(thread);                                      before the thread ends
 *
 * Handles are numbers, each with a generation: they are never reused, and 0 is none. At most 2^24
 * of a runtime live at a time.
 *
 * Memory is bounded: a context holds at most about three times what its values need, and what a
 * thread replaces, leaves or frees is reused at once unless a snapshot that lives shows it.
 *
 * After fork(), the child goes on with the one thread it has, and with everything that belongs to
 * that or to nobody. A thread state of one of the other threads answers CX_WRONG_THREAD there, and
 * a logical context that one had entered CX_ENTERED: whoever could have left it doesn't exist.
 */

/* The context of one thread: a stack of logical contexts and a lookup cache. */
typedef uint64_t cx_thread;

/* A logical context of its own, which can be on one stack at a time. */
typedef uint64_t cx_lc;

/* A snapshot of a whole stack; immutable. */
typedef uint64_t cx_ec;

/* Names one entering of something, until that is left. Not a handle: it is neither freed nor
 * copied to other threads. */
typedef uint64_t cx_frame;

/* In place of a snapshot: the current stack of the thread, as it is. */
#define CX_CURRENT 0u

/* Flag of cx_var_lookup: the topmost logical context alone. */
#define CX_TOPMOST 1u

/* *out = a thread state with an empty stack (S1), which belongs to the calling thread: no other may
 * use it. Free it with cx_thread_free. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_thread_new(cx_runtime *runtime, cx_thread *out);

/* Leaves whatever the thread has entered and frees its state. Owner; calls the allocator.
 * Errors: CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD. */
CX_API int32_t cx_thread_free(cx_thread thread);

/* Gives the state up, without freeing it, for another thread to adopt. Owner, wait-free.
 * Errors: CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD, CX_READ_ONLY. */
CX_API int32_t cx_thread_disown(cx_thread thread);

/* Makes a state that was disowned belong to the calling thread, which sees all that the former
 * owner did with it. Any thread, lock-free. Errors: CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD
 * (somebody owns it). */
CX_API int32_t cx_thread_adopt(cx_thread thread);

/* Gives the state an empty cache of `entries` lines (a power of two, 1 to 65536) in place of the
 * one it has; a new state has one of 64. Owner; allocates.
 * Errors: CX_NO_MEMORY, CX_INVALID, CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD, CX_READ_ONLY. */
CX_API int32_t cx_thread_set_cache(cx_thread thread, uint64_t entries);

/* Writes the canonical text of the thread's stack (docs/dump-format.md) with a final NUL to buffer,
 * as far as it fits in `capacity` bytes, and its length without the NUL to *length. `buffer` may be
 * NULL if `capacity` is 0. Owner, wait-free. O(entries).
 * Errors: CX_INVALID, CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD. */
CX_API int32_t cx_thread_dump(
    cx_thread thread, char *buffer, uint64_t capacity, uint64_t *length);

/* For bindings: *out = a thread state that shows the stack of `record`, which the caller keeps
 * alive and whose changes are seen at once. C code that gets it may look variables up and change
 * nothing.
 * It belongs to the calling thread or, if `any_thread` isn't 0, to whichever thread runs the call
 * that the caller lends it to, because a virtual thread has none of its own. Free it with
 * cx_thread_free. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_thread_lend(
    cx_runtime *runtime, cx_record *record, uint32_t any_thread, cx_thread *out);

/* ----------------------------------------------------------------------------- variables -- */

/* V2: CX_OK and *value, or CX_ABSENT. Looks through the whole stack, topmost LC first, then in the
 * base layer; with `flags` CX_TOPMOST, in the topmost LC only, past the cache. `value` may be NULL.
 * Owner, wait-free. O(1) when cached, else O(links).
 * Errors: CX_INVALID, CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD. */
CX_API int32_t cx_var_lookup(
    cx_thread thread, const cx_var *var, uint32_t flags, uint64_t *value);

/* V4: binds the variable in the topmost LC, which is made if there is none. Owner, wait-free; may
 * allocate. Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_TOO_LARGE, CX_INVALID, CX_STALE, CX_BAD_HANDLE,
 * CX_WRONG_THREAD, CX_READ_ONLY. */
CX_API int32_t cx_var_set(cx_thread thread, const cx_var *var, uint64_t value);

/* V5: removes the variable from the topmost LC, and from that only, so that a value below shows
 * through; CX_ABSENT, with nothing changed, if that LC doesn't hold it. Otherwise as cx_var_set. */
CX_API int32_t cx_var_delete(cx_thread thread, const cx_var *var);

/* ---------------------------------------------------------------------------- the base layer -- */

/*
 * Values that every thread of a runtime sees where its stack has none: a default that can be
 * changed while the program runs. A change is seen by all lookups that begin after the call has
 * returned. The base layer is part of no snapshot: whatever is current, it lies below, as it is at
 * the time.
 */

/* Sets the variable's value in the base layer. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_var_set_global(cx_runtime *runtime, const cx_var *var, uint64_t value);

/* Removes the variable's value from the base layer; CX_ABSENT if it has none there. Any thread,
 * lock-free; allocates. Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_var_delete_global(cx_runtime *runtime, const cx_var *var);

/* The variable's value in the base layer: CX_OK and *value, or CX_ABSENT. `value` may be NULL. Any
 * thread, wait-free. Errors: CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_var_lookup_global(cx_runtime *runtime, const cx_var *var, uint64_t *value);

/* For bindings: *out = the map of all values in the base layer, by the ids of their variables, made
 * if need be. It belongs to the runtime and is freed with it. Any thread, lock-free; allocates.
 * Errors: CX_NO_MEMORY, CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_runtime_globals(cx_runtime *runtime, cx_shared **out);

/* ---------------------------------------------------------------------- logical contexts -- */

/* *out = an empty logical context that is on no stack. Free it with cx_lc_free. Any thread,
 * lock-free; allocates. Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_lc_new(cx_runtime *runtime, cx_lc *out);

/* Frees it; snapshots that show its values keep those. Any thread, lock-free; calls the allocator.
 * Errors: CX_ENTERED (it is on a stack: leave it first), CX_STALE, CX_BAD_HANDLE. */
CX_API int32_t cx_lc_free(cx_lc lc);

/* S3, G1: pushes `lc` on the thread's stack, until cx_lc_pop: what a generator does with its
 * logical context when it is resumed. Its values are seen first, and what is set goes there and
 * stays there. Owner, lock-free; may allocate.
 * Errors: CX_ENTERED (S4: it is on a stack, of this or of another thread; nothing changed),
 * CX_NO_MEMORY, CX_EXHAUSTED, CX_TOO_LARGE, CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD,
 * CX_READ_ONLY. */
CX_API int32_t cx_lc_push(cx_thread thread, cx_lc lc);

/* Pops `lc`, which was the last thing that the thread entered: what a generator does when it
 * yields, returns or fails. Any thread may push it next, and finds what was set. Owner, wait-free;
 * calls the allocator. Errors: CX_OUT_OF_ORDER (what the thread entered last is something else, or
 * nothing; nothing changed), CX_STALE, CX_BAD_HANDLE, CX_WRONG_THREAD, CX_READ_ONLY. */
CX_API int32_t cx_lc_pop(cx_thread thread, cx_lc lc);

/* -------------------------------------------------------------------- execution contexts -- */

/* *out = an empty snapshot. Free it with cx_ec_free. Any thread, lock-free; may allocate.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_BAD_HANDLE, CX_INVALID. */
CX_API int32_t cx_ec_new(cx_runtime *runtime, cx_ec *out);

/* Frees it. Stacks on which it was made current keep what they need of it. Any thread, lock-free;
 * calls the allocator. Errors: CX_STALE, CX_BAD_HANDLE. */
CX_API int32_t cx_ec_free(cx_ec ec);

/* S5, "get execution context": *out = a snapshot of the thread's whole stack, unmoved by what any
 * thread does later. Free it with cx_ec_free. Owner, wait-free but for taking a handle, which is
 * lock-free; may allocate. O(1), or O(entries) where a chain of CX_EC_MAX_LINKS is folded.
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_TOO_LARGE, CX_INVALID, CX_STALE, CX_BAD_HANDLE,
 * CX_WRONG_THREAD, CX_READ_ONLY. */
CX_API int32_t cx_ec_get(cx_thread thread, cx_ec *out);

/* S6, "set execution context": makes `ec` current under a fresh empty LC, until cx_ec_restore with
 * *frame. `ec` never changes, so it may be current in any number of threads at once. Owner,
 * lock-free; may allocate. Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_INVALID, CX_STALE, CX_BAD_HANDLE,
 * CX_WRONG_THREAD, CX_READ_ONLY. */
CX_API int32_t cx_ec_set(cx_thread thread, cx_ec ec, cx_frame *frame);

/* S3 over S6, T2: the same with `lc` in place of the fresh LC; `ec` may be CX_CURRENT. Errors: as
 * cx_ec_set, and CX_ENTERED and CX_TOO_LARGE as cx_lc_push. */
CX_API int32_t cx_ec_set_with_lc(cx_thread thread, cx_ec ec, cx_lc lc, cx_frame *frame);

/* Undoes the cx_ec_set or cx_ec_set_with_lc that wrote `frame`: everything is as it was before, and
 * a logical context that was entered is free for the next. Owner, wait-free; calls the allocator.
 * Errors: CX_OUT_OF_ORDER (something was entered later; nothing changed), CX_STALE (it was left
 * already, or isn't of this thread state), CX_BAD_HANDLE, CX_WRONG_THREAD, CX_READ_ONLY. */
CX_API int32_t cx_ec_restore(cx_thread thread, cx_frame frame);

/* B4: what code that ran in the snapshot would look up now: the snapshot's value of a variable, or
 * else that of the base layer, which is part of no snapshot. CX_OK and *value, or CX_ABSENT. `value`
 * may be NULL. Any thread, lock-free. O(links). Errors: CX_INVALID, CX_STALE, CX_BAD_HANDLE. */
CX_API int32_t cx_ec_lookup(cx_ec ec, const cx_var *var, uint64_t *value);

/* S8: writes the ids of the variables that have a value in `ec`, each once and in no order, to
 * ids[], as far as they fit in `capacity`, and their number to *count. `ids` may be NULL if
 * `capacity` is 0. Any thread, lock-free; allocates. O(entries).
 * Errors: CX_NO_MEMORY, CX_TOO_LARGE, CX_INVALID, CX_STALE, CX_BAD_HANDLE. */
CX_API int32_t cx_ec_vars(cx_ec ec, uint64_t *ids, uint64_t capacity, uint64_t *count);

/* S7: *out = a snapshot with the same lookups and at most one link. Free it with cx_ec_free, and
 * `ec` too. Any thread, lock-free; allocates. O(entries).
 * Errors: CX_NO_MEMORY, CX_EXHAUSTED, CX_TOO_LARGE, CX_INVALID, CX_STALE, CX_BAD_HANDLE. */
CX_API int32_t cx_ec_squash(cx_ec ec, cx_ec *out);

/* Writes the canonical text of `ec`, topmost link first, as cx_thread_dump does. Any thread,
 * lock-free. Errors: CX_INVALID, CX_STALE, CX_BAD_HANDLE. */
CX_API int32_t cx_ec_dump(cx_ec ec, char *buffer, uint64_t capacity, uint64_t *length);

#ifdef __cplusplus
}
#endif

#endif /* CONTEXTURE_H */
