package io.contexture;

import io.contexture.internal.Continuations;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import org.jspecify.annotations.Nullable;

/**
 * Runs the body of a generator on the thread of its resumer, as a continuation of the JDK's own.
 *
 * <p>While the body has the turn, its state is the current one of that thread, in place of the
 * thread's own, so whatever it does to its contexts and bindings is done to its own stack, as it
 * would be on a thread of its own. {@link #thread} never runs; it is the body's name.
 */
final class BodyContinuation extends BodySwitch {
  private static final Object NOT_RUNNING = new Object();

  private final Object continuation;

  /** The scoped values that were bound when the body got the turn. */
  private Object bindings = NOT_RUNNING;

  BodyContinuation(Runnable body) {
    super(body);
    this.continuation = Continuations.create(body);
  }

  @Override
  void runOnThread(Runnable body) {
    throw new AssertionError("only stands for the body");
  }

  @Override
  boolean isOnBody() {
    return ThreadStates.current() == state;
  }

  @Override
  void toBody() {
    bindings = Continuations.scopedValueBindings();
    ThreadState covered = ThreadStates.replaceCurrent(state);
    try {
      Continuations.run(continuation);
    } finally {
      ThreadStates.restoreCurrent(covered);
      bindings = NOT_RUNNING;
    }
  }

  @Override
  void toResumer() {
    if (Continuations.scopedValueBindings() != bindings) {
      throw new IllegalStateException(
          "a generator can't yield while its body has a scoped value bound: on the JDK's internal"
              + " continuations the binding would stay with the resumer; yield outside of"
              + " ScopedValue.where(...).run, or start the JVM without the export of"
              + " jdk.internal.vm");
    }
    @Nullable IllegalStateException pinned = null;
    try {
      Continuations.yield();
    } catch (IllegalStateException e) {
      pinned = e;
    }
    if (pinned != null) {
      throw new IllegalStateException(
          "a generator can't yield here, with a native frame or a class initializer among those of"
              + " its body, on the JDK's internal continuations; yield elsewhere, or start the JVM"
              + " without the export of jdk.internal.vm",
          pinned);
    }
  }
}
