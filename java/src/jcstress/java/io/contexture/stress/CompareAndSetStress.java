package io.contexture.stress;

import static io.contexture.stress.StressKeys.MAP;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** Two threads compare and set one entry: one of them succeeds. */
public final class CompareAndSetStress {
  private CompareAndSetStress() {}

  /** On the map. */
  @JCStressTest
  @Outcome(id = "true, false, 1", expect = Expect.ACCEPTABLE, desc = "the first was first")
  @Outcome(id = "false, true, 2", expect = Expect.ACCEPTABLE, desc = "the second was first")
  @Outcome(expect = Expect.FORBIDDEN, desc = "both, or neither")
  @State
  public static class Sound {
    private final long key = StressKeys.fresh(true);

    /** One of them. */
    @Actor
    public void one(ZZI_Result r) {
      r.r1 = MAP.compareAndSet(key, 0, 1);
    }

    /** The other. */
    @Actor
    public void other(ZZI_Result r) {
      r.r2 = MAP.compareAndSet(key, 0, 2);
    }

    /** What came of it. */
    @Arbiter
    public void after(ZZI_Result r) {
      r.r3 = (int) MAP.get(key, -1);
    }
  }

  /** By a look-up and a change. */
  @JCStressTest
  @Outcome(id = "true, false, 1", expect = Expect.ACCEPTABLE, desc = "the first was first")
  @Outcome(id = "false, true, 2", expect = Expect.ACCEPTABLE, desc = "the second was first")
  @Outcome(expect = Expect.FORBIDDEN, desc = "both, or neither")
  @State
  public static class Broken {
    private final long key = StressKeys.fresh(true);

    private boolean set(long value) {
      if (MAP.get(key, -1) != 0) {
        return false;
      }
      MAP.put(key, value);
      return true;
    }

    /** One of them. */
    @Actor
    public void one(ZZI_Result r) {
      r.r1 = set(1);
    }

    /** The other. */
    @Actor
    public void other(ZZI_Result r) {
      r.r2 = set(2);
    }

    /** What came of it. */
    @Arbiter
    public void after(ZZI_Result r) {
      r.r3 = (int) MAP.get(key, -1);
    }
  }
}
