package io.contexture.load;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.contexture.Binding;
import io.contexture.ContextExecutors;
import io.contexture.ContextFuture;
import io.contexture.ContextStreams;
import io.contexture.ContextVar;
import io.contexture.Generator;
import io.contexture.LogicalContext;
import io.contexture.LongContextVar;
import io.contexture.SendingGenerator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/**
 * Serves {@code GET /3}: lines that were made on many threads, each of which asks the context whose
 * request it works for.
 */
final class LoadServer implements AutoCloseable {
  /** The number of elements of each parallel stream. */
  static final int PARALLEL = 64;

  /** Every so many requests leave a generator half-way, for the collector to unwind. */
  private static final int DROP_EVERY = 8;

  private static final LongContextVar REQUEST = LongContextVar.of("request");
  private static final ContextVar<String> TENANT = ContextVar.of("tenant");
  private static final ContextVar<Integer> PLACE = ContextVar.of("place");

  private final HttpServer http;
  private final ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
  private final ExecutorService bareWorkers = Executors.newFixedThreadPool(3);
  private final ExecutorService workers = ContextExecutors.propagating(bareWorkers);
  private final ScheduledExecutorService timer =
      ContextExecutors.propagating(Executors.newScheduledThreadPool(2));

  /** Starts a server on a free port of the loopback interface. */
  LoadServer() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    http.createContext("/", this::handle);
    http.setExecutor(handlers);
    http.start();
  }

  URI uri() {
    InetSocketAddress address = http.getAddress();
    return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] answer =
          new LogicalContext()
              .<byte[], Exception>call(
                  () -> {
                    Headers headers = exchange.getRequestHeaders();
                    REQUEST.set(Long.parseLong(headers.getFirst("X-Request-Id")));
                    TENANT.set(headers.getFirst("X-Tenant"));
                    String path = exchange.getRequestURI().getPath();
                    return answer(Integer.parseInt(path.substring(1)));
                  });
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (Exception e) {
      throw new IOException("can't answer " + exchange.getRequestURI(), e);
    }
  }

  private byte[] answer(int places) throws Exception {
    // All of these are under way while the rest of the answer is made.
    CompletableFuture<String> future = future();
    CompletableFuture<String> ringing = timer();
    CompletableFuture<String> ticking = ticks();
    StringBuilder text = new StringBuilder();
    String pieces = pieces(places) + sums(places) + parallel();
    text.append(future.get()).append('\n');
    text.append(ringing.get()).append('\n');
    text.append(ticking.get()).append('\n');
    return text.append(pieces).toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String me() {
    return REQUEST.get() + " of " + TENANT.get();
  }

  /** A future that a bare worker completes, and a stage after it. Both spoil what they see. */
  private CompletableFuture<String> future() {
    CompletableFuture<String> plain = new CompletableFuture<>();
    CompletableFuture<String> mine = ContextFuture.propagating(plain);
    CompletableFuture<String> first =
        ContextFuture.supplyAsync(
            () -> {
              String seen = "future " + me();
              TENANT.set("spoiled by a task");
              REQUEST.set(-1);
              return seen;
            },
            bareWorkers);
    CompletableFuture<String> second =
        mine.thenCombine(
            first,
            (completed, seen) -> {
              String both = seen + completed + me();
              TENANT.set("spoiled by a stage");
              return both;
            });
    bareWorkers.execute(() -> plain.complete(", then "));
    return second;
  }

  /** What a timer sees that goes off a little later. */
  private CompletableFuture<String> timer() {
    CompletableFuture<String> ringing = new CompletableFuture<>();
    timer.schedule(
        () -> {
          ringing.complete("timer " + me());
          TENANT.set("spoiled by a timer");
        },
        1,
        TimeUnit.MILLISECONDS);
    return ringing;
  }

  /** What two runs of a periodic task see; it ends by itself then. */
  private CompletableFuture<String> ticks() {
    CompletableFuture<String> ticking = new CompletableFuture<>();
    AtomicReference<String> seen = new AtomicReference<>("");
    Future<?> periodic =
        timer.scheduleAtFixedRate(
            () -> {
              String before = seen.get();
              if (before.isEmpty()) {
                seen.set("tick 0 " + me());
              } else if (!ticking.isDone()) {
                ticking.complete(before + ", tick 1 " + me());
              }
              TENANT.set("spoiled by a periodic task");
            },
            0,
            500,
            TimeUnit.MICROSECONDS);
    ticking.whenComplete((_, _) -> periodic.cancel(false));
    return ticking;
  }

  /** A generator that delegates to another; resumed by the handler and, in between, by a worker. */
  private String pieces(int places) throws Exception {
    StringBuilder text = new StringBuilder();
    Generator<String> pieces = Generator.of(out -> out.yieldAll(numbered()));
    for (int i = 0; i < places; i++) {
      String piece = i % 2 == 1 ? workers.submit(pieces::next).get() : pieces.next();
      text.append(piece).append(", handler ").append(me()).append('\n');
      try (Binding _ = TENANT.bind("spoiled by the handler")) {
        TENANT.set("spoiled twice");
      }
    }
    if (REQUEST.get() % DROP_EVERY != 0) {
      pieces.close();
    }
    return text.toString();
  }

  private static Generator<String> numbered() {
    return Generator.of(
        out -> {
          for (int i = 0; ; i++) {
            PLACE.set(i);
            String mine = TENANT.get();
            try (Binding _ = TENANT.bind("spoiled by a generator")) {
              String line = "piece " + i + " of " + REQUEST.get() + " of " + mine;
              out.yield(line + " at " + PLACE.get());
            }
          }
        });
  }

  /** A generator that is sent numbers and adds them up. */
  private static String sums(int places) {
    StringBuilder text = new StringBuilder();
    try (SendingGenerator<Integer, Long> sums =
        SendingGenerator.of(
            out -> {
              LongContextVar sum = LongContextVar.withDefault("sum", 0);
              while (true) {
                sum.set(sum.get() + out.exchange(sum.get()));
              }
            })) {
      sums.next();
      for (int i = 1; i <= places; i++) {
        text.append("sum ").append(sums.send(i)).append(" of ").append(me()).append('\n');
      }
    }
    return text.toString();
  }

  /** What the threads of a parallel stream see. */
  private static String parallel() {
    long sum =
        ContextStreams.call(
            () -> {
              String tenant = TENANT.get();
              return IntStream.range(0, PARALLEL)
                  .parallel()
                  .mapToLong(i -> tenant.equals(TENANT.get()) ? REQUEST.get() : Long.MIN_VALUE + i)
                  .sum();
            });
    return "parallel " + sum + " of " + me() + "\n";
  }

  @Override
  public void close() {
    http.stop(0);
    handlers.close();
    timer.close();
    workers.close();
  }
}
