package io.contexture;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import org.jspecify.annotations.Nullable;

/**
 * A hand-written {@link Iterator} with the context of a {@link Generator}: its code runs in one
 * logical context of its own, pushed on the stack of whoever calls.
 *
 * <pre>{@code
 * Iterator<BigDecimal> roots = ContextIterator.over(new RootIterator());
 * }</pre>
 *
 * <p>What {@code next}, {@code hasNext} and {@code remove} set is there again with the next call
 * and unseen outside; what the caller changes in between is seen inside, unless the iterator has
 * set that variable itself. The action of {@link #forEachRemaining} is the caller's code and runs
 * in the caller's context.
 *
 * <p>Different threads may use it one after the other, with whatever order between them that the
 * iterator needs; at the same time, or from within the iterator's own code, they get an {@link
 * IllegalStateException} that names the thread which is in it. A call costs what {@link
 * LogicalContext#call} does; nothing runs between calls and nothing has to be closed.
 *
 * @param <T> the type of the elements
 */
public final class ContextIterator<T extends @Nullable Object> implements Iterator<T> {
  private final Iterator<T> iterator;
  private final LogicalContext own = new LogicalContext();

  private ContextIterator(Iterator<T> iterator) {
    this.iterator = iterator;
  }

  /**
   * An iterator over the same elements, with a context of its own.
   *
   * @param iterator where the elements come from; to be used by nobody else from now on
   * @param <T> the type of the elements
   * @return the wrapped iterator; {@code iterator} itself if it is one
   */
  public static <T extends @Nullable Object> ContextIterator<T> over(Iterator<T> iterator) {
    Objects.requireNonNull(iterator, "iterator");
    return iterator instanceof ContextIterator<T> wrapped
        ? wrapped
        : new ContextIterator<>(iterator);
  }

  /**
   * The same for a spliterator. The action of {@code tryAdvance} and {@code forEachRemaining} runs
   * in the caller's context. What {@code trySplit} splits off has a logical context of its own,
   * which is empty at first; it sees the context of the thread that traverses it, so for parallel
   * streams see {@link ContextStreams}.
   *
   * @param spliterator where the elements come from; to be used by nobody else from now on
   * @param <T> the type of the elements
   * @return the wrapped spliterator
   */
  public static <T extends @Nullable Object> Spliterator<T> over(Spliterator<T> spliterator) {
    Objects.requireNonNull(spliterator, "spliterator");
    return spliterator instanceof ContextSpliterator<T>
        ? spliterator
        : new ContextSpliterator<>(spliterator);
  }

  /**
   * Whether there is another element.
   *
   * @throws IllegalStateException if the iterator is in use, by another thread or by the caller
   */
  @Override
  public boolean hasNext() {
    return own.<Boolean, RuntimeException>call(iterator::hasNext);
  }

  /**
   * The next element.
   *
   * @throws NoSuchElementException if there is none
   * @throws IllegalStateException as {@link #hasNext}
   */
  @Override
  public T next() {
    return own.<T, RuntimeException>call(iterator::next);
  }

  /**
   * Removes the last element from where it comes from, if the iterator can.
   *
   * @throws IllegalStateException as {@link #hasNext}, or if there is no last element
   */
  @Override
  public void remove() {
    own.run(iterator::remove);
  }
}
