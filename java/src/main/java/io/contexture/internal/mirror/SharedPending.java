package io.contexture.internal.mirror;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A change of one slot that stands in the slot until it is decided: {@link #next} if no snapshot
 * was taken meanwhile, else {@link #old}. See {@link SharedHamt} for why.
 */
final class SharedPending {
  private static final int UNDECIDED = 0;
  private static final int DONE = 1;
  private static final int UNDONE = 2;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(SharedPending.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The generation to which the change belongs. */
  final long gen;

  /** What was in the slot: never pending itself. */
  final @Nullable Object old;

  /** What shall be in the slot. */
  final Object next;

  @SuppressWarnings("unused") // by STATE
  private volatile int state;

  SharedPending(long gen, @Nullable Object old, Object next) {
    this.gen = gen;
    this.old = old;
    this.next = next;
  }

  /** Whether somebody has decided. */
  boolean isDecided() {
    return state != UNDECIDED;
  }

  /**
   * Proposes a decision; the first proposal holds. Wait-free.
   *
   * @return what the slot contains now
   */
  @Nullable Object decide(boolean done) {
    if (state == UNDECIDED) {
      STATE.compareAndSet(this, UNDECIDED, done ? DONE : UNDONE);
    }
    return decided();
  }

  /** What the slot contains, once {@link #isDecided}. */
  @Nullable Object decided() {
    return state == DONE ? next : old;
  }
}
