package io.contexture;

import io.contexture.internal.Lc;
import io.contexture.internal.StackProbe;
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
 * The running part of a {@link Generator} or {@link SendingGenerator}: its body, the state of its
 * stack of contexts, and what goes in and out.
 *
 * <p>One thread at a time is the resumer and may touch all but the fields that say otherwise; while
 * the body has the turn, the resumer waits in {@link BodyThread#toBody}, and the body touches what
 * goes in and out. The resumer lays the body's stack over its own before each turn and takes it
 * away after. Doesn't refer to the generator, so that one which is dropped half-way can be found
 * dead.
 *
 * <h2>Delegation</h2>
 *
 * <p>A body in {@link #yieldAll} of another generator stands still until that has finished: it
 * leaves its {@link #delegate} behind, and whoever resumes the outer generator resumes the
 * innermost of the chain by itself ({@link #drive}). So an element costs two switches at any depth,
 * besides laying the stacks of the chain over each other, and no stack grows with the depth.
 */
final class Coroutine<S extends @Nullable Object, T extends @Nullable Object>
    implements SendingGenerator.Yielder<S, T>, Runnable {
  /** Unwinds a body that is closed. */
  @SuppressWarnings("serial")
  private static final class Exit extends Error {
    Exit() {
      super("the generator is being closed; let this error through", null, false, false);
    }
  }

  /**
   * Stack that a resumption may take up, in frames, generously: from {@link #begin} to {@link #end}
   * nothing may overflow.
   */
  private static final int STACK_NEEDED = 128;

  /** How often a body that is being closed may yield once more, in finally blocks for example. */
  private static final int MOST_EXITS = 1000;

  private static final int UNWIND_TRIES = 100;
  private static final long UNWIND_PAUSE_NANOS = 1_000_000;

  private static final String NOT_TAKEN =
      "a value is ready that nobody has taken, as after hasNext: call next first";

  private SendingGenerator.@Nullable Body<S, T> body;
  private final boolean transparent;

  /** The generator's own LC; null if transparent, or finished: then its values may go. */
  private @Nullable Lc lc;

  /** The thread that resumes, or closes, or asks. Any thread. */
  private final AtomicReference<@Nullable Thread> resumer = new AtomicReference<>();

  /** Whether the generator was dropped. Any thread. */
  private volatile boolean abandoned;

  /** The next two are null before the first resumption and after the end. */
  private @Nullable BodyThread bodyThread;

  private @Nullable ThreadState state;

  /** Whether the body has had a turn. */
  private boolean begun;

  // For the time of a resumption:

  /** What this one's stack is laid over, and what that has lent for it; null if nothing is. */
  private @Nullable ThreadState under;

  private ThreadState.@Nullable Resumption resumption;

  /** The one whose delegate this is, and through which it is resumed. */
  private @Nullable Coroutine<?, ?> outer;

  // What goes out of the body:

  /** What the body has yielded, if it is ready. */
  private boolean ready;

  private @Nullable Object value;

  /** Whose values this body yields at present. */
  private @Nullable Coroutine<?, ?> delegate;

  private boolean delegateTakesSent;

  @SuppressWarnings({"unused", "UnusedVariable"}) // keeps the delegate from being found dropped
  private @Nullable Object delegateOwner;

  private boolean finished;
  private @Nullable Throwable failure;

  // What goes into it:

  /** What the yield in which it stands returns. */
  private @Nullable Object sent;

  /** Or else throws; unchecked. */
  private @Nullable Throwable thrown;

  private boolean closing;

  /** What unwinds this body, once it is being closed. */
  private @Nullable Exit exit;

  /** How often it was thrown. The body's. */
  private int exits;

  Coroutine(SendingGenerator.Body<S, T> body, boolean transparent) {
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
        drive(null, null);
      }
      return ready;
    } finally {
      end();
    }
  }

  /** The next value, running the body if need be. */
  T next() {
    begin();
    try {
      if (!ready && !finished) {
        drive(null, null);
      }
      return take();
    } finally {
      end();
    }
  }

  /** Makes a value ready, the body's yield having returned {@code message}; false if it ends. */
  boolean advanceAfter(S message) {
    begin();
    try {
      send(message);
      return ready;
    } finally {
      end();
    }
  }

  /** The next value, after the body's yield has returned {@code message}. */
  T nextAfter(S message) {
    begin();
    try {
      send(message);
      return take();
    } finally {
      end();
    }
  }

  /** The next value, after the body's yield has thrown {@code problem}. */
  T nextAfterThrowing(Throwable problem) {
    Throwable unchecked = unchecked(problem, "thrown into a generator");
    begin();
    try {
      requireTaken();
      if (!begun) {
        finish();
        throw rethrown(unchecked);
      }
      if (finished) {
        throw rethrown(unchecked);
      }
      drive(null, unchecked);
      return take();
    } finally {
      end();
    }
  }

  /** Unwinds the body, if it stands in a yield, and waits for that. */
  void close() {
    begin();
    try {
      dropValue();
      if (!begun) {
        finish();
      } else if (!finished) {
        drive(null, null, true, ThreadStates.current());
      }
    } finally {
      end();
    }
  }

  private void send(S message) {
    requireTaken();
    if (!finished) {
      if (!begun && message != null) {
        throw new IllegalStateException(
            "the generator hasn't begun, so nothing waits for a value: call next, or send null");
      }
      drive(message, null);
    }
  }

  private void requireTaken() {
    if (ready) {
      throw new IllegalStateException(NOT_TAKEN);
    }
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // only this body, and its delegates, put values here
  private T take() {
    if (!ready) {
      throw new NoSuchElementException("the generator has finished");
    }
    Object taken = value;
    dropValue();
    return (T) taken;
  }

  private void dropValue() {
    ready = false;
    value = null;
  }

  /** Whether the body has ended. Racing with a resumption, it may still tell {@code false}. */
  boolean isFinished() {
    return finished;
  }

  private void begin() {
    StackProbe.require(STACK_NEEDED);
    IllegalStateException refusal = lock();
    if (refusal != null) {
      throw refusal;
    }
  }

  /** Makes this thread the resumer, or says why it can't be. */
  private @Nullable IllegalStateException lock() {
    Thread me = Thread.currentThread();
    Thread other = resumer.compareAndExchange(null, me);
    return other == null
        ? null
        : new IllegalStateException(
            "generator is running, resumed by "
                + (other == me
                    ? "this thread"
                    : "thread #" + other.threadId() + " \"" + other.getName() + "\"")
                + "; it can't be resumed from within its body or by two threads at once");
  }

  private void end() {
    resumer.set(null);
    if (abandoned && resumer.compareAndSet(null, Thread.currentThread())) {
      unwindAbandoned();
    }
  }

  // ------------------------------------------------------------------------ dropped half-way

  /**
   * Has the body unwound by another thread; called once nobody can call the methods above any more.
   */
  void abandon() {
    abandoned = true;
    if (resumer.compareAndSet(null, Thread.currentThread())) {
      unwindAbandoned();
    } // else the present resumption sees the flag when it ends
  }

  private void unwindAbandoned() {
    boolean started = false;
    try {
      if (begun && !finished) {
        Thread.ofVirtual()
            .name("contexture-unwinder")
            .inheritInheritableThreadLocals(false)
            .start(this::unwind);
      }
      started = true;
    } finally {
      if (!started) { // no memory: the reaper tries again
        resumer.set(null);
      }
    }
  }

  private void unwind() {
    resumer.set(Thread.currentThread());
    dropValue();
    for (int tries = 0; !finished && tries < UNWIND_TRIES; tries++) {
      try {
        drive(null, null, true, null);
      } catch (RuntimeException | Error nobodyIsLeftToSeeIt) {
        // What the finally blocks of a dropped generator throw concerns nobody any more. Where
        // there is no memory to lay the stacks of a chain, it is tried again.
        LockSupport.parkNanos(UNWIND_PAUSE_NANOS);
      }
    }
  }

  // ------------------------------------------------------------------------------ resumption

  private void drive(@Nullable Object message, @Nullable Throwable problem) {
    drive(message, problem, false, ThreadStates.current());
  }

  /**
   * Gives the turn to the innermost body of the chain, and as far as bodies end on to those that
   * wait for them, until one has yielded or this one's has ended. What this throws without a body
   * having thrown it has lost nothing: it can be repeated.
   *
   * @param message what the yield in which the innermost body stands returns
   * @param problem or else what it throws, unchecked
   * @param closes or else whether the whole chain is unwound
   * @param resumersState the state of the thread that calls, or null if it has no part in this
   */
  private void drive(
      @Nullable Object message,
      @Nullable Throwable problem,
      boolean closes,
      @Nullable ThreadState resumersState) {
    Coroutine<?, ?> c = this;
    Throwable trouble = null;
    try {
      enter(resumersState);
      while (true) {
        Coroutine<?, ?> d = c.delegate;
        if (d != null) {
          message = c.delegateTakesSent ? message : null;
          if (c.descend(d, message, problem, closes)) {
            c = d;
            continue;
          }
          if (c.ready) {
            break;
          }
        }
        c.sent = message;
        c.thrown = c.thrown == null ? problem : c.thrown;
        c.closing |= closes;
        message = null;
        problem = null;
        Objects.requireNonNull(c.bodyThread).toBody();
        c.begun = true;
        if (c.ready || (c.finished && c == this)) {
          break;
        }
        if (c.finished) {
          Coroutine<?, ?> ended = c;
          c = Objects.requireNonNull(c.outer);
          c.takeOverEndOf(ended);
          ended.leave();
        }
      }
      if (c != this) {
        value = c.value;
        ready = true;
        c.dropValue();
      }
    } catch (Throwable t) {
      trouble = t;
    }
    while (true) {
      Coroutine<?, ?> left = c;
      c = left == this ? null : Objects.requireNonNull(left.outer);
      try {
        left.leave();
      } catch (Throwable t) {
        trouble = trouble == null ? t : trouble;
      }
      if (c == null) {
        break;
      }
    }
    if (trouble != null) {
      throw rethrown(trouble);
    }
    if (failure != null) {
      throw rethrown(takeFailure());
    }
  }

  /**
   * Makes {@code d}, whose values this body yields, the next to get the turn; or returns false,
   * with a value ready, or with nothing left to delegate and this body to go on.
   */
  private boolean descend(
      Coroutine<?, ?> d, @Nullable Object message, @Nullable Throwable problem, boolean closes) {
    IllegalStateException refusal = d.lock();
    if (refusal == null) {
      boolean entered = false;
      try {
        if (closes) {
          d.dropValue();
        }
        if (!d.begun && (closes || problem != null)) {
          d.finish();
        }
        if (d.finished) {
          takeOverEndOf(d);
          return false;
        }
        if (!d.ready) {
          d.outer = this;
          d.enter(Objects.requireNonNull(state));
          entered = true;
          return true;
        }
        if (message == null && problem == null) {
          value = d.value;
          ready = true;
          d.dropValue();
          return false;
        }
        refusal = new IllegalStateException(NOT_TAKEN);
      } finally {
        if (!entered) {
          d.outer = null;
          d.end();
        }
      }
    }
    thrown = refusal;
    delegate = null;
    return false;
  }

  /** Lets this body go on after the values of {@code ended}, as that has ended. */
  private void takeOverEndOf(Coroutine<?, ?> ended) {
    thrown = ended.takeFailure();
    delegate = null;
  }

  /**
   * Lays this body's stack over that of {@code resumersState}, or over nothing if that is null.
   * Having failed, it has changed nothing that {@link #leave} wouldn't undo.
   */
  private void enter(@Nullable ThreadState resumersState) {
    if (state == null) {
      BodyThread made = new BodyThread(this);
      state = made.state;
      bodyThread = made;
    }
    if (resumersState == null) {
      try {
        ThreadState.Resumption empty = ThreadState.emptyResumption(transparent);
        state.attach(lc, empty);
        resumption = empty;
      } catch (OutOfMemoryError unwindWithout) {
        // Nothing that the body finds in its contexts is worth more than its finally blocks.
      }
    } else {
      ThreadState.Resumption lent = resumersState.beginResumption(transparent);
      state.attach(lc, lent);
      resumption = lent;
      under = resumersState;
    }
  }

  /** Takes this body's stack away again, as far as it has been laid. */
  private void leave() {
    ThreadState mine = state;
    ThreadState.Resumption lent = resumption;
    ThreadState lender = under;
    final boolean delegated = outer != null;
    outer = null;
    under = null;
    resumption = null;
    try {
      if (mine != null && lent != null) {
        boolean captured = mine.detach(lc);
        if (lender != null) {
          lender.endResumption(lent, captured);
        }
      }
    } finally {
      try {
        if (finished || !begun) {
          bodyThread = null;
          state = null;
          if (mine != null) {
            ThreadStates.end(mine);
          }
        }
      } finally {
        if (finished) {
          finish();
        }
        if (delegated) {
          end();
        }
      }
    }
  }

  private void finish() {
    finished = true;
    body = null;
    lc = null;
  }

  private @Nullable Throwable takeFailure() {
    Throwable t = failure;
    Throwable taken = t == null ? null : unchecked(t, "the generator's body threw");
    failure = null;
    return taken;
  }

  private static Throwable unchecked(Throwable t, String what) {
    return t instanceof RuntimeException || t instanceof Error
        ? t
        : new CompletionException(what, t);
  }

  // Not a switch over types: what that is linked with needs more stack than may be left.
  private static RuntimeException rethrown(@Nullable Throwable unchecked) {
    if (unchecked instanceof Error e) {
      throw e;
    }
    throw (RuntimeException) Objects.requireNonNull(unchecked);
  }

  // ------------------------------------------------------------------------ the body's side

  @Override
  public void run() {
    try {
      if (!closing) {
        Objects.requireNonNull(body).run(this);
      }
    } catch (Throwable t) {
      if (t != exit) { // another generator's exit is a failure like any other
        failure = t;
      }
    } finally {
      body = null;
      finished = true;
    }
  }

  @Override
  public void yield(T next) {
    exchange(next);
  }

  @Override
  @SuppressWarnings({"unchecked", "NullAway"}) // what is sent comes from SendingGenerator<S, T>
  public S exchange(T next) {
    BodyThread mine = requireOnBody();
    if (closing) {
      if (++exits > MOST_EXITS) {
        standStill(mine);
      }
      throw exit();
    }
    value = next;
    ready = true;
    boolean yielded = false;
    try {
      mine.toResumer();
      yielded = true;
    } finally {
      if (!yielded) {
        dropValue();
      }
    }
    return (S) received();
  }

  /** Ends a body that doesn't let itself be unwound: gives the turn back for good. */
  private void standStill(BodyThread mine) {
    failure =
        new IllegalStateException(
            "the generator's body can't be closed: it has caught what yield throws to unwind it, "
                + MOST_EXITS
                + " times, and yielded again; let errors through, or rethrow them");
    body = null;
    finished = true;
    while (true) {
      mine.toResumer();
    }
  }

  @Override
  public void yieldAll(Iterator<? extends T> inner) {
    Objects.requireNonNull(inner, "inner");
    switch (inner) {
      case Generator<? extends T> generator -> delegateTo(generator, false);
      case SendingGenerator<?, ? extends T> generator -> delegateTo(generator.generator(), false);
      default -> yieldEach(inner);
    }
  }

  @Override
  public void yieldAll(SendingGenerator<? super S, ? extends T> inner) {
    Objects.requireNonNull(inner, "inner");
    delegateTo(inner.generator(), true);
  }

  private void yieldEach(Iterator<? extends T> inner) {
    while (inner.hasNext()) {
      exchange(inner.next());
    }
  }

  private void delegateTo(Generator<? extends T> inner, boolean takesSent) {
    BodyThread mine = requireOnBody();
    if (closing) {
      yieldEach(inner);
      return;
    }
    Coroutine<?, ?> tracked = inner.trackedCoroutine();
    delegateOwner = inner;
    delegateTakesSent = takesSent;
    delegate = tracked;
    try {
      mine.toResumer();
    } finally {
      delegate = null;
      delegateOwner = null;
      inner.forgetIfFinished();
    }
    received();
  }

  private BodyThread requireOnBody() {
    BodyThread mine = bodyThread;
    if (mine == null || !mine.isOnBody()) {
      throw new IllegalStateException(
          "yield called on thread #"
              + Thread.currentThread().threadId()
              + " outside the body of the generator; only the body may yield, on its own thread");
    }
    return mine;
  }

  private @Nullable Object received() {
    Throwable problem = thrown;
    if (problem != null) {
      thrown = null;
      throw rethrown(problem);
    }
    if (closing) {
      throw exit();
    }
    Object message = sent;
    sent = null;
    return message;
  }

  private Exit exit() {
    Exit thrown = exit;
    if (thrown == null) {
      thrown = new Exit();
      exit = thrown;
    }
    return thrown;
  }
}
