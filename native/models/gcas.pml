/*
 * gcas.pml - the shared map's updates: generation-checked compare-and-swap of slots, snapshots,
 * clear, and who retires what.
 *
 * The map is root {generation, table}. With LEVELS 1 that table's slots hold leaves, one per key;
 * with LEVELS 2 its slot 0 holds a table whose slots do, so that tables are also renewed by a
 * generation-checked compare-and-swap. A leaf is an update: its own number is the value. Everything
 * shared changes by compare-and-swap, and root and slots are read in one total order with that (O10,
 * O11), so memory is sequentially consistent here; GEN_EARLY shows what that order is for.
 *
 * Checked against an abstract map, by ghosts that change in the step that decides an update:
 *  - an update replaces exactly the value it reports as the previous one (nothing is lost);
 *  - a decision is made once;
 *  - a decision that comes late, by a helper that had read the old generation, is an update just
 *    before the snapshot: it still replaces what the abstract map held there, and nobody has looked
 *    at the key since, at a later generation;
 *  - a snapshot's reader sees for each key what the abstract map held at the snapshot's own
 *    compare-and-swap of the root: a consistent cut;
 *  - a get returns a value that the map held between its call and its return;
 *  - with -DC (nodes are retired by hand): when all is done, each node that was ever published is
 *    reachable from the root or was retired, and that once.
 *
 *   -DC                copies hold decided nodes only, and undecided ones carry a tag in the slot,
 *                      as in C; otherwise slots are copied as they are, as in Java
 *   -DCLEARS           instead of the snapshot's reader, clear()
 *   -DGETS             a get beside
 *   -DKEYS_EQUAL       both writers write the same key
 *   broken variants:
 *   -DNO_GEN           an update is committed whatever the generation
 *   -DGEN_EARLY        the generation is read before the node is installed
 *   -DDECIDE_TWICE     a decision is stored, not compared and swapped
 *   -DCOPY_UNDECIDED   (C) a table is copied without deciding: undecided nodes lose their tag
 *   -DSNAPSHOT_EARLY   a snapshot raises the generation first and takes the root's table then
 *   -DPREV_UNRESOLVED  what a failed node left in its slot counts as the previous value
 *   -DRETIRE_HELPER    (C) whoever decides retires the replaced node, and so does the installer
 *   -DRETIRE_REPAIRED  (C) a failed node is retired only if the repair's compare-and-swap succeeds
 *   -DRETIRE_OLD       (C) the replaced node is retired when the new one is installed
 *   -DCLEAR_RAW        (C) clear retires what it finds in slots, without deciding it
 */

#include "reached.pml"

#ifndef LEVELS
#define LEVELS 1
#endif
#ifndef OPS
#define OPS 1 /* updates of each writer */
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef CUTS
#define CUTS 1 /* snapshots, or clears */
#endif

#ifdef KEYS_EQUAL
#define KEY(me) 0
#else
#define KEY(me) (me)
#endif

#if defined(KEYS_EQUAL) || (LEVELS == 2 && !defined(CLEARS))
#define OVERTAKEN REACHED(overtaken)
#else
#define OVERTAKEN skip /* by nobody: each writer has slots of its own */
#endif

#define TAG 64        /* in a slot: maybe undecided */
#define ID(s) ((s) & 63)
#define COMMITTED 255 /* in prev: decided, the node is the value */
#define FAILED 128    /* in prev: decided, the value is ID(prev) */
#define DECIDED(p) ((p) & FAILED)
#define NONE 63       /* an empty slot */

/* Numbers 0..2 are the first tables and leaves; each writer, and who clears, has its own after. */
#define SHARE 10
#define FIRST(me) (4 + (me) * SHARE)
#define NODES (4 + 3 * SHARE)

typedef Table { byte slot[2] };

/* O10: one word in fact, a pointer to an immutable pair; pairs are never equal. */
byte root_gen = 1;
byte root_node = 0;

byte gen[NODES];       /* constant once published */
byte prev[NODES];      /* O12: decided by compare-and-swap */
byte key[NODES];       /* of a leaf */
bit is_table[NODES];
Table table[NODES];    /* O11 */

/* Ghosts. */
#define GENS (CUTS + 2)
byte map[2];           /* the abstract map: key -> leaf */
Table at[GENS];        /* the map when the generation went from g to g + 1 */
bit cleared[GENS];     /* whether clear() raised it */
byte looked[2];        /* the latest generation whose root a finished look-up of the key had read */
byte decisions[NODES];
byte published[NODES];
byte retired[NODES];
byte finished;
bit get_sees[NODES];   /* what the map has held under key 0 since the get began */
bit getting;

hidden byte g_i, g_k;

/* The step that commits leaf n, with its previous value p. */
inline ghost_commit(n, p) {
  g_k = key[n];
  if
  :: root_gen == gen[n] ->
    assert(map[g_k] == p); /* nothing lost */
    map[g_k] = n;
    if
    :: g_k == 0 && getting -> get_sees[n] = 1
    :: else
    fi
  :: else -> /* late: just before the snapshot */
    REACHED(late_commit);
    assert(looked[g_k] <= gen[n]); /* nobody looked after */
    g_i = gen[n];
    do
    :: g_i < root_gen ->
      assert(at[g_i].slot[g_k] == p); /* nothing lost before */
      at[g_i].slot[g_k] = n;
      if
      :: cleared[g_i] -> break
      :: else -> g_i++
      fi
    :: else ->
      assert(map[g_k] == p); /* nothing lost since */
      map[g_k] = n;
      if
      :: g_k == 0 && getting -> get_sees[n] = 1
      :: else
      fi;
      break
    od
  fi;
  g_k = 0;
  g_i = 0
}

inline retire(n) {
  d_step { assert(retired[n] == 0); retired[n]++ }
}

/*
 * node_decide, SharedPending.decide: decides n if nobody has. `p` and `g` are the caller's locals; afterwards p is decided.
 * What the reader of a snapshot finds undecided is of a passed generation: it never looks at root.
 */
inline decide(n, p, g, by_snapshot) {
  p = prev[n]; /* O12: acquire load */
  if
  :: DECIDED(p)
  :: !DECIDED(p) ->
#ifndef GEN_EARLY
    if
    :: by_snapshot -> g = 0
    :: !by_snapshot -> g = root_gen /* O10: ordered load, after the node was found or installed */
    fi;
#endif
    atomic { /* O12: compare-and-swap, p -> COMMITTED or FAILED | p */
      if
#ifdef DECIDE_TWICE
      :: true ->
#else
      :: prev[n] == p ->
#endif
        decisions[n]++;
        assert(decisions[n] == 1); /* decided once */
        if
#ifdef NO_GEN
        :: !by_snapshot ->
#else
        :: g == gen[n] ->
#endif
#ifdef RETIRE_HELPER
          if
          :: p != NONE -> retire(p)
          :: else
          fi;
#endif
          prev[n] = COMMITTED;
          if
          :: !is_table[n] -> ghost_commit(n, p)
          :: else
          fi
        :: else -> prev[n] = FAILED | p; REACHED(failed)
        fi
#ifndef DECIDE_TWICE
      :: else -> REACHED(decided_by_another)
#endif
      fi;
      p = prev[n];
      g = 0
    }
  fi
}

/* slot_resolve, settled: what the slot's content s stands for, decided; into v. */
inline resolve(s, v, p, g, by_snapshot) {
  if
#ifdef C
  :: !(s & TAG) -> v = s
  :: s & TAG ->
#else
  :: s == NONE -> v = s
  :: s != NONE ->
#endif
#ifdef GEN_EARLY
    g = root_gen;
#endif
    decide(ID(s), p, g, by_snapshot);
    atomic {
      if
#ifdef PREV_UNRESOLVED
      :: true -> v = ID(s)
#else
      :: p == COMMITTED -> v = ID(s)
      :: p != COMMITTED -> v = ID(p)
#endif
      fi;
      p = 0;
      g = 0
    }
  fi
}

/* What a slot holds after a compare-and-swap that installs n undecided. */
#ifdef C
#define INSTALLED(n) ((n) | TAG)
#else
#define INSTALLED(n) (n)
#endif

/*
 * renew, SharedTable.copy: n becomes a copy of table t with generation rg. n is private until it is installed.
 */
inline copy(t, n, rg, s, v, p, g, k) {
  k = 0;
  do
  :: k < 2 ->
    s = table[t].slot[k]; /* O11 */
#ifdef C
#ifdef COPY_UNDECIDED
    v = ID(s);
#else
    resolve(s, v, p, g, 0);
#endif
    atomic { table[n].slot[k] = v; v = 0; s = 0; k++ }
#else
    atomic { table[n].slot[k] = s; s = 0; k++ }
#endif
  :: else -> break
  od;
  atomic { k = 0; gen[n] = rg; is_table[n] = 1 }
}

/*
 * place_node, SharedHamt.install: n, of generation gen[n], goes into slot k of table t, in whose place s was found, with
 * `old` its resolved value. ok: whether n was committed. `lost`: it never got in and stays private.
 */
inline install(t, k, s, old, n, ok, lost, p, g) {
#ifdef GEN_EARLY
  g = root_gen;
#endif
  atomic { /* O11: compare-and-swap */
    prev[n] = old;
    if
    :: table[t].slot[k] == s -> table[t].slot[k] = INSTALLED(n); published[n] = 1; lost = 0
    :: else -> prev[n] = 0; lost = 1; OVERTAKEN
    fi
  };
  ok = 0;
  if
  :: lost -> g = 0
  :: !lost ->
#ifdef RETIRE_OLD
    if
    :: old != NONE -> retire(old)
    :: old == NONE
    fi;
#endif
    decide(n, p, g, 0);
    if
    :: p == COMMITTED ->
#ifdef C
      atomic { /* slot_settle (O11): takes the tag off */
        if
        :: table[t].slot[k] == INSTALLED(n) -> table[t].slot[k] = n
        :: else
        fi
      };
#ifndef RETIRE_OLD
      atomic {
        if
        :: old != NONE -> retire(old)
        :: else
        fi
      };
#endif
#endif
      ok = 1
    :: p != COMMITTED ->
      atomic { /* slot_settle (O11): repairs the slot */
        if
        :: table[t].slot[k] == INSTALLED(n) ->
          REACHED(repaired);
          table[t].slot[k] = old;
#ifdef RETIRE_REPAIRED
          retire(n)
#endif
        :: else
        fi;
#if defined(C) && !defined(RETIRE_REPAIRED)
        retire(n);
#endif
      }
    fi;
    atomic { p = 0; g = 0 }
  fi
}

proctype Writer(byte me) {
  byte rg, t, c, s, old, v, n, p, g, k, done;
  bit ok, lost;

  n = FIRST(me);
  do
  :: done < OPS ->
again:
    atomic { rg = root_gen; t = root_node; c = 0; s = 0; old = 0; v = 0; p = 0; g = 0; k = 0; ok = 0; lost = 0 }
    if
    :: gen[t] == rg
    :: gen[t] != rg -> /* renews the root's table */
      copy(t, n, rg, s, v, p, g, k);
      atomic { /* O10: compare-and-swap of the root */
        if
        :: root_gen == rg && root_node == t ->
          root_node = n;
          prev[n] = COMMITTED;
          published[n] = 1;
#ifdef C
          retire(t);
#endif
          t = n;
          n++
        :: else -> is_table[n] = 0; gen[n] = 0; table[n].slot[0] = 0; table[n].slot[1] = 0; goto again
        fi
      }
    fi;
#if LEVELS == 2
    s = table[t].slot[0]; /* O11 */
    resolve(s, c, p, g, 0);
    if
    :: gen[c] == rg
    :: gen[c] != rg -> /* renews a table below */
      copy(c, n, rg, old, v, p, g, k);
      install(t, 0, s, c, n, ok, lost, p, g);
      atomic {
        if
        :: ok -> c = n; n++
        :: lost -> is_table[n] = 0; gen[n] = 0; table[n].slot[0] = 0; table[n].slot[1] = 0; goto again
        :: !ok && !lost -> n++; goto again
        fi
      }
    fi;
    atomic { t = c; c = 0; s = 0; ok = 0; lost = 0 }
#endif
    s = table[t].slot[KEY(me)]; /* O11 */
    resolve(s, old, p, g, 0);
    atomic { gen[n] = rg; key[n] = KEY(me) }
    install(t, KEY(me), s, old, n, ok, lost, p, g);
    atomic {
      if
      :: ok -> n++; done++
      :: !ok && !lost -> n++; goto again
      :: lost -> gen[n] = 0; key[n] = 0; goto again
      fi
    }
  :: else -> break
  od;
  atomic { finished++; rg = 0; t = 0; c = 0; s = 0; old = 0; v = 0; p = 0; g = 0; k = 0; ok = 0; lost = 0 }
}

/* The value under key q in the tree of table t, by a reader; into v. */
inline look_up(t, q, s, v, p, g, by_snapshot) {
#if LEVELS == 2
  s = table[t].slot[0];
  resolve(s, t, p, g, by_snapshot);
#endif
  s = table[t].slot[q];
  resolve(s, v, p, g, by_snapshot)
}

#ifndef CLEARS
proctype Snapshot() {
  byte rg, t, u, s, p, g, cuts;
  byte seen[2];

  do
  :: cuts < CUTS ->
again:
#ifdef SNAPSHOT_EARLY
    atomic { rg = root_gen; at[rg].slot[0] = map[0]; at[rg].slot[1] = map[1]; root_gen++ };
    t = root_node;
#else
    atomic { rg = root_gen; t = root_node };
    atomic { /* O10: compare-and-swap of the root */
      if
      :: root_gen == rg && root_node == t ->
        at[rg].slot[0] = map[0];
        at[rg].slot[1] = map[1];
        root_gen++
      :: else -> rg = 0; t = 0; goto again
      fi
    };
#endif
    if
    :: u = t; look_up(u, 0, s, seen[0], p, g, 1); u = t; look_up(u, 1, s, seen[1], p, g, 1)
    :: u = t; look_up(u, 1, s, seen[1], p, g, 1); u = t; look_up(u, 0, s, seen[0], p, g, 1)
    fi;
    /* When all is done no decision is open: what was seen is what the cut holds for good. */
    atomic { u = 0; s = 0; p = 0; g = 0; cuts++; finished = finished + (cuts == CUTS -> 1 : 0) };
    if
    :: cuts < CUTS -> skip
    :: else -> finished >= WRITERS + 1
    fi;
    assert(seen[0] == at[rg].slot[0] && seen[1] == at[rg].slot[1]) /* a consistent cut */
  :: else -> break
  od
}
#else
proctype Clear() {
  byte rg, t, u, s, v, p, g, k, n, cuts;

  n = FIRST(2);
  do
  :: cuts < CUTS ->
    d_step { gen[n] = 0; is_table[n] = 1; prev[n] = COMMITTED; table[n].slot[0] = NONE; table[n].slot[1] = NONE }
#if LEVELS == 2
    d_step {
      is_table[n + 1] = 1;
      prev[n + 1] = COMMITTED;
      table[n + 1].slot[0] = NONE;
      table[n + 1].slot[1] = NONE;
      table[n].slot[0] = n + 1
    }
#endif
again:
    atomic { rg = root_gen; t = root_node };
    atomic { /* O10: compare-and-swap of the root */
      if
      :: root_gen == rg && root_node == t ->
        gen[n] = rg + 1;
        published[n] = 1;
#if LEVELS == 2
        gen[n + 1] = rg + 1;
        published[n + 1] = 1;
#endif
        at[rg].slot[0] = map[0];
        at[rg].slot[1] = map[1];
        cleared[rg] = 1;
        map[0] = NONE;
        map[1] = NONE;
        root_node = n;
        root_gen++;
        n = n + LEVELS
      :: else -> rg = 0; t = 0; goto again
      fi
    };
#ifdef C
    /* tree_retire: decides and retires everything below. */
#if LEVELS == 2
    s = table[t].slot[0];
    resolve(s, u, p, g, 0);
    retire(t);
    t = u;
#endif
    k = 0;
    do
    :: k < 2 ->
      s = table[t].slot[k];
#ifdef CLEAR_RAW
      v = (s == NONE -> NONE : ID(s));
#else
      resolve(s, v, p, g, 0);
#endif
      atomic {
        if
        :: v != NONE -> retire(v)
        :: else
        fi;
        v = 0;
        s = 0;
        k++
      }
    :: else -> break
    od;
    retire(t);
#endif
    atomic { cuts++; rg = 0; t = 0; u = 0; s = 0; v = 0; p = 0; g = 0; k = 0 }
  :: else -> break
  od;
  atomic { n = 0; finished++ }
}
#endif

#ifdef GETS
proctype Get() {
  byte rg, t, s, v, p, g;

  atomic { getting = 1; get_sees[map[0]] = 1 };
  atomic { rg = root_gen; t = root_node }; /* O10 */
  look_up(t, 0, s, v, p, g, 0);
  atomic {
    assert(get_sees[v]); /* a value the map has held meanwhile */
    if
    :: rg > looked[0] -> looked[0] = rg
    :: else
    fi;
    finished++;
    rg = 0;
    t = 0;
    s = 0;
    v = 0;
    getting = 0
  }
}
#endif

/* When all have finished: the map holds what the abstract map does, each node is where it belongs. */
hidden byte m_i, m_t, m_v;
hidden byte m_linked[NODES];

proctype Judge() {
#ifdef GETS
  finished == WRITERS + 2;
#else
  finished == WRITERS + 1;
#endif
  d_step {
    m_t = root_node;
    m_i = 0;
    do
    :: m_i < NODES -> m_linked[m_i] = 0; m_i++
    :: else -> break
    od;
    m_linked[m_t] = 1;
#if LEVELS == 2
    m_t = ID(table[m_t].slot[0]);
    if
    :: prev[m_t] != COMMITTED -> m_t = ID(prev[m_t])
    :: else
    fi;
    m_linked[m_t] = 1;
#endif
    m_i = 0;
    do
    :: m_i < 2 ->
      m_v = table[m_t].slot[m_i];
      if
      :: m_v != NONE ->
        m_v = ID(m_v);
        if
        :: prev[m_v] != COMMITTED -> m_v = ID(prev[m_v])
        :: else
        fi
      :: else
      fi;
      assert(m_v == map[m_i]); /* the map is the abstract map */
      if
      :: m_v != NONE -> m_linked[m_v] = 1
      :: else
      fi;
      m_i++
    :: else -> break
    od;
#ifdef C
    m_i = 0;
    do
    :: m_i < NODES ->
      assert(!published[m_i] || retired[m_i] + m_linked[m_i] == 1); /* retired once */
      m_i++
    :: else -> break
    od;
#endif
    m_i = 0
  }
}

init {
  byte i;

  atomic {
    /* 0: the root's table; 1, 2: leaves; 3: the table below */
    gen[0] = 1;
    is_table[0] = 1;
    prev[0] = COMMITTED;
    prev[1] = COMMITTED;
    prev[2] = COMMITTED;
    key[2] = 1;
    gen[1] = 1;
    gen[2] = 1;
    published[0] = 1;
    published[1] = 1;
    published[2] = 1;
    map[0] = 1;
    map[1] = 2;
#if LEVELS == 2
    gen[3] = 1;
    is_table[3] = 1;
    prev[3] = COMMITTED;
    published[3] = 1;
    table[0].slot[0] = 3;
    table[0].slot[1] = NONE;
    table[3].slot[0] = 1;
    table[3].slot[1] = 2;
#else
    table[0].slot[0] = 1;
    table[0].slot[1] = 2;
#endif
    do
    :: i < WRITERS -> run Writer(i); i++
    :: else -> break
    od;
#ifdef CLEARS
    run Clear();
#else
    run Snapshot();
#endif
#ifdef GETS
    run Get();
#endif
    run Judge();
    i = 0
  }
}
