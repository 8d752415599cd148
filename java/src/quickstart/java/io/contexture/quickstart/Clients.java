package io.contexture.quickstart;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Many clients at once, each of which checks every byte that comes back. */
public final class Clients {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final Questions questions;
  private final int end;
  private final long stopAt;

  private final AtomicInteger next;
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final Queue<String> mixUps = new ConcurrentLinkedQueue<>();

  /** What to ask, and what must come back: known from the number of the request alone. */
  public interface Questions {
    /** The request of this number, without a time limit. */
    HttpRequest.Builder request(int id);

    /** The only right answer to it. Uses no context to find out. */
    String expected(int id);
  }

  /**
   * What has happened.
   *
   * @param answered how many requests got an answer
   * @param failures how many got none
   * @param mixUps the wrong answers
   * @param took from the first request to the last answer
   */
  public record Outcome(int answered, int failures, List<String> mixUps, Duration took) {
    /** Whether there was any request, and nothing but right answers. */
    public boolean isFlawless() {
      return answered > 0 && failures == 0 && mixUps.isEmpty();
    }
  }

  private Clients(Questions questions, int from, int requests, Duration atMost) {
    this.questions = questions;
    this.next = new AtomicInteger(from);
    this.end = from + requests;
    this.stopAt = System.nanoTime() + atMost.toNanos();
  }

  /**
   * Sends requests from {@code clients} at once, fewer than asked for if time is up before.
   *
   * @param from the number of the first request
   * @param requests how many, from all clients together
   */
  public static Outcome run(
      Questions questions, int clients, int from, int requests, Duration atMost) {
    long start = System.nanoTime();
    Clients all = new Clients(questions, from, requests, atMost);
    try (HttpClient http =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .proxy(HttpClient.Builder.NO_PROXY)
                .connectTimeout(TIMEOUT)
                .build();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < clients; i++) {
        threads.execute(() -> all.sendAndCheck(http));
      }
    } // waits for the clients
    return new Outcome(
        all.answered.get(),
        all.failed.get(),
        List.copyOf(all.mixUps),
        Duration.ofNanos(System.nanoTime() - start));
  }

  private void sendAndCheck(HttpClient http) {
    int id;
    while (System.nanoTime() - stopAt < 0 && (id = next.getAndIncrement()) < end) {
      try {
        HttpResponse<String> response =
            http.send(
                questions.request(id).timeout(TIMEOUT).build(),
                HttpResponse.BodyHandlers.ofString());
        answered.incrementAndGet();
        String expected = questions.expected(id);
        if (response.statusCode() != 200 || !response.body().equals(expected)) {
          mixUps.add("expected\n" + expected + "but got\n" + response.body());
        }
      } catch (IOException e) {
        failed.incrementAndGet();
      } catch (InterruptedException e) {
        failed.incrementAndGet();
        return;
      }
    }
  }
}
