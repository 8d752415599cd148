/*
 * publish.pml - a node is filled, published in a slot, and found by a reader.
 *
 * The order that every pointer of the shared map needs, and Java's volatile or final fields give:
 * the node's words before the slot (O10, O11; S1, S2), the slot before the node's words. Needs
 * -DPSO to tell anything: x86 doesn't overtake.
 *
 *   broken variants:
 *   -DPLAIN_STORE      the slot is stored without release order
 *   -DFILL_LATE        a word of the node is stored after the slot (breaks on any machine)
 *   -DREAD_EARLY       a word of the node is loaded before the slot (a missing acquire, with a
 *                      guessed address)
 */

#define SLOT 0
#define KEY 1
#define VALUE 2
#define WORDS 3
#define CPUS 1
#define DEPTH 3
#include "reached.pml"
#include "store_buffers.pml"

proctype Writer() {
  STORE(0, KEY, 7);
#ifndef FILL_LATE
  STORE(0, VALUE, 8);
#endif
#ifdef PLAIN_STORE
  STORE(0, SLOT, 1);
#else
  STORE_RELEASE(0, SLOT, 1);
#endif
#ifdef FILL_LATE
  STORE(0, VALUE, 8);
#endif
}

proctype Reader() {
  byte found, key, value;

#ifdef READ_EARLY
  value = LOAD(VALUE);
#endif
  found = LOAD(SLOT); /* acquire */
  key = LOAD(KEY);
#ifndef READ_EARLY
  value = LOAD(VALUE);
#endif
  if
  :: found ->
    REACHED(found);
    assert(key == 7 && value == 8)
  :: else -> REACHED(not_yet)
  fi
}

init {
  atomic {
    run Writer();
    run Reader();
    run Drain(0)
  }
}
