package io.contexture;

import io.contexture.internal.StackProbe;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The virtual thread of a generator's body, and how the turn goes to it and back. Knows nothing of
 * contexts, but has the state of the thread made before that runs.
 *
 * <p>Its user sees to it that one thread at a time is between {@link #toBody} and its return. At
 * any time one side has the turn and the other waits. All but {@link #turn} and the two that tell
 * who is parked is plain and handed over by the volatile write of it.
 *
 * <p>Where the resumer is a platform thread, whose waking takes microseconds, each side first looks
 * for the turn for about as long before it parks. A virtual resumer parks at once: the body then
 * runs on its carrier.
 */
final class BodyThread {
  private static final int RESUMERS = 0;
  private static final int BODYS = 1;

  /** Stack that a hand-over may take up, in frames: going on without the turn mustn't happen. */
  private static final int STACK_NEEDED = 32;

  /** How often to look for the turn before parking; in vain where there is one processor. */
  private static final int LOOKS = Runtime.getRuntime().availableProcessors() > 1 ? 100 : 0;

  /**
   * How long a resumer that is interrupted waits for the body to have cleared a former interrupt.
   */
  private static final long LATE_NANOS = 1_000;

  private volatile int turn = RESUMERS;

  /** Whether the side that waits may be parked: written before it looks for the turn once more. */
  private volatile boolean resumerParked;

  private volatile boolean bodyParked;

  /** The resumer, while the body has the turn. */
  private @Nullable Thread waiting;

  /**
   * Whether an interrupt that a resumer has passed on may have reached the body's thread after that
   * had given the turn back; the body clears both before it goes on, and the next resumer passes
   * nothing on until then.
   */
  private volatile boolean interruptLate;

  /** How often each side looks for the turn, in this resumption. */
  private int looks;

  private boolean started;

  private final Thread thread;

  /** The body's, current on its thread. */
  final ThreadState state;

  /** A thread for {@code body}, not started. */
  BodyThread(Runnable body) {
    thread =
        Thread.ofVirtual()
            .name("contexture-generator")
            .inheritInheritableThreadLocals(false)
            .unstarted(() -> run(body));
    state = ThreadStates.newStateOf(thread);
  }

  private void run(Runnable body) {
    try {
      body.run();
    } finally {
      handOver();
    }
  }

  /** Whether this is called from the body. */
  boolean isOnBody() {
    return Thread.currentThread() == thread;
  }

  /**
   * The resumer's: lets the body begin or go on, and returns once it has called {@link #toResumer}
   * or has ended.
   *
   * @throws Error if the body can't begin; it can be tried again, with another thread
   */
  void toBody() {
    Thread me = Thread.currentThread();
    waiting = me;
    looks = me.isVirtual() ? 0 : LOOKS;
    final int mine = looks;
    if (started) {
      turn = BODYS;
      if (bodyParked) {
        LockSupport.unpark(thread);
      }
    } else {
      start();
    }
    boolean interrupted = false;
    boolean passedOn = false;
    int looked = 0;
    while (turn == BODYS) {
      try {
        if (looked < mine) {
          looked++;
          Thread.onSpinWait();
          continue;
        }
        resumerParked = true;
        if (turn == BODYS) {
          LockSupport.park(this);
        }
        if (Thread.interrupted()) {
          interrupted = true;
          while (interruptLate && turn == BODYS) {
            LockSupport.parkNanos(this, LATE_NANOS);
          }
          if (turn == BODYS) {
            passedOn = true;
            thread.interrupt();
          }
        }
      } catch (StackOverflowError waitOn) {
        // Going on while the body runs is the one thing that mustn't happen.
      }
    }
    if (passedOn) {
      interruptLate = true;
    }
    resumerParked = false;
    waiting = null;
    if (interrupted) {
      me.interrupt();
    }
  }

  private void start() {
    thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
    turn = BODYS;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        turn = RESUMERS;
        waiting = null;
      }
    }
  }

  /** The body's: gives the turn back, and returns once it has the turn again. */
  void toResumer() {
    StackProbe.require(STACK_NEEDED);
    Thread.interrupted(); // this resumer's, and it will see it again; not the next one's
    final int mine = looks;
    handOver();
    for (int looked = 0; turn != BODYS && looked < mine; looked++) {
      Thread.onSpinWait();
    }
    boolean interrupted = false;
    while (turn != BODYS) {
      bodyParked = true;
      if (turn != BODYS) {
        LockSupport.park(this);
      }
      interrupted |= Thread.interrupted();
    }
    bodyParked = false;
    if (interruptLate) {
      Thread.interrupted();
      interrupted = false;
      interruptLate = false;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void handOver() {
    Thread resumer = waiting;
    turn = RESUMERS;
    if (resumerParked) {
      LockSupport.unpark(resumer);
    }
  }
}
