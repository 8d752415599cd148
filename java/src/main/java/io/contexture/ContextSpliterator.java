package io.contexture;

import java.util.Comparator;
import java.util.Objects;
import java.util.Spliterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The {@link ContextIterator} of spliterators: the source's code runs in a logical context of its
 * own, the action in the caller's.
 *
 * @param <T> the type of the elements
 */
final class ContextSpliterator<T extends @Nullable Object> implements Spliterator<T> {
  private final Spliterator<T> spliterator;
  private final LogicalContext own = new LogicalContext();

  /** The element that the source has just handed over. */
  private @Nullable T element;

  ContextSpliterator(Spliterator<T> spliterator) {
    this.spliterator = spliterator;
  }

  @Override
  @SuppressWarnings("NullAway") // T may be nullable
  public boolean tryAdvance(Consumer<? super T> action) {
    Objects.requireNonNull(action, "action");
    if (!own.<Boolean, RuntimeException>call(() -> spliterator.tryAdvance(this::hold))) {
      return false;
    }
    T taken = element;
    element = null;
    action.accept(taken);
    return true;
  }

  private void hold(T next) {
    element = next;
  }

  // forEachRemaining is the loop over tryAdvance: the source's own would call the action within
  // the source's context.

  @Override
  public @Nullable Spliterator<T> trySplit() {
    Spliterator<T> part =
        own.<@Nullable Spliterator<T>, RuntimeException>call(spliterator::trySplit);
    return part == null ? null : new ContextSpliterator<>(part);
  }

  @Override
  public long estimateSize() {
    return own.<Long, RuntimeException>call(spliterator::estimateSize);
  }

  @Override
  public long getExactSizeIfKnown() {
    return own.<Long, RuntimeException>call(spliterator::getExactSizeIfKnown);
  }

  @Override
  public int characteristics() {
    return spliterator.characteristics();
  }

  @Override
  public @Nullable Comparator<? super T> getComparator() {
    return spliterator.getComparator();
  }
}
