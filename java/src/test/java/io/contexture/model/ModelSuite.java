package io.contexture.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.contexture.Backend;
import io.contexture.Contexture;
import io.contexture.Effort;
import io.contexture.ThreadKind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random programs on the library and on the naive model, with equal results after each step. Each
 * backend runs this in a JVM of its own; see the subclasses.
 *
 * <p>A failure names its seed. {@code -Dcontexture.model.seed=S -Dcontexture.model.count=1} runs
 * that program alone; a larger count runs as many, with consecutive seeds.
 */
abstract class ModelSuite {
  private static final long SEED = Long.getLong("contexture.model.seed", 1);
  private static final int COUNT = Integer.getInteger("contexture.model.count", Effort.of(600));

  private final Backend expected;

  ModelSuite(Backend expected) {
    this.expected = expected;
  }

  @ParameterizedTest
  @EnumSource
  void randomProgramsDoTheSameAsTheModel(ThreadKind kind) throws Exception {
    assertEquals(expected, Contexture.backend());
    for (long seed = SEED; seed < SEED + COUNT; seed++) {
      RandomProgram program = new RandomProgram(seed);
      try {
        kind.run(program::run);
      } catch (Exception | Error e) {
        throw new AssertionError("seed " + seed + " fails; its last steps:\n" + program.trace(), e);
      }
    }
  }
}
