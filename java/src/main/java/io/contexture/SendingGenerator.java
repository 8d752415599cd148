package io.contexture;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Generator} that is talked to: its body gets an answer to each value that it yields.
 *
 * <pre>{@code
 * SendingGenerator<Double, Double> average = SendingGenerator.of(out -> {
 *   double sum = 0;
 *   double mean = 0;
 *   for (int n = 1; ; n++) {
 *     sum += out.exchange(mean);
 *     mean = sum / n;
 *   }
 * });
 * average.next();        // runs up to the first exchange, which waits for a number
 * average.send(10.0);    // 10.0
 * average.send(20.0);    // 15.0
 * }</pre>
 *
 * <p>A value sent is what the {@link Yielder#exchange} in which the body stands returns. Whatever
 * else resumes the body, {@link #next} or {@link #hasNext}, sends {@code null}. In all else it is a
 * generator: its context, its threads, its errors and its end are those that {@link Generator}
 * tells of.
 *
 * <p>After the enhanced generators of Python, <a href="https://peps.python.org/pep-0342/">PEP
 * 342</a>, with two differences that come from {@link Iterator#hasNext}: a generator that was asked
 * whether there is another value has run ahead to it, so that value has to be taken before
 * something is sent; and there is {@link #advance}, which finds the end without an exception.
 *
 * @param <S> the type of what is sent to the body
 * @param <T> the type of the values that it yields
 */
public final class SendingGenerator<S extends @Nullable Object, T extends @Nullable Object>
    implements Iterator<T>, AutoCloseable {
  /**
   * The code of such a generator.
   *
   * @param <S> the type of what is sent to it
   * @param <T> the type of the values that it yields
   */
  @FunctionalInterface
  public interface Body<S extends @Nullable Object, T extends @Nullable Object> {
    /**
     * Exchanges values with {@code out} and returns when there are no more.
     *
     * @param out where the values go and come from; to be used by this body only
     * @throws Exception anything; it reaches the resumer, see {@link Generator#hasNext}
     */
    void run(Yielder<S, T> out) throws Exception;
  }

  /**
   * Where the body puts its values and gets what is sent to it.
   *
   * @param <S> the type of what is sent
   * @param <T> the type of the values
   */
  public interface Yielder<S extends @Nullable Object, T extends @Nullable Object>
      extends Generator.Yielder<T> {
    /**
     * Hands {@code value} to the resumer, as {@link #yield} does, and returns what is sent back.
     *
     * @param value the value; may be {@code null}
     * @return what was sent; {@code null} if the body is resumed by anything but a send
     * @throws IllegalStateException if called elsewhere than in the body
     */
    S exchange(T value);

    /**
     * Yields all remaining values of {@code inner}, as {@link #yieldAll(Iterator)} does; what is
     * sent to this generator meanwhile goes on to {@code inner}.
     *
     * @param inner where the values come from
     */
    void yieldAll(SendingGenerator<? super S, ? extends T> inner);
  }

  private final Coroutine<S, T> coroutine;

  /** What finds out whether this was dropped, and does all that has to do with no sending. */
  private final Generator<T> generator;

  private SendingGenerator(Body<S, T> body, boolean transparent) {
    Objects.requireNonNull(body, "body");
    coroutine = new Coroutine<>(body, transparent);
    generator = new Generator<>(coroutine);
  }

  /**
   * A generator with a logical context of its own.
   *
   * @param body its code; doesn't run before the first value is asked for
   * @param <S> the type of what is sent to it
   * @param <T> the type of the values
   * @return a generator that has not begun
   */
  public static <S extends @Nullable Object, T extends @Nullable Object> SendingGenerator<S, T> of(
      Body<S, T> body) {
    return new SendingGenerator<>(body, false);
  }

  /**
   * A generator that works in its resumer's topmost logical context, as {@link
   * Generator#transparent}.
   *
   * @param body its code; doesn't run before the first value is asked for
   * @param <S> the type of what is sent to it
   * @param <T> the type of the values
   * @return a generator that has not begun
   */
  public static <S extends @Nullable Object, T extends @Nullable Object>
      SendingGenerator<S, T> transparent(Body<S, T> body) {
    return new SendingGenerator<>(body, true);
  }

  Generator<T> generator() {
    return generator;
  }

  /**
   * Whether there is another value; sends {@code null} and runs the body up to its next yield,
   * unless that was done already.
   *
   * @throws IllegalStateException as {@link Generator#hasNext}
   */
  @Override
  public boolean hasNext() {
    return generator.hasNext();
  }

  /**
   * The next value, after sending {@code null} unless it is ready.
   *
   * @throws NoSuchElementException if the body has returned
   * @throws IllegalStateException as {@link Generator#hasNext}
   */
  @Override
  public T next() {
    return generator.next();
  }

  /**
   * Sends {@code message} to the body and gives the value that it yields next.
   *
   * @param message what the {@code exchange} in which the body stands returns; {@code null} for a
   *     body that hasn't begun, and stands in none
   * @return the next value
   * @throws NoSuchElementException if the body has returned, before or instead of yielding
   * @throws IllegalStateException if the body hasn't begun and {@code message} isn't {@code null};
   *     if a value is ready that nobody has taken; and as {@link Generator#hasNext}. Nothing was
   *     sent then
   */
  public T send(S message) {
    generator.trackedCoroutine();
    T next;
    try {
      next = coroutine.nextAfter(message);
    } finally {
      generator.forgetIfFinished();
    }
    generator.requireTracked();
    return next;
  }

  /**
   * Sends {@code message} to the body and tells whether it yields another value, which {@link
   * #next} then gives. So a conversation that the body ends is a loop:
   *
   * <pre>{@code
   * for (boolean more = asker.hasNext(); more; ) {
   *   more = asker.advance(answer(asker.next()));
   * }
   * }</pre>
   *
   * @param message as with {@link #send}
   * @return false if the body has returned
   * @throws IllegalStateException as {@link #send}
   */
  public boolean advance(S message) {
    generator.trackedCoroutine();
    boolean more;
    try {
      more = coroutine.advanceAfter(message);
    } finally {
      generator.forgetIfFinished();
    }
    generator.requireTracked();
    return more;
  }

  /**
   * Throws into the body, as {@link Generator#throwInto}.
   *
   * @param problem what the yield in which the body stands throws
   * @return the next value
   * @throws NoSuchElementException if the body returns instead of yielding
   * @throws IllegalStateException as {@link Generator#throwInto}
   */
  public T throwInto(Throwable problem) {
    return generator.throwInto(problem);
  }

  /**
   * A lazy sequential stream of the remaining values; {@code null} is sent for each. Closing the
   * stream closes the generator.
   *
   * @return the stream
   */
  public Stream<T> stream() {
    return generator.stream();
  }

  /**
   * Ends the generator, as {@link Generator#close}.
   *
   * @throws IllegalStateException as {@link Generator#close}
   */
  @Override
  public void close() {
    generator.close();
  }
}
