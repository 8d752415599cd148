package io.contexture;

import io.contexture.internal.AbstractLongHamt;
import io.contexture.internal.Lc;
import io.contexture.internal.Mark;
import io.contexture.internal.StackProbe;
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

  /**
   * What the map that leads in that context was before and after, so that it can be put back
   * without memory if it is the same then; null where closing takes none anyway.
   */
  private @Nullable AbstractLongHamt mapBefore;

  private @Nullable AbstractLongHamt mapAfter;

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
    StackProbe.requireRoom(); // close is called where this is
    ThreadState state = ThreadStates.current();
    Lc lc = state.topForBinding();
    Lc.Guest guest = state.guestIn(lc);
    lc.forgetGoneGuests();
    VarBinding binding = new VarBinding(variable, ref, lc, state, state.lookupTopmost(ref), 0);
    binding.mapBefore = state.mapToPutBack(ref);
    ThreadState.setCurrent(ref, variable, value);
    binding.open(state, guest);
    return binding;
  }

  static VarBinding bindLong(Object variable, VarRef ref, long value) {
    StackProbe.requireRoom(); // as above
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
    binding.mapBefore = state.mapToPutBack(ref);
    ThreadState.setCurrentLong(ref, variable, value);
    binding.open(state, guest);
    return binding;
  }

  /** Once the variable is set. Nothing fails here: there is stack enough for it. */
  private void open(ThreadState state, Lc.@Nullable Guest guest) {
    mapAfter = mapBefore == null ? null : state.keptMap();
    place = ++lc.bindings;
    if (guest != null) {
      guest.place = place;
      guest.next = lc.guests;
      lc.guests = guest;
    }
  }

  @Override
  public void close() {
    if (place == 0) {
      return;
    }
    ThreadState state = ThreadStates.current();
    if (state.isUnwoundWithout(owner, lc)) { // what it has set is the resumer's now
      forget();
      return;
    }
    state.checkBindingIsInnermost(owner, lc, place, ref);
    if (mapBefore != null && state.putBack(ref, mapAfter, mapBefore)) {
      // Done.
    } else if (before == Mark.ABSENT) {
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
    forget();
  }

  private void forget() {
    place = 0;
    before = null;
    mapBefore = null;
    mapAfter = null;
  }
}
