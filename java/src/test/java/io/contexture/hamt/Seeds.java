package io.contexture.hamt;

import io.contexture.Effort;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * Runs random tests so that a failure tells its seed. {@code -Dcontexture.test.seed=...} repeats
 * one.
 */
public final class Seeds {
  private static final String PROPERTY = "contexture.test.seed";

  private Seeds() {}

  /**
   * Runs {@code test} {@code times} times, less on slow machines, with fresh seeds, or once with
   * the one that is set.
   */
  public static void run(int times, Consumer<Random> test) {
    Long fixed = Long.getLong(PROPERTY);
    for (int i = 0; i < (fixed == null ? Effort.of(times) : 1); i++) {
      long seed = fixed == null ? ThreadLocalRandom.current().nextLong() : fixed;
      try {
        test.accept(new Random(seed));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "repeat with -D" + PROPERTY + "=" + seed + "\n" + e.getMessage(), e);
      }
    }
  }
}
