package io.contexture.hamt;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks recorded histories of a shared map for linearizability: whether there is one order of the
 * calls that explains all results and in which no call comes before one that had returned before it
 * began.
 *
 * <p>The search is that of Wing and Gong, <cite>Testing and Verifying Concurrent Objects</cite>
 * (1993), with Lowe's memory of what has been tried. Exponential, so for small histories.
 */
final class Histories {
  /** In a state: the key isn't there. */
  static final long ABSENT = Long.MIN_VALUE;

  /** What was called. */
  enum Kind {
    GET,
    CONTAINS,
    PUT,
    PUT_IF_ABSENT,
    REMOVE,
    COMPARE_AND_SET,
    CLEAR,
    SIZE,
    SNAPSHOT
  }

  /**
   * One call that has returned.
   *
   * @param kind what was called
   * @param key the index of the key
   * @param a the value, or the expected one
   * @param b the new value of a compare-and-set
   * @param result what was returned: a number, 0 or 1 for a truth value, or the snapshot's state
   * @param called when it began
   * @param returned when it had ended
   */
  record Call(Kind kind, int key, long a, long b, long[] result, long called, long returned) {
    @Override
    public String toString() {
      return kind
          + "("
          + key
          + ", "
          + a
          + ", "
          + b
          + ") = "
          + Arrays.toString(result)
          + " in ["
          + called
          + ", "
          + returned
          + "]";
    }
  }

  private final List<Call> calls;
  private final Set<List<Object>> tried = new HashSet<>();

  private Histories(List<Call> calls) {
    this.calls = calls;
  }

  /**
   * Whether the calls, at most 64 of them, can be put into an order.
   *
   * @param initial the value of each key at the beginning, or {@link #ABSENT}
   */
  static boolean isLinearizable(long[] initial, List<Call> calls) {
    return new Histories(calls).search(0, initial);
  }

  private boolean search(long done, long[] state) {
    if (Long.bitCount(done) == calls.size()) {
      return true;
    }
    if (!tried.add(List.of(done, Arrays.hashCode(state), Arrays.toString(state)))) {
      return false;
    }
    long earliestReturn = Long.MAX_VALUE;
    for (int i = 0; i < calls.size(); i++) {
      if ((done & 1L << i) == 0) {
        earliestReturn = Math.min(earliestReturn, calls.get(i).returned);
      }
    }
    for (int i = 0; i < calls.size(); i++) {
      Call call = calls.get(i);
      if ((done & 1L << i) == 0 && call.called <= earliestReturn) {
        long[] next = state.clone();
        if (Arrays.equals(apply(call, next), call.result) && search(done | 1L << i, next)) {
          return true;
        }
      }
    }
    return false;
  }

  /** What {@code call} returns in {@code state}, and what it makes of that. */
  private static long[] apply(Call call, long[] state) {
    int key = call.key;
    boolean isThere = state[key] != ABSENT;
    return switch (call.kind) {
      case GET -> new long[] {state[key]};
      case CONTAINS -> truth(isThere);
      case PUT -> {
        state[key] = call.a;
        yield truth(!isThere);
      }
      case PUT_IF_ABSENT -> {
        state[key] = isThere ? state[key] : call.a;
        yield truth(!isThere);
      }
      case REMOVE -> {
        state[key] = ABSENT;
        yield truth(isThere);
      }
      case COMPARE_AND_SET -> {
        boolean matches = isThere && state[key] == call.a;
        state[key] = matches ? call.b : state[key];
        yield truth(matches);
      }
      case CLEAR -> {
        Arrays.fill(state, ABSENT);
        yield new long[0];
      }
      case SIZE -> new long[] {Arrays.stream(state).filter(value -> value != ABSENT).count()};
      case SNAPSHOT -> state.clone();
    };
  }

  static long[] truth(boolean value) {
    return new long[] {value ? 1 : 0};
  }
}
