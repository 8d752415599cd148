package io.contexture.stress;

import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A context that another thread gets through a data race shows what was captured. */
public final class PublishStress {
  private static final ContextVar<Integer> VAR = ContextVar.of("stress");

  private PublishStress() {}

  /** A captured context. */
  @JCStressTest
  @Outcome(id = "-1", expect = Expect.ACCEPTABLE, desc = "not there yet")
  @Outcome(id = "7", expect = Expect.ACCEPTABLE, desc = "what was captured")
  @Outcome(expect = Expect.FORBIDDEN, desc = "something else")
  @State
  public static class Sound {
    private @Nullable ExecutionContext context; // plain

    /** Captures, and sets something else. */
    @Actor
    public void writer() {
      VAR.set(7);
      context = ExecutionContext.capture();
      VAR.set(8);
    }

    /** Looks. */
    @Actor
    public void reader(I_Result r) {
      ExecutionContext seen = context;
      Integer value = seen == null ? Integer.valueOf(-1) : seen.lookup(VAR);
      r.r1 = value == null ? -2 : value;
    }
  }

  /** An object that is given away before it is complete. */
  @JCStressTest
  @Outcome(id = "-1", expect = Expect.ACCEPTABLE, desc = "not there yet")
  @Outcome(id = "7", expect = Expect.ACCEPTABLE, desc = "what was captured")
  @Outcome(expect = Expect.FORBIDDEN, desc = "something else")
  @State
  public static class Broken {
    private Integer @Nullable [] context; // plain

    /** Captures, and sets something else. */
    @Actor
    public void writer() {
      Integer[] contents = new Integer[1];
      contents[0] = 7;
      context = contents;
      contents[0] = 8; // the contents weren't copied
    }

    /** Looks. */
    @Actor
    public void reader(I_Result r) {
      Integer[] seen = context;
      r.r1 = seen == null ? -1 : seen[0] == null ? -2 : seen[0];
    }
  }
}
