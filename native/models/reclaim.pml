/*
 * reclaim.pml - a reader's bounded reservation against unlinking, retiring, scanning and freeing.
 *
 * The map is the shortest one with a path in it: root -> a table -> a leaf. The writer replaces the
 * leaf, or renews the table (a copy that shares the leaf), and retires what it unlinked. The scanner
 * frees what no reservation protects, and freed nodes are used again. Others raise the era at any time.
 *
 * Checked: no reader dereferences a node that was freed after it loaded the pointer, whether the
 * node is used again or not; with -DBOUND, a reader that stands still holds back no more than was
 * there when it entered and WINDOW eras retire.
 *
 *   -DFENCED           readers enter with an exchange, scans go without membarrier
 *   broken variants:
 *   -DNO_BARRIER       neither the one nor the other
 *   -DCHECK_EARLY      the era is checked before the pointer is loaded
 *   -DNO_CHECK         the era isn't checked
 *   -DLEAVE_EARLY      the reservation's end is stored before the last read (no release)
 *   -DRETIRE_EARLY     a node is retired, hence scanned, before it is unlinked
 *   -DDEATH_EARLY      the era of death is read before the node is unlinked
 *   -DBIRTH_LATE       the era of birth is read after the node is published
 *   -DBARRIER_LATE     the barrier comes after the reservations were read
 *   -DNO_WINDOW        reservations are open-ended; breaks the bound
 */

#include "reached.pml"

#ifndef READERS
#define READERS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1 /* traversals of each reader */
#endif
#ifndef UPDATES
#define UPDATES 3
#endif
#ifndef SCANS
#define SCANS 1
#endif
#ifndef ERAS
#define ERAS 1 /* how often others raise the era */
#endif
#define WINDOW 1
#define NODES (UPDATES + 2)
#define OPEN 128 /* mark of an open-ended reservation; here already after one restart */

#define CPUS READERS
#define WORDS READERS /* O15, the reservations: 0 = none, else an era, maybe with OPEN */
#include "store_buffers.pml"

#define NONE 255

byte era = 1;        /* O14 */
byte root;           /* O10: a table */
byte child[NODES];   /* O11: a table's slot */
byte birth[NODES];   /* written before the node is published, then constant */
byte death[NODES];   /* written before the node is retired, then constant */
bit retired[NODES];  /* O16: the list of what waits */

/* Ghosts: what is allocated, and how often each piece of memory has been. */
bit live[NODES];
byte incarnation[NODES];

/* A pointer is loaded: which incarnation it leads to is remembered with it. */
#define POINTER(p, from) atomic { p = from; p##_is = incarnation[p] }
#define VALID(p) (live[p] && incarnation[p] == p##_is)

inline check_era() {
  /* reclaim_covers: loads the era (O14) after the pointer was loaded and before it is followed. */
  if
#if !defined(NO_CHECK) && !defined(NO_WINDOW)
  :: atomic { !open && era > e0 + WINDOW -> p = 0; p_is = 0; q = 0; q_is = 0; open = 1; REACHED(restart) }; goto enter
  :: open || era <= e0 + WINDOW
#else
  :: true
#endif
  fi
}

proctype Reader(byte me) {
  byte e0, p, p_is, q, q_is, rounds;
  bit open;

enter:
  e0 = era; /* reclaim_reserve: loads the era (O14) */
#ifdef FENCED
  EXCHANGE(me, me, e0 + (open -> OPEN : 0)); /* O15: seq_cst exchange */
#else
  STORE(me, me, e0 + (open -> OPEN : 0)); /* O15: store, compiler barrier */
#endif
#ifdef CHECK_EARLY
  check_era();
  POINTER(p, root);
#else
  POINTER(p, root); /* O10 */
  check_era();
#endif
  atomic { assert(VALID(p)); POINTER(q, child[p]) } /* O11, in a node that must still be there */
#ifndef CHECK_EARLY
  check_era();
#endif
#ifdef LEAVE_EARLY
  STORE(me, me, 0);
  assert(VALID(q));
#else
  atomic {
    assert(VALID(q)); /* reads the leaf */
    STORE_RELEASE(me, me, 0) /* reclaim_leave (O15): the reads before it are done */
  }
#endif
  atomic {
    rounds++;
    e0 = 0;
    p = 0;
    p_is = 0;
    q = 0;
    q_is = 0;
    open = 0;
    if
    :: rounds < ROUNDS -> goto enter
    :: else
    fi
  }
}

hidden byte w_i;

inline allocate(n) {
  d_step {
    w_i = 0;
    do
    :: live[w_i] -> w_i++
    :: else -> break
    od;
    n = w_i;
    w_i = 0;
    live[n] = 1;
    if
#if UPDATES > 1 && !defined(BOUND)
    :: incarnation[n] > 0 -> REACHED(used_again)
#endif
    :: else
    fi;
    incarnation[n]++
  }
}

proctype Writer() {
  byte n, old, done, d;
  bit renew;

  do
  :: done < UPDATES ->
    /* Nobody else changes the map, so that making a node is one step. */
    atomic {
      allocate(n);
#ifndef BIRTH_LATE
      birth[n] = era; /* reclaim_stamp, before anybody can see the node */
#endif
      if
      :: renew = 0 -> old = child[root]
      :: renew = 1 -> old = root; child[n] = child[root] /* a copy that shares the leaf */
      fi
    };
#ifdef DEATH_EARLY
    d = era;
#endif
#ifdef RETIRE_EARLY
    atomic { death[old] = era; retired[old] = 1 };
#endif
    if
    :: renew -> root = n          /* place_top: compare-and-swap of the root (O10) */
    :: !renew -> child[root] = n  /* node_decide: the deciding compare-and-swap (O12) */
    fi;
#ifdef BIRTH_LATE
    birth[n] = era;
#endif
#ifdef DEATH_EARLY
    era++;
#else
    atomic { d = era; era++ } /* hand_over: fetch-and-add of the era (O14), after the unlinking */
#endif
    atomic { /* waiting_push: a batch (of one) joins the list (O16) */
#ifndef RETIRE_EARLY
      death[old] = d;
      retired[old] = 1;
#endif
      done++;
      n = 0;
      old = 0;
      d = 0;
      renew = 0
    }
  :: else -> break
  od
}

/* Batches that other writers retire. */
proctype Others() {
  byte i;

end:
  do
  :: atomic { i < ERAS -> i++; era++ } /* hand_over, scan_fence: fetch-and-add (O14) */
  od
}

/* Whether the reservation r protects node n: [r, r + WINDOW] meets [birth, death]. */
#ifdef NO_WINDOW
#define PROTECTS(r, n) (r != 0 && death[n] >= (r & 127))
#else
#define PROTECTS(r, n) \
  (r != 0 && death[n] >= (r & 127) && ((r & OPEN) || birth[n] <= (r & 127) + WINDOW))
#endif

hidden byte s_i, s_j, s_kept;

proctype Scanner() {
  byte scans, i;
  bit taken[NODES];
  byte reservation[READERS];

  do
  :: scans < SCANS ->
    d_step { /* reclaim_scan: exchanges the list (O16) for an empty one */
      s_i = 0;
      do
      :: s_i < NODES -> taken[s_i] = retired[s_i]; retired[s_i] = 0; s_i++
      :: else -> break
      od;
      s_i = 0
    };
#if !defined(FENCED) && !defined(NO_BARRIER) && !defined(BARRIER_LATE)
    i = 0; /* scan_fence: membarrier; every processor has been at a full fence, one after another */
    do
    :: i < READERS -> atomic { DRAINED(i) -> i++ }
    :: else -> break
    od;
#endif
    i = 0; /* scan_reservations: loads one after the other (O15) */
    do
    :: i < READERS -> atomic { reservation[i] = LOAD(i); i++ }
    :: else -> break
    od;
#ifdef BARRIER_LATE
    i = 0;
    do
    :: i < READERS -> atomic { DRAINED(i) -> i++ }
    :: else -> break
    od;
#endif
    i = 0;
    d_step { /* frees what nothing protects, puts the rest back */
      s_i = 0;
      s_kept = 0;
      do
      :: s_i < NODES ->
        if
        :: taken[s_i] ->
          taken[s_i] = 0;
          s_j = 0;
          do
          :: s_j < READERS && !PROTECTS(reservation[s_j], s_i) -> s_j++
          :: else -> break
          od;
          if
          :: s_j < READERS -> retired[s_i] = 1; s_kept++; REACHED(kept)
          :: else ->
            /* What was freed is an equal state, whatever it held. */
            REACHED(freed);
            live[s_i] = 0;
            birth[s_i] = 0;
            death[s_i] = 0;
            child[s_i] = 0
          fi
        :: else
        fi;
        s_i++
      :: else -> break
      od;
      s_i = 0;
      s_j = 0;
#ifdef BOUND
      /* One reader: the 2 nodes there when it entered, and one birth in each of WINDOW + 1 eras,
         but for what it held back with an open-ended reservation. */
      assert((reservation[0] & OPEN) || s_kept <= 2 + WINDOW + 1);
#endif
      s_kept = 0;
      reservation[0] = 0;
#if READERS > 1
      reservation[1] = 0;
#endif
      scans++
    }
  :: else -> break
  od
}

init {
  byte i;

  atomic {
    live[0] = 1;
    live[1] = 1;
    incarnation[0] = 1;
    incarnation[1] = 1;
    birth[0] = 1;
    birth[1] = 1;
    root = 0;
    child[0] = 1;
    run Writer();
    run Others();
    run Scanner();
    do
    :: i < READERS -> run Reader(i); run Drain(i); i++
    :: else -> break
    od;
    i = 0
  }
}
