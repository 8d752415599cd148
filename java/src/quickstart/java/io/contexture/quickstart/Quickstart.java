package io.contexture.quickstart;

import io.contexture.Contexture;
import java.io.IOException;
import java.time.Duration;

/**
 * Starts the server, lets the clients loose on it, and reports. The exit code is 0 only if every
 * request was answered, each with what belongs to it.
 *
 * <p>Choose the backend with {@code -Dcontexture.backend=native}, {@code java} or {@code auto}.
 */
public final class Quickstart {
  private static final int CLIENTS = 64;
  private static final int REQUESTS = 20_000;
  private static final Duration AT_MOST = Duration.ofSeconds(20);

  private Quickstart() {}

  /**
   * Runs it all; less than a minute.
   *
   * @param args none
   * @throws IOException if the loopback interface or a child process can't be used
   * @throws InterruptedException if interrupted
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    System.out.println(Contexture.status());
    System.out.println();
    Contexture.backend(); // throws if none can run, before any request is made

    Clients.Outcome outcome = serve();
    System.out.printf(
        "%d requests from %d clients at once in %.1f s: %d mix-ups, %d failures%n",
        outcome.answered(),
        CLIENTS,
        outcome.took().toMillis() / 1000.0,
        outcome.mixUps().size(),
        outcome.failures());
    outcome.mixUps().stream().limit(3).forEach(System.out::println);
    System.out.println();

    System.out.println(LatencyTable.measure());
    System.out.println("  (indicative: one loop, one process per backend; bench/ measures)");
    System.exit(outcome.isFlawless() ? 0 : 1);
  }

  private static Clients.Outcome serve() throws IOException {
    // The JDK's server would wait for the client's delayed acknowledgment after each chunk.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    try (DigitServer server = new DigitServer()) {
      return Clients.run(new DigitQuestions(server.uri()), CLIENTS, 0, REQUESTS, AT_MOST);
    }
  }
}
