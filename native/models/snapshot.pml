/*
 * snapshot.pml - a snapshot's reservation [first, limit] against scans, and stragglers that still
 * write to tables that snapshots hold.
 *
 * The map is root {generation, table} -> table -> leaf. The taker reserves, raises the generation,
 * ends its reservation at the era that it finds then, reads the snapshot's tree, and gives the
 * reservation up; it does so CUTS times with the same record. The writer makes the map anew for the
 * current generation: a copy of the table, then another leaf in it; retires what it unlinked, and
 * frees what no reservation protects. The straggler has read the root before the snapshot: what it
 * puts into the slot of the frozen table is never valid, taken out again, and retired.
 *
 * Checked: neither the snapshot's reader nor the straggler touches freed memory; the reader sees
 * the leaf that the map had when the generation was raised.
 *
 *   -DFENCED           no membarrier; the straggler reserves by an exchange
 *   -DGUARDED          the snapshot's reader reserves once more before it looks at an undecided
 *                      node (as C does); otherwise such a node counts as born when its writer
 *                      reserved, which any snapshot then covers
 *   -DSERIES           a second snapshot under the same reservation, which is made longer for it; the
 *                      reader reads that one
 *   broken variants:
 *   -DREACH_LATE       made longer after the generation was raised
 *   -DREACH_NOT        not made longer
 *   -DLIMIT_EARLY      the limit is the era before the generation was raised
 *   -DHOLD_LATE        the reservation is stored after the generation was raised
 *   -DUNORDERED        the limit may be stored after the first era (seen without membarrier only)
 *   -DUNGUARDED        a node counts as born when it was made, the reader reserves nothing more
 *   -DLEAVE_EARLY      the reservation's end is stored before the last read
 */

#include "reached.pml"

#ifndef CUTS
#define CUTS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1 /* of the writer: a copy of the table, a leaf, a scan */
#endif
#ifndef ERAS
#define ERAS 1 /* how often others raise the era */
#endif
#ifndef WINDOW
#define WINDOW 1
#endif
#if WINDOW < 3
#define AGAIN REACHED(again)
#else
#define AGAIN skip /* the era doesn't get as far */
#endif
#define NODES (4 + 2 * ROUNDS)
#define NONE 255
#define TAG 64 /* in a slot: undecided */

/* The plainly stored words, and who stores them. */
#define FIRST 0    /* O15: state of the snapshot's record, by the taker */
#define LIMIT 1    /* O15: limit of the snapshot's record, by the taker */
#define GUARD 2    /* O15: state of the record of the reader's own call, by the taker */
#define STRAGGLE 3 /* O15: state of the straggler's record */
#define WORDS 4
#define CPUS 2 /* 0: the taker, 1: the straggler */
#define DEPTH 3
#include "store_buffers.pml"

byte era = 1;          /* O14 */
byte root_gen = 1;     /* O10, one word with root_node in fact */
byte root_node;        /* O10 */
byte slot[NODES];      /* O11, of a table */
byte birth[NODES];
byte death[NODES];
bit retired[NODES];    /* O16 */
byte before[NODES];    /* O12, of the straggler's node */
bit live[NODES];       /* ghost */
byte incarnation[NODES]; /* ghost */

#define IDLE 0

/* reclaim_reach (O15): compare-and-swap. Nobody else writes the limit. */
#ifdef REACH_NOT
#define REACH(e) skip
#else
#define REACH(e) \
  DRAINED(0); \
  if \
  :: LOAD(LIMIT) < e -> EXCHANGE(0, LIMIT, e); REACHED(longer) \
  :: else \
  fi
#endif

hidden byte a_i;

inline allocate(n, e) {
  d_step {
    a_i = 0;
    do
    :: live[a_i] -> a_i++
    :: else -> break
    od;
    n = a_i;
    a_i = 0;
    live[n] = 1;
    incarnation[n]++;
    birth[n] = e
  }
}

proctype Taker() {
  byte first, t, t_is, n, n_is, s, leaf, cuts, g0;

  do
  :: cuts < CUTS ->
again:
    first = era;
#ifndef HOLD_LATE
#ifdef UNORDERED
    STORE(0, LIMIT, first + WINDOW);
    STORE(0, FIRST, first);
#else
    STORE(0, LIMIT, first + WINDOW);    /* reclaim_hold (O15) */
    EXCHANGE(0, FIRST, first);          /* reclaim_hold (O15): seq_cst exchange */
#endif
#endif
#ifdef LIMIT_EARLY
    g0 = era;
#endif
    atomic { /* next_generation: compare-and-swap of the root (O10), a full fence */
#ifndef UNORDERED
      DRAINED(0);
#endif
      root_gen++;
      t = root_node;
      t_is = incarnation[t];
      leaf = slot[t];
      if
      :: leaf & TAG -> leaf = before[leaf & 63]
      :: else
      fi
    };
#ifdef HOLD_LATE
    STORE(0, LIMIT, first + WINDOW);
    EXCHANGE(0, FIRST, first);
#endif
#ifndef LIMIT_EARLY
    g0 = era; /* reclaim_held: after the generation was raised */
#endif
    if
    :: g0 <= first + WINDOW -> STORE_RELEASE(0, LIMIT, g0)
    :: g0 > first + WINDOW -> atomic { g0 = 0; t = 0; t_is = 0; leaf = 0; AGAIN }; goto again
    fi;
#ifdef SERIES
    /* cx_shared_snapshot_next; another thread could do it, after synchronizing with this one. */
#ifndef REACH_LATE
    g0 = era;
    REACH(g0);
#endif
    atomic {
      DRAINED(0);
      root_gen++;
      t = root_node;
      t_is = incarnation[t];
      leaf = slot[t];
      if
      :: leaf & TAG -> leaf = before[leaf & 63]
      :: else
      fi
    };
#ifdef REACH_LATE
    g0 = era;
    REACH(g0);
#endif
    if
    :: era <= g0 -> REACHED(another)
    :: else -> atomic { t = NONE; t_is = 0; leaf = 0; g0 = 0 } /* once is enough here */
    fi;
    if
    :: t == NONE -> goto given_up
    :: else
    fi;
#endif
    /* The snapshot's reader, at any later time. */
    atomic { assert(live[t] && incarnation[t] == t_is); s = slot[t]; n = s & 63; n_is = incarnation[n] };
    if
    :: s & TAG ->
      REACHED(straggler_met);
#ifdef GUARDED
      do
      :: first = era;
        EXCHANGE(0, GUARD, first); /* reclaim_claim in shared_frozen: compare-and-swap (O15) */
        atomic { s = slot[t]; n = s & 63; n_is = incarnation[n] };
        if
        :: era <= first + WINDOW -> break /* reclaim_covers */
        :: else
        fi
      od;
#endif
      atomic {
        assert(live[n] && incarnation[n] == n_is); /* node_decide reads it; it is of no valid update */
        if
        :: s & TAG -> n = before[n] /* what it was put in the place of */
        :: else
        fi;
        n_is = incarnation[n]
      };
#ifdef GUARDED
      STORE_RELEASE(0, GUARD, IDLE);
#endif
    :: else
    fi;
#ifdef LEAVE_EARLY
    STORE_RELEASE(0, FIRST, IDLE);
#endif
    atomic {
      assert(n == leaf); /* the leaf of the cut */
      assert(live[n] && incarnation[n] == n_is)
    };
#ifdef SERIES
given_up:
#endif
#ifndef LEAVE_EARLY
    STORE_RELEASE(0, FIRST, IDLE); /* reclaim_release (O15) */
#endif
    atomic { cuts++; first = 0; t = 0; t_is = 0; n = 0; n_is = 0; s = 0; leaf = 0; g0 = 0 }
  :: else -> break
  od
}

/* Has read the root, and the table's slot, when it was of generation 1. */
proctype Straggler() {
  byte e0, t, t_is, n, s, old;

  e0 = era;
#ifdef FENCED
  EXCHANGE(1, STRAGGLE, e0);
#else
  STORE(1, STRAGGLE, e0); /* reclaim_reserve (O15) */
#endif
  atomic { t = root_node; t_is = incarnation[t]; s = root_gen };
  if
  :: s != 1 || era > e0 + WINDOW -> goto leave /* not what this is about */
  :: else
  fi;
  atomic { assert(live[t] && incarnation[t] == t_is); old = slot[t] };
  (root_gen > 1); /* a snapshot comes between */
#if defined(UNGUARDED) || defined(GUARDED)
  allocate(n, era); /* reclaim_stamp */
  if
  :: birth[n] <= e0 + WINDOW
  :: else -> atomic { live[n] = 0; birth[n] = 0; n = 0 }; goto leave /* place_node: OVERTAKEN */
  fi;
#else
  allocate(n, e0);
#endif
  atomic { /* place_node: compare-and-swap (O11) */
    DRAINED(1);
    assert(live[t] && incarnation[t] == t_is);
    if
    :: slot[t] == old -> slot[t] = n | TAG; before[n] = old
    :: else -> live[n] = 0; birth[n] = 0; n = 0; goto leave
    fi
  };
  /* node_decide: the generation has passed, it fails */
  atomic { /* slot_settle: what was there before, back in the slot (O11) */
    assert(live[t] && incarnation[t] == t_is);
    slot[t] = old
  };
  atomic { death[n] = era; era++; n = n + 128 }; /* hand_over */
  atomic { n = n - 128; retired[n] = 1; n = 0; REACHED(straggler_retired) };
leave:
  STORE_RELEASE(1, STRAGGLE, IDLE);
  atomic { e0 = 0; t = 0; t_is = 0; s = 0; old = 0 }
}

#define MEETS(n, f, l) (f != IDLE && death[n] >= f && birth[n] <= l)

hidden byte s_i;

proctype Writer() {
  byte t, n, old, d, rounds, first, limit, guard, straggle, g;
  bit taken[NODES];

  do
  :: rounds < ROUNDS ->
    (root_gen > 1); /* before, it would change the map in place: that is in reclaim.pml */
    /* A table of the current generation. Nobody else replaces the root's table. */
    allocate(n, era);
    atomic { /* renew, place_top (O10). The copy resolves: a tagged node isn't valid. */
      t = root_node;
      g = slot[t];
      if
      :: g & TAG -> live[n] = 0; birth[n] = 0; n = NONE
      :: else -> slot[n] = g; root_node = n
      fi;
      g = root_gen
    };
    if
    :: n == NONE -> skip
    :: else ->
      atomic { d = era; era++ }; /* hand_over (O14) */
      atomic { death[t] = d; retired[t] = 1; t = n };
      allocate(n, era);
      atomic { /* place_node, decided (O11, O12), if the table still is of the current generation */
        if
        :: root_gen == g -> old = slot[t]; slot[t] = n
        :: else -> live[n] = 0; birth[n] = 0; old = NONE
        fi
      };
      if
      :: old != NONE ->
        atomic { d = era; era++ };
        atomic { death[old] = d; retired[old] = 1 }
      :: else
      fi
    fi;
    atomic { t = 0; n = 0; old = 0; d = 0; g = 0 };
    d_step { /* reclaim_scan (O16) */
      s_i = 0;
      do
      :: s_i < NODES -> taken[s_i] = retired[s_i]; retired[s_i] = 0; s_i++
      :: else -> break
      od;
      s_i = 0
    };
#ifndef FENCED
    DRAINED(0); /* scan_fence: membarrier */
    DRAINED(1);
#endif
    straggle = LOAD(STRAGGLE); /* scan_reservations (O15) */
    guard = LOAD(GUARD);
    first = LOAD(FIRST);
    limit = LOAD(LIMIT);
    d_step {
      s_i = 0;
      do
      :: s_i < NODES ->
        if
        :: taken[s_i] ->
          taken[s_i] = 0;
          if
          :: MEETS(s_i, first, limit) || MEETS(s_i, straggle, straggle + WINDOW) ||
               MEETS(s_i, guard, guard + WINDOW) ->
            retired[s_i] = 1;
            REACHED(kept)
          :: else ->
            live[s_i] = 0;
            birth[s_i] = 0;
            death[s_i] = 0;
            slot[s_i] = 0;
            before[s_i] = 0;
            REACHED(freed)
          fi
        :: else
        fi;
        s_i++
      :: else -> break
      od;
      s_i = 0;
      first = 0;
      limit = 0;
      guard = 0;
      straggle = 0;
      rounds++
    }
  :: else -> break
  od
}

proctype Others() {
  byte i;

end:
  do
  :: atomic { i < ERAS -> i++; era++ }
  od
}

init {
  atomic {
    live[0] = 1;
    live[1] = 1;
    birth[0] = 1;
    birth[1] = 1;
    slot[0] = 1;
    run Taker();
    run Straggler();
    run Writer();
    run Others();
    run Drain(0);
    run Drain(1)
  }
}
