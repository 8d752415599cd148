/*
 * store_buffers.pml - store buffers for the models: what a plain store does before others see it.
 *
 * A model that includes this file defines WORDS, the number of words that are stored plainly, and
 * CPUS, the number of processors that store to them. Everything else in a model changes by atomic
 * read-modify-write only, and is an ordinary global variable.
 *
 * A store waits in its processor's buffer; its Drain process writes it to memory at any later time.
 *
 *   default   TSO (x86): the buffer is a queue
 *   -DPSO     weaker: one queue per word; a store overtakes older stores to other words. A release
 *             store overtakes nothing, but waits in the buffer like any other and may be overtaken
 *             by later loads, and by later plain stores to other words
 *
 * Loads are done in program order; where a model wants a load to be early, as a missing acquire or
 * a missing full fence allows, it does it early in so many words. There is one memory for all, as
 * on x86 and on ARMv8 (multi-copy atomicity).
 */

#ifndef DEPTH
#define DEPTH 2 /* stores one buffer holds; a store that finds it full waits */
#endif

typedef Buffer {
  byte used;
  byte word[DEPTH];
  byte value[DEPTH];
  bit release[DEPTH]
};

byte memory[WORDS];
Buffer buffer[CPUS];

/* Hidden: no part of the state, used within one step only. */
hidden byte sb_i;

/* A store by `cpu`; rel 1: with release order. */
#define STORE_ORDERED(cpu, w, v, rel) \
  atomic { \
    buffer[cpu].used < DEPTH; \
    buffer[cpu].word[buffer[cpu].used] = w; \
    buffer[cpu].value[buffer[cpu].used] = v; \
    buffer[cpu].release[buffer[cpu].used] = rel; \
    buffer[cpu].used++ \
  }
#define STORE(cpu, w, v) STORE_ORDERED(cpu, w, v, 0)
#define STORE_RELEASE(cpu, w, v) STORE_ORDERED(cpu, w, v, 1)

/* True when `cpu` has no store waiting. A read-modify-write of seq_cst order, and a full fence,
   are steps guarded by it. */
#define DRAINED(cpu) (buffer[cpu].used == 0)

/* What `cpu` loads from a word that it doesn't store to itself. */
#define LOAD(w) memory[w]

/* A store that is at once a full fence: atomic_exchange with seq_cst. */
#define EXCHANGE(cpu, w, v) atomic { DRAINED(cpu); memory[w] = v }

inline drain_at(cpu, at) {
  d_step {
    memory[buffer[cpu].word[at]] = buffer[cpu].value[at];
    buffer[cpu].used--;
    sb_i = at;
    do
    :: sb_i < buffer[cpu].used ->
      buffer[cpu].word[sb_i] = buffer[cpu].word[sb_i + 1];
      buffer[cpu].value[sb_i] = buffer[cpu].value[sb_i + 1];
      buffer[cpu].release[sb_i] = buffer[cpu].release[sb_i + 1];
      sb_i++
    :: else -> break
    od;
    /* Equal buffers shall be equal states. */
    buffer[cpu].word[buffer[cpu].used] = 0;
    buffer[cpu].value[buffer[cpu].used] = 0;
    buffer[cpu].release[buffer[cpu].used] = 0
  }
}

proctype Drain(byte cpu) {
end:
  do
  :: atomic { buffer[cpu].used > 0 -> drain_at(cpu, 0) }
#ifdef PSO
  :: atomic {
       buffer[cpu].used > 1 && !buffer[cpu].release[1] &&
         buffer[cpu].word[1] != buffer[cpu].word[0] ->
       drain_at(cpu, 1)
     }
#if DEPTH > 2
  :: atomic {
       buffer[cpu].used > 2 && !buffer[cpu].release[2] &&
         buffer[cpu].word[2] != buffer[cpu].word[0] && buffer[cpu].word[2] != buffer[cpu].word[1] ->
       drain_at(cpu, 2)
     }
#endif
#endif
  od
}
