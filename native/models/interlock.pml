/*
 * interlock.pml - the holder of a logical context: who may change it, and what the next one sees (O1).
 *
 * Two threads enter the context (a compare-and-swap of the holder from 0), change its map by plain
 * stores, and leave (release store of 0). Whoever doesn't get in is refused, and tries once more.
 *
 * Checked: one holder at a time; each sees all that the holder before changed.
 *
 *   broken variants:
 *   -DPLAIN_LEAVE      the holder is stored without release order (-DPSO shows it)
 *   -DCHECK_THEN_SET   entering loads the holder and stores it, instead of comparing and swapping
 *   -DLEAVE_EARLY      the holder is cleared before the map is stored back
 */

#include "reached.pml"

#define HOLDER 0
#define MAP 1
#define WORDS 2
#define CPUS 2
#include "store_buffers.pml"

/* A processor sees its own stores before others do. */
#define MINE(cpu, w) \
  (buffer[cpu].used > 1 && buffer[cpu].word[1] == w -> buffer[cpu].value[1] : \
   (buffer[cpu].used > 0 && buffer[cpu].word[0] == w -> buffer[cpu].value[0] : memory[w]))

byte changes; /* ghost: how many changes holders have made */
byte inside;  /* ghost */

proctype Thread(byte me) {
  byte seen, tries;
  bit in;

  do
  :: tries < 2 ->
#ifdef CHECK_THEN_SET
    in = (MINE(me, HOLDER) == 0);
    if
    :: in -> STORE(me, HOLDER, me + 1)
    :: else
    fi;
#else
    atomic { /* A.3, a compare-and-set in Java */
      DRAINED(me);
      in = (memory[HOLDER] == 0);
      if
      :: in -> memory[HOLDER] = me + 1
      :: else -> REACHED(refused)
      fi
    };
#endif
    if
    :: in ->
      atomic { inside++; assert(inside == 1) };
      atomic { seen = MINE(me, MAP); assert(seen == changes) }; /* all that was changed before */
#ifdef LEAVE_EARLY
      STORE_RELEASE(me, HOLDER, 0);
      atomic { STORE(me, MAP, seen + 1); changes++; inside-- };
#else
      atomic { STORE(me, MAP, seen + 1); changes++ };
      atomic {
        inside--;
#ifdef PLAIN_LEAVE
        STORE(me, HOLDER, 0)
#else
        STORE_RELEASE(me, HOLDER, 0) /* A.4, a volatile store in Java */
#endif
      };
#endif
      if
      :: changes == 2 -> REACHED(handed_over)
      :: else
      fi
    :: else
    fi;
    tries++
  :: else -> break
  od
}

init {
  atomic {
    run Thread(0);
    run Thread(1);
    run Drain(0);
    run Drain(1)
  }
}
