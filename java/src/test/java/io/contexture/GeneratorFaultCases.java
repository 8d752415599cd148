package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An error strikes while a generator is resumed or closed: that can be done again, without loss.
 */
abstract class GeneratorFaultCases extends FaultCases {
  /** A generator of 0, 1, 2 ..., whose body yields within so many logical contexts. */
  private final class Counting {
    final AtomicInteger unwound = new AtomicInteger();
    final Generator<Integer> generator;

    Counting(int levels, boolean transparent) {
      Generator.Body<Integer> body =
          out -> {
            try {
              n.set(levels);
              within(levels, () -> count(out));
            } finally {
              unwound.incrementAndGet();
            }
          };
      generator = transparent ? Generator.transparent(body) : Generator.of(body);
    }

    private void within(int levels, Runnable body) {
      if (levels == 0) {
        body.run();
      } else {
        new LogicalContext()
            .run(
                () -> {
                  m.set(levels);
                  within(levels - 1, body);
                  assertEquals(levels, m.get());
                });
      }
    }

    private void count(Generator.Yielder<Integer> out) {
      long levels = n.get();
      for (int i = 0; ; i++) {
        assertEquals("resumer " + i, x.get());
        assertEquals(levels, n.get());
        assertEquals(levels == 0 ? -1 : 1, m.getOrElse(-1));
        out.yield(i);
      }
    }

    /** Asks for value {@code i} without an error. */
    void assertNext(int i) {
      x.set("resumer " + i);
      assertEquals(i, generator.next());
    }

    /** Unwinds the body and checks that this was done once. */
    void close() {
      generator.close();
      assertEquals(1, unwound.get());
      assertFalse(generator.hasNext());
      assertFalse(m.isBound());
      generator.close();
    }
  }

  /** Numbers of logical contexts within which a body yields, with both kinds of generator. */
  private void strikeGenerators(Predicate<CountingTrial> trial) throws Exception {
    for (int levels : new int[] {0, 1, 40}) {
      for (boolean transparent : new boolean[] {false, true}) {
        strikeEverywhere(
            fault ->
                new LogicalContext()
                    .call(
                        () ->
                            trial.test(
                                new CountingTrial(new Counting(levels, transparent), fault))));
      }
    }
  }

  private record CountingTrial(Counting counting, Fault fault) {}

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void firstResumptionThatFailsCanBeRepeated(boolean transparent) throws Exception {
    strikeEverywhere(
        end ->
            new LogicalContext()
                .call(
                    () -> {
                      x.set("resumer");
                      Generator.Body<String> body = out -> out.yield(x.get());
                      Generator<String> generator =
                          transparent ? Generator.transparent(body) : Generator.of(body);
                      String[] got = new String[1];
                      boolean completed = end.run(() -> got[0] = generator.next());
                      assertEquals("resumer", x.get());
                      assertEquals("resumer", completed ? got[0] : generator.next());
                      assertFalse(generator.hasNext());
                      return completed;
                    }));
  }

  @Test
  void nextThatFailsCanBeRepeatedAndLosesNoValue() throws Exception {
    strikeGenerators(
        trial -> {
          Counting counting = trial.counting();
          counting.assertNext(0);
          x.set("resumer 1");
          int[] got = {-1};
          boolean completed = trial.fault().run(() -> got[0] = counting.generator.next());
          assertEquals("resumer 1", x.get());
          assertFalse(m.isBound());
          assertEquals(completed ? 1 : -1, got[0]);
          counting.assertNext(completed ? 2 : 1);
          counting.assertNext(completed ? 3 : 2);
          counting.close();
          return completed;
        });
  }

  @Test
  void hasNextThatFailsCanBeRepeated() throws Exception {
    strikeGenerators(
        trial -> {
          Counting counting = trial.counting();
          counting.assertNext(0);
          x.set("resumer 1");
          boolean completed = trial.fault().run(counting.generator::hasNext);
          assertEquals("resumer 1", x.get());
          assertFalse(m.isBound());
          assertTrue(counting.generator.hasNext());
          counting.assertNext(1);
          counting.assertNext(2);
          counting.close();
          return completed;
        });
  }

  @Test
  void nextOfAValueThatIsReadyThatFailsCanBeRepeatedAndLosesNoValue() throws Exception {
    strikeGenerators(
        trial -> {
          Counting counting = trial.counting();
          x.set("resumer 0");
          assertTrue(counting.generator.hasNext());
          int[] got = {-1};
          boolean completed = trial.fault().run(() -> got[0] = counting.generator.next());
          assertEquals(completed ? 0 : -1, got[0]);
          if (!completed) {
            counting.assertNext(0);
          }
          counting.assertNext(1);
          counting.close();
          return completed;
        });
  }

  @Test
  void closeOfAGeneratorThatFailsCanBeRepeated() throws Exception {
    strikeGenerators(
        trial -> {
          Counting counting = trial.counting();
          counting.assertNext(0);
          x.set("closer");
          boolean completed = trial.fault().run(counting.generator::close);
          assertEquals("closer", x.get());
          assertEquals(completed ? 1 : 0, counting.unwound.get());
          counting.close();
          assertEquals("closer", x.get());
          return completed;
        });
  }
}
