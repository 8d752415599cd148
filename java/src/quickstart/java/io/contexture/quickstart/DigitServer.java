package io.contexture.quickstart;

import static io.contexture.quickstart.RequestContext.DEADLINE;
import static io.contexture.quickstart.RequestContext.PRECISION;
import static io.contexture.quickstart.RequestContext.REQUEST_ID;
import static io.contexture.quickstart.RequestContext.TENANT;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.contexture.ExecutionContext;
import io.contexture.Generator;
import io.contexture.LogicalContext;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Serves {@code GET /PI/40}: the number to 40 places, in pieces, along with lines that other
 * threads have made. Nothing below takes a request, a tenant or a precision as an argument: whoever
 * needs one asks {@link RequestContext}, on whatever thread it is.
 *
 * <pre>
 *   request 17 of blue, deadline 1790000000017      a worker thread
 *   1/7 = 0.142857                                  another, with a precision of its own for a while
 *   17: 3.1415926535897932384 (50.0000%)            the generator's piece, the handler's percentage
 *   17: 62643383279502884197 (100.000%)
 *   PI = 3.14159                                    the handler, at the request's precision
 * </pre>
 */
final class DigitServer implements AutoCloseable {
  private static final int PLACES_PER_PIECE = 20;

  /** How many digits are computed beyond those shown. */
  private static final int GUARD_DIGITS = 5;

  private final HttpServer http;
  private final ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
  private final ExecutorService workers = Executors.newFixedThreadPool(4);

  /** Starts a server on a free port of the loopback interface. */
  DigitServer() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    http.createContext("/", this::handle);
    http.setExecutor(handlers);
    http.start();
  }

  URI uri() {
    InetSocketAddress address = http.getAddress();
    return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
  }

  /** Runs each request in a logical context of its own: what it sets is gone when it is done. */
  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      new LogicalContext()
          .<Void, Exception>call(
              () -> {
                Headers headers = exchange.getRequestHeaders();
                REQUEST_ID.set(headers.getFirst("X-Request-Id"));
                TENANT.set(headers.getFirst("X-Tenant"));
                DEADLINE.set(Long.parseLong(headers.getFirst("X-Deadline")));
                PRECISION.set(new MathContext(Integer.parseInt(headers.getFirst("X-Precision"))));
                respond(exchange);
                return null;
              });
    } catch (Exception e) {
      throw new IOException("can't answer " + exchange.getRequestURI(), e);
    }
  }

  private void respond(HttpExchange exchange)
      throws IOException, InterruptedException, ExecutionException {
    String[] path = exchange.getRequestURI().getPath().split("/");
    Constant constant = Constant.valueOf(path[1]);
    int places = Integer.parseInt(path[2]);

    // The pool's threads serve all requests at once; the snapshot tells them which one this is.
    ExecutionContext request = ExecutionContext.capture();
    Future<String> greeting = workers.submit(request.wrap(DigitServer::greeting));
    Future<String> fraction = workers.submit(request.wrap(DigitServer::fraction));

    exchange.sendResponseHeaders(200, 0);
    try (Writer body = new OutputStreamWriter(exchange.getResponseBody(), StandardCharsets.UTF_8);
        Generator<String> pieces = pieces(constant, places)) {
      body.write(greeting.get() + "\n" + fraction.get() + "\n");
      int shown = 0;
      while (pieces.hasNext()) {
        String piece = pieces.next();
        shown = Math.min(places, shown + PLACES_PER_PIECE);
        body.write(piece + " (" + percentage(shown, places) + ")\n");
        body.flush();
      }
      body.write(constant + " = " + constant.value(PRECISION.get()) + "\n");
    }
  }

  private static String greeting() {
    return "request " + REQUEST_ID.get() + " of " + TENANT.get() + ", deadline " + DEADLINE.get();
  }

  /** A seventh. Sets variables, which its caller, and the next task on this thread, never see. */
  private static String fraction() {
    MathContext asked = PRECISION.get();
    PRECISION.set(new MathContext(asked.getPrecision() + GUARD_DIGITS));
    TENANT.set("nobody");
    return "1/7 = " + BigDecimal.ONE.divide(BigDecimal.valueOf(7), PRECISION.get()).round(asked);
  }

  /** Sees its caller's precision, whatever a generator in between has set. */
  private static String percentage(int part, int whole) {
    BigDecimal hundredfold = BigDecimal.valueOf(100L * part);
    return hundredfold.divide(BigDecimal.valueOf(whole), PRECISION.get()) + "%";
  }

  /**
   * The digits of a number, piece by piece. The precision that the body sets is seen in the body
   * only, now and after each yield; all that it doesn't set is that of whoever asks for the next
   * piece.
   */
  private static Generator<String> pieces(Constant constant, int places) {
    return Generator.of(
        out -> {
          PRECISION.set(new MathContext(1 + places + GUARD_DIGITS));
          String digits = null;
          for (int from = 0; from < places; from += PLACES_PER_PIECE) {
            if (RequestContext.isTooLate()) {
              out.yield(REQUEST_ID.get() + ": too late");
              return;
            }
            if (digits == null) {
              digits = digits(constant, places);
            }
            int to = Math.min(places, from + PLACES_PER_PIECE);
            // "3." goes with the first piece.
            out.yield(REQUEST_ID.get() + ": " + digits.substring(from == 0 ? 0 : 2 + from, 2 + to));
          }
        });
  }

  private static String digits(Constant constant, int places) {
    BigDecimal value = constant.value(PRECISION.get());
    return value.setScale(places, RoundingMode.DOWN).toPlainString();
  }

  @Override
  public void close() {
    http.stop(0);
    handlers.close();
    workers.close();
  }
}
