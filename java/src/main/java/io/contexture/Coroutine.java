package io.contexture;

import io.contexture.internal.Lc;
import io.contexture.internal.ThreadState;
import io.contexture.internal.ThreadStates;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The running part of a {@link Generator}: its body on a virtual thread, and the hand-over between
 * that thread and the resumer's.
 *
 * <p>At any time one side has the turn and the other is parked. Everything but {@link #turn},
 * {@link #resumer} and {@link #abandoned} is plain and handed over by the volatile write of {@link
 * #turn}. Doesn't refer to the generator, so that one which is dropped half-way can be found dead.
 */
final class Coroutine<T extends @Nullable Object> implements Generator.Yielder<T>, Runnable {
  /** Unwinds a body that is closed. */
  @SuppressWarnings("serial")
  private static final class Exit extends Error {
    Exit() {
      super("the generator is being closed; let this error through", null, false, false);
    }
  }

  private static final int RESUMERS = 0;
  private static final int BODYS = 1;

  /**
   * Stack that a resumption may take up, in frames, generously: from {@link #begin} to {@link #end}
   * nothing may overflow.
   */
  private static final int STACK_NEEDED = 128;

  private Generator.@Nullable Body<T> body;
  private final boolean transparent;

  /** The generator's own LC; null if transparent, or finished: then its values may go. */
  private @Nullable Lc lc;

  /**
   * The thread that is in {@link #advance}, {@link #next} or {@link #close}; it alone may touch the
   * rest.
   */
  private final AtomicReference<@Nullable Thread> resumer = new AtomicReference<>();

  private volatile int turn = RESUMERS;
  private volatile boolean abandoned;

  private @Nullable Thread bodyThread;
  private @Nullable Thread waiting;
  private ThreadState.@Nullable Resumption resumption;
  private boolean closing;

  /** What unwinds this body, once it is being closed. */
  private @Nullable Exit exit;

  private boolean capturedInside;

  private boolean ready;
  private @Nullable T value;
  private boolean finished;
  private @Nullable Throwable failure;

  Coroutine(Generator.Body<T> body, boolean transparent) {
    this.body = body;
    this.transparent = transparent;
    this.lc = transparent ? null : new Lc();
  }

  // --------------------------------------------------------------------- the resumer's side

  /** Makes a value ready, running the body if need be; false if the body has finished. */
  boolean advance() {
    begin();
    try {
      if (!ready && !finished) {
        resume();
      }
      return ready;
    } finally {
      end();
    }
  }

  /** The next value, running the body if need be. */
  @SuppressWarnings("NullAway") // T may be nullable
  T next() {
    begin();
    try {
      if (!ready && !finished) {
        resume();
      }
      if (!ready) {
        throw new NoSuchElementException("the generator has finished");
      }
      T taken = value;
      value = null;
      ready = false;
      return taken;
    } finally {
      end();
    }
  }

  /** Unwinds the body, if it stands in a yield, and waits for that. */
  void close() {
    begin();
    try {
      ready = false;
      value = null;
      if (bodyThread == null) {
        finish();
      } else if (!finished) {
        closing = true;
        resume();
      }
    } finally {
      end();
    }
  }

  /** Unwinds the body on its own; called once nobody can call the methods above any more. */
  void abandon() {
    abandoned = true;
    if (resumer.compareAndSet(null, Thread.currentThread())) {
      unwindAbandoned();
    } // else the present resumption sees the flag when it ends
  }

  private void unwindAbandoned() {
    Thread thread = bodyThread;
    if (thread != null && !finished) {
      closing = true;
      resumption = ThreadState.emptyResumption(transparent);
      waiting = null;
      turn = BODYS;
      LockSupport.unpark(thread);
    }
  }

  /** Whether the body has ended. Racing with a resumption, it may still tell {@code false}. */
  boolean isFinished() {
    return finished;
  }

  private void begin() {
    StackProbe.require(STACK_NEEDED);
    Thread me = Thread.currentThread();
    Thread other = resumer.compareAndExchange(null, me);
    if (other != null) {
      throw new IllegalStateException(
          "generator is running, resumed by "
              + (other == me
                  ? "this thread"
                  : "thread #" + other.threadId() + " \"" + other.getName() + "\"")
              + "; it can't be resumed from within its body or by two threads at once");
    }
  }

  private void end() {
    resumer.set(null);
    if (abandoned && resumer.compareAndSet(null, Thread.currentThread())) {
      unwindAbandoned();
    }
  }

  private void resume() {
    ThreadState state = ThreadStates.current();
    ThreadState.Resumption mine = state.beginResumption(transparent);
    resumption = mine;
    waiting = Thread.currentThread();
    Thread thread = bodyThread;
    if (thread == null) {
      thread =
          Thread.ofVirtual()
              .name("contexture-generator")
              .inheritInheritableThreadLocals(false)
              .unstarted(this);
      thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
      start(thread);
    } else {
      turn = BODYS;
      LockSupport.unpark(thread);
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
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    resumption = null;
    waiting = null;
    state.endResumption(mine, capturedInside);
    Throwable thrown = failure;
    if (thrown != null) {
      failure = null;
      switch (thrown) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new CompletionException("the generator's body threw", thrown);
      }
    }
  }

  private void start(Thread thread) {
    bodyThread = thread;
    turn = BODYS;
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        turn = RESUMERS;
        bodyThread = null;
      }
    }
  }

  // ------------------------------------------------------------------------ the body's side

  @Override
  public void run() {
    boolean begun = false;
    try {
      ThreadState state = ThreadStates.current();
      state.attach(lc, Objects.requireNonNull(resumption));
      begun = true;
      try {
        Objects.requireNonNull(body).run(this);
      } finally {
        capturedInside = state.detach(lc);
      }
    } catch (Throwable t) {
      if (t != exit) { // another generator's exit is a failure like any other
        failure = t;
      }
    } finally {
      if (begun) {
        finish();
      } else { // no memory for its context: the next resumption starts another thread
        bodyThread = null;
        capturedInside = false;
      }
      try {
        ThreadStates.endCurrent();
      } finally {
        handOver();
      }
    }
  }

  @Override
  public void yield(T next) {
    Thread me = Thread.currentThread();
    if (me != bodyThread) {
      throw new IllegalStateException(
          "yield called on thread #"
              + me.threadId()
              + "; only the body of the generator may yield, on its own thread");
    }
    if (closing) {
      throw exit();
    }
    ThreadState state = ThreadStates.current();
    capturedInside = state.detach(lc);
    value = next;
    ready = true;
    Thread.interrupted(); // this resumer's, and it will see it again; not the next one's
    handOver();
    awaitTurn();
    attach(state);
    if (closing) {
      throw exit();
    }
  }

  private Exit exit() {
    Exit thrown = exit;
    if (thrown == null) {
      thrown = new Exit();
      exit = thrown;
    }
    return thrown;
  }

  /**
   * Lays the body's stack over the resumer's again. If there is no memory for that, the resumer
   * gets the error and the body stays where it is, to be resumed again; a body that is abandoned
   * unwinds without.
   */
  private void attach(ThreadState state) {
    while (true) {
      try {
        state.attach(lc, Objects.requireNonNull(resumption));
        return;
      } catch (Throwable t) {
        if (abandoned) {
          return;
        }
        failure = t;
        capturedInside = false;
        handOver();
        awaitTurn();
      }
    }
  }

  private void awaitTurn() {
    boolean interrupted = false;
    while (turn != BODYS) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void yieldAll(Iterator<? extends T> inner) {
    Objects.requireNonNull(inner, "inner");
    while (inner.hasNext()) {
      this.yield(inner.next());
    }
  }

  private void finish() {
    finished = true;
    body = null;
    lc = null;
  }

  private void handOver() {
    Thread thread = waiting;
    turn = RESUMERS;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }
}
