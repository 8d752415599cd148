package io.contexture.internal;

import org.jspecify.annotations.Nullable;

/**
 * The lines of a thread's lookup cache: one per variable version, direct mapped. Twin of {@code
 * var_cache.c}; {@link ThreadState} has its use, and the rules for versions.
 *
 * <pre>
 *   lines   [ {variable version, stack version} -> {value, word}, ... ]      a power of two of them
 *           line of a variable = its version modulo their number
 * </pre>
 */
final class VarCache {
  private static final int FIRST_LINES = 8;
  private static final int MOST_LINES = 1024;

  /** The lines of a thread that has cached nothing yet: one, which matches no variable. */
  static final Line[] NONE = {new Line()};

  private VarCache() {}

  /** One line. Belongs to its thread, except that a purge may clear the value from outside. */
  static final class Line {
    /** The variable and what can be cached of it; 0: none. */
    long varVersion;

    /** The state of the stack in which the value was found. */
    long stackVersion;

    /** The value of a long variable, beside {@link Mark#LONG}. */
    long word;

    /** The value as {@link Mark#mask} has it, or {@code null}: nothing cached. */
    @Nullable Object value;

    /** Whether this line is in the list of those to look through when the thread is out again. */
    boolean listed;

    @Nullable Line next;
  }

  /**
   * The lines to use from now on by a thread that is about to cache a variable: more of them, and
   * empty, if there were none or if another variable's value is current in the same line.
   */
  static Line[] withRoomFor(Line[] lines, long varVersion, long stackVersion) {
    Line line = lines[(int) varVersion & (lines.length - 1)];
    boolean conflict =
        line.value != null && line.stackVersion == stackVersion && line.varVersion != varVersion;
    if (lines != NONE && (!conflict || lines.length == MOST_LINES)) {
      return lines;
    }
    try {
      Line[] more = new Line[lines == NONE ? FIRST_LINES : 2 * lines.length];
      for (int i = 0; i < more.length; i++) {
        more[i] = new Line();
      }
      return more;
    } catch (OutOfMemoryError e) {
      return lines; // a look-up never fails for want of a cache
    }
  }

  /** Clears every value. Any thread. */
  static void clear(Line[] lines) {
    for (Line line : lines) {
      line.value = null;
    }
  }

  /** Takes the list apart and clears its values of other stack versions. Plain stores only. */
  static void clearStale(Line first, long stackVersion) {
    for (Line line = first; line != null; ) {
      if (line.stackVersion != stackVersion) {
        line.value = null;
      }
      Line next = line.next;
      line.next = null;
      line.listed = false;
      line = next;
    }
  }
}
