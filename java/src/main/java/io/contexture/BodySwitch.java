package io.contexture;

import io.contexture.internal.Continuations;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;

/**
 * How the body of one generator gets the turn, and gives it back; and the state of its stack.
 *
 * <p>Its user sees to it that one thread at a time is between {@link #toBody} and its return.
 */
abstract class BodySwitch {
  /** The one that runs the body, or else one that is never started and stands for it. */
  final Thread thread;

  /** The body's: named after {@link #thread}, and current where the body runs. */
  final ThreadState state;

  BodySwitch(Runnable body) {
    thread =
        Thread.ofVirtual()
            .name("contexture-generator")
            .inheritInheritableThreadLocals(false)
            .unstarted(() -> runOnThread(body));
    state = ThreadStates.newStateOf(thread);
  }

  /** What runs a body: a continuation where the JVM allows that, else a virtual thread. */
  static BodySwitch of(Runnable body) {
    return Continuations.areAvailable() ? new BodyContinuation(body) : new BodyThread(body);
  }

  /** What {@link #thread} does, if it is started. */
  abstract void runOnThread(Runnable body);

  /** Whether this is called from the body, while it has the turn. */
  abstract boolean isOnBody();

  /**
   * The resumer's: lets the body begin or go on, and returns once it has called {@link #toResumer}
   * or has ended.
   *
   * @throws Error if the body can't begin; it can be tried again, with another switch
   */
  abstract void toBody();

  /**
   * The body's: gives the turn back, and returns once it has the turn again.
   *
   * @throws IllegalStateException if the body can't stand still here; it has the turn still
   */
  abstract void toResumer();
}
