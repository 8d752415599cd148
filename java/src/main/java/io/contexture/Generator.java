package io.contexture;

import io.contexture.internal.Reaper;
import java.lang.ref.PhantomReference;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Code that yields values one by one to whoever asks for the next, and keeps its own context.
 *
 * <pre>{@code
 * try (Generator<Integer> numbers = Generator.of(out -> {
 *   PRECISION.set(50);              // seen in here only, now and after every yield
 *   for (int i = 0; i < 3; i++) {
 *     out.yield(i);
 *   }
 * })) {
 *   numbers.forEachRemaining(this::print);
 * }
 * }</pre>
 *
 * <p>A generator owns one logical context. Each resumption pushes it on the stack of the thread
 * that asks, each yield, return or throw pops it: what the body sets stays from one resumption to
 * the next and is unseen outside; what the resumer changed in between is seen inside, unless the
 * body has set that variable itself. This holds for generators within generators to any depth.
 *
 * <p>The body runs on a virtual thread of its own, which is started by the first resumption and
 * stands still between resumptions; its thread-locals and scoped values are that thread's. While
 * the body runs, the resumer waits; an interrupt of the resumer is passed on to the body.
 *
 * <p>That it is another thread shows where locks are concerned: a body that needs a lock which its
 * resumer holds waits for ever. Such a lock is also the one on a class that is being initialized,
 * so don't run a generator to get the value of a static field if its body is code of the same
 * class; and a resumer that is a virtual thread and pinned to its carrier, as in a class
 * initializer, needs another carrier for the body.
 *
 * <p>A generator may be used by different threads one after the other, never by two at once. A
 * generator that is dropped half-way is collected, its body unwound as by {@link #close} (on its
 * own thread, over an empty context), unless the body itself refers to the generator.
 *
 * @param <T> the type of the values
 */
public final class Generator<T extends @Nullable Object> implements Iterator<T>, AutoCloseable {
  /**
   * The code of a generator.
   *
   * @param <T> the type of the values
   */
  @FunctionalInterface
  public interface Body<T extends @Nullable Object> {
    /**
     * Yields values to {@code out} and returns when there are no more.
     *
     * @param out where the values go; to be used by this body only, on its own thread
     * @throws Exception anything; it reaches the resumer, see {@link Generator#hasNext}
     */
    void run(Yielder<T> out) throws Exception;
  }

  /**
   * Where the body of a generator puts its values.
   *
   * @param <T> the type of the values
   */
  public interface Yielder<T extends @Nullable Object> {
    /**
     * Hands {@code value} to the resumer and waits until the next one is asked for. If the
     * generator is closed instead, throws an error that the body must let through, after its
     * finally blocks. Throws what is {@linkplain Generator#throwInto thrown into} the generator.
     *
     * @param value the value; may be {@code null}
     * @throws IllegalStateException if called elsewhere than on the body's thread while it runs
     */
    void yield(T value);

    /**
     * Yields all remaining values of {@code inner}, as a loop over it would: if {@code inner} is a
     * generator, it keeps its own context.
     *
     * <p>Unlike with a loop, what goes into this generator meanwhile goes on to an {@code inner}
     * that is a generator: what is thrown into it, and a close, so that an {@code inner} shared
     * with others is closed for them too. (This is the delegation of <a
     * href="https://peps.python.org/pep-0380/">PEP 380</a>.) And unlike with a loop, generators
     * that delegate to generators that delegate cost no two switches each per value, but together:
     * whoever resumes the outermost resumes the innermost directly.
     *
     * @param inner where the values come from
     */
    void yieldAll(Iterator<? extends T> inner);
  }

  private final Coroutine<?, T> coroutine;

  /** Made with the first resumption: before that there is nothing to unwind. */
  private @Nullable Abandoned reference;

  Generator(Coroutine<?, T> coroutine) {
    this.coroutine = coroutine;
  }

  private static <T extends @Nullable Object> Generator<T> of(Body<T> body, boolean transparent) {
    Objects.requireNonNull(body, "body");
    return new Generator<>(new Coroutine<@Nullable Object, T>(body::run, transparent));
  }

  /**
   * A generator with a logical context of its own.
   *
   * @param body its code; doesn't run before the first value is asked for
   * @param <T> the type of the values
   * @return a generator that has not begun
   */
  public static <T extends @Nullable Object> Generator<T> of(Body<T> body) {
    return of(body, false);
  }

  /**
   * A generator without a logical context: it works in its resumer's topmost one, so that what it
   * sets stays set for the resumer. This is what context managers written as generators need.
   *
   * @param body its code; doesn't run before the first value is asked for
   * @param <T> the type of the values
   * @return a generator that has not begun
   */
  public static <T extends @Nullable Object> Generator<T> transparent(Body<T> body) {
    return of(body, true);
  }

  /**
   * Whether there is another value; runs the body up to its next yield unless that was done
   * already.
   *
   * <p>What the body throws is thrown here: unchecked exceptions and errors as they are, a checked
   * exception as the cause of a {@link java.util.concurrent.CompletionException}. The generator is
   * finished then.
   *
   * @throws IllegalStateException if the generator is running: on another thread, which the message
   *     names, or because the body itself asks; the running resumption is undisturbed
   */
  @Override
  public boolean hasNext() {
    track();
    boolean more = coroutine.advance();
    if (!more) {
      forget();
    }
    return more;
  }

  /**
   * The next value.
   *
   * @throws NoSuchElementException if the body has returned
   * @throws IllegalStateException as {@link #hasNext}
   */
  @Override
  public T next() {
    track();
    T next = coroutine.next();
    requireTracked();
    return next;
  }

  /**
   * Throws into the body: the yield in which it stands throws {@code problem}, as if that came from
   * there, and the body may catch it and go on. Unless the body lets it through, this returns what
   * the body yields next, as {@link #next} does.
   *
   * <p>An unchecked exception or error is thrown as it is, a checked one as the cause of a {@link
   * java.util.concurrent.CompletionException}. A body that hasn't begun never runs then, and one
   * that has finished stays so: {@code problem} is thrown here.
   *
   * @param problem what to throw
   * @return the next value
   * @throws NoSuchElementException if the body returns instead of yielding
   * @throws IllegalStateException as {@link #hasNext}; also if {@code hasNext} has made a value
   *     ready that nobody has taken
   */
  public T throwInto(Throwable problem) {
    Objects.requireNonNull(problem, "problem");
    track();
    T next;
    try {
      next = coroutine.nextAfterThrowing(problem);
    } finally {
      forgetIfFinished();
    }
    requireTracked();
    return next;
  }

  /**
   * A lazy sequential stream of the remaining values. Closing the stream closes the generator.
   *
   * @return the stream
   */
  public Stream<T> stream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(this, Spliterator.ORDERED), false)
        .onClose(this::close);
  }

  /**
   * Ends the generator: a body that waits in a yield is unwound, so that its finally blocks run, in
   * its own context over the caller's. What they throw is thrown here. Closing a finished generator
   * does nothing.
   *
   * @throws IllegalStateException if the generator is running, as {@link #hasNext}; or if the body
   *     doesn't let itself be unwound, but catches what yield throws and yields again, a thousand
   *     times: the generator has finished then, and the body stands still for good, its thread with
   *     it
   */
  @Override
  public void close() {
    try {
      coroutine.close();
    } finally {
      forgetIfFinished(); // else it was refused, or can be repeated
    }
  }

  // For SendingGenerator and for delegation.

  Coroutine<?, T> trackedCoroutine() {
    track();
    return coroutine;
  }

  void requireTracked() {
    if (reference == null) { // this generator is in use until here, and not abandoned
      throw new AssertionError();
    }
  }

  void forgetIfFinished() {
    if (coroutine.isFinished()) {
      forget();
    }
  }

  private void track() {
    if (reference == null) {
      reference = new Abandoned(this, coroutine);
    }
  }

  private void forget() {
    Abandoned done = reference;
    if (done != null) {
      done.cancel();
    }
  }

  /** Unwinds the body of a generator that nobody can resume any more. */
  private static final class Abandoned extends PhantomReference<Object> implements Reaper.Reapable {
    private static final Set<Abandoned> ALL = ConcurrentHashMap.newKeySet();

    private final Coroutine<?, ?> coroutine;

    Abandoned(Generator<?> generator, Coroutine<?, ?> coroutine) {
      super(generator, Reaper.QUEUE);
      this.coroutine = coroutine;
      ALL.add(this);
      Reaper.poke();
    }

    void cancel() {
      ALL.remove(this);
      clear();
    }

    @Override
    public void reap() {
      ALL.remove(this);
      coroutine.abandon();
    }
  }
}
