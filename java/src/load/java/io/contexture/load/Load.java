package io.contexture.load;

import io.contexture.Contexture;
import io.contexture.quickstart.Clients;
import java.io.IOException;
import java.time.Duration;

/**
 * Sends the requests, in rounds, and reports. The exit code is 0 only if every request got the
 * right answer, and if after the last round the process held no more than after the first.
 */
public final class Load {
  private static final int CLIENTS = 48;
  private static final int ROUNDS = 5;
  private static final Duration AT_MOST = Duration.ofMinutes(30);

  /** How often what has grown is looked at again. */
  private static final int AGAIN = 10;

  private Load() {}

  /**
   * Runs it all.
   *
   * @param args the number of requests
   * @throws IOException if the loopback interface or the directory for temporary files can't be
   *     used
   */
  public static void main(String[] args) throws IOException {
    final int perRound = Integer.parseInt(args[0]) / ROUNDS;
    System.out.println(Contexture.status());
    Contexture.backend(); // throws if none can run, before any request is made
    System.setProperty("sun.net.httpserver.nodelay", "true");
    boolean flawless = true;
    Footprint first = null;
    Footprint last = null;
    try (LoadServer server = new LoadServer()) {
      LoadQuestions questions = new LoadQuestions(server.uri());
      for (int round = 0; round < ROUNDS; round++) {
        Clients.Outcome outcome =
            Clients.run(questions, CLIENTS, round * perRound, perRound, AT_MOST);
        last = Footprint.take();
        first = first == null ? last : first;
        flawless &= outcome.isFlawless() && outcome.answered() == perRound;
        System.out.printf(
            "%d requests in %.1f s: %d mix-ups, %d failures; then %s%n",
            outcome.answered(),
            outcome.took().toMillis() / 1000.0,
            outcome.mixUps().size(),
            outcome.failures(),
            last);
        outcome.mixUps().stream().limit(3).forEach(System.out::println);
      }
      if (first == null || last == null) {
        throw new IllegalStateException("no round");
      }
      String growth = last.growthSince(first);
      for (int n = 0; n < AGAIN && !growth.isEmpty(); n++) { // not all may have been released yet
        last = Footprint.take();
        growth = last.growthSince(first);
      }
      System.out.println(growth.isEmpty() ? "nothing has grown" : growth);
      flawless &= growth.isEmpty();
    }
    System.exit(flawless ? 0 : 1);
  }
}
