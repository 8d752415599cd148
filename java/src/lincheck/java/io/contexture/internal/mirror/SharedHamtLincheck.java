package io.contexture.internal.mirror;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.internal.AbstractLongHamt;
import java.util.Map;
import java.util.TreeMap;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/**
 * Lincheck on the shared map: enumerates interleavings of small random scenarios and looks for an
 * order that explains their results. The broken twin shows that it would find one that has none.
 *
 * <p>{@code -Dcontexture.lincheck.iterations} says how many scenarios to try, each with {@code
 * -Dcontexture.lincheck.invocations} interleavings.
 */
class SharedHamtLincheck {
  private static final int ITERATIONS = Integer.getInteger("contexture.lincheck.iterations", 15);
  private static final int INVOCATIONS =
      Integer.getInteger("contexture.lincheck.invocations", 1000);

  private static ModelCheckingOptions modelChecking() {
    return with(new ModelCheckingOptions(), 2, ITERATIONS);
  }

  private static <O extends Options<O, ?>> O with(O options, int threads, int iterations) {
    options
        .threads(threads)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(1)
        .iterations(iterations)
        .invocationsPerIteration(INVOCATIONS)
        .minimizeFailedScenario(false);
    return options;
  }

  @Test
  void aSingleLeafIsLinearizable() {
    modelChecking().sequentialSpecification(FewModel.class).check(Few.class);
  }

  @Test
  void aTableIsLinearizable() {
    modelChecking().sequentialSpecification(ManyModel.class).check(Many.class);
  }

  @Test
  void threeThreadsOnATableAreLinearizable() {
    with(new ModelCheckingOptions(), 3, ITERATIONS)
        .actorsPerThread(2)
        .sequentialSpecification(ManyModel.class)
        .check(Many.class);
  }

  @Test
  void splittingALeafIsLinearizable() {
    modelChecking().sequentialSpecification(FullModel.class).check(Full.class);
  }

  @Test
  void changesAreObstructionFree() {
    modelChecking()
        .checkObstructionFreedom(true)
        .sequentialSpecification(ManyModel.class)
        .check(Many.class);
  }

  @Test
  void realThreadsAreLinearizable() {
    with(new StressOptions(), 3, ITERATIONS)
        .sequentialSpecification(ManyModel.class)
        .check(Many.class);
  }

  /** Tried for longer than it takes, so that its being found isn't luck. */
  @Test
  void theBrokenTwinIsCaught() {
    AssertionError found =
        assertThrows(
            AssertionError.class,
            () ->
                with(new ModelCheckingOptions(), 2, 200)
                    .sequentialSpecification(BrokenModel.class)
                    .check(Broken.class));
    assertTrue(found.getMessage().contains("Invalid execution results"), found::getMessage);
  }

  /** The entries that there are besides those of the scenario. */
  enum Fill {
    /** None: the map is one leaf. */
    FEW(0, 0),
    /** So many that the root is a table. */
    MANY(SharedLeaf.CAPACITY + 1, 100),
    /** The leaf is full: the next key splits it. */
    FULL(SharedLeaf.CAPACITY, 100);

    final int size;
    final long first;

    Fill(int size, long first) {
      this.size = size;
      this.first = first;
    }
  }

  /** What is called: on the map, or on its model. */
  @Param(name = "key", gen = IntGen.class, conf = "0:2")
  @Param(name = "value", gen = IntGen.class, conf = "0:2")
  public abstract static class Scenario {
    private final SharedHamt map = new SharedHamt();

    Scenario(Fill fill) {
      for (long i = 0; i < fill.size; i++) {
        map.put(fill.first + i, 9);
      }
      map.snapshot(); // so that the first changes have to copy
    }

    @Operation
    public long get(@Param(name = "key") int key) {
      return map.get(key, -1);
    }

    @Operation
    public boolean put(@Param(name = "key") int key, @Param(name = "value") int value) {
      return map.put(key, value);
    }

    @Operation
    public boolean putIfAbsent(@Param(name = "key") int key, @Param(name = "value") int value) {
      return map.putIfAbsent(key, value);
    }

    @Operation
    public boolean remove(@Param(name = "key") int key) {
      return map.remove(key);
    }

    @Operation
    public boolean compareAndSet(
        @Param(name = "key") int key,
        @Param(name = "value") int expected,
        @Param(name = "value") int value) {
      return map.compareAndSet(key, expected, value);
    }

    @Operation
    public void clear() {
      map.clear();
    }

    /** What a snapshot shows when it is read, and when it is read again. */
    @Operation
    public String snapshot() {
      AbstractLongHamt snapshot = map.snapshot();
      return read(snapshot) + read(snapshot);
    }

    private static String read(AbstractLongHamt snapshot) {
      return " " + snapshot.get(0, -1) + " " + snapshot.get(1, -1) + " " + snapshot.get(2, -1);
    }
  }

  /** The sequential specification. */
  public abstract static class Model {
    private final Map<Integer, Integer> map = new TreeMap<>();

    public long get(int key) {
      return map.getOrDefault(key, -1);
    }

    public boolean put(int key, int value) {
      return map.put(key, value) == null;
    }

    public boolean putIfAbsent(int key, int value) {
      return map.putIfAbsent(key, value) == null;
    }

    public boolean remove(int key) {
      return map.remove(key) != null;
    }

    public boolean compareAndSet(int key, int expected, int value) {
      return map.replace(key, expected, value);
    }

    public void clear() {
      map.clear();
    }

    public String snapshot() {
      String once = " " + get(0) + " " + get(1) + " " + get(2);
      return once + once;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Model model && model.map.equals(map);
    }

    @Override
    public int hashCode() {
      return map.hashCode();
    }
  }

  public static class Few extends Scenario {
    public Few() {
      super(Fill.FEW);
    }
  }

  public static class FewModel extends Model {}

  public static class Many extends Scenario {
    public Many() {
      super(Fill.MANY);
    }
  }

  public static class ManyModel extends Model {}

  public static class Full extends Scenario {
    public Full() {
      super(Fill.FULL);
    }
  }

  public static class FullModel extends Model {}

  /** The broken twin has no more than this. */
  @Param(name = "key", gen = IntGen.class, conf = "0:2")
  @Param(name = "value", gen = IntGen.class, conf = "0:2")
  public static class Broken {
    private final BrokenSharedHamt map = new BrokenSharedHamt();

    public Broken() {
      for (long i = 0; i < Fill.MANY.size; i++) {
        map.put(Fill.MANY.first + i, 9);
      }
    }

    @Operation
    public long get(@Param(name = "key") int key) {
      return map.get(key, -1);
    }

    @Operation
    public boolean put(@Param(name = "key") int key, @Param(name = "value") int value) {
      return map.put(key, value);
    }

    @Operation
    public String snapshot() {
      AbstractLongHamt snapshot = map.snapshot();
      return Scenario.read(snapshot) + Scenario.read(snapshot);
    }
  }

  public static class BrokenModel extends Model {}
}
