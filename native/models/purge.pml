/*
 * purge.pml - Roots.EPOCH: the purge of a dead variable against roots being copied (O5).
 *
 * A root's value is one word. The copier registers its new root (under a stripe's lock, so that is
 * a full fence), copies the value, and scrubs its copy if a purge has been walking meanwhile. The
 * purge raises the epoch to an odd number, scrubs every root that it finds registered, and raises it
 * again. The variable's reference is cleared before the purge begins; a copier that has read the
 * reference before that copies the value even after.
 *
 * Checked: when both are done, no root holds the dead value. A value that the copier stores late is
 * in its store buffer meanwhile: what the fence in purgedSince is for.
 *
 *   broken variants:
 *   -DNO_FENCE         purgedSince reads the epoch without a full fence before
 *   -DEPOCH_LATE       the epoch is read after the value was copied
 *   -DONE_RAISE        the purge raises the epoch only when it has ended
 *   -DREGISTER_LATE    the copy is registered after the epoch was read for the second time
 */

#include "reached.pml"

#define COPY 0 /* the value in the copy: what the copier stores plainly (O3) */
#define WORDS 1
#define CPUS 1
#include "store_buffers.pml"

byte epoch;        /* EPOCH */
bit source = 1;    /* the value in the root that is copied, registered since long */
bit registered;    /* the copy, in its stripe */
bit cleared;       /* the VarRef */
byte finished;

proctype Copier() {
  byte before, after;
  bit seen, value;

#ifndef EPOCH_LATE
  before = epoch; /* Roots.epoch */
#endif
#ifndef REGISTER_LATE
  atomic { DRAINED(0); registered = 1 }; /* Roots.register */
#endif
  seen = !cleared; /* the copying skips values whose VarRef is cleared */
  value = source;
  if
  :: seen && value -> STORE(0, COPY, 1)
  :: else
  fi;
#ifdef EPOCH_LATE
  before = epoch;
#endif
#ifndef NO_FENCE
  DRAINED(0); /* purgedSince: fullFence */
#endif
  after = epoch; /* purgedSince */
  if
  :: after != before || (before & 1) ->
    REACHED(copier_scrubs);
    if
    :: cleared -> STORE(0, COPY, 0)
    :: else
    fi
  :: else -> REACHED(copier_relies_on_purge)
  fi;
#ifdef REGISTER_LATE
  atomic { DRAINED(0); registered = 1 };
#endif
  DRAINED(0);
  finished++
}

proctype Purge() {
  bit found;

  cleared = 1; /* by the collector */
#ifndef ONE_RAISE
  epoch++; /* incrementAndGet: a full fence, as the purge stores nothing plainly before */
#endif
  source = 0;
  found = registered; /* under the stripe's lock */
  if
  :: found ->
    if
    :: LOAD(COPY) -> atomic { memory[COPY] = 0; REACHED(purge_scrubs) }
    :: else
    fi
  :: else -> REACHED(purge_misses)
  fi;
  epoch++;
  finished++
}

init {
  atomic {
    run Copier();
    run Purge();
    run Drain(0)
  }
  finished == 2;
  assert(memory[COPY] == 0) /* nothing dead is left */
}
