package io.contexture.internal;

/** Finds out whether there is stack enough for something that must not overflow half-way. */
public final class StackProbe {
  private StackProbe() {}

  /**
   * Returns if {@code frames} more frames fit on this thread's stack.
   *
   * @throws StackOverflowError if they don't
   */
  public static void require(int frames) {
    if (descend(frames, 0) == Long.MIN_VALUE) {
      throw new AssertionError(); // uses the result, so that the frames aren't compiled away
    }
  }

  private static long descend(int frames, long sum) {
    return frames == 0 ? sum : 1 + descend(frames - 1, sum ^ frames);
  }
}
