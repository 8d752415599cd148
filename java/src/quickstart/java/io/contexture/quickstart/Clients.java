package io.contexture.quickstart;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.net.URI;
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

/**
 * Many clients at once. Each knows, from the number of its request alone, what must come back; it
 * uses no context to find out.
 */
final class Clients {
  private static final List<String> TENANTS = List.of("blue", "green", "red", "black", "white");
  private static final int REFERENCE_PLACES = 120;
  private static final List<String> REFERENCES =
      List.of(reference(Constant.SQRT2), reference(Constant.E), reference(Constant.PI));

  /** Every so many requests one is too late from the start. */
  private static final int LATE_EVERY = 16;

  private static final int PLACES_PER_PIECE = 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final URI server;
  private final int requests;
  private final long stopAt;
  private final long firstDeadline = System.currentTimeMillis() + Duration.ofHours(1).toMillis();

  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final Queue<String> mixUps = new ConcurrentLinkedQueue<>();

  /** What has happened: {@code failures} got no answer, {@code mixUps} a wrong one. */
  record Outcome(int answered, int failures, List<String> mixUps, Duration took) {
    boolean isFlawless() {
      return answered > 0 && failures == 0 && mixUps.isEmpty();
    }
  }

  private Clients(URI server, int requests, Duration atMost) {
    this.server = server;
    this.requests = requests;
    this.stopAt = System.nanoTime() + atMost.toNanos();
  }

  /** Sends {@code requests} in all from {@code clients} at once, fewer if time is up before. */
  static Outcome run(URI server, int clients, int requests, Duration atMost) {
    long start = System.nanoTime();
    Clients all = new Clients(server, requests, atMost);
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
    while (System.nanoTime() - stopAt < 0 && (id = next.getAndIncrement()) < requests) {
      try {
        HttpResponse<String> response =
            http.send(request(id), HttpResponse.BodyHandlers.ofString());
        answered.incrementAndGet();
        String expected = expected(id);
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

  private HttpRequest request(int id) {
    return HttpRequest.newBuilder(server.resolve("/" + constant(id) + "/" + places(id)))
        .timeout(TIMEOUT)
        .header("X-Request-Id", Integer.toString(id))
        .header("X-Tenant", tenant(id))
        .header("X-Deadline", Long.toString(deadline(id)))
        .header("X-Precision", Integer.toString(precision(id).getPrecision()))
        .build();
  }

  private String expected(int id) {
    BigDecimal seventh = BigDecimal.ONE.divide(BigDecimal.valueOf(7), precision(id));
    StringBuilder text = new StringBuilder();
    text.append("request ").append(id).append(" of ").append(tenant(id));
    text.append(", deadline ").append(deadline(id)).append('\n');
    text.append("1/7 = ").append(seventh).append('\n');
    String digits = REFERENCES.get(constant(id).ordinal());
    int places = places(id);
    for (int from = 0; from < places; from += PLACES_PER_PIECE) {
      int to = Math.min(places, from + PLACES_PER_PIECE);
      BigDecimal percentage =
          BigDecimal.valueOf(100L * to).divide(BigDecimal.valueOf(places), precision(id));
      text.append(id).append(": ");
      text.append(isLate(id) ? "too late" : digits.substring(from == 0 ? 0 : 2 + from, 2 + to));
      text.append(" (").append(percentage).append("%)\n");
      if (isLate(id)) {
        break;
      }
    }
    BigDecimal rounded = constant(id).value(precision(id));
    return text.append(constant(id)).append(" = ").append(rounded).append('\n').toString();
  }

  private static Constant constant(int id) {
    return Constant.values()[id % 3];
  }

  private static String tenant(int id) {
    return TENANTS.get(id % TENANTS.size());
  }

  private static int places(int id) {
    return 10 + id % 91;
  }

  private static MathContext precision(int id) {
    return new MathContext(4 + id % 13);
  }

  private static boolean isLate(int id) {
    return id % LATE_EVERY == LATE_EVERY - 1;
  }

  /** No two requests have the same. */
  private long deadline(int id) {
    return isLate(id) ? id : firstDeadline + id;
  }

  private static String reference(Constant constant) {
    BigDecimal value = constant.value(new MathContext(REFERENCE_PLACES + 10));
    return value.setScale(REFERENCE_PLACES, RoundingMode.DOWN).toPlainString();
  }
}
