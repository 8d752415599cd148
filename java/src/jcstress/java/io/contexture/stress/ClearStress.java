package io.contexture.stress;

import io.contexture.hamt.ConcurrentLongHamt;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two writes against a clear: what comes later isn't cleared, what came earlier is. */
public final class ClearStress {
  private ClearStress() {}

  /** So many entries that the map is more than a leaf, and the two are changed in place. */
  private static ConcurrentLongHamt filled() {
    ConcurrentLongHamt map = ConcurrentLongHamt.create();
    for (long key = 10; key < 50; key++) {
      map.put(key, 0);
    }
    return map;
  }

  private static void look(ConcurrentLongHamt map, II_Result r) {
    r.r1 = (int) map.get(1, -1);
    r.r2 = (int) map.get(2, -1);
    map.close();
  }

  /** On the map. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "cleared before the writes")
  @Outcome(id = "-1, 1", expect = Expect.ACCEPTABLE, desc = "between them")
  @Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "after them")
  @Outcome(id = "1, -1", expect = Expect.FORBIDDEN, desc = "only what was written later")
  @State
  public static class Sound {
    private final ConcurrentLongHamt map = filled();

    /** Writes twice. */
    @Actor
    public void writer() {
      map.put(1, 1);
      map.put(2, 1);
    }

    /** Clears. */
    @Actor
    public void clearer() {
      map.clear();
    }

    /** What came of it. */
    @Arbiter
    public void after(II_Result r) {
      look(map, r);
    }
  }

  /** Clears entry by entry. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "cleared before the writes")
  @Outcome(id = "-1, 1", expect = Expect.ACCEPTABLE, desc = "between them")
  @Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "after them")
  @Outcome(id = "1, -1", expect = Expect.FORBIDDEN, desc = "only what was written later")
  @State
  public static class Broken {
    private final ConcurrentLongHamt map = filled();

    /** Writes twice. */
    @Actor
    public void writer() {
      map.put(1, 1);
      map.put(2, 1);
    }

    /** Clears. */
    @Actor
    public void clearer() {
      for (long key = 1; key < 50; key++) {
        map.remove(key);
      }
    }

    /** What came of it. */
    @Arbiter
    public void after(II_Result r) {
      look(map, r);
    }
  }
}
