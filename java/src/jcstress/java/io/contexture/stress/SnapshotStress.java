package io.contexture.stress;

import static io.contexture.stress.StressKeys.BROKEN;
import static io.contexture.stress.StressKeys.MAP;

import io.contexture.hamt.LongHamt;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/** A snapshot against two writes: it has a prefix of them, and always the same one. */
public final class SnapshotStress {
  private SnapshotStress() {}

  private static void read(LongHamt snapshot, long key, IIII_Result r) {
    r.r1 = (int) snapshot.get(key + 1, -1);
    r.r2 = (int) snapshot.get(key, -1);
    r.r3 = (int) snapshot.get(key + 1, -1);
    r.r4 = (int) snapshot.get(key, -1);
  }

  /** On the map: the second write is {@code r1}, the first {@code r2}; then both again. */
  @JCStressTest
  @Outcome(id = "0, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "before both writes")
  @Outcome(id = "0, 1, 0, 1", expect = Expect.ACCEPTABLE, desc = "between them")
  @Outcome(id = "1, 1, 1, 1", expect = Expect.ACCEPTABLE, desc = "after both")
  @Outcome(expect = Expect.FORBIDDEN, desc = "no prefix, or not the same one")
  @State
  public static class Sound {
    private final long key = StressKeys.fresh(true);

    /** Writes twice. */
    @Actor
    public void writer() {
      MAP.put(key, 1);
      MAP.put(key + 1, 1);
    }

    /** Reads a snapshot twice. */
    @Actor
    public void reader(IIII_Result r) {
      read(MAP.snapshot(), key, r);
    }
  }

  /** Without the decision after a change. */
  @JCStressTest
  @Outcome(id = "0, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "before both writes")
  @Outcome(id = "0, 1, 0, 1", expect = Expect.ACCEPTABLE, desc = "between them")
  @Outcome(id = "1, 1, 1, 1", expect = Expect.ACCEPTABLE, desc = "after both")
  @Outcome(expect = Expect.FORBIDDEN, desc = "no prefix, or not the same one")
  @State
  public static class Broken {
    private final long key = StressKeys.fresh(true);

    /** Writes twice. */
    @Actor
    public void writer() {
      BROKEN.put(key, 1);
      BROKEN.put(key + 1, 1);
    }

    /** Reads a snapshot twice. */
    @Actor
    public void reader(IIII_Result r) {
      read(BROKEN.snapshot(), key, r);
    }
  }
}
