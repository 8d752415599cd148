package io.contexture;

import java.util.List;

/** How much is done by tests that do the same many times. */
public final class Effort {
  /**
   * What divides these numbers, in {@code contexture.test.divisor}: more than 1 where a machine is
   * slow, as an emulated one is. What is tested and asserted stays the same.
   */
  private static final int DIVISOR = Integer.getInteger("contexture.test.divisor", 1);

  private Effort() {}

  /** How often to do what is done {@code times} times on a fast machine; once at least. */
  public static int of(int times) {
    return Math.max(1, times / DIVISOR);
  }

  /** As {@link #of(int)}, but {@code least} at least: with fewer the test would tell nothing. */
  public static int of(int times, int least) {
    return Math.max(least, of(times));
  }

  /** Of a sequence of cases of which neighbors differ little, each how manieth to take. */
  public static int stride() {
    return DIVISOR;
  }

  /** What tells a JVM that a test starts what holds in this one, about time too. */
  public static List<String> options() {
    return List.of(
        "-Dcontexture.test.divisor=" + DIVISOR, "-Dcontexture.test.patience=" + Await.PATIENCE);
  }
}
