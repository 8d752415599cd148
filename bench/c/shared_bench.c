/*
 * shared_bench.c - throughput of the shared map beside liburcu's lock-free hash table (QSBR, the
 * fastest flavor for readers): threads that look up and change at random, at several shares of
 * look-ups. Half of the changes put a key, half remove one, of twice as many keys as there are.
 *
 *   shared_bench [ENTRIES [THREADS [MILLIS [ROUNDS]]]]     default: 100000 2 200 7
 *
 * Prints the median over the rounds, in which the subjects take turns: nanoseconds of its own
 * processor time that a thread takes for an operation. What liburcu frees on a thread of its own
 * isn't counted.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contexture.h"

#ifdef BENCH_URCU
#define URCU_INLINE_SMALL_FUNCTIONS
#include <urcu-qsbr.h>

#include <urcu/rculfhash.h>
#endif

#define MAX_THREADS 64
#define MAX_ROUNDS 101

enum { SUBJECT_READER, SUBJECT_CLAIM, SUBJECT_URCU, SUBJECTS };
static const char *const names[] = {"cx_shared, with a reader", "cx_shared, without", "urcu lfht"};
static const uint32_t shares[] = {100, 95, 50};

static struct {
  uint64_t entries;
  uint32_t threads;
  uint64_t nanos;
  int subject;
  uint32_t share;
  cx_shared *map;
#ifdef BENCH_URCU
  struct cds_lfht *table;
#endif
  pthread_barrier_t start;
} run;

/* Of the calling thread's processor time, so that other work on the machine counts less. */
static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t next(uint64_t *random) {
  uint64_t x = *random += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
  return x ^ (x >> 32);
}

static uint64_t key_of(uint64_t number) {
  return number * UINT64_C(0x9e3779b97f4a7c15);
}

/* ---------------------------------------------------------------------------------- urcu -- */

#ifdef BENCH_URCU

struct item {
  struct cds_lfht_node node;
  uint64_t key;
  uint64_t value;
  struct rcu_head head;
};

static int item_matches(struct cds_lfht_node *node, const void *key) {
  return caa_container_of(node, struct item, node)->key == *(const uint64_t *)key;
}

static void item_free(struct rcu_head *head) {
  free(caa_container_of(head, struct item, head));
}

static uint64_t urcu_get(uint64_t key) {
  struct cds_lfht_iter iter;
  cds_lfht_lookup(run.table, (unsigned long)cx_mix(key), item_matches, &key, &iter);
  struct cds_lfht_node *node = cds_lfht_iter_get_node(&iter);
  return node == NULL ? 0 : caa_container_of(node, struct item, node)->value;
}

static void urcu_put(uint64_t key, uint64_t value) {
  struct item *item = malloc(sizeof *item);
  if (item == NULL) {
    abort();
  }
  cds_lfht_node_init(&item->node);
  item->key = key;
  item->value = value;
  struct cds_lfht_node *old = cds_lfht_add_replace(
      run.table, (unsigned long)cx_mix(key), item_matches, &key, &item->node);
  if (old != NULL) {
    call_rcu(&caa_container_of(old, struct item, node)->head, item_free);
  }
}

static void urcu_remove(uint64_t key) {
  struct cds_lfht_iter iter;
  cds_lfht_lookup(run.table, (unsigned long)cx_mix(key), item_matches, &key, &iter);
  struct cds_lfht_node *node = cds_lfht_iter_get_node(&iter);
  if (node != NULL && cds_lfht_del(run.table, node) == 0) {
    call_rcu(&caa_container_of(node, struct item, node)->head, item_free);
  }
}

#else

static uint64_t urcu_get(uint64_t key) {
  return key;
}

static void urcu_put(uint64_t key, uint64_t value) {
  (void)key;
  (void)value;
}

static void urcu_remove(uint64_t key) {
  (void)key;
}

#endif

/* ----------------------------------------------------------------------------- operations -- */

static inline uint64_t get(cx_shared_reader *reader, uint64_t key) {
  return run.subject == SUBJECT_URCU ? urcu_get(key) : cx_shared_find(run.map, reader, key, 0);
}

static inline void put(cx_shared_reader *reader, uint64_t key, uint64_t value) {
  if (run.subject == SUBJECT_URCU) {
    urcu_put(key, value);
  } else if (cx_shared_put(run.map, reader, key, value, NULL) < 0) {
    abort();
  }
}

static inline void take(cx_shared_reader *reader, uint64_t key) {
  if (run.subject == SUBJECT_URCU) {
    urcu_remove(key);
  } else if (cx_shared_remove(run.map, reader, key, NULL) < 0) {
    abort();
  }
}

struct worker {
  uint64_t seed;
  uint64_t nanos;
  uint64_t operations;
  uint64_t sum;
};

static void *work(void *argument) {
  struct worker *worker = argument;
  cx_shared_reader *reader = NULL;
  uint64_t random = worker->seed;
  if (run.subject == SUBJECT_READER && cx_shared_reader_new(run.map, &reader) != CX_OK) {
    abort();
  }
#ifdef BENCH_URCU
  urcu_qsbr_register_thread();
  urcu_qsbr_thread_offline();
#endif
  pthread_barrier_wait(&run.start);
#ifdef BENCH_URCU
  urcu_qsbr_thread_online();
#endif
  uint64_t begin = now();
  uint64_t end;
  uint64_t done = 0;
  do {
    for (int i = 0; i < 256; i++) {
      uint64_t r = next(&random);
      uint64_t key = key_of((uint32_t)r % (2 * run.entries));
      if ((r >> 40) % 100 < run.share) {
        worker->sum += get(reader, key);
      } else if (r >> 63 != 0) {
        put(reader, key, r);
      } else {
        take(reader, key);
      }
    }
    done += 256;
#ifdef BENCH_URCU
    urcu_qsbr_quiescent_state();
#endif
    end = now();
  } while (end - begin < run.nanos);
  worker->nanos = end - begin;
  worker->operations = done;
#ifdef BENCH_URCU
  urcu_qsbr_unregister_thread();
#endif
  if (cx_shared_reader_free(run.map, reader) != CX_OK) {
    abort();
  }
  return NULL;
}

static double measure(void) {
  struct worker workers[MAX_THREADS];
  pthread_t threads[MAX_THREADS];
  double nanos = 0;
  for (uint32_t i = 0; i < run.threads; i++) {
    workers[i] = (struct worker){.seed = i * 77 + 1};
    if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
      abort();
    }
  }
  for (uint32_t i = 0; i < run.threads; i++) {
    pthread_join(threads[i], NULL);
    nanos += (double)workers[i].nanos / (double)workers[i].operations / run.threads;
  }
  return nanos;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static void fill(void) {
#ifdef BENCH_URCU
  /* As many buckets as entries at once, so that it needn't grow while it is measured. */
  unsigned long buckets = 1024;
  while (buckets < run.entries) {
    buckets *= 2;
  }
  run.table = cds_lfht_new_flavor(
      buckets, 1024, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING, &urcu_qsbr_flavor, NULL);
  if (run.table == NULL) {
    abort();
  }
  urcu_qsbr_register_thread();
#endif
  if (cx_shared_new(&run.map) != CX_OK) {
    abort();
  }
  for (run.subject = SUBJECT_CLAIM; run.subject < SUBJECTS; run.subject++) {
    for (uint64_t i = 0; i < run.entries; i++) {
      put(NULL, key_of(2 * i), i);
    }
  }
#ifdef BENCH_URCU
  urcu_qsbr_unregister_thread();
#endif
}

int main(int argc, char **argv) {
  run.entries = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
  run.threads = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2;
  run.nanos = 1000000 * (argc > 3 ? strtoull(argv[3], NULL, 10) : 200);
  uint32_t rounds = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 7;
  if (run.entries == 0 || run.threads == 0 || run.threads > MAX_THREADS || rounds == 0 ||
      rounds > MAX_ROUNDS) {
    fprintf(stderr, "usage: %s [ENTRIES [THREADS [MILLIS [ROUNDS]]]]\n", argv[0]);
    return 2;
  }
#ifdef BENCH_URCU
  const int subjects = SUBJECTS;
#else
  const int subjects = SUBJECT_URCU;
#endif
  pthread_barrier_init(&run.start, NULL, run.threads);
  fill();
  printf(
      "%" PRIu64 " entries, %" PRIu32 " threads, ns per operation; %.1f B per entry\n", run.entries,
      run.threads, (double)cx_shared_bytes(run.map) / (double)run.entries);
  for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
    static double results[SUBJECTS][MAX_ROUNDS];
    run.share = shares[s];
    for (uint32_t round = 0; round < rounds; round++) {
      for (run.subject = 0; run.subject < subjects; run.subject++) {
        results[run.subject][round] = measure();
      }
    }
    for (int i = 0; i < subjects; i++) {
      qsort(results[i], rounds, sizeof **results, compare);
      printf("  %3" PRIu32 " %% reads  %-26s %7.1f\n", run.share, names[i], results[i][rounds / 2]);
    }
  }
  return 0;
}
