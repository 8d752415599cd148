package io.contexture;

import java.util.Objects;
import java.util.concurrent.Flow.Processor;
import java.util.concurrent.Flow.Publisher;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/**
 * Publishers, subscribers and processors of {@link java.util.concurrent.Flow} whose signals arrive
 * in the context of the subscriber, whichever thread publishes.
 *
 * <pre>{@code
 * ContextFlow.publisher(publisher).subscribe(subscriber);   // sees what is seen here
 * }</pre>
 *
 * <p>Each subscription has one snapshot. All signals of it run over this snapshot, each as by
 * {@link ExecutionContext#run} under a fresh logical context, so that what a signal sets is gone
 * after it; a subscriber that wants to keep something in its context from signal to signal has
 * {@link ContextTask} for that. What it calls itself, as {@link Subscription#request}, is a plain
 * call in its context.
 *
 * <p>A subscriber that is wrapped already is left as it is. Whatever the subscriber throws reaches
 * the publisher as it is. A subscription keeps the values of its snapshot alive as long as the
 * publisher holds the subscriber. All methods may be called by any thread.
 */
public final class ContextFlow {
  private ContextFlow() {}

  /**
   * A publisher whose subscribers each get their signals in the context in which they subscribed.
   *
   * @param publisher what publishes
   * @param <T> the type of the items
   * @return the wrapped publisher
   */
  public static <T extends @Nullable Object> Publisher<T> publisher(Publisher<T> publisher) {
    Objects.requireNonNull(publisher, "publisher");
    return publisher instanceof Published ? publisher : new Published<>(publisher);
  }

  /**
   * A subscriber that gets its signals in the present context.
   *
   * @param subscriber what gets the signals
   * @param <T> the type of the items
   * @return the wrapped subscriber, for one subscription
   */
  public static <T extends @Nullable Object> Subscriber<T> subscriber(Subscriber<T> subscriber) {
    return subscriber(ExecutionContext.capture(), subscriber);
  }

  /**
   * A subscriber that gets its signals in a context given.
   *
   * @param context the context
   * @param subscriber what gets the signals
   * @param <T> the type of the items
   * @return the wrapped subscriber, for one subscription
   */
  public static <T extends @Nullable Object> Subscriber<T> subscriber(
      ExecutionContext context, Subscriber<T> subscriber) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(subscriber, "subscriber");
    return subscriber instanceof Wrapped ? subscriber : new Subscribed<>(context, subscriber);
  }

  /**
   * A processor that gets its signals in the present context, and whose subscribers each get theirs
   * in the context in which they subscribed.
   *
   * @param processor what gets and publishes
   * @param <T> the type of the items that it gets
   * @param <R> the type of the items that it publishes
   * @return the wrapped processor
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> Processor<T, R> processor(
      Processor<T, R> processor) {
    Objects.requireNonNull(processor, "processor");
    return processor instanceof Wrapped
        ? processor
        : new Processed<>(ExecutionContext.capture(), processor);
  }

  private record Published<T extends @Nullable Object>(Publisher<T> publisher)
      implements Publisher<T> {
    @Override
    public void subscribe(Subscriber<? super T> subscriber) {
      publisher.subscribe(ContextFlow.subscriber(subscriber));
    }
  }

  /** A subscriber in the context of its subscription. */
  private static sealed class Subscribed<T extends @Nullable Object>
      implements Subscriber<T>, Wrapped {
    private final ExecutionContext context;
    private final Subscriber<T> subscriber;

    Subscribed(ExecutionContext context, Subscriber<T> subscriber) {
      this.context = context;
      this.subscriber = subscriber;
    }

    @Override
    public final void onSubscribe(Subscription subscription) {
      context.run(() -> subscriber.onSubscribe(subscription));
    }

    @Override
    public final void onNext(T item) {
      context.run(() -> subscriber.onNext(item));
    }

    @Override
    public final void onError(Throwable thrown) {
      context.run(() -> subscriber.onError(thrown));
    }

    @Override
    public final void onComplete() {
      context.run(subscriber::onComplete);
    }

    @Override
    public final String toString() {
      return subscriber + " in " + context;
    }
  }

  private static final class Processed<T extends @Nullable Object, R extends @Nullable Object>
      extends Subscribed<T> implements Processor<T, R> {
    private final Processor<T, R> processor;

    Processed(ExecutionContext context, Processor<T, R> processor) {
      super(context, processor);
      this.processor = processor;
    }

    @Override
    public void subscribe(Subscriber<? super R> subscriber) {
      processor.subscribe(ContextFlow.subscriber(subscriber));
    }
  }
}
