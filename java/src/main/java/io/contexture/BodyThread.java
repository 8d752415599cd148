package io.contexture;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs the body of a generator on a virtual thread of its own.
 *
 * <p>At any time one side has the turn and the other is parked. All but {@link #turn} is plain and
 * handed over by the volatile write of it.
 */
final class BodyThread extends BodySwitch {
  private static final int RESUMERS = 0;
  private static final int BODYS = 1;

  /** Stack that a hand-over may take up, in frames: going on without the turn mustn't happen. */
  private static final int STACK_NEEDED = 32;

  private volatile int turn = RESUMERS;

  /** The resumer, while the body has the turn. */
  private @Nullable Thread waiting;

  private boolean started;

  BodyThread(Runnable body) {
    super(body);
  }

  @Override
  void runOnThread(Runnable body) {
    try {
      body.run();
    } finally {
      handOver();
    }
  }

  @Override
  boolean isOnBody() {
    return Thread.currentThread() == thread;
  }

  @Override
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

  @Override
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
