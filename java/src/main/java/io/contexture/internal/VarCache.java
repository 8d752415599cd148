package io.contexture.internal;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lookup cache: what a thread found when it looked a variable up, where that thread finds it
 * again in two steps.
 *
 * <pre>
 *   tag    of a variable:  | 0 | number, 19 bits | 28 bits of 0 | number, scattered, 16 bits |
 *   key    of a line    =  tag of its variable ^ id of its thread
 *   CELLS  key mod size -> line                        a cache in front of the lines of all threads
 * </pre>
 *
 * <p>A line belongs to one thread, which alone writes it (but a purge may clear its value). It is
 * <em>valid</em> while its key is the key of its variable and thread: then its value is what a
 * look-up would find now. A thread that changes the shape of its stack first makes every line
 * invalid that is valid (by complementing the key), so that the hit need not look at the stack at
 * all: it reads the id of the thread, a cell, a key and a value. What it costs to make a line
 * invalid is paid for by the look-up that made it valid. A line made invalid keeps the version of
 * the stack that its value belongs to; where that is the current one again, the next look-up makes
 * the line valid without a search. {@link ThreadState} has the rules for versions.
 *
 * <p>Why a thread never takes another's line for its own: thread ids are below 2<sup>44</sup>, and
 * the bits of a tag from there on tell its number, so a key tells the variable and then the thread;
 * the JDK never reuses thread ids. Beyond 2<sup>43</sup> threads nothing is cached any more. A
 * reader that races with the owner of the line in its cell, or sees a line before the writes that
 * made it, reads some key of that owner's, its complement, or 0: never a key of its own.
 */
public final class VarCache {
  private static final int CELL_BITS = 16;
  private static final int CELL_MASK = (1 << CELL_BITS) - 1;
  private static final int NUMBER_SHIFT = 44;
  private static final int NUMBERS = 1 << 19;

  /** The number of variables beyond those that can be cached at a time; its tag matches no line. */
  private static final int NO_NUMBER = NUMBERS - 1;

  /** Odd, about 2^16 divided by the golden ratio: spreads few numbers over all cells. */
  private static final int SCATTER = 40503;

  /** Neither a key nor the complement of one. */
  private static final long NOBODYS_KEY = -1;

  private static final int FIRST_LINES = 8;
  private static final int MOST_LINES = 1024;

  /** The lines of a thread that has cached nothing yet. */
  static final @Nullable Line[] NO_LINES = {null};

  /** What is in a cell that nobody has used: matches no key. */
  static final Line NOBODYS = new Line(null, NOBODYS_KEY);

  private static final Line[] CELLS = new Line[1 << CELL_BITS];

  /**
   * The variables by number, or {@code null} for a number that is free. Keeps each {@link VarRef}
   * until it has been reaped: one that is garbage itself would never be enqueued. Guarded by {@link
   * VarCache}'s monitor, like {@link #lowestFree}: no number below that is free.
   */
  private static @Nullable VarRef[] owners = new VarRef[64];

  private static int lowestFree = 1;

  /** Whether thread ids have grown so large that keys might not be unique. */
  private static volatile boolean closed;

  static {
    Arrays.fill(CELLS, NOBODYS);
  }

  private VarCache() {}

  /** What one thread found for one variable. */
  public static final class Line {
    /** Whose it is; {@code null} once that is gone, as cells may hold a line for longer. */
    @Nullable ThreadState state;

    /** See the class comment; the complement while the line isn't valid. */
    public long key;

    /** The state of the stack in which the value was found. */
    long stackVersion;

    /**
     * The value of a long variable, beside {@link Mark#LONG}. Of an object variable: where its slot
     * in the topmost logical context may be, to be checked.
     */
    public long word;

    /** The value as {@link Mark#mask} has it, or {@code null}: nothing cached. */
    public @Nullable Object value;

    Line(@Nullable ThreadState state, long invalidKey) {
      this.state = state;
      key = invalidKey;
    }
  }

  /**
   * The key of the current thread's line for the variable with the given tag. The first half of a
   * hit.
   */
  public static long key(long tag) {
    return tag ^ Thread.currentThread().threadId();
  }

  /**
   * The second half of a hit: the line in the cell for {@code key}. It answers the look-up if that
   * is its key and it has a value.
   */
  public static Line line(long key) {
    return CELLS[(int) key & CELL_MASK];
  }

  /** Lets {@link #line} find {@code line} for {@code key}, until another takes the cell. */
  static void install(Line line, long key) {
    int cell = (int) key & CELL_MASK;
    if (CELLS[cell] != line) {
      CELLS[cell] = line;
    }
  }

  /**
   * Takes a line of a state that is gone out of its cell, and out of the line all that it had. It
   * may be in other cells still, from when it was another variable's.
   */
  static void discard(Line line) {
    line.value = null;
    long key = line.key < 0 ? ~line.key : line.key;
    line.key = NOBODYS_KEY;
    line.state = null;
    int cell = (int) key & CELL_MASK;
    if (CELLS[cell] == line) { // racing with another thread this may cost that a search
      CELLS[cell] = NOBODYS;
    }
  }

  // ------------------------------------------------------------------------------------- tags

  /** A tag that no live variable has, or one that is never cached if there is none. */
  static synchronized long takeTag(VarRef owner) {
    int number = lowestFree;
    while (number < owners.length && owners[number] != null) {
      number++;
    }
    if (number == NO_NUMBER) {
      lowestFree = number;
      return tag(number);
    }
    if (number == owners.length) {
      owners = Arrays.copyOf(owners, 2 * number);
    }
    owners[number] = owner;
    lowestFree = number + 1;
    return tag(number);
  }

  /** Gives back the tag of a dead variable, once no thread's cache has a value for it any more. */
  static synchronized void giveBackTag(VarRef owner) {
    int number = number(owner.tag);
    if (number != NO_NUMBER && owners[number] == owner) {
      owners[number] = null;
      lowestFree = Math.min(lowestFree, number);
    }
  }

  /** The number of tags taken; for tests. */
  static synchronized int tagsTaken() {
    int taken = 0;
    for (VarRef owner : owners) {
      if (owner != null) {
        taken++;
      }
    }
    return taken;
  }

  private static long tag(int number) {
    return ((long) number << NUMBER_SHIFT) | (number * SCATTER & CELL_MASK);
  }

  private static int number(long tag) {
    return (int) (tag >>> NUMBER_SHIFT);
  }

  /** Whether the variable with this tag can be cached for the thread with this id. */
  static boolean isCacheable(long tag, long threadId) {
    if (threadId >>> (NUMBER_SHIFT - 1) != 0) {
      closed = true;
    }
    return !closed && number(tag) != NO_NUMBER;
  }

  // ---------------------------------------------------------------------------- a thread's lines

  /** The place of a variable's line among {@code lines}, whose number is a power of two. */
  static int place(long tag, @Nullable Line[] lines) {
    return number(tag) & (lines.length - 1);
  }

  /**
   * The lines to use from now on by a thread that is about to cache a variable: more of them, with
   * those that there were, if there were none or if another variable's value is current in the same
   * place.
   */
  static @Nullable Line[] withRoomFor(
      @Nullable Line[] lines, long tag, long key, long stackVersion) {
    if (lines != NO_LINES) {
      Line line = lines[place(tag, lines)];
      boolean conflict =
          line != null
              && line.key != key
              && line.key != ~key
              && line.value != null
              && line.stackVersion == stackVersion;
      if (!conflict || lines.length == MOST_LINES) {
        return lines;
      }
    }
    try {
      Line[] more = new Line[lines == NO_LINES ? FIRST_LINES : 2 * lines.length];
      int half = lines.length;
      for (int i = 0; i < half; i++) {
        Line line = lines[i];
        if (line != null) {
          // A line's number modulo twice the length is its place or that plus the length.
          more[place((line.key < 0 ? ~line.key : line.key), more)] = line;
        }
      }
      return more;
    } catch (OutOfMemoryError e) {
      return lines; // a look-up never fails for want of a cache
    }
  }

  /** Clears every value. Any thread. */
  static void clear(@Nullable Line[] lines) {
    for (Line line : lines) {
      if (line != null) {
        line.value = null;
      }
    }
  }
}
