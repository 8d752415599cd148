package io.contexture.stress;

import io.contexture.LogicalContext;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** Two threads enter one logical context: never both at a time, and the later sees the earlier. */
public final class InterlockStress {
  private InterlockStress() {}

  /** By the interlock. */
  @JCStressTest
  @Outcome(id = "true, true, 2", expect = Expect.ACCEPTABLE, desc = "one after the other")
  @Outcome(id = "true, false, 1", expect = Expect.ACCEPTABLE, desc = "the second was refused")
  @Outcome(id = "false, true, 1", expect = Expect.ACCEPTABLE, desc = "the first was refused")
  @Outcome(expect = Expect.FORBIDDEN, desc = "both at once, or neither")
  @State
  public static class Sound {
    private final LogicalContext context = new LogicalContext();
    private int entered; // plain: guarded by the interlock

    private boolean enter() {
      try {
        context.run(() -> entered++);
        return true;
      } catch (IllegalStateException refused) {
        return false;
      }
    }

    /** One of them. */
    @Actor
    public void one(ZZI_Result r) {
      r.r1 = enter();
    }

    /** The other. */
    @Actor
    public void other(ZZI_Result r) {
      r.r2 = enter();
    }

    /** What came of it. */
    @Arbiter
    public void after(ZZI_Result r) {
      r.r3 = entered;
    }
  }

  /** By a look and a write. */
  @JCStressTest
  @Outcome(id = "true, true, 2", expect = Expect.ACCEPTABLE, desc = "one after the other")
  @Outcome(id = "true, false, 1", expect = Expect.ACCEPTABLE, desc = "the second was refused")
  @Outcome(id = "false, true, 1", expect = Expect.ACCEPTABLE, desc = "the first was refused")
  @Outcome(expect = Expect.FORBIDDEN, desc = "both at once, or neither")
  @State
  public static class Broken {
    private volatile boolean held;
    private int entered;

    private boolean enter() {
      if (held) {
        return false;
      }
      held = true;
      entered++;
      held = false;
      return true;
    }

    /** One of them. */
    @Actor
    public void one(ZZI_Result r) {
      r.r1 = enter();
    }

    /** The other. */
    @Actor
    public void other(ZZI_Result r) {
      r.r2 = enter();
    }

    /** What came of it. */
    @Arbiter
    public void after(ZZI_Result r) {
      r.r3 = entered;
    }
  }
}
