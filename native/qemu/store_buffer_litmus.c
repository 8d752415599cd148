/*
 * store_buffer_litmus.c - how often two threads both miss what the other has just stored.
 *
 * With sequentially consistent stores and loads that can't be: one of them comes first. An emulator
 * that forgets to order a store-release before a load-acquire shows it, and the test lane trusts
 * its concurrency tests only where this program, run likewise, finds nothing.
 *
 *   store_buffer_litmus ROUNDS
 *
 * In each round two threads that start at once go through the same cells. Prints the number of
 * cells where both missed. Exits with 0 if there is none, with 1 if there is, with 2 for a call
 * that it doesn't understand.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { CELLS = 1000 };

/* The two flags of a cell, each on a cache line of its own, and what either thread saw. */
static struct {
  _Alignas(64) atomic_int flag[2][16];
  int seen[2];
} cells[CELLS];

/* The threads that have arrived, over all rounds. */
static atomic_long arrived;

/* Waits until both threads have arrived for the `nth` time. */
static void meet(long nth) {
  (void)atomic_fetch_add(&arrived, 1);
  for (int i = 1; atomic_load(&arrived) < 2 * nth; i++) {
    if (i % 1000 == 0) {
      (void)sched_yield(); /* the other one may wait for this processor */
    }
  }
}

/* Round `round` of thread `self`. The cells are clean before, and left alone after it. */
static void play(int self, long round) {
  meet(2 * round + 1);
  for (int i = 0; i < CELLS; i++) {
    atomic_store(&cells[i].flag[self][0], 1);
    cells[i].seen[self] = atomic_load(&cells[i].flag[1 - self][0]);
  }
  meet(2 * round + 2);
}

static void *partner(void *rounds) {
  for (long i = 0; i < *(long *)rounds; i++) {
    play(1, i);
  }
  return NULL;
}

int main(int argc, char **argv) {
  long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
  pthread_t thread;
  if (rounds <= 0 || pthread_create(&thread, NULL, partner, &rounds) != 0) {
    (void)fprintf(stderr, "usage: store_buffer_litmus ROUNDS\n");
    return 2;
  }
  long missed = 0;
  for (long round = 0; round < rounds; round++) {
    play(0, round);
    for (int i = 0; i < CELLS; i++) {
      missed += cells[i].seen[0] == 0 && cells[i].seen[1] == 0;
      atomic_store(&cells[i].flag[0][0], 0);
      atomic_store(&cells[i].flag[1][0], 0);
    }
  }
  (void)pthread_join(thread, NULL);
  (void)printf("%ld of %ld cells\n", missed, rounds * CELLS);
  return missed != 0;
}
