package io.contexture;

import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The virtual thread of a generator's body, and how the turn goes to it and back. Knows nothing of
 * contexts, but has the state of the thread made before that runs.
 *
 * <p>Its user sees to it that one thread at a time is between {@link #toBody} and its return. At
 * any time one side has the turn and the other is parked. All but {@link #turn} is plain and handed
 * over by the volatile write of it.
 */
final class BodyThread {
  private static final int RESUMERS = 0;
  private static final int BODYS = 1;

  /** Stack that a hand-over may take up, in frames: going on without the turn mustn't happen. */
  private static final int STACK_NEEDED = 32;

  private volatile int turn = RESUMERS;

  /** The resumer, while the body has the turn. */
  private @Nullable Thread waiting;

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
    waiting = Thread.currentThread();
    if (started) {
      turn = BODYS;
      LockSupport.unpark(thread);
    } else {
      start();
    }
    boolean interrupted = false;
    while (turn == BODYS) {
      try {
        LockSupport.park(this);
        if (Thread.interrupted()) {
          interrupted = true;
          thread.interrupt();
        }
      } catch (StackOverflowError waitOn) {
        // Going on while the body runs is the one thing that mustn't happen.
      }
    }
    waiting = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
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
    handOver();
    boolean interrupted = false;
    while (turn != BODYS) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void handOver() {
    Thread resumer = waiting;
    turn = RESUMERS;
    LockSupport.unpark(resumer);
  }
}
