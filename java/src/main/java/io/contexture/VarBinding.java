package io.contexture;

import io.contexture.internal.Lc;
import io.contexture.internal.Mark;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import io.contexture.internal.VarRef;
import org.jspecify.annotations.Nullable;

/** The one implementation of {@link Binding}, for both kinds of variable. */
final class VarBinding implements Binding {
  /** Kept alive as long as the binding, which may have to put a value of it back. */
  private final Object variable;

  private final VarRef ref;
  private final Lc lc;

  /** The thread state that made it. */
  private final ThreadState owner;

  /**
   * What the topmost LC had: an object, {@link Mark#ABSENT}, or {@link Mark#LONG} beside a word.
   */
  private @Nullable Object before;

  private final long wordBefore;

  /** The place among the open bindings of {@link #lc}; 0 once closed. */
  private int place;

  private VarBinding(
      Object variable,
      VarRef ref,
      Lc lc,
      ThreadState owner,
      @Nullable Object before,
      long wordBefore) {
    this.variable = variable;
    this.ref = ref;
    this.lc = lc;
    this.owner = owner;
    this.before = before;
    this.wordBefore = wordBefore;
  }

  static VarBinding bind(Object variable, VarRef ref, @Nullable Object value) {
    ThreadState state = ThreadStates.current();
    Lc lc = state.topForBinding();
    Lc.Guest guest = state.guestIn(lc);
    lc.forgetGoneGuests();
    VarBinding binding = new VarBinding(variable, ref, lc, state, state.lookupTopmost(ref), 0);
    ThreadState.setCurrent(ref, variable, value);
    // No call that could fail from here on.
    binding.place = ++lc.bindings;
    if (guest != null) {
      guest.place = binding.place;
      guest.next = lc.guests;
      lc.guests = guest;
    }
    return binding;
  }

  static VarBinding bindLong(Object variable, VarRef ref, long value) {
    ThreadState state = ThreadStates.current();
    Lc lc = state.topForBinding();
    Lc.Guest guest = state.guestIn(lc);
    lc.forgetGoneGuests();
    boolean bound = state.isBoundTopmost(ref);
    VarBinding binding =
        new VarBinding(
            variable,
            ref,
            lc,
            state,
            bound ? Mark.LONG : Mark.ABSENT,
            bound ? state.lookupTopmostLong(ref) : 0);
    ThreadState.setCurrentLong(ref, variable, value);
    // No call that could fail from here on.
    binding.place = ++lc.bindings;
    if (guest != null) {
      guest.place = binding.place;
      guest.next = lc.guests;
      lc.guests = guest;
    }
    return binding;
  }

  @Override
  public void close() {
    if (place == 0) {
      return;
    }
    ThreadState state = ThreadStates.current();
    if (state.isUnwoundWithout(owner, lc)) { // what it has set is the resumer's now
      place = 0;
      before = null;
      return;
    }
    state.checkBindingIsInnermost(owner, lc, place, ref);
    if (before == Mark.ABSENT) {
      state.delete(ref);
    } else if (before == Mark.LONG) {
      ThreadState.setCurrentLong(ref, variable, wordBefore);
    } else {
      ThreadState.setCurrent(ref, variable, before);
    }
    lc.bindings--;
    Lc.Guest guest = lc.guests;
    if (guest != null && guest.place == place) {
      lc.guests = guest.next;
    }
    place = 0;
    before = null;
  }
}
