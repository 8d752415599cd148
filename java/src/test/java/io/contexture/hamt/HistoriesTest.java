package io.contexture.hamt;

import static io.contexture.hamt.Histories.ABSENT;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.hamt.Histories.Call;
import io.contexture.hamt.Histories.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The checker of histories accepts what it should, and nothing else. */
class HistoriesTest {
  private static Call call(Kind kind, int key, long a, long result, long called, long returned) {
    return new Call(kind, key, a, 0, new long[] {result}, called, returned);
  }

  private static boolean check(Call... calls) {
    return Histories.isLinearizable(new long[] {ABSENT, ABSENT}, List.of(calls));
  }

  @Test
  void sequentialHistoriesAreDecidedByTheirResults() {
    assertTrue(check());
    assertTrue(check(call(Kind.PUT, 0, 5, 1, 1, 2), call(Kind.GET, 0, 0, 5, 3, 4)));
    assertFalse(check(call(Kind.PUT, 0, 5, 1, 1, 2), call(Kind.GET, 0, 0, ABSENT, 3, 4)));
    assertFalse(check(call(Kind.PUT, 0, 5, 0, 1, 2)));
    assertTrue(check(call(Kind.PUT, 0, 5, 1, 1, 2), call(Kind.REMOVE, 0, 0, 1, 3, 4)));
    assertFalse(check(call(Kind.PUT, 0, 5, 1, 1, 2), call(Kind.REMOVE, 1, 0, 1, 3, 4)));
    assertTrue(check(call(Kind.PUT, 0, 5, 1, 1, 2), call(Kind.PUT_IF_ABSENT, 0, 6, 0, 3, 4)));
    assertFalse(check(call(Kind.PUT, 0, 5, 1, 1, 2), call(Kind.SIZE, 0, 0, 2, 3, 4)));
  }

  @Test
  void overlappingCallsMayTakeEitherOrder() {
    Call put = call(Kind.PUT, 0, 5, 1, 1, 4);
    assertTrue(check(put, call(Kind.GET, 0, 0, 5, 2, 3)));
    assertTrue(check(put, call(Kind.GET, 0, 0, ABSENT, 2, 3)));
    // But once one has been seen to be done, it stays so.
    assertTrue(check(put, call(Kind.GET, 0, 0, ABSENT, 2, 2), call(Kind.GET, 0, 0, 5, 3, 3)));
    assertFalse(check(put, call(Kind.GET, 0, 0, 5, 2, 2), call(Kind.GET, 0, 0, ABSENT, 3, 3)));
  }

  @Test
  void snapshotsThatDisagreeOnTheOrderAreRefused() {
    Call one = call(Kind.PUT, 0, 5, 1, 1, 9);
    Call other = call(Kind.PUT, 1, 6, 1, 1, 9);
    Call seesOne = new Call(Kind.SNAPSHOT, 0, 0, 0, new long[] {5, ABSENT}, 2, 8);
    Call seesOther = new Call(Kind.SNAPSHOT, 0, 0, 0, new long[] {ABSENT, 6}, 2, 8);
    Call seesBoth = new Call(Kind.SNAPSHOT, 0, 0, 0, new long[] {5, 6}, 2, 8);
    assertTrue(check(one, other, seesOne, seesBoth));
    assertTrue(check(one, other, seesOther, seesBoth));
    assertFalse(check(one, other, seesOne, seesOther));
  }

  @Test
  void compareAndSetNeedsTheValue() {
    Call put = call(Kind.PUT, 0, 5, 1, 1, 2);
    assertTrue(check(put, new Call(Kind.COMPARE_AND_SET, 0, 5, 6, Histories.truth(true), 3, 4)));
    assertFalse(check(put, new Call(Kind.COMPARE_AND_SET, 0, 4, 6, Histories.truth(true), 3, 4)));
    assertFalse(check(new Call(Kind.COMPARE_AND_SET, 0, 0, 6, Histories.truth(true), 3, 4)));
  }

  @Test
  void clearTakesEverythingAtOnce() {
    Call one = call(Kind.PUT, 0, 5, 1, 1, 1);
    Call other = call(Kind.PUT, 1, 6, 1, 2, 2);
    Call clear = new Call(Kind.CLEAR, 0, 0, 0, new long[0], 3, 9);
    assertTrue(check(one, other, clear, call(Kind.SIZE, 0, 0, 0, 4, 5)));
    assertTrue(check(one, other, clear, call(Kind.SIZE, 0, 0, 2, 4, 5)));
    assertFalse(check(one, other, clear, call(Kind.SIZE, 0, 0, 1, 4, 5)));
  }
}
