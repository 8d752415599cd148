package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow.Processor;
import java.util.concurrent.Flow.Publisher;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.SubmissionPublisher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Signals arrive in the context of the subscription (T1, T3). */
abstract class FlowCases {
  private static final ContextVar<String> X = ContextVar.of("x");

  /** Notes which signals come, and what X is at each. */
  private static class Noting<T> implements Subscriber<T> {
    final List<String> signals = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch ended = new CountDownLatch(1);
    private Subscription subscription;

    void note(String signal) {
      signals.add(signal + " " + X.getOrElse("nothing"));
      X.set("changed by a signal");
    }

    @Override
    public void onSubscribe(Subscription s) {
      subscription = s;
      note("subscribe");
      s.request(1);
    }

    @Override
    public void onNext(T item) {
      note("next " + item);
      subscription.request(1);
    }

    @Override
    public void onError(Throwable thrown) {
      note(thrown.getMessage());
      ended.countDown();
    }

    @Override
    public void onComplete() {
      note("complete");
      ended.countDown();
    }

    @Override
    public String toString() {
      return "noting";
    }
  }

  @ParameterizedTest
  @EnumSource
  void t1t3SignalsArriveInTheContextOfEachSubscription(ThreadKind kind) throws Exception {
    Noting<Integer> first = new Noting<>();
    Noting<Integer> second = new Noting<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(2, kind::unstarted);
        SubmissionPublisher<Integer> plain = new SubmissionPublisher<>(executor, 16)) {
      Publisher<Integer> publisher = ContextFlow.publisher(plain);
      X.set("first");
      publisher.subscribe(first);
      X.set("second");
      publisher.subscribe(second);
      X.set("publisher's");
      plain.submit(1);
      plain.submit(2);
      kind.run(() -> plain.submit(3));
      plain.close();
      Await.latch(first.ended);
      Await.latch(second.ended);
      assertEquals("publisher's", X.get());
    }
    for (Noting<Integer> noting : List.of(first, second)) {
      String own = noting == first ? "first" : "second";
      assertEquals(
          List.of(
              "subscribe " + own,
              "next 1 " + own,
              "next 2 " + own,
              "next 3 " + own,
              "complete " + own),
          noting.signals);
    }
  }

  /** A publisher that does everything at once, on the thread that subscribes. */
  private static <T> Publisher<T> immediate(T item, RuntimeException thrown) {
    return subscriber ->
        subscriber.onSubscribe(
            new Subscription() {
              private boolean done;

              @Override
              public void request(long count) {
                if (!done) {
                  done = true;
                  subscriber.onNext(item);
                  subscriber.onError(thrown);
                }
              }

              @Override
              public void cancel() {}
            });
  }

  @Test
  void t1ErrorsArriveInTheContextOfTheSubscription() {
    Noting<Integer> noting = new Noting<>();
    X.set("then");
    Subscriber<Integer> subscriber = ContextFlow.subscriber(noting);
    X.set("now");
    immediate(7, new IllegalStateException("mine")).subscribe(subscriber);
    assertEquals(List.of("subscribe then", "next 7 then", "mine then"), noting.signals);
    assertEquals("now", X.get());
    Noting<Integer> fixed = new Noting<>();
    immediate(7, new IllegalStateException("mine"))
        .subscribe(ContextFlow.subscriber(ExecutionContext.empty(), fixed));
    assertEquals(List.of("subscribe nothing", "next 7 nothing", "mine nothing"), fixed.signals);
  }

  @Test
  void whatASubscriberThrowsReachesThePublisher() {
    IllegalArgumentException thrown = new IllegalArgumentException("mine");
    Subscriber<Integer> subscriber =
        ContextFlow.subscriber(
            new Noting<Integer>() {
              @Override
              public void onNext(Integer item) {
                throw thrown;
              }
            });
    assertSame(
        thrown,
        assertThrows(
            IllegalArgumentException.class,
            () -> immediate(1, new IllegalStateException()).subscribe(subscriber)));
  }

  /** Passes items on, with what X is. */
  private static final class Passing extends SubmissionPublisher<String>
      implements Processor<Integer, String> {
    Passing(Executor executor) {
      super(executor, 16);
    }

    private Subscription subscription;

    @Override
    public void onSubscribe(Subscription s) {
      subscription = s;
      s.request(1);
    }

    @Override
    public void onNext(Integer item) {
      submit(item + " passed in " + X.getOrElse("nothing"));
      X.set("changed by a signal");
      subscription.request(1);
    }

    @Override
    public void onError(Throwable thrown) {
      closeExceptionally(thrown);
    }

    @Override
    public void onComplete() {
      close();
    }
  }

  @Test
  void t1AProcessorHasAContextOfItsOwn() {
    Noting<String> noting = new Noting<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        SubmissionPublisher<Integer> source = new SubmissionPublisher<>(executor, 16)) {
      X.set("processor's");
      Processor<Integer, String> processor = ContextFlow.processor(new Passing(executor));
      assertSame(processor, ContextFlow.processor(processor));
      assertSame(processor, ContextFlow.subscriber(processor));
      X.set("subscriber's");
      processor.subscribe(noting);
      X.set("publisher's");
      source.subscribe(processor);
      source.submit(1);
      source.submit(2);
      source.close();
      Await.latch(noting.ended);
    }
    assertEquals(
        List.of(
            "subscribe subscriber's",
            "next 1 passed in processor's subscriber's",
            "next 2 passed in processor's subscriber's",
            "complete subscriber's"),
        noting.signals);
  }

  @Test
  void wrappingTwiceIsWrappingOnce() {
    Subscriber<Integer> once = ContextFlow.subscriber(new Noting<>());
    assertSame(once, ContextFlow.subscriber(once));
    assertEquals("noting in ExecutionContext[]", once.toString());
    List<Subscriber<?>> subscribed = new ArrayList<>();
    Publisher<Integer> publisher = ContextFlow.publisher(subscribed::add);
    assertSame(publisher, ContextFlow.publisher(publisher));
    publisher.subscribe(once);
    assertSame(once, subscribed.get(0));
    assertThrows(NullPointerException.class, () -> publisher.subscribe(null));
  }
}
